//! One value of `POST /availability`: an absolute count for a room type.

use serde_json::Value;

use super::{Problems, Span, text};
use crate::property::Property;

pub(crate) struct AvailabilityChange {
    pub(crate) room_type_id: String,
    pub(crate) span: Span,
    pub(crate) count: i64,
}

pub(crate) fn parse(property: &Property, value: &Value) -> Result<AvailabilityChange, Problems> {
    let mut problems = Problems::default();
    let room_type_id = text(value, "room_type_id");
    if property.room_type(room_type_id).is_none() {
        problems.add("room_type_id", "is invalid");
    }
    let span = Span::parse(value, &mut problems);
    if value.get("availability").is_none() {
        problems.add("availability", "can't be blank");
    }
    let count = problems.integer(value, "availability", 0);
    problems.none_or()?;
    match (span, count) {
        (Some(span), Some(count)) => Ok(AvailabilityChange {
            room_type_id: room_type_id.to_owned(),
            span,
            count,
        }),
        _ => Err(Problems::one("availability", "is invalid")),
    }
}
