//! Every answer that is not a success is one `application/problem+json` (RFC 9457), made here and nowhere else.

use crate::api::request_id::RequestId;
use innkeep_domain::error::{Error as DomainError, Kind, Refusal};
use poem::error::{
    MethodNotAllowedError, NotFoundError, ParsePathError as PoemParsePathError, ParseQueryError,
    ReadBodyError, ResponseError,
};
use poem::http::{StatusCode, header};
use poem::{IntoResponse, Response};
use poem_openapi::error::{
    AuthorizationError, ContentTypeError, ParseParamError, ParsePathError, ParseRequestPayloadError,
};
use poem_openapi::registry::{MetaResponses, Registry};
use poem_openapi::{ApiResponse, OperationId};
use serde::Serialize;

pub type ApiResult<T> = Result<T, ApiError>;

/// What a handler may answer instead of its result.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    #[error(transparent)]
    Domain(#[from] DomainError),
    /// The request itself is not in order.
    #[error("{code}: {detail}")]
    Request {
        status: StatusCode,
        code: &'static str,
        detail: String,
        /// JSON pointer into the body, or a parameter's name.
        pointer: Option<String>,
    },
}

impl ApiError {
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self::Request {
            status,
            code,
            detail: detail.into(),
            pointer: None,
        }
    }
    /// A parameter that cannot be read.
    pub fn parameter(name: &str, detail: impl Into<String>) -> Self {
        let (status, code) = (StatusCode::BAD_REQUEST, "invalid_parameter");
        Self::Request {
            status,
            code,
            detail: detail.into(),
            pointer: Some(name.into()),
        }
    }
    fn at(mut self, place: Option<String>) -> Self {
        if let Self::Request { pointer, .. } = &mut self {
            *pointer = place;
        }
        self
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        Self::Domain(refusal.into())
    }
}

impl ResponseError for ApiError {
    fn status(&self) -> StatusCode {
        match self {
            Self::Domain(error) => domain_status(error),
            Self::Request { status, .. } => *status,
        }
    }
}

/// Its answers are added to the document once for all operations: see `openapi`.
impl ApiResponse for ApiError {
    fn meta() -> MetaResponses {
        MetaResponses {
            responses: Vec::new(),
        }
    }
    fn register(_: &mut Registry) {}
}

/// The body of every answer that is not a success.
#[derive(Debug, Serialize)]
pub struct Problem {
    /// `about:blank`: `code` says which problem it is.
    #[serde(rename = "type")]
    kind: &'static str,
    title: String,
    status: u16,
    detail: String,
    /// Stable, machine-readable, lower_snake_case.
    code: String,
    request_id: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Place>,
}

/// Where in the request the problem lies.
#[derive(Debug, Serialize)]
struct Place {
    pointer: String,
    code: String,
    detail: String,
}

