//! Calendars (iCal) that a channel shows of one unit: what they say, and when we believe it. Pure.
//!
//! A calendar has no cancellations: something is merely no longer there, and whole calendars are missing for hours. So
//! what appears is believed at once, and what disappears is doubted first ([`patience`]): giving a night free for an
//! hour oversells it, holding it for some hours does not. An answer that lost much of what was known, or that is no
//! calendar, freezes the feed until it is itself again, has lasted, or a person says that it is right.
//!
//! Two kinds of claims stand in a calendar. *Stays* have a UID that was measured to stay with the reservation, so a stay
//! may move. *Closed nights* have none, and are compared as sets: their events merge with neighbours, split again and are
//! cut to today, under a new UID each time. A channel that reads our calendar shows our own nights as closed, too: such
//! [echoes](echo) are no claims.

mod change;
mod collapse;
mod echo;
mod nights;
mod observe;
pub mod patience;
pub mod schedule;
mod state;
#[cfg(test)]
mod tests;

pub use change::Change;
pub use collapse::Collapse;
pub use nights::{Dates, Nights};
pub use observe::{Seen, Sighting};
pub use state::{Claim, ClaimKind, Feed, Freeze, Why};

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A reservation that the calendar names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedStay {
    pub dates: Dates,
    /// The channel's own code of the reservation, e.g. `HMABCDEF12`: the only key that other messages share.
    pub code: Option<String>,
}

/// What a calendar says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// By UID.
    pub stays: BTreeMap<String, NamedStay>,
    /// Not for sale; why, nobody says.
    pub closed: Nights,
}

impl Reading {
    pub fn nights(&self) -> Nights {
        let stays = self.stays.values().map(|stay| stay.dates);
        stays.chain(self.closed.runs().iter().copied()).collect()
    }
}
