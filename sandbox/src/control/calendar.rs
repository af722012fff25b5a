//! What the channel believes, night by night; `null` where it was never told.

use std::collections::BTreeMap;

use chrono::{NaiveDate, TimeDelta};
use poem::http::StatusCode;
use poem::web::{Data, Path, Query};
use poem::{Response, handler};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::booking;
use crate::clock;
use crate::money;
use crate::property::{Property, RatePlan};
use crate::reply;
use crate::state::Sandbox;
use crate::world::World;

const MAX_DAYS: i64 = 800;
const DEFAULT_DAYS: i64 = 13;

/// Both included; left out: today and the 13 days after.
#[derive(Debug, Deserialize)]
pub(crate) struct Range {
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
}

#[handler]
pub(crate) fn calendar(
    Data(sandbox): Data<&Sandbox>,
    Path(property_id): Path<String>,
    Query(range): Query<Range>,
) -> Response {
    let from = range.from.unwrap_or_else(|| clock::now().date_naive());
    let to = range.to.unwrap_or_else(|| from + TimeDelta::days(DEFAULT_DAYS));
    if to < from || (to - from).num_days() >= MAX_DAYS {
        let reason = format!("from must not be after to, and at most {MAX_DAYS} days");
        return reply::refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid", &[reason]);
    }
    let dates: Vec<NaiveDate> = from.iter_days().take_while(|day| *day <= to).collect();
    let world = sandbox.world();
    match world.property(&property_id) {
        Some(property) => {
            let room_types = room_types(property, &booked(&world, &property_id), &dates);
            reply::ok(json!({ "property_id": property_id, "from": from, "to": to, "room_types": room_types }))
        }
        None => reply::unknown("property"),
    }
}

/// Rooms sold per (room type, night), cancelled ones left out.
pub(crate) fn booked(world: &World, property_id: &str) -> BTreeMap<(String, NaiveDate), i64> {
    let mut nights = BTreeMap::new();
    for booking in world
        .ledger
        .bookings()
        .filter(|booking| booking.property_id == property_id)
    {
        for (night, count) in booking::occupied(&booking.attributes) {
            *nights.entry(night).or_default() += count;
        }
    }
    nights
}

fn room_types(
    property: &Property,
    booked: &BTreeMap<(String, NaiveDate), i64>,
    dates: &[NaiveDate],
) -> Vec<Value> {
    let mut views = Vec::new();
    for room in &property.spec.room_types {
        let mut told = Map::new();
        for day in dates {
            let sold = booked.get(&(room.id.clone(), *day)).copied().unwrap_or(0);
            let cell = json!({ "availability": property.availability(&room.id, *day), "booked": sold });
            told.insert(day.to_string(), cell);
        }
        let plans: Vec<Value> = room
            .rate_plans
            .iter()
            .map(|plan| rate_plan(property, plan, dates))
            .collect();
        views.push(json!({ "id": room.id, "title": room.title, "dates": told, "rate_plans": plans }));
    }
    views
}

fn rate_plan(property: &Property, plan: &RatePlan, dates: &[NaiveDate]) -> Value {
    let currency = &property.spec.currency;
    let mut told = Map::new();
    for day in dates {
        let cell = property.cell(&plan.id, *day).cloned().unwrap_or_default();
        let rates: BTreeMap<String, String> = cell
            .rates
            .iter()
            .map(|(people, rate)| (people.to_string(), money::format(*rate, currency)))
            .collect();
        let view = json!({
            "rate": rates.get(&plan.occupancy.to_string()),
            "rates": rates,
            "min_stay_arrival": cell.min_stay_arrival,
            "min_stay_through": cell.min_stay_through,
            "max_stay": cell.max_stay,
            "closed_to_arrival": cell.closed_to_arrival,
            "closed_to_departure": cell.closed_to_departure,
            "stop_sell": cell.stop_sell,
        });
        told.insert(day.to_string(), view);
    }
    json!({ "id": plan.id, "title": plan.title, "dates": told })
}
