//! Asking a channel for the calendar (iCal) that it shows of a unit. The adapter is in `integrations::ical`.

use super::channel::ChannelError;
use crate::channel::feed::Reading;
use async_trait::async_trait;
use chrono_tz::Tz;

/// What the last calendar came with, to be kept with what was read from it; empty if it came with nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Validators {
    pub etag: Option<String>,
    pub last_modified: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fetched {
    Calendar {
        reading: Reading,
        validators: Validators,
    },
    /// Since the validators: HTTP 304.
    Unchanged,
    /// An answer, but no calendar to rely on, in words that quote nothing of it. Its validators are worth nothing.
    Unreadable(String),
}

#[async_trait]
pub trait Calendars: Send + Sync {
    /// `zone` is the property's.
    ///
    /// # Errors
    /// There was no answer, or one that says so itself: nothing was seen. `Refused` means that the address must be
    /// entered anew; it names no address, since who knows it can read the calendar.
    async fn fetch(&self, address: &str, known: &Validators, zone: Tz) -> Result<Fetched, ChannelError>;
}
