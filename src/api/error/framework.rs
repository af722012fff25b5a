//! poem's and poem-openapi's own errors in our words.

use super::ApiError;
use innkeep_domain::Error as DomainError;
use poem::error::{MethodNotAllowedError, NotFoundError, ParsePathError as PoemParsePathError};
use poem::http::StatusCode;
use poem_openapi::error::{
    AuthorizationError, ContentTypeError, ParseParamError, ParsePathError, ParseRequestPayloadError,
};

pub fn error(error: &poem::Error) -> ApiError {
    let status = error.status();
    if let Some(e) = error.downcast_ref::<ParseRequestPayloadError>() {
        return ApiError::unfit(&e.reason);
    }
    if let Some(e) = error.downcast_ref::<ParseParamError>() {
        return ApiError::parameter(e.name, e.reason.clone());
    }
    if error.is::<ParsePathError>() || error.is::<PoemParsePathError>() {
        return ApiError::parameter("path", "the path holds a malformed value");
    }
    let (code, detail) = if error.is::<AuthorizationError>() {
        (
            "missing_credentials",
            "send `Authorization: Bearer <access token>`",
        )
    } else if error.is::<NotFoundError>() {
        ("unknown_path", "there is nothing at this path")
    } else if error.is::<MethodNotAllowedError>() {
        ("method_not_allowed", "this path does not take this method")
    } else if error.is::<ContentTypeError>() {
        ("unsupported_media_type", "send `Content-Type: application/json`")
    } else if status == StatusCode::PAYLOAD_TOO_LARGE {
        ("body_too_large", "the body is larger than this server takes")
    } else if status.is_client_error() {
        return ApiError::new(status, "bad_request", error.to_string());
    } else {
        return DomainError::internal(error.to_string()).into();
    };
    ApiError::new(status, code, detail)
}
