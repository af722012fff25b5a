//! A text that somebody reads again and again: sent with a tag made of it, or 304 to who has it.

use crate::api::etag::{any_tag, content_tag};
use poem::http::{HeaderValue, StatusCode, header};
use poem::{IntoResponse, Response};

pub struct Polled {
    tag: String,
    content_type: &'static str,
    /// `None`: the caller has it.
    text: Option<String>,
}

impl Polled {
    /// `known`: the `If-None-Match` of who asks.
    pub fn new(content_type: &'static str, text: String, known: Option<&str>) -> Self {
        let tag = content_tag(text.as_bytes());
        let same = known.is_some_and(|known| any_tag(known, |t| t == tag));
        Self {
            tag,
            content_type,
            text: (!same).then_some(text),
        }
    }
}

impl IntoResponse for Polled {
    fn into_response(self) -> Response {
        let mut response = match self.text {
            None => StatusCode::NOT_MODIFIED.into_response(),
            Some(text) => Response::builder().content_type(self.content_type).body(text),
        };
        let headers = response.headers_mut();
        // Kept by who read it, and asked for again each time.
        headers.insert(
            header::CACHE_CONTROL,
            HeaderValue::from_static("private, no-cache"),
        );
        if let Ok(tag) = HeaderValue::from_str(&self.tag) {
            headers.insert(header::ETAG, tag);
        }
        response
    }
}
