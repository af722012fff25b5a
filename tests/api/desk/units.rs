//! `/v1/units/{id}`.

use super::{property, unit};
use crate::support::{Server, unknown};
use innkeep_domain::Role;
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn a_units_attributes_are_changed_and_cleared() {
    let server = Server::start().await;
    let manager = server.manager();
    let path = format!("/v1/units/{}", unit(&server, "DBL-1").await);
    let change = json!({ "floor": "2", "building": "East", "position": 7, "features": ["sea_view", "accessible"],
                         "max_length": "12.50", "name": "201" });
    let changed = manager.patch(&path, &change).await.is(200);
    assert_eq!(changed.body["features"], json!(["accessible", "sea_view"]));
    assert_eq!(changed.body["max_length"], "12.50");
    assert_eq!(changed.header("etag"), Some("\"2\""));
    let cleared = manager
        .patch(&path, &json!({ "floor": null, "max_length": null }))
        .await
        .is(200);
    assert!(cleared.body.get("floor").is_none() && cleared.body.get("max_length").is_none());
    assert_eq!(cleared.body["building"], "East");
    assert_eq!(manager.get(&path).await.is(200).body, cleared.body);
    let stale = manager
        .with_header(
            Method::PATCH,
            &path,
            ("if-match", "\"2\""),
            &json!({ "floor": "1" }),
        )
        .await;
    stale.problem(412, "stale_version");
    let unchanged = manager
        .with_header(Method::GET, &path, ("if-none-match", "\"3\""), &json!(null))
        .await;
    unchanged.is(304);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let server = Server::start().await;
    let manager = server.manager();
    let path = format!("/v1/units/{}", unit(&server, "DBL-1").await);
    for (change, code, at) in [
        (
            json!({ "features": ["Sea view"] }),
            "invalid_features",
            "/features",
        ),
        (json!({ "max_beam": "0" }), "out_of_range", "/max_beam"),
        (json!({ "max_beam": "1.001" }), "out_of_range", "/max_beam"),
        (json!({ "position": -1 }), "out_of_range", "/position"),
        (json!({ "name": null }), "cannot_be_cleared", "/name"),
        (json!({ "floor": " " }), "invalid_text", "/floor"),
    ] {
        manager.patch(&path, &change).await.problem(422, code).at(at);
    }
    manager
        .patch(&path, &json!({ "name": "DBL-2" }))
        .await
        .problem(409, "name_taken");
    let nowhere = format!("/v1/units/{}", unknown());
    manager
        .patch(&nowhere, &json!({ "floor": "1" }))
        .await
        .problem(404, "not_found");
    let desk = server.caller(&server.adler, Role::FrontDesk);
    desk.patch(&path, &json!({ "floor": "1" }))
        .await
        .problem(403, "missing_permission");
}

#[tokio::test]
async fn unit_types_say_what_their_units_are() {
    let server = Server::start().await;
    let new = json!({ "code": "B", "name": "Berth", "kind": "berth", "max_occupancy": 8 });
    let made = server
        .manager()
        .post(&property(&server, "/unit-types"), &new)
        .await
        .is(201);
    assert_eq!(made.body["kind"], "berth");
    let all = server
        .manager()
        .get(&property(&server, "/unit-types"))
        .await
        .is(200);
    let kinds: Vec<_> = all.items().iter().map(|t| t["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["berth", "room", "room", "room"]);
}
