//! One connection's cells one by one: what is true, what the channel last accepted, and which of converged, in flight and
//! alarmed each is. There is no fourth.

use super::connection::{self, Connection, sync_end};
use super::diff::{Cell, Value};
use super::dirty::Kind;
use super::truth::{self, Mark};
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::principal::{Permission, Principal};
use crate::property;
use chrono::{DateTime, Days, NaiveDate, Utc};
use std::collections::HashMap;
use uuid::Uuid;

/// Nights of one question.
pub const MOST_NIGHTS: i64 = 92;
const USUAL_NIGHTS: u64 = 31;
/// Cells looked at for one page; one that asks for rare ones may be short although there are more.
const MOST_LOOKED_AT: usize = 50_000;
/// Marks read of one unit type: the oldest say since when.
const MOST_MARKS: i64 = 5000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Converged,
    /// Changed and not sent yet, or sent and not confirmed.
    InFlight,
    /// Refused by the channel.
    Alarmed,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    pub unit_type_id: Uuid,
    /// `None`: the availability.
    pub rate_plan_id: Option<Uuid>,
    pub night: NaiveDate,
    pub state: State,
    /// Since when it is in flight or alarmed.
    pub since: Option<DateTime<Utc>>,
    /// In the channel's words.
    pub reason: Option<String>,
    pub truth: Value,
    pub accepted: Option<Value>,
}

/// `last` is included; without dates, the 31 nights from the business date on.
#[derive(Debug, Clone, Copy, Default)]
pub struct Question {
    pub from: Option<NaiveDate>,
    pub last: Option<NaiveDate>,
    pub unit_type_id: Option<Uuid>,
    pub state: Option<State>,
}

/// In order of unit types, of plans (availability first), and of nights.
pub type Place = (Uuid, Uuid, NaiveDate);

/// At most `limit` cells after a place, and from where to go on.
pub async fn read(
    tx: &mut TenantTx,
    who: &Principal,
    connection_id: Uuid,
    question: Question,
    after: Option<Place>,
    limit: usize,
) -> Result<(Vec<Shown>, Option<Place>)> {
    who.require(Permission::ReadChannels)?;
    let connection = connection::get(tx, connection_id).await?;
    let nights = nights(tx, &connection, question).await?;
    let (mut shown, mut looked_at) = (Vec::new(), 0);
    for unit_type in told(tx, &connection, question.unit_type_id, after).await? {
        let cells = of_type(tx, &connection, unit_type, nights).await?;
        looked_at += cells.len();
        for cell in cells {
            let place = (unit_type, cell.rate_plan_id.unwrap_or_default(), cell.night);
            if after.is_some_and(|after| place <= after) || question.state.is_some_and(|s| s != cell.state) {
                continue;
            }
            if shown.len() == limit {
                let next = shown.last().map(place_of);
                return Ok((shown, next));
            }
            shown.push(cell);
        }
        if looked_at >= MOST_LOOKED_AT {
            return Ok((shown, Some((unit_type, Uuid::max(), NaiveDate::MAX))));
        }
    }
    Ok((shown, None))
}

fn place_of(cell: &Shown) -> Place {
    (
        cell.unit_type_id,
        cell.rate_plan_id.unwrap_or_default(),
        cell.night,
    )
}

/// Half-open, of what channels are told at all.
async fn nights(tx: &mut TenantTx, c: &Connection, asked: Question) -> Result<(NaiveDate, NaiveDate)> {
    let today = property::get(tx, c.property_id).await?.business_date;
    let from = asked.from.unwrap_or(today).max(today);
    let usual = from.checked_add_days(Days::new(USUAL_NIGHTS)).unwrap_or(from);
    let end = asked
        .last
        .map_or(usual, |last| last.checked_add_days(Days::new(1)).unwrap_or(last));
    if (end - from).num_days() > MOST_NIGHTS {
        let detail = format!("at most {MOST_NIGHTS} nights");
        return Err(Refusal::invalid("range_too_long", detail).at("to").into());
    }
    Ok((from, end.min(sync_end(today)).max(from)))
}

