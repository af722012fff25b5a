//! The desk of another tenant: its ids are like ids that do not exist, and so are another property's in a body.

use super::{book, property, unit};
use crate::support::{Answer, Server, booking, room, unknown};
use innkeep_domain::Role;
use reqwest::Method;
use serde_json::{Value, json};

struct Theirs {
    property: String,
    unit: String,
    reservation: String,
    maintenance: String,
    task: String,
}

async fn theirs(server: &Server) -> Theirs {
    let host = server.caller(&server.mare, Role::Owner);
    let property = server.mare.property_id.to_string();
    let made = host
        .post(
            "/v1/bookings",
            &booking(&server.mare, &[room(&server.mare, "APT", 0, 2)]),
        )
        .await
        .is(201);
    let units = host
        .get(&format!("/v1/properties/{property}/units"))
        .await
        .is(200);
    let find = |name: &str| {
        units.items().iter().find(|u| u["name"] == name).unwrap()["id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let broken = json!({ "unit_id": find("VIL-1"), "kind": "out_of_order", "reason": "x", "from": "2027-01-05",
                         "to": "2027-01-06" });
    let broken = host
        .post(&format!("/v1/properties/{property}/maintenance"), &broken)
        .await
        .is(201);
    let task = json!({ "unit_id": find("VIL-1"), "date": "2027-01-05", "title": "x" });
    let task = host
        .post(&format!("/v1/properties/{property}/housekeeping-tasks"), &task)
        .await
        .is(201);
    Theirs {
        unit: find("APT-1"),
        reservation: made.body["reservations"][0]["id"].as_str().unwrap().to_owned(),
        maintenance: broken.id().to_owned(),
        task: task.id().to_owned(),
        property,
    }
}

/// Every operation of the desk: method, path with `{}` for the id, body.
fn operations(theirs: &Theirs, ours: &str) -> Vec<(Method, String, String, Value)> {
    let mut all = Vec::new();
    let mut add = |method: Method, path: &str, id: &str, body: Value| {
        all.push((method, path.to_owned(), id.to_owned(), body));
    };
    let p = &theirs.property;
    for path in [
        "arrivals",
        "departures",
        "in-house",
        "stay-overs",
        "housekeeping",
        "housekeeping-tasks",
        "maintenance",
        "overbooked?from=2027-01-05&to=2027-01-06",
        "calendar?from=2027-01-05&to=2027-01-06",
    ] {
        add(
            Method::GET,
            &format!("/v1/properties/{{}}/{path}"),
            p,
            Value::Null,
        );
    }
    let days = json!({ "from": "2027-01-05", "to": "2027-01-06" });
    add(Method::POST, "/v1/properties/{}/actions/assign-units", p, days);
    let broken = json!({ "unit_id": theirs.unit, "kind": "out_of_order", "reason": "x", "from": "2027-01-05",
                         "to": "2027-01-06" });
    add(
        Method::POST,
        "/v1/properties/{}/maintenance/actions/force-create",
        p,
        json!({ "maintenance": broken, "reason": "x" }),
    );
    add(Method::POST, "/v1/properties/{}/maintenance", p, broken);
    let task = json!({ "unit_id": theirs.unit, "date": "2027-01-05", "title": "x" });
    add(Method::POST, "/v1/properties/{}/housekeeping-tasks", p, task);
    let m = &theirs.maintenance;
    for under in [p.as_str(), ours] {
        let path = format!("/v1/properties/{under}/maintenance/{{}}");
        add(Method::GET, &path, m, Value::Null);
        add(Method::PATCH, &path, m, json!({ "reason": "mine" }));
        add(Method::POST, &format!("{path}/actions/close"), m, Value::Null);
        let longer = json!({ "change": { "reason": "mine" }, "reason": "x" });
        add(Method::POST, &format!("{path}/actions/force-change"), m, longer);
        let path = format!("/v1/properties/{under}/housekeeping-tasks/{{}}");
        add(Method::PATCH, &path, &theirs.task, json!({ "done": true }));
    }
    let u = &theirs.unit;
    add(Method::GET, "/v1/units/{}", u, Value::Null);
    add(Method::PATCH, "/v1/units/{}", u, json!({ "floor": "1" }));
    for mark in ["mark-clean", "mark-dirty", "mark-inspected"] {
        add(
            Method::POST,
            &format!("/v1/units/{{}}/actions/{mark}"),
            u,
            Value::Null,
        );
    }
    let r = &theirs.reservation;
    add(Method::GET, "/v1/reservations/{}/assignment", r, Value::Null);
    add(
        Method::GET,
        "/v1/reservations/{}/assignable-units",
        r,
        Value::Null,
    );
    add(
        Method::PATCH,
        "/v1/reservations/{}/needs",
        r,
        json!({ "features": ["x"] }),
    );
    add(
        Method::POST,
        "/v1/reservations/{}/actions/assign-unit",
        r,
        json!({ "unit_id": theirs.unit }),
    );
    for (action, body) in [
        ("unassign-unit", json!({})),
        (
            "force-assign-unit",
            json!({ "assignment": { "unit_id": theirs.unit }, "reason": "x" }),
        ),
        ("upgrade", json!({ "unit_id": theirs.unit })),
        (
            "force-upgrade",
            json!({ "upgrade": { "unit_id": theirs.unit }, "reason": "x" }),
        ),
        ("check-in", Value::Null),
        ("force-check-in", json!({ "reason": "x" })),
        ("lock-unit", Value::Null),
        ("unlock-unit", Value::Null),
        ("check-out", Value::Null),
        ("undo-check-in", Value::Null),
        ("undo-check-out", Value::Null),
    ] {
        add(
            Method::POST,
            &format!("/v1/reservations/{{}}/actions/{action}"),
            r,
            body,
        );
    }
    all
}

