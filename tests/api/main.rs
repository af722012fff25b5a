//! The API from outside, over HTTP on loopback, against a database of its own for each test and a real Redis. The
//! modules mirror the URL tree; what holds for all paths stands beside them.
#![expect(clippy::unwrap_used, reason = "a test's helpers fail like the test itself")]

mod alpinebits;
mod audit_log;
mod auth;
mod bad_input;
mod bad_requests;
mod bookings;
mod calendar_connections;
mod cards;
mod channel_connections;
mod channel_inbox;
mod channel_secrets;
mod channel_terms;
mod channex;
mod companies;
mod dashboard;
mod desk;
mod edge;
mod groups;
mod guests;
mod health;
mod hooks;
mod ical;
mod isolation;
mod keys;
mod openapi;
mod properties;
mod reservations;
mod roles;
mod staff;
mod support;
