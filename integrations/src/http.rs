//! The one HTTP client of this installation and a reader that bounds what comes back.

use reqwest::{Client, Response, redirect::Policy};
use std::error::Error;
use std::time::Duration;

/// No answer may be larger; a page of a hundred bookings stays far below.
pub const LARGEST_BODY: usize = 8 * 1024 * 1024;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const TOTAL_TIMEOUT: Duration = Duration::from_secs(10);
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
const IDLE_PER_HOST: usize = 8;

/// The client that every caller shares: it gives up after 2 s without a connection and 10 s in total.
///
/// Redirects are not followed, since they would carry the key to a host nobody entered, and the
/// surroundings' proxy settings are ignored, since bookings go nowhere but to the channel.
pub fn client() -> reqwest::Result<Client> {
    Client::builder()
        .user_agent(concat!("innkeep/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(TOTAL_TIMEOUT)
        .pool_max_idle_per_host(IDLE_PER_HOST)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .redirect(Policy::none())
        .no_proxy()
        .build()
}

/// Why there is no body.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    #[error("the answer broke off: {}", describe(.0))]
    Broken(reqwest::Error),
}

/// The whole body, of at most `limit` bytes; reading stops as soon as there are more.
pub async fn read_body(mut response: Response, limit: usize) -> Result<Vec<u8>, BodyError> {
    if response
        .content_length()
        .is_some_and(|length| length > limit as u64)
    {
        return Err(BodyError::TooLarge(limit));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(BodyError::Broken)? {
        if body.len() + chunk.len() > limit {
            return Err(BodyError::TooLarge(limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The error with its causes: the outermost one only says that a request failed. Leaves out addresses.
pub fn describe(error: &reqwest::Error) -> String {
    let mut causes = Vec::new();
    let mut cause = error.source();
    while let Some(inner) = cause {
        causes.push(inner.to_string());
        cause = inner.source();
    }
    if error.is_timeout() {
        causes.insert(0, "timed out".to_owned());
    }
    if causes.is_empty() {
        causes.push("request failed".to_owned());
    }
    causes.dedup();
    causes.join(": ")
}
