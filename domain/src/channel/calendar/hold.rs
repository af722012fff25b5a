//! Nights that calendars hold: stored, and taken from sale by the same counters under the same locks as every sale.

use super::connection::Known;
use crate::alert;
use crate::booking::cancel::mark_dirty;
use crate::channel::feed::{Feed, Nights};
use crate::db::TenantTx;
use crate::error::Result;
use crate::event::{self, NewEvent};
use crate::inventory::{self, Delta, Stock, Take};
use crate::principal::Principal;
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Nights named in an alert.
const MOST_NAMED: usize = 10;
const ALERTS: [&str; 4] = [OVERBOOKED, UNIT_TAKEN, "calendar_frozen", "calendar_unread"];
const OVERBOOKED: &str = "overbooked";
const UNIT_TAKEN: &str = "unit_taken";

/// Night, and whether it is claimed.
type Stored = BTreeMap<NaiveDate, bool>;

/// From `today` on exactly the nights that the feed holds are held, whatever stock there is; earlier ones stay as they
/// were.
pub(super) async fn follow(
    tx: &mut TenantTx,
    known: &Known,
    feed: &Feed,
    today: NaiveDate,
    now: DateTime<Utc>,
) -> Result<()> {
    let claimed = feed.claimed();
    let held = feed.held();
    let wanted: Stored = (held.iter().filter(|night| *night >= today))
        .map(|night| (night, claimed.contains(night)))
        .collect();
    let stored = stored(tx, known, Some(today)).await?;
    exchange(tx, known, &stored, &wanted, now).await?;
    look_for_doubles(tx, known, &wanted, today, now).await
}

/// Nothing is held from that night on (`None`: at all), and nothing is wrong with it.
pub(super) async fn release(
    tx: &mut TenantTx,
    known: &Known,
    from: Option<NaiveDate>,
    now: DateTime<Utc>,
) -> Result<()> {
    let stored = stored(tx, known, from).await?;
    exchange(tx, known, &stored, &Stored::new(), now).await?;
    for kind in ALERTS {
        alert::resolve(tx, kind, known.id, now).await?;
    }
    Ok(())
}

async fn stored(tx: &mut TenantTx, known: &Known, from: Option<NaiveDate>) -> Result<Stored> {
    let rows = sqlx::query!(
        "select night, claimed from calendar_night
         where tenant_id = $1 and connection_id = $2 and ($3::date is null or night >= $3)",
        tx.t(),
        known.id,
        from
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|r| (r.night, r.claimed)).collect())
}

/// Stock first, the nights themselves second.
async fn exchange(
    tx: &mut TenantTx,
    known: &Known,
    before: &Stored,
    after: &Stored,
    now: DateTime<Utc>,
) -> Result<()> {
    if before == after {
        return Ok(());
    }
    let gone: Vec<NaiveDate> = (before.keys().filter(|n| !after.contains_key(n)))
        .copied()
        .collect();
    let taken: Vec<NaiveDate> = (after.keys().filter(|n| !before.contains_key(n)))
        .copied()
        .collect();
    let mut delta = Delta::new();
    for (nights, held) in [(&gone, -1), (&taken, 1)] {
        let take = Take {
            held,
            ..Take::default()
        };
        delta.extend(nights.iter().map(|night| ((known.unit_type_id, *night), take)));
    }
    inventory::change(tx, &delta, Stock::Forced).await?;
    mark_dirty(tx, &delta).await?;
    write(tx, known, &gone, after).await?;
    if delta.is_empty() {
        return Ok(());
    }
    log(tx, known, &gone, &taken, now).await
}

async fn write(tx: &mut TenantTx, known: &Known, gone: &[NaiveDate], after: &Stored) -> Result<()> {
    sqlx::query!(
        "delete from calendar_night where tenant_id = $1 and connection_id = $2 and night = any($3)",
        tx.t(),
        known.id,
        gone
    )
    .execute(&mut **tx)
    .await?;
    let (nights, claimed): (Vec<NaiveDate>, Vec<bool>) = after.iter().map(|(n, c)| (*n, *c)).unzip();
    sqlx::query!(
        "insert into calendar_night (tenant_id, connection_id, night, property_id, unit_id, unit_type_id, claimed)
         select $1, $2, n.night, $3, $4, $5, n.claimed from unnest($6::date[], $7::bool[]) as n (night, claimed)
         on conflict (tenant_id, connection_id, night) do update set claimed = excluded.claimed
             where calendar_night.claimed <> excluded.claimed",
        tx.t(),
        known.id,
        known.property_id,
        known.unit_id,
        known.unit_type_id,
        &nights,
        &claimed
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn log(
    tx: &mut TenantTx,
    known: &Known,
    gone: &[NaiveDate],
    taken: &[NaiveDate],
    at: DateTime<Utc>,
) -> Result<()> {
    let spans = |nights: &[NaiveDate]| -> Vec<Value> {
        let nights: Nights = nights.iter().copied().collect();
        let span = |run: &crate::channel::feed::Dates| json!({ "from": run.from(), "to": run.to() });
        nights.runs().iter().map(span).collect()
    };
    let all = [gone, taken].concat();
    let event = NewEvent {
        kind: "calendar.changed",
        property_id: Some(known.property_id),
        subject_id: known.id,
        actor: &Principal::channel(tx.tenant(), known.id).actor,
        data: json!({
            "unit_id": known.unit_id, "taken": spans(taken), "given_free": spans(gone), "nights": spans(&all),
        }),
        at,
    };
    event::append(tx, event).await?;
    crate::jobs::kick(tx).await
}

/// Nights that are taken twice: more than the unit type has, or somebody else's stay in this very unit.
async fn look_for_doubles(
    tx: &mut TenantTx,
    known: &Known,
    held: &Stored,
    today: NaiveDate,
    now: DateTime<Utc>,
) -> Result<()> {
    let nights: Vec<NaiveDate> = held.keys().copied().collect();
    let unit_types = vec![known.unit_type_id; nights.len()];
    let overbooked = inventory::overbooked(tx, &unit_types, &nights).await?;
    let words = format!("unit {} is sold beyond what there is, and", known.unit_name);
    tell(tx, known, OVERBOOKED, &words, &overbooked, now).await?;
    let occupied = sqlx::query_scalar!(
        "select n.night from calendar_night n
         where n.tenant_id = $1 and n.connection_id = $2 and n.night >= $3 and exists (
             select from stay_segment s where s.tenant_id = $1 and s.unit_id = n.unit_id and s.from_night <= n.night
             and s.to_night > n.night)
         order by n.night",
        tx.t(),
        known.id,
        today
    )
    .fetch_all(&mut **tx)
    .await?;
    let words = format!("unit {} has somebody else, and", known.unit_name);
    tell(tx, known, UNIT_TAKEN, &words, &occupied, now).await
}

async fn tell(
    tx: &mut TenantTx,
    known: &Known,
    kind: &str,
    words: &str,
    nights: &[NaiveDate],
    now: DateTime<Utc>,
) -> Result<()> {
    if nights.is_empty() {
        return alert::resolve(tx, kind, known.id, now).await;
    }
    let named: Vec<String> = (nights.iter().take(MOST_NAMED))
        .map(NaiveDate::to_string)
        .collect();
    let more = match nights.len().saturating_sub(MOST_NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let detail = format!("{words} {} takes it on {}{more}", known.name, named.join(", "));
    alert::raise(tx, kind, (known.property_id, known.id), &detail, now).await
}
