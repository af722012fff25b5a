//! Everything that speaks another system's language: channel protocols, webhook signatures, the way out to both.
//! No database and no clock of its own in here: what is read becomes a domain value, and time is a parameter.

pub mod alpinebits;
pub mod anchor;
pub mod booking_com;
pub mod channex;
mod cursor;
pub mod expedia;
mod failure;
pub mod ical;
pub mod mail;
pub mod open_webhook;
pub mod ota;
pub mod outbound;
pub mod redact;
pub mod standard_webhooks;
mod text;
