//! A portal of the Alps: an AlpineBits HotelData partner that hotels call at `/alpinebits`, with guests of its own. What
//! it knows of the standard is written down here a second time.

mod booking;
mod capabilities;
mod control;
mod door;
mod free_rooms;
mod guests;
mod hotel;
mod inventory;
mod message;
mod push;
mod rate_plans;
mod standings;

use poem::{Route, RouteMethod, get, post, put};

pub(crate) use hotel::Portal;

/// What hotels call.
pub(crate) fn door() -> RouteMethod {
    post(door::exchange)
}

/// For who plays its guests and looks at what it believes.
pub(crate) fn control() -> Route {
    Route::new()
        .at("/hotels/:code", put(control::upsert).get(control::show))
        .at("/hotels/:code/calendar", get(control::calendar))
        .at("/hotels/:code/inventory", get(control::inventory))
        .at("/hotels/:code/calls", get(control::calls))
        .at("/hotels/:code/forget", post(control::forget))
        .at(
            "/hotels/:code/reservations",
            post(control::sell).get(control::reservations),
        )
        .at("/hotels/:code/reservations/:id/modify", post(control::modify))
        .at("/hotels/:code/reservations/:id/cancel", post(control::cancel))
        .at(
            "/hotels/:code/reservations/:id/forget",
            post(control::forget_reservation),
        )
}
