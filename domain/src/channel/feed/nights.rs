//! Runs of nights, and sets of them.

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};
use std::cmp::{max, min};

/// Nights `[from, to)`, at least one; `to` is the day of departure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Dates {
    from: NaiveDate,
    to: NaiveDate,
}

impl Dates {
    /// `None` without a night.
    pub fn new(from: NaiveDate, to: NaiveDate) -> Option<Self> {
        (from < to).then_some(Self { from, to })
    }
    /// `None` on the last day of the calendar.
    pub fn night(night: NaiveDate) -> Option<Self> {
        Self::new(night, night.succ_opt()?)
    }
    pub fn from(self) -> NaiveDate {
        self.from
    }
    pub fn to(self) -> NaiveDate {
        self.to
    }
    /// What of it lies in `other`.
    pub fn within(self, other: Self) -> Option<Self> {
        Self::new(max(self.from, other.from), min(self.to, other.to))
    }
    pub fn nights(self) -> impl Iterator<Item = NaiveDate> {
        self.from.iter_days().take_while(move |night| *night < self.to)
    }
    /// The next `days` days, the given one included.
    pub fn ahead(today: NaiveDate, days: u64) -> Self {
        Self {
            from: today,
            to: today + Days::new(days),
        }
    }
}

/// A set of nights, as the fewest runs in order. Its size follows from the runs, not from their length.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nights(Vec<Dates>);

impl Nights {
    pub fn runs(&self) -> &[Dates] {
        &self.0
    }
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    pub fn contains(&self, night: NaiveDate) -> bool {
        let next = self.0.partition_point(|run| run.to <= night);
        self.0.get(next).is_some_and(|run| run.from <= night)
    }
    pub fn iter(&self) -> impl Iterator<Item = NaiveDate> {
        self.0.iter().flat_map(|run| run.nights())
    }
    pub fn within(&self, window: Dates) -> Self {
        Self(self.0.iter().filter_map(|run| run.within(window)).collect())
    }
}

/// In any order, overlapping or not.
impl FromIterator<Dates> for Nights {
    fn from_iter<T: IntoIterator<Item = Dates>>(runs: T) -> Self {
        let mut runs: Vec<Dates> = runs.into_iter().collect();
        runs.sort_unstable();
        let mut out: Vec<Dates> = Vec::new();
        for run in runs {
            match out.last_mut() {
                Some(last) if run.from <= last.to => last.to = max(last.to, run.to),
                _ => out.push(run),
            }
        }
        Self(out)
    }
}

impl FromIterator<NaiveDate> for Nights {
    fn from_iter<T: IntoIterator<Item = NaiveDate>>(nights: T) -> Self {
        nights.into_iter().filter_map(Dates::night).collect()
    }
}