/// The unit types that the channel is told about, from a place on.
async fn told(
    tx: &mut TenantTx,
    connection: &Connection,
    only: Option<Uuid>,
    after: Option<Place>,
) -> Result<Vec<Uuid>> {
    if !connection.receives_ari {
        return Ok(Vec::new());
    }
    Ok(sqlx::query_scalar!(
        "select unit_type_id from channel_room_map
         where tenant_id = $1 and connection_id = $2 and ($3::uuid is null or unit_type_id = $3)
           and ($4::uuid is null or unit_type_id >= $4)
         order by unit_type_id",
        tx.t(),
        connection.id,
        only,
        after.map(|place| place.0)
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// What the shadow says besides the accepted value.
struct Told {
    alarm: Option<String>,
    changed_at: DateTime<Utc>,
}

async fn of_type(
    tx: &mut TenantTx,
    connection: &Connection,
    unit_type_id: Uuid,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<Vec<Shown>> {
    let whole = [Mark {
        id: 0,
        unit_type_id,
        from,
        to,
    }];
    let mut told = shadow(tx, connection.id, unit_type_id, (from, to)).await?;
    let marks = marks(tx, connection.id, unit_type_id, (from, to)).await?;
    let mut shown = Vec::new();
    for kind in [Kind::Availability, Kind::Rates] {
        for cell in truth::cells(tx, connection, kind, &whole).await? {
            let told = told.remove(&(cell.rate_plan_id, cell.night));
            let marked = marks.get(&(kind, cell.night)).copied();
            shown.push(judged(cell, told, marked));
        }
    }
    Ok(shown)
}

fn judged(cell: Cell, told: Option<Told>, marked: Option<DateTime<Utc>>) -> Shown {
    let changed = told.as_ref().map(|told| told.changed_at);
    let reason = told.and_then(|told| told.alarm);
    let (state, since) = if reason.is_some() {
        (State::Alarmed, changed)
    } else if cell.accepted.as_ref() == Some(&cell.truth) {
        (State::Converged, None)
    } else {
        (State::InFlight, marked.or(changed))
    };
    Shown {
        unit_type_id: cell.unit_type_id,
        rate_plan_id: Some(cell.rate_plan_id).filter(|plan| !plan.is_nil()),
        night: cell.night,
        state,
        since,
        reason,
        truth: cell.truth,
        accepted: cell.accepted,
    }
}

async fn shadow(
    tx: &mut TenantTx,
    connection_id: Uuid,
    unit_type_id: Uuid,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<HashMap<(Uuid, NaiveDate), Told>> {
    let rows = sqlx::query!(
        "select rate_plan_id, night, alarm, changed_at from ari_shadow
         where tenant_id = $1 and connection_id = $2 and unit_type_id = $3 and night >= $4 and night < $5",
        tx.t(),
        connection_id,
        unit_type_id,
        from,
        to
    )
    .fetch_all(&mut **tx)
    .await?;
    let told = |alarm, changed_at| Told { alarm, changed_at };
    let rows = rows.into_iter();
    Ok(rows
        .map(|r| ((r.rate_plan_id, r.night), told(r.alarm, r.changed_at)))
        .collect())
}

/// Since when each night waits to be sent.
async fn marks(
    tx: &mut TenantTx,
    connection_id: Uuid,
    unit_type_id: Uuid,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<HashMap<(Kind, NaiveDate), DateTime<Utc>>> {
    let rows = sqlx::query!(
        "select kind, from_night, to_night, since from ari_dirty
         where tenant_id = $1 and connection_id = $2 and unit_type_id = $3 and from_night < $5 and to_night > $4
         order by since limit $6",
        tx.t(),
        connection_id,
        unit_type_id,
        from,
        to,
        MOST_MARKS
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut since = HashMap::new();
    for row in rows {
        let availability = row.kind == Kind::Availability.name();
        let kind = if availability {
            Kind::Availability
        } else {
            Kind::Rates
        };
        let (first, end) = (row.from_night.max(from), row.to_night.min(to));
        for night in first.iter_days().take_while(|night| *night < end) {
            since.entry((kind, night)).or_insert(row.since);
        }
    }
    Ok(since)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_alarmed_converged_or_in_flight() {
        let (told_at, marked_at) = (
            DateTime::UNIX_EPOCH,
            DateTime::UNIX_EPOCH + chrono::Duration::hours(1),
        );
        let judge = |accepted: Option<i32>, alarm: Option<&str>, marked| {
            let cell = Cell {
                external: "r".into(),
                unit_type_id: Uuid::from_u128(1),
                rate_plan_id: Uuid::nil(),
                night: NaiveDate::default(),
                truth: Value::Free(2),
                accepted: accepted.map(Value::Free),
            };
            let told = Told {
                alarm: alarm.map(str::to_owned),
                changed_at: told_at,
            };
            let shown = judged(cell, Some(told), marked);
            (shown.state, shown.since)
        };
        assert_eq!(judge(Some(2), None, None), (State::Converged, None));
        assert_eq!(judge(None, None, None), (State::InFlight, Some(told_at)));
        assert_eq!(
            judge(Some(1), None, Some(marked_at)),
            (State::InFlight, Some(marked_at))
        );
        assert_eq!(
            judge(None, Some("no"), Some(marked_at)),
            (State::Alarmed, Some(told_at))
        );
    }
}
