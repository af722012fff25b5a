//! Bookings posted to the hotel's hook: signed, three attempts each, and as late, as often or never as the faults have it.

use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use super::shop::Terms;
use super::signature;
use crate::clock;
use crate::state::Sandbox;

const ATTEMPTS: usize = 3;
const PAUSE: Duration = Duration::from_millis(250);

/// A copy is the same message once more, by whose id the hotel knows it.
#[derive(Clone)]
struct Message {
    id: String,
    terms: Terms,
    body: String,
}

/// Posts the booking as it stands, and says what the hotel answered to the first copy; one that a fault holds up is still
/// on its way then.
pub(super) async fn announce(sandbox: &Sandbox, shop: &str, booking: &str, event: &str) -> Value {
    let Some((message, copies)) = prepared(sandbox, shop, booking, event) else {
        return Value::Null;
    };
    let mut first = None;
    for delay in copies {
        let answer = if delay.is_zero() {
            post(sandbox, &message).await
        } else {
            tokio::spawn(post_later(sandbox.clone(), message.clone(), delay));
            json!({ "delayed": true })
        };
        first.get_or_insert(answer);
    }
    first.unwrap_or_else(|| json!({ "error": "dropped by a fault" }))
}

/// The booking's next revision, and when each copy of it leaves.
fn prepared(sandbox: &Sandbox, shop: &str, booking: &str, event: &str) -> Option<(Message, Vec<Duration>)> {
    let world = &mut *sandbox.world();
    let now = world.now();
    let shop = world.shops.get_mut(shop)?;
    shop.revisions += 1;
    let snapshot = shop.bookings.get_mut(booking)?;
    snapshot["revision"] = json!(shop.revisions.to_string());
    snapshot["revised_at"] = json!(clock::rfc3339(now));
    let message = Message {
        id: format!("msg_{}", Uuid::new_v4().simple()),
        terms: shop.terms.clone(),
        body: json!({ "event": event, "booking": snapshot }).to_string(),
    };
    Some((message, world.webhook_copies()))
}

async fn post_later(sandbox: Sandbox, message: Message, delay: Duration) {
    tokio::time::sleep(delay).await;
    post(&sandbox, &message).await;
}

/// Signed when it leaves: a hotel takes no signature that is minutes old. Says what was answered to the last attempt.
async fn post(sandbox: &Sandbox, message: &Message) -> Value {
    let timestamp = sandbox.now().timestamp();
    let terms = &message.terms;
    let signature = signature::sign(&terms.secret, &message.id, timestamp, message.body.as_bytes());
    let Some(signature) = signature else {
        return json!({ "error": "the secret is none" });
    };
    let mut answer = Value::Null;
    for _ in 0..ATTEMPTS {
        let request = sandbox.http().post(&terms.hook_url);
        let request = request
            .header("webhook-id", &message.id)
            .header("webhook-timestamp", timestamp.to_string())
            .header("webhook-signature", &signature)
            .header("content-type", "application/json");
        answer = match request.body(message.body.clone()).send().await {
            Ok(response) if response.status().is_server_error() => {
                json!({ "status": response.status().as_u16() })
            }
            Ok(response) => return json!({ "status": response.status().as_u16() }),
            Err(error) => json!({ "error": error.to_string() }),
        };
        tokio::time::sleep(PAUSE).await;
    }
    answer
}
