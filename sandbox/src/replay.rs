//! Recorded booking messages, brought to life again: same bookings, this property's products, dates that
//! lie ahead.

use std::collections::BTreeMap;
use std::mem;

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use poem::http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::property::RoomType;
use crate::revision::Revision;
use crate::world::World;

pub(crate) const MAX_MESSAGES: usize = 1_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayRequest {
    pub(crate) property_id: String,
    /// Left out: the sandbox's own fixtures.
    #[serde(default)]
    pub(crate) messages: Option<Vec<Value>>,
    /// Where the earliest arrival of these messages goes; everything else moves along.
    pub(crate) arrival: NaiveDate,
    #[serde(default)]
    pub(crate) currency: Option<String>,
    /// Start new bookings (with new reservation codes) instead of continuing those replayed before.
    #[serde(default)]
    pub(crate) fresh: bool,
}

type Attributes = Map<String, Value>;

/// What was replayed before, so that messages of one booking stay together and products keep their places.
#[derive(Default)]
pub(crate) struct Memory {
    /// (property, recorded booking) to our booking.
    bookings: BTreeMap<(String, String), String>,
    /// Recorded room types of a property in order of first sight.
    room_types: BTreeMap<String, Vec<String>>,
    /// Recorded rate plans of a recorded room type in order of first sight.
    rate_plans: BTreeMap<(String, String), Vec<String>>,
    rounds: BTreeMap<String, u32>,
}

/// `Err` says why nothing was replayed.
pub(crate) fn replay(
    world: &mut World,
    request: &ReplayRequest,
    messages: &[Value],
) -> Result<Vec<Revision>, (StatusCode, String)> {
    let unusable = |why: String| (StatusCode::UNPROCESSABLE_ENTITY, why);
    let bookings = extract(messages).map_err(unusable)?;
    let earliest = bookings
        .iter()
        .filter_map(|booking| date(booking, "arrival_date"))
        .min();
    let earliest = earliest.ok_or_else(|| unusable("no message has an arrival_date".to_owned()))?;
    let id = request.property_id.as_str();
    let property = world
        .property(id)
        .ok_or((StatusCode::NOT_FOUND, "unknown property".to_owned()))?;
    let room_types = property.spec.room_types.clone();
    if room_types.is_empty() || room_types.iter().any(|room| room.rate_plans.is_empty()) {
        return Err(unusable(
            "every room type of the property needs a rate plan".to_owned(),
        ));
    }
    let mut memory = mem::take(&mut world.replayed);
    if request.fresh {
        memory.start_over(id);
    }
    let changes = Changes {
        shift: request.arrival - earliest,
        ids: memory.products(id, &room_types, &bookings),
        currency: request.currency.as_deref(),
        suffix: memory.rounds.get(id).map(|round| format!("-{round}")),
    };
    let mut revisions = Vec::new();
    for booking in &bookings {
        let booking_id = memory.booking_id(id, recorded_id(booking));
        revisions.push(world.ledger.publish(id, &booking_id, changes.applied_to(booking)));
    }
    world.replayed = memory;
    Ok(revisions)
}

impl Memory {
    fn start_over(&mut self, property_id: &str) {
        self.bookings.retain(|(property, _), _| property != property_id);
        *self.rounds.entry(property_id.to_owned()).or_default() += 1;
    }

    fn booking_id(&mut self, property_id: &str, recorded: &str) -> String {
        let key = (property_id.to_owned(), recorded.to_owned());
        self.bookings
            .entry(key)
            .or_insert_with(|| Uuid::new_v4().to_string())
            .clone()
    }

    /// Recorded product ids to the property's: the first recorded room type becomes its first, and so on
    /// round and round; likewise the rate plans of each.
    fn products(
        &mut self,
        property_id: &str,
        room_types: &[RoomType],
        bookings: &[Attributes],
    ) -> BTreeMap<String, String> {
        let mut ids = BTreeMap::new();
        for room in bookings.iter().flat_map(rooms) {
            let Some(recorded) = text(room, "room_type_id") else {
                continue;
            };
            let seen = self.room_types.entry(property_id.to_owned()).or_default();
            let Some(room_type) = room_types.get(place(seen, recorded) % room_types.len().max(1)) else {
                continue;
            };
            ids.insert(recorded.to_owned(), room_type.id.clone());
            let Some(recorded_plan) = text(room, "rate_plan_id") else {
                continue;
            };
            let seen = self
                .rate_plans
                .entry((property_id.to_owned(), recorded.to_owned()))
                .or_default();
            let plans = &room_type.rate_plans;
            if let Some(plan) = plans.get(place(seen, recorded_plan) % plans.len().max(1)) {
                ids.insert(recorded_plan.to_owned(), plan.id.clone());
            }
        }
        ids
    }
}

