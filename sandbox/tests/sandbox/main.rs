//! The sandbox from outside: real HTTP on the loopback interface.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test they help")]

mod alpinebits;
mod ari;
mod beside;
mod bookings;
mod faults;
mod feed;
mod ical;
mod limits;
mod replay;
mod rules;
mod setup;
mod simulation;
mod support;
mod webhook_ota;
