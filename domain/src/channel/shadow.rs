//! The shadow: what a channel last accepted of each cell, or that we do not know.

use super::diff::{Cell, Value};
use crate::db::TenantTx;
use crate::error::{Error, Result};
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

/// What is put down of a cell.
pub(super) struct State<'a> {
    cell: &'a Cell,
    accepted: Option<serde_json::Value>,
    alarm: Option<String>,
}

impl<'a> State<'a> {
    /// Told, and not answered yet.
    pub fn unknown(cell: &'a Cell) -> Self {
        Self {
            cell,
            accepted: None,
            alarm: None,
        }
    }
    /// The channel is as the truth was when the cell was read.
    pub fn accepted(cell: &'a Cell) -> Result<Self> {
        Ok(Self {
            cell,
            accepted: Some(json(&cell.truth)?),
            alarm: None,
        })
    }
    pub fn refused(cell: &'a Cell, reason: &str) -> Self {
        Self {
            cell,
            accepted: None,
            alarm: Some(reason.to_owned()),
        }
    }
}

/// Writes the cells' states; with `unless_changed_since` only where nobody wrote after that moment.
pub(super) async fn write<'a>(
    tx: &mut TenantTx,
    connection_id: Uuid,
    states: impl Iterator<Item = State<'a>>,
    now: DateTime<Utc>,
    unless_changed_since: Option<DateTime<Utc>>,
) -> Result<()> {
    let mut c = ShadowColumns::default();
    for state in states {
        c.unit_types.push(state.cell.unit_type_id);
        c.plans.push(state.cell.rate_plan_id);
        c.nights.push(state.cell.night);
        c.accepted.push(state.accepted);
        c.alarms.push(state.alarm);
    }
    if c.nights.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into ari_shadow (tenant_id, connection_id, unit_type_id, rate_plan_id, night, accepted, alarm,
             changed_at)
         select $1, $2, c.u, c.p, c.n, c.a, c.alarm, $8
         from unnest($3::uuid[], $4::uuid[], $5::date[], $6::jsonb[], $7::text[]) as c (u, p, n, a, alarm)
         on conflict (tenant_id, connection_id, unit_type_id, rate_plan_id, night) do update set
             accepted = excluded.accepted, alarm = excluded.alarm, changed_at = excluded.changed_at
         where $9::timestamptz is null or ari_shadow.changed_at = $9",
        tx.t(),
        connection_id,
        &c.unit_types,
        &c.plans,
        &c.nights,
        &c.accepted as &[Option<serde_json::Value>],
        &c.alarms as &[Option<String>],
        now,
        unless_changed_since
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

#[derive(Default)]
struct ShadowColumns {
    unit_types: Vec<Uuid>,
    plans: Vec<Uuid>,
    nights: Vec<NaiveDate>,
    accepted: Vec<Option<serde_json::Value>>,
    alarms: Vec<Option<String>>,
}

/// A cell's value as the shadow stores it.
fn json(value: &Value) -> Result<serde_json::Value> {
    match value {
        Value::Free(n) => Ok(serde_json::Value::from(*n)),
        Value::Rate(fields) => serde_json::to_value(fields).map_err(|e| Error::internal(e.to_string())),
    }
}
