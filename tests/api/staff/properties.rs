//! Staff who see some of a tenant's properties only: another property is like none.

use crate::support::{Answer, Caller, Server, booking, room, unknown};
use innkeep_domain::Role;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

/// A second property of the hotel, and its manager, who sees nothing else.
async fn second(server: &Server) -> Uuid {
    let owner = server.caller(&server.adler, Role::Owner);
    let new = json!({ "name": "Two", "kind": "hotel", "zone": "Europe/Berlin", "currency": "EUR" });
    let two = owner.post("/v1/properties", &new).await.is(201).id().to_owned();
    let user = server.adler.of_role(Role::Manager).user_id;
    let body = json!({ "role": "manager", "property_ids": [two] });
    owner.put(&format!("/v1/users/{user}"), &body).await.is(200);
    two.parse().unwrap()
}

async fn ask(caller: &Caller<'_>, method: &Method, path: &str, id: &str, body: &Value) -> Answer {
    let path = path.replace("{}", id);
    caller
        .with_header(method.clone(), &path, ("x-request-id", "the-same-for-both"), body)
        .await
}

#[tokio::test]
async fn another_property_is_like_one_that_does_not_exist() {
    let server = Server::start().await;
    let first = server.adler.property_id.to_string();
    let owner = server.caller(&server.adler, Role::Owner);
    let booked = booking(&server.adler, &[room(&server.adler, "DBL", 3, 1)]);
    let booked = owner.post("/v1/bookings", &booked).await.is(201);
    let channel = json!({ "property_id": first, "protocol": "webhook", "name": "Agent" });
    let channel = owner.post("/v1/channel-connections", &channel).await.is(201);
    let calendar = owner.get(&format!("/v1/properties/{first}/units")).await;
    let calendar = json!({ "unit_id": calendar.items()[0]["id"], "name": "Agent" });
    let calendar = owner.post("/v1/calendar-connections", &calendar).await.is(201);
    let calendar = calendar.body["connection"]["id"].as_str().unwrap().to_owned();
    let units = owner.get(&format!("/v1/properties/{first}/units")).await;
    let (booking_id, unit) = (
        booked.id().to_owned(),
        units.items()[0]["id"].as_str().unwrap().to_owned(),
    );
    let stay = booked.body["reservations"][0]["id"].as_str().unwrap().to_owned();
    let connection = channel.body["connection"]["id"].as_str().unwrap().to_owned();
    // Cached for the owner before, and not shown to the other.
    let dashboard = "/v1/dashboard?property_id={}&from=2027-01-05&to=2027-01-06";
    owner.get(&dashboard.replace("{}", &first)).await.is(200);
    let two = second(&server).await;
    let manager = server.manager();
    let document = server.nobody().get("/openapi.json").await.body;
    let mut tried = 0;
    let mut all: Vec<(Method, String, &str)> = vec![(Method::GET, dashboard.into(), first.as_str())];
    for (path, operations) in document["paths"].as_object().unwrap() {
        let id = match path.split('/').nth(2) {
            Some("properties") => first.as_str(),
            Some("bookings") => &booking_id,
            Some("reservations") => &stay,
            Some("units") => &unit,
            Some("channel-connections") => &connection,
            Some("calendar-connections") => &calendar,
            _ => continue,
        };
        if path.matches('{').count() != 1 {
            continue;
        }
        for (method, operation) in operations.as_object().unwrap() {
            let needs_body = !operation["requestBody"].is_null();
            if needs_body {
                continue; // a body is looked at before the id; those are tried below
            }
            let method: Method = method.to_uppercase().parse().unwrap();
            let query = match path.rsplit('/').next() {
                Some("ari" | "calendar" | "overbooked") => "?from=2027-01-05&to=2027-01-06",
                Some("offers") => "?arrival=2027-01-05&departure=2027-01-06",
                _ => "",
            };
            all.push((method, path.replace("{id}", "{}") + query, id));
        }
    }
    let patch = json!({ "name": "Mine now" });
    let (units, plan) = (
        json!({ "unit_type_id": server.adler.unit_type("SGL"), "names": ["X"] }),
        json!({ "code": "X", "name": "X" }),
    );
    for (method, path, id) in all {
        let foreign = ask(&manager, &method, &path, id, &Value::Null).await;
        let missing = ask(&manager, &method, &path, &unknown().to_string(), &Value::Null).await;
        assert_eq!(
            (foreign.status, &foreign.text),
            (404, &missing.text),
            "{method} {path} {}",
            missing.text
        );
        tried += 1;
    }
    for (method, path, body) in [
        (Method::PATCH, "/v1/properties/{}", &patch),
        (Method::POST, "/v1/properties/{}/units", &units),
        (Method::POST, "/v1/properties/{}/rate-plans", &plan),
    ] {
        let foreign = ask(&manager, &method, path, &first, body).await;
        let missing = ask(&manager, &method, path, &unknown().to_string(), body).await;
        assert_eq!(
            (foreign.status, &foreign.text),
            (404, &missing.text),
            "{method} {path}"
        );
    }
    assert!(tried > 40, "{tried}");
    manager.get(&format!("/v1/properties/{two}")).await.is(200);
}