/// Position in order of first sight.
fn place(seen: &mut Vec<String>, recorded: &str) -> usize {
    if let Some(index) = seen.iter().position(|known| known == recorded) {
        return index;
    }
    seen.push(recorded.to_owned());
    seen.len() - 1
}

struct Changes<'a> {
    shift: TimeDelta,
    ids: BTreeMap<String, String>,
    currency: Option<&'a str>,
    suffix: Option<String>,
}

impl Changes<'_> {
    fn applied_to(&self, booking: &Attributes) -> Attributes {
        let mut changed = self.object(booking);
        if let Some(suffix) = &self.suffix {
            for field in ["ota_reservation_code", "unique_id"] {
                if let Some(Value::String(code)) = changed.get_mut(field) {
                    code.push_str(suffix);
                }
            }
        }
        changed
    }

    fn object(&self, object: &Attributes) -> Attributes {
        let entry = |(key, value): (&String, &Value)| (self.shifted(key), self.value(key, value));
        object.iter().map(entry).collect()
    }

    fn value(&self, key: &str, value: &Value) -> Value {
        match value {
            // A guest's own data holds no dates of the stay.
            untouched if key == "customer" => untouched.clone(),
            Value::Object(object) => Value::Object(self.object(object)),
            Value::Array(items) => items.iter().map(|item| self.value(key, item)).collect(),
            Value::String(text) => Value::String(self.text(key, text)),
            other => other.clone(),
        }
    }

    fn text(&self, key: &str, text: &str) -> String {
        match (self.ids.get(text), self.currency) {
            (Some(id), _) => id.clone(),
            (None, Some(currency)) if key == "currency" => currency.to_owned(),
            _ => self.shifted(text),
        }
    }

    /// Moves whatever is a date or a local time and nothing else, object keys included (`days`).
    fn shifted(&self, text: &str) -> String {
        const TIME: &str = "%Y-%m-%dT%H:%M:%S%.f";
        if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
            return day
                .checked_add_signed(self.shift)
                .map_or_else(|| text.to_owned(), |day| day.to_string());
        }
        if let Ok(time) = NaiveDateTime::parse_from_str(text, TIME) {
            let moved = time.checked_add_signed(self.shift);
            return moved.map_or_else(|| text.to_owned(), |time| time.format(TIME).to_string());
        }
        text.to_owned()
    }
}

/// Single documents, lists, and bare attributes; anything else is named and refused.
fn extract(messages: &[Value]) -> Result<Vec<Attributes>, String> {
    let mut bookings = Vec::new();
    for (index, message) in messages.iter().enumerate() {
        let data = message.get("data").unwrap_or(message);
        let entries = data
            .as_array()
            .map_or_else(|| std::slice::from_ref(data), Vec::as_slice);
        for entry in entries {
            let attributes = entry.get("attributes").unwrap_or(entry).as_object();
            let booking = attributes
                .filter(|booking| !recorded_id(booking).is_empty() && booking.contains_key("status"));
            let booking = booking.ok_or_else(|| format!("message {index} is not a booking"))?;
            bookings.push(booking.clone());
        }
    }
    Ok(bookings)
}

/// In a revision `id` is the revision's and `booking_id` the booking's; a booking has only `id`.
fn recorded_id(booking: &Attributes) -> &str {
    let id = booking.get("booking_id").or_else(|| booking.get("id"));
    id.and_then(Value::as_str).unwrap_or_default()
}

fn rooms(booking: &Attributes) -> &[Value] {
    booking
        .get("rooms")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
}

fn text<'a>(room: &'a Value, field: &str) -> Option<&'a str> {
    room.get(field)?.as_str()
}

fn date(booking: &Attributes, field: &str) -> Option<NaiveDate> {
    booking.get(field)?.as_str()?.parse().ok()
}
