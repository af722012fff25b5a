//! What becomes of a stay that nobody slept: `no_show`, and `reinstate` for one that comes back after all.

use super::change::{Change, Force, Said};
use super::entity::{Booking, Status};
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::inventory::Stock;
use crate::principal::Principal;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

/// The guest did not come: the nights are free again, the frozen policy's no-show fee is due unless it is waived. 409
/// `too_early` before the business date of arrival.
pub async fn no_show(
    tx: &mut TenantTx,
    who: &Principal,
    id: Uuid,
    expected: Option<i32>,
    waive: Option<&Force>,
    now: DateTime<Utc>,
) -> Result<Booking> {
    Force::check(waive, who)?;
    let mut change = Change::of_reservation(tx, who, id, expected).await?;
    let today = change.today();
    let currency = change.after.currency.clone();
    let reservation = change.after.reservation_mut(id)?;
    let status = reservation.status.to(Status::NoShow)?;
    if reservation.arrival > today {
        let detail = format!(
            "the business date is {today}; the guest is due on {}",
            reservation.arrival
        );
        return Err(Refusal::conflict("too_early", detail).into());
    }
    if waive.is_none() {
        reservation.fee = reservation.no_show_fee(&currency)?;
    }
    reservation.status = status;
    let said = Said::new("reservation.no_show", waive);
    change.commit(tx, who, Stock::Guarded, &said, now).await
}

/// A cancelled or no-show stay is confirmed again as it was, if its nights are still free; `force` takes them anyway.
/// 409 `past_departure` when there is no night left to sleep.
pub async fn reinstate(
    tx: &mut TenantTx,
    who: &Principal,
    id: Uuid,
    expected: Option<i32>,
    force: Option<&Force>,
    now: DateTime<Utc>,
) -> Result<Booking> {
    Force::check(force, who)?;
    let mut change = Change::of_reservation(tx, who, id, expected).await?;
    let today = change.today();
    let reservation = change.after.reservation_mut(id)?;
    if !matches!(reservation.status, Status::Cancelled | Status::NoShow) {
        let detail = format!(
            "the stay is {}: only a cancelled or no-show stay comes back",
            reservation.status.name()
        );
        return Err(Refusal::conflict("wrong_state", detail).into());
    }
    if reservation.departure <= today {
        let detail = format!(
            "the business date is {today}, the stay ended on {}",
            reservation.departure
        );
        return Err(Refusal::conflict("past_departure", detail).into());
    }
    reservation.status = reservation.status.to(Status::Confirmed)?;
    reservation.fee = Decimal::ZERO;
    let said = Said::new("reservation.reinstated", force);
    change.commit(tx, who, Force::stock(force), &said, now).await
}
