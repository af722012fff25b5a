//! `GET /sandbox/beside`, and which Innkeeps it asks.

use poem::http::StatusCode;
use poem::web::{Data, Json, Query};
use poem::{Response, handler};
use serde_json::{Value, json};

use super::{Innkeep, Range, compared};
use crate::clock;
use crate::reply;
use crate::state::Sandbox;

/// A key each.
const MOST: usize = 10;

/// An Innkeep that does not answer says so, and the others are shown.
#[handler]
pub(super) async fn compare(Data(sandbox): Data<&Sandbox>, Query(range): Query<Range>) -> Response {
    let known = sandbox.innkeeps().clone();
    let mut all = Vec::new();
    for innkeep in &known {
        all.push(match compared(sandbox, innkeep, range).await {
            Ok(connections) => json!({ "url": innkeep.url, "connections": connections }),
            Err(error) => json!({ "url": innkeep.url, "error": error, "connections": [] }),
        });
    }
    reply::ok(json!({ "at": clock::rfc3339(clock::now()), "innkeeps": all }))
}

/// One more; the same key again is no other.
#[handler]
pub(super) fn add(Data(sandbox): Data<&Sandbox>, Json(innkeep): Json<Innkeep>) -> Response {
    let web = ["http://", "https://"]
        .iter()
        .any(|scheme| innkeep.url.starts_with(scheme));
    let printable = innkeep.api_key.bytes().all(|byte| byte.is_ascii_graphic());
    if !web || innkeep.api_key.is_empty() || !printable {
        return invalid("url is an address of the web, and api_key a key of that Innkeep");
    }
    let mut known = sandbox.innkeeps();
    known.retain(|other| other.api_key != innkeep.api_key);
    if known.len() >= MOST {
        return invalid(&format!("at most {MOST}"));
    }
    known.push(innkeep);
    reply::json(StatusCode::CREATED, urls(&known))
}

/// Their addresses; keys are not shown.
#[handler]
pub(super) fn list(Data(sandbox): Data<&Sandbox>) -> Response {
    reply::ok(urls(&sandbox.innkeeps()))
}

#[handler]
pub(super) fn forget(Data(sandbox): Data<&Sandbox>) -> Response {
    sandbox.innkeeps().clear();
    reply::ok(urls(&[]))
}

fn urls(known: &[Innkeep]) -> Value {
    let urls: Vec<&str> = known.iter().map(|innkeep| innkeep.url.as_str()).collect();
    json!({ "innkeeps": urls })
}

fn invalid(reason: &str) -> Response {
    reply::refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid", &[reason.to_owned()])
}