#[tokio::test]
async fn lists_hold_only_the_properties_one_may_see() {
    let server = Server::start().await;
    let owner = server.caller(&server.adler, Role::Owner);
    let body = booking(&server.adler, &[room(&server.adler, "DBL", 3, 1)]);
    let booked = owner.post("/v1/bookings", &body).await.is(201);
    let two = second(&server).await;
    let manager = server.manager();
    for path in [
        "/v1/properties",
        "/v1/bookings",
        "/v1/groups",
        "/v1/channel-connections",
        "/v1/alerts",
        "/v1/events?limit=200",
    ] {
        let list = manager.get(path).await.is(200).text;
        for id in [server.adler.property_id.to_string(), booked.id().to_owned()] {
            assert!(!list.contains(&id), "{path} shows {id}");
        }
    }
    assert_eq!(manager.get("/v1/properties").await.items().len(), 1);
    // What concerns the tenant as a whole is not theirs, and selling there neither.
    manager
        .post("/v1/bookings", &body)
        .await
        .problem(404, "not_found");
    let new = json!({ "name": "Three", "kind": "hotel", "zone": "Europe/Berlin", "currency": "EUR" });
    manager
        .post("/v1/properties", &new)
        .await
        .problem(403, "some_properties_only");
    manager
        .get("/v1/users")
        .await
        .problem(403, "some_properties_only");
    let me = manager.get("/v1/me").await.is(200).body;
    assert_eq!(me["property_ids"], json!([two]));
    // Their own house they may furnish.
    let unit_type = json!({ "code": "DBL", "name": "Double", "max_occupancy": 2 });
    manager
        .post(&format!("/v1/properties/{two}/unit-types"), &unit_type)
        .await
        .is(201);
    let guest = manager
        .post("/v1/guests", &json!({ "last_name": "Roe" }))
        .await
        .is(201);
    manager.get(&format!("/v1/guests/{}", guest.id())).await.is(200);
}

#[tokio::test]
async fn a_post_names_properties_of_the_tenant() {
    let server = Server::start().await;
    let owner = server.caller(&server.adler, Role::Owner);
    let path = format!("/v1/users/{}", server.adler.of_role(Role::Manager).user_id);
    for id in [server.mare.property_id, unknown()] {
        let body = json!({ "role": "manager", "property_ids": [id] });
        owner
            .put(&path, &body)
            .await
            .problem(404, "not_found")
            .at("/property_ids");
    }
    let own = format!("/v1/users/{}", server.adler.of_role(Role::Owner).user_id);
    let body = json!({ "role": "owner", "property_ids": [server.adler.property_id] });
    owner.put(&own, &body).await.problem(409, "last_owner");
}
