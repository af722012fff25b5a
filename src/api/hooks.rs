//! `POST /hooks/channels/{token}`: what channels tell us. A signed message is stored before it is answered; an unsigned
//! one is believed in nothing but that it is time to look. `GET .../ari` (`ari`) tells sellers what they may sell.

mod ari;

pub use ari::HookAri;

use crate::api::error::ApiError;
use crate::api::{ApiResult, Tag};
use crate::app::{App, Shared};
use chrono::{DateTime, Utc};
use innkeep_domain::channel::connection::{self, Connection};
use innkeep_domain::channel::{correspondence, endpoint, inbox};
use innkeep_domain::db::TenantTx;
use innkeep_domain::jobs;
use innkeep_domain::ports::channel::{RawMessage, Unreadable};
use innkeep_domain::{Refusal, TenantId};
use innkeep_integrations::standard_webhooks::{self, Headers};
use innkeep_integrations::{alpinebits, open_webhook, redact};
use poem::http::StatusCode;
use poem::web::Data;
use poem_openapi::param::{Header, Path};
use poem_openapi::payload::{Binary, Json};
use poem_openapi::{ApiResponse, Object, OpenApi};
use uuid::Uuid;

/// Longest message id we keep.
const LONGEST_ID: usize = 200;

pub struct Hooks;

#[derive(Object)]
struct Receipt {
    /// `stored`, or `noted` when it only made us look.
    status: String,
}

#[derive(ApiResponse)]
enum Received {
    /// It is ours now: do not send it again.
    #[oai(status = 202)]
    Yes(Json<Receipt>),
}

#[OpenApi(prefix_path = "/hooks/channels", tag = "Tag::Channels")]
impl Hooks {
    /// Receive a channel's message
    ///
    /// The path is the one given when the connection was made. Connections that sign (Standard Webhooks) must send
    /// `webhook-id`, `webhook-timestamp` and `webhook-signature`; the same id is stored once.
    #[oai(path = "/:token", method = "post", operation_id = "receive_channel_message")]
    async fn receive(
        &self,
        app: Data<&Shared>,
        token: Path<String>,
        #[oai(name = "webhook-id")] id: Header<Option<String>>,
        #[oai(name = "webhook-timestamp")] timestamp: Header<Option<String>>,
        #[oai(name = "webhook-signature")] signature: Header<Option<String>>,
        body: Binary<Vec<u8>>,
    ) -> ApiResult<Received> {
        let (tenant, connection_id) = find(&app, &token.0).await?;
        let mut tx = app.db.begin(tenant).await?;
        let connection = connection::get(&mut tx, connection_id).await?;
        let status = if connection.protocol == open_webhook::NAME {
            let headers = Headers {
                id: id.as_deref(),
                timestamp: timestamp.as_deref(),
                signature: signature.as_deref(),
            };
            store(&app, &mut tx, &connection, headers, &body.0).await?;
            "stored"
        } else if connection.protocol == alpinebits::NAME {
            // What it was given is a password, not an address.
            return Err(Refusal::not_found("channel endpoint").into());
        } else {
            look(&mut tx, connection_id, &body.0, app.now()).await?;
            "noted"
        };
        tx.commit().await?;
        Ok(Received::Yes(Json(Receipt {
            status: status.into(),
        })))
    }
}

/// What it says has happened decides where we look; what it says of it is not believed.
async fn look(tx: &mut TenantTx, connection: Uuid, body: &[u8], now: DateTime<Utc>) -> ApiResult<()> {
    let said: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let event = said
        .as_ref()
        .and_then(|said| said["event"].as_str())
        .unwrap_or_default();
    if event.starts_with("message") || event.contains("review") {
        return Ok(correspondence::talk_now(tx, connection, now).await?);
    }
    // Of availability and rates that we told it.
    if event == "ari" {
        return Ok(());
    }
    Ok(inbox::poll_now(tx, connection, now).await?)
}

async fn find(app: &App, token: &str) -> ApiResult<(TenantId, Uuid)> {
    let mut tx = app.db.begin_platform().await?;
    let found = endpoint::find(&mut tx, token).await?;
    tx.commit().await?;
    Ok(found.ok_or_else(|| Refusal::not_found("channel endpoint"))?)
}

async fn store(
    app: &App,
    tx: &mut TenantTx,
    connection: &Connection,
    headers: Headers<'_>,
    body: &[u8],
) -> ApiResult<()> {
    let now = app.now();
    standard_webhooks::verify(&connection.webhook_secrets(now), headers, body, now)
        .map_err(|e| Refusal::unauthenticated("invalid_signature", e.to_string()))?;
    let message_id = headers.id.unwrap_or_default().to_owned();
    if message_id.len() > LONGEST_ID {
        return Err(ApiError::parameter(
            "webhook-id",
            format!("at most {LONGEST_ID} characters"),
        ));
    }
    // Card data must not be kept, so what cannot be searched for it cannot be taken.
    let raw = std::str::from_utf8(body).ok().and_then(redact::json);
    let raw =
        raw.ok_or_else(|| ApiError::new(StatusCode::BAD_REQUEST, "invalid_body", "the body is not JSON"))?;
    // A sender can mend a message while it still knows it; once stored, only a person here could.
    if let Some(protocol) = app.protocols.get(open_webhook::NAME) {
        let unreadable = |e: Unreadable| Refusal::invalid("unreadable_message", e.0);
        protocol.reader.read(&raw).map_err(unreadable)?;
    }
    let new = inbox::receive(tx, connection.id, &[RawMessage { message_id, raw }], now).await?;
    if new > 0 {
        jobs::kick(tx).await?;
    }
    Ok(())
}
