//! Drift: a channel that does not believe any more what it accepted, because it forgot, or somebody changed it there.
//! It is asked now and then what it believes; where that is not what it accepted, the cell is unknown again and is told
//! anew. So is what it refused.

use super::connection::{self, Connection, sync_end};
use super::dirty::{self, Kind};
use crate::alert;
use crate::db::TenantTx;
use crate::error::{Error, Result};
use crate::event::{self, NewEvent};
use crate::ports::channel::{Believed, RateFields};
use crate::principal::Principal;
use crate::property;
use chrono::{DateTime, Days, Duration, NaiveDate, Utc};
use serde::de::DeserializeOwned;
use serde_json::json;
use std::collections::BTreeSet;
use uuid::Uuid;

/// What was told less than this ago may still be on its way inside the channel.
const SETTLED_SECONDS: i64 = 10;
/// Cells of one kind asked for at a time; a longer horizon is read in turns.
const MOST_CELLS: u64 = 20_000;
const STALE: &str = "mapping_stale";
/// Products named in an alert.
const MOST_NAMED: usize = 10;

/// What a channel is asked.
pub struct Question {
    pub connection: Connection,
    pub from: NaiveDate,
    /// Included.
    pub last: NaiveDate,
    /// Nothing said after this is held against the channel.
    settled: DateTime<Utc>,
    at: DateTime<Utc>,
    next_from: Option<NaiveDate>,
}

/// One cell that the channel sees otherwise than it accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Drift {
    pub unit_type_id: Uuid,
    /// Nil for availability.
    pub rate_plan_id: Uuid,
    pub night: NaiveDate,
    /// It offers fewer units than it accepted: it may have sold one, and we have not heard of it yet.
    pub sold_perhaps: bool,
}

/// Is a reading due? If so, the next one is put off, by a quarter more or less as the dice (0 to 1) fall: not all at once.
pub async fn take(
    tx: &mut TenantTx,
    connection_id: Uuid,
    every: Duration,
    dice: f64,
    now: DateTime<Utc>,
) -> Result<Option<Question>> {
    let chance = (every.num_milliseconds() as f64 * (dice - 0.5) / 2.0) as i64;
    let row = sqlx::query!(
        r#"update channel_sync s set next_read_back_at = $4
           from channel_connection c
           where s.tenant_id = $1 and s.connection_id = $2 and s.next_read_back_at <= $3
             and c.tenant_id = $1 and c.id = $2 and c.state = 'active' and c.receives_ari
           returning s.read_back_from,
             greatest(
               (select count(*) from channel_room_map m where m.tenant_id = $1 and m.connection_id = $2),
               (select count(*) from channel_rate_map m where m.tenant_id = $1 and m.connection_id = $2)) as "products!""#,
        tx.t(),
        connection_id,
        now,
        now + every + Duration::milliseconds(chance)
    )
    .fetch_optional(&mut **tx)
    .await?;
    let Some(row) = row.filter(|r| r.products > 0) else {
        return Ok(None);
    };
    let connection = connection::get(tx, connection_id).await?;
    let first = property::get(tx, connection.property_id).await?.business_date;
    let end = sync_end(first);
    let from = row
        .read_back_from
        .filter(|d| (first..end).contains(d))
        .unwrap_or(first);
    let nights = (MOST_CELLS / row.products.unsigned_abs()).max(1);
    let until = from.checked_add_days(Days::new(nights)).unwrap_or(end).min(end);
    Ok(Some(Question {
        connection,
        from,
        last: until.pred_opt().unwrap_or(from),
        settled: now - Duration::seconds(SETTLED_SECONDS),
        at: now,
        next_from: (until < end).then_some(until),
    }))
}

/// What a cell says, and how it can drift.
pub trait Told: DeserializeOwned {
    const KIND: Kind;
    /// Does the channel say otherwise than it accepted, and if so, can that be a sale?
    fn drift(&self, said: &Self) -> Option<bool>;
}

impl Told for i32 {
    const KIND: Kind = Kind::Availability;
    fn drift(&self, said: &Self) -> Option<bool> {
        (said != self).then_some(said < self)
    }
}

impl Told for RateFields {
    const KIND: Kind = Kind::Rates;
    fn drift(&self, said: &Self) -> Option<bool> {
        fn other<T: PartialEq>(accepted: &Option<T>, said: &Option<T>) -> bool {
            accepted.as_ref().zip(said.as_ref()).is_some_and(|(a, s)| a != s)
        }
        let differs = other(&self.price, &said.price)
            || other(&self.min_stay_arrival, &said.min_stay_arrival)
            || other(&self.min_stay_through, &said.min_stay_through)
            || other(&self.max_stay, &said.max_stay)
            || other(&self.closed_to_arrival, &said.closed_to_arrival)
            || other(&self.closed_to_departure, &said.closed_to_departure)
            || other(&self.stop_sell, &said.stop_sell);
        differs.then_some(false)
    }
}

