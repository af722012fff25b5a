//! Each fault can be seen, and only at the doors that channels have, not at the controls.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{DOUBLE, Fixture, HOTEL, text};

fn five() -> Value {
    json!([{ "property_id": HOTEL, "room_type_id": DOUBLE, "date": "2027-01-01", "availability": 5 }])
}

/// One push by a client without patience: `None` when no answer came.
async fn hasty_push(sandbox: &Fixture) -> Option<u16> {
    let request = sandbox
        .http
        .post(format!("{}/api/v1/availability", sandbox.base))
        .header("user-api-key", "key");
    let request = request
        .timeout(Duration::from_secs(1))
        .json(&json!({ "values": five() }));
    request
        .send()
        .await
        .ok()
        .map(|response| response.status().as_u16())
}

#[tokio::test]
async fn errors_apply_nothing_and_are_journalled() {
    let sandbox = Fixture::start().await;
    sandbox.faults(json!({ "error_rate": 1.0 })).await;
    let status = sandbox.availability(five()).await.status;
    assert!([500, 502, 503].contains(&status), "{status}");
    assert_eq!(sandbox.left("2027-01-01").await, Value::Null);
    let call = sandbox.calls().await[0].clone();
    assert_eq!(
        (&call["fault"], &call["status"], &call["values"]),
        (&json!("error"), &json!(status), &json!(1))
    );
    sandbox.faults(json!({})).await;
    assert_eq!(sandbox.availability(five()).await.status, 200);
}

#[tokio::test]
async fn timeouts_before_and_after_applying() {
    let sandbox = Fixture::start().await;
    sandbox.faults(json!({ "timeout_before_apply_rate": 1.0 })).await;
    assert_eq!(hasty_push(&sandbox).await, None);
    assert_eq!(sandbox.left("2027-01-01").await, Value::Null);
    sandbox.faults(json!({ "timeout_after_apply_rate": 1.0 })).await;
    assert_eq!(hasty_push(&sandbox).await, None);
    assert_eq!(sandbox.left("2027-01-01").await, json!(5));
    let call = sandbox.calls().await[1].clone();
    assert_eq!((&call["status"], &call["applied"]), (&Value::Null, &json!(1)));
}

#[tokio::test]
async fn a_timeout_can_cut_the_connection_instead() {
    let sandbox = Fixture::start().await;
    sandbox
        .faults(json!({ "timeout_after_apply_rate": 1.0, "sever_on_timeout": true }))
        .await;
    let begun = Instant::now();
    assert_eq!(hasty_push(&sandbox).await, None);
    assert!(
        begun.elapsed() < Duration::from_millis(900),
        "cut, not waited for"
    );
    assert_eq!(sandbox.left("2027-01-01").await, json!(5));
}

#[tokio::test]
async fn an_outage_spares_the_control_api() {
    let sandbox = Fixture::start().await;
    sandbox.faults(json!({ "outage": true })).await;
    assert_eq!(sandbox.availability(five()).await.status, 503);
    sandbox.faults(json!({ "outage": "drop" })).await;
    assert_eq!(hasty_push(&sandbox).await, None);
    assert_eq!(sandbox.get("/sandbox/faults").await.body["outage"], "drop");
    assert_eq!(
        sandbox
            .put("/sandbox/faults", json!({ "outage": "perhaps" }))
            .await
            .status,
        400
    );
    sandbox.faults(json!({})).await;
    assert_eq!(sandbox.availability(five()).await.status, 200);
}

#[tokio::test]
async fn latency_delays_only_the_channel() {
    let sandbox = Fixture::start().await;
    sandbox.faults(json!({ "latency_ms": [900, 910] })).await;
    let begun = Instant::now();
    assert_eq!(sandbox.availability(five()).await.status, 200);
    assert!(begun.elapsed() >= Duration::from_millis(900));
    let begun = Instant::now();
    sandbox.left("2027-01-01").await;
    assert!(begun.elapsed() < Duration::from_millis(800));
}

#[tokio::test]
async fn warnings_and_silent_drops() {
    let sandbox = Fixture::start().await;
    sandbox.faults(json!({ "warning_rate": 1.0 })).await;
    let warned = sandbox.availability(five()).await;
    assert_eq!((warned.status, &warned.body["data"]), (200, &json!([])));
    assert_eq!(
        warned.body["meta"]["warnings"][0]["warning"],
        json!({ "availability": ["is invalid"] })
    );
    sandbox.faults(json!({ "silent_drop_rate": 1.0 })).await;
    let swallowed = sandbox.availability(five()).await;
    assert_eq!(swallowed.body["meta"]["warnings"], json!([]));
    assert_eq!(sandbox.left("2027-01-01").await, Value::Null);
}

