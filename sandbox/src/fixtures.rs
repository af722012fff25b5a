//! Three messages of one invented booking: made, changed, cancelled.

use serde_json::Value;

const MESSAGES: [&str; 3] = [
    include_str!("../fixtures/booking-new.json"),
    include_str!("../fixtures/booking-modified.json"),
    include_str!("../fixtures/booking-cancelled.json"),
];

/// The embedded messages in order, for `POST /sandbox/replay` and for parsers' tests.
pub fn fixtures() -> serde_json::Result<Vec<Value>> {
    MESSAGES.iter().map(|text| serde_json::from_str(text)).collect()
}
