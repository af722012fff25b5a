//! One call of the Channex API: address, key, bounded body, and what an answer or its absence means.

use super::answer;
use crate::http::{LARGEST_BODY, read_body};
use innkeep_domain::ports::channel::{Access, ChannelError};
use reqwest::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::{Client, RequestBuilder, Url};
use serde_json::Value;

/// Documented limit of one call.
pub(super) const LARGEST_CALL: usize = 10_000_000;

#[derive(Clone)]
pub(super) struct Api {
    client: Client,
}

impl Api {
    pub(super) fn new(client: Client) -> Self {
        Self { client }
    }

    pub(super) async fn get(
        &self,
        access: &Access,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Value, ChannelError> {
        let request = self.client.get(address(access, path)?).query(query);
        call(access, path, request).await
    }

    /// `body` is JSON text.
    pub(super) async fn post(
        &self,
        access: &Access,
        path: &[&str],
        body: Vec<u8>,
    ) -> Result<Value, ChannelError> {
        if body.len() > LARGEST_CALL {
            return Err(answer::ours(
                "payload_too_large",
                format!("more than {LARGEST_CALL} bytes"),
            ));
        }
        let request = self.client.post(address(access, path)?);
        let request = request.header(CONTENT_TYPE, "application/json").body(body);
        call(access, path, request).await
    }
}

/// Path segments are encoded, so an id of theirs cannot lead to another address.
fn address(access: &Access, path: &[&str]) -> Result<Url, ChannelError> {
    let wrong = || {
        answer::ours(
            "invalid_base_url",
            "the base URL must be http(s)://host".to_owned(),
        )
    };
    let mut url = Url::parse(&access.base_url).map_err(|_| wrong())?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong());
    }
    url.path_segments_mut()
        .map_err(|()| wrong())?
        .pop_if_empty()
        .extend(["api", "v1"])
        .extend(path);
    Ok(url)
}

async fn call(access: &Access, path: &[&str], request: RequestBuilder) -> Result<Value, ChannelError> {
    let operation = path.first().copied().unwrap_or_default().to_owned();
    let result = exchange(access, request).await;
    let outcome = result.as_ref().map_or_else(answer::outcome, |_| "answered");
    metrics::counter!("channel_calls_total", "protocol" => super::NAME, "operation" => operation.clone(), "outcome" => outcome)
        .increment(1);
    if let Err(error) = &result {
        tracing::warn!(%error, operation, property = access.property, "channel.call");
    }
    result
}

async fn exchange(access: &Access, request: RequestBuilder) -> Result<Value, ChannelError> {
    let mut key = HeaderValue::from_str(&access.api_key)
        .map_err(|_| answer::ours("invalid_api_key", "the API key cannot be a header".to_owned()))?;
    key.set_sensitive(true);
    let response = request
        .header("user-api-key", key)
        .send()
        .await
        .map_err(|error| answer::undelivered(&error))?;
    let status = response.status();
    let wait = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    let body = read_body(response, LARGEST_BODY).await;
    if !status.is_success() {
        // The status decides; a body that broke off only takes the explanation away.
        let body = body.unwrap_or_default();
        return Err(answer::failure(status.as_u16(), wait.as_deref(), &body));
    }
    let body = body.map_err(|error| ChannelError::Unknown(error.to_string()))?;
    answer::success(status.as_u16(), &body)
}
