//! How large a request's head may be, and what it may not hold. hyper's own limits lie above: what they refuse gets no
//! problem.

use crate::api::error::ApiError;
use poem::Request;
use poem::http::StatusCode;

/// Bytes of the path and query.
const TARGET: usize = 8 * 1024;
/// Header lines, and bytes of all their names and values.
const LINES: usize = 64;
const HEADERS: usize = 16 * 1024;

pub fn check(request: &Request) -> Result<(), ApiError> {
    let target = request.uri().path_and_query().map_or(0, |t| t.as_str().len());
    if target > TARGET {
        let detail = format!("the path and query are longer than {TARGET} bytes");
        return Err(ApiError::new(StatusCode::URI_TOO_LONG, "uri_too_long", detail));
    }
    // The one character that PostgreSQL cannot store. In a path it is in no id, and in a hook's address in none we gave.
    if request.uri().query().is_some_and(|q| q.contains("%00")) {
        return Err(ApiError::parameter("query", "text cannot hold NUL"));
    }
    let lines = request.headers().iter();
    let bytes: usize = lines.map(|(name, value)| name.as_str().len() + value.len()).sum();
    if request.headers().len() > LINES || bytes > HEADERS {
        let detail = format!("more than {LINES} header lines, or {HEADERS} bytes of them");
        let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
        return Err(ApiError::new(status, "headers_too_large", detail));
    }
    Ok(())
}
