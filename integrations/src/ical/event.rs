//! One event, as far as it is needed.

use super::lines::Line;
use super::moment::{self, Moment};
use super::{Unreadable, limits};
use chrono::{NaiveDate, TimeDelta};
use chrono_tz::Tz;
use innkeep_domain::channel::feed::Dates;

#[derive(Debug, Default)]
pub(super) struct Event {
    pub uid: String,
    /// The channel's code of the reservation.
    pub code: Option<String>,
    cancelled: bool,
    start: Option<Moment>,
    end: Option<Moment>,
    duration: Option<TimeDelta>,
    repeats: Option<Repeats>,
    /// The first property that says something about its nights and cannot be read.
    wrong: Option<Unreadable>,
}

/// It takes more nights than those it is written with.
#[derive(Debug)]
struct Repeats {
    /// No later one begins after this day.
    last: NaiveDate,
    wrong: Unreadable,
}

impl Event {
    /// What is wrong with it counts at its end only: until then it may turn out to be cancelled.
    pub fn take(&mut self, line: &Line<'_>, zone: Tz) {
        if let Err(wrong) = self.read(line, zone) {
            self.wrong.get_or_insert(wrong);
        }
    }

    fn read(&mut self, line: &Line<'_>, zone: Tz) -> Result<(), Unreadable> {
        let moment = || {
            let read = Moment::read(&line.value(), zone);
            read.ok_or_else(|| line.broken("a date that cannot be read"))
        };
        if line.is("DTSTART") {
            self.start = Some(moment()?);
        } else if line.is("DTEND") {
            self.end = Some(moment()?);
        } else if line.is("DURATION") {
            let read = moment::duration(&line.value());
            self.duration = Some(read.ok_or_else(|| line.broken("a duration that cannot be read"))?);
        } else if line.is("UID") {
            self.uid = line.value().into_owned();
        } else if line.is("STATUS") {
            self.cancelled = line.says("CANCELLED");
        } else if line.is("DESCRIPTION") {
            self.code = code(&line.value());
        } else if line.is("RRULE") || line.is("RDATE") {
            let wrong = line.broken("an event that repeats");
            let last = moment::until(&line.value(), zone).filter(|_| self.repeats.is_none());
            let last = last.ok_or(wrong)?.date;
            self.repeats = Some(Repeats { last, wrong });
        }
        Ok(())
    }

    /// The nights it closes. `None` when it closes none any more: it was cancelled, or it repeats and is over.
    pub fn dates(&self, end: &Line<'_>, today: NaiveDate) -> Result<Option<Dates>, Unreadable> {
        if self.cancelled {
            return Ok(None);
        }
        if let Some(wrong) = self.wrong {
            return Err(wrong);
        }
        let dates = self.written(end)?;
        match &self.repeats {
            None => Ok(Some(dates)),
            Some(repeats) if repeats.over(dates, today) => Ok(None),
            Some(repeats) => Err(repeats.wrong),
        }
    }

    /// At least the night it begins with: hours within a day close that night, too. Without an end it is one.
    fn written(&self, end: &Line<'_>) -> Result<Dates, Unreadable> {
        let start = self
            .start
            .ok_or_else(|| end.broken("an event without a beginning"))?;
        let until = match (self.end, self.duration) {
            (Some(end), _) => Some(end),
            (None, Some(duration)) => start.after(duration),
            (None, None) => Some(start),
        };
        let wrong = || end.broken("an event that ends before it begins, or never");
        let until = until.ok_or_else(wrong)?.date;
        let nights = (until - start.date).num_days();
        if nights > limits::NIGHTS {
            return Err(end.broken("an event of more than two hundred years"));
        }
        match nights {
            0 => Dates::night(start.date),
            _ => Dates::new(start.date, until),
        }
        .ok_or_else(wrong)
    }
}

impl Repeats {
    /// Was even the last departure before today? Not on it: its days may be another zone's.
    fn over(&self, first: Dates, today: NaiveDate) -> bool {
        let last = self.last.checked_add_signed(first.to() - first.from());
        last.is_some_and(|last| last.max(first.to()) < today)
    }
}

/// Airbnb's, from the address of the reservation: `.../details/HMABCDEF12`, formerly `...?code=HMABCDEF12`.
fn code(description: &str) -> Option<String> {
    let mut words = description.split(|c: char| !c.is_ascii_alphanumeric());
    let shape = |word: &&str| word.starts_with("HM") && (8..=12).contains(&word.len());
    words.find(shape).map(str::to_owned)
}
