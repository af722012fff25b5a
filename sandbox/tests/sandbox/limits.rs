//! Limits, the journal, and properties at full size.

use serde_json::{Value, json};

use crate::support::{BAR, DOUBLE, Fixture, HOTEL, SINGLE, count};

#[tokio::test]
async fn the_eleventh_call_in_a_minute_is_refused() {
    let sandbox = Fixture::start().await;
    for number in 0..10 {
        assert_eq!(
            sandbox
                .availability(json!([count("2027-06-01", number)]))
                .await
                .status,
            200
        );
    }
    let refused = sandbox.availability(json!([count("2027-06-01", 99)])).await;
    assert_eq!(refused.status, 429);
    assert_eq!(
        refused.body,
        json!({ "errors": { "code": "http_too_many_requests", "title": "Too Many Requests" } })
    );
    assert_eq!(sandbox.left("2027-06-01").await, json!(9));
    let rate = json!([{ "property_id": HOTEL, "rate_plan_id": BAR, "date": "2027-06-01", "rate": 9000 }]);
    assert_eq!(
        sandbox.restrictions(rate).await.status,
        200,
        "restrictions have an allowance of their own"
    );
    let statuses: Vec<Value> = sandbox
        .calls()
        .await
        .iter()
        .map(|call| call["status"].clone())
        .collect();
    assert_eq!(statuses.iter().filter(|status| **status == json!(429)).count(), 1);
}

#[tokio::test]
async fn the_journal_can_be_read_from_where_one_left_off() {
    let sandbox = Fixture::start().await;
    sandbox.availability(json!([count("2027-06-01", 1)])).await;
    sandbox
        .availability(json!([count("2027-06-01", 2), count("2027-06-02", 2)]))
        .await;
    let rest = sandbox.get("/sandbox/calls?since=1").await.body;
    assert_eq!(rest["calls"].as_array().unwrap().len(), 1);
    assert_eq!(rest["calls"][0]["values"], 2);
    assert_eq!(rest["calls"][0]["body"]["values"][1]["date"], "2027-06-02");
    assert_eq!(
        sandbox
            .get("/sandbox/calls?since=2100-01-01T00:00:00Z")
            .await
            .body,
        json!({ "calls": [] })
    );
}

#[tokio::test]
async fn a_full_horizon_is_taken_in_one_call_and_products_can_be_listed() {
    let sandbox = Fixture::start().await;
    let days: Vec<chrono::NaiveDate> = chrono::NaiveDate::from_ymd_opt(2027, 1, 1)
        .unwrap()
        .iter_days()
        .take(500)
        .collect();
    let values: Vec<Value> = days.iter().map(|day| count(&day.to_string(), 3)).collect();
    assert_eq!(
        sandbox.availability(json!(values)).await.body["meta"]["warnings"],
        json!([])
    );
    assert_eq!(sandbox.left("2028-05-14").await, json!(3));
    let rooms = sandbox
        .get(&format!("/api/v1/room_types?filter[property_id]={HOTEL}"))
        .await
        .body;
    assert_eq!(rooms["meta"], json!({ "total": 2, "page": 1, "limit": 10 }));
    assert_eq!(rooms["data"][1]["id"], SINGLE);
    let plans = sandbox
        .get(&format!("/api/v1/rate_plans?filter[property_id]={HOTEL}"))
        .await
        .body;
    assert_eq!(
        plans["data"][0]["relationships"]["room_type"]["data"]["id"],
        DOUBLE
    );
}

#[tokio::test]
async fn describing_a_property_again_keeps_what_was_told() {
    let sandbox = Fixture::start().await;
    sandbox.open_double("2027-01-01", "2027-01-01", 4).await;
    let listed = sandbox.get("/sandbox/properties").await.body["properties"][0].clone();
    let mut spec = listed.clone();
    spec.as_object_mut().unwrap().remove("id");
    spec["title"] = json!("Renamed & <b>bold</b>");
    assert_eq!(
        sandbox
            .put(&format!("/sandbox/properties/{HOTEL}"), spec)
            .await
            .status,
        200
    );
    assert_eq!(sandbox.left("2027-01-01").await, json!(4));
    let page = sandbox.get("/sandbox/believed").await.body;
    assert!(page.as_str().unwrap().contains("Renamed &amp; &lt;b&gt;bold"));
}

#[tokio::test]
async fn a_full_property_is_taken_in_two_calls() {
    let sandbox = Fixture::start().await;
    let (hotel, mut room_types) = ("55555555-0000-4000-8000-000000000001", Vec::new());
    let (mut counts, mut rates) = (Vec::new(), Vec::new());
    let span = |extra: Value| {
        let mut value = json!({ "property_id": hotel, "date_from": "2027-01-01", "date_to": "2028-05-14" });
        value
            .as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        value
    };
    for room in 0..20 {
        let plans: Vec<Value> = (0..10)
            .map(|plan| json!({ "id": format!("{room}/{plan}") }))
            .collect();
        for plan in &plans {
            rates.push(span(
                json!({ "rate_plan_id": plan["id"], "rate": 10000, "min_stay_arrival": 1 }),
            ));
        }
        counts.push(span(
            json!({ "room_type_id": room.to_string(), "availability": room }),
        ));
        room_types.push(json!({ "id": room.to_string(), "rate_plans": plans }));
    }
    let spec = json!({ "title": "Full", "room_types": room_types });
    assert_eq!(
        sandbox
            .put(&format!("/sandbox/properties/{hotel}"), spec)
            .await
            .status,
        200
    );
    assert_eq!(
        sandbox.availability(json!(counts)).await.body["meta"]["warnings"],
        json!([])
    );
    assert_eq!(
        sandbox.restrictions(json!(rates)).await.body["meta"]["warnings"],
        json!([])
    );
    let path = format!("/sandbox/properties/{hotel}/calendar?from=2028-05-14&to=2028-05-15");
    let calendar = sandbox.get(&path).await.body;
    let last = &calendar["room_types"][19];
    assert_eq!(last["dates"]["2028-05-14"]["availability"], 19);
    assert_eq!(last["rate_plans"][9]["dates"]["2028-05-14"]["rate"], "100.00");
    assert_eq!(last["rate_plans"][9]["dates"]["2028-05-15"]["rate"], Value::Null);
}

#[tokio::test]
async fn a_body_beyond_ten_megabytes_is_refused() {
    let sandbox = Fixture::start().await;
    let mut fat = count("2027-06-01", 1);
    fat["padding"] = json!("x".repeat(10 * 1024 * 1024));
    assert_eq!(sandbox.availability(json!([fat])).await.status, 413);
    assert_eq!(sandbox.left("2027-06-01").await, Value::Null);
}
