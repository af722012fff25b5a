//! Channels: connections and mappings, what the channel must be told (dirty cells against a shadow), what it told us
//! (the inbox), and calendars that it merely shows (feed).

pub mod calendar;
pub mod connection;
pub mod credentials;
pub mod current;
pub mod diff;
pub mod dirty;
pub mod drift;
pub mod endpoint;
pub mod feed;
pub mod inbox;
pub mod mapping;
pub mod messages;
pub mod portal;
pub mod push;
pub mod retention;
pub mod revision;
mod shadow;
pub mod status;
pub mod truth;
pub(crate) mod unheard;
