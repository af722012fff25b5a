//! What every operation on one stay does first and last: lock its booking, read it, save it, log what happened.

use crate::booking::entity::{Booking, BookingStatus, Reservation, Status};
use crate::booking::save::save;
use crate::booking::sell::spans;
use crate::booking::store;
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::event::{self, NewEvent};
use crate::principal::Principal;
use crate::property::{self, Property, check_version};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

/// A locked booking, looked at from one of its reservations.
pub(super) struct Desk {
    pub booking: Booking,
    pub property: Property,
    id: Uuid,
}

impl Desk {
    /// `expected` is the reservation's version from If-Match.
    pub async fn open(
        tx: &mut TenantTx,
        who: &Principal,
        reservation_id: Uuid,
        expected: Option<i32>,
    ) -> Result<Self> {
        let booking_id = store::booking_of(tx, reservation_id).await?;
        store::lock(tx, booking_id).await?;
        let desk = Self::look(tx, who, reservation_id).await?;
        check_version(desk.reservation()?.version, expected)?;
        Ok(desk)
    }

    /// Without the lock, to read only.
    pub async fn look(tx: &mut TenantTx, who: &Principal, reservation_id: Uuid) -> Result<Self> {
        let booking_id = store::booking_of(tx, reservation_id).await?;
        let booking = store::get(tx, who, booking_id).await?;
        let property = property::get(tx, booking.property_id).await?;
        Ok(Self {
            booking,
            property,
            id: reservation_id,
        })
    }

    pub fn reservation(&self) -> Result<&Reservation> {
        let found = self.booking.reservations.iter().find(|r| r.id == self.id);
        Ok(found.ok_or_else(|| Refusal::not_found("reservation"))?)
    }

    /// 409 unless the stay is in this state.
    pub fn require(&self, status: Status) -> Result<()> {
        let is = self.reservation()?.status;
        if is == status {
            return Ok(());
        }
        let detail = format!("the reservation is {}, not {}", is.name(), status.name());
        Err(Refusal::conflict("wrong_state", detail).into())
    }

    /// The stay's next state, if the table of transitions has it.
    pub fn become_(&mut self, next: Status) -> Result<()> {
        let id = self.id;
        let found = self.booking.reservations.iter_mut().find(|r| r.id == id);
        let reservation = found.ok_or_else(|| Refusal::not_found("reservation"))?;
        reservation.status = reservation.status.to(next)?;
        Ok(())
    }

    /// Writes the booking; its version and the reservation's rise.
    pub async fn save(&mut self, tx: &mut TenantTx, now: DateTime<Utc>) -> Result<()> {
        for reservation in self.booking.reservations.iter_mut().filter(|r| r.id == self.id) {
            reservation.version += 1;
        }
        self.booking.status = BookingStatus::of(&self.booking.reservations);
        self.booking.version += 1;
        self.booking.updated_at = now;
        save(tx, &self.booking).await
    }
}

/// A force without a reason is refused; a reason that nobody needs is kept all the same.
pub(super) fn forced(force: bool, reason: Option<&str>) -> Result<Option<String>, Refusal> {
    let reason = reason.map(|r| property::name(r, "/reason")).transpose()?;
    if force && reason.is_none() {
        let detail = "say why in `reason`: it goes into the stay's timeline";
        return Err(Refusal::invalid("reason_required", detail).at("/reason"));
    }
    Ok(reason)
}

/// Appends an event about the stay; its subject is the booking, whose timeline it belongs to.
pub(super) async fn log(
    tx: &mut TenantTx,
    who: &Principal,
    desk: &Desk,
    kind: &'static str,
    data: Value,
    now: DateTime<Utc>,
) -> Result<()> {
    let mut all = json!({
        "reference": desk.booking.reference,
        "reservation_id": desk.id,
        "nights": spans(std::slice::from_ref(desk.reservation()?)),
    });
    if let (Some(all), Value::Object(more)) = (all.as_object_mut(), data) {
        all.extend(more);
    }
    let event = NewEvent {
        kind,
        property_id: Some(desk.booking.property_id),
        subject_id: desk.booking.id,
        actor: &who.actor,
        data: all,
        at: now,
    };
    event::append(tx, event).await?;
    crate::jobs::kick(tx).await
}
