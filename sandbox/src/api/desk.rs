//! Message threads and reviews as a PMS reads and answers them.

use poem::web::{Data, Path, Query};
use poem::{Response, handler};
use serde_json::{Value, json};

use super::query::{Page, Parameters, property_id};
use crate::desk::{Sender, message_view};
use crate::reply;
use crate::state::Sandbox;

#[handler]
pub(crate) fn list_threads(Data(sandbox): Data<&Sandbox>, Query(parameters): Query<Parameters>) -> Response {
    let views = sandbox.world().desk.threads(property_id(&parameters));
    reply::ok(Page::of(&parameters).list(views))
}

#[handler]
pub(crate) fn list_messages(
    Data(sandbox): Data<&Sandbox>,
    Path(id): Path<String>,
    Query(parameters): Query<Parameters>,
) -> Response {
    match sandbox.world().desk.messages(&id) {
        Some(views) => reply::ok(Page::of(&parameters).list(views)),
        None => reply::not_found(),
    }
}

#[handler]
pub(crate) fn answer_thread(
    Data(sandbox): Data<&Sandbox>,
    Path(id): Path<String>,
    body: Vec<u8>,
) -> Response {
    let Some(text) = words(&body, "message") else {
        return reply::validation_error(json!({ "message": ["can't be blank"] }));
    };
    let world = &mut *sandbox.world();
    let now = world.now();
    match world.desk.write(&id, (Sender::Property, &text), now) {
        Some(message) => reply::ok(json!({ "data": message_view(&id, &message) })),
        None => reply::not_found(),
    }
}

#[handler]
pub(crate) fn list_reviews(Data(sandbox): Data<&Sandbox>, Query(parameters): Query<Parameters>) -> Response {
    let views = sandbox.world().desk.reviews(property_id(&parameters));
    reply::ok(Page::of(&parameters).list(views))
}

/// A review is replied to once.
#[handler]
pub(crate) fn reply_to_review(
    Data(sandbox): Data<&Sandbox>,
    Path(id): Path<String>,
    body: Vec<u8>,
) -> Response {
    let Some(text) = words(&body, "reply") else {
        return reply::validation_error(json!({ "reply": ["can't be blank"] }));
    };
    match sandbox.world().desk.reply(&id, &text) {
        Some(true) => reply::ok(json!({ "meta": { "message": "Success" } })),
        Some(false) => reply::validation_error(json!({ "reply": ["has already been sent"] })),
        None => reply::not_found(),
    }
}

/// `{"message": {"message": ".."}}`, `{"reply": {"reply": ".."}}`
fn words(body: &[u8], name: &str) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let text = body.get(name)?.get(name)?.as_str()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}
