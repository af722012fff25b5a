//! Maintenance in the database, and in its unit.

use super::{Kind, Maintenance};
use crate::db::TenantTx;
use crate::desk::segment::{self, Occupant};
use crate::error::{Refusal, Result};
use crate::ids::new_id;
use crate::principal::{Permission, Principal};
use crate::property::{self, Unit, check_version, unit};
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

struct Row {
    id: Uuid,
    property_id: Uuid,
    unit_id: Uuid,
    kind: String,
    reason: String,
    from_night: NaiveDate,
    to_night: NaiveDate,
    closed_at: Option<DateTime<Utc>>,
    version: i32,
    created_at: DateTime<Utc>,
}

impl Row {
    fn entity(self) -> Result<Maintenance> {
        Ok(Maintenance {
            id: self.id,
            property_id: self.property_id,
            unit_id: self.unit_id,
            kind: Kind::parse(&self.kind)?,
            reason: self.reason,
            from: self.from_night,
            to: self.to_night,
            closed_at: self.closed_at,
            version: self.version,
            created_at: self.created_at,
        })
    }
}

pub async fn get(tx: &mut TenantTx, who: &Principal, property_id: Uuid, id: Uuid) -> Result<Maintenance> {
    who.require(Permission::ReadInventory)?;
    let row = sqlx::query_as!(
        Row,
        "select id, property_id, unit_id, kind, reason, from_night, to_night, closed_at, version, created_at
         from maintenance where tenant_id = $1 and property_id = $2 and id = $3",
        tx.t(),
        property_id,
        id
    )
    .fetch_optional(&mut **tx)
    .await?;
    row.ok_or_else(|| Refusal::not_found("maintenance"))?.entity()
}

/// Locked, and open.
pub(super) async fn open(
    tx: &mut TenantTx,
    property_id: Uuid,
    id: Uuid,
    expected: Option<i32>,
) -> Result<Maintenance> {
    let row = sqlx::query_as!(
        Row,
        "select id, property_id, unit_id, kind, reason, from_night, to_night, closed_at, version, created_at
         from maintenance where tenant_id = $1 and property_id = $2 and id = $3 for no key update",
        tx.t(),
        property_id,
        id
    )
    .fetch_optional(&mut **tx)
    .await?;
    let found = row.ok_or_else(|| Refusal::not_found("maintenance"))?.entity()?;
    check_version(found.version, expected)?;
    if found.closed_at.is_some() {
        return Err(Refusal::conflict("wrong_state", "the maintenance is closed").into());
    }
    Ok(found)
}

/// By id, after `after`; open ones only, or all.
pub async fn list(
    tx: &mut TenantTx,
    who: &Principal,
    property_id: Uuid,
    closed: bool,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Maintenance>> {
    who.require(Permission::ReadInventory)?;
    property::get(tx, property_id).await?;
    let rows = sqlx::query_as!(
        Row,
        "select id, property_id, unit_id, kind, reason, from_night, to_night, closed_at, version, created_at
         from maintenance where tenant_id = $1 and property_id = $2 and ($3 or closed_at is null)
           and ($4::uuid is null or id > $4) order by id limit $5",
        tx.t(),
        property_id,
        closed,
        after,
        limit
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter().map(Row::entity).collect()
}

pub(super) async fn insert(tx: &mut TenantTx, m: &Maintenance) -> Result<()> {
    sqlx::query!(
        "insert into maintenance (tenant_id, id, property_id, unit_id, kind, reason, from_night, to_night, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        tx.t(),
        m.id,
        m.property_id,
        m.unit_id,
        m.kind.name(),
        m.reason,
        m.from,
        m.to,
        m.created_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Puts the maintenance into its unit, in place of where it was; 409 when a stay is there.
pub(super) async fn occupy(tx: &mut TenantTx, unit: &Unit, m: &Maintenance) -> Result<()> {
    unit::lock_units(tx, &[unit.id]).await?;
    leave(tx, m.id).await?;
    let there = segment::occupants(tx, &[unit.id], (m.from, m.to), None).await?;
    if !there.is_empty() {
        let by: Vec<String> = there.iter().take(5).map(Occupant::detail).collect();
        let detail = format!(
            "unit {} has {}; assign another unit first",
            unit.name,
            by.join("; ")
        );
        return Err(Refusal::conflict("unit_taken", detail).at("/unit_id").into());
    }
    sqlx::query!(
        "insert into stay_segment (tenant_id, id, property_id, unit_id, from_night, to_night, maintenance_id)
         values ($1, $2, $3, $4, $5, $6, $7)",
        tx.t(),
        new_id(),
        m.property_id,
        unit.id,
        m.from,
        m.to,
        m.id
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) async fn leave(tx: &mut TenantTx, id: Uuid) -> Result<()> {
    sqlx::query!(
        "delete from stay_segment where tenant_id = $1 and maintenance_id = $2",
        tx.t(),
        id
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) async fn update(tx: &mut TenantTx, m: &Maintenance) -> Result<()> {
    sqlx::query!(
        "update maintenance set reason = $3, from_night = $4, to_night = $5, closed_at = $6, version = $7
         where tenant_id = $1 and id = $2",
        tx.t(),
        m.id,
        m.reason,
        m.from,
        m.to,
        m.closed_at,
        m.version
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
