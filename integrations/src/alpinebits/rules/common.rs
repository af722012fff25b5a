//! Rules that several actions share.

use super::codes;
use crate::ota::element::Element;
use crate::ota::refusal::{Code, Refusal};
use chrono::NaiveDate;
use std::collections::HashSet;
use std::hash::Hash;

/// Days from..=last, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Period {
    pub from: NaiveDate,
    pub last: NaiveDate,
}

impl Period {
    /// Both attributes, in order.
    pub(super) fn need(at: Element<'_>, from: &str, last: &str) -> Result<Self, Refusal> {
        let missing = |name: &str| at.wrong(Code::MISSING, format!("{name} is missing"));
        let period = Self {
            from: at.date(from)?.ok_or_else(|| missing(from))?,
            last: at.date(last)?.ok_or_else(|| missing(last))?,
        };
        if period.from > period.last {
            return Err(at.wrong(Code::DATES, format!("{from} is after {last}")));
        }
        Ok(period)
    }

    pub(super) fn meets(self, other: Self) -> bool {
        self.from <= other.last && other.from <= self.last
    }
}

/// The hotel is named by its code; before 2024-10 its name is enough. The schema of 2024-10 wants the code itself.
pub(super) fn hotel(at: Element<'_>) -> Result<(), Refusal> {
    if at.has("HotelCode") || at.has("HotelName") {
        return Ok(());
    }
    Err(at.wrong(
        Code::HOTEL,
        "neither HotelCode nor HotelName says which hotel it is",
    ))
}

/// The first of those with the same key whose period meets an earlier one's.
pub(super) fn overlap<'a, K: Ord>(mut all: Vec<(K, Period, Element<'a>)>) -> Option<Element<'a>> {
    all.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
    all.windows(2).find_map(|pair| match pair {
        [(key, first, _), (other, second, at)] if key == other && first.meets(*second) => Some(*at),
        _ => None,
    })
}

/// Each key once; `what` begins the complaint.
pub(super) fn once<'a, K: Eq + Hash>(
    all: impl Iterator<Item = (K, Element<'a>)>,
    what: &str,
) -> Result<(), Refusal> {
    let mut seen = HashSet::new();
    for (key, at) in all {
        if !seen.insert(key) {
            return Err(at.wrong(Code::INVALID_VALUE, format!("{what} stands here twice")));
        }
    }
    Ok(())
}

/// Texts in languages that exist, one for each language and format.
pub(super) fn texts<'a>(all: impl Iterator<Item = Element<'a>>) -> Result<(), Refusal> {
    let all: Vec<Element<'a>> = all.collect();
    for at in &all {
        language(*at)?;
    }
    let keys = all
        .into_iter()
        .map(|at| ((at.get("Language"), at.get("TextFormat")), at));
    once(keys, "a text of the same language and format")
}

pub(super) fn language(at: Element<'_>) -> Result<(), Refusal> {
    match at.get("Language") {
        Some(code) if !codes::language(code) => {
            Err(at.wrong(Code::INVALID_VALUE, "Language is not of ISO 639-1"))
        }
        _ => Ok(()),
    }
}

/// Every event names the hotel, and ends after it begins.
pub(super) fn activities(root: Element<'_>) -> Result<(), Refusal> {
    for report in root.list("EventReports", "EventReport") {
        for site in report.list("EventSites", "EventSite") {
            hotel(site)?;
        }
        let Some(about) = report.child("GeneralEventInfo") else {
            continue;
        };
        for comment in about.list("Comments", "Comment") {
            texts(comment.all("Text"))?;
        }
        for date in about.list("Dates", "Date") {
            let (start, end) = (date.instant("Start"), date.instant("End"));
            if start.zip(end).is_some_and(|(start, end)| end < start) {
                return Err(date.wrong(Code::DATES, "Start is after End"));
            }
        }
    }
    Ok(())
}
