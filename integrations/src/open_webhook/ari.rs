//! Availability and rates as a seller's endpoint is posted them, and as [`super::answer`] reads what it says.

use chrono::NaiveDate;
use innkeep_domain::ports::channel::{AvailabilityRange, RateRange};
use rust_decimal::Decimal;
use serde::Serialize;

/// One message. `id` and `timestamp` are those of the signed headers.
#[derive(Serialize)]
pub(super) struct Message<'a, V> {
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub id: &'a str,
    pub timestamp: String,
    pub property: &'a str,
    pub values: Vec<V>,
}

/// Of one room type over nights that are all told the same; `to` is the last of them.
#[derive(Serialize)]
pub(super) struct Availability<'a> {
    room_type: &'a str,
    from: NaiveDate,
    to: NaiveDate,
    availability: i32,
}

/// Of one rate plan; a field that did not change is left out.
#[derive(Serialize)]
pub(super) struct Rate<'a> {
    rate_plan: &'a str,
    from: NaiveDate,
    to: NaiveDate,
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min_stay_arrival: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min_stay_through: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_stay: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_to_arrival: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_to_departure: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_sell: Option<bool>,
}

impl<'a> From<&'a AvailabilityRange> for Availability<'a> {
    fn from(range: &'a AvailabilityRange) -> Self {
        Self {
            room_type: &range.room,
            from: range.from,
            to: range.last,
            // An overbooked night is below zero here and sold out there.
            availability: range.availability.max(0),
        }
    }
}

impl<'a> From<&'a RateRange> for Rate<'a> {
    fn from(range: &'a RateRange) -> Self {
        let fields = &range.fields;
        Self {
            rate_plan: &range.rate,
            from: range.from,
            to: range.last,
            price: fields.price.map(amount),
            min_stay_arrival: fields.min_stay_arrival,
            min_stay_through: fields.min_stay_through,
            max_stay: fields.max_stay,
            closed_to_arrival: fields.closed_to_arrival,
            closed_to_departure: fields.closed_to_departure,
            stop_sell: fields.stop_sell,
        }
    }
}

/// As text, so that no reader makes a binary fraction of it. At least two decimals.
pub fn amount(price: Decimal) -> String {
    let mut price = price.normalize();
    if price.scale() < 2 {
        price.rescale(2);
    }
    price.to_string()
}
