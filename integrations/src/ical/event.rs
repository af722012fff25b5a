//! One event, as far as it is needed.

use super::lines::Line;
use super::moment::{self, Moment};
use super::{Unreadable, limits};
use chrono::TimeDelta;
use chrono_tz::Tz;
use innkeep_domain::channel::feed::Dates;

#[derive(Debug, Default)]
pub(super) struct Event {
    pub uid: String,
    /// The channel's code of the reservation.
    pub code: Option<String>,
    pub cancelled: bool,
    start: Option<Moment>,
    end: Option<Moment>,
    duration: Option<TimeDelta>,
}

impl Event {
    pub fn take(&mut self, line: &Line<'_>, zone: Tz) -> Result<(), Unreadable> {
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
            return Err(line.broken("an event that repeats"));
        }
        Ok(())
    }

    /// At least the night it begins with: hours within a day close that night, too. Without an end it is one.
    pub fn dates(&self, end: &Line<'_>) -> Result<Dates, Unreadable> {
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
            return Err(end.broken("an event of more than ten years"));
        }
        match nights {
            0 => Dates::night(start.date),
            _ => Dates::new(start.date, until),
        }
        .ok_or_else(wrong)
    }
}

/// Airbnb's, from the address of the reservation: `.../details/HMABCDEF12`, formerly `...?code=HMABCDEF12`.
fn code(description: &str) -> Option<String> {
    let mut words = description.split(|c: char| !c.is_ascii_alphanumeric());
    let shape = |word: &&str| word.starts_with("HM") && (8..=12).contains(&word.len());
    words.find(shape).map(str::to_owned)
}
