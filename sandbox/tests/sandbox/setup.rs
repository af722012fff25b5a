//! Hotels that a PMS sets up by itself, revisions by date, and guests who write.

use serde_json::{Value, json};

use crate::support::{Fixture, HOTEL, is_ahead};

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

async fn made(sandbox: &Fixture, path: &str, body: Value) -> Value {
    let answer = sandbox.post(path, body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.body["data"].clone()
}

#[tokio::test]
async fn a_hotel_is_made_room_by_room_and_can_be_told_things() {
    let sandbox = Fixture::start().await;
    let property = json!({ "property": { "title": "New", "currency": "CHF" } });
    let property = made(&sandbox, "/api/v1/properties", property).await;
    let id = text(&property["id"]);
    let room = json!({ "room_type": { "property_id": id, "title": "Twin", "count_of_rooms": 8, "occ_adults": 2,
                       "occ_children": 0, "occ_infants": 0, "default_occupancy": 2 } });
    let room = made(&sandbox, "/api/v1/room_types", room).await;
    let rate = json!({ "rate_plan": { "property_id": id, "room_type_id": room["id"], "title": "BAR", "currency": "CHF",
                       "sell_mode": "per_room", "rate_mode": "manual",
                       "options": [{ "occupancy": 2, "is_primary": true, "rate": 0 }] } });
    let rate = made(&sandbox, "/api/v1/rate_plans", rate).await;
    let value = json!({ "values": [{ "property_id": id, "rate_plan_id": rate["id"], "date": "2027-03-01", "rate": "90.00" }] });
    let told = sandbox.post("/api/v1/restrictions", value).await;
    assert_eq!(told.body["meta"]["warnings"], json!([]), "{}", told.body);
}

#[tokio::test]
async fn what_lacks_something_is_refused_field_by_field() {
    let sandbox = Fixture::start().await;
    let room = json!({ "room_type": { "property_id": "nobody's", "title": " " } });
    let refused = sandbox.post("/api/v1/room_types", room).await;
    assert_eq!(refused.status, 422);
    let details = refused.body["errors"]["details"].as_object().unwrap();
    for field in [
        "property_id",
        "title",
        "count_of_rooms",
        "occ_adults",
        "occ_children",
        "occ_infants",
    ] {
        assert!(details.contains_key(field), "{field}: {}", refused.body);
    }
}

#[tokio::test]
async fn revisions_are_listed_by_date_acknowledged_or_not() {
    let sandbox = Fixture::start().await;
    let sold = sandbox.sell("2027-01-01", "2027-01-02", true).await;
    let revision = text(&sold.body["revision_id"]).to_owned();
    sandbox
        .post(&format!("/api/v1/booking_revisions/{revision}/ack"), Value::Null)
        .await;
    let list = |more: &str| format!("/api/v1/booking_revisions?filter[property_id]={HOTEL}{more}");
    let all = sandbox.get(&list("&filter[inserted_at][gte]=2020-01-01")).await;
    assert_eq!(all.body["data"][0]["id"], revision.as_str());
    let none = sandbox.get(&list("&filter[inserted_at][lt]=2020-01-01")).await;
    assert_eq!(none.body["data"], json!([]));
}

#[tokio::test]
async fn guests_write_and_are_answered() {
    let sandbox = Fixture::start().await;
    let letter = json!({ "title": "Ada", "message": "Is there a lift?" });
    let opened = sandbox
        .post(&format!("/sandbox/properties/{HOTEL}/threads"), letter)
        .await;
    assert_eq!(opened.status, 201);
    let thread = text(&opened.body["thread_id"]).to_owned();
    let path = format!("/api/v1/message_threads/{thread}/messages");
    let answer = json!({ "message": { "message": "Yes." } });
    assert_eq!(sandbox.post(&path, answer).await.status, 200);
    let messages = sandbox.get(&path).await.body["data"].clone();
    let senders: Vec<&str> = messages
        .as_array()
        .unwrap()
        .iter()
        .map(|m| text(&m["attributes"]["sender"]))
        .collect();
    assert_eq!(senders, ["property", "guest"], "newest first");
    let threads = sandbox
        .get(&format!("/api/v1/message_threads?filter[property_id]={HOTEL}"))
        .await;
    assert_eq!(threads.body["data"][0]["attributes"]["message_count"], 2);

    let review = json!({ "guest_name": "Ada", "content": "Good.", "score": 9.5 });
    let written = sandbox
        .post(&format!("/sandbox/properties/{HOTEL}/reviews"), review)
        .await;
    let path = format!("/api/v1/reviews/{}/reply", text(&written.body["review_id"]));
    let reply = json!({ "reply": { "reply": "Thank you." } });
    assert_eq!(sandbox.post(&path, reply.clone()).await.status, 200);
    assert_eq!(sandbox.post(&path, reply).await.status, 422, "once");
    let reviews = sandbox.get("/api/v1/reviews").await;
    assert_eq!(reviews.body["data"][0]["attributes"]["is_replied"], true);
}

#[tokio::test]
async fn a_wrong_clock_shows_in_what_guests_write() {
    let sandbox = Fixture::start().await;
    sandbox.faults(json!({ "clock_skew_s": 7200 })).await;
    let at = |what: &str| format!("/sandbox/properties/{HOTEL}/{what}");
    let letter = json!({ "title": "Ada", "message": "Is there a lift?" });
    assert_eq!(sandbox.post(&at("threads"), letter).await.status, 201);
    let review = json!({ "guest_name": "Ada", "content": "Good." });
    assert_eq!(sandbox.post(&at("reviews"), review).await.status, 201);
    let thread = sandbox.get("/api/v1/message_threads").await.body["data"][0].clone();
    let path = format!("/api/v1/message_threads/{}/messages", text(&thread["id"]));
    let answer = json!({ "message": { "message": "Yes." } });
    assert_eq!(sandbox.post(&path, answer).await.status, 200);
    let messages = sandbox.get(&path).await.body["data"].clone();
    let review = sandbox.get("/api/v1/reviews").await.body["data"][0].clone();
    for dated in [&thread, &messages[0], &messages[1], &review] {
        assert!(is_ahead(&dated["attributes"]["inserted_at"]), "{dated}");
    }
}
