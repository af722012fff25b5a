//! One call of the Channex API: address, key, bounded body, and what an answer or its absence means.

use super::answer;
use crate::outbound::{self, Bytes, HeaderValue, Method, Outbound, Refused, Request, Url, header};
use innkeep_domain::ports::channel::{Access, ChannelError};
use serde_json::Value;

/// Documented limit of one call.
pub(super) const LARGEST_CALL: usize = 10_000_000;

#[derive(Clone)]
pub(super) struct Api {
    outbound: Outbound,
}

impl Api {
    pub(super) fn new(outbound: Outbound) -> Self {
        Self { outbound }
    }

    pub(super) async fn get(
        &self,
        access: &Access,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Value, ChannelError> {
        let mut url = address(access, path)?;
        url.query_pairs_mut().extend_pairs(query);
        let request = request(access, Method::GET, &url, Vec::new())?;
        self.call(access, path, request).await
    }

    /// `body` is JSON text.
    pub(super) async fn post(
        &self,
        access: &Access,
        path: &[&str],
        body: Vec<u8>,
    ) -> Result<Value, ChannelError> {
        self.send(access, Method::POST, path, body).await
    }

    pub(super) async fn put(
        &self,
        access: &Access,
        path: &[&str],
        body: Vec<u8>,
    ) -> Result<Value, ChannelError> {
        self.send(access, Method::PUT, path, body).await
    }

    pub(super) async fn delete(&self, access: &Access, path: &[&str]) -> Result<Value, ChannelError> {
        let request = request(access, Method::DELETE, &address(access, path)?, Vec::new())?;
        self.call(access, path, request).await
    }

    async fn send(
        &self,
        access: &Access,
        method: Method,
        path: &[&str],
        body: Vec<u8>,
    ) -> Result<Value, ChannelError> {
        if body.len() > LARGEST_CALL {
            return Err(answer::ours(
                "payload_too_large",
                format!("more than {LARGEST_CALL} bytes"),
            ));
        }
        let mut request = request(access, method, &address(access, path)?, body)?;
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(header::CONTENT_TYPE, json);
        self.call(access, path, request).await
    }

    async fn call(
        &self,
        access: &Access,
        path: &[&str],
        request: Request<Bytes>,
    ) -> Result<Value, ChannelError> {
        let operation = path.first().copied().unwrap_or_default().to_owned();
        let result = self.exchange(request).await;
        let outcome = result.as_ref().map_or_else(answer::outcome, |_| "answered");
        metrics::counter!("channel_calls_total", "protocol" => super::NAME, "operation" => operation.clone(), "outcome" => outcome)
            .increment(1);
        if let Err(error) = &result {
            tracing::warn!(%error, operation, property = access.property, "channel.call");
        }
        result
    }

    async fn exchange(&self, request: Request<Bytes>) -> Result<Value, ChannelError> {
        let answer = self.outbound.send(request).await.map_err(answer::undelivered)?;
        if !answer.status.is_success() {
            let wait = answer
                .headers
                .get(header::RETRY_AFTER)
                .and_then(|v| v.to_str().ok());
            // The status decides; a body that broke off only takes the explanation away.
            let body = answer.body.unwrap_or_default();
            return Err(answer::failure(answer.status.as_u16(), wait, &body));
        }
        let body = answer
            .body
            .map_err(|error| ChannelError::Unknown(error.to_string()))?;
        answer::success(answer.status.as_u16(), &body)
    }
}

/// Path segments are encoded, so an id of theirs cannot lead to another address.
fn address(access: &Access, path: &[&str]) -> Result<Url, ChannelError> {
    let wrong = || answer::address_refused(Refused::Malformed);
    let mut url = outbound::read(&access.base_url).map_err(answer::address_refused)?;
    url.path_segments_mut()
        .map_err(|()| wrong())?
        .pop_if_empty()
        .extend(["api", "v1"])
        .extend(path);
    Ok(url)
}

fn request(
    access: &Access,
    method: Method,
    url: &Url,
    body: Vec<u8>,
) -> Result<Request<Bytes>, ChannelError> {
    let mut key = HeaderValue::from_str(&access.api_key)
        .map_err(|_| answer::ours("invalid_api_key", "the API key cannot be a header".to_owned()))?;
    key.set_sensitive(true);
    let request = Request::builder().method(method).uri(url.as_str());
    let request = request.header("user-api-key", key).body(body.into());
    request.map_err(|_| answer::address_refused(Refused::Malformed))
}
