//! What is not sold any more is made inactive; what still uses it refuses that, and what was sold stays as it was.

use crate::support::{Server, booking, room};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn a_unit_type_is_changed_and_archived_when_nothing_uses_it() {
    let server = Server::start().await;
    let (house, manager) = (&server.adler, server.manager());
    let at = format!("/v1/properties/{}", house.property_id);
    let path = format!("{at}/unit-types/{}", house.unit_type("STE").unwrap());
    let new = booking(house, &[room(house, "STE", 3, 2)]);
    let made = manager.post("/v1/bookings", &new).await.is(201);
    let changed = manager
        .patch(&path, &json!({ "name": "Grand suite", "max_occupancy": 2 }))
        .await
        .is(200);
    assert_eq!(
        (
            &changed.body["name"],
            &changed.body["active"],
            changed.header("etag")
        ),
        (&json!("Grand suite"), &json!(true), Some("\"2\""))
    );
    let stale = ("if-match", "\"1\"");
    manager
        .with_header(Method::PATCH, &path, stale, &json!({ "name": "x" }))
        .await
        .problem(412, "stale_version");
    manager
        .patch(&path, &json!({ "max_occupancy": 0 }))
        .await
        .problem(422, "out_of_range")
        .at("/max_occupancy");
    let archive = json!({ "active": false });
    let used = manager.patch(&path, &archive).await.problem(409, "in_use");
    let detail = used.body["detail"].as_str().unwrap();
    assert!(detail.contains("until the night of 2027-01-08"), "{detail}");
    let booking_path = format!("/v1/bookings/{}", made.id());
    manager
        .act(&format!("{booking_path}/actions/cancel"))
        .await
        .is(200);
    let before = manager.get(&booking_path).await.is(200);
    manager.patch(&path, &archive).await.is(200);
    let offers = format!("{at}/offers?arrival=2027-01-07&departure=2027-01-09");
    let found = manager.get(&offers).await.is(200);
    let suites = found
        .items()
        .iter()
        .filter(|o| o["unit_type_id"] == json!(house.unit_type("STE")));
    assert_eq!(suites.count(), 0);
    manager
        .post("/v1/bookings", &new)
        .await
        .problem(404, "not_found")
        .at("/rooms/0");
    assert_eq!(manager.get(&booking_path).await.is(200).body, before.body);
    manager.patch(&path, &json!({ "active": true })).await.is(200);
    manager.post("/v1/bookings", &new).await.is(201);
}

#[tokio::test]
async fn a_unit_type_that_a_channel_sells_is_not_archived_nor_an_archived_one_mapped() {
    let server = Server::start().await;
    let (house, manager) = (&server.adler, server.manager());
    let path = format!(
        "/v1/properties/{}/unit-types/{}",
        house.property_id,
        house.unit_type("STE").unwrap()
    );
    let channel = json!({ "property_id": house.property_id, "protocol": "webhook", "name": "Agent" });
    let channel = manager.post("/v1/channel-connections", &channel).await.is(201);
    let id = channel.body["connection"]["id"].as_str().unwrap();
    let mappings = format!("/v1/channel-connections/{id}/mappings");
    let mapping =
        json!({ "rooms": [{ "unit_type_id": house.unit_type("STE"), "external_id": "ste" }], "rates": [] });
    manager.put(&mappings, &mapping).await.is(200);
    let archive = json!({ "active": false });
    let used = manager.patch(&path, &archive).await.problem(409, "in_use");
    let detail = used.body["detail"].as_str().unwrap();
    assert!(detail.contains("the mapping of Agent"), "{detail}");
    let none = json!({ "rooms": [], "rates": [] });
    manager.put(&mappings, &none).await.is(200);
    manager.patch(&path, &archive).await.is(200);
    manager
        .put(&mappings, &mapping)
        .await
        .problem(404, "not_found")
        .at("/rooms");
}

#[tokio::test]
async fn a_policy_is_archived_when_no_rate_plan_is_sold_under_it() {
    let server = Server::start().await;
    let (house, manager) = (&server.adler, server.manager());
    let at = format!("/v1/properties/{}", house.property_id);
    let new =
        json!({ "code": "FLEX", "name": "Flexible", "text": "Free until the day before.", "no_show": {} });
    let made = manager.post(&format!("{at}/policies"), &new).await.is(201);
    let path = format!("{at}/policies/{}", made.id());
    let plan = format!("{at}/rate-plans/{}", house.base_plan);
    manager
        .patch(&plan, &json!({ "policy_id": made.id() }))
        .await
        .is(200);
    let archive = json!({ "active": false });
    let used = manager.patch(&path, &archive).await.problem(409, "in_use");
    let detail = used.body["detail"].as_str().unwrap();
    assert!(detail.contains("BAR"), "{detail}");
    manager.patch(&plan, &json!({ "policy_id": null })).await.is(200);
    let archived = manager.patch(&path, &archive).await.is(200);
    assert_eq!(archived.body["active"], json!(false));
    manager
        .patch(&plan, &json!({ "policy_id": made.id() }))
        .await
        .problem(409, "inactive")
        .at("/policy_id");
}
