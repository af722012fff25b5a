//! Availability rules: what a channel manager keeps of them and what it refuses.

use serde_json::{Value, json};

use crate::support::{DOUBLE, Fixture, HOTEL};

const RULES: &str = "/api/v1/channel_availability_rules";

fn on(days: &Value) -> Value {
    json!({ "channel_availability_rule": {
        "title": "August is ours", "type": "close_out", "property_id": HOTEL, "start_date": "2027-08-01",
        "end_date": "2027-08-31", "affected_room_types": [DOUBLE], "days": days,
        "affected_channels": ["a2a767c0-187a-4476-9b23-8cceebe917d4"],
    } })
}

/// No published message leaves them out: one that holds daily names all seven.
#[tokio::test]
async fn a_rule_names_its_days() {
    let sandbox = Fixture::start().await;
    for wrong in [json!([]), json!(["monday"]), json!(["mo", "monday"]), Value::Null] {
        let refused = sandbox.post(RULES, on(&wrong)).await;
        assert_eq!(refused.status, 422, "{wrong}: {}", refused.body);
        let details = json!({ "days": ["is invalid"] });
        assert_eq!(refused.body["errors"]["details"], details);
    }
    let daily = on(&json!(["mo", "tu", "we", "th", "fr", "sa", "su"]));
    let made = sandbox.post(RULES, daily).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let path = format!("{RULES}/{}", made.body["data"]["id"].as_str().unwrap());
    assert_eq!(sandbox.put(&path, on(&json!([]))).await.status, 422);
    assert_eq!(sandbox.put(&path, on(&json!(["fr", "sa"]))).await.status, 200);
    let kept = sandbox.get(RULES).await.body["data"].clone();
    assert_eq!(kept.as_array().unwrap().len(), 1);
    assert_eq!(kept[0]["attributes"]["days"], json!(["fr", "sa"]));
}
