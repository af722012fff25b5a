//! Platforms that speak nothing but calendars (iCal): each listing shows one at `/ical/{listing}.ics`, in the manner of
//! Booking.com or of Airbnb, and reads the hotel's. Each oddity was measured on feeds of real listings over months.

mod control;
mod door;
mod listing;
mod manner;
mod read;
mod subscribe;
mod write;

use chrono::{Datelike, NaiveDate};
use poem::{Route, RouteMethod, get, post, put};
use serde::{Deserialize, Serialize};

pub(crate) use listing::{Closed, Listing};

/// What hotels read.
pub(crate) fn door() -> RouteMethod {
    get(door::show)
}

/// For who plays the guests and looks at what a listing believes.
pub(crate) fn control() -> Route {
    Route::new()
        .at("/", get(control::list))
        .at("/:id", put(control::upsert).get(control::show))
        .at("/:id/calendar", get(control::calendar))
        .at("/:id/refresh", post(control::refresh))
        .at("/:id/bookings", post(control::sell))
        .at("/:id/bookings/:booking/modify", post(control::modify))
        .at("/:id/bookings/:booking/cancel", post(control::cancel))
}

/// Nights from `from` on; the day of departure, `to`, is none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Dates {
    pub(crate) from: NaiveDate,
    pub(crate) to: NaiveDate,
}

impl Dates {
    pub(crate) fn nights(self) -> impl Iterator<Item = NaiveDate> {
        self.from.iter_days().take_while(move |night| *night < self.to)
    }

    /// From one night to a thousand.
    fn make_sense(self) -> bool {
        near(self.from) && (1..=1_000).contains(&(self.to - self.from).num_days())
    }
}

/// So that days can be added to it, and counted up to it.
fn near(day: NaiveDate) -> bool {
    (1970..3000).contains(&day.year())
}

/// What a calendar shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CalendarFault {
    /// A calendar without events, and 200.
    Empty,
    /// There is no such listing: 404.
    Vanished,
    /// What was shown last, whatever has happened since.
    Stale,
}
