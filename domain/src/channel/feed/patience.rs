//! How long something must be missing before it is believed to be gone: in so many calendars, one after the other, AND
//! for so long. Whole calendars were measured to be missing for up to 3.7 hours.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// Nights further ahead than this are not taken from a calendar: closures "for ever" end somewhere.
pub const HORIZON_DAYS: u64 = 1100;
/// Arrivals within so many days are near: an error there can no longer be mended by moving a guest.
pub const NEAR_DAYS: i64 = 7;
/// A night that a channel still shows as closed so long after it read that we opened it is the channel's own.
pub const ECHO: TimeDelta = TimeDelta::hours(12);

/// Far ahead: twice the longest measured outage.
pub const FAR: Patience = Patience::new(4, 8);
pub const NEAR: Patience = Patience::new(6, 12);
/// When much of what was known is missing at once.
pub const SHRUNK: Patience = Patience::new(12, 24);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    pub readings: u32,
    pub span: TimeDelta,
}

impl Patience {
    const fn new(readings: u32, hours: i64) -> Self {
        Self {
            readings,
            span: TimeDelta::hours(hours),
        }
    }
    /// For what begins on that night.
    pub fn before(night: NaiveDate, today: NaiveDate) -> Self {
        if (night - today).num_days() <= NEAR_DAYS {
            NEAR
        } else {
            FAR
        }
    }
}

/// Something known is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubt {
    since: DateTime<Utc>,
    /// Calendars in a row without it.
    readings: u32,
}

impl Doubt {
    /// Missing once more.
    pub(super) fn again(doubt: Option<Self>, at: DateTime<Utc>) -> Self {
        let Some(Self { since, readings }) = doubt else {
            return Self {
                since: at,
                readings: 1,
            };
        };
        let since = if readings == 0 { at } else { since };
        Self {
            since,
            readings: readings.saturating_add(1),
        }
    }
    /// Still missing where it was, but what was counted no longer counts.
    pub(super) fn anew(self) -> Self {
        Self { readings: 0, ..self }
    }
    pub(super) fn outlasts(self, patience: Patience, at: DateTime<Utc>) -> bool {
        self.readings >= patience.readings && at - self.since >= patience.span
    }
}
