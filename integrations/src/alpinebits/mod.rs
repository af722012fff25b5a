//! AlpineBits HotelData 2022-10 and 2024-10: what hotels and portals of the Alps tell each other, in OTA XML.
//! Everything here is pure: a message and what was agreed on go in, a verdict comes out.

pub mod action;
pub mod capability;
pub mod handshake;
pub mod push;
pub mod receive;
mod reservation;
mod rules;
pub mod schema;
pub mod send;
pub mod tell;
pub mod verdict;
pub mod version;

use innkeep_domain::ports::channel::{Capabilities, Protocol, Way};
use std::sync::Arc;

pub use rules::common::Period;
pub use rules::free_rooms::{FreeRooms, Stock};
pub use rules::inventory::Category;

/// Name of the protocol, as connections store it.
pub const NAME: &str = "alpinebits";

/// Portals that call us: a reader only.
pub fn protocol() -> Protocol {
    Protocol {
        name: NAME,
        way: Way::LogsIn,
        sink: None,
        source: None,
        feed: None,
        reader: Arc::new(push::Reader),
        more: Capabilities::default(),
    }
}
