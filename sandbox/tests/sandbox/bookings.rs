//! The guests.

use serde_json::{Value, json};

use crate::support::{BAR, DOUBLE, Fixture, HOTEL, SINGLE_BAR, room, text};

#[tokio::test]
async fn only_what_was_told_is_sold() {
    let sandbox = Fixture::start().await;
    assert_eq!(
        sandbox.sell("2027-01-01", "2027-01-03", false).await.status,
        409,
        "nothing was told"
    );
    sandbox.open_double("2027-01-01", "2027-01-02", 1).await;
    assert_eq!(sandbox.sell("2027-01-01", "2027-01-03", false).await.status, 201);
    assert_eq!(
        sandbox.sell("2027-01-01", "2027-01-04", false).await.status,
        409,
        "the third night is unknown"
    );
    assert_eq!(
        sandbox.left("2027-01-01").await,
        json!(1),
        "the PMS sends the new count, not the OTA"
    );
    assert_eq!(
        sandbox.sell("2027-01-01", "2027-01-04", true).await.status,
        201,
        "forced"
    );
}

#[tokio::test]
async fn an_auto_decrementing_ota_counts_down_on_new_bookings() {
    let sandbox = Fixture::start().await;
    sandbox.open_double("2027-01-01", "2027-01-05", 1).await;
    let path = format!("/sandbox/properties/{HOTEL}/bookings");
    let body = json!({ "rooms": [room("2027-01-01", "2027-01-03")], "decrement": true });
    let sold = sandbox.post(&path, body.clone()).await;
    assert_eq!(sold.status, 201);
    assert_eq!(sandbox.left("2027-01-02").await, json!(0));
    assert_eq!(
        sandbox.left("2027-01-03").await,
        json!(1),
        "the day of departure is free"
    );
    assert_eq!(sandbox.post(&path, body).await.status, 409);
    let cancel = format!("/sandbox/bookings/{}/cancel", text(&sold.body, "booking_id"));
    assert_eq!(sandbox.post(&cancel, json!({})).await.status, 200);
    assert_eq!(
        sandbox.left("2027-01-02").await,
        json!(0),
        "cancelling gives nothing back"
    );
}

#[tokio::test]
async fn each_restriction_stops_a_sale() {
    let sandbox = Fixture::start().await;
    sandbox.open_double("2027-01-01", "2027-01-10", 5).await;
    sandbox.faults(json!({ "rate_limit": null })).await;
    let rules = [
        ("2027-01-02", "stop_sell", json!(true), json!(false)),
        ("2027-01-01", "closed_to_arrival", json!(true), json!(false)),
        ("2027-01-04", "closed_to_departure", json!(true), json!(false)),
        ("2027-01-01", "min_stay_arrival", json!(4), json!(1)),
        ("2027-01-03", "min_stay_through", json!(4), json!(1)),
        ("2027-01-01", "max_stay", json!(2), json!(0)),
    ];
    for (date, rule, on, off) in rules {
        let value = |setting: &Value| {
            let mut value = json!({ "property_id": HOTEL, "rate_plan_id": BAR, "date": date });
            value[rule] = setting.clone();
            json!([value])
        };
        sandbox.restrictions(value(&on)).await;
        let refused = sandbox.sell("2027-01-01", "2027-01-04", false).await;
        assert_eq!(refused.status, 409, "{rule}");
        assert!(
            text(&json!({ "r": refused.body["reasons"][0] }), "r").contains(rule),
            "{}",
            refused.body
        );
        sandbox.restrictions(value(&off)).await;
        assert_eq!(
            sandbox.sell("2027-01-01", "2027-01-04", false).await.status,
            201,
            "{rule} lifted"
        );
    }
}

#[tokio::test]
async fn several_rooms_count_together_and_foreign_plans_do_not_sell() {
    let sandbox = Fixture::start().await;
    sandbox.open_double("2027-01-01", "2027-01-05", 1).await;
    let path = format!("/sandbox/properties/{HOTEL}/bookings");
    let two = json!({ "rooms": [room("2027-01-01", "2027-01-03"), room("2027-01-02", "2027-01-04")] });
    assert_eq!(sandbox.post(&path, two).await.status, 409);
    let mut foreign = room("2027-01-01", "2027-01-03");
    foreign["rate_plan_id"] = json!(SINGLE_BAR);
    assert_eq!(
        sandbox.post(&path, json!({ "rooms": [foreign] })).await.status,
        409
    );
    let mut unheard = room("2027-01-01", "2027-01-03");
    unheard["room_type_id"] = json!("unheard of");
    assert_eq!(
        sandbox
            .post(&path, json!({ "rooms": [unheard], "force": true }))
            .await
            .status,
        422
    );
    assert_eq!(sandbox.post(&path, json!({ "rooms": [] })).await.status, 422);
    assert_eq!(
        sandbox.sell("2027-01-03", "2027-01-03", true).await.status,
        422,
        "no night"
    );
    let unmapped =
        json!({ "rooms": [{ "checkin_date": "2027-01-01", "checkout_date": "2027-01-02" }], "force": true });
    assert_eq!(sandbox.post(&path, unmapped).await.status, 201);
    assert_eq!(
        sandbox.feed().await["data"][0]["attributes"]["rooms"][0]["room_type_id"],
        Value::Null
    );
}

