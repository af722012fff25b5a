//! What happens by itself: guests, scenarios, and the faults that a channel has over time.

use std::time::{Duration, Instant};

use chrono::{Days, NaiveDate};
use innkeep_sandbox::{Options, Sandbox, Scenario};
use serde_json::{Value, json};

use crate::support::{Fixture, HOTEL, is_ahead, now};

/// The sandbox's guests arrive from today on.
fn today() -> NaiveDate {
    now().date_naive()
}

/// Asks until it is so; never longer than ten seconds.
async fn until(sandbox: &Fixture, path: &str, so: impl Fn(&Value) -> bool) -> Value {
    let begun = Instant::now();
    loop {
        let body = sandbox.get(path).await.body;
        if so(&body) {
            return body;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "{body}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn opened(sandbox: &Fixture) {
    let (from, to) = (today(), today() + Days::new(60));
    sandbox.open_double(&from.to_string(), &to.to_string(), 5).await;
}

#[tokio::test]
async fn guests_book_change_and_cancel_by_themselves() {
    let sandbox = Fixture::start().await;
    opened(&sandbox).await;
    let plan = json!({ "per_minute": 6000, "modify_share": 0.3, "cancel_share": 0.3, "seed": 7 });
    assert_eq!(sandbox.put("/sandbox/guests", plan).await.status, 200);
    let all = ["booked", "modified", "cancelled"];
    until(&sandbox, "/sandbox/guests", |seen| {
        all.iter().all(|what| seen["done"][what].as_u64() > Some(0))
    })
    .await;
    assert_eq!(sandbox.put("/sandbox/guests", json!({})).await.status, 200);
    assert!(!sandbox.feed().await["data"].as_array().unwrap().is_empty());
}

/// Many look at the last rooms at the same time: what they saw is old when they book.
#[tokio::test]
async fn guests_who_saw_an_old_page_buy_what_is_gone() {
    let sandbox = Fixture::start().await;
    let day = today();
    sandbox.open_double(&day.to_string(), &day.to_string(), 1).await;
    let plan = json!({ "per_minute": 6000, "stale_ms": [500, 500], "modify_share": 0, "cancel_share": 0,
        "days": 1, "most_nights": 1 });
    assert_eq!(sandbox.put("/sandbox/guests", plan).await.status, 200);
    until(&sandbox, "/sandbox/guests", |seen| {
        seen["done"]["booked_stale"].as_u64() > Some(0)
    })
    .await;
}

#[tokio::test]
async fn guests_who_make_no_sense_are_refused() {
    let sandbox = Fixture::start().await;
    for wrong in [
        json!({ "per_minute": -1 }),
        json!({ "modify_share": 0.6, "cancel_share": 0.6 }),
        json!({ "days": 0 }),
    ] {
        assert_eq!(sandbox.put("/sandbox/guests", wrong).await.status, 422);
    }
}

#[tokio::test]
async fn a_channel_that_replenishes_raises_what_it_was_told() {
    let sandbox = Fixture::start().await;
    sandbox.open_double("2027-03-01", "2027-03-02", 3).await;
    for (replenishes, left) in [(false, 3), (true, 4)] {
        sandbox.faults(json!({ "auto_replenish": replenishes })).await;
        let sold = sandbox.sell("2027-03-01", "2027-03-02", false).await.body;
        let path = format!(
            "/sandbox/bookings/{}/cancel",
            sold["booking_id"].as_str().unwrap()
        );
        assert_eq!(sandbox.post(&path, json!({})).await.status, 200);
        assert_eq!(sandbox.left("2027-03-01").await, json!(left));
    }
}

#[tokio::test]
async fn what_nobody_acknowledged_leaves_the_feed() {
    let sandbox = Fixture::start().await;
    sandbox.open_double("2027-03-01", "2027-03-02", 3).await;
    sandbox.sell("2027-03-01", "2027-03-02", false).await;
    let waiting = async || sandbox.feed().await["data"].as_array().unwrap().len();
    assert_eq!(waiting().await, 1);
    sandbox.faults(json!({ "feed_expiry_s": 0 })).await;
    assert_eq!(waiting().await, 0);
    sandbox.faults(json!({})).await;
    assert_eq!(waiting().await, 1, "it is hidden, not forgotten");
}

#[tokio::test]
async fn a_wrong_clock_shows_in_revisions() {
    let sandbox = Fixture::start().await;
    sandbox.open_double("2027-03-01", "2027-03-02", 3).await;
    sandbox.faults(json!({ "clock_skew_s": 7200 })).await;
    sandbox.sell("2027-03-01", "2027-03-02", false).await;
    let path = format!("/sandbox/revisions?property_id={HOTEL}");
    let seen = sandbox.get(&path).await.body;
    assert!(is_ahead(&seen["revisions"][0]["inserted_at"]), "{seen}");
}

#[tokio::test]
async fn a_scenario_sets_faults_when_their_second_comes() {
    let text = include_str!("../../scenarios/bad-evening.json");
    Scenario::read(text).unwrap();
    let wrong = [
        r#"{"steps":[{"at_s":2},{"at_s":1}]}"#,
        r#"{"steps":[{"at_s":1,"faults":{"error_rate":2}}]}"#,
        r#"{"steps":[{"at_s":1,"fault":{}}]}"#,
    ];
    for text in wrong {
        assert!(Scenario::read(text).is_err(), "{text}");
    }
    let sandbox = Sandbox::new(Options::default()).unwrap();
    let fixture = Fixture::of(sandbox.clone()).await;
    let two = r#"{"steps":[{"at_s":0,"faults":{"error_rate":1.0}},{"at_s":1,"faults":{"outage":true}}]}"#;
    tokio::spawn(Scenario::read(two).unwrap().play(sandbox));
    until(&fixture, "/sandbox/faults", |now| now["error_rate"] == 1.0).await;
    let now = until(&fixture, "/sandbox/faults", |now| now["outage"] == true).await;
    assert_eq!(now["error_rate"], 0.0);
}
