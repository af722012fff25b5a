//! What availability and rates look like on the wire.

use crate::server::{Channel, KEY, PROPERTY, reply};
use innkeep_domain::ports::channel::{AvailabilityRange, PushReport, RateFields, RateRange};
use serde_json::json;

fn range(from: &str, last: &str, availability: i32) -> AvailabilityRange {
    let (from, last) = (from.parse().unwrap(), last.parse().unwrap());
    AvailabilityRange {
        room: "r-1".into(),
        from,
        last,
        availability,
    }
}

#[tokio::test]
async fn availability_names_one_night_or_both_ends() {
    let channel = Channel::answering(reply(200, json!({"meta": {}}))).await;
    let sink = channel.protocol.sink.clone().unwrap();
    let ranges = [
        range("2026-07-01", "2026-07-01", 3),
        range("2026-07-02", "2026-07-31", -1),
    ];
    sink.push_availability(&channel.access, &ranges).await.unwrap();
    let asked = channel.last();
    assert_eq!(asked.line(), "POST /api/v1/availability HTTP/1.1");
    assert!(
        asked.head.contains(&format!("user-api-key: {KEY}")),
        "{}",
        asked.head
    );
    assert!(asked.head.contains("content-type: application/json"));
    assert_eq!(
        asked.json(),
        json!({"values": [
            {"property_id": PROPERTY, "room_type_id": "r-1", "date": "2026-07-01", "availability": 3},
            {"property_id": PROPERTY, "room_type_id": "r-1", "date_from": "2026-07-02", "date_to": "2026-07-31",
             "availability": 0},
        ]})
    );
}

#[tokio::test]
async fn only_told_fields_of_a_rate_are_sent() {
    let channel = Channel::answering(reply(200, json!({"meta": {}}))).await;
    let sink = channel.protocol.sink.clone().unwrap();
    let day = "2026-07-01".parse().unwrap();
    let rate = |fields| RateRange {
        rate: "plan-1".into(),
        from: day,
        last: day,
        fields,
    };
    let price = RateFields {
        price: Some("200".parse().unwrap()),
        ..RateFields::default()
    };
    let rest = RateFields {
        price: None,
        min_stay_arrival: Some(2),
        min_stay_through: Some(1),
        max_stay: Some(0),
        closed_to_arrival: Some(true),
        closed_to_departure: Some(false),
        stop_sell: Some(false),
    };
    sink.push_rates(&channel.access, &[rate(price), rate(rest)])
        .await
        .unwrap();
    let asked = channel.last();
    assert_eq!(asked.line(), "POST /api/v1/restrictions HTTP/1.1");
    assert_eq!(
        asked.json(),
        json!({"values": [
            {"property_id": PROPERTY, "rate_plan_id": "plan-1", "date": "2026-07-01", "rate": "200.00"},
            {"property_id": PROPERTY, "rate_plan_id": "plan-1", "date": "2026-07-01", "min_stay_arrival": 2,
             "min_stay_through": 1, "max_stay": 0, "closed_to_arrival": true, "closed_to_departure": false,
             "stop_sell": false},
        ]})
    );
}

#[tokio::test]
async fn nothing_to_tell_makes_no_call_and_too_much_is_not_sent() {
    let channel = Channel::answering(reply(200, json!({"meta": {}}))).await;
    let sink = channel.protocol.sink.clone().unwrap();
    assert_eq!(
        sink.push_availability(&channel.access, &[]).await.unwrap(),
        PushReport::default()
    );
    let many = vec![range("2026-07-01", "2026-07-02", 1); sink.ranges_per_call() + 1];
    assert!(sink.push_availability(&channel.access, &many).await.is_err());
    assert!(channel.asked.lock().unwrap().is_empty());
}

/// 500 days of everything must go in one call, and a call has at most 10 MB.
#[tokio::test]
async fn a_full_call_stays_within_the_documented_size() {
    let channel = Channel::answering(reply(200, json!({"meta": {}}))).await;
    let sink = channel.protocol.sink.clone().unwrap();
    let id = "57b92389-1878-4772-9f0d-47e31d22609f";
    let fields = RateFields {
        price: Some("1234567.89".parse().unwrap()),
        min_stay_arrival: Some(999),
        min_stay_through: Some(999),
        max_stay: Some(999),
        closed_to_arrival: Some(false),
        closed_to_departure: Some(false),
        stop_sell: Some(false),
    };
    let (from, last) = ("2026-07-01".parse().unwrap(), "2026-07-02".parse().unwrap());
    let one = RateRange {
        rate: id.into(),
        from,
        last,
        fields,
    };
    let access = innkeep_domain::ports::channel::Access {
        property: id.into(),
        ..channel.access.clone()
    };
    sink.push_rates(&access, &[one]).await.unwrap();
    assert!((channel.last().body.len() + 1) * sink.ranges_per_call() < 10_000_000);
}
