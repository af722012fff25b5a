//! `cancel`: give nights back, of a whole booking or of one reservation.

use super::change::{Change, Force, Said};
use super::entity::{Booking, Status};
use crate::channel::dirty;
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::inventory::{Delta, Stock};
use crate::principal::Principal;
use chrono::{DateTime, Days, NaiveDate, Utc};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Which part of a booking.
#[derive(Debug, Clone, Copy)]
pub enum What {
    Booking(Uuid),
    Reservation(Uuid),
}

/// Cancels what is tentative or confirmed; a part that is cancelled already stays so. 409 `wrong_state` for a guest in
/// house or when nothing is left to cancel. The frozen policy's fee is due unless it is waived, which needs the right
/// to override. `expected` is the version, from If-Match, of what is cancelled.
pub async fn cancel(
    tx: &mut TenantTx,
    who: &Principal,
    what: What,
    expected: Option<i32>,
    waive: Option<&Force>,
    now: DateTime<Utc>,
) -> Result<Booking> {
    Force::check(waive, who)?;
    let (mut change, only) = match what {
        What::Booking(id) => (Change::of_booking(tx, who, id, expected).await?, None),
        What::Reservation(id) => (Change::of_reservation(tx, who, id, expected).await?, Some(id)),
    };
    let currency = change.after.currency.clone();
    let mut cancelled = 0;
    for reservation in &mut change.after.reservations {
        let chosen = only.is_none_or(|id| id == reservation.id);
        if !chosen || (reservation.status == Status::Cancelled && only.is_none()) {
            continue;
        }
        if reservation.status == Status::Confirmed && waive.is_none() {
            let hours = change.property.hours_before_check_in(reservation.arrival, now);
            reservation.fee = reservation.cancellation_fee(hours, &currency)?;
        }
        reservation.status = reservation.status.to(Status::Cancelled)?;
        cancelled += 1;
    }
    if cancelled == 0 {
        return Err(Refusal::conflict("wrong_state", "the booking is cancelled already").into());
    }
    let all = change
        .after
        .reservations
        .iter()
        .all(|r| r.status == Status::Cancelled);
    let kind = if all {
        "booking.cancelled"
    } else {
        "booking.modified"
    };
    let said = Said::new(kind, waive);
    change.commit(tx, who, Stock::Guarded, &said, now).await
}

/// The span of nights touched per unit type is dirty on every channel that sells it.
pub(crate) async fn mark_dirty(tx: &mut TenantTx, delta: &Delta) -> Result<()> {
    let mut spans: BTreeMap<Uuid, (NaiveDate, NaiveDate)> = BTreeMap::new();
    for (unit_type, night) in delta.keys() {
        let span = spans.entry(*unit_type).or_insert((*night, *night));
        *span = (span.0.min(*night), span.1.max(*night));
    }
    for (unit_type, (first, last)) in spans {
        dirty::mark(
            tx,
            unit_type,
            first,
            last + Days::new(1),
            dirty::Kind::Availability,
        )
        .await?;
    }
    Ok(())
}
