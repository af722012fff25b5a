//! Expedia's own messages: bookings as QuickConnect hands them out (Booking Retrieval, BR) and as it notifies of them
//! (Booking Notification, BN: OTA in a SOAP envelope). Read only: a direct connection takes Expedia's approval, which it
//! gives to a company and not to a program (Channex brings its bookings meanwhile); `innkeep read-bookings` shows what is
//! understood of a message.
//!
//! - A booking has one room; guests who take several have as many bookings. A change is the whole stay again.
//! - Nights are told before taxes, the total after them: nights and taxes make the total.
//! - Who sells by the name `A-...` lets the guest pay at the hotel (Hotel Collect); for all others Expedia collects.
//! - A cancellation says nothing of use but its id: its room type is 0 and its prices are 0.
//! - Card numbers are never read, only that the holder is Expedia's virtual card: it can be charged from the arrival until
//!   30 days after the departure.

mod notification;
mod payment;
mod retrieval;

use crate::ota::document::Document;
use crate::ota::refusal::{Code, Refusal};
use innkeep_domain::channel::revision::ChannelRevision;

/// The one room of a booking.
const ROOM: &str = "1";

/// A `BookingRetrievalRS`, or a SOAP envelope around an `OTA_HotelResNotifRQ`, `OTA_HotelResModifyNotifRQ` or
/// `OTA_CancelRQ`; a ping has no bookings. A booking that cannot be read does not hide the others; the error outside is of
/// the message as a whole.
pub fn read(bytes: &[u8]) -> Result<Vec<Result<ChannelRevision, Refusal>>, Refusal> {
    let document = Document::read(bytes)?;
    let root = document.root();
    match root.name() {
        "BookingRetrievalRS" => retrieval::bookings(root),
        "Envelope" => notification::bookings(root),
        _ => Err(root.wrong(Code::UNABLE, "is no message with bookings of Expedia")),
    }
}
