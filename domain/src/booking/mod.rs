//! Bookings and their reservations: sold here (`reserve`), sold elsewhere (`channel`), given back (`cancel`).

pub mod cancel;
pub mod channel;
pub mod entity;
mod price;
pub mod reserve;
mod rows;
mod save;
mod sell;
pub mod store;
