//! Channex's own endpoints.

mod ari_push;
mod ari_read;
mod desk;
mod properties;
mod query;
mod revisions;
mod rules;
mod setup;

use poem::{Route, get, post, put};

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
        .at("/booking_revisions", get(revisions::list))
        .at("/booking_revisions/feed", get(revisions::feed))
        .at("/booking_revisions/:id", get(revisions::one))
        .at("/booking_revisions/:id/ack", post(revisions::acknowledge))
        .at("/properties", get(properties::list).post(setup::create_property))
        .at("/properties/:id", get(properties::one))
        .at(
            "/room_types",
            get(properties::room_types).post(setup::create_room_type),
        )
        .at(
            "/rate_plans",
            get(properties::rate_plans).post(setup::create_rate_plan),
        )
        .at("/webhooks", get(setup::list_webhooks).post(setup::create_webhook))
        .at(
            "/channel_availability_rules",
            get(rules::list).post(rules::create),
        )
        .at(
            "/channel_availability_rules/:id",
            put(rules::replace).delete(rules::delete),
        )
        .at("/message_threads", get(desk::list_threads))
        .at(
            "/message_threads/:id/messages",
            get(desk::list_messages).post(desk::answer_thread),
        )
        .at("/reviews", get(desk::list_reviews))
        .at("/reviews/:id/reply", post(desk::reply_to_review))
}
