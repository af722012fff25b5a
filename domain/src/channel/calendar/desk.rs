//! What calendars hold, as the front desk sees it.

use crate::channel::feed::{Dates, Nights};
use crate::db::TenantTx;
use crate::error::Result;
use chrono::NaiveDate;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Nights of a unit that a channel's calendar holds.
#[derive(Debug, Clone)]
pub struct HeldUnit {
    pub connection_id: Uuid,
    /// The connection's.
    pub name: String,
    pub unit_id: Uuid,
    pub dates: Dates,
}

/// By unit and connection, in order of nights `[from, to)`.
pub async fn of_units(
    tx: &mut TenantTx,
    units: &[Uuid],
    (from, to): (NaiveDate, NaiveDate),
) -> Result<Vec<HeldUnit>> {
    let rows = sqlx::query!(
        "select n.unit_id, n.connection_id, n.night, c.name from calendar_night n
         join calendar_connection c on c.tenant_id = $1 and c.id = n.connection_id
         where n.tenant_id = $1 and n.unit_id = any($2) and n.night >= $3 and n.night < $4",
        tx.t(),
        units,
        from,
        to
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut held: BTreeMap<(Uuid, Uuid), (String, Vec<NaiveDate>)> = BTreeMap::new();
    for row in rows {
        let of = (row.unit_id, row.connection_id);
        let entry = held.entry(of).or_insert_with(|| (row.name, Vec::new()));
        entry.1.push(row.night);
    }
    let mut out = Vec::new();
    for ((unit_id, connection_id), (name, nights)) in held {
        let nights: Nights = nights.into_iter().collect();
        out.extend(nights.runs().iter().map(|dates| HeldUnit {
            connection_id,
            name: name.clone(),
            unit_id,
            dates: *dates,
        }));
    }
    Ok(out)
}
