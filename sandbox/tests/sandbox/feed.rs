//! Feed, acknowledgements and webhooks.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::support::{Fixture, HOTEL, is_ahead, text};

/// Answers each request with the next status (the last one for ever) and passes the raw requests on.
async fn receiver(statuses: &'static [u16]) -> (String, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hooks", listener.local_addr().unwrap());
    let (sender, received) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        for number in 0.. {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = String::new();
            let mut chunk = [0; 4096];
            while !request.ends_with('}') {
                let length = stream.read(&mut chunk).await.unwrap();
                request.push_str(&String::from_utf8_lossy(&chunk[..length]));
            }
            let status = statuses[usize::min(number, statuses.len() - 1)];
            let head = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.write_all(head.as_bytes()).await.unwrap();
            sender.send(request).unwrap();
        }
    });
    (url, received)
}

async fn next(received: &mut mpsc::UnboundedReceiver<String>) -> Option<String> {
    tokio::time::timeout(Duration::from_millis(1500), received.recv())
        .await
        .ok()
        .flatten()
}

fn body(request: &str) -> Value {
    serde_json::from_str(request.split("\r\n\r\n").nth(1).unwrap()).unwrap()
}

#[tokio::test]
async fn what_is_not_acknowledged_comes_again_in_order() {
    let sandbox = Fixture::start().await;
    for _ in 0..3 {
        sandbox.sell("2027-01-01", "2027-01-02", true).await;
    }
    let feed = sandbox.feed().await;
    assert_eq!(feed["meta"], json!({ "total": 3, "page": 1, "limit": 100 }));
    let entries = feed["data"].as_array().unwrap();
    let times: Vec<&str> = entries
        .iter()
        .map(|entry| text(&entry["attributes"], "inserted_at"))
        .collect();
    assert!(times.is_sorted_by(|a, b| a < b), "{times:?}");
    let first = text(&entries[0], "id");
    let answer = sandbox.ack(first).await;
    assert_eq!(
        (answer.status, answer.body),
        (200, json!({ "meta": { "message": "Success" } }))
    );
    let rest = sandbox.feed().await;
    assert_eq!(rest["meta"]["total"], 2);
    assert_eq!(rest["data"][0]["id"], entries[1]["id"]);
    let path = format!(
        "/api/v1/booking_revisions/feed?filter[property_id]={HOTEL}&order[inserted_at]=asc&pagination[page]=2&pagination[limit]=1"
    );
    let second_page = sandbox.get(&path).await.body;
    assert_eq!(second_page["data"], json!([entries[2]]));
    assert_eq!(
        sandbox
            .get("/api/v1/booking_revisions/feed?filter[property_id]=other")
            .await
            .body["data"],
        json!([])
    );
}

#[tokio::test]
async fn acknowledgements_are_counted_and_unknown_ones_refused() {
    let sandbox = Fixture::start().await;
    let sold = sandbox.sell("2027-01-01", "2027-01-02", true).await.body;
    let revision_id = text(&sold, "revision_id");
    assert_eq!(sandbox.revisions().await[0]["acks"], 0);
    assert_eq!(sandbox.ack(revision_id).await.status, 200);
    assert_eq!(sandbox.ack(revision_id).await.status, 200);
    let revision = sandbox.revisions().await[0].clone();
    assert_eq!(revision["acks"], 2);
    assert_eq!(revision["acked_at"].as_array().unwrap().len(), 2);
    let unknown = sandbox.ack("none").await;
    assert_eq!(
        (unknown.status, &unknown.body["errors"]["code"]),
        (404, &json!("resource_not_found"))
    );
}

#[tokio::test]
async fn every_revision_is_announced() {
    let (url, mut received) = receiver(&[200]).await;
    let sandbox = Fixture::start_with(innkeep_sandbox::Options::default(), json!(url)).await;
    let sold = sandbox.sell("2027-01-01", "2027-01-02", true).await.body;
    let request = next(&mut received).await.unwrap();
    assert!(request.contains("x-secret: s3cret"), "{request}");
    let message = body(&request);
    assert_eq!(
        (text(&message, "event"), text(&message, "property_id")),
        ("booking_new", HOTEL)
    );
    let expected =
        json!({ "booking_id": sold["booking_id"], "property_id": HOTEL, "revision_id": sold["revision_id"] });
    assert_eq!(
        (&message["payload"], &message["user_id"]),
        (&expected, &Value::Null)
    );
    let booking = format!("/sandbox/bookings/{}", text(&sold, "booking_id"));
    sandbox
        .post(
            &format!("{booking}/modify"),
            json!({ "force": true, "notes": "late" }),
        )
        .await;
    assert_eq!(
        body(&next(&mut received).await.unwrap())["event"],
        "booking_modification"
    );
    sandbox.post(&format!("{booking}/cancel"), json!({})).await;
    assert_eq!(
        body(&next(&mut received).await.unwrap())["event"],
        "booking_cancellation"
    );
    assert_eq!(next(&mut received).await, None);
}

#[tokio::test]
async fn a_failing_receiver_is_tried_again() {
    let (url, mut received) = receiver(&[500, 200]).await;
    let sandbox = Fixture::start_with(innkeep_sandbox::Options::default(), json!(url)).await;
    sandbox.sell("2027-01-01", "2027-01-02", true).await;
    assert!(next(&mut received).await.is_some());
    assert!(next(&mut received).await.is_some());
    assert_eq!(next(&mut received).await, None);
    let statuses = sandbox.revisions().await[0]["webhooks"].clone();
    assert_eq!(
        (&statuses[0]["status"], &statuses[1]["status"]),
        (&json!(500), &json!(200))
    );
}

#[tokio::test]
async fn webhooks_are_duplicated_or_dropped_on_request() {
    let (url, mut received) = receiver(&[200]).await;
    let sandbox = Fixture::start_with(innkeep_sandbox::Options::default(), json!(url)).await;
    sandbox.faults(json!({ "duplicate_webhooks": 2 })).await;
    sandbox.sell("2027-01-01", "2027-01-02", true).await;
    for _ in 0..3 {
        assert!(next(&mut received).await.is_some());
    }
    sandbox.faults(json!({ "webhook_drop_rate": 1.0 })).await;
    sandbox.sell("2027-01-01", "2027-01-02", true).await;
    assert_eq!(next(&mut received).await, None);
}

#[tokio::test]
async fn a_wrong_clock_shows_in_webhooks() {
    let (url, mut received) = receiver(&[200]).await;
    let sandbox = Fixture::start_with(innkeep_sandbox::Options::default(), json!(url)).await;
    sandbox.faults(json!({ "clock_skew_s": 7200 })).await;
    sandbox.sell("2027-01-01", "2027-01-02", true).await;
    let message = body(&next(&mut received).await.unwrap());
    assert!(is_ahead(&message["timestamp"]), "{message}");
}
