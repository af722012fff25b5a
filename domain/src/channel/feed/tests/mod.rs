//! The rules, each by an example first, then by random calendars.

mod echoes;
mod examples;
mod random;

use super::*;
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};

/// Noon of the first day.
fn begin() -> DateTime<Utc> {
    "2027-03-01T12:00:00Z".parse().unwrap()
}
fn at(hours: i64) -> DateTime<Utc> {
    begin() + TimeDelta::hours(hours)
}
fn day(offset: u64) -> NaiveDate {
    begin().date_naive() + Days::new(offset)
}
fn dates(from: u64, to: u64) -> Dates {
    Dates::new(day(from), day(to)).unwrap()
}
fn closed(runs: &[(u64, u64)]) -> Reading {
    Reading {
        closed: runs.iter().map(|(from, to)| dates(*from, *to)).collect(),
        ..Reading::default()
    }
}
fn booked(stays: &[(&str, u64, u64)]) -> Reading {
    let stay = |(uid, from, to): &(&str, u64, u64)| {
        let stay = NamedStay {
            dates: dates(*from, *to),
            code: None,
        };
        ((*uid).to_owned(), stay)
    };
    Reading {
        stays: stays.iter().map(stay).collect(),
        ..Reading::default()
    }
}

/// A feed, and the clock that it is read by.
#[derive(Default)]
struct Watch {
    feed: Feed,
    told: Nights,
}

impl Watch {
    fn see(&mut self, hours: i64, seen: Seen<'_>) -> Vec<Change> {
        let at = at(hours);
        let sighting = Sighting {
            at,
            today: at.date_naive(),
            told: &self.told,
        };
        self.feed.observe(seen, sighting)
    }
    fn read(&mut self, hours: i64, reading: &Reading) -> Vec<Change> {
        self.see(hours, Seen::Calendar(reading))
    }
    /// Every hour; all changes, with the hour.
    fn watch(&mut self, hours: std::ops::Range<i64>, reading: &Reading) -> Vec<(i64, Change)> {
        let changes = hours.flat_map(|hour| self.read(hour, reading).into_iter().map(move |c| (hour, c)));
        changes.collect()
    }
}
