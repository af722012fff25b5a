//! Guests who write: a message, another one, a review.

use chrono::{DateTime, Utc};
use poem::http::StatusCode;
use poem::web::{Data, Json, Path};
use poem::{Response, handler};
use serde::Deserialize;
use serde_json::json;

use crate::desk::{Desk, Opening, Opinion, Sender};
use crate::reply;
use crate::state::Sandbox;
use crate::webhook;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewThread {
    title: String,
    #[serde(default)]
    booking_id: Option<String>,
    #[serde(default = "ota")]
    provider: String,
    message: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewMessage {
    message: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewReview {
    guest_name: String,
    content: String,
    #[serde(default = "ten")]
    score: f64,
    #[serde(default)]
    booking_id: Option<String>,
    #[serde(default = "ota")]
    provider: String,
}

fn ota() -> String {
    "BookingCom".to_owned()
}

fn ten() -> f64 {
    10.0
}

#[handler]
pub(crate) async fn open_thread(
    Data(sandbox): Data<&Sandbox>,
    Path(property_id): Path<String>,
    Json(new): Json<NewThread>,
) -> Response {
    if sandbox.world().property(&property_id).is_none() {
        return reply::unknown("property");
    }
    let opening = Opening {
        property_id: property_id.clone(),
        booking_id: new.booking_id,
        title: new.title,
        provider: new.provider,
        message: new.message,
    };
    let opened = at_desk(sandbox, |desk, now| desk.open(opening, now));
    told(sandbox, &property_id, "message", "thread_id", opened)
}

#[handler]
pub(crate) async fn write_message(
    Data(sandbox): Data<&Sandbox>,
    Path(thread): Path<String>,
    Json(new): Json<NewMessage>,
) -> Response {
    let Some(property_id) = sandbox.world().desk.property_of(&thread) else {
        return reply::unknown("thread");
    };
    let words = (Sender::Guest, new.message.as_str());
    let written = at_desk(sandbox, |desk, now| desk.write(&thread, words, now));
    told(
        sandbox,
        &property_id,
        "message",
        "thread_id",
        written.map(|_| thread),
    )
}

#[handler]
pub(crate) async fn write_review(
    Data(sandbox): Data<&Sandbox>,
    Path(property_id): Path<String>,
    Json(new): Json<NewReview>,
) -> Response {
    if sandbox.world().property(&property_id).is_none() {
        return reply::unknown("property");
    }
    let opinion = Opinion {
        property_id: property_id.clone(),
        booking_id: new.booking_id,
        guest_name: new.guest_name,
        content: new.content,
        score: new.score,
        provider: new.provider,
    };
    let written = at_desk(sandbox, |desk, now| desk.review(opinion, now));
    told(sandbox, &property_id, "review", "review_id", written)
}

/// Done by the channel's clock, and let go of before anybody is told.
fn at_desk<T>(sandbox: &Sandbox, act: impl FnOnce(&mut Desk, DateTime<Utc>) -> T) -> T {
    let world = &mut *sandbox.world();
    let now = world.now();
    act(&mut world.desk, now)
}

fn told(sandbox: &Sandbox, property_id: &str, event: &str, name: &str, made: Option<String>) -> Response {
    let Some(id) = made else {
        let reason = "no room for another".to_owned();
        return reply::refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid", &[reason]);
    };
    webhook::say(sandbox, property_id, event, json!({ "id": id }));
    reply::json(StatusCode::CREATED, json!({ name: id }))
}
