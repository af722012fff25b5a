//! OTA XML, the language of OpenTravel's messages: read within limits, held to a dialect's schema, written again.
//! AlpineBits is the first dialect; another one brings its own grammar files and rules. What reservations of all of them
//! have in common is in [`reservation`], which the offline readers of Booking.com and Expedia share.

pub mod answer;
pub mod document;
pub mod element;
pub mod grammar;
pub mod limits;
pub mod refusal;
pub(crate) mod reservation;
pub mod tag;

/// Every element of an OTA message stands in this namespace.
pub const NAMESPACE: &str = "http://www.opentravel.org/OTA/2003/05";
