//! The door to `/api/v1`: faults, the API key, and the journal of pushes; and the faults of other doors.

use std::sync::Arc;

use poem::error::ReadBodyError;
use poem::http::{Method, StatusCode};
use poem::{Endpoint, Request, Response};
use serde_json::{Value, json};

use crate::ari::{self, Kind, Outcome};
use crate::decide::Fate;
use crate::journal::Entry;
use crate::reply;
use crate::state::Sandbox;

/// Documented: 10 MB a call.
const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;

pub(crate) async fn pass<E: Endpoint>(next: Arc<E>, mut request: Request) -> poem::Result<Response> {
    let Some(sandbox) = request.data::<Sandbox>().cloned() else {
        return Err(StatusCode::INTERNAL_SERVER_ERROR.into());
    };
    let fate = fate(&sandbox).await;
    let peer = request.remote_addr().as_socket_addr().copied();
    let Ok(pushed) = pushed(&mut request).await else {
        return Ok(reply::too_large());
    };
    let response = match fate {
        Fate::Served | Fate::Unanswered { applied: true, .. } => serve(next, request, &sandbox).await,
        Fate::Failed(status) => gateway_page(status),
        Fate::Severed | Fate::Unanswered { applied: false, .. } => gateway_page(StatusCode::GATEWAY_TIMEOUT),
    };
    if let Some((kind, body)) = pushed {
        let entry = entry(kind, body, fate, &response);
        sandbox.world().journal.record(entry);
    }
    Ok(deliver(fate, response, &sandbox, peer).await)
}

/// The same luck for other protocols, who have a log-in and a journal of their own.
pub(crate) async fn luck<E: Endpoint>(next: Arc<E>, request: Request) -> poem::Result<Response> {
    let Some(sandbox) = request.data::<Sandbox>().cloned() else {
        return Err(StatusCode::INTERNAL_SERVER_ERROR.into());
    };
    let fate = fate(&sandbox).await;
    let peer = request.remote_addr().as_socket_addr().copied();
    let response = match fate {
        Fate::Served | Fate::Unanswered { applied: true, .. } => admitted(next, request, &sandbox).await,
        Fate::Failed(status) => gateway_page(status),
        Fate::Severed | Fate::Unanswered { applied: false, .. } => gateway_page(StatusCode::GATEWAY_TIMEOUT),
    };
    Ok(deliver(fate, response, &sandbox, peer).await)
}

/// Too many calls lately are not let in.
async fn admitted<E: Endpoint>(next: Arc<E>, request: Request, sandbox: &Sandbox) -> Response {
    let log_in = request.header("authorization").unwrap_or_default();
    let caller = format!("{} {log_in}", request.original_uri().path());
    let admitted = sandbox.world().admit_elsewhere(caller);
    if admitted {
        next.get_response(request).await
    } else {
        gateway_page(StatusCode::TOO_MANY_REQUESTS)
    }
}

/// What is in store for a request; its delay has passed.
async fn fate(sandbox: &Sandbox) -> Fate {
    let (fate, latency) = {
        let world = &mut *sandbox.world();
        (
            Fate::draw(&world.faults, &mut world.dice),
            world.dice.duration(world.faults.latency_ms),
        )
    };
    tokio::time::sleep(latency).await;
    fate
}

/// The body of a push, kept for the journal and put back for the handler.
async fn pushed(request: &mut Request) -> Result<Option<(Kind, String)>, ReadBodyError> {
    let Some(kind) = ari_kind(request) else {
        return Ok(None);
    };
    let bytes = request.take_body().into_bytes_limit(MAX_BODY_BYTES).await?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    request.set_body(bytes);
    Ok(Some((kind, text)))
}

fn entry(kind: Kind, body: String, fate: Fate, response: &Response) -> Entry {
    let outcome = response.data::<Outcome>().cloned();
    let outcome = outcome.unwrap_or_else(|| untouched(&body));
    let answered = matches!(fate, Fate::Served | Fate::Failed(_));
    let status = answered.then(|| response.status().as_u16());
    Entry {
        kind,
        outcome,
        status,
        fault: fate.name(),
        body,
    }
}

async fn serve<E: Endpoint>(next: Arc<E>, request: Request, sandbox: &Sandbox) -> Response {
    if sandbox.key_is_accepted(request.header("user-api-key")) {
        next.get_response(request).await
    } else {
        reply::unauthorized()
    }
}

async fn deliver(
    fate: Fate,
    response: Response,
    sandbox: &Sandbox,
    peer: Option<std::net::SocketAddr>,
) -> Response {
    let sever = || peer.map(|peer| sandbox.severed().sever(peer));
    match fate {
        Fate::Served | Fate::Failed(_) => response,
        Fate::Severed | Fate::Unanswered { sever: true, .. } => {
            sever();
            gateway_page(StatusCode::SERVICE_UNAVAILABLE)
        }
        Fate::Unanswered { hang, .. } => {
            tokio::time::sleep(hang).await;
            gateway_page(StatusCode::GATEWAY_TIMEOUT)
        }
    }
}

/// Gateways in front of an API answer HTML, and nothing in the API's own shape.
fn gateway_page(status: StatusCode) -> Response {
    let reason = status.canonical_reason().unwrap_or("Error");
    let page = format!("<html><body><h1>{} {reason}</h1></body></html>", status.as_u16());
    Response::builder()
        .status(status)
        .content_type("text/html")
        .body(page)
}

fn ari_kind(request: &Request) -> Option<Kind> {
    if request.method() != Method::POST {
        return None;
    }
    match request.original_uri().path() {
        "/api/v1/availability" => Some(Kind::Availability),
        "/api/v1/restrictions" => Some(Kind::Restrictions),
        _ => None,
    }
}

/// What a call meant that never reached its handler.
fn untouched(body: &str) -> Outcome {
    let body: Value = serde_json::from_str(body).unwrap_or_else(|_| json!({}));
    let values = body
        .get("values")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    Outcome {
        property_ids: ari::property_ids(values),
        values: values.len(),
        ..Outcome::default()
    }
}
