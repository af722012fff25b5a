//! Which nights a booking takes, read from its own snapshot.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde_json::{Map, Value};

/// Rooms per (room type, night); nothing for a cancelled booking. Unmapped rooms take no room type.
pub(crate) fn occupied(attributes: &Map<String, Value>) -> BTreeMap<(String, NaiveDate), i64> {
    let mut nights = BTreeMap::new();
    if attributes.get("status").and_then(Value::as_str) == Some("cancelled") {
        return nights;
    }
    let rooms = attributes
        .get("rooms")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    for room in rooms {
        let Some(room_type_id) = room.get("room_type_id").and_then(Value::as_str) else {
            continue;
        };
        let (Some(from), Some(to)) = (date(room, "checkin_date"), date(room, "checkout_date")) else {
            continue;
        };
        for night in from.iter_days().take_while(|day| *day < to) {
            *nights.entry((room_type_id.to_owned(), night)).or_default() += 1;
        }
    }
    nights
}

fn date(room: &Value, field: &str) -> Option<NaiveDate> {
    room.get(field)?.as_str()?.parse().ok()
}
