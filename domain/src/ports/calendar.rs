//! Asking a channel for the calendar (iCal) that it shows of a unit. The adapter is in `integrations::ical`.

use super::channel::ChannelError;
use crate::channel::feed::Reading;
use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

/// Where the property is, and which day it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Here {
    pub zone: Tz,
    pub today: NaiveDate,
}

impl Here {
    pub fn at(zone: Tz, now: DateTime<Utc>) -> Self {
        let today = now.with_timezone(&zone).date_naive();
        Self { zone, today }
    }
}

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
    /// # Errors
    /// There was no answer, or one that says so itself: nothing was seen. `Refused` means that the address must be
    /// entered anew; it names no address, since who knows it can read the calendar.
    async fn fetch(&self, address: &str, known: &Validators, here: Here) -> Result<Fetched, ChannelError>;
}
