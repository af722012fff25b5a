//! Changes of availability and rates, posted to the seller's endpoint and signed as its bookings are.

use super::answer;
use super::ari::{Availability, Message, Rate};
use crate::outbound::{Bytes, HeaderValue, Method, Outbound, Request, header};
use crate::standard_webhooks as webhooks;
use async_trait::async_trait;
use chrono::SecondsFormat;
use innkeep_domain::clock::Clock;
use innkeep_domain::ports::channel::{
    Access, AriSink, AvailabilityRange, ChannelError, PushReport, RateRange,
};
use serde::Serialize;
use uuid::Uuid;

/// A value with every field is about 250 bytes, so a message stays below 256 KB: what a small server takes.
const RANGES_PER_CALL: usize = 1_000;

pub(super) struct Sink {
    pub outbound: Outbound,
    pub clock: Clock,
}

impl Sink {
    async fn post(
        &self,
        access: &Access,
        kind: &'static str,
        values: Vec<impl Serialize + Send>,
    ) -> Result<PushReport, ChannelError> {
        let sent = values.len();
        if sent > RANGES_PER_CALL {
            let detail = format!("more than {RANGES_PER_CALL} ranges");
            return Err(answer::ours("too_many_ranges", detail));
        }
        let request = self.request(access, kind, values)?;
        let answer = self.outbound.send(request).await.map_err(answer::undelivered)?;
        if !answer.status.is_success() {
            let wait = answer.headers.get(header::RETRY_AFTER);
            let wait = wait.and_then(|value| value.to_str().ok());
            let body = answer.body.unwrap_or_default();
            return Err(answer::failure(answer.status.as_u16(), wait, &body));
        }
        let body = answer
            .body
            .map_err(|error| ChannelError::Unknown(error.to_string()))?;
        answer::success(&body, sent)
    }

    fn request(
        &self,
        access: &Access,
        kind: &'static str,
        values: Vec<impl Serialize>,
    ) -> Result<Request<Bytes>, ChannelError> {
        let invalid = |error: String| answer::ours("invalid_request", error);
        let (id, now) = (format!("msg_{}", Uuid::new_v4().simple()), self.clock.now());
        let message = Message {
            kind,
            id: &id,
            timestamp: now.to_rfc3339_opts(SecondsFormat::Secs, true),
            property: &access.property,
            values,
        };
        let body = serde_json::to_vec(&message).map_err(|error| invalid(error.to_string()))?;
        let signatures = access.signing_secrets.iter();
        let signatures: Vec<String> = signatures
            .filter_map(|secret| webhooks::sign(secret, &id, now, &body).ok())
            .collect();
        if signatures.is_empty() {
            let detail = "the connection has no usable signing secret".to_owned();
            return Err(answer::ours("no_secret", detail));
        }
        Request::builder()
            .method(Method::POST)
            .uri(&access.base_url)
            .header(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .header(webhooks::ID, &id)
            .header(webhooks::TIMESTAMP, now.timestamp())
            .header(webhooks::SIGNATURE, signatures.join(" "))
            .body(body.into())
            .map_err(|error| invalid(error.to_string()))
    }
}

#[async_trait]
impl AriSink for Sink {
    async fn push_availability(
        &self,
        access: &Access,
        ranges: &[AvailabilityRange],
    ) -> Result<PushReport, ChannelError> {
        let values: Vec<Availability<'_>> = ranges.iter().map(Into::into).collect();
        self.counted(access, "ari.availability", values).await
    }

    async fn push_rates(&self, access: &Access, ranges: &[RateRange]) -> Result<PushReport, ChannelError> {
        let values: Vec<Rate<'_>> = ranges.iter().map(Into::into).collect();
        self.counted(access, "ari.rates", values).await
    }

    fn ranges_per_call(&self) -> usize {
        RANGES_PER_CALL
    }
}

impl Sink {
    async fn counted(
        &self,
        access: &Access,
        kind: &'static str,
        values: Vec<impl Serialize + Send>,
    ) -> Result<PushReport, ChannelError> {
        let result = self.post(access, kind, values).await;
        let outcome = if result.is_ok() { "answered" } else { "failed" };
        metrics::counter!("channel_calls_total", "protocol" => super::NAME, "operation" => kind, "outcome" => outcome)
            .increment(1);
        if let Err(error) = &result {
            tracing::warn!(%error, kind, property = access.property, "channel.call");
        }
        result
    }
}
