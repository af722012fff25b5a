//! Changes of availability and rates, posted to the seller's endpoint and signed as its bookings are.

use super::answer;
use super::ari::{self, AvailabilityMessage, Head, MOST_VALUES, RatesMessage};
use crate::failure::address_refused;
use crate::outbound::{self, Bytes, HeaderValue, Method, Outbound, Request, header};
use crate::standard_webhooks as webhooks;
use async_trait::async_trait;
use innkeep_domain::clock::Clock;
use innkeep_domain::ports::channel::{
    Access, AriSink, AvailabilityRange, ChannelError, PushReport, RateRange,
};
use poem_openapi::types::ToJSON;

pub(super) struct Sink {
    pub outbound: Outbound,
    pub clock: Clock,
}

/// A message, and how many values are in it.
struct Draft<'a> {
    access: &'a Access,
    kind: &'static str,
    head: Head,
    values: usize,
}

impl Sink {
    async fn post(&self, draft: &Draft<'_>, message: &impl ToJSON) -> Result<PushReport, ChannelError> {
        if draft.values > MOST_VALUES {
            let detail = format!("more than {MOST_VALUES} values");
            return Err(answer::ours("too_many_ranges", detail));
        }
        let request = request(draft, message)?;
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
        answer::success(&body, draft.values)
    }

    async fn counted(&self, draft: &Draft<'_>, message: &impl ToJSON) -> Result<PushReport, ChannelError> {
        let (kind, result) = (draft.kind, self.post(draft, message).await);
        let outcome = if result.is_ok() { "answered" } else { "failed" };
        metrics::counter!("channel_calls_total", "protocol" => super::NAME, "operation" => kind, "outcome" => outcome)
            .increment(1);
        if let Err(error) = &result {
            tracing::warn!(%error, kind, property = draft.access.property, "channel.call");
        }
        result
    }
}

fn request(draft: &Draft<'_>, message: &impl ToJSON) -> Result<Request<Bytes>, ChannelError> {
    let invalid = |error: String| answer::ours("invalid_request", error);
    let (access, Head { id, at }) = (draft.access, &draft.head);
    let url = outbound::read(&access.base_url).map_err(address_refused)?;
    let body = serde_json::to_vec(&message.to_json()).map_err(|error| invalid(error.to_string()))?;
    let signatures = access.signing_secrets.iter();
    let signatures: Vec<String> = signatures
        .filter_map(|secret| webhooks::sign(secret, id, *at, &body).ok())
        .collect();
    if signatures.is_empty() {
        let detail = "the connection has no usable signing secret".to_owned();
        return Err(answer::ours("no_secret", detail));
    }
    Request::builder()
        .method(Method::POST)
        .uri(url.as_str())
        .header(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))
        .header(webhooks::ID, id)
        .header(webhooks::TIMESTAMP, at.timestamp())
        .header(webhooks::SIGNATURE, signatures.join(" "))
        .body(body.into())
        .map_err(|error| invalid(error.to_string()))
}

#[async_trait]
impl AriSink for Sink {
    async fn push_availability(
        &self,
        access: &Access,
        ranges: &[AvailabilityRange],
    ) -> Result<PushReport, ChannelError> {
        let head = Head::new(self.clock.now());
        let message = AvailabilityMessage::new(&head, access, ranges);
        let (kind, values) = (ari::AVAILABILITY, ranges.len());
        let draft = Draft {
            access,
            kind,
            head,
            values,
        };
        self.counted(&draft, &message).await
    }

    async fn push_rates(&self, access: &Access, ranges: &[RateRange]) -> Result<PushReport, ChannelError> {
        let head = Head::new(self.clock.now());
        let message = RatesMessage::new(&head, access, ranges);
        let (kind, values) = (ari::RATES, ranges.len());
        let draft = Draft {
            access,
            kind,
            head,
            values,
        };
        self.counted(&draft, &message).await
    }

    fn ranges_per_call(&self) -> usize {
        MOST_VALUES
    }
}
