//! What a portal is answered: a message, or a line that begins with `ERROR:`.

use crate::api::ApiResult;
use crate::api::error::ApiError;
use crate::api::reply::header;
use innkeep_domain::Error as DomainError;
use poem::http::{HeaderName, HeaderValue, StatusCode, header as name};
use poem::{IntoResponse, Response};
use poem_openapi::ApiResponse;
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, Registry};
use poem_openapi::types::Type;
use std::fmt::Display;

const XML: &str = "application/xml; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";
const ACCEPTS: HeaderName = HeaderName::from_static("x-alpinebits-server-accept-encoding");
const CHALLENGE: HeaderValue = HeaderValue::from_static("Basic realm=\"AlpineBits\", charset=\"UTF-8\"");

/// Why there is no message to answer with.
pub enum Failure {
    /// Nobody we know.
    Stranger,
    /// It is not understood, in words for the other side's people.
    Protocol(String),
    Ours(ApiError),
}

impl Failure {
    pub fn protocol(why: impl Display) -> Self {
        Self::Protocol(why.to_string())
    }

    pub fn ours(why: &impl Display) -> Self {
        Self::Ours(DomainError::internal(why.to_string()).into())
    }
}

impl From<DomainError> for Failure {
    fn from(error: DomainError) -> Self {
        Self::Ours(ApiError::from(error))
    }
}

pub struct Reply {
    status: StatusCode,
    text: String,
}

impl Reply {
    pub fn of(answered: Result<String, Failure>) -> ApiResult<Self> {
        let (status, text) = match answered {
            Ok(message) => (StatusCode::OK, message),
            Err(Failure::Stranger) => (
                StatusCode::UNAUTHORIZED,
                "ERROR:invalid or missing username/password".into(),
            ),
            Err(Failure::Protocol(why)) => (StatusCode::BAD_REQUEST, format!("ERROR:{why}")),
            Err(Failure::Ours(error)) => return Err(error),
        };
        Ok(Self { status, text })
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let kind = if self.status.is_success() { XML } else { TEXT };
        let mut response = Response::builder()
            .status(self.status)
            .content_type(kind)
            .body(self.text);
        let headers = response.headers_mut();
        headers.insert(ACCEPTS, HeaderValue::from_static("gzip"));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(name::WWW_AUTHENTICATE, CHALLENGE);
        }
        response
    }
}

impl ApiResponse for Reply {
    fn meta() -> MetaResponses {
        let response = |description, status, content_type| MetaResponse {
            description,
            status: Some(status),
            status_range: None,
            content: vec![MetaMediaType {
                content_type,
                schema: String::schema_ref(),
            }],
            headers: vec![header(ACCEPTS.as_str(), "`gzip`.")],
        };
        MetaResponses {
            responses: vec![
                response(
                    "A message: success, with warnings perhaps, or errors.",
                    200,
                    "application/xml",
                ),
                response(
                    "`ERROR:` and why the message was not understood.",
                    400,
                    "text/plain",
                ),
                response("`ERROR:` the name or the password is wrong.", 401, "text/plain"),
            ],
        }
    }
    fn register(_: &mut Registry) {}
}
