//! What each kind of answer, and each way of getting none, means to the caller.

use crate::server::{Answer, Channel, access, impatient, reply};
use innkeep_domain::ports::channel::{AvailabilityRange, ChannelError, PushReport};
use innkeep_integrations::channex;
use serde_json::json;
use std::time::Duration;

fn ranges() -> Vec<AvailabilityRange> {
    let day = "2026-07-01".parse().unwrap();
    vec![AvailabilityRange {
        room: "r-1".into(),
        from: day,
        last: day,
        availability: 3,
    }]
}

async fn pushed(answer: Answer) -> Result<PushReport, ChannelError> {
    let channel = Channel::answering(answer).await;
    channel
        .protocol
        .sink
        .clone()
        .unwrap()
        .push_availability(&channel.access, &ranges())
        .await
}

fn refused(status: u16, code: &str, detail: &str) -> Result<PushReport, ChannelError> {
    Err(ChannelError::Refused {
        status,
        code: code.into(),
        detail: detail.into(),
    })
}

#[tokio::test]
async fn success_brings_the_task_ids() {
    let body =
        json!({"data": [{"id": "t-1", "type": "task"}], "meta": {"message": "Success", "warnings": []}});
    let report = pushed(reply(200, body)).await.unwrap();
    assert_eq!(
        report,
        PushReport {
            rejected: vec![],
            task_ids: vec!["t-1".into()],
            ..PushReport::default()
        }
    );
    let short = pushed(reply(200, json!({"meta": {"message": "Success"}})))
        .await
        .unwrap();
    assert_eq!(short, PushReport::default());
}

#[tokio::test]
async fn refusals_carry_code_and_details() {
    let unauthorized = json!({"errors": {"code": "unauthorized", "title": "Unauthorized"}});
    assert_eq!(
        pushed(reply(401, unauthorized)).await,
        refused(401, "unauthorized", "Unauthorized")
    );
    let forbidden = json!({"errors": {"code": "forbidden", "title": "Forbidden"}});
    assert_eq!(
        pushed(reply(403, forbidden)).await,
        refused(403, "forbidden", "Forbidden")
    );
    let invalid = json!({"errors": {"code": "validation_error", "title": "Validation Error",
        "details": {"property_id": ["is invalid"]}}});
    let expected = refused(
        422,
        "validation_error",
        "Validation Error: property_id is invalid",
    );
    assert_eq!(pushed(reply(422, invalid)).await, expected);
    assert_eq!(
        pushed(reply(404, "<h1>no</h1>")).await,
        refused(404, "http_404", "<h1>no</h1>")
    );
    let late = json!({"errors": {"code": "bad_request", "title": "Bad Request"}});
    assert_eq!(
        pushed(reply(200, late)).await,
        refused(200, "bad_request", "Bad Request")
    );
}

#[tokio::test]
async fn a_redirect_is_not_followed_with_the_key() {
    let target = Channel::answering(reply(200, json!({"meta": {}}))).await;
    let to = format!("location: {}\r\n", target.access.base_url);
    let channel = Channel::answering(Answer::Reply(307, to, String::new())).await;
    let error = channel
        .protocol
        .sink
        .clone()
        .unwrap()
        .push_availability(&channel.access, &ranges())
        .await
        .unwrap_err();
    assert!(
        matches!(error, ChannelError::Refused { status: 307, .. }),
        "{error:?}"
    );
    assert!(target.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn too_many_requests_pause_for_a_minute_or_as_told() {
    let body =
        json!({"errors": {"code": "http_too_many_requests", "title": "Too Many Requests"}}).to_string();
    let wait = |seconds| {
        Err(ChannelError::Throttled {
            wait: Duration::from_secs(seconds),
        })
    };
    assert_eq!(pushed(reply(429, &body)).await, wait(60));
    assert_eq!(
        pushed(Answer::Reply(429, "retry-after: 7\r\n".into(), body)).await,
        wait(7)
    );
}

#[tokio::test]
async fn a_failing_channel_is_told_apart_from_a_missing_answer() {
    let failed = pushed(reply(500, "oops")).await;
    assert_eq!(
        failed,
        Err(ChannelError::Server {
            status: 500,
            detail: "oops".into()
        })
    );
    let failed = pushed(reply(503, "")).await;
    assert_eq!(
        failed,
        Err(ChannelError::Server {
            status: 503,
            detail: String::new()
        })
    );
    let without = [
        reply(200, "garbage"),
        reply(200, ""),
        reply(200, "[]"),
        reply(200, json!({"ok": true})),
        Answer::CutShort,
        Answer::Endless,
        Answer::CloseAtOnce,
        Answer::Hang,
    ];
    for (at, answer) in without.into_iter().enumerate() {
        let error = pushed(answer).await.unwrap_err();
        assert!(matches!(error, ChannelError::Unknown(_)), "{at}: {error:?}");
    }
}

#[tokio::test]
async fn nothing_listening_is_unreachable() {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let sink = channex::protocol(impatient(&base)).sink.unwrap();
    let error = sink
        .push_availability(&access(base), &ranges())
        .await
        .unwrap_err();
    assert!(matches!(error, ChannelError::Unreachable(_)), "{error:?}");
}

#[tokio::test]
async fn a_wrong_base_url_or_key_is_for_a_person_to_fix() {
    let trusted = "http://127.0.0.1:9";
    let sink = channex::protocol(impatient(trusted)).sink.unwrap();
    for base in [
        "",
        "nowhere",
        "ftp://127.0.0.1",
        "mailto:a@b",
        "http://127.0.0.1:8",
        "https://10.0.0.1",
    ] {
        let error = sink
            .push_availability(&access(base.into()), &ranges())
            .await
            .unwrap_err();
        assert!(matches!(&error, ChannelError::Refused { status: 0, code, .. } if code == "address_refused"));
    }
    let mut access = access(trusted.into());
    access.api_key = "line\nbreak".into();
    let error = sink.push_availability(&access, &ranges()).await.unwrap_err();
    assert!(matches!(&error, ChannelError::Refused { status: 0, code, .. } if code == "invalid_api_key"));
    assert!(!error.to_string().contains("break"));
}
