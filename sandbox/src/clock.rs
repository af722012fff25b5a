//! The only place that reads the time: the sandbox is the outside world and has a clock of its own.

use chrono::{DateTime, Utc};

#[expect(
    clippy::disallowed_methods,
    reason = "the sandbox plays a remote party, whose clock is nobody's parameter"
)]
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now()
}

/// As Channex prints `inserted_at`: UTC, microseconds, no zone.
pub(crate) fn inserted_at(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%S%.6f").to_string()
}

/// RFC 3339 with microseconds, for the control API and webhooks.
pub(crate) fn rfc3339(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}