/// What an answer shows.
#[derive(Debug, Default)]
pub struct Found {
    /// In order of products and nights.
    pub drift: Vec<Drift>,
    /// Mapped rooms or rates that the channel does not know any more, by its ids.
    pub unknown: BTreeSet<String>,
}

/// Compares what the channel says with what it accepted.
pub async fn find<T: Told>(tx: &mut TenantTx, question: &Question, believed: &Believed<T>) -> Result<Found> {
    let mut found = Found::default();
    for cell in accepted(tx, question, T::KIND).await? {
        let Some(nights) = believed.get(&cell.external_id) else {
            found.unknown.insert(cell.external_id);
            continue;
        };
        let accepted: T = serde_json::from_value(cell.accepted)
            .map_err(|e| Error::internal(format!("shadow of {}: {e}", cell.external_id)))?;
        let drift = nights.get(&cell.night).and_then(|said| accepted.drift(said));
        found.drift.extend(drift.map(|sold_perhaps| Drift {
            unit_type_id: cell.unit_type_id,
            rate_plan_id: cell.rate_plan_id,
            night: cell.night,
            sold_perhaps,
        }));
    }
    Ok(found)
}

struct Accepted {
    external_id: String,
    unit_type_id: Uuid,
    rate_plan_id: Uuid,
    night: NaiveDate,
    accepted: serde_json::Value,
}

/// What the channel accepted some time ago.
async fn accepted(tx: &mut TenantTx, question: &Question, kind: Kind) -> Result<Vec<Accepted>> {
    Ok(sqlx::query_as!(
        Accepted,
        r#"select coalesce(m.external_id, r.external_id) as "external_id!", s.unit_type_id, s.rate_plan_id, s.night,
                  s.accepted as "accepted!"
           from ari_shadow s
           left join channel_room_map m on m.tenant_id = $1 and m.connection_id = $2 and m.unit_type_id = s.unit_type_id
                and s.rate_plan_id = '00000000-0000-0000-0000-000000000000'
           left join channel_rate_map r on r.tenant_id = $1 and r.connection_id = $2 and r.unit_type_id = s.unit_type_id
                and r.rate_plan_id = s.rate_plan_id
           where s.tenant_id = $1 and s.connection_id = $2 and s.night between $3 and $4 and s.changed_at < $5
             and s.accepted is not null and coalesce(m.external_id, r.external_id) is not null
             and (s.rate_plan_id = '00000000-0000-0000-0000-000000000000') = $6
           order by s.unit_type_id, s.rate_plan_id, s.night"#,
        tx.t(),
        question.connection.id,
        question.from,
        question.last,
        question.settled,
        kind == Kind::Availability
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// Has the channel been asked for its bookings since, and are all it had applied?
pub async fn heard_all(tx: &mut TenantTx, question: &Question) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select s.last_polled_at > $3
                  and not exists (select from inbox i where i.tenant_id = $1 and i.connection_id = $2
                                  and i.state = 'received') as "heard!"
           from channel_sync s where s.tenant_id = $1 and s.connection_id = $2 and s.last_polled_at is not null"#,
        tx.t(),
        question.connection.id,
        question.at
    )
    .fetch_optional(&mut **tx)
    .await?
    .unwrap_or(false))
}

/// These cells are told anew, but for those that changed since the question.
pub async fn repair(
    tx: &mut TenantTx,
    question: &Question,
    kind: Kind,
    drift: &[Drift],
    now: DateTime<Utc>,
) -> Result<()> {
    if drift.is_empty() {
        return Ok(());
    }
    let id = question.connection.id;
    let unit_types: Vec<Uuid> = drift.iter().map(|d| d.unit_type_id).collect();
    let rate_plans: Vec<Uuid> = drift.iter().map(|d| d.rate_plan_id).collect();
    let nights: Vec<NaiveDate> = drift.iter().map(|d| d.night).collect();
    let forgotten = sqlx::query!(
        "update ari_shadow s set accepted = null, changed_at = $7
         from unnest($3::uuid[], $4::uuid[], $5::date[]) as c (unit_type_id, rate_plan_id, night)
         where s.tenant_id = $1 and s.connection_id = $2 and s.unit_type_id = c.unit_type_id
           and s.rate_plan_id = c.rate_plan_id and s.night = c.night and s.changed_at < $6 and s.accepted is not null
         returning s.unit_type_id, s.night",
        tx.t(),
        id,
        &unit_types,
        &rate_plans,
        &nights,
        question.settled,
        now
    )
    .fetch_all(&mut **tx)
    .await?;
    let cells: Vec<(Uuid, NaiveDate)> = forgotten.iter().map(|r| (r.unit_type_id, r.night)).collect();
    dirty::mark_cells(tx, id, kind, &cells).await?;
    note(tx, question, kind, &cells, now).await
}

