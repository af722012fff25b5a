//! Protocol `webhook`: a seller without an API of its own posts its bookings to us, signed as in
//! [`crate::standard_webhooks`]; what is posted is the whole message. If it has an endpoint, changes of availability and
//! rates are posted there, signed with the same secret; if not, it asks for them. `OPEN-WEBHOOK.md` shows both ways.
//!
//! The body is one JSON object, and every message is a full snapshot of the booking: [`EXAMPLE`] shows all
//! fields. Unknown fields are refused, so a misspelt one is noticed at once.
//!
//! | field | required | value |
//! |---|---|---|
//! | `event` | yes | `booking.new`, `booking.modified`, `booking.cancelled` |
//! | `booking.id` | yes | the seller's own id of the booking, the same in all its messages; 1 to 128 characters |
//! | `booking.revision` | yes | differs in every message of the booking; 1 to 128 characters |
//! | `booking.revised_at` | yes | RFC 3339 with zone; an older revision never replaces a newer one |
//! | `booking.code` | yes | what the guest can read out; up to 64 characters |
//! | `booking.sold_by` | yes | who sold it; up to 64 characters |
//! | `booking.currency` | yes | ISO 4217, e.g. `EUR`; all amounts are in it, with its decimals |
//! | `booking.total` | yes | amount; need not be the sum of the rooms |
//! | `booking.commission` | no | amount |
//! | `booking.booker` | yes | `name` (required, up to 200), `email`, `phone` (up to 64), `country` (ISO 3166-1 alpha-2) |
//! | `booking.notes` | no | up to 4000 characters |
//! | `booking.extras`, `booking.taxes` | no | up to 100 each: `name` (up to 200), `amount`, `included` (in the total already?); shown, and added to nothing |
//! | `booking.payment` | no | `collected_by`: `channel` or `property`; `virtual_card`: does the channel pay by one?, then `chargeable_from`, `chargeable_until`: dates. Never a card itself |
//! | `booking.rooms` | unless cancelled | 1 to 50; a room that is missing in a later message was cancelled |
//! | `rooms[].id` | yes | stays the same for the same room; unique in the booking; up to 128 |
//! | `rooms[].room_type`, `rooms[].rate_plan` | no | the seller's ids as mapped; up to 128 |
//! | `rooms[].arrival`, `rooms[].departure` | yes | dates; 1 to 730 nights, the departure day is none of them |
//! | `rooms[].adults` | yes | 1 to 50 |
//! | `rooms[].children` | no | 0 to 50; 0 if absent |
//! | `rooms[].guest_name` | no | up to 200; the booker if absent |
//! | `rooms[].nights` | yes | `date` and `price` of every night of the stay, each once |
//!
//! Amounts are strings such as `"80.00"`: not negative, with no more decimals than the currency has. `null`
//! counts as absent. Card data is never accepted.

mod answer;
pub mod ari;
mod check;
mod payment;
mod push;
mod reader;

use crate::outbound::Outbound;
pub use ari::amount;
use innkeep_domain::clock::Clock;
use innkeep_domain::ports::channel::{Capabilities, Protocol, RevisionReader, Way};
use std::sync::Arc;

/// Name of the protocol, as connections store it.
pub const NAME: &str = "webhook";

/// A message with every field.
pub const EXAMPLE: &str = include_str!("example.json");

/// Bookings posted to us, and changes posted to the seller, at the time this clock shows.
pub fn protocol(outbound: Outbound, clock: Clock) -> Protocol {
    Protocol {
        name: NAME,
        way: Way::Signs,
        sink: Some(Arc::new(push::Sink { outbound, clock })),
        source: None,
        feed: None,
        reader: reader(),
        more: Capabilities::default(),
    }
}

/// Understands what sellers post.
pub fn reader() -> Arc<dyn RevisionReader> {
    Arc::new(reader::Reader)
}
