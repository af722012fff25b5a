//! `Idempotency-Key`: a repeat gets the first answer, and nothing happens twice.

use crate::support::{Answer, Caller, Server, booking, room};
use innkeep_domain::Role;
use reqwest::Method;
use serde_json::Value;

async fn book(caller: &Caller<'_>, key: &str, body: &Value) -> Answer {
    caller
        .with_header(Method::POST, "/v1/bookings", ("idempotency-key", key), body)
        .await
}

#[tokio::test]
async fn a_repeat_gets_the_first_answer_word_for_word() {
    let server = Server::start().await;
    let body = booking(&server.adler, &[room(&server.adler, "DBL", 3, 1)]);
    let manager = server.manager();
    let first = book(&manager, "k1", &body).await.is(201);
    assert_eq!(first.header("idempotency-replayed"), None);
    let stored = server.stored().await;
    let again = book(&manager, "k1", &body).await.is(201);
    assert_eq!(
        (&again.text, again.header("idempotency-replayed")),
        (&first.text, Some("true"))
    );
    assert_eq!(
        (again.header("etag"), again.header("location")),
        (first.header("etag"), first.header("location"))
    );
    assert_eq!(server.stored().await, stored);
}

#[tokio::test]
async fn another_request_under_the_key_is_a_mistake() {
    let server = Server::start().await;
    let manager = server.manager();
    book(
        &manager,
        "k1",
        &booking(&server.adler, &[room(&server.adler, "DBL", 3, 1)]),
    )
    .await
    .is(201);
    let stored = server.stored().await;
    let other = booking(&server.adler, &[room(&server.adler, "DBL", 4, 1)]);
    book(&manager, "k1", &other)
        .await
        .problem(422, "idempotency_key_reused");
    assert_eq!(server.stored().await, stored);
    let too_long = "k".repeat(256);
    book(&manager, &too_long, &other)
        .await
        .problem(422, "invalid_idempotency_key");
}

#[tokio::test]
async fn a_key_belongs_to_its_caller_and_operation() {
    let server = Server::start().await;
    let body = booking(&server.adler, &[room(&server.adler, "DBL", 3, 1)]);
    let first = book(&server.manager(), "k1", &body).await.is(201);
    let desk = server.caller(&server.adler, Role::FrontDesk);
    let second = book(&desk, "k1", &body).await.is(201);
    assert_ne!(first.id(), second.id());
    let cancel = format!("/v1/bookings/{}/actions/cancel", first.id());
    let done = server
        .manager()
        .with_header(Method::POST, &cancel, ("idempotency-key", "k1"), &Value::Null)
        .await;
    assert_eq!(done.is(200).header("idempotency-replayed"), None);
    let theirs = booking(&server.mare, &[room(&server.mare, "APT", 3, 1)]);
    book(&server.caller(&server.mare, Role::Manager), "k1", &theirs)
        .await
        .is(201);
}

#[tokio::test]
async fn a_refused_request_may_be_tried_again() {
    let server = Server::start().await;
    let manager = server.manager();
    let suite = booking(&server.adler, &[room(&server.adler, "STE", 3, 1)]);
    let first = manager.post("/v1/bookings", &suite).await.is(201);
    book(&manager, "k1", &suite).await.problem(409, "no_availability");
    manager
        .act(&format!("/v1/bookings/{}/actions/cancel", first.id()))
        .await
        .is(200);
    book(&manager, "k1", &suite).await.is(201);
}

#[tokio::test]
async fn the_key_is_forgotten_after_three_days() {
    let server = Server::start().await;
    let body = booking(&server.adler, &[room(&server.adler, "DBL", 30, 1)]);
    let first = book(&server.manager(), "k1", &body).await.is(201);
    server
        .app
        .clock
        .advance(chrono::Duration::hours(72) - chrono::Duration::seconds(1));
    assert_eq!(
        book(&server.manager(), "k1", &body).await.is(201).id(),
        first.id()
    );
    server.app.clock.advance(chrono::Duration::seconds(2));
    assert_ne!(
        book(&server.manager(), "k1", &body).await.is(201).id(),
        first.id()
    );
}

/// Twenty at once under one key: one booking, and everybody hears of that one or is told that it is still running.
#[tokio::test]
async fn at_once_under_one_key_only_one_is_made() {
    let server = Server::start().await;
    let manager = server.manager();
    let body = booking(&server.adler, &[room(&server.adler, "DBL", 3, 1)]);
    let answers = futures_util::future::join_all((0..20).map(|_| book(&manager, "k1", &body))).await;
    let mut ids: Vec<String> = Vec::new();
    for answer in answers {
        match answer.status {
            201 => ids.push(answer.id().to_owned()),
            _ => drop(answer.problem(409, "request_in_progress")),
        }
    }
    ids.dedup();
    assert_eq!(ids.len(), 1);
    assert_eq!(server.stored().await["booking"], 1);
}
