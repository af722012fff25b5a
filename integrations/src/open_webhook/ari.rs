//! Availability and rates as a seller's endpoint is posted them, and what it may answer. The API's document describes
//! both from these very types, so it says what is sent.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use innkeep_domain::ports::channel::{Access, AvailabilityRange, RateRange};
use poem_openapi::{Enum, Object};
use rust_decimal::Decimal;
use uuid::Uuid;

pub const AVAILABILITY: &str = "ari.availability";
pub const RATES: &str = "ari.rates";

/// A value with every field is about 250 bytes, so a message stays below 256 KB: what a small server takes.
pub(super) const MOST_VALUES: usize = 1_000;

/// What is in the signed headers, too.
pub(super) struct Head {
    pub id: String,
    pub at: DateTime<Utc>,
}

impl Head {
    pub fn new(at: DateTime<Utc>) -> Self {
        let id = format!("msg_{}", Uuid::new_v4().simple());
        Self { id, at }
    }

    fn timestamp(&self) -> String {
        self.at.to_rfc3339_opts(SecondsFormat::Secs, true)
    }
}

/// What has changed of availability. A message without values is a test.
#[derive(Object)]
pub struct AvailabilityMessage {
    #[oai(rename = "type")]
    kind: AvailabilityKind,
    /// That of the header `webhook-id`.
    id: String,
    /// RFC 3339, UTC, to the second; that of the header `webhook-timestamp`.
    timestamp: String,
    /// The seller's id of the property, or ours.
    property: String,
    /// In order; of two of the same night the last holds.
    #[oai(validator(max_items = 1000))]
    values: Vec<AvailabilityValue>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
enum AvailabilityKind {
    #[oai(rename = "ari.availability")]
    Availability,
}

/// Of one room type over nights that are all told the same.
#[derive(Object)]
struct AvailabilityValue {
    /// The seller's id.
    room_type: String,
    from: NaiveDate,
    /// The last night.
    to: NaiveDate,
    /// Units that may be sold.
    #[oai(validator(minimum(value = "0")))]
    availability: i32,
}

/// What has changed of rates. A message without values is a test.
#[derive(Object)]
pub struct RatesMessage {
    #[oai(rename = "type")]
    kind: RatesKind,
    /// That of the header `webhook-id`.
    id: String,
    /// RFC 3339, UTC, to the second; that of the header `webhook-timestamp`.
    timestamp: String,
    /// The seller's id of the property, or ours.
    property: String,
    /// ISO 4217; of all prices.
    currency: String,
    /// In order; of two of the same night the last holds.
    #[oai(validator(max_items = 1000))]
    values: Vec<RateValue>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
enum RatesKind {
    #[oai(rename = "ari.rates")]
    Rates,
}

/// Of one rate plan over nights that are all told the same; a field that did not change is left out.
#[derive(Object)]
struct RateValue {
    /// The seller's id.
    rate_plan: String,
    from: NaiveDate,
    /// The last night.
    to: NaiveDate,
    /// A night, as a decimal number in text, such as `"99.50"`.
    #[oai(skip_serializing_if_is_none)]
    price: Option<String>,
    /// For stays that arrive in these nights; 1 = no limit.
    #[oai(skip_serializing_if_is_none)]
    min_stay_arrival: Option<i32>,
    /// For stays that touch these nights; 1 = no limit.
    #[oai(skip_serializing_if_is_none)]
    min_stay_through: Option<i32>,
    /// 0 = no limit.
    #[oai(skip_serializing_if_is_none)]
    max_stay: Option<i32>,
    #[oai(skip_serializing_if_is_none)]
    closed_to_arrival: Option<bool>,
    #[oai(skip_serializing_if_is_none)]
    closed_to_departure: Option<bool>,
    #[oai(skip_serializing_if_is_none)]
    stop_sell: Option<bool>,
}

/// What a seller may answer with 2xx; without it, or with any other body, all is taken.
#[derive(Debug, Object)]
pub struct MessageAnswer {
    /// Values that are not taken. A list that cannot be read counts as no answer.
    rejected: Option<Vec<RejectedValue>>,
}

#[derive(Debug, Object)]
struct RejectedValue {
    /// Its place in `values`, from 0.
    index: u32,
    /// Shown to the hotel.
    reason: Option<String>,
}

impl AvailabilityMessage {
    pub(super) fn new(head: &Head, access: &Access, ranges: &[AvailabilityRange]) -> Self {
        Self {
            kind: AvailabilityKind::Availability,
            id: head.id.clone(),
            timestamp: head.timestamp(),
            property: access.property.clone(),
            values: ranges.iter().map(Into::into).collect(),
        }
    }
}

impl RatesMessage {
    pub(super) fn new(head: &Head, access: &Access, ranges: &[RateRange]) -> Self {
        Self {
            kind: RatesKind::Rates,
            id: head.id.clone(),
            timestamp: head.timestamp(),
            property: access.property.clone(),
            currency: access.currency.clone(),
            values: ranges.iter().map(Into::into).collect(),
        }
    }
}

impl From<&AvailabilityRange> for AvailabilityValue {
    fn from(range: &AvailabilityRange) -> Self {
        Self {
            room_type: range.room.clone(),
            from: range.from,
            to: range.last,
            // An overbooked night is below zero here and sold out there.
            availability: range.availability.max(0),
        }
    }
}

impl From<&RateRange> for RateValue {
    fn from(range: &RateRange) -> Self {
        let fields = &range.fields;
        Self {
            rate_plan: range.rate.clone(),
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
