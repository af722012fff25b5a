//! Whether the OTA would sell this: only what it was told, on every night, under every rule.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::request::{RoomRequest, StayRequest};
use crate::money;
use crate::property::{Cell, Property};

const MAX_ROOMS: usize = 50;
const MAX_NIGHTS: i64 = 365;

/// Requests that make no sense, whether forced or not.
pub(super) fn invalid(property: &Property, request: &StayRequest, rooms: &[RoomRequest]) -> Vec<String> {
    let mut reasons = Vec::new();
    if rooms.len() > MAX_ROOMS {
        reasons.push(format!("at most {MAX_ROOMS} rooms"));
    }
    for room in rooms {
        if !(1..=MAX_NIGHTS).contains(&room.length()) {
            reasons.push(format!("a stay has from 1 to {MAX_NIGHTS} nights"));
        }
        if let Some(id) = &room.room_type_id
            && property.room_type(id).is_none()
        {
            reasons.push(format!("unknown room type {id}"));
        }
        if let Some(id) = &room.rate_plan_id
            && property.rate_plan(id).is_none()
        {
            reasons.push(format!("unknown rate plan {id}"));
        }
    }
    let currency = request.currency.as_deref().unwrap_or(&property.spec.currency);
    if request
        .price_per_night
        .as_ref()
        .is_some_and(|price| money::parse(price, currency).is_none())
    {
        reasons.push("price_per_night is a decimal string or minor units".to_owned());
    }
    reasons
}

/// Everything in the way of a sale. `released` are nights that the booking gives up in the same breath.
pub(super) fn obstacles(
    property: &Property,
    rooms: &[RoomRequest],
    released: &BTreeMap<(String, NaiveDate), i64>,
) -> Vec<String> {
    let mut reasons = Vec::new();
    let mut wanted: BTreeMap<(String, NaiveDate), i64> = BTreeMap::new();
    for room in rooms {
        let (Some(room_type_id), Some(rate_plan_id)) = (&room.room_type_id, &room.rate_plan_id) else {
            reasons.push("an unmapped room can only be forced".to_owned());
            continue;
        };
        let belongs = |id: &str| {
            property
                .room_type(id)
                .is_some_and(|kind| kind.rate_plans.iter().any(|plan| plan.id == *rate_plan_id))
        };
        if !belongs(room_type_id) {
            reasons.push(format!(
                "rate plan {rate_plan_id} does not belong to room type {room_type_id}"
            ));
        }
        for night in room.nights() {
            *wanted.entry((room_type_id.clone(), night)).or_default() += 1;
        }
        restrictions(property, rate_plan_id, room, &mut reasons);
    }
    for ((room_type_id, night), count) in wanted {
        let key = (room_type_id, night);
        let more = count - released.get(&key).copied().unwrap_or(0);
        let left = property.availability(&key.0, night);
        if more > 0 && left.is_none_or(|left| left < more) {
            let left = left.map_or_else(|| "unknown".to_owned(), |left| left.to_string());
            reasons.push(format!(
                "{night}: {more} of room type {} wanted, availability is {left}",
                key.0
            ));
        }
    }
    reasons
}

fn restrictions(property: &Property, rate_plan_id: &str, room: &RoomRequest, reasons: &mut Vec<String>) {
    let untold = Cell::default();
    let cell = |date| property.cell(rate_plan_id, date).unwrap_or(&untold);
    let mut object = |broken: bool, date: NaiveDate, rule: &str| {
        if broken {
            reasons.push(format!("{date}: {rule} (rate plan {rate_plan_id})"));
        }
    };
    for night in room.nights() {
        object(cell(night).stop_sell == Some(true), night, "stop_sell");
        object(cell(night).rates.is_empty(), night, "no rate was told");
        object(
            cell(night)
                .min_stay_through
                .is_some_and(|least| room.length() < least),
            night,
            "min_stay_through",
        );
    }
    let arrival = cell(room.checkin_date);
    let too_long = arrival
        .max_stay
        .is_some_and(|most| most > 0 && room.length() > most);
    object(
        arrival.closed_to_arrival == Some(true),
        room.checkin_date,
        "closed_to_arrival",
    );
    object(
        arrival
            .min_stay_arrival
            .is_some_and(|least| room.length() < least),
        room.checkin_date,
        "min_stay_arrival",
    );
    object(too_long, room.checkin_date, "max_stay");
    let departure = cell(room.checkout_date).closed_to_departure;
    object(departure == Some(true), room.checkout_date, "closed_to_departure");
}
