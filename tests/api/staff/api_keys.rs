//! Keys of programs, and the access tokens they are traded for.

use crate::support::{Answer, Server, booking, room};
use chrono::Duration;
use innkeep_domain::Role;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

async fn make(server: &Server, scopes: Value) -> Value {
    let owner = server.caller(&server.adler, Role::Owner);
    let body = json!({ "name": "Channel manager", "scopes": scopes });
    owner.post("/v1/api-keys", &body).await.is(201).body
}

fn text(made: &Value) -> &str {
    made["key"].as_str().unwrap()
}

/// Of values that need no escaping.
fn form(request: RequestBuilder, fields: &[(&str, &str)]) -> RequestBuilder {
    let pairs: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    request
        .header("content-type", "application/x-www-form-urlencoded")
        .body(pairs.join("&"))
}

async fn token(server: &Server, fields: &[(&str, &str)]) -> Answer {
    let nobody = server.nobody();
    let request = nobody.request(Method::POST, "/v1/auth/token");
    nobody.send(form(request, fields)).await
}

#[tokio::test]
async fn a_key_does_what_its_scopes_say_and_no_more() {
    let server = Server::start().await;
    let made = make(
        &server,
        json!(["read_bookings", "write_bookings", "read_inventory"]),
    )
    .await;
    let key = server.bearer(text(&made));
    let body = booking(&server.adler, &[room(&server.adler, "DBL", 3, 1)]);
    let booked = key.post("/v1/bookings", &body).await.is(201);
    key.get(&format!("/v1/bookings/{}", booked.id())).await.is(200);
    key.get("/v1/guests").await.problem(403, "missing_permission");
    key.get("/v1/api-keys").await.problem(403, "missing_permission");
    key.get("/v1/me").await.problem(401, "wrong_door");
    key.get("/v1/platform/tenants").await.problem(401, "wrong_door");
    let events = crate::support::events(&server, "booking.created").await;
    let actor = format!("api_key:{}", made["api_key"]["id"].as_str().unwrap());
    assert_eq!(events[0]["actor"], actor);
    // Neither the key nor its secret is shown again or stored.
    let owner = server.caller(&server.adler, Role::Owner);
    let listed = owner.get("/v1/api-keys").await.is(200);
    assert!(listed.items()[0]["last_used_at"].is_string());
    let secret = text(&made).rsplit('_').next().unwrap();
    assert!(!listed.text.contains(secret));
}

#[tokio::test]
async fn a_key_of_one_property_sees_no_other() {
    let server = Server::start().await;
    let owner = server.caller(&server.adler, Role::Owner);
    let new = json!({ "name": "Two", "kind": "hotel", "zone": "Europe/Berlin", "currency": "EUR" });
    let two = owner.post("/v1/properties", &new).await.is(201);
    let body = json!({ "name": "K", "scopes": ["read_inventory"], "property_ids": [two.id()] });
    let made = owner.post("/v1/api-keys", &body).await.is(201).body;
    let key = server.bearer(text(&made));
    assert_eq!(key.get("/v1/properties").await.is(200).items().len(), 1);
    key.get(&format!("/v1/properties/{}", server.adler.property_id))
        .await
        .problem(404, "not_found");
    let foreign =
        json!({ "name": "K", "scopes": ["read_inventory"], "property_ids": [server.mare.property_id] });
    owner
        .post("/v1/api-keys", &foreign)
        .await
        .problem(404, "not_found");
}

#[tokio::test]
async fn a_rotated_secret_is_good_for_its_overlap() {
    let server = Server::start().await;
    let old = make(&server, json!(["read_inventory"])).await;
    let owner = server.caller(&server.adler, Role::Owner);
    let path = format!("/v1/api-keys/{}", old["api_key"]["id"].as_str().unwrap());
    let rotate = |hours: i32| json!({ "overlap_hours": hours });
    let rotation = format!("{path}/actions/rotate");
    owner
        .post(&rotation, &rotate(169))
        .await
        .problem(422, "out_of_range");
    let new = owner.post(&rotation, &rotate(1)).await.is(200).body;
    assert_eq!(old["api_key"]["id"], new["api_key"]["id"]);
    for made in [&old, &new] {
        server.bearer(text(made)).get("/v1/properties").await.is(200);
    }
    server.app.clock.advance(Duration::hours(1));
    server
        .bearer(text(&old))
        .get("/v1/properties")
        .await
        .problem(401, "invalid_api_key");
    server.bearer(text(&new)).get("/v1/properties").await.is(200);
    let newest = server
        .caller(&server.adler, Role::Owner)
        .post(&rotation, &rotate(0))
        .await
        .is(200)
        .body;
    server
        .bearer(text(&new))
        .get("/v1/properties")
        .await
        .problem(401, "invalid_api_key");
    server.bearer(text(&newest)).get("/v1/properties").await.is(200);
}

