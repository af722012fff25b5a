//! What one request is charged: once, by whoever learns first who calls.

use super::{Bucket, Level, Limiter, Standing, WINDOW};
use crate::api::error::ApiResult;
use innkeep_domain::Refusal;
use innkeep_domain::error::Kind as Why;
use poem::http::{HeaderMap, HeaderName, HeaderValue};
use std::sync::{Arc, OnceLock};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// Travels with the request.
#[derive(Clone)]
pub struct Toll {
    limiter: Arc<Limiter>,
    paid: Arc<OnceLock<Standing>>,
}

impl Toll {
    pub fn new(limiter: Arc<Limiter>) -> Self {
        let paid = Arc::default();
        Self { limiter, paid }
    }

    /// Refused with 429 when a bucket has no room.
    pub async fn charge(&self, buckets: &[Bucket]) -> ApiResult<()> {
        let standing = self.limiter.charge(buckets).await;
        let refused = standing.refused;
        // Who paid twice shows the first: it was the caller's own.
        let _ = self.paid.set(standing);
        let Some((kind, wait)) = refused else {
            return Ok(());
        };
        let seconds = u32::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u32::MAX);
        let whose = kind.name();
        Err(Refusal {
            kind: Why::TooMany,
            code: "rate_limited",
            detail: format!("the quota of requests of this {whose} is used up: try again in {seconds} s"),
            pointer: None,
            retry_after: Some(seconds),
        }
        .into())
    }

    pub fn is_paid(&self) -> bool {
        self.paid.get().is_some()
    }

    /// `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers), a member for each quota.
    pub fn show(&self, headers: &mut HeaderMap) {
        let levels = self.paid.get().map_or(&[][..], |s| s.levels.as_slice());
        if levels.is_empty() {
            return;
        }
        let policy = |l: &Level| format!("\"{}\";q={};w={}", l.kind.name(), l.quota, WINDOW.as_secs());
        let limit = |l: &Level| {
            let reset = l.reset.as_millis().div_ceil(1000);
            format!("\"{}\";r={};t={reset}", l.kind.name(), l.remaining)
        };
        for (name, members) in [
            (POLICY, levels.iter().map(policy).collect::<Vec<_>>()),
            (LIMIT, levels.iter().map(limit).collect()),
        ] {
            if let Ok(value) = HeaderValue::from_str(&members.join(", ")) {
                headers.insert(name, value);
            }
        }
    }
}
