//! One listing: what its host says of it, what it sold, and what it read of the hotel's calendar.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::manner::Manner;
use super::write::Shown;
use super::{Dates, near};
use crate::clock;

const MOST_STAYS: usize = 1_000;
const MOST_BLOCKS: usize = 100;

/// A day; the platforms say that they read every two to twelve hours.
const LONGEST_REFRESH_S: u64 = 86_400;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Terms {
    pub(super) manner: Manner,
    #[serde(default)]
    pub(super) title: String,
    /// The hotel's calendar; its nights are closed here.
    #[serde(default)]
    pub(super) import_url: Option<String>,
    #[serde(default = "two_hours")]
    pub(super) refresh_s: u64,
    /// Are the nights read there shown here, too? By the platform's custom, if left out.
    #[serde(default)]
    pub(super) echoes: Option<bool>,
    /// Nights the host closed by hand.
    #[serde(default)]
    pub(super) blocks: Vec<Dates>,
    /// From this night on the host has not opened the calendar yet: closed as far as the platform shows it, a night more
    /// each day.
    #[serde(default)]
    pub(super) opened_until: Option<NaiveDate>,
    /// Answers `If-None-Match` with 304. What the platforms do was not measured.
    #[serde(default)]
    pub(super) etags: bool,
    /// Stands still on this day; the real one, if left out.
    #[serde(default)]
    pub(super) today: Option<NaiveDate>,
}

fn two_hours() -> u64 {
    7_200
}

impl Terms {
    /// What makes no sense, in words.
    pub(super) fn check(&self) -> Vec<String> {
        let mut reasons = Vec::new();
        if !(1..=LONGEST_REFRESH_S).contains(&self.refresh_s) {
            reasons.push(format!("refresh_s must be from 1 to {LONGEST_REFRESH_S}"));
        }
        if self.blocks.len() > MOST_BLOCKS || !self.blocks.iter().all(|block| block.make_sense()) {
            reasons.push(format!("at most {MOST_BLOCKS} blocks of 1 to 1000 nights"));
        }
        let days = [self.today, self.opened_until];
        if !days.into_iter().flatten().all(near) {
            reasons.push("today and opened_until must be from 1970 to 2999".to_owned());
        }
        reasons
    }
}

/// How the hotel's calendar is read.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// Who reads; another one takes over when the terms change.
    pub(super) run: Option<Uuid>,
    pub(super) etag: Option<String>,
    /// The last time there was one, or it had not changed.
    pub(super) read_at: Option<DateTime<Utc>>,
    pub(super) times: u64,
    pub(super) last_error: Option<String>,
}

pub(crate) struct Listing {
    pub(super) terms: Terms,
    /// By id.
    pub(super) stays: BTreeMap<String, Dates>,
    /// Closed by the hotel's calendar.
    pub(super) imported: BTreeSet<NaiveDate>,
    pub(super) reading: Reading,
    /// What was shown last that was true, and how often anything was.
    pub(super) shown: Option<Shown>,
    pub(super) asked: u64,
}

/// Why a night cannot be booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Closed {
    Sold,
    Blocked,
    Imported,
    /// Before today, or beyond what the host or the platform opened.
    NotOpen,
}

/// What comes of a guest's wish.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    NoSense,
    NotAvailable(NaiveDate, Closed),
    Unknown,
    NoRoom,
}

impl Listing {
    pub(super) fn new(terms: Terms) -> Self {
        Self {
            terms,
            stays: BTreeMap::new(),
            imported: BTreeSet::new(),
            reading: Reading::default(),
            shown: None,
            asked: 0,
        }
    }

    pub(crate) fn today(&self) -> NaiveDate {
        self.terms.today.unwrap_or_else(|| clock::now().date_naive())
    }

    /// The first day that the platform has no calendar for.
    pub(super) fn horizon(&self) -> NaiveDate {
        self.today() + Days::new(self.terms.manner.days_ahead())
    }

    pub(super) fn blocked(&self) -> BTreeSet<NaiveDate> {
        let closing = self.terms.opened_until.map(|from| Dates {
            from,
            to: self.horizon(),
        });
        let blocks = self.terms.blocks.iter().copied().chain(closing);
        blocks.flat_map(Dates::nights).collect()
    }

