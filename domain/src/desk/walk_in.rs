//! A guest without a booking: booked, put into a unit and checked in, or nothing of it.

use super::assign::{self, Assign};
use super::check_in::{check_in, ready_units};
use super::needs::{self, Needs};
use crate::booking::change::Force;
use crate::booking::entity::Booking;
use crate::booking::reserve::{NewBooking, reserve};
use crate::booking::store;
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::principal::Principal;
use crate::property;
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

#[derive(Debug, Clone)]
pub struct WalkIn {
    /// One room, arriving on the business date.
    pub booking: NewBooking,
    /// Absent = a free and clean one that suits best.
    pub unit_id: Option<Uuid>,
    pub needs: Option<Needs>,
}

/// Sells, assigns and checks in. Refused as each of the three would be, and then nothing is left of it. `force` takes a
/// unit that is dirty or does not have what is needed; nothing is oversold by it.
pub async fn walk_in(
    tx: &mut TenantTx,
    who: &Principal,
    property_id: Uuid,
    new: WalkIn,
    force: Option<&Force>,
    now: DateTime<Utc>,
) -> Result<Booking> {
    Force::check(force, who)?;
    let property = property::get(tx, property_id).await?;
    if new.booking.property_id != property_id {
        return Err(Refusal::not_found("property").at("/booking/property_id").into());
    }
    let today = property.business_date;
    let booking = reserve(tx, who, new.booking, now).await?;
    let id = match booking.reservations.as_slice() {
        [one] if one.arrival == today => one.id,
        _ => {
            let detail = format!("one room, arriving on the business date, {today}");
            return Err(Refusal::invalid("not_a_walk_in", detail)
                .at("/booking/rooms")
                .into());
        }
    };
    if let Some(needs) = new.needs {
        needs::set(tx, who, id, needs, None, now).await?;
    }
    let unit_id = match new.unit_id {
        Some(unit_id) => unit_id,
        None => ready_unit(tx, who, id, today).await?,
    };
    let cmd = Assign {
        reservation_id: id,
        unit_id,
        from: None,
        to: None,
    };
    assign::assign(tx, who, cmd, force, None, now).await?;
    check_in(tx, who, id, force, None, now).await
}

async fn ready_unit(tx: &mut TenantTx, who: &Principal, id: Uuid, today: NaiveDate) -> Result<Uuid> {
    let booking = store::get_by_reservation(tx, who, id).await?;
    let found = ready_units(tx, booking.reservation(id)?, today, 1).await?.pop();
    let none = || {
        let detail =
            "no unit of this type is free, clean and fitting; name one in `unit_id`, or take another type";
        Refusal::conflict("no_unit", detail)
    };
    Ok(found.ok_or_else(none)?.id)
}
