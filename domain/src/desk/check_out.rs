//! Check-out: the guest leaves, the unit has to be cleaned.

use super::check_in::{guest_in, refuse_later};
use super::segment;
use super::stay::{self, Desk};
use crate::booking::entity::{Booking, Status};
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::principal::{Permission, Principal};
use crate::property::unit::{self, Cleanliness};
use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

/// `in_house` becomes `departed`, today's unit dirty. Leaving early shortens nothing by itself: nights that are sold
/// stay sold until the stay is amended.
pub async fn check_out(
    tx: &mut TenantTx,
    who: &Principal,
    reservation_id: Uuid,
    expected: Option<i32>,
    now: DateTime<Utc>,
) -> Result<Booking> {
    who.require(Permission::WriteBookings)?;
    let mut desk = Desk::open(tx, who, reservation_id, expected).await?;
    desk.require(Status::InHouse)?;
    desk.become_(Status::Departed)?;
    let today = desk.property.business_date;
    desk.save(tx, now).await?;
    sqlx::query!(
        "update reservation set checked_out_at = $3, checked_out_on = $4 where tenant_id = $1 and id = $2",
        tx.t(),
        reservation_id,
        now,
        today
    )
    .execute(&mut **tx)
    .await?;
    let segments = segment::of(tx, reservation_id).await?;
    let unit = segment::current(&segments, today).map(|s| s.unit_id);
    if let Some(unit) = unit {
        unit::set_cleanliness(tx, who, &[unit], Cleanliness::Dirty, now).await?;
    }
    let early = today < desk.reservation()?.departure;
    let data = json!({ "unit_id": unit, "early": early });
    stay::log(tx, who, &desk, "reservation.checked_out", data, now).await?;
    Ok(desk.booking)
}

/// Back to `in_house`, on the business date of the check-out, unless somebody else is in the unit by now. The unit
/// stays dirty.
pub async fn undo_check_out(
    tx: &mut TenantTx,
    who: &Principal,
    reservation_id: Uuid,
    expected: Option<i32>,
    now: DateTime<Utc>,
) -> Result<Booking> {
    who.require(Permission::WriteBookings)?;
    let mut desk = Desk::open(tx, who, reservation_id, expected).await?;
    desk.require(Status::Departed)?;
    desk.become_(Status::InHouse)?;
    let today = desk.property.business_date;
    let since = sqlx::query_scalar!(
        "select checked_out_on from reservation where tenant_id = $1 and id = $2",
        tx.t(),
        reservation_id
    )
    .fetch_one(&mut **tx)
    .await?;
    refuse_later(since, today)?;
    let segments = segment::of(tx, reservation_id).await?;
    if let Some(here) = segment::current(&segments, today) {
        unit::lock_units(tx, &[here.unit_id]).await?;
        if let Some(other) = guest_in(tx, here.unit_id, today, reservation_id).await? {
            let detail = format!("the unit has {other} now");
            return Err(Refusal::conflict("unit_occupied", detail).into());
        }
    }
    desk.save(tx, now).await?;
    sqlx::query!(
        "update reservation set checked_out_at = null, checked_out_on = null where tenant_id = $1 and id = $2",
        tx.t(),
        reservation_id
    )
    .execute(&mut **tx)
    .await?;
    stay::log(tx, who, &desk, "reservation.check_out_undone", json!({}), now).await?;
    Ok(desk.booking)
}
