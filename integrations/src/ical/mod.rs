//! iCal (RFC 5545): the calendar a channel shows of a unit, and ours of it for the channel.
//!
//! [`read`] says which nights are taken and which reservations can be told apart; what is believed of that, and when, is
//! decided in [`innkeep_domain::channel::feed`]. Reading is tolerant of form (line ends, folding, parameters, broken or
//! missing properties that are not needed) and strict about what is taken: an event whose nights cannot be told makes
//! the whole calendar unreadable, because leaving it out would look like a cancellation. So does a calendar that breaks
//! off, one that repeats events (no channel does) unless they ended on a day before today, and one beyond the [`limits`].
//! Cancelled events close nothing, whatever else they say; transparent ones (`TRANSP`) do close their nights: Google's
//! events of whole days are, unless a person says otherwise.
//!
//! Why a reader of our own: a handful of properties of one component matter here, and limits must hold while it reads.
//! The parser libraries read every recorded calendar, but have no limits: `icalendar` 0.17 overflows the stack on
//! components inside one another and takes 1.8 s for 80,000 properties; `calcard` 0.3 takes a calendar that breaks off
//! for a whole one, and 70 MB for 80,000 events.

mod address;
mod event;
mod export;
mod family;
mod fetch;
pub mod limits;
mod lines;
mod moment;
mod reader;

pub use address::address;
pub use export::write;
pub use fetch::Fetch;
pub use reader::read;

/// Why an answer is no calendar to rely on. Says nothing of what stood in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("not a calendar")]
    NoCalendar,
    #[error("breaks off before its end")]
    CutOff,
    #[error("more than {most} {what}")]
    TooMuch { most: usize, what: &'static str },
    #[error("line {line}: {what}")]
    Broken { line: usize, what: &'static str },
}
