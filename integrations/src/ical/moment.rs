//! Dates, times and durations, as they are written.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use chrono_tz::Tz;

/// A day, or a time of a day, where the property is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    pub date: NaiveDate,
    /// `None` for whole days.
    time: Option<NaiveTime>,
}

impl Moment {
    /// `20270301`, `20270301T150000`, or with `Z`: then in UTC. Any other zone is taken for the property's own.
    pub fn read(text: &str, zone: Tz) -> Option<Self> {
        let text = text.replace(['-', ':'], "");
        let (date, time) = match text.split_once(['T', 't']) {
            Some((date, time)) => (date, Some(time)),
            None => (text.as_str(), None),
        };
        let date = NaiveDate::parse_from_str(date, "%Y%m%d")
            .ok()
            .filter(|_| date.len() == 8)?;
        let Some(time) = time else {
            return Some(Self { date, time: None });
        };
        let utc = time.strip_suffix(['Z', 'z']);
        let written = date.and_time(NaiveTime::parse_from_str(utc.unwrap_or(time), "%H%M%S").ok()?);
        let local = match utc {
            Some(_) => written.and_utc().with_timezone(&zone).naive_local(),
            None => written,
        };
        Some(Self::from(local))
    }

    pub fn after(self, duration: TimeDelta) -> Option<Self> {
        let begin = self.date.and_time(self.time.unwrap_or_default());
        let end = begin.checked_add_signed(duration)?;
        // A whole day that ends in the middle of another takes that one, too.
        let started = self.time.is_none() && end.time() != NaiveTime::MIN;
        let date = if started {
            end.date().succ_opt()?
        } else {
            end.date()
        };
        Some(Self {
            date,
            time: self.time.map(|_| end.time()),
        })
    }
}

impl From<NaiveDateTime> for Moment {
    fn from(local: NaiveDateTime) -> Self {
        Self {
            date: local.date(),
            time: Some(local.time()),
        }
    }
}

/// Where a rule of repetition ends: `FREQ=WEEKLY;UNTIL=20270301T000000Z`. `None` if it says so by a count, or never ends.
pub(super) fn until(rule: &str, zone: Tz) -> Option<Moment> {
    let mut parts = rule.split(';').filter_map(|part| part.split_once('='));
    let (_, until) = parts.find(|(name, _)| name.eq_ignore_ascii_case("UNTIL"))?;
    Moment::read(until, zone)
}

/// `P7D`, `P1W`, `P2DT12H`, `PT24H`; never negative.
pub(super) fn duration(text: &str) -> Option<TimeDelta> {
    let text = text.strip_prefix('+').unwrap_or(text).strip_prefix(['P', 'p'])?;
    let mut total = TimeDelta::zero();
    let mut rest = text;
    while let Some(end) = rest.find(|c: char| !c.is_ascii_digit()) {
        let (digits, unit) = rest.split_at(end);
        let mut unit = unit.chars();
        let letter = unit.next()?.to_ascii_uppercase();
        rest = unit.as_str();
        if letter == 'T' && digits.is_empty() {
            continue;
        }
        let count: i64 = digits.parse::<u32>().ok()?.into();
        let seconds = match letter {
            'W' => 604_800,
            'D' => 86_400,
            'H' => 3600,
            'M' => 60,
            'S' => 1,
            _ => return None,
        };
        total = total.checked_add(&TimeDelta::try_seconds(count * seconds)?)?;
    }
    (rest.is_empty() && !text.is_empty()).then_some(total)
}
