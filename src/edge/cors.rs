//! Which pages of other origins may call from a browser: those the operator named, each exactly.

use poem::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use poem::{Request, Response};
use std::str::FromStr;

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE");
const ASKED: HeaderValue = HeaderValue::from_static(
    "authorization, content-type, idempotency-key, if-match, if-none-match, x-request-id",
);
const SHOWN: HeaderValue = HeaderValue::from_static(
    "etag, location, idempotency-replayed, ratelimit, ratelimit-policy, retry-after, x-request-id",
);
const SECONDS: HeaderValue = HeaderValue::from_static("600");

#[derive(Debug, Clone, Default)]
pub struct Origins(Vec<HeaderValue>);

impl FromStr for Origins {
    type Err = String;

    /// Parted by commas: `https://desk.example, http://localhost:3000`.
    fn from_str(list: &str) -> Result<Self, String> {
        let entries = list.split(',').map(str::trim).filter(|e| !e.is_empty());
        entries.map(origin).collect::<Result<_, _>>().map(Self)
    }
}

fn origin(text: &str) -> Result<HeaderValue, String> {
    let read = url::Url::parse(text).ok();
    // As a browser writes it: no path, no user, no port that goes without saying.
    let exact = read.is_some_and(|url| url.origin().is_tuple() && url.origin().ascii_serialization() == text);
    // A star is a good host to a URL, and no pattern to us.
    let value = HeaderValue::from_str(text)
        .ok()
        .filter(|_| exact && !text.contains('*'));
    value.ok_or_else(|| format!("{text:?} is no origin: write it as scheme://host or scheme://host:port"))
}

impl Origins {
    /// The request's origin, when it is one of these.
    pub fn of(&self, request: &Request) -> Option<HeaderValue> {
        let origin = request.headers().get(header::ORIGIN)?;
        self.0.iter().find(|o| *o == origin).cloned()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Is this a browser asking whether it may ask?
pub fn is_preflight(request: &Request) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ORIGIN)
        && request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// Yes, for ten minutes. What may really be done, the real request is told.
pub fn preflight() -> Response {
    let mut response = Response::builder().status(StatusCode::NO_CONTENT).finish();
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, ASKED);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, SECONDS);
    response
}

/// Lets pages of this origin read the answer. Credentials are never the browser's own: there are no cookies here.
pub fn allow(origin: Option<HeaderValue>, headers: &mut HeaderMap) {
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, SHOWN);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_as_browsers_write_it() {
        let good: Origins = "https://desk.example, http://localhost:3000".parse().unwrap();
        assert_eq!(good.0.len(), 2);
        let bad = [
            "*",
            "null",
            "desk.example",
            "https://desk.example/",
            "https://desk.example:443",
            "https://Desk.example",
            "https://*.desk.example",
            "https://a@desk.example",
            "file:///",
        ];
        for text in bad {
            assert!(text.parse::<Origins>().is_err(), "{text}");
        }
    }
}
