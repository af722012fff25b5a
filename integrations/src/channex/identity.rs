//! Which id is which: entries come as `booking_revision` (id = revision) or as `booking` (id = booking).

use crate::text::clean;
use serde_json::Value;

const LONGEST_ID: usize = 200;

/// The entry's `attributes`, or the entry itself where a message comes without the envelope.
pub(super) fn attributes(entry: &Value) -> &Value {
    entry
        .get("attributes")
        .filter(|inner| inner.is_object())
        .unwrap_or(entry)
}

/// Id of the revision: what is acknowledged.
pub(super) fn revision(entry: &Value) -> Option<String> {
    let named = id(attributes(entry), "revision_id");
    match kind(entry) {
        "booking_revision" => own(entry).or(named),
        "booking" => named,
        // Without a type, a booking_id beside the id says that the id is the revision's.
        _ => named.or_else(|| id(attributes(entry), "booking_id").and_then(|_| own(entry))),
    }
}

/// Id of the booking: the same in all its revisions.
pub(super) fn booking(entry: &Value) -> Option<String> {
    let named = id(attributes(entry), "booking_id");
    match kind(entry) {
        "booking_revision" => named,
        "booking" => named.or_else(|| own(entry)),
        _ => named.or_else(|| id(attributes(entry), "revision_id").and_then(|_| own(entry))),
    }
}

fn kind(entry: &Value) -> &str {
    entry.get("type").and_then(Value::as_str).unwrap_or_default()
}

fn own(entry: &Value) -> Option<String> {
    id(attributes(entry), "id").or_else(|| id(entry, "id"))
}

fn id(of: &Value, key: &str) -> Option<String> {
    match of.get(key)? {
        Value::String(text) => clean(text, LONGEST_ID),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
