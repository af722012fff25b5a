//! Channex's own endpoints.

mod ari_push;
mod ari_read;
mod properties;
mod query;
mod revisions;

use poem::{Route, get, post};

pub(crate) fn routes() -> Route {
    Route::new()
        .at(
            "/availability",
            post(ari_push::availability).get(ari_read::availability),
        )
        .at(
            "/restrictions",
            post(ari_push::restrictions).get(ari_read::restrictions),
        )
        .at("/booking_revisions/feed", get(revisions::feed))
        .at("/booking_revisions/:id", get(revisions::one))
        .at("/booking_revisions/:id/ack", post(revisions::acknowledge))
        .at("/properties", get(properties::list))
        .at("/properties/:id", get(properties::one))
        .at("/room_types", get(properties::room_types))
        .at("/rate_plans", get(properties::rate_plans))
}
