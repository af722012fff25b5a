//! Answers in the two dialects spoken here: Channex's error envelope and the control API's.

use poem::Response;
use poem::http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};

pub(crate) fn json(status: StatusCode, body: impl Serialize) -> Response {
    match serde_json::to_vec(&body) {
        Ok(bytes) => Response::builder()
            .status(status)
            .content_type("application/json")
            .body(bytes),
        Err(error) => Response::builder()
            .status(StatusCode::INTERNAL_SERVER_ERROR)
            .body(error.to_string()),
    }
}

pub(crate) fn ok(body: impl Serialize) -> Response {
    json(StatusCode::OK, body)
}

fn channex(status: StatusCode, code: &str, title: &str, details: Option<Value>) -> Response {
    let mut errors = json!({ "code": code, "title": title });
    if let (Some(details), Some(map)) = (details, errors.as_object_mut()) {
        map.insert("details".to_owned(), details);
    }
    json(status, json!({ "errors": errors }))
}

pub(crate) fn unauthorized() -> Response {
    channex(StatusCode::UNAUTHORIZED, "unauthorized", "Unauthorized", None)
}

pub(crate) fn not_found() -> Response {
    channex(
        StatusCode::NOT_FOUND,
        "resource_not_found",
        "Resource Not Found",
        None,
    )
}

pub(crate) fn bad_request(detail: &str) -> Response {
    channex(
        StatusCode::BAD_REQUEST,
        "bad_request",
        "Bad Request",
        Some(json!([detail])),
    )
}

pub(crate) fn validation_error(details: Value) -> Response {
    channex(
        StatusCode::UNPROCESSABLE_ENTITY,
        "validation_error",
        "Validation Error",
        Some(details),
    )
}

pub(crate) fn too_many_requests() -> Response {
    channex(
        StatusCode::TOO_MANY_REQUESTS,
        "http_too_many_requests",
        "Too Many Requests",
        None,
    )
}

pub(crate) fn too_large() -> Response {
    channex(
        StatusCode::PAYLOAD_TOO_LARGE,
        "payload_too_large",
        "Payload Too Large",
        None,
    )
}

/// The control API's errors: a stable code and what went wrong, for the person at the controls.
pub(crate) fn refused(status: StatusCode, code: &str, reasons: &[String]) -> Response {
    json(status, json!({ "error": code, "reasons": reasons }))
}

pub(crate) fn unknown(what: &str) -> Response {
    refused(StatusCode::NOT_FOUND, "not_found", &[format!("unknown {what}")])
}
