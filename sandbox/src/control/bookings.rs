//! Guests' acts and the replay of recorded ones.

use poem::http::StatusCode;
use poem::web::{Data, Json, Path};
use poem::{Response, handler};
use serde_json::{Value, json};

use crate::booking::{self, CancelRequest, Refusal, StayRequest, receipt};
use crate::fixtures;
use crate::replay::{MAX_MESSAGES, ReplayRequest};
use crate::reply;
use crate::revision::Revision;
use crate::state::Sandbox;
use crate::webhook;

#[handler]
pub(crate) async fn sell(
    Data(sandbox): Data<&Sandbox>,
    Path(property_id): Path<String>,
    Json(request): Json<StayRequest>,
) -> Response {
    let result = booking::sell(&mut sandbox.world(), &property_id, &request);
    answer(sandbox, StatusCode::CREATED, result)
}

#[handler]
pub(crate) async fn modify(
    Data(sandbox): Data<&Sandbox>,
    Path(booking_id): Path<String>,
    Json(request): Json<StayRequest>,
) -> Response {
    let result = booking::modify(&mut sandbox.world(), &booking_id, &request);
    answer(sandbox, StatusCode::OK, result)
}

/// The body may be empty.
#[handler]
pub(crate) async fn cancel(
    Data(sandbox): Data<&Sandbox>,
    Path(booking_id): Path<String>,
    body: Vec<u8>,
) -> Response {
    let request = if body.is_empty() {
        Ok(CancelRequest::default())
    } else {
        serde_json::from_slice(&body)
    };
    match request {
        Ok(request) => {
            let result = booking::cancel(&mut sandbox.world(), &booking_id, &request);
            answer(sandbox, StatusCode::OK, result)
        }
        Err(error) => reply::refused(StatusCode::BAD_REQUEST, "invalid", &[error.to_string()]),
    }
}

#[handler]
pub(crate) async fn replay(
    Data(sandbox): Data<&Sandbox>,
    Json(mut request): Json<ReplayRequest>,
) -> Response {
    let messages = match request.messages.take().map_or_else(fixtures::fixtures, Ok) {
        Ok(messages) if messages.len() <= MAX_MESSAGES => messages,
        Ok(_) => {
            return refuse_replay(
                StatusCode::UNPROCESSABLE_ENTITY,
                format!("at most {MAX_MESSAGES} messages"),
            );
        }
        Err(error) => return refuse_replay(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    };
    let replayed = crate::replay::replay(&mut sandbox.world(), &request, &messages);
    match replayed {
        Err((status, reason)) => refuse_replay(status, reason),
        Ok(revisions) => {
            for revision in &revisions {
                webhook::announce(sandbox, revision);
            }
            let receipts: Vec<Value> = revisions.iter().map(receipt).collect();
            reply::json(StatusCode::CREATED, json!({ "revisions": receipts }))
        }
    }
}

fn answer(sandbox: &Sandbox, status: StatusCode, result: Result<Revision, Refusal>) -> Response {
    match result {
        Ok(revision) => {
            webhook::announce(sandbox, &revision);
            reply::json(status, receipt(&revision))
        }
        Err(refusal) => refusal.into_response(),
    }
}

fn refuse_replay(status: StatusCode, reason: String) -> Response {
    reply::refused(status, "not_replayed", &[reason])
}
