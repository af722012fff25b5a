//! From bytes to what a calendar says.

use super::event::Event;
use super::family::Family;
use super::lines::{Line, Lines};
use super::{Unreadable, limits};
use innkeep_domain::channel::feed::{Dates, NamedStay, Reading};
use innkeep_domain::ports::calendar::Here;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// What the calendar says. Takes some milliseconds at most, and memory for the events only.
///
/// # Errors
/// The answer is no calendar, breaks off, is beyond the limits, or has an event whose nights cannot be told.
pub fn read(body: &[u8], here: Here) -> Result<Reading, Unreadable> {
    if body.len() > limits::BYTES {
        return Err(Unreadable::TooMuch {
            most: limits::BYTES,
            what: "bytes",
        });
    }
    let mut reader = Reader {
        here,
        open: Vec::new(),
        whole: false,
        event: Event::default(),
        stays: BTreeMap::new(),
        closed: Vec::new(),
    };
    for line in Lines::new(body) {
        reader.take(&line?)?;
    }
    reader.finish()
}

struct Reader {
    here: Here,
    /// The components that the line is in, outermost first.
    open: Vec<String>,
    /// Has a calendar ended?
    whole: bool,
    /// The one that was begun last.
    event: Event,
    stays: BTreeMap<String, NamedStay>,
    closed: Vec<Dates>,
}

impl Reader {
    fn take(&mut self, line: &Line<'_>) -> Result<(), Unreadable> {
        if line.is("BEGIN") {
            return self.begin(line);
        }
        if line.is("END") {
            return self.end(line);
        }
        if self.open.is_empty() && !self.whole && !line.is_blank() {
            return Err(Unreadable::NoCalendar);
        }
        if self.in_event() {
            self.event.take(line, self.here.zone);
        }
        Ok(())
    }

    /// Not in an alarm inside it.
    fn in_event(&self) -> bool {
        matches!(self.open.as_slice(), [_, inner] if inner == "VEVENT")
    }

    fn begin(&mut self, line: &Line<'_>) -> Result<(), Unreadable> {
        if self.open.is_empty() && !line.says("VCALENDAR") {
            return Err(Unreadable::NoCalendar);
        }
        if self.open.len() == limits::DEPTH {
            return Err(Unreadable::TooMuch {
                most: limits::DEPTH,
                what: "components inside one another",
            });
        }
        self.open.push(line.value().to_ascii_uppercase());
        if self.in_event() {
            self.event = Event::default();
        }
        Ok(())
    }

    fn end(&mut self, line: &Line<'_>) -> Result<(), Unreadable> {
        if self.in_event() && line.says("VEVENT") {
            self.keep(line)?;
        }
        match self.open.pop() {
            Some(begun) if line.says(&begun) => self.whole |= self.open.is_empty(),
            _ => return Err(line.broken("an end of what was not begun")),
        }
        Ok(())
    }

    fn keep(&mut self, line: &Line<'_>) -> Result<(), Unreadable> {
        let event = std::mem::take(&mut self.event);
        let Some(dates) = event.dates(line, self.here.today)? else {
            return Ok(());
        };
        let short = (dates.to() - dates.from()).num_days() <= limits::STAY;
        match (Family::of(&event.uid), self.stays.entry(event.uid)) {
            (Family::StableUid, Entry::Vacant(stay)) if short => {
                stay.insert(NamedStay {
                    dates,
                    code: event.code,
                });
            }
            // The nights of a UID that comes twice are taken all the same.
            _ => self.closed.push(dates),
        }
        Ok(())
    }

    fn finish(self) -> Result<Reading, Unreadable> {
        if !self.whole && self.open.is_empty() {
            return Err(Unreadable::NoCalendar);
        }
        if !self.open.is_empty() {
            return Err(Unreadable::CutOff);
        }
        Ok(Reading {
            stays: self.stays,
            closed: self.closed.into_iter().collect(),
        })
    }
}
