//! `/v1/properties/{id}/unit-types`, `/units` and `/rate-plans`.

use crate::support::Server;
use serde_json::json;

#[tokio::test]
async fn units_raise_the_capacity_of_their_type() {
    let server = Server::start().await;
    let manager = server.manager();
    let property = format!("/v1/properties/{}", server.adler.property_id);
    let new = json!({ "code": "APT", "name": "Apartment", "max_occupancy": 6 });
    let made = manager
        .post(&format!("{property}/unit-types"), &new)
        .await
        .is(201);
    let units = json!({ "unit_type_id": made.id(), "names": ["A1", "A2", "A3"] });
    let added = manager.post(&format!("{property}/units"), &units).await.is(201);
    assert_eq!(added.items().len(), 3);
    let (from, to) = (server.adler.night(0), server.adler.night(1));
    let ari = manager
        .get(&format!("{property}/ari?from={from}&to={to}"))
        .await
        .is(200)
        .body;
    let all = ari["unit_types"].as_array().unwrap();
    let nights = &all.iter().find(|u| u["unit_type_id"] == made.body["id"]).unwrap()["nights"];
    assert_eq!(
        (&nights[0]["capacity"], &nights[1]["free"]),
        (&json!(3), &json!(3))
    );
    assert_eq!(
        manager
            .get(&format!("{property}/units"))
            .await
            .is(200)
            .items()
            .len(),
        8 + 3
    );
}

#[tokio::test]
async fn names_and_codes_are_taken_once() {
    let server = Server::start().await;
    let manager = server.manager();
    let property = format!("/v1/properties/{}", server.adler.property_id);
    let before = server.stored().await;
    let again = json!({ "code": "SGL", "name": "Another single", "max_occupancy": 1 });
    manager
        .post(&format!("{property}/unit-types"), &again)
        .await
        .problem(409, "code_taken");
    let unit = json!({ "unit_type_id": server.adler.unit_type("SGL"), "names": ["NEW", "SGL-1"] });
    manager
        .post(&format!("{property}/units"), &unit)
        .await
        .problem(409, "name_taken");
    let plan = json!({ "code": "BAR", "name": "Another best rate" });
    manager
        .post(&format!("{property}/rate-plans"), &plan)
        .await
        .problem(409, "code_taken");
    assert_eq!(server.stored().await, before, "all units or none");
}

#[tokio::test]
async fn plans_derive_from_base_plans_of_the_same_property() {
    let server = Server::start().await;
    let manager = server.manager();
    let plans = format!("/v1/properties/{}/rate-plans", server.adler.property_id);
    let derived = |parent: serde_json::Value, kind: &str, value: &str| json!({ "code": "X", "name": "X", "derived": { "parent_id": parent, "kind": kind, "value": value } });
    let base = json!(server.adler.base_plan);
    manager
        .post(&plans, &derived(base.clone(), "amount", "-12.5"))
        .await
        .is(201);
    let nested = derived(json!(server.adler.derived_plan), "percent", "5");
    manager
        .post(&plans, &nested)
        .await
        .problem(422, "parent_is_derived");
    manager
        .post(&plans, &derived(json!(server.mare.base_plan), "percent", "5"))
        .await
        .problem(404, "not_found");
    manager
        .post(&plans, &derived(base.clone(), "percent", "2000"))
        .await
        .problem(422, "out_of_range");
    manager
        .post(&plans, &derived(base, "percent", "ten"))
        .await
        .problem(400, "invalid_body");
    assert_eq!(manager.get(&plans).await.is(200).items().len(), 3);
}
