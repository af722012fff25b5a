//! An entity's version travels as `ETag: "<version>"`: `If-None-Match` spares an unchanged body, `If-Match` refuses to
//! change what the caller has not seen.

use crate::api::error::{ApiError, ApiResult};
use poem::http::{StatusCode, header};
use poem::{IntoResponse, Response};
use poem_openapi::ApiResponse;
use poem_openapi::param::Header;
use poem_openapi::payload::{Json, Payload};
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, Registry};
use poem_openapi::types::ToJSON;
use sha2::{Digest, Sha256};
use std::fmt::Write;

pub fn etag(version: i32) -> String {
    format!("\"{version}\"")
}

/// The version an `If-Match` header names; `*` and no header name none.
pub fn expected(if_match: &Header<Option<String>>) -> ApiResult<Option<i32>> {
    let Some(text) = if_match.0.as_deref().map(str::trim).filter(|t| *t != "*") else {
        return Ok(None);
    };
    match tag(text) {
        Some(version) => Ok(Some(version)),
        None => Err(ApiError::parameter(
            "If-Match",
            "one entity tag as sent in ETag, for instance \"3\"",
        )),
    }
}

fn tag(text: &str) -> Option<i32> {
    text.strip_prefix('"')?.strip_suffix('"')?.parse().ok()
}

/// One entity: 200 with its `ETag`, or 304 when the caller has that version already.
pub enum Found<T> {
    New(T, i32),
    Known(i32),
}

impl<T> Found<T> {
    pub fn new(if_none_match: &Header<Option<String>>, version: i32, body: impl Into<T>) -> Self {
        let same = |t: &str| tag(t) == Some(version);
        match &if_none_match.0 {
            Some(known) if any_tag(known, same) => Self::Known(version),
            _ => Self::New(body.into(), version),
        }
    }
}

impl<T: ToJSON> IntoResponse for Found<T> {
    fn into_response(self) -> Response {
        let (mut response, version) = match self {
            Self::New(body, version) => (Json(body).into_response(), version),
            Self::Known(version) => (StatusCode::NOT_MODIFIED.into_response(), version),
        };
        if let Ok(value) = header::HeaderValue::from_str(&etag(version)) {
            response.headers_mut().insert(header::ETAG, value);
        }
        response
    }
}

impl<T: ToJSON> ApiResponse for Found<T> {
    fn meta() -> MetaResponses {
        unless_known::<T>(
            "The entity's version, quoted.",
            "The entity.",
            "Unchanged since the version named.",
        )
    }
    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

/// A quoted tag for whatever has no version: made of what is sent.
pub fn content_tag(body: &[u8]) -> String {
    let digest = Sha256::digest(body);
    let hex = digest.iter().take(16).fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    format!("\"{hex}\"")
}

/// Does an `If-None-Match` name a tag that is `same`? Compared weakly; `*` names them all.
pub fn any_tag(known: &str, same: impl Fn(&str) -> bool) -> bool {
    let mut tags = known.split(',').map(str::trim);
    tags.any(|t| t == "*" || same(t.trim_start_matches("W/")))
}

/// What the document says of an answer that carries a tag: 200, or 304 to a caller who has it.
pub fn unless_known<T: ToJSON>(tag: &str, fresh: &'static str, known: &'static str) -> MetaResponses {
    let json = MetaMediaType {
        content_type: Json::<T>::CONTENT_TYPE,
        schema: T::schema_ref(),
    };
    let response = |description, status, content| MetaResponse {
        description,
        status: Some(status),
        status_range: None,
        content,
        headers: vec![crate::api::reply::header("ETag", tag)],
    };
    MetaResponses {
        responses: vec![response(fresh, 200, vec![json]), response(known, 304, vec![])],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn if_match_names_a_version_or_none() {
        let parse =
            |text: Option<&str>| expected(&Header(text.map(str::to_owned))).map_err(|e| e.to_string());
        assert_eq!(parse(None), Ok(None));
        assert_eq!(parse(Some("*")), Ok(None));
        assert_eq!(parse(Some("\"7\"")), Ok(Some(7)));
        for bad in ["7", "\"x\"", "W/\"7\"", "\"7\", \"8\"", ""] {
            assert!(parse(Some(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn if_none_match_compares_weakly_and_any_of_a_list() {
        let known = |text: Option<&str>| {
            matches!(
                Found::<i32>::new(&Header(text.map(str::to_owned)), 7, 1),
                Found::Known(_)
            )
        };
        assert!(
            known(Some("\"7\"")) && known(Some("W/\"7\"")) && known(Some("\"1\", \"7\"")) && known(Some("*"))
        );
        assert!(!known(None) && !known(Some("\"8\"")));
    }
}
