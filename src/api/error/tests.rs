use super::*;
use poem::error::{MethodNotAllowedError, NotFoundError, ReadBodyError};
use poem_openapi::error::{AuthorizationError, ContentTypeError, ParseRequestPayloadError};
use serde_json::Value;

async fn told(error: impl Into<poem::Error>) -> (StatusCode, Value, Response) {
    let mut response = answer(error.into(), &RequestId::fixed("r-1"));
    let body = response.take_body().into_json().await.unwrap();
    (response.status(), body, response)
}

#[tokio::test]
async fn each_kind_of_refusal_has_its_status() {
    let cases = [
        (Refusal::invalid("bad", "x"), 422),
        (Refusal::unauthenticated("bad", "x"), 401),
        (Refusal::forbidden("bad", "x"), 403),
        (Refusal::not_found("room"), 404),
        (Refusal::conflict("bad", "x"), 409),
        (Refusal::stale("x"), 412),
    ];
    for (refusal, status) in cases {
        let code = refusal.code;
        let (got, body, response) = told(ApiError::from(refusal)).await;
        assert_eq!(
            (got.as_u16(), body["status"].as_u64()),
            (status, Some(u64::from(status)))
        );
        assert_eq!(
            (&body["code"], &body["request_id"]),
            (&code.into(), &"r-1".into())
        );
        assert_eq!(response.content_type(), Some("application/problem+json"));
    }
}

#[tokio::test]
async fn a_refusal_points_into_the_request() {
    let (_, body, _) = told(ApiError::from(
        Refusal::invalid("out_of_range", "1 to 100").at("/units"),
    ))
    .await;
    assert_eq!(
        body["errors"],
        serde_json::json!([{"pointer": "/units", "code": "out_of_range", "detail": "1 to 100"}])
    );
}

#[tokio::test]
async fn faults_keep_their_cause_to_themselves() {
    let (status, body, _) = told(ApiError::from(DomainError::internal("password is hunter2"))).await;
    assert_eq!((status.as_u16(), &body["code"]), (500, &"internal_error".into()));
    assert!(!body.to_string().contains("hunter2"));
    let (status, _, response) = told(ApiError::from(DomainError::Busy)).await;
    assert_eq!(
        (status.as_u16(), response.header("Retry-After")),
        (503, Some("1"))
    );
}

#[tokio::test]
async fn the_frameworks_errors_speak_the_same_language() {
    let reason = r#"failed to parse "NewProperty": field `name` verification failed. minLength(1)"#;
    let cases: [(poem::Error, u16, &str); 6] = [
        (NotFoundError.into(), 404, "unknown_path"),
        (MethodNotAllowedError.into(), 405, "method_not_allowed"),
        (AuthorizationError.into(), 401, "missing_credentials"),
        (
            ContentTypeError::ExpectContentType.into(),
            415,
            "unsupported_media_type",
        ),
        (ReadBodyError::PayloadTooLarge.into(), 413, "body_too_large"),
        (
            ParseRequestPayloadError {
                reason: reason.into(),
            }
            .into(),
            400,
            "invalid_body",
        ),
    ];
    for (error, status, code) in cases {
        let (got, body, response) = told(error).await;
        assert_eq!((got.as_u16(), &body["code"]), (status, &code.into()));
        assert_eq!(response.content_type(), Some("application/problem+json"));
        if code == "invalid_body" {
            assert_eq!(body["errors"][0]["pointer"], "/name");
        }
    }
}
