//! The control API: who sits here plays the guests, sets the faults and sees everything.

mod bookings;
mod calendar;
mod desk;
mod faults;
mod guests;
mod observe;
mod properties;

use poem::{Route, delete, get, post, put};

pub(crate) use calendar::booked;

pub(crate) fn routes() -> Route {
    Route::new()
        .at("/properties", get(properties::list))
        .at("/properties/:id", put(properties::upsert))
        .at("/properties/:id/bookings", post(bookings::sell))
        .at("/properties/:id/calendar", get(calendar::calendar))
        .at("/bookings/:id/modify", post(bookings::modify))
        .at("/bookings/:id/cancel", post(bookings::cancel))
        .at("/properties/:id/threads", post(desk::open_thread))
        .at("/threads/:id/messages", post(desk::write_message))
        .at("/properties/:id/reviews", post(desk::write_review))
        .at("/replay", post(bookings::replay))
        .at("/revisions", get(observe::revisions))
        .at("/calls", get(observe::calls))
        .at("/faults", put(faults::set).get(faults::show))
        .at("/guests", put(guests::set).get(guests::show))
        .at("/state", delete(faults::reset))
}
