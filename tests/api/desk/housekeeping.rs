//! `/v1/properties/{id}/housekeeping`, its tasks, and how clean units are.

use super::{action, assign, book, in_house, next_business_date, property, unit};
use crate::support::{Server, unknown};
use innkeep_domain::Role::{self, Housekeeping};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What happens to each unit.
async fn day(server: &Server) -> BTreeMap<String, String> {
    let maid = server.caller(&server.adler, Housekeeping);
    let day = maid.get(&property(server, "/housekeeping")).await.is(200);
    assert!(
        !day.text.contains("Ada") && !day.text.contains("amount"),
        "no guest, no price"
    );
    let units = day.body["units"].as_array().unwrap().iter();
    let text = |v: &Value| v.as_str().unwrap().to_owned();
    units.map(|u| (text(&u["name"]), text(&u["happening"]))).collect()
}

#[tokio::test]
async fn what_happens_to_each_unit_on_a_day() {
    let server = Server::start().await;
    let manager = server.manager();
    let id = async |name| unit(&server, name).await;
    let leaves = in_house(&server, "DBL", &id("DBL-1").await, 1).await;
    in_house(&server, "DBL", &id("DBL-2").await, 1).await;
    in_house(&server, "DBL", &id("DBL-3").await, 3).await;
    let gone = in_house(&server, "DBL", &id("DBL-4").await, 3).await;
    manager.act(&action(&gone, "check-out")).await.is(200);
    for (code, name) in [("DBL", "DBL-2"), ("SGL", "SGL-1")] {
        let next = book(&server, code, 1, 1).await;
        assign(&server, &next, &id(name).await).await.is(200);
    }
    for (name, kind) in [("SGL-2", "out_of_order"), ("STE-1", "out_of_service")] {
        let new = json!({ "unit_id": id(name).await, "kind": kind, "reason": "x", "from": "2027-01-05",
                          "to": "2027-01-06" });
        manager
            .post(&property(&server, "/maintenance"), &new)
            .await
            .is(201);
    }
    assert_eq!(day(&server).await["DBL-4"], "departure", "left early, today");
    next_business_date(&server).await;
    let found = day(&server).await;
    let expected = [
        ("DBL-1", "departure"),
        ("DBL-2", "turnover"),
        ("DBL-3", "stay_over"),
        ("DBL-4", "vacant"),
        ("DBL-5", "vacant"),
        ("SGL-1", "arrival"),
        ("SGL-2", "out_of_order"),
        ("STE-1", "out_of_service"),
    ];
    let expected: BTreeMap<String, String> = expected.map(|(n, h)| (n.to_owned(), h.to_owned())).into();
    assert_eq!(found, expected);
    manager.act(&action(&leaves, "check-out")).await.is(200);
    let cleanliness = manager.get(&property(&server, "/housekeeping")).await.is(200);
    let units = cleanliness.body["units"].as_array().unwrap();
    let dirty: Vec<&Value> = units
        .iter()
        .filter(|u| u["cleanliness"] == "dirty")
        .map(|u| &u["name"])
        .collect();
    assert_eq!(dirty, ["DBL-1", "DBL-4"]);
}

#[tokio::test]
async fn housekeeping_marks_units_and_does_tasks() {
    let server = Server::start().await;
    let maid = server.caller(&server.adler, Housekeeping);
    let room = unit(&server, "SGL-1").await;
    for (action, state) in [
        ("mark-dirty", "dirty"),
        ("mark-clean", "clean"),
        ("mark-inspected", "inspected"),
    ] {
        let marked = maid
            .act(&format!("/v1/units/{room}/actions/{action}"))
            .await
            .is(200);
        assert_eq!(marked.body["cleanliness"], state);
    }
    let url = property(&server, "/housekeeping-tasks");
    let me = server.adler.of_role(Housekeeping).user_id;
    let new = json!({ "unit_id": room, "date": "2027-01-04", "title": "Baby cot", "assignee_id": me });
    let made = maid.post(&url, &new).await.is(201);
    assert_eq!(made.body["done"], false);
    let day = maid.get(&property(&server, "/housekeeping")).await.is(200);
    let units = day.body["units"].as_array().unwrap();
    let tasks = |name: &str| units.iter().find(|u| u["name"] == name).unwrap()["open_tasks"].clone();
    assert_eq!(
        (&tasks("SGL-1")[0]["title"], tasks("SGL-2")),
        (&json!("Baby cot"), json!([]))
    );
    let one = format!("{url}/{}", made.id());
    let done = maid
        .patch(&one, &json!({ "done": true, "assignee_id": null }))
        .await
        .is(200);
    assert_eq!(done.body["done"], true);
    assert!(done.body["done_at"].is_string() && done.body.get("assignee_id").is_none());
    let stale = maid
        .with_header(
            Method::PATCH,
            &one,
            ("if-match", "\"1\""),
            &json!({ "done": false }),
        )
        .await;
    stale.problem(412, "stale_version");
    assert_eq!(
        maid.get(&format!("{url}?done=false")).await.is(200).items().len(),
        0
    );
    assert_eq!(
        maid.get(&format!("{url}?date=2027-01-04&unit_id={room}"))
            .await
            .is(200)
            .items()
            .len(),
        1
    );
}

#[tokio::test]
async fn tasks_are_for_people_and_units_of_the_house() {
    let server = Server::start().await;
    let maid = server.caller(&server.adler, Housekeeping);
    let url = property(&server, "/housekeeping-tasks");
    let room = unit(&server, "SGL-1").await;
    let stranger = server.mare.of_role(Role::Owner).user_id;
    let new = json!({ "unit_id": room, "date": "2027-01-04", "title": "Cot", "assignee_id": stranger });
    maid.post(&url, &new)
        .await
        .problem(404, "not_found")
        .at("/assignee_id");
    let new = json!({ "unit_id": unknown(), "date": "2027-01-04", "title": "Cot" });
    maid.post(&url, &new).await.problem(404, "not_found");
    maid.patch(&format!("{url}/{}", unknown()), &json!({ "done": true }))
        .await
        .problem(404, "not_found");
}

#[tokio::test]
async fn housekeeping_sees_no_guests_and_sells_nothing() {
    let server = Server::start().await;
    let maid = server.caller(&server.adler, Housekeeping);
    let stay = book(&server, "SGL", 0, 1).await;
    for path in [
        "/arrivals",
        "/departures",
        "/in-house",
        "/stay-overs",
        "/overbooked?from=2027-01-04&to=2027-01-05",
        "/calendar?from=2027-01-04&to=2027-01-05",
    ] {
        maid.get(&property(&server, path))
            .await
            .problem(403, "missing_permission");
    }
    maid.get(&format!("/v1/reservations/{}/assignment", stay.id))
        .await
        .problem(403, "missing_permission");
    maid.post(&action(&stay, "check-in"), &json!({}))
        .await
        .problem(403, "missing_permission");
    let broken = json!({ "unit_id": unit(&server, "SGL-1").await, "kind": "out_of_order", "reason": "x",
                         "from": "2027-01-05", "to": "2027-01-06" });
    maid.post(&property(&server, "/maintenance"), &broken)
        .await
        .problem(403, "missing_permission");
    maid.get(&property(&server, "/maintenance")).await.is(200);
    let clerk = server.caller(&server.adler, Role::Accountant);
    let room = unit(&server, "SGL-1").await;
    clerk
        .act(&format!("/v1/units/{room}/actions/mark-clean"))
        .await
        .problem(403, "missing_permission");
}
