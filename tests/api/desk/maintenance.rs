//! `/v1/properties/{id}/maintenance`.

use super::{assert_verified, assign, book, last_event, next_business_date, property, says, unit};
use crate::support::{Server, unknown};
use innkeep_domain::Role;
use reqwest::Method;
use serde_json::{Value, json};

fn broken(unit: &str, from: &str, to: &str) -> Value {
    json!({ "unit_id": unit, "kind": "out_of_order", "reason": "burst pipe", "from": from, "to": to })
}

/// Out of order, free and forced of a suite's night.
async fn suite(server: &Server, night: u64) -> (i64, i64, i64) {
    let night = server.adler.night(night);
    let ari = server
        .manager()
        .get(&property(server, &format!("/ari?from={night}&to={night}")))
        .await
        .is(200);
    let id = json!(server.adler.unit_type("STE"));
    let types = ari.body["unit_types"].as_array().unwrap();
    let night = &types.iter().find(|t| t["unit_type_id"] == id).unwrap()["nights"][0];
    let count = |name: &str| night[name].as_i64().unwrap();
    (count("out_of_order"), count("free"), count("forced"))
}

#[tokio::test]
async fn out_of_order_is_not_sold_until_it_is_closed() {
    let server = Server::start().await;
    let manager = server.manager();
    let (url, room) = (property(&server, "/maintenance"), unit(&server, "STE-1").await);
    let made = manager
        .post(&url, &broken(&room, "2027-01-06", "2027-01-10"))
        .await
        .is(201);
    let one = made.header("location").unwrap().to_owned();
    assert_eq!(one, format!("{url}/{}", made.id()));
    assert_eq!(manager.get(&one).await.is(200).body, made.body);
    assert_eq!(suite(&server, 2).await, (1, 0, 0));
    assert_eq!(suite(&server, 6).await, (0, 1, 0));
    assert_verified(&server).await;
    let shorter = manager.patch(&one, &json!({ "to": "2027-01-08" })).await.is(200);
    assert_eq!(
        (&shorter.body["to"], shorter.header("etag")),
        (&json!("2027-01-08"), Some("\"2\""))
    );
    assert_eq!(suite(&server, 5).await, (0, 1, 0));
    manager
        .patch(&one, &json!({ "from": "2027-01-05", "to": "2027-01-09" }))
        .await
        .is(200);
    assert_eq!(suite(&server, 1).await, (1, 0, 0));
    assert_verified(&server).await;
    for _ in 0..2 {
        next_business_date(&server).await;
    }
    manager
        .patch(&one, &json!({ "from": "2027-01-06" }))
        .await
        .problem(422, "in_the_past")
        .at("/from");
    manager
        .patch(&one, &json!({ "to": "2027-01-05" }))
        .await
        .problem(422, "in_the_past")
        .at("/to");
    let closed = manager.act(&format!("{one}/actions/close")).await.is(200);
    assert_eq!(closed.body["to"], "2027-01-06");
    assert!(closed.body["closed_at"].is_string());
    assert_eq!(suite(&server, 2).await, (0, 1, 0));
    manager
        .act(&format!("{one}/actions/close"))
        .await
        .problem(409, "wrong_state");
    manager
        .patch(&one, &json!({ "reason": "again" }))
        .await
        .problem(409, "wrong_state");
    assert_eq!(manager.get(&url).await.is(200).items().len(), 0);
    assert_eq!(
        manager
            .get(&format!("{url}?closed=true"))
            .await
            .is(200)
            .items()
            .len(),
        1
    );
    assert_verified(&server).await;
}

#[tokio::test]
async fn closed_before_it_began_it_never_was() {
    let server = Server::start().await;
    let manager = server.manager();
    let (url, room) = (property(&server, "/maintenance"), unit(&server, "STE-1").await);
    let made = manager
        .post(&url, &broken(&room, "2027-01-06", "2027-01-08"))
        .await
        .is(201);
    manager
        .act(&format!("{url}/{}/actions/close", made.id()))
        .await
        .is(200);
    assert_eq!(suite(&server, 2).await, (0, 1, 0));
    manager
        .post(&url, &broken(&room, "2027-01-06", "2027-01-08"))
        .await
        .is(201);
    assert_verified(&server).await;
}

