//! AlpineBits HotelData 2022-10 and 2024-10: what hotels and portals of the Alps tell each other, in OTA XML.
//! Messages are pure: a message and what was agreed on go in, a verdict comes out. The client calls portals with them.

pub mod action;
pub mod capability;
mod client;
mod feed;
pub mod handshake;
mod inventory;
mod outcome;
mod plans;
pub mod push;
mod question;
pub mod receive;
mod reservation;
mod restrictions;
mod rules;
pub mod schema;
pub mod send;
mod showcase;
mod sink;
mod standing;
pub mod tell;
pub mod verdict;
pub mod version;

use crate::outbound::Outbound;
use innkeep_domain::ports::channel::{Capabilities, Protocol, Way};
use std::sync::Arc;

pub use rules::common::Period;
pub use rules::free_rooms::{FreeRooms, Stock};
pub use rules::inventory::Category;

/// Name of the protocol, as connections store it.
pub const NAME: &str = "alpinebits";

/// Portals that call us; those whose address is known are called too.
pub fn protocol(outbound: Outbound) -> Protocol {
    let client = Arc::new(client::Client::new(outbound));
    let sink = Arc::new(sink::Sink::new(client.clone()));
    let feed = Arc::new(feed::Feed::new(client));
    Protocol {
        name: NAME,
        way: Way::LogsIn,
        sink: Some(sink.clone()),
        source: None,
        feed: Some(feed.clone()),
        reader: Arc::new(push::Reader),
        more: Capabilities {
            whole: Some(sink.clone()),
            showcase: Some(sink.clone()),
            standings: Some(sink),
            recovery: Some(feed),
            ..Capabilities::default()
        },
    }
}
