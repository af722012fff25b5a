//! The OTA's side: guests book, change and cancel, and each act becomes a revision.

mod check;
mod occupied;
mod request;
mod snapshot;

use poem::http::StatusCode;
use serde_json::{Map, Value, json};
use uuid::Uuid;

pub(crate) use occupied::occupied;
pub(crate) use request::{CancelRequest, StayRequest};

use crate::property::Property;
use crate::reply;
use crate::revision::{Booking, Revision};
use crate::world::World;

/// Why a guest went away empty-handed.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    code: &'static str,
    reasons: Vec<String>,
}

impl Refusal {
    fn unknown(what: &str) -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            code: "not_found",
            reasons: vec![format!("unknown {what}")],
        }
    }

    fn invalid(reasons: Vec<String>) -> Self {
        Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            code: "invalid",
            reasons,
        }
    }

    fn not_available(reasons: Vec<String>) -> Self {
        Self {
            status: StatusCode::CONFLICT,
            code: "not_available",
            reasons,
        }
    }

    pub(crate) fn into_response(self) -> poem::Response {
        reply::refused(self.status, self.code, &self.reasons)
    }
}

/// A new booking. Without `force` only what the channel was told to sell is sold.
pub(crate) fn sell(world: &mut World, property_id: &str, request: &StayRequest) -> Result<Revision, Refusal> {
    let property = world
        .property(property_id)
        .ok_or_else(|| Refusal::unknown("property"))?;
    let Some(rooms) = request.rooms.as_deref().filter(|rooms| !rooms.is_empty()) else {
        return Err(Refusal::invalid(vec!["rooms must not be empty".to_owned()]));
    };
    agree(property, request, &Map::new())?;
    let attributes = snapshot::new(property, request, rooms);
    let nights = occupied(&attributes);
    let revision = world
        .ledger
        .publish(property_id, &Uuid::new_v4().to_string(), attributes);
    if request.decrement
        && let Some(property) = world.property_mut(property_id)
    {
        for ((room_type_id, date), count) in nights {
            (0..count).for_each(|_| property.take_one(&room_type_id, date));
        }
    }
    Ok(revision)
}

/// A full replacement, also of a cancelled booking, which thereby comes back to life. The channel's own
/// availability is left alone: OTAs count down on new bookings only.
pub(crate) fn modify(
    world: &mut World,
    booking_id: &str,
    request: &StayRequest,
) -> Result<Revision, Refusal> {
    let (property, booking) = find(world, booking_id)?;
    if request.rooms.as_ref().is_some_and(Vec::is_empty) {
        return Err(Refusal::invalid(vec!["rooms must not be empty".to_owned()]));
    }
    agree(property, request, &booking.attributes)?;
    let attributes = snapshot::modified(property, request, &booking.attributes);
    let property_id = booking.property_id.clone();
    Ok(world.ledger.publish(&property_id, booking_id, attributes))
}

pub(crate) fn cancel(
    world: &mut World,
    booking_id: &str,
    request: &CancelRequest,
) -> Result<Revision, Refusal> {
    let (property, booking) = find(world, booking_id)?;
    if booking.status == "cancelled" && !request.again {
        return Err(Refusal {
            status: StatusCode::CONFLICT,
            code: "already_cancelled",
            reasons: Vec::new(),
        });
    }
    let attributes = snapshot::cancelled(property, request, &booking.attributes).map_err(Refusal::invalid)?;
    let property_id = booking.property_id.clone();
    let nights = occupied(&booking.attributes);
    let revision = world.ledger.publish(&property_id, booking_id, attributes);
    if world.faults.auto_replenish
        && let Some(property) = world.property_mut(&property_id)
    {
        for ((room_type_id, date), count) in nights {
            (0..count).for_each(|_| property.put_back_one(&room_type_id, date));
        }
    }
    Ok(revision)
}

/// Would it be sold now, without force?
pub(crate) fn is_sold(world: &World, property_id: &str, request: &StayRequest) -> bool {
    let sold = |property| agree(property, request, &Map::new()).is_ok();
    world.property(property_id).is_some_and(sold)
}

/// What the control API answers to each of the three.
pub(crate) fn receipt(revision: &Revision) -> Value {
    json!({
        "booking_id": revision.booking_id,
        "revision_id": revision.id,
        "status": revision.status,
        "ota_reservation_code": revision.attributes.get("ota_reservation_code"),
    })
}

fn find<'a>(world: &'a World, booking_id: &str) -> Result<(&'a Property, &'a Booking), Refusal> {
    let booking = world
        .ledger
        .booking(booking_id)
        .ok_or_else(|| Refusal::unknown("booking"))?;
    let property = world
        .property(&booking.property_id)
        .ok_or_else(|| Refusal::unknown("property"))?;
    Ok((property, booking))
}

/// `before` is the booking as it stood, whose rooms may be used again.
fn agree(property: &Property, request: &StayRequest, before: &Map<String, Value>) -> Result<(), Refusal> {
    let rooms = request.rooms.as_deref().unwrap_or_default();
    let invalid = check::invalid(property, request, rooms);
    if !invalid.is_empty() {
        return Err(Refusal::invalid(invalid));
    }
    if request.force {
        return Ok(());
    }
    let obstacles = check::obstacles(property, rooms, &occupied(before));
    if obstacles.is_empty() {
        Ok(())
    } else {
        Err(Refusal::not_available(obstacles))
    }
}
