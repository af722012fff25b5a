//! Tests of the crate from outside: HTTP over loopback, and messages as channels send them.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail the test they help"
)]

mod alpinebits;
mod channex_reader;
mod corpora;
mod feed;
mod ical;
mod open_webhook;
mod open_webhook_push;
mod sandbox;
mod sellers;
mod server;
mod signatures;
mod sink;
mod statuses;
mod warnings;
