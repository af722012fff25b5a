//! The values of ARI calls as Channex takes them.

use chrono::NaiveDate;
use innkeep_domain::ports::channel::{AvailabilityRange, RateFields, RateRange};
use rust_decimal::Decimal;
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct Values<T> {
    pub(super) values: Vec<T>,
}

/// `date` for a single night, otherwise both ends; the last night is included.
#[derive(Serialize)]
struct Span {
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date_from: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date_to: Option<NaiveDate>,
}

impl Span {
    fn new(from: NaiveDate, last: NaiveDate) -> Self {
        if from == last {
            Self {
                date: Some(from),
                date_from: None,
                date_to: None,
            }
        } else {
            Self {
                date: None,
                date_from: Some(from),
                date_to: Some(last),
            }
        }
    }
}

#[derive(Serialize)]
pub(super) struct Availability<'a> {
    property_id: &'a str,
    room_type_id: &'a str,
    #[serde(flatten)]
    span: Span,
    availability: i32,
}

impl<'a> Availability<'a> {
    pub(super) fn new(property: &'a str, range: &'a AvailabilityRange) -> Self {
        Self {
            property_id: property,
            room_type_id: &range.room,
            span: Span::new(range.from, range.last),
            // An overbooked night is below zero here and sold out there.
            availability: range.availability.max(0),
        }
    }
}

/// An explicit null is refused, so what is unchanged is left out.
#[derive(Serialize)]
pub(super) struct Restriction<'a> {
    property_id: &'a str,
    rate_plan_id: &'a str,
    #[serde(flatten)]
    span: Span,
    #[serde(skip_serializing_if = "Option::is_none")]
    rate: Option<String>,
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

impl<'a> Restriction<'a> {
    pub(super) fn new(property: &'a str, range: &'a RateRange) -> Self {
        let fields = &range.fields;
        Self {
            property_id: property,
            rate_plan_id: &range.rate,
            span: Span::new(range.from, range.last),
            rate: fields.price.map(rate),
            min_stay_arrival: fields.min_stay_arrival,
            min_stay_through: fields.min_stay_through,
            max_stay: fields.max_stay,
            closed_to_arrival: fields.closed_to_arrival,
            closed_to_departure: fields.closed_to_departure,
            stop_sell: fields.stop_sell,
        }
    }
}

/// A decimal string: an integer would be read as minor units. At least two decimals, never rounded.
fn rate(price: Decimal) -> String {
    let mut price = price.normalize();
    if price.scale() < 2 {
        price.rescale(2);
    }
    price.to_string()
}

/// The fields that a range tells, by their names on the wire.
pub(super) fn told(fields: &RateFields) -> Vec<&'static str> {
    let all = [
        ("rate", fields.price.is_some()),
        ("min_stay_arrival", fields.min_stay_arrival.is_some()),
        ("min_stay_through", fields.min_stay_through.is_some()),
        ("max_stay", fields.max_stay.is_some()),
        ("closed_to_arrival", fields.closed_to_arrival.is_some()),
        ("closed_to_departure", fields.closed_to_departure.is_some()),
        ("stop_sell", fields.stop_sell.is_some()),
    ];
    all.into_iter()
        .filter_map(|(name, told)| told.then_some(name))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_decimal_strings() {
        for (price, told) in [
            ("200", "200.00"),
            ("200.5", "200.50"),
            ("0.1250", "0.125"),
            ("99.90", "99.90"),
        ] {
            assert_eq!(rate(price.parse().unwrap()), told);
        }
    }
}
