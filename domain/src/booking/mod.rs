//! Bookings and their reservations: sold here (`reserve`), sold elsewhere (`channel`), quoted, held, amended, described
//! anew (`edit`), given back.

pub mod amend;
pub mod cancel;
pub mod change;
pub mod channel;
pub mod edit;
pub mod entity;
pub mod hold;
pub mod line;
pub mod personal;
mod price;
pub mod quote;
pub mod reserve;
mod rows;
pub(crate) mod save;
pub(crate) mod sell;
pub mod settle;
pub mod store;
pub mod timeline;
pub(crate) mod unmapped;
