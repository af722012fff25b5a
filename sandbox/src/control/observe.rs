//! Looking on: revisions with their acknowledgements, and the journal of pushes.

use chrono::{DateTime, Utc};
use poem::http::StatusCode;
use poem::web::{Data, Query};
use poem::{Response, handler};
use serde::Deserialize;
use serde_json::json;

use crate::journal::{Filter, Since};
use crate::reply;
use crate::state::Sandbox;

#[derive(Debug, Deserialize)]
pub(crate) struct RevisionsQuery {
    property_id: Option<String>,
}

#[handler]
pub(crate) fn revisions(Data(sandbox): Data<&Sandbox>, Query(query): Query<RevisionsQuery>) -> Response {
    let revisions = sandbox.world().ledger.inside_views(query.property_id.as_deref());
    reply::ok(json!({ "revisions": revisions }))
}

#[derive(Debug, Deserialize)]
pub(crate) struct CallsQuery {
    property_id: Option<String>,
    /// A sequence number (exclusive) or an RFC 3339 time (inclusive).
    since: Option<String>,
    #[serde(default = "yes")]
    bodies: bool,
}

fn yes() -> bool {
    true
}

#[handler]
pub(crate) fn calls(Data(sandbox): Data<&Sandbox>, Query(query): Query<CallsQuery>) -> Response {
    let since = match query.since.as_deref().map(since) {
        None => Since::Start,
        Some(Some(since)) => since,
        Some(None) => {
            let reason = "since is a sequence number or an RFC 3339 time".to_owned();
            return reply::refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid", &[reason]);
        }
    };
    let filter = Filter {
        property_id: query.property_id.as_deref(),
        since,
        bodies: query.bodies,
    };
    let calls = sandbox.world().journal.list(&filter);
    reply::ok(json!({ "calls": calls }))
}

fn since(text: &str) -> Option<Since> {
    let sequence = text.parse().ok().map(Since::Sequence);
    // A `+` of an offset arrives as a blank when the client did not encode it.
    let moment = || {
        text.replace(' ', "+")
            .parse::<DateTime<Utc>>()
            .ok()
            .map(Since::Moment)
    };
    sequence.or_else(moment)
}
