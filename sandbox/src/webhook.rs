//! Webhooks: sent beside the answer, a few attempts each, unsigned as Channex's are.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context;
use serde_json::{Value, json};

use crate::clock;
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
    revision_id: String,
    body: String,
}

/// Starts the deliveries of a revision's webhook and returns at once.
pub(crate) fn announce(sandbox: &Sandbox, revision: &Revision) {
    let (target, copies, dropped, delays) = {
        let world = &mut *sandbox.world();
        let target = world.property(&revision.property_id).and_then(|property| {
            let url = property.spec.webhook_url.clone()?;
            Some((url, property.spec.webhook_headers.clone()))
        });
        let copies = 1 + world.faults.duplicate_webhooks;
        let dropped = world.dice.chance(world.faults.webhook_drop_rate);
        let delay_ms = world.faults.webhook_delay_ms;
        let delays: Vec<Duration> = (0..copies).map(|_| world.dice.duration(delay_ms)).collect();
        (target, copies, dropped, delays)
    };
    let Some((url, headers)) = target else {
        return;
    };
    if dropped {
        let note = json!({ "time": clock::rfc3339(clock::now()), "error": "dropped by a fault" });
        sandbox.world().ledger.note_webhook(&revision.id, note);
        return;
    }
    tracing::debug!(revision_id = revision.id, copies, "webhook.announce");
    let body = payload(revision).to_string();
    for delay in delays {
        let delivery = Delivery {
            url: url.clone(),
            headers: headers.clone(),
            revision_id: revision.id.clone(),
            body: body.clone(),
        };
        tokio::spawn(deliver(sandbox.clone(), delivery, delay));
    }
}

fn payload(revision: &Revision) -> Value {
    let event = match revision.status.as_str() {
        "modified" => "booking_modification",
        "cancelled" => "booking_cancellation",
        _ => "booking_new",
    };
    json!({
        "event": event,
        "property_id": revision.property_id,
        "user_id": null,
        "timestamp": clock::rfc3339(clock::now()),
        "payload": {
            "booking_id": revision.booking_id,
            "property_id": revision.property_id,
            "revision_id": revision.id,
        },
    })
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
        sandbox.world().ledger.note_webhook(&delivery.revision_id, note);
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
