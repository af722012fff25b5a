//! Holds: a tentative booking keeps its units until it is confirmed or its time has passed, whichever is first to get
//! the booking's lock.

use super::change::{Change, Said};
use super::entity::{Booking, Status};
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::inventory::Stock;
use crate::principal::Principal;
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Longest hold, in minutes: a week.
pub const LONGEST_MINUTES: i32 = 7 * 24 * 60;

/// Sells what a hold kept, at the price it was held at. 409 `not_held` for a booking that is no hold, `hold_expired`
/// when its time has passed, even if it still stands.
pub async fn confirm(
    tx: &mut TenantTx,
    who: &Principal,
    id: Uuid,
    expected: Option<i32>,
    now: DateTime<Utc>,
) -> Result<Booking> {
    let mut change = Change::of_booking(tx, who, id, expected).await?;
    let Some(until) = change.after.hold_expires_at else {
        let detail = format!("the booking is {}, not a hold", change.after.status.name());
        return Err(Refusal::conflict("not_held", detail).into());
    };
    if until <= now {
        let detail = format!("the hold ended at {}; book again", until.format("%FT%TZ"));
        return Err(Refusal::conflict("hold_expired", detail).into());
    }
    for reservation in &mut change.after.reservations {
        if reservation.status == Status::Tentative {
            reservation.status = Status::Confirmed;
        }
    }
    change
        .commit(
            tx,
            who,
            Stock::Guarded,
            &Said::new("booking.confirmed", None),
            now,
        )
        .await
}

/// Ends one hold whose time has passed; one that somebody is confirming or changing right now is left for the next
/// time. False = there is none. One a transaction: two would lock their nights out of order.
pub async fn end_expired(tx: &mut TenantTx, now: DateTime<Utc>) -> Result<bool> {
    let who = Principal::system(tx.tenant(), "holds");
    let due = sqlx::query_scalar!(
        "select id from booking where tenant_id = $1 and status = 'tentative' and hold_expires_at <= $2
         order by hold_expires_at limit 1 for update skip locked",
        tx.t(),
        now
    )
    .fetch_optional(&mut **tx)
    .await?;
    let Some(id) = due else { return Ok(false) };
    let mut change = Change::of_booking(tx, &who, id, None).await?;
    for reservation in &mut change.after.reservations {
        if reservation.status == Status::Tentative {
            reservation.status = Status::Cancelled;
        }
    }
    change
        .commit(
            tx,
            &who,
            Stock::Guarded,
            &Said::new("booking.hold_expired", None),
            now,
        )
        .await?;
    Ok(true)
}
