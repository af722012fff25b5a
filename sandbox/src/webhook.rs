//! Webhooks: sent beside the answer, a few attempts each, unsigned as Channex's are.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context;
use serde_json::{Value, json};

use crate::clock;
use crate::property::Property;
use crate::revision::Revision;
use crate::state::Sandbox;

const TIMEOUT: Duration = Duration::from_secs(5);
const PAUSES: [Duration; 3] = [
    Duration::from_millis(250),
    Duration::from_secs(1),
    Duration::from_secs(5),
];

/// The only HTTP client of the sandbox.
pub(crate) fn client() -> anyhow::Result<reqwest::Client> {
    let builder = reqwest::Client::builder()
        .connect_timeout(TIMEOUT)
        .timeout(TIMEOUT)
        .no_proxy();
    builder
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .context("cannot build the webhook client")
}

struct Delivery {
    url: String,
    headers: BTreeMap<String, String>,
    /// Whose notes its attempts go to.
    revision_id: Option<String>,
    body: String,
}

/// Starts the deliveries of a revision's webhook and returns at once.
pub(crate) fn announce(sandbox: &Sandbox, revision: &Revision) {
    let event = match revision.status.as_str() {
        "modified" => "booking_modification",
        "cancelled" => "booking_cancellation",
        _ => "booking_new",
    };
    let payload = json!({
        "booking_id": revision.booking_id,
        "property_id": revision.property_id,
        "revision_id": revision.id,
    });
    call(
        sandbox,
        &revision.property_id,
        event,
        &payload,
        Some(&revision.id),
    );
}

/// The same for what is not about a booking.
pub(crate) fn say(sandbox: &Sandbox, property_id: &str, event: &str, payload: Value) {
    call(sandbox, property_id, event, &payload, None);
}

fn call(sandbox: &Sandbox, property_id: &str, event: &str, payload: &Value, revision: Option<&str>) {
    let mut deliveries = Vec::new();
    {
        let world = &mut *sandbox.world();
        for (url, headers, send_data) in targets(world.property(property_id), event) {
            let mut body = json!({ "event": event, "property_id": property_id, "user_id": null,
                                   "timestamp": clock::rfc3339(world.now()) });
            if send_data {
                body["payload"] = payload.clone();
            }
            let copies = world.webhook_copies();
            if copies.is_empty() {
                let note = json!({ "time": clock::rfc3339(clock::now()), "error": "dropped by a fault" });
                if let Some(id) = revision {
                    world.ledger.note_webhook(id, note);
                }
                continue;
            }
            for delay in copies {
                let delivery = Delivery {
                    url: url.clone(),
                    headers: headers.clone(),
                    revision_id: revision.map(str::to_owned),
                    body: body.to_string(),
                };
                deliveries.push((delivery, delay));
            }
        }
    }
    tracing::debug!(event, copies = deliveries.len(), "webhook.announce");
    for (delivery, delay) in deliveries {
        tokio::spawn(deliver(sandbox.clone(), delivery, delay));
    }
}

/// The one the sandbox was told of, and those the PMS registered: address, headers, with data or without.
fn targets(property: Option<&Property>, event: &str) -> Vec<(String, BTreeMap<String, String>, bool)> {
    let Some(property) = property else {
        return Vec::new();
    };
    let spec = &property.spec;
    let told = spec.webhook_url.iter();
    let told = told.map(|url| (url.clone(), spec.webhook_headers.clone(), true));
    let registered = property.webhooks.iter().filter(|hook| hook.wants(event));
    told.chain(registered.map(|hook| (hook.url.clone(), hook.headers.clone(), hook.send_data)))
        .collect()
}

async fn deliver(sandbox: Sandbox, delivery: Delivery, delay: Duration) {
    tokio::time::sleep(delay).await;
    for pause in PAUSES.iter().map(Some).chain([None]) {
        let answer = attempt(sandbox.http(), &delivery).await;
        let time = clock::rfc3339(clock::now());
        let (delivered, note) = match answer {
            Ok(status) => (
                status.is_success(),
                json!({ "time": time, "status": status.as_u16() }),
            ),
            Err(error) => (false, json!({ "time": time, "error": error.to_string() })),
        };
        if let Some(id) = &delivery.revision_id {
            sandbox.world().ledger.note_webhook(id, note);
        }
        match pause {
            Some(pause) if !delivered => tokio::time::sleep(*pause).await,
            _ => return,
        }
    }
}

async fn attempt(client: &reqwest::Client, delivery: &Delivery) -> reqwest::Result<reqwest::StatusCode> {
    let mut request = client
        .post(&delivery.url)
        .header("content-type", "application/json");
    for (name, value) in &delivery.headers {
        request = request.header(name, value);
    }
    let response = request.body(delivery.body.clone()).send().await?;
    Ok(response.status())
}
