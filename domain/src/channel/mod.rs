//! Channels: connections and mappings, what the channel must be told (dirty cells against a shadow), what it told us
//! (the inbox), and calendars that it merely shows (feed).

pub mod anew;
pub mod calendar;
pub mod cells;
pub mod change;
pub mod closure;
pub mod connection;
pub mod correspondence;
pub mod credentials;
pub mod current;
pub mod deadline;
pub mod diff;
pub mod dirty;
pub mod drift;
pub mod endpoint;
pub mod exposure;
pub mod feed;
pub mod inbox;
pub mod inspect;
pub mod mapping;
pub mod markup;
pub mod messages;
pub mod own_codes;
pub mod portal;
pub mod product;
pub mod push;
pub mod retention;
pub mod revision;
pub mod rules;
pub mod setup;
mod shadow;
pub mod showcase;
pub mod signing;
pub mod standing;
pub mod status;
pub mod truth;
pub(crate) mod unheard;