#[tokio::test]
async fn a_revoked_or_expired_key_and_its_tokens_are_worth_nothing() {
    let server = Server::start().await;
    let made = make(&server, json!(["read_inventory"])).await;
    let id = made["api_key"]["id"].as_str().unwrap();
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", id),
        ("client_secret", text(&made)),
    ];
    let given = token(&server, &form).await.is(200);
    assert_eq!(given.header("cache-control"), Some("no-store"));
    assert_eq!(given.body["scope"], "read_inventory");
    let by_token = server.bearer(given.body["access_token"].as_str().unwrap());
    by_token.get("/v1/properties").await.is(200);
    by_token
        .get("/v1/bookings")
        .await
        .problem(403, "missing_permission");
    let owner = server.caller(&server.adler, Role::Owner);
    let revoke = format!("/v1/api-keys/{id}/actions/revoke");
    owner.act(&revoke).await.is(200);
    by_token.get("/v1/properties").await.problem(401, "session_ended");
    server
        .bearer(text(&made))
        .get("/v1/properties")
        .await
        .problem(401, "invalid_api_key");
    token(&server, &form).await.is(401);
    owner
        .post(
            &format!("/v1/api-keys/{id}/actions/rotate"),
            &json!({ "overlap_hours": 0 }),
        )
        .await
        .problem(409, "key_revoked");
    let end = (server.app.now() + Duration::hours(1)).to_rfc3339();
    let body = json!({ "name": "K", "scopes": ["read_inventory"], "expires_at": end });
    let short = owner.post("/v1/api-keys", &body).await.is(201).body;
    server.bearer(text(&short)).get("/v1/properties").await.is(200);
    server.app.clock.advance(Duration::hours(1));
    server
        .bearer(text(&short))
        .get("/v1/properties")
        .await
        .problem(401, "invalid_api_key");
}

type Form<'a> = Vec<(&'a str, &'a str)>;

#[tokio::test]
async fn a_token_request_fails_as_rfc_6749_says() {
    let server = Server::start().await;
    let made = make(&server, json!(["read_inventory"])).await;
    let id = made["api_key"]["id"].as_str().unwrap();
    let other = make(&server, json!(["read_inventory"])).await;
    let grant = ("grant_type", "client_credentials");
    let wrong = |status: u16, error: &'static str| (status, error);
    let cases: [(Form, (u16, &str)); 6] = [
        (
            vec![("grant_type", "password"), ("client_id", id)],
            wrong(400, "unsupported_grant_type"),
        ),
        (vec![grant], wrong(400, "invalid_request")),
        (
            vec![grant, ("client_id", id), ("client_secret", "x")],
            wrong(401, "invalid_client"),
        ),
        (
            vec![grant, ("client_id", id), ("client_secret", text(&other))],
            wrong(401, "invalid_client"),
        ),
        (
            vec![grant, ("client_id", "x"), ("client_secret", text(&made))],
            wrong(401, "invalid_client"),
        ),
        (
            vec![
                grant,
                ("client_id", id),
                ("client_secret", text(&made)),
                ("scope", "write_users"),
            ],
            wrong(400, "invalid_scope"),
        ),
    ];
    for (form, (status, error)) in cases {
        let answer = token(&server, &form).await.is(status);
        assert_eq!(answer.body["error"], error, "{form:?}");
    }
    let nobody = server.nobody();
    let basic = |secret: &str| {
        let request = nobody
            .request(Method::POST, "/v1/auth/token")
            .basic_auth(id, Some(secret));
        form(request, &[grant, ("scope", "read_inventory")])
    };
    nobody.send(basic(text(&made))).await.is(200);
    let refused = nobody.send(basic(text(&other))).await.is(401);
    assert!(refused.header("www-authenticate").unwrap().starts_with("Basic"));
}