#[tokio::test]
async fn the_rate_limit_can_be_tightened_and_lifted() {
    let sandbox = Fixture::start().await;
    sandbox
        .faults(json!({ "rate_limit": { "availability": 1, "restrictions": 1, "window_s": 2 } }))
        .await;
    assert_eq!(sandbox.availability(five()).await.status, 200);
    assert_eq!(sandbox.availability(five()).await.status, 429);
    tokio::time::sleep(Duration::from_millis(2100)).await;
    assert_eq!(sandbox.availability(five()).await.status, 200);
    sandbox.faults(json!({ "rate_limit": null })).await;
    for _ in 0..15 {
        assert_eq!(sandbox.availability(five()).await.status, 200);
    }
}

/// At them nobody published a limit, so there is none unless it is asked for.
#[tokio::test]
async fn other_doors_limit_calls_when_told_to() {
    let sandbox = Fixture::start().await;
    let doors = [
        "/alpinebits",
        "/sandbox/webhook-ota/tours/push",
        "/ical/villa.ics",
    ];
    let call = async |door: &str, log_in: &str| {
        let address = format!("{}{door}", sandbox.base);
        let request = if door.starts_with("/ical") {
            sandbox.http.get(address)
        } else {
            sandbox.http.post(address)
        };
        sandbox.send(request.header("authorization", log_in)).await.status
    };
    for door in doors {
        for _ in 0..15 {
            assert_ne!(call(door, "Basic one").await, 429, "{door}");
        }
    }
    sandbox.faults(json!({ "rate_limit": { "elsewhere": 1 } })).await;
    for door in doors {
        assert_ne!(call(door, "Basic one").await, 429, "{door}");
        assert_eq!(call(door, "Basic one").await, 429, "{door}");
        assert_ne!(call(door, "Basic two").await, 429, "{door}");
    }
    assert_eq!(sandbox.get("/sandbox/webhook-ota/tours").await.status, 404);
}

#[tokio::test]
async fn the_feed_can_be_shuffled_and_doubled() {
    let sandbox = Fixture::start().await;
    for _ in 0..20 {
        sandbox.sell("2027-01-01", "2027-01-02", true).await;
    }
    let ordered = sandbox.feed().await["data"].clone();
    sandbox.faults(json!({ "reorder_feed": true, "seed": 7 })).await;
    let shuffled = sandbox.feed().await["data"].clone();
    assert_ne!(ordered, shuffled);
    sandbox.faults(json!({ "reorder_feed": true, "seed": 7 })).await;
    assert_eq!(
        shuffled,
        sandbox.feed().await["data"],
        "the same seed, the same disorder"
    );
    sandbox.faults(json!({ "duplicate_feed": 1 })).await;
    let doubled = sandbox.feed().await;
    assert_eq!(
        (
            doubled["data"].as_array().unwrap().len(),
            &doubled["meta"]["total"]
        ),
        (40, &json!(20))
    );
}

#[tokio::test]
async fn acknowledgements_can_get_lost() {
    let sandbox = Fixture::start().await;
    let sold = sandbox.sell("2027-01-01", "2027-01-02", true).await.body;
    sandbox.faults(json!({ "lost_ack_rate": 1.0 })).await;
    assert_eq!(sandbox.ack(text(&sold, "revision_id")).await.status, 200);
    assert_eq!(sandbox.feed().await["meta"]["total"], 1);
    let revision = sandbox.revisions().await[0].clone();
    assert_eq!(
        (&revision["acks"], &revision["lost_acks"]),
        (&json!(0), &json!(1))
    );
}

#[tokio::test]
async fn a_run_can_be_repeated() {
    let sandbox = Fixture::start().await;
    let mut runs: Vec<Vec<u16>> = Vec::new();
    for _ in 0..2 {
        sandbox
            .faults(json!({ "error_rate": 0.5, "rate_limit": null, "seed": 42 }))
            .await;
        let mut run = Vec::new();
        for _ in 0..20 {
            run.push(sandbox.availability(five()).await.status);
        }
        runs.push(run);
    }
    assert_eq!(runs[0], runs[1]);
    assert!(
        runs[0].contains(&200) && runs[0].iter().any(|status| *status >= 500),
        "{:?}",
        runs[0]
    );
}

#[tokio::test]
async fn nonsense_is_refused_and_the_world_can_be_emptied() {
    let sandbox = Fixture::start().await;
    assert_eq!(
        sandbox
            .put("/sandbox/faults", json!({ "error_rate": 2.0 }))
            .await
            .status,
        422
    );
    assert_eq!(
        sandbox
            .put("/sandbox/faults", json!({ "eror_rate": 1.0 }))
            .await
            .status,
        400
    );
    let deleted = sandbox
        .send(sandbox.http.delete(format!("{}/sandbox/state", sandbox.base)))
        .await;
    assert_eq!(deleted.status, 200);
    assert_eq!(
        sandbox.get("/sandbox/properties").await.body,
        json!({ "properties": [] })
    );
}
