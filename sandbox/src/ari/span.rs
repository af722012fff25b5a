//! The dates of a value: one day, or a range that includes its last night, thinned by weekdays.

use chrono::{Datelike, NaiveDate};
use serde_json::Value;

use super::Problems;

/// Channex keeps 500 days ahead; three years leave room for a generous sender and bound the work.
const MAX_DAYS: i64 = 1_100;

const WEEKDAYS: [&str; 7] = ["mo", "tu", "we", "th", "fr", "sa", "su"];

#[derive(Debug, Clone)]
pub(crate) struct Span {
    from: NaiveDate,
    to: NaiveDate,
    weekdays: [bool; 7],
}

impl Span {
    pub(crate) fn parse(value: &Value, problems: &mut Problems) -> Option<Self> {
        let (from, to) = if given(value, "date") {
            let day = date(value, "date", problems)?;
            (day, day)
        } else if given(value, "date_from") || given(value, "date_to") {
            (
                date(value, "date_from", problems)?,
                date(value, "date_to", problems)?,
            )
        } else {
            problems.add("date", "can't be blank");
            return None;
        };
        if to < from {
            problems.add("date_to", "must be greater than or equal to date_from");
            return None;
        }
        if (to - from).num_days() >= MAX_DAYS {
            problems.add("date_to", "is too far from date_from");
            return None;
        }
        Some(Self {
            from,
            to,
            weekdays: weekdays(value, problems)?,
        })
    }

    pub(crate) fn dates(&self) -> impl Iterator<Item = NaiveDate> + '_ {
        let inside = self.from.iter_days().take_while(|day| *day <= self.to);
        inside.filter(|day| {
            let index = day.weekday().num_days_from_monday() as usize;
            self.weekdays.get(index).copied().unwrap_or(false)
        })
    }
}

/// Senders echo `"date": null` beside a range; only a value counts here.
fn given(value: &Value, field: &str) -> bool {
    value.get(field).is_some_and(|found| !found.is_null())
}

fn date(value: &Value, field: &str, problems: &mut Problems) -> Option<NaiveDate> {
    let text = value.get(field).and_then(Value::as_str);
    let parsed = text.and_then(|text| text.parse().ok());
    if parsed.is_none() {
        problems.add(
            field,
            if text.is_none() {
                "can't be blank"
            } else {
                "is invalid"
            },
        );
    }
    parsed
}

fn weekdays(value: &Value, problems: &mut Problems) -> Option<[bool; 7]> {
    let Some(found) = value.get("days").filter(|days| !days.is_null()) else {
        return Some([true; 7]);
    };
    let mut chosen = [false; 7];
    for day in found.as_array().map(Vec::as_slice).unwrap_or_default() {
        let index = WEEKDAYS.iter().position(|known| Some(*known) == day.as_str());
        if let Some(slot) = index.and_then(|index| chosen.get_mut(index)) {
            *slot = true;
        } else {
            problems.add("days", "is invalid");
            return None;
        }
    }
    if chosen == [false; 7] {
        problems.add("days", "is invalid");
        return None;
    }
    Some(chosen)
}