    pub(super) fn sold(&self) -> BTreeSet<NaiveDate> {
        self.stays.values().copied().flat_map(Dates::nights).collect()
    }

    /// What is shown besides what was sold.
    pub(super) fn closed(&self) -> BTreeSet<NaiveDate> {
        let mut closed = self.blocked();
        if self.terms.echoes.unwrap_or_else(|| self.terms.manner.echoes()) {
            closed.extend(&self.imported);
        }
        closed
    }

    /// Night by night; `None`: a guest can book it.
    pub(crate) fn nights(&self, asked: Dates) -> Vec<(NaiveDate, Option<Closed>)> {
        self.nights_but(asked, None)
    }

    /// As if one stay were not there.
    fn nights_but(&self, asked: Dates, but: Option<&str>) -> Vec<(NaiveDate, Option<Closed>)> {
        let others = self.stays.iter().filter(|(id, _)| Some(id.as_str()) != but);
        let sold: BTreeSet<NaiveDate> = others.flat_map(|(_, dates)| dates.nights()).collect();
        let (blocked, open) = (self.blocked(), self.today()..self.horizon());
        let why = |night: NaiveDate| match night {
            night if sold.contains(&night) => Some(Closed::Sold),
            night if self.imported.contains(&night) => Some(Closed::Imported),
            night if !open.contains(&night) => Some(Closed::NotOpen),
            night if blocked.contains(&night) => Some(Closed::Blocked),
            _ => None,
        };
        asked.nights().map(|night| (night, why(night))).collect()
    }

    pub(crate) fn is_free(&self, dates: Dates) -> bool {
        self.check(dates, None).is_ok()
    }

    fn check(&self, dates: Dates, but: Option<&str>) -> Result<(), Refusal> {
        if !dates.make_sense() {
            return Err(Refusal::NoSense);
        }
        let nights = self.nights_but(dates, but).into_iter();
        let closed = nights.filter_map(|(night, why)| Some((night, why?))).next();
        closed.map_or(Ok(()), |(night, why)| Err(Refusal::NotAvailable(night, why)))
    }

    /// The booking's id. By force whatever is closed: two guests at the same moment, a page that was old.
    pub(super) fn sell(&mut self, dates: Dates, force: bool) -> Result<String, Refusal> {
        match self.check(dates, None) {
            Err(Refusal::NotAvailable(..)) if force => {}
            checked => checked?,
        }
        if self.stays.len() >= MOST_STAYS {
            return Err(Refusal::NoRoom);
        }
        let id = Uuid::new_v4().simple().to_string();
        self.stays.insert(id.clone(), dates);
        Ok(id)
    }

    pub(super) fn modify(&mut self, booking: &str, dates: Dates) -> Result<(), Refusal> {
        if !self.stays.contains_key(booking) {
            return Err(Refusal::Unknown);
        }
        self.check(dates, Some(booking))?;
        self.stays.insert(booking.to_owned(), dates);
        Ok(())
    }

    pub(super) fn cancel(&mut self, booking: &str) -> Result<(), Refusal> {
        self.stays.remove(booking).map(drop).ok_or(Refusal::Unknown)
    }

    /// A guest who saw it free buys it; `None` when there is no room for another.
    pub(crate) fn buy(&mut self, dates: Dates) -> Option<String> {
        self.sell(dates, true).ok()
    }

    /// Other dates for a booking, or none at all; false: nothing came of it.
    pub(crate) fn change(&mut self, booking: &str, dates: Option<Dates>) -> bool {
        match dates {
            Some(dates) => self.modify(booking, dates).is_ok(),
            None => self.cancel(booking).is_ok(),
        }
    }

    pub(super) fn view(&self) -> Value {
        let reading = &self.reading;
        json!({
            "terms": self.terms, "bookings": self.stays, "imported": self.imported, "asked": self.asked,
            "read_at": reading.read_at.map(clock::rfc3339), "times_read": reading.times,
            "last_error": reading.last_error,
        })
    }
}
