//! A large answer that is tagged by what is in it and sent compressed to who takes that.
//!
//! The tag is a hash of the body: the event log's position would be cheaper, but a position does not say which
//! transactions before it are still running, so the same position can stand for different data.

use crate::api::etag::{any_tag, content_tag, unless_known};
use flate2::Compression;
use flate2::write::GzEncoder;
use innkeep_domain::Error;
use poem::http::{HeaderValue, StatusCode, header};
use poem::{IntoResponse, Response};
use poem_openapi::ApiResponse;
use poem_openapi::payload::{Json, Payload};
use poem_openapi::registry::{MetaResponses, Registry};
use poem_openapi::types::ToJSON;
use std::io::Write as _;
use std::marker::PhantomData;

/// Below this, a compressed answer fits the same packets.
const WORTH_COMPRESSING: usize = 1400;

pub struct Tagged<T> {
    tag: String,
    /// `None`: the caller has it.
    body: Option<Vec<u8>>,
    compressed: bool,
    shape: PhantomData<fn() -> T>,
}

impl<T: ToJSON> Tagged<T> {
    pub fn new(value: &T, known: Option<&str>, accepted: Option<&str>) -> Result<Self, Error> {
        let text = value.to_json().unwrap_or_default().to_string();
        // Weak: the same data may be sent compressed or not.
        let quoted = content_tag(text.as_bytes());
        let tag = format!("W/{quoted}");
        if known.is_some_and(|k| any_tag(k, |t| t == quoted)) {
            return Ok(Self {
                tag,
                body: None,
                compressed: false,
                shape: PhantomData,
            });
        }
        let compressed = text.len() >= WORTH_COMPRESSING && accepted.is_some_and(takes_gzip);
        let body = if compressed {
            gzip(text.as_bytes()).map_err(|e| Error::internal(e.to_string()))?
        } else {
            text.into_bytes()
        };
        Ok(Self {
            tag,
            body: Some(body),
            compressed,
            shape: PhantomData,
        })
    }
}

fn gzip(body: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body)?;
    encoder.finish()
}

/// `gzip`, or `*`, without `q=0`.
fn takes_gzip(accepted: &str) -> bool {
    accepted.split(',').any(|one| {
        let mut parts = one.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let refused = parts.any(|p| {
            let weight = p.strip_prefix("q=").and_then(|q| q.parse::<f32>().ok());
            weight == Some(0.0)
        });
        (name.eq_ignore_ascii_case("gzip") || name == "*") && !refused
    })
}

impl<T: ToJSON> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        let mut response = match self.body {
            None => StatusCode::NOT_MODIFIED.into_response(),
            Some(body) => Response::builder()
                .content_type(Json::<T>::CONTENT_TYPE)
                .body(body),
        };
        let headers = response.headers_mut();
        if self.compressed {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if let Ok(tag) = HeaderValue::from_str(&self.tag) {
            headers.insert(header::ETAG, tag);
        }
        response
    }
}

impl<T: ToJSON> ApiResponse for Tagged<T> {
    fn meta() -> MetaResponses {
        unless_known::<T>(
            "Changes with the data.",
            "The data.",
            "Unchanged since the tag named.",
        )
    }
    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_sent_to_who_takes_it() {
        for yes in ["gzip", "br, gzip", "gzip;q=0.5", "*", "GZIP"] {
            assert!(takes_gzip(yes), "{yes}");
        }
        for no in ["", "br", "gzip;q=0", "identity", "gzip; q=0.0"] {
            assert!(!takes_gzip(no), "{no}");
        }
    }

    #[test]
    fn the_same_data_has_the_same_tag_and_other_data_another() {
        let tag = |n: i32| Tagged::new(&n, None, None).map(|t| t.tag).unwrap_or_default();
        assert_eq!(tag(1), tag(1));
        assert_ne!(tag(1), tag(2));
        let known = Tagged::new(&1, Some(&format!("\"x\", {}", tag(1))), None);
        assert!(known.is_ok_and(|t| t.body.is_none()));
    }
}
