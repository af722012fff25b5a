//! Guests: who they are (`profile`), how they are found (`store`), doubles and their merging (`duplicate`, `merge`), and
//! who stays in which reservation (`stay`). Bookings keep their booker as written; a guest is a person's one profile.

pub mod duplicate;
pub mod entity;
pub mod erase;
pub mod export;
pub mod merge;
pub mod profile;
pub mod stay;
pub mod store;