#[tokio::test]
async fn the_revision_is_a_full_snapshot() {
    let sandbox = Fixture::start().await;
    sandbox.open_double("2027-01-01", "2027-01-05", 1).await;
    let sold = sandbox.sell("2027-01-01", "2027-01-03", false).await.body;
    let revision_id = text(&sold, "revision_id");
    let one = sandbox
        .get(&format!("/api/v1/booking_revisions/{revision_id}"))
        .await
        .body;
    assert_eq!(one["data"]["type"], "booking_revision");
    let booking = &one["data"]["attributes"];
    assert_eq!(
        (booking["id"].as_str(), booking["booking_id"].as_str()),
        (Some(revision_id), sold["booking_id"].as_str())
    );
    assert_eq!(
        (text(booking, "status"), text(booking, "amount")),
        ("new", "200.00")
    );
    assert_eq!(
        (text(booking, "arrival_date"), text(booking, "departure_date")),
        ("2027-01-01", "2027-01-03")
    );
    assert_eq!(
        booking["unique_id"],
        format!("BDC-{}", text(booking, "ota_reservation_code"))
    );
    assert_eq!(
        booking["rooms"][0]["days"],
        json!({ "2027-01-01": "100.00", "2027-01-02": "100.00" })
    );
    assert_eq!(
        booking["rooms"][0]["occupancy"],
        json!({ "adults": 2, "children": 0, "infants": 0 })
    );
    let calendar = sandbox
        .get(&format!(
            "/sandbox/properties/{HOTEL}/calendar?from=2027-01-02&to=2027-01-03"
        ))
        .await
        .body;
    assert_eq!(calendar["room_types"][0]["dates"]["2027-01-02"]["booked"], 1);
    assert_eq!(calendar["room_types"][0]["dates"]["2027-01-03"]["booked"], 0);
}

#[tokio::test]
async fn a_change_replaces_the_rooms_and_may_revive_a_cancelled_booking() {
    let sandbox = Fixture::start().await;
    sandbox.open_double("2027-01-01", "2027-01-03", 1).await;
    let sold = sandbox.sell("2027-01-01", "2027-01-03", false).await.body;
    sandbox.open_double("2027-01-01", "2027-01-02", 0).await;
    let modify = format!("/sandbox/bookings/{}/modify", text(&sold, "booking_id"));
    let changed = sandbox
        .post(&modify, json!({ "rooms": [room("2027-01-02", "2027-01-04")] }))
        .await;
    assert_eq!(
        changed.status, 200,
        "its own night is free to it: {}",
        changed.body
    );
    let too_far = json!({ "rooms": [room("2027-01-02", "2027-01-05")] });
    assert_eq!(sandbox.post(&modify, too_far).await.status, 409);
    let cancel = format!("/sandbox/bookings/{}/cancel", text(&sold, "booking_id"));
    assert_eq!(
        sandbox.post(&cancel, json!({ "penalty": "100.00" })).await.status,
        200
    );
    assert_eq!(
        sandbox.post(&cancel, json!({})).await.status,
        409,
        "cancelled already"
    );
    let revived = json!({ "rooms": [room("2027-01-02", "2027-01-04")], "force": true });
    assert_eq!(sandbox.post(&modify, revived).await.status, 200);
    let feed = sandbox.feed().await;
    let entries: Vec<&Value> = feed["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| &entry["attributes"])
        .collect();
    let statuses: Vec<&str> = entries.iter().map(|entry| text(entry, "status")).collect();
    assert_eq!(statuses, ["new", "modified", "cancelled", "modified"]);
    assert_ne!(
        entries[0]["rooms"][0]["booking_room_id"],
        entries[1]["rooms"][0]["booking_room_id"]
    );
    assert_eq!(
        entries[1]["rooms"][0]["booking_room_id"],
        entries[2]["rooms"][0]["booking_room_id"]
    );
    assert_eq!(
        (
            text(entries[2], "amount"),
            text(&entries[2]["rooms"][0], "amount")
        ),
        ("100.00", "200.00")
    );
    assert_eq!(entries[2]["services"][0]["type"], "Cancellation Fee");
    assert_eq!(entries[3]["services"], json!([]));
    let code = text(entries[0], "ota_reservation_code");
    assert!(
        entries
            .iter()
            .all(|entry| text(entry, "ota_reservation_code") == code)
    );
    assert_eq!(
        sandbox
            .post("/sandbox/bookings/none/cancel", json!({}))
            .await
            .status,
        404
    );
    assert!(feed["data"].to_string().contains(DOUBLE));
}

#[tokio::test]
async fn rooms_can_keep_their_ids_and_cancellations_can_come_without_rooms() {
    let sandbox = Fixture::start().await;
    let sold = sandbox.sell("2027-01-01", "2027-01-03", true).await.body;
    let modify = format!("/sandbox/bookings/{}/modify", text(&sold, "booking_id"));
    let body = json!({ "rooms": [room("2027-01-01", "2027-01-02")], "force": true, "keep_room_ids": true });
    assert_eq!(sandbox.post(&modify, body).await.status, 200);
    let cancel = format!("/sandbox/bookings/{}/cancel", text(&sold, "booking_id"));
    sandbox.post(&cancel, json!({ "without_rooms": true })).await;
    let feed = sandbox.feed().await;
    let rooms = |index: usize| &feed["data"][index]["attributes"]["rooms"];
    assert_eq!(rooms(0)[0]["booking_room_id"], rooms(1)[0]["booking_room_id"]);
    assert_eq!(rooms(2), &json!([]));
    assert_eq!(feed["data"][2]["attributes"]["amount"], "0.00");
}
