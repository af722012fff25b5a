//! HTTP 200 is not success: each warning must find the ranges it is about.

use crate::server::{Channel, PROPERTY, reply};
use innkeep_domain::ports::channel::{RateFields, RateRange, Rejected};
use serde_json::{Value, json};

fn range(rate: &str, from: &str, last: &str, fields: RateFields) -> RateRange {
    RateRange {
        rate: rate.into(),
        from: from.parse().unwrap(),
        last: last.parse().unwrap(),
        fields,
    }
}

fn price() -> RateFields {
    RateFields {
        price: Some("10".parse().unwrap()),
        ..RateFields::default()
    }
}

fn min_stay() -> RateFields {
    RateFields {
        min_stay_arrival: Some(2),
        ..RateFields::default()
    }
}

/// 0 and 1 are the same nights of one plan with different fields, 2 is later, 3 is another plan.
fn sent() -> Vec<RateRange> {
    vec![
        range("a", "2026-07-01", "2026-07-05", price()),
        range("a", "2026-07-01", "2026-07-05", min_stay()),
        range("a", "2026-07-06", "2026-07-06", price()),
        range("b", "2026-07-06", "2026-07-06", price()),
    ]
}

async fn rejected(warnings: Value) -> Vec<Rejected> {
    let body = json!({"data": [], "meta": {"message": "Success", "warnings": warnings}});
    let channel = Channel::answering(reply(200, body)).await;
    channel
        .protocol
        .sink
        .clone()
        .unwrap()
        .push_rates(&channel.access, &sent())
        .await
        .unwrap()
        .rejected
}

async fn indices(warning: Value) -> Vec<usize> {
    rejected(json!([warning]))
        .await
        .iter()
        .map(|rejected| rejected.range)
        .collect()
}

#[tokio::test]
async fn ids_and_dates_find_the_range() {
    let warning = json!({"property_id": PROPERTY, "rate_plan_id": "a", "date": "2026-07-06", "date_from": null,
        "date_to": null, "rate": "-1", "warning": {"rate": ["must be greater than 0"]}});
    let expected = Rejected {
        range: 2,
        reason: "rate must be greater than 0".into(),
    };
    assert_eq!(rejected(json!([warning])).await, [expected]);
}

#[tokio::test]
async fn the_blamed_field_parts_ranges_of_the_same_nights() {
    let about = |field: &str| {
        json!({"property_id": PROPERTY, "rate_plan_id": "a", "date_from": "2026-07-01",
            "date_to": "2026-07-05", "warning": {field: ["is invalid"]}})
    };
    assert_eq!(indices(about("min_stay_arrival")).await, [1]);
    assert_eq!(indices(about("rate")).await, [0]);
    assert_eq!(indices(about("rate_plan_id")).await, [0, 1]);
}

#[tokio::test]
async fn part_of_a_range_rejects_the_range() {
    let warning = json!({"property_id": PROPERTY, "rate_plan_id": "a", "date": "2026-07-03",
        "warning": {"rate": ["is invalid"]}});
    assert_eq!(indices(warning).await, [0]);
}

#[tokio::test]
async fn what_cannot_be_matched_rejects_the_product_or_everything() {
    let dateless =
        json!({"property_id": PROPERTY, "rate_plan_id": "a", "warning": {"rate_plan_id": ["is closed"]}});
    assert_eq!(indices(dateless).await, [0, 1, 2]);
    let elsewhere =
        json!({"property_id": PROPERTY, "rate_plan_id": "b", "date": "2027-01-01", "warning": {}});
    assert_eq!(indices(elsewhere).await, [3]);
    assert_eq!(
        indices(json!({"rate_plan_id": "c", "date": "2026-07-06", "warning": {}})).await,
        [0, 1, 2, 3]
    );
    assert_eq!(
        indices(json!({"property_id": "p-2", "rate_plan_id": "b", "warning": {}})).await,
        [0, 1, 2, 3]
    );
    assert_eq!(indices(json!("the whole call is late")).await, [0, 1, 2, 3]);
    let not_a_list = rejected(json!({"warning": "no"})).await;
    assert_eq!(not_a_list.len(), 4);
    assert_eq!(not_a_list.first().unwrap().reason, "no");
}

#[tokio::test]
async fn several_warnings_of_a_range_are_one_rejection() {
    let about = |complaint: &str| {
        json!({"property_id": PROPERTY, "rate_plan_id": "b", "date": "2026-07-06",
            "warning": {"rate": [complaint]}})
    };
    let rejected = rejected(json!([about("is low"), about("is odd"), about("is low")])).await;
    assert_eq!(
        rejected,
        [Rejected {
            range: 3,
            reason: "rate is low; rate is odd".into()
        }]
    );
}
