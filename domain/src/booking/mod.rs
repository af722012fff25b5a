//! Bookings and their reservations: sold here (`reserve`), sold elsewhere (`channel`), given back (`cancel`).

pub mod cancel;
pub mod channel;
pub mod entity;
pub mod reserve;
pub mod store;
