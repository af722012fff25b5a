//! `cancel`: give nights back, of a whole booking or of one reservation.

use super::entity::{Booking, BookingStatus, Status};
use super::save::save;
use super::sell::spans;
use super::store;
use crate::channel::dirty;
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::event::{self, NewEvent};
use crate::inventory::{self, Delta, Stock};
use crate::principal::{Permission, Principal};
use crate::property::check_version;
use chrono::{DateTime, Days, NaiveDate, Utc};
use serde_json::json;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Which part of a booking.
#[derive(Debug, Clone, Copy)]
pub enum What {
    Booking(Uuid),
    Reservation(Uuid),
}

/// Cancels what is confirmed; a part that is cancelled already stays so. 409 `wrong_state` for a guest in house or
/// when nothing is left to cancel. `expected` is the booking's version from If-Match.
pub async fn cancel(
    tx: &mut TenantTx,
    who: &Principal,
    what: What,
    expected: Option<i32>,
    now: DateTime<Utc>,
) -> Result<Booking> {
    who.require(Permission::WriteBookings)?;
    let (id, only) = match what {
        What::Booking(id) => (id, None),
        What::Reservation(id) => (store::booking_of(tx, id).await?, Some(id)),
    };
    store::lock(tx, id).await?;
    let mut booking = store::get(tx, who, id).await?;
    check_version(booking.version, expected)?;
    let mut delta = Delta::new();
    let mut cancelled = Vec::new();
    for reservation in &mut booking.reservations {
        let chosen = only.is_none_or(|id| id == reservation.id);
        if !chosen || (reservation.status == Status::Cancelled && only.is_none()) {
            continue;
        }
        reservation.add_to(&mut delta, -1);
        reservation.status = reservation.status.to(Status::Cancelled)?;
        reservation.version += 1;
        cancelled.push(reservation.clone());
    }
    if cancelled.is_empty() {
        return Err(Refusal::conflict("wrong_state", "the booking is cancelled already").into());
    }
    let cancelled_all = booking.reservations.iter().all(|r| r.status == Status::Cancelled);
    if cancelled_all {
        booking.status = BookingStatus::Cancelled;
        booking.hold_expires_at = None;
    }
    booking.version += 1;
    booking.updated_at = now;
    inventory::change(tx, &delta, Stock::Forced).await?;
    save(tx, &booking).await?;
    mark_dirty(tx, &delta).await?;
    let kind = if cancelled_all {
        "booking.cancelled"
    } else {
        "booking.modified"
    };
    let event = NewEvent {
        kind,
        property_id: Some(booking.property_id),
        subject_id: booking.id,
        actor: &who.actor,
        data: json!({ "reference": booking.reference, "nights": spans(&cancelled) }),
        at: now,
    };
    event::append(tx, event).await?;
    crate::jobs::kick(tx).await?;
    Ok(booking)
}

/// The span of nights touched per unit type is dirty on every channel that sells it.
pub(super) async fn mark_dirty(tx: &mut TenantTx, delta: &Delta) -> Result<()> {
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