fn domain_status(error: &DomainError) -> StatusCode {
    match error {
        DomainError::Refused(refusal) => match refusal.kind {
            Kind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
            Kind::Forbidden => StatusCode::FORBIDDEN,
            Kind::NotFound => StatusCode::NOT_FOUND,
            Kind::Conflict => StatusCode::CONFLICT,
            Kind::Stale => StatusCode::PRECONDITION_FAILED,
        },
        DomainError::Busy | DomainError::Contended(_) => StatusCode::SERVICE_UNAVAILABLE,
        DomainError::Database(_) | DomainError::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Outside words for an error: status, code, detail, place. What happened inside goes to the log only.
fn words(error: &ApiError) -> (StatusCode, &str, String, Option<&str>) {
    let status = error.status();
    match error {
        ApiError::Request {
            code,
            detail,
            pointer,
            ..
        } => (status, code, detail.clone(), pointer.as_deref()),
        ApiError::Domain(DomainError::Refused(r)) => (status, r.code, r.detail.clone(), r.pointer.as_deref()),
        ApiError::Domain(DomainError::Busy | DomainError::Contended(_)) => (
            status,
            "try_again",
            "too much is going on right now; try again shortly".into(),
            None,
        ),
        ApiError::Domain(DomainError::Database(_) | DomainError::Internal(_)) => (
            status,
            "internal_error",
            "something went wrong on our side; the request id names it".into(),
            None,
        ),
    }
}

/// Turns whatever a route failed with into a problem: the one place where errors become answers.
pub fn answer(error: poem::Error, id: &RequestId) -> Response {
    if error.is_from_response() {
        return error.into_response();
    }
    let operation = error.data::<OperationId>().copied();
    let error = match error.downcast::<ApiError>() {
        Ok(ours) => ours,
        Err(other) => from_framework(&other),
    };
    let mut response = problem(&error, id);
    if let Some(operation) = operation {
        response.set_data(operation);
    }
    response
}

pub fn problem(error: &ApiError, id: &RequestId) -> Response {
    let (status, code, detail, pointer) = words(error);
    if status.is_server_error() {
        tracing::error!(cause = chain(error), status = status.as_u16(), "request failed");
    }
    let place = |p: &str| Place {
        pointer: p.into(),
        code: code.into(),
        detail: detail.clone(),
    };
    let problem = Problem {
        kind: "about:blank",
        title: status.canonical_reason().unwrap_or("Error").into(),
        status: status.as_u16(),
        code: code.into(),
        request_id: id.to_string(),
        errors: pointer.map(place).into_iter().collect(),
        detail,
    };
    let mut response = poem::web::Json(&problem).into_response();
    response.set_status(status);
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static("application/problem+json"),
    );
    headers.insert(
        header::CACHE_CONTROL,
        header::HeaderValue::from_static("no-store"),
    );
    match status {
        StatusCode::UNAUTHORIZED => {
            headers.insert(
                header::WWW_AUTHENTICATE,
                header::HeaderValue::from_static("Bearer"),
            );
        }
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
            headers.insert(header::RETRY_AFTER, header::HeaderValue::from_static("1"));
        }
        _ => {}
    }
    response
}

/// The error and what caused it, for the log.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |e| e.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// poem's and poem-openapi's own errors in our words.
fn from_framework(error: &poem::Error) -> ApiError {
    let text = error.to_string();
    if let Some(e) = error.downcast_ref::<ParseRequestPayloadError>() {
        return ApiError::new(StatusCode::BAD_REQUEST, "invalid_body", e.reason.clone()).at(field(&e.reason));
    }
    if let Some(e) = error.downcast_ref::<ParseParamError>() {
        return ApiError::parameter(e.name, e.reason.clone());
    }
    if error.is::<ParsePathError>() || error.is::<PoemParsePathError>() {
        return ApiError::new(
            StatusCode::BAD_REQUEST,
            "invalid_parameter",
            "the path holds a malformed value",
        )
        .at(Some("path".into()));
    }
    let (code, detail) = match error.status() {
        StatusCode::UNAUTHORIZED if error.is::<AuthorizationError>() => (
            "missing_credentials",
            "send `Authorization: Bearer <access token>`".into(),
        ),
        StatusCode::NOT_FOUND if error.is::<NotFoundError>() => {
            ("unknown_path", "there is nothing at this path".into())
        }
        StatusCode::METHOD_NOT_ALLOWED if error.is::<MethodNotAllowedError>() => {
            ("method_not_allowed", "this path does not take this method".into())
        }
        StatusCode::UNSUPPORTED_MEDIA_TYPE if error.is::<ContentTypeError>() => (
            "unsupported_media_type",
            "send `Content-Type: application/json`".into(),
        ),
        StatusCode::PAYLOAD_TOO_LARGE => ("body_too_large", text),
        StatusCode::BAD_REQUEST if error.is::<ReadBodyError>() || error.is::<ParseQueryError>() => {
            ("bad_request", text)
        }
        status if status.is_client_error() => ("bad_request", text),
        _ => return DomainError::internal(text).into(),
    };
    ApiError::new(error.status(), code, detail)
}

/// poem-openapi stops at the first bad field and names it in its text, between backticks.
fn field(reason: &str) -> Option<String> {
    let mut parts = reason.split('`');
    let _before = parts.next()?;
    let name = parts.next()?;
    parts.next().map(|_| format!("/{name}"))
}

#[cfg(test)]
#[path = "error_tests.rs"]
mod tests;
