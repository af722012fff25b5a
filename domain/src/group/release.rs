//! What remains of a block goes back: part of it (`wash`), all of it (`release`, `cancel`), or all at the cutoff.

use super::allotment::{span, write};
use super::entity::{Blocks, Group, Status, Wash};
use super::plan::log;
use super::store;
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::inventory::Stock;
use crate::principal::{Permission, Principal};
use crate::property::check_version;
use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

/// Gives part of what remains back on every night. The group stays open.
pub async fn wash(
    tx: &mut TenantTx,
    who: &Principal,
    id: Uuid,
    by: Wash,
    expected: Option<i32>,
    now: DateTime<Utc>,
) -> Result<Group> {
    who.require(Permission::WriteBookings)?;
    match by {
        Wash::Percent(percent) if !(1..=100).contains(&percent) => {
            return Err(Refusal::invalid("out_of_range", "1 to 100").at("/percent").into());
        }
        Wash::Units(units) if units < 1 => {
            return Err(Refusal::invalid("out_of_range", "at least 1").at("/units").into());
        }
        _ => {}
    }
    let group = locked(tx, id, expected).await?;
    group.require_open()?;
    give_back(tx, who, group, by, "group.washed", now).await
}

/// Gives back all that remains. The group's bookings stay; who comes now books what is free.
pub async fn release(
    tx: &mut TenantTx,
    who: &Principal,
    id: Uuid,
    expected: Option<i32>,
    now: DateTime<Utc>,
) -> Result<Group> {
    who.require(Permission::WriteBookings)?;
    let mut group = locked(tx, id, expected).await?;
    group.require_open()?;
    group.status = Status::Released;
    give_back(tx, who, group, Wash::All, "group.released", now).await
}

/// Releases, and takes no more bookings. Those there are stay as they are: each is cancelled on its own terms.
pub async fn cancel(
    tx: &mut TenantTx,
    who: &Principal,
    id: Uuid,
    expected: Option<i32>,
    now: DateTime<Utc>,
) -> Result<Group> {
    who.require(Permission::WriteBookings)?;
    let mut group = locked(tx, id, expected).await?;
    if group.status == Status::Cancelled {
        return Err(Refusal::conflict("wrong_state", "the group is cancelled already").into());
    }
    group.status = Status::Cancelled;
    give_back(tx, who, group, Wash::All, "group.cancelled", now).await
}

/// Releases one group whose cutoff the house's business date has reached; false = there is none. One a transaction:
/// two would lock their nights out of order.
pub async fn release_due(tx: &mut TenantTx, now: DateTime<Utc>) -> Result<bool> {
    let due = sqlx::query_scalar!(
        "select g.id from stay_group g join property p on p.tenant_id = $1 and p.id = g.property_id
         where g.tenant_id = $1 and g.status in ('tentative', 'definite') and g.cutoff <= p.business_date
         order by g.cutoff, g.id limit 1 for update of g skip locked",
        tx.t()
    )
    .fetch_optional(&mut **tx)
    .await?;
    let Some(id) = due else { return Ok(false) };
    let who = Principal::system(tx.tenant(), "groups");
    release(tx, &who, id, None, now).await?;
    Ok(true)
}

async fn locked(tx: &mut TenantTx, id: Uuid, expected: Option<i32>) -> Result<Group> {
    let group = store::lock(tx, id).await?;
    check_version(group.version, expected)?;
    Ok(group)
}

async fn give_back(
    tx: &mut TenantTx,
    who: &Principal,
    mut group: Group,
    by: Wash,
    kind: &'static str,
    now: DateTime<Utc>,
) -> Result<Group> {
    let before = store::lock_blocks(tx, group.id, None).await?;
    let after: Blocks = before
        .iter()
        .map(|(cell, block)| (*cell, by.of(*block)))
        .collect();
    let remaining = |blocks: &Blocks| blocks.values().map(|b| b.remaining()).sum::<i32>();
    let data = json!({ "units": remaining(&before) - remaining(&after), "nights": span(&before) });
    write(tx, &mut group, (&before, &after), Stock::Guarded, now).await?;
    log(tx, who, kind, &group, data, now).await?;
    Ok(group)
}
