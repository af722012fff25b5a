//! Recorded messages: the sandbox's own, and published samples where they are at hand.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::NaiveDate;
use serde_json::{Value, json};

use crate::support::{BAR, DOUBLE, Fixture, HOTEL, SINGLE, SINGLE_BAR, text};

async fn replay(sandbox: &Fixture, messages: &[Value], arrival: &str) -> Vec<Value> {
    let body = json!({ "property_id": HOTEL, "messages": messages, "arrival": arrival });
    let answer = sandbox.post("/sandbox/replay", body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let feed = sandbox.feed().await["data"].as_array().unwrap().clone();
    feed.into_iter()
        .map(|entry| entry["attributes"].clone())
        .collect()
}

#[tokio::test]
async fn the_fixtures_come_to_life_on_this_property() {
    let sandbox = Fixture::start().await;
    let recorded = innkeep_sandbox::fixtures().unwrap();
    let played = replay(&sandbox, &recorded, "2027-08-01").await;
    let statuses: Vec<&str> = played.iter().map(|booking| text(booking, "status")).collect();
    assert_eq!(statuses, ["new", "modified", "cancelled"]);
    let bookings: BTreeSet<&str> = played.iter().map(|booking| text(booking, "booking_id")).collect();
    assert_eq!(bookings.len(), 1);
    let (new, modified) = (&played[0], &played[1]);
    assert_eq!(
        (text(new, "property_id"), text(new, "arrival_date")),
        (HOTEL, "2027-08-01")
    );
    assert_eq!(
        (text(modified, "arrival_date"), text(modified, "departure_date")),
        ("2027-08-02", "2027-08-05")
    );
    let products = |index: usize| {
        (
            text(&new["rooms"][index], "room_type_id"),
            text(&new["rooms"][index], "rate_plan_id"),
        )
    };
    assert_eq!((products(0), products(1)), ((DOUBLE, BAR), (SINGLE, SINGLE_BAR)));
    let days = json!({ "2027-08-01": "120.00", "2027-08-02": "120.00", "2027-08-03": "90.00" });
    assert_eq!(new["rooms"][0]["days"], days);
    let meta = &new["rooms"][0]["meta"];
    assert_eq!(
        meta["days_breakdown"][2],
        json!({ "date": "2027-08-03", "amount": "90.00", "rate_plan": BAR })
    );
    assert_eq!(meta["cancel_penalties"][1]["from"], "2027-07-30T00:00:00");
    assert_eq!(new["customer"], recorded[0]["data"]["attributes"]["customer"]);
    assert_eq!(new["unique_id"], "BDC-4820017735");
    assert_ne!(new["id"], recorded[0]["data"]["id"]);
    assert_eq!(text(&played[2], "amount"), "120.00");
}

#[tokio::test]
async fn a_later_replay_continues_the_booking_unless_asked_for_a_fresh_one() {
    let sandbox = Fixture::start().await;
    let recorded = innkeep_sandbox::fixtures().unwrap();
    replay(&sandbox, &recorded[..1], "2027-08-01").await;
    let played = replay(&sandbox, &recorded[2..], "2027-08-02").await;
    assert_eq!(played[0]["booking_id"], played[1]["booking_id"]);
    let fresh = json!({ "property_id": HOTEL, "arrival": "2027-09-01", "fresh": true, "currency": "CHF" });
    assert_eq!(
        sandbox.post("/sandbox/replay", fresh).await.status,
        201,
        "own fixtures by default"
    );
    let feed = sandbox.feed().await;
    let third = &feed["data"][2]["attributes"];
    assert_ne!(third["booking_id"], played[0]["booking_id"]);
    assert_eq!(
        (text(third, "currency"), text(third, "unique_id")),
        ("CHF", "BDC-4820017735-1")
    );
}

#[tokio::test]
async fn what_is_no_booking_is_refused_whole() {
    let sandbox = Fixture::start().await;
    let mut messages = innkeep_sandbox::fixtures().unwrap();
    messages.push(json!({ "hello": "world" }));
    let body = json!({ "property_id": HOTEL, "messages": messages, "arrival": "2027-08-01" });
    assert_eq!(sandbox.post("/sandbox/replay", body).await.status, 422);
    let stranger = json!({ "property_id": "none", "arrival": "2027-08-01" });
    assert_eq!(sandbox.post("/sandbox/replay", stranger).await.status, 404);
    assert!(sandbox.revisions().await.is_empty());
}

/// Published samples may not be copied into the project; beside it, they are replayed as well.
fn published() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpora/channex/json");
    let Ok(entries) = std::fs::read_dir(folder) else {
        eprintln!("no published samples beside the workspace: only the own fixtures are replayed");
        return Vec::new();
    };
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let booking = |path: &Path| {
        path.file_name()
            .unwrap()
            .to_string_lossy()
            .starts_with("bookings-collection__")
    };
    let documents = paths
        .iter()
        .filter(|path| booking(path))
        .map(|path| serde_json::from_str::<Value>(&std::fs::read_to_string(path).unwrap()).unwrap());
    let snapshot = |document: &Value| {
        let first = document["data"].get(0).unwrap_or(&document["data"]);
        first["attributes"]["rooms"].is_array()
    };
    documents.filter(snapshot).collect()
}

#[tokio::test]
async fn every_published_booking_keeps_its_sums_and_nights() {
    let sandbox = Fixture::start().await;
    let mut messages = published();
    messages.extend(innkeep_sandbox::fixtures().unwrap());
    let played = replay(&sandbox, &messages, "2027-08-01").await;
    assert_eq!(played.len(), messages.len());
    for booking in &played {
        for room in booking["rooms"].as_array().unwrap() {
            let (from, to) = (text(room, "checkin_date"), text(room, "checkout_date"));
            let (from, to): (NaiveDate, NaiveDate) = (from.parse().unwrap(), to.parse().unwrap());
            assert!(from >= NaiveDate::from_ymd_opt(2027, 8, 1).unwrap());
            let days: Vec<&String> = room["days"].as_object().unwrap().keys().collect();
            let nights: Vec<String> = from
                .iter_days()
                .take_while(|day| *day < to)
                .map(|day| day.to_string())
                .collect();
            assert_eq!(days, nights.iter().collect::<Vec<_>>());
            let amounts = room["days"].as_object().unwrap().values();
            let sum: rust_decimal::Decimal = amounts
                .map(|amount| amount.as_str().unwrap().parse::<rust_decimal::Decimal>().unwrap())
                .sum();
            assert_eq!(sum.to_string(), text(room, "amount"));
            assert!([DOUBLE, SINGLE].contains(&text(room, "room_type_id")));
        }
    }
}