async fn ask(server: &Server, method: &Method, path: &str, id: &str, body: &Value) -> Answer {
    let caller = server.caller(&server.adler, Role::Owner);
    let header = ("x-request-id", "the-same-for-both");
    caller
        .with_header(method.clone(), &path.replace("{}", id), header, body)
        .await
}

#[tokio::test]
async fn another_tenants_desk_is_like_none() {
    let server = Server::start().await;
    let theirs = theirs(&server).await;
    let before = server.stored().await;
    for (method, path, id, body) in operations(&theirs, &server.adler.property_id.to_string()) {
        let foreign = ask(&server, &method, &path, &id, &body).await;
        let missing = ask(&server, &method, &path, &unknown().to_string(), &body).await;
        assert_eq!(
            (foreign.status, &foreign.text),
            (404, &missing.text),
            "{method} {path}"
        );
    }
    assert_eq!(server.stored().await, before);
}

#[tokio::test]
async fn another_tenants_ids_in_a_body_are_unknown() {
    let server = Server::start().await;
    let theirs = theirs(&server).await;
    let owner = server.caller(&server.adler, Role::Owner);
    let stay = book(&server, "SGL", 0, 1).await;
    let before = server.stored().await;
    let assign = format!("/v1/reservations/{}/actions/assign-unit", stay.id);
    owner
        .post(&assign, &json!({ "unit_id": theirs.unit }))
        .await
        .problem(404, "not_found");
    let broken = json!({ "unit_id": theirs.unit, "kind": "out_of_order", "reason": "x", "from": "2027-01-05",
                         "to": "2027-01-06" });
    owner
        .post(&property(&server, "/maintenance"), &broken)
        .await
        .problem(404, "not_found");
    let task = json!({ "unit_id": theirs.unit, "date": "2027-01-05", "title": "x" });
    owner
        .post(&property(&server, "/housekeeping-tasks"), &task)
        .await
        .problem(404, "not_found");
    let house = &server.adler;
    let mut walk_in =
        json!({ "booking": booking(house, &[room(house, "DBL", 0, 1)]), "unit_id": theirs.unit });
    owner
        .post(&property(&server, "/walk-ins"), &walk_in)
        .await
        .problem(404, "not_found");
    walk_in["unit_id"] = json!(unit(&server, "DBL-1").await);
    walk_in["booking"]["property_id"] = json!(server.mare.property_id);
    owner
        .post(&property(&server, "/walk-ins"), &walk_in)
        .await
        .problem(404, "not_found");
    assert_eq!(server.stored().await, before);
}
