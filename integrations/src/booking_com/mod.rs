//! Booking.com's own messages: reservations as it hands them to its connectivity partners, in B.XML and in its dialect
//! of OTA. Read only: a direct connection takes Booking.com's approval, which it does not give to a program but to a
//! company (Channex brings its bookings meanwhile); `innkeep read-bookings` shows what is understood of a message.
//!
//! - A change is the whole stay again: a room that is missing was cancelled, rooms keep their ids. Rooms of one booking
//!   may have different dates.
//! - A change or a cancellation may be the first that is heard of a booking; a cancelled one may come back as changed, with
//!   new rooms. Whatever a cancellation says of rooms, it has none.
//! - Neither form has a revision number: a message has for one what is written in it, so it is the same when it is delivered
//!   again, and of two the later delivered counts.
//! - Card numbers are never read.

mod bxml;
mod ota;
mod plan;

use crate::ota::document::Document;
use crate::ota::element::Element;
use crate::ota::refusal::{Code, Refusal};
use innkeep_domain::channel::revision::{ChannelRevision, Collector, Payment, VirtualCard};
use sha2::{Digest, Sha256};

/// As Channex names it, too: a guest sees the same seller whichever way a booking came.
const SELLER: &str = "BookingCom";

/// An answer to `/xml/reservations`, or an `OTA_HotelResNotifRQ` or `OTA_HotelResModifyNotifRQ`. A reservation that cannot
/// be read does not hide the others; the error outside is of the message as a whole.
pub fn read(bytes: &[u8]) -> Result<Vec<Result<ChannelRevision, Refusal>>, Refusal> {
    let document = Document::read(bytes)?;
    let root = document.root();
    Ok(match root.name() {
        "reservations" => root.all("reservation").map(bxml::reservation).collect(),
        "OTA_HotelResNotifRQ" => {
            let all = root.list("HotelReservations", "HotelReservation");
            all.map(|at| ota::reservation(at, false)).collect()
        }
        "OTA_HotelResModifyNotifRQ" => {
            let all = root.list("HotelResModifies", "HotelResModify");
            all.map(|at| ota::reservation(at, true)).collect()
        }
        _ => return Err(root.wrong(Code::UNABLE, "is no message with reservations of Booking.com")),
    })
}

/// Who pays by a virtual card has collected. Without one it is not said who does.
fn payment(virtual_card: Option<VirtualCard>) -> Payment {
    Payment {
        collected_by: virtual_card.map(|_| Collector::Channel),
        virtual_card,
    }
}

/// What stands for a revision number.
fn revision(at: Element<'_>, booking_ref: &str) -> String {
    let digest = Sha256::digest(at.source().as_bytes());
    let short: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("{booking_ref}/{short}")
}
