//! Every answer that is not a success is one `application/problem+json` (RFC 9457), made here and nowhere else.

mod framework;

use crate::api::request_id::RequestId;
use innkeep_domain::error::{Error as DomainError, Kind, Refusal};
use poem::error::ResponseError;
use poem::http::{StatusCode, header};
use poem::{IntoResponse, Response};
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
        places: Vec<Place>,
    },
}

impl ApiError {
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self::Request {
            status,
            code,
            detail: detail.into(),
            places: Vec::new(),
        }
    }
    /// A parameter that cannot be read.
    pub fn parameter(name: &str, detail: impl Into<String>) -> Self {
        let (code, detail) = ("invalid_parameter", detail.into());
        let place = Place::new(name.to_owned(), code, detail.clone());
        Self::new(StatusCode::BAD_REQUEST, code, detail).at(vec![place])
    }
    /// A body whose one misfit poem-openapi found: it names the field, if it does, between backticks.
    pub fn unfit(reason: &str) -> Self {
        let name = reason
            .split('`')
            .nth(1)
            .filter(|_| reason.matches('`').count() > 1);
        let place = name.map(|n| Place::new(format!("/{n}"), "invalid_value", reason));
        Self::new(StatusCode::BAD_REQUEST, "invalid_body", reason).at(place.into_iter().collect())
    }
    pub fn at(mut self, found: Vec<Place>) -> Self {
        if let Self::Request { places, .. } = &mut self {
            *places = found;
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// JSON pointer into the body, or a parameter's name.
    pub pointer: String,
    pub code: String,
    pub detail: String,
}

impl Place {
    pub fn new(pointer: String, code: &str, detail: impl Into<String>) -> Self {
        Self {
            pointer,
            code: code.to_owned(),
            detail: detail.into(),
        }
    }
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
            Kind::TooMany => StatusCode::TOO_MANY_REQUESTS,
        },
        DomainError::Busy | DomainError::Contended(_) => StatusCode::SERVICE_UNAVAILABLE,
        DomainError::Database(_) | DomainError::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Outside words for an error: status, code, detail, places. What happened inside goes to the log only.
fn words(error: &ApiError) -> (StatusCode, &str, String, Vec<Place>) {
    let status = error.status();
    match error {
        ApiError::Request {
            code, detail, places, ..
        } => (status, code, detail.clone(), places.clone()),
        ApiError::Domain(DomainError::Refused(r)) => {
            let place = r.pointer.clone().map(|p| Place::new(p, r.code, r.detail.clone()));
            (status, r.code, r.detail.clone(), place.into_iter().collect())
        }
        ApiError::Domain(DomainError::Busy | DomainError::Contended(_)) => (
            status,
            "try_again",
            "too much is going on right now; try again shortly".into(),
            Vec::new(),
        ),
        ApiError::Domain(DomainError::Database(_) | DomainError::Internal(_)) => {
            let detail = "something went wrong on our side; the request id names it";
            (status, "internal_error", detail.into(), Vec::new())
        }
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
        Err(other) => framework::error(&other),
    };
    let mut response = problem(&error, id);
    if let Some(operation) = operation {
        response.set_data(operation);
    }
    response
}

pub fn problem(error: &ApiError, id: &RequestId) -> Response {
    let (status, code, detail, errors) = words(error);
    if status.is_server_error() {
        tracing::error!(cause = chain(error), status = status.as_u16(), "request failed");
    }
    let problem = Problem {
        kind: "about:blank",
        title: status.canonical_reason().unwrap_or("Error").into(),
        status: status.as_u16(),
        code: code.into(),
        request_id: id.to_string(),
        errors,
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
            headers.insert(header::RETRY_AFTER, retry_after(error).into());
        }
        _ => {}
    }
    response
}

/// Seconds.
fn retry_after(error: &ApiError) -> u32 {
    match error {
        ApiError::Domain(DomainError::Refused(refusal)) => refusal.retry_after.unwrap_or(1),
        _ => 1,
    }
}

/// The error and what caused it, for the log.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |e| e.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

#[cfg(test)]
mod tests;