/// What the channel refused some time ago it is told once more: what stood in the way may be gone.
pub async fn tell_refused(tx: &mut TenantTx, question: &Question) -> Result<()> {
    let id = question.connection.id;
    let refused = sqlx::query!(
        r#"select unit_type_id, night, rate_plan_id = '00000000-0000-0000-0000-000000000000' as "units!" from ari_shadow
           where tenant_id = $1 and connection_id = $2 and alarm is not null and night between $3 and $4
             and changed_at < $5"#,
        tx.t(),
        id,
        question.from,
        question.last,
        question.settled
    )
    .fetch_all(&mut **tx)
    .await?;
    if refused.is_empty() {
        return Ok(());
    }
    for (kind, units) in [(Kind::Availability, true), (Kind::Rates, false)] {
        let cells = refused.iter().filter(|r| r.units == units);
        let cells: Vec<_> = cells.map(|r| (r.unit_type_id, r.night)).collect();
        dirty::mark_cells(tx, id, kind, &cells).await?;
    }
    crate::jobs::kick(tx).await
}

/// On record, for people: a channel that drifts again and again is one to talk to.
async fn note(
    tx: &mut TenantTx,
    question: &Question,
    kind: Kind,
    cells: &[(Uuid, NaiveDate)],
    now: DateTime<Utc>,
) -> Result<()> {
    let Some(first) = cells.iter().map(|(_, night)| *night).min() else {
        return Ok(());
    };
    sqlx::query!(
        "update channel_sync set drifted = drifted + $3, drifted_at = $4
         where tenant_id = $1 and connection_id = $2",
        tx.t(),
        question.connection.id,
        cells.len() as i64,
        now
    )
    .execute(&mut **tx)
    .await?;
    let who = Principal::system(tx.tenant(), "drift");
    let event = NewEvent {
        kind: "channel_connection.drifted",
        property_id: Some(question.connection.property_id),
        subject_id: question.connection.id,
        actor: &who.actor,
        data: json!({ "kind": kind.name(), "cells": cells.len(), "first_night": first }),
        at: now,
    };
    event::append(tx, event).await?;
    crate::jobs::kick(tx).await
}

/// The nights asked for have been looked at; the next reading goes on after them. No telling helps with what the channel
/// does not know: that is for a person.
pub async fn done(
    tx: &mut TenantTx,
    question: &Question,
    unknown: &BTreeSet<String>,
    now: DateTime<Utc>,
) -> Result<()> {
    let (property, id) = (question.connection.property_id, question.connection.id);
    sqlx::query!(
        "update channel_sync set read_back_from = $3, last_read_back_at = $4
         where tenant_id = $1 and connection_id = $2",
        tx.t(),
        id,
        question.next_from,
        now
    )
    .execute(&mut **tx)
    .await?;
    if unknown.is_empty() {
        return alert::resolve(tx, STALE, id, now).await;
    }
    let named: Vec<&str> = unknown.iter().map(String::as_str).take(MOST_NAMED).collect();
    let detail = format!(
        "the channel does not know {} of the mapped rooms and rates any more: {}",
        unknown.len(),
        named.join(", ")
    );
    alert::raise(tx, STALE, (property, id), &detail, now).await
}

/// The channel wants to be left alone for so long.
pub async fn postpone(tx: &mut TenantTx, connection_id: Uuid, until: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update channel_sync set next_read_back_at = greatest(next_read_back_at, $3)
         where tenant_id = $1 and connection_id = $2",
        tx.t(),
        connection_id,
        until
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_units_may_be_a_sale_and_more_never() {
        assert_eq!(3.drift(&3), None);
        assert_eq!(3.drift(&2), Some(true));
        assert_eq!(3.drift(&4), Some(false));
    }

    #[test]
    fn a_rate_drifts_by_what_was_told_of_it() {
        let accepted = RateFields {
            price: Some(120.into()),
            stop_sell: Some(false),
            ..RateFields::default()
        };
        let said = |price: i32, stop: bool| RateFields {
            price: Some(price.into()),
            stop_sell: Some(stop),
            max_stay: Some(7),
            ..RateFields::default()
        };
        assert_eq!(accepted.drift(&said(120, false)), None);
        assert_eq!(accepted.drift(&said(99, false)), Some(false));
        assert_eq!(accepted.drift(&said(120, true)), Some(false));
    }
}
