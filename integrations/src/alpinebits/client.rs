//! Calls to a portal: form, log-in, and what an answer or its absence means. What was agreed on in the last handshake is
//! remembered for a while.

use super::action::Action;
use super::capability::Capability;
use super::handshake::{self, Offer, Ping};
use super::outcome;
use super::verdict::Agreed;
use super::version::Version;
use crate::outbound::{self, Bytes, HeaderValue, Method, Outbound, Request, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use innkeep_domain::ports::channel::{Access, ChannelError};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// What we do as a client.
const ACTIONS: [Action; 6] = [
    Action::Handshake,
    Action::FreeRooms,
    Action::RatePlans,
    Action::Inventory,
    Action::GuestRequests,
    Action::StatusUpdate,
];
const CAPABILITIES: [Capability; 12] = [
    Capability::Categories,
    Capability::Deltas,
    Capability::CompleteSet,
    Capability::ClosingSeasons,
    Capability::UseRooms,
    Capability::Overlay,
    Capability::BookingRule,
    Capability::RoomTypeBookingRule,
    Capability::MixedBookingRule,
    Capability::ArrivalDow,
    Capability::DepartureDow,
    Capability::ReadRoomRates,
];
/// How long an agreement is trusted. A portal that refuses is asked anew before the next call.
const TRUSTED: Duration = Duration::from_secs(3600);
/// Agreements remembered; beyond it all are asked for again.
const MOST_KNOWN: usize = 10_000;

pub(super) struct Client {
    outbound: Outbound,
    /// By a hash of address, log-in and hotel.
    known: Mutex<HashMap<[u8; 32], Known>>,
}

struct Known {
    offer: Offer,
    until: Instant,
}

impl Client {
    pub(super) fn new(outbound: Outbound) -> Self {
        Self {
            outbound,
            known: Mutex::default(),
        }
    }

    /// In the newest version that both speak; none when the portal does not take part in this action.
    pub(super) async fn agreed(
        &self,
        access: &Access,
        action: Action,
    ) -> Result<Option<Agreed>, ChannelError> {
        let offer = self.offer(access).await?;
        let mut versions = Version::ALL.into_iter().rev();
        Ok(versions.find_map(|version| offer.agreed(version, action)))
    }

    /// The answer's text, to a message that follows what was agreed on.
    pub(super) async fn ask(
        &self,
        access: &Access,
        version: Version,
        action: Action,
        message: &str,
    ) -> Result<Bytes, ChannelError> {
        let answered = self.exchange(access, version, action, message).await;
        if let Err(ChannelError::Refused { .. }) = &answered {
            self.forget(access);
        }
        answered
    }

    /// After a refusal: perhaps the portal has learned or unlearned something.
    pub(super) fn forget(&self, access: &Access) {
        self.memory().remove(&key(access));
    }

    async fn offer(&self, access: &Access) -> Result<Offer, ChannelError> {
        let key = key(access);
        if let Some(known) = self
            .memory()
            .get(&key)
            .filter(|known| known.until > Instant::now())
        {
            return Ok(known.offer.clone());
        }
        let ours = Offer::new(&ACTIONS, &CAPABILITIES);
        let ping = Ping::request(&ours).map_err(|error| outcome::ours("handshake", error.to_string()))?;
        let answer = self.greet(access, &ping).await?;
        let theirs = handshake::agreed(&answer).map_err(|refusal| outcome::unreadable(&refusal))?;
        let offer = ours.intersection(&theirs);
        let mut memory = self.memory();
        if memory.len() >= MOST_KNOWN {
            memory.clear();
        }
        let until = Instant::now() + TRUSTED;
        let known = Known {
            offer: offer.clone(),
            until,
        };
        memory.insert(key, known);
        Ok(offer)
    }

    /// Every request names a version, a handshake too, although its message is the same in all. A portal may look at
    /// nothing else before it refuses: then it is asked in the version before.
    async fn greet(&self, access: &Access, ping: &str) -> Result<Bytes, ChannelError> {
        let mut refused = None;
        for version in Version::ALL.into_iter().rev() {
            match self.exchange(access, version, Action::Handshake, ping).await {
                Err(error @ ChannelError::Refused { status: 400, .. }) => refused = refused.or(Some(error)),
                answered => return answered,
            }
        }
        Err(refused.unwrap_or_else(|| outcome::ours("handshake", "no version is spoken".to_owned())))
    }

    async fn exchange(
        &self,
        access: &Access,
        version: Version,
        action: Action,
        message: &str,
    ) -> Result<Bytes, ChannelError> {
        let result = match request(access, version, action, message) {
            Ok(request) => self.answer(request).await,
            Err(error) => Err(error),
        };
        let outcome = result.as_ref().map_or_else(outcome::name, |_| "answered");
        let operation = action.parameter();
        metrics::counter!("channel_calls_total", "protocol" => super::NAME, "operation" => operation, "outcome" => outcome)
            .increment(1);
        if let Err(error) = &result {
            tracing::warn!(%error, operation, property = access.property, "channel.call");
        }
        result
    }

    async fn answer(&self, request: Request<Bytes>) -> Result<Bytes, ChannelError> {
        let answer = self.outbound.send(request).await.map_err(outcome::undelivered)?;
        let status = answer.status.as_u16();
        if !answer.status.is_success() {
            let wait = answer
                .headers
                .get(header::RETRY_AFTER)
                .and_then(|v| v.to_str().ok());
            // The status decides; a body that broke off only takes the explanation away.
            return Err(outcome::failure(status, wait, &answer.body.unwrap_or_default()));
        }
        let body = answer
            .body
            .map_err(|error| ChannelError::Unknown(error.to_string()))?;
        if body.starts_with(b"ERROR:") {
            return Err(outcome::failure(status, None, &body));
        }
        Ok(body)
    }

    fn memory(&self) -> MutexGuard<'_, HashMap<[u8; 32], Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(access: &Access) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in [&access.base_url, &access.api_key, &access.property] {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// `multipart/form-data` of `action` and `request` (RFC 7578), logged in by HTTP Basic (RFC 7617).
fn request(
    access: &Access,
    version: Version,
    action: Action,
    message: &str,
) -> Result<Request<Bytes>, ChannelError> {
    let url = outbound::read(&access.base_url).map_err(outcome::address_refused)?;
    let boundary = boundary(message);
    let mut body = String::with_capacity(message.len() + 400);
    for (name, value) in [("action", action.parameter()), ("request", message)] {
        let _ = write!(
            body,
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        );
    }
    let _ = write!(body, "--{boundary}--\r\n");
    let wrong = |_| outcome::ours("invalid_api_key", "the log-in cannot be a header".to_owned());
    let log_in = format!("Basic {}", STANDARD.encode(&access.api_key));
    let mut log_in = HeaderValue::from_str(&log_in).map_err(wrong)?;
    log_in.set_sensitive(true);
    let malformed = |_| outcome::address_refused(outbound::Refused::Malformed);
    Request::builder()
        .method(Method::POST)
        .uri(url.as_str())
        .header(
            header::CONTENT_TYPE,
            format!("multipart/form-data; boundary={boundary}"),
        )
        .header(header::AUTHORIZATION, log_in)
        .header("X-AlpineBits-ClientID", "Innkeep")
        .header("X-AlpineBits-ClientProtocolVersion", version.as_str())
        .body(body.into())
        .map_err(malformed)
}

/// Stands nowhere in the message: no text has its own hash in it.
fn boundary(message: &str) -> String {
    let hash = Sha256::digest(message);
    hash.iter()
        .take(16)
        .fold("innkeep-".to_owned(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}
