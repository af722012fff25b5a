//! Made-up calendars by the rules that were measured. In one dialect stays that touch are one event, one under way
//! begins today, and every UID follows from the first night. In the other reservations keep their UID when they move, and
//! only the blocks' UIDs roll on. Both close what is too far ahead, a night more every night.

use super::{State, Story};
use anyhow::Context;
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use innkeep_domain::channel::feed::{Dates, Nights};
use rand::Rng;
use rand::SeedableRng;
use rand::rngs::StdRng;

/// Every six hours, for a hundred days.
const STATES: usize = 400;
const FAR: u64 = 365;

#[derive(Clone, Copy)]
enum Dialect {
    NightSet,
    StableUid,
}

struct Reservation {
    id: usize,
    dates: Dates,
}

struct Listing {
    dialect: Dialect,
    made: usize,
    reservations: Vec<Reservation>,
    rng: StdRng,
}

pub fn stories(of_each: u64) -> anyhow::Result<Vec<Story>> {
    let begin: DateTime<Utc> = "2027-02-15T00:00:00Z".parse()?;
    let mut stories = Vec::new();
    for (name, dialect) in [
        ("night set", Dialect::NightSet),
        ("stable uid", Dialect::StableUid),
    ] {
        for seed in 0..of_each {
            let mut listing = Listing {
                dialect,
                made: 0,
                reservations: Vec::new(),
                rng: StdRng::seed_from_u64(seed),
            };
            let mut states = Vec::new();
            let mut now = begin;
            for _ in 0..STATES {
                listing.live(now.date_naive())?;
                let body = listing.calendar(now);
                states.push(State { from: now, body });
                now += TimeDelta::hours(6);
            }
            stories.push(Story {
                name: format!("{name} {seed}"),
                states,
            });
        }
    }
    Ok(stories)
}

impl Listing {
    /// What guests do within six hours.
    fn live(&mut self, today: NaiveDate) -> anyhow::Result<()> {
        if self.rng.random_bool(0.3) {
            let dates = self.some_dates(today)?;
            if self.is_free(dates) {
                self.made += 1;
                let id = self.made;
                self.reservations.push(Reservation { id, dates });
            }
        }
        if self.rng.random_bool(0.08) && !self.reservations.is_empty() {
            let which = self.rng.random_range(0..self.reservations.len());
            self.reservations.swap_remove(which);
        }
        if self.rng.random_bool(0.05) && !self.reservations.is_empty() {
            let which = self.rng.random_range(0..self.reservations.len());
            let dates = self.some_dates(today)?;
            if self.is_free(dates) {
                self.reservations[which].dates = dates;
            }
        }
        // Shown for some days after the departure.
        self.reservations
            .retain(|reservation| reservation.dates.to() + Days::new(3) >= today);
        Ok(())
    }

    fn some_dates(&mut self, today: NaiveDate) -> anyhow::Result<Dates> {
        let from = today + Days::new(self.rng.random_range(0..120));
        let to = from + Days::new(self.rng.random_range(1..8));
        Dates::new(from, to).context("no night")
    }

    fn is_free(&self, dates: Dates) -> bool {
        self.reservations
            .iter()
            .all(|other| other.dates.within(dates).is_none())
    }

    fn calendar(&self, now: DateTime<Utc>) -> String {
        let today = now.date_naive();
        let mut out = String::from("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n");
        let mut event = |uid: String, from: NaiveDate, to: NaiveDate| {
            let lines = [
                "BEGIN:VEVENT".to_owned(),
                format!("DTSTAMP:{}", now.format("%Y%m%dT%H%M%SZ")),
                format!("DTSTART;VALUE=DATE:{}", from.format("%Y%m%d")),
                format!("DTEND;VALUE=DATE:{}", to.format("%Y%m%d")),
                format!("UID:{uid}"),
                "END:VEVENT\r\n".to_owned(),
            ];
            out.push_str(&lines.join("\r\n"));
        };
        let far = today + Days::new(FAR);
        match self.dialect {
            Dialect::NightSet => {
                let all: Nights = self
                    .reservations
                    .iter()
                    .map(|reservation| reservation.dates)
                    .collect();
                for run in all.within(Dates::ahead(today, FAR)).runs() {
                    event(format!("{}@booking.com", run.from()), run.from(), run.to());
                }
                event("horizon@booking.com".to_owned(), far, far + Days::new(100));
            }
            Dialect::StableUid => {
                for Reservation { id, dates } in &self.reservations {
                    event(
                        format!("1418fb94e984-{id}\r\n @airbnb.com"),
                        dates.from(),
                        dates.to(),
                    );
                    // A day to clean, which may be the first of the next guest's.
                    event(
                        format!("7f662ec65913-{}@airbnb.com", dates.to()),
                        dates.to(),
                        dates.to() + Days::new(1),
                    );
                }
                event(
                    format!("7f662ec65913-{far}@airbnb.com"),
                    far,
                    far + Days::new(365),
                );
            }
        }
        out + "END:VCALENDAR\r\n"
    }
}