#[tokio::test]
async fn a_stay_and_maintenance_keep_each_other_out() {
    let server = Server::start().await;
    let manager = server.manager();
    let (url, room) = (property(&server, "/maintenance"), unit(&server, "DBL-1").await);
    let stay = book(&server, "DBL", 3, 2).await;
    assign(&server, &stay, &room).await.is(200);
    let refused = manager
        .post(&url, &broken(&room, "2027-01-08", "2027-01-20"))
        .await;
    says(
        &refused.problem(409, "unit_taken").at("/unit_id"),
        &stay.reference,
    );
    let service = json!({ "unit_id": room, "kind": "out_of_service", "reason": "paint", "from": "2027-01-09",
                          "to": "2027-01-10" });
    manager.post(&url, &service).await.is(201);
    let later = book(&server, "DBL", 5, 1).await;
    let refused = assign(&server, &later, &room).await.problem(409, "unit_taken");
    says(&refused, "maintenance (paint)");
    assert_verified(&server).await;
}

#[tokio::test]
async fn sold_out_it_needs_force_and_channels_hear_of_it() {
    let server = Server::start().await;
    let manager = server.manager();
    let (url, room) = (property(&server, "/maintenance"), unit(&server, "STE-1").await);
    let channel = json!({ "property_id": server.adler.property_id, "protocol": "channex", "name": "Channex",
                          "base_url": "http://127.0.0.1:1", "external_property": "p1", "api_key": "k" });
    let channel = manager.post("/v1/channel-connections", &channel).await.is(201);
    let mapping = json!({ "rooms": [{ "unit_type_id": server.adler.unit_type("STE"), "external_id": "ste" }],
                          "rates": [] });
    let id = channel.body["connection"]["id"].as_str().unwrap();
    manager
        .put(&format!("/v1/channel-connections/{id}/mappings"), &mapping)
        .await
        .is(200);
    book(&server, "STE", 3, 1).await;
    let new = broken(&room, "2027-01-06", "2027-01-09");
    let before = server.stored().await;
    manager.post(&url, &new).await.problem(409, "no_availability");
    assert_eq!(server.stored().await, before);
    let forced = json!({ "maintenance": new, "reason": "the ceiling comes down" });
    let force = format!("{url}/actions/force-create");
    let desk = server.caller(&server.adler, Role::FrontDesk);
    desk.post(&force, &forced)
        .await
        .problem(403, "missing_permission");
    let made = manager.post(&force, &forced).await.is(201);
    assert_eq!(suite(&server, 3).await, (1, 0, 1));
    assert_eq!(server.stored().await["ari_dirty"], before["ari_dirty"] + 1);
    let event = last_event(&server, "maintenance.created").await;
    assert_eq!(event["forced"]["reason"], "the ceiling comes down");
    // Longer, over another night that is sold: refused, and forced.
    book(&server, "STE", 5, 1).await;
    let longer = json!({ "to": "2027-01-10" });
    let path = format!("{url}/{}", made.id());
    manager
        .patch(&path, &longer)
        .await
        .problem(409, "no_availability");
    let forced = json!({ "change": longer, "reason": "it dries slowly" });
    manager
        .post(&format!("{path}/actions/force-change"), &forced)
        .await
        .is(200);
    assert_eq!(suite(&server, 5).await, (1, 0, 1));
    assert_verified(&server).await;
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let server = Server::start().await;
    let manager = server.manager();
    let (url, room) = (property(&server, "/maintenance"), unit(&server, "STE-1").await);
    let past = broken(&room, "2027-01-03", "2027-01-08");
    manager
        .post(&url, &past)
        .await
        .problem(422, "in_the_past")
        .at("/from");
    let backwards = broken(&room, "2027-01-08", "2027-01-08");
    manager
        .post(&url, &backwards)
        .await
        .problem(422, "invalid_range")
        .at("/to");
    let nowhere = broken(&unknown().to_string(), "2027-01-06", "2027-01-08");
    manager.post(&url, &nowhere).await.problem(404, "not_found");
    let made = manager
        .post(&url, &broken(&room, "2027-01-06", "2027-01-08"))
        .await
        .is(201);
    let path = format!("{url}/{}", made.id());
    let stale = manager
        .with_header(
            Method::PATCH,
            &path,
            ("if-match", "\"9\""),
            &json!({ "reason": "x" }),
        )
        .await;
    stale.problem(412, "stale_version");
    manager
        .get(&format!("{url}/{}", unknown()))
        .await
        .problem(404, "not_found");
}
