//! `/v1/companies`, and the bookings that came through them.

use crate::support::{Server, booking, events, room};
use innkeep_domain::Role;
use reqwest::Method;
use serde_json::{Value, json};

fn acme() -> Value {
    json!({ "kind": "company", "name": "Acme", "tax_id": "DE123", "email": "travel@acme.example",
            "phone": "+49 30 901820", "address": { "city": "Berlin" }, "notes": "invoice monthly" })
}

fn agent() -> Value {
    json!({ "kind": "travel_agent", "name": "Away Travel", "iata_code": "91234567", "commission_percent": "12.5" })
}

#[tokio::test]
async fn companies_are_kept_changed_and_listed_by_name() {
    let server = Server::start().await;
    let desk = server.caller(&server.adler, Role::FrontDesk);
    let made = desk.post("/v1/companies", &acme()).await.is(201);
    for (field, said) in acme().as_object().unwrap() {
        assert_eq!(&made.body[field], said, "{field}");
    }
    let away = desk.post("/v1/companies", &agent()).await.is(201);
    assert_eq!(away.body["commission_percent"], "12.5");
    let path = format!("/v1/companies/{}", made.id());
    let change = json!({ "email": null, "active": false });
    desk.with_header(Method::PATCH, &path, ("if-match", "\"4\""), &change)
        .await
        .problem(412, "stale_version");
    let changed = desk.patch(&path, &change).await.is(200);
    assert_eq!(
        (&changed.body["email"], &changed.body["active"]),
        (&Value::Null, &json!(false))
    );
    assert_eq!(changed.body["phone"], made.body["phone"]);
    assert_eq!(desk.get(&path).await.is(200).body, changed.body);
    let listed = async |query: &str| -> Vec<String> {
        let page = desk.get(&format!("/v1/companies?{query}")).await.is(200);
        page.items()
            .iter()
            .map(|c| c["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(listed("").await, ["Acme", "Away Travel"]);
    assert_eq!(listed("name=aw").await, ["Away Travel"]);
    assert_eq!(listed("kind=company").await, ["Acme"]);
    for (field, value, code) in [
        ("name", json!(""), "invalid_text"),
        ("iata_code", json!("12"), "invalid_iata_code"),
        ("commission_percent", json!("101"), "out_of_range"),
        ("email", json!("x"), "invalid_email"),
    ] {
        let mut body = agent();
        body[field] = value;
        desk.post("/v1/companies", &body)
            .await
            .problem(422, code)
            .at(&format!("/{field}"));
    }
    let mut conn = server.database.superuser().await.unwrap();
    let stored: String = sqlx::query_scalar("select string_agg(c::text, ' ') from company c")
        .fetch_one(&mut conn)
        .await
        .unwrap();
    assert!(!stored.contains("901820") && !stored.contains("Berlin") && stored.contains("Acme"));
}

#[tokio::test]
async fn a_booking_knows_its_company_and_agent() {
    let server = Server::start().await;
    let house = &server.adler;
    let desk = server.caller(house, Role::FrontDesk);
    let acme = desk.post("/v1/companies", &acme()).await.is(201);
    let away = desk.post("/v1/companies", &agent()).await.is(201);
    let made = desk
        .post("/v1/bookings", &booking(house, &[room(house, "DBL", 3, 2)]))
        .await
        .is(201);
    let path = format!("/v1/bookings/{}", made.id());
    let change = json!({ "company_id": acme.id(), "agent_id": away.id(), "notes": "two keys" });
    desk.with_header(Method::PATCH, &path, ("if-match", "\"9\""), &change)
        .await
        .problem(412, "stale_version");
    let changed = desk
        .with_header(Method::PATCH, &path, ("if-match", "\"1\""), &change)
        .await
        .is(200);
    assert_eq!(changed.body["version"], 2);
    for field in ["company_id", "agent_id", "notes"] {
        assert_eq!(changed.body[field], change[field]);
    }
    assert_eq!(changed.body["reservations"], made.body["reservations"]);
    assert_eq!(desk.get(&path).await.is(200).body, changed.body);
    let same = desk.patch(&path, &change).await.is(200);
    assert_eq!(same.body["version"], 2, "nothing changed");
    let cleared = desk.patch(&path, &json!({ "agent_id": null })).await.is(200);
    assert_eq!(
        (&cleared.body["agent_id"], &cleared.body["company_id"]),
        (&Value::Null, &json!(acme.id()))
    );
    let said = events(&server, "booking.edited").await;
    assert_eq!(said.len(), 2);
    assert_eq!(said[0]["data"]["nights"], json!([]));
    assert_eq!(
        said[0]["data"]["changes"],
        json!([
            { "field": "company_id", "before": null, "after": acme.id() },
            { "field": "agent_id", "before": null, "after": away.id() },
            { "field": "notes" },
        ])
    );
    let cancelled = desk.act(&format!("{path}/actions/cancel")).await.is(200);
    assert_eq!(
        cancelled.body["company_id"],
        json!(acme.id()),
        "a later save keeps it"
    );
}

#[tokio::test]
async fn a_booking_takes_only_ones_own_active_company_of_the_right_kind() {
    let server = Server::start().await;
    let house = &server.adler;
    let desk = server.caller(house, Role::FrontDesk);
    let ours = desk.post("/v1/companies", &acme()).await.is(201);
    let theirs = server.caller(&server.mare, Role::Owner);
    let theirs = theirs.post("/v1/companies", &acme()).await.is(201);
    let made = desk
        .post("/v1/bookings", &booking(house, &[room(house, "DBL", 3, 2)]))
        .await
        .is(201);
    let path = format!("/v1/bookings/{}", made.id());
    let before = server.stored().await;
    desk.patch(&path, &json!({ "company_id": theirs.id() }))
        .await
        .problem(404, "not_found")
        .at("/company_id");
    desk.patch(&path, &json!({ "agent_id": ours.id() }))
        .await
        .problem(422, "wrong_kind")
        .at("/agent_id");
    desk.patch(&path, &json!({ "notes": "x".repeat(4001) }))
        .await
        .problem(422, "too_long");
    assert_eq!(server.stored().await, before);
    desk.patch(
        &format!("/v1/companies/{}", ours.id()),
        &json!({ "active": false }),
    )
    .await
    .is(200);
    desk.patch(&path, &json!({ "company_id": ours.id() }))
        .await
        .problem(409, "inactive");
}
