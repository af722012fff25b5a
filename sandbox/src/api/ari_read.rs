//! Reading back: `GET /availability` and `GET /restrictions`. Cells never told read as Channex's initial
//! values; only the control API's calendar knows the difference.

use chrono::NaiveDate;
use poem::web::{Data, Query};
use poem::{Response, handler};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::query::{self, Parameters};
use crate::money;
use crate::property::{Cell, Property, RatePlan};
use crate::reply;
use crate::state::Sandbox;

#[handler]
pub(crate) fn availability(Data(sandbox): Data<&Sandbox>, Query(parameters): Query<Parameters>) -> Response {
    let Some(property_id) = query::property_id(&parameters) else {
        return reply::bad_request("property_id is required");
    };
    let dates = match query::dates(&parameters) {
        Ok(dates) => dates,
        Err(detail) => return reply::bad_request(detail),
    };
    let world = sandbox.world();
    let Some(property) = world.property(property_id) else {
        return reply::not_found();
    };
    let mut data = Map::new();
    for room in &property.spec.room_types {
        let count = |day: &NaiveDate| property.availability(&room.id, *day).unwrap_or(0);
        let told: Map<String, Value> = dates
            .iter()
            .map(|day| (day.to_string(), json!(count(day))))
            .collect();
        data.insert(room.id.clone(), Value::Object(told));
    }
    reply::ok(json!({ "data": data }))
}

#[handler]
pub(crate) fn restrictions(Data(sandbox): Data<&Sandbox>, Query(parameters): Query<Parameters>) -> Response {
    let Some(property_id) = query::property_id(&parameters) else {
        return reply::bad_request("property_id is required");
    };
    let Some(wanted) = parameters
        .get("filter[restrictions]")
        .filter(|wanted| !wanted.is_empty())
    else {
        return reply::bad_request("restrictions is required");
    };
    let dates = match query::dates(&parameters) {
        Ok(dates) => dates,
        Err(detail) => return reply::bad_request(detail),
    };
    let world = sandbox.world();
    let Some(property) = world.property(property_id) else {
        return reply::not_found();
    };
    let wanted: Vec<&str> = wanted.split(',').map(str::trim).collect();
    let mut data = Map::new();
    for room in &property.spec.room_types {
        for plan in &room.rate_plans {
            let told: Option<Map<String, Value>> = dates
                .iter()
                .map(|day| Some((day.to_string(), fields(property, &room.id, plan, *day, &wanted)?)))
                .collect();
            let Some(told) = told else {
                return reply::bad_request("restrictions is invalid");
            };
            data.insert(plan.id.clone(), Value::Object(told));
        }
    }
    reply::ok(json!({ "data": data }))
}

/// `None` when a field does not exist.
fn fields(
    property: &Property,
    room_type_id: &str,
    plan: &RatePlan,
    day: NaiveDate,
    wanted: &[&str],
) -> Option<Value> {
    let untold = Cell::default();
    let cell = property.cell(&plan.id, day).unwrap_or(&untold);
    let rate = cell.rates.get(&plan.occupancy).copied().unwrap_or(Decimal::ZERO);
    let mut found = Map::new();
    for name in wanted {
        let value = match *name {
            "availability" => json!(property.availability(room_type_id, day).unwrap_or(0)),
            "rate" => json!(money::format(rate, &property.spec.currency)),
            "min_stay" | "min_stay_arrival" => json!(cell.min_stay_arrival.unwrap_or(1)),
            "min_stay_through" => json!(cell.min_stay_through.unwrap_or(1)),
            "max_stay" => json!(cell.max_stay.unwrap_or(0)),
            "closed_to_arrival" => json!(cell.closed_to_arrival.unwrap_or(false)),
            "closed_to_departure" => json!(cell.closed_to_departure.unwrap_or(false)),
            "stop_sell" => json!(cell.stop_sell.unwrap_or(false)),
            "availability_offset" | "max_sell" | "max_availability" => Value::Null,
            _ => return None,
        };
        found.insert((*name).to_owned(), value);
    }
    Some(Value::Object(found))
}
