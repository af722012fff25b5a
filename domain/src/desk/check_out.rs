//! Check-out: the guest leaves, the unit has to be cleaned.

use super::check_in::{guest_in, refuse_later};
use super::segment;
use crate::booking::change::{Change, Said};
use crate::booking::entity::{Booking, Moment, Status};
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::inventory::Stock;
use crate::principal::Principal;
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
    let mut change = Change::of_reservation(tx, who, reservation_id, expected).await?;
    let today = change.today();
    let stay = change.after.reservation_mut(reservation_id)?;
    stay.require(Status::InHouse)?;
    stay.status = stay.status.to(Status::Departed)?;
    stay.checked_out = Some(Moment { at: now, date: today });
    let unit = segment::current(&stay.segments, today).map(|s| s.unit_id);
    let said = Said::new("reservation.checked_out", None).with(json!({
        "reservation_id": reservation_id,
        "unit_id": unit,
        "early": today < stay.departure,
    }));
    let booking = change.commit(tx, who, Stock::Guarded, &said, now).await?;
    if let Some(unit) = unit {
        unit::set_cleanliness(tx, who, &[unit], Cleanliness::Dirty, now).await?;
    }
    Ok(booking)
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
    let mut change = Change::of_reservation(tx, who, reservation_id, expected).await?;
    let today = change.today();
    let stay = change.after.reservation_mut(reservation_id)?;
    stay.require(Status::Departed)?;
    refuse_later(stay.checked_out, today)?;
    if let Some(here) = segment::current(&stay.segments, today) {
        unit::lock_units(tx, &[here.unit_id]).await?;
        if let Some(other) = guest_in(tx, here.unit_id, today, reservation_id).await? {
            let detail = format!("the unit has {other} now");
            return Err(Refusal::conflict("unit_occupied", detail).into());
        }
    }
    stay.status = stay.status.to(Status::InHouse)?;
    stay.checked_out = None;
    let said =
        Said::new("reservation.check_out_undone", None).with(json!({ "reservation_id": reservation_id }));
    change.commit(tx, who, Stock::Guarded, &said, now).await
}
