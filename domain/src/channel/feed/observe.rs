//! The decision: what was known, and what the channel answered now, give what is known from now on.

use super::change::{self, Change};
use super::collapse::{self, Collapse};
use super::echo::Echo;
use super::patience::{self, Doubt, Patience};
use super::state::{Feed, Freeze, KnownStay, Why};
use super::{Dates, NamedStay, Nights, Reading};
use chrono::{DateTime, NaiveDate, Utc};

/// What the channel answered. No answer at all is not seen, and changes nothing.
#[derive(Debug, Clone, Copy)]
pub enum Seen<'a> {
    Calendar(&'a Reading),
    /// The same as the last calendar (HTTP 304).
    Unchanged,
    /// No calendar: broken off, a page to log in, beyond the limits.
    Unreadable,
}

/// When it was seen, and what the channel knew.
#[derive(Debug, Clone, Copy)]
pub struct Sighting<'a> {
    pub at: DateTime<Utc>,
    /// In the property's zone.
    pub today: NaiveDate,
    /// What our calendar said when this channel last fetched it; empty if it never did.
    pub told: &'a Nights,
}

impl Feed {
    pub fn observe(&mut self, seen: Seen<'_>, sighting: Sighting<'_>) -> Vec<Change> {
        let before = self.clone();
        self.forget(sighting.today);
        match seen {
            Seen::Calendar(reading) => self.take(reading, sighting),
            Seen::Unchanged => self.take(&self.last_reading(), sighting),
            Seen::Unreadable => {
                self.freeze(Some(Why::Unreadable), sighting.at);
                self.count_anew();
            }
        }
        change::between(&before, self, sighting.today)
    }

    /// A person says that the last calendar is right: what it lacks is gone.
    pub fn believe(&mut self, today: NaiveDate) -> Vec<Change> {
        let before = self.clone();
        self.stays.retain(|_, known| known.doubt.is_none());
        self.closed.retain(|_, doubt| doubt.is_none());
        self.frozen = None;
        change::between(&before, self, today)
    }

    fn forget(&mut self, today: NaiveDate) {
        self.stays.retain(|_, known| known.stay.dates.to() >= today);
        self.closed = self.closed.split_off(&today);
        self.echoes = self.echoes.split_off(&today);
    }

    fn take(&mut self, reading: &Reading, sighting: Sighting<'_>) {
        let window = Dates::ahead(sighting.today, patience::HORIZON_DAYS);
        let said = reading.nights().within(window);
        let collapse = collapse::judge(&self.claimed().within(window), &said, sighting.today);
        self.take_stays(reading, window, sighting.at);
        self.take_closed(&reading.closed.within(window), sighting, collapse.is_some());
        match collapse {
            Some(Collapse::Empty) => self.count_anew(),
            Some(Collapse::Shrunk) => self.release(|_| patience::SHRUNK, sighting.at),
            None => self.release(|from| Patience::before(from, sighting.today), sighting.at),
        }
        let why = collapse.filter(|_| !self.doubted().is_empty());
        self.freeze(why.map(Why::Collapsed), sighting.at);
    }

    fn take_stays(&mut self, reading: &Reading, window: Dates, at: DateTime<Utc>) {
        for (uid, known) in &mut self.stays {
            if !reading.stays.contains_key(uid) {
                known.doubt = Some(Doubt::again(known.doubt, at));
            }
        }
        for (uid, stay) in &reading.stays {
            // One that is over is history, but a known one may have been moved there.
            let current = stay.dates.within(window).is_some();
            if current || self.stays.contains_key(uid) {
                self.stays.insert(uid.clone(), KnownStay::from(stay));
            }
        }
    }

    fn take_closed(&mut self, closed: &Nights, sighting: Sighting<'_>, collapsed: bool) {
        for (night, doubt) in &mut self.closed {
            if !closed.contains(*night) {
                *doubt = Some(Doubt::again(*doubt, sighting.at));
            }
        }
        if !collapsed {
            self.echoes.retain(|night, _| closed.contains(*night));
        }
        for night in closed.iter() {
            let known = self.closed.contains_key(&night);
            let echo = self.echoes.get(&night).copied();
            match Echo::next(echo, sighting.told.contains(night), sighting.at) {
                Some(echo) if !known => {
                    self.echoes.insert(night, echo);
                }
                _ => {
                    self.echoes.remove(&night);
                    self.closed.insert(night, None);
                }
            }
        }
    }

    /// Gives free what has been missing for long enough; patience may follow from where it begins.
    fn release(&mut self, patience: impl Fn(NaiveDate) -> Patience, at: DateTime<Utc>) {
        let gone = |from: NaiveDate, doubt: Option<Doubt>| {
            doubt.is_some_and(|doubt| doubt.outlasts(patience(from), at))
        };
        self.stays
            .retain(|_, known| !gone(known.stay.dates.from(), known.doubt));
        self.closed.retain(|night, doubt| !gone(*night, *doubt));
    }

    fn freeze(&mut self, why: Option<Why>, at: DateTime<Utc>) {
        let frozen = self.frozen.filter(|frozen| Some(frozen.why) == why);
        self.frozen = frozen.or(why.map(|why| Freeze { why, since: at }));
    }

    /// Calendars must agree in a row; what an outage leaves out is no evidence.
    fn count_anew(&mut self) {
        for known in self.stays.values_mut() {
            known.doubt = known.doubt.map(Doubt::anew);
        }
        for doubt in self.closed.values_mut() {
            *doubt = doubt.map(Doubt::anew);
        }
    }
}

impl From<&NamedStay> for KnownStay {
    fn from(stay: &NamedStay) -> Self {
        Self {
            stay: stay.clone(),
            doubt: None,
        }
    }
}
