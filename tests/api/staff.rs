//! `/v1/users`, `/v1/invitations`, `/v1/roles`, `/v1/api-keys`: who works for a tenant, and what they may do.

mod api_keys;
mod properties;

use crate::support::{Answer, Server, events, unknown};
use chrono::Duration;
use innkeep_domain::Role;
use innkeep_domain::testing::House;
use serde_json::{Value, json};

const GOOD: &str = "tyres-7-umbrella-moss";

async fn accept(server: &Server, body: &Value) -> Answer {
    server.nobody().post("/v1/auth/invitations/accept", body).await
}

async fn invite(server: &Server, role: &str, email: &str) -> String {
    let owner = server.caller(&server.adler, Role::Owner);
    let body = json!({ "email": email, "role": role });
    owner.post("/v1/invitations", &body).await.is(201).id().to_owned()
}

#[tokio::test]
async fn an_invitation_makes_a_new_account_one_of_the_staff() {
    let server = Server::start().await;
    let id = invite(&server, "front_desk", "new@adler.example").await;
    let token = server.mailed_token("new@adler.example").await;
    let nameless = json!({ "token": token });
    accept(&server, &nameless)
        .await
        .problem(422, "missing_field")
        .at("/name");
    let body = json!({ "token": token, "name": "Nia", "password": GOOD });
    let tokens = accept(&server, &body).await.is(200).body;
    assert_eq!(tokens["role"], "front_desk");
    let nia = server.bearer(tokens["access_token"].as_str().unwrap());
    nia.get("/v1/bookings").await.is(200);
    nia.get("/v1/users").await.problem(403, "missing_permission");
    accept(&server, &body).await.problem(422, "invalid_token");
    let owner = server.caller(&server.adler, Role::Owner);
    let seen = owner.get(&format!("/v1/invitations/{id}")).await.is(200).body;
    assert_eq!(seen["email"], "new@adler.example");
    assert!(seen["accepted_at"].is_string());
    let revoke = format!("/v1/invitations/{id}/actions/revoke");
    owner.act(&revoke).await.problem(409, "already_accepted");
    let names: Vec<_> = owner
        .get("/v1/users")
        .await
        .items()
        .iter()
        .map(|u| u["name"].clone())
        .collect();
    assert!(names.contains(&json!("Nia")));
    assert_eq!(events(&server, "invitation.accepted").await.len(), 1);
}

#[tokio::test]
async fn somebody_with_an_account_joins_a_second_tenant_and_switches() {
    let server = Server::start().await;
    let email = server.mare.of_role(Role::Owner).email.clone();
    let host = server.caller(&server.mare, Role::Owner);
    let switch = json!({ "tenant_id": server.adler.tenant });
    host.post("/v1/auth/switch-tenant", &switch)
        .await
        .problem(403, "no_membership");
    invite(&server, "accountant", &email).await;
    let token = server.mailed_token(&email).await;
    accept(&server, &json!({ "token": token })).await.is(204);
    let there = host.post("/v1/auth/switch-tenant", &switch).await.is(200).body;
    assert_eq!(there["role"], "accountant");
    let there = server.bearer(there["access_token"].as_str().unwrap());
    let properties = there.get("/v1/properties").await.is(200);
    assert_eq!(properties.items()[0]["id"], json!(server.adler.property_id));
    // The first session goes on where it was.
    let properties = host.get("/v1/properties").await.is(200);
    assert_eq!(properties.items()[0]["id"], json!(server.mare.property_id));
    assert_eq!(
        host.get("/v1/me").await.body["memberships"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    invite(&server, "owner", &email).await;
    let token = server.mailed_token(&email).await;
    accept(&server, &json!({ "token": token }))
        .await
        .problem(409, "already_a_member");
    // An account without any tenant has nothing to switch to.
    let removed = server.mare.of_role(Role::ReadOnly);
    let reader = server.caller(&server.mare, Role::ReadOnly);
    host.delete(&format!("/v1/users/{}", removed.user_id))
        .await
        .is(204);
    reader.get("/v1/properties").await.problem(401, "session_ended");
    let body = json!({ "email": removed.email, "password": House::PASSWORD });
    let alone = server.nobody().post("/v1/auth/login", &body).await.is(200).body;
    assert_eq!(alone["tenant_id"], Value::Null);
    let alone = server.bearer(alone["access_token"].as_str().unwrap());
    alone.get("/v1/me").await.is(200);
    alone.get("/v1/properties").await.problem(403, "no_tenant");
}

#[tokio::test]
async fn invitations_are_taken_back_and_run_out() {
    let server = Server::start().await;
    let id = invite(&server, "manager", "one@adler.example").await;
    let token = server.mailed_token("one@adler.example").await;
    let owner = server.caller(&server.adler, Role::Owner);
    let revoke = format!("/v1/invitations/{id}/actions/revoke");
    for _ in 0..2 {
        assert!(owner.act(&revoke).await.is(200).body["revoked_at"].is_string());
    }
    let body = json!({ "token": token, "name": "One", "password": GOOD });
    accept(&server, &body).await.problem(422, "invalid_token");
    invite(&server, "manager", "two@adler.example").await;
    let token = server.mailed_token("two@adler.example").await;
    server.app.clock.advance(Duration::days(7));
    let body = json!({ "token": token, "name": "Two", "password": GOOD });
    accept(&server, &body).await.problem(422, "invalid_token");
    let (host, owner) = (
        server.caller(&server.mare, Role::Owner),
        server.caller(&server.adler, Role::Owner),
    );
    host.get(&format!("/v1/invitations/{id}"))
        .await
        .problem(404, "not_found");
    assert_eq!(host.get("/v1/invitations").await.is(200).items().len(), 0);
    assert_eq!(owner.get("/v1/invitations").await.is(200).items().len(), 2);
}

#[tokio::test]
async fn nobody_gives_or_takes_more_than_they_have() {
    let server = Server::start().await;
    let manager = server.manager();
    let owner_path = format!("/v1/users/{}", server.adler.of_role(Role::Owner).user_id);
    let own_path = format!("/v1/users/{}", server.adler.of_role(Role::Manager).user_id);
    let as_owner = json!({ "role": "owner" });
    manager
        .put(&own_path, &as_owner)
        .await
        .problem(403, "more_than_own_rights");
    manager
        .put(&owner_path, &json!({ "role": "read_only" }))
        .await
        .problem(403, "more_than_own_rights");
    manager
        .delete(&owner_path)
        .await
        .problem(403, "more_than_own_rights");
    let invite = json!({ "email": "x@adler.example", "role": "owner" });
    manager
        .post("/v1/invitations", &invite)
        .await
        .problem(403, "more_than_own_rights");
    let role = json!({ "name": "Keys", "permissions": ["write_api_keys"] });
    manager
        .post("/v1/roles", &role)
        .await
        .problem(403, "more_than_own_rights");
    manager
        .get("/v1/api-keys")
        .await
        .problem(403, "missing_permission");
    let owner = server.caller(&server.adler, Role::Owner);
    owner.delete(&owner_path).await.problem(409, "last_owner");
    owner
        .put(&owner_path, &json!({ "role": "manager" }))
        .await
        .problem(409, "last_owner");
    let both = json!({ "role": "manager", "role_id": unknown() });
    owner.put(&own_path, &both).await.problem(422, "missing_field");
    owner
        .put(&own_path, &json!({}))
        .await
        .problem(422, "missing_field");
    owner.put(&own_path, &as_owner).await.is(200);
    owner.delete(&owner_path).await.is(204);
}

#[tokio::test]
async fn a_changed_role_counts_at_once_here_and_soon_everywhere() {
    let server = Server::start().await;
    let owner = server.caller(&server.adler, Role::Owner);
    let desk = server.caller(&server.adler, Role::FrontDesk);
    desk.get("/v1/bookings").await.is(200);
    let user = server.adler.of_role(Role::FrontDesk).user_id;
    let path = format!("/v1/users/{user}");
    let seen = owner.get(&path).await.is(200);
    let stale = ("if-match", "\"9\"");
    let body = json!({ "role": "housekeeping" });
    owner
        .with_header(reqwest::Method::PUT, &path, stale, &body)
        .await
        .problem(412, "stale_version");
    let tag = seen.header("etag").unwrap().to_owned();
    let changed = owner
        .with_header(reqwest::Method::PUT, &path, ("if-match", &tag), &body)
        .await
        .is(200);
    assert_eq!(changed.body["role"], "housekeeping");
    desk.get("/v1/bookings").await.problem(403, "missing_permission");
    // Another process changed it: this one asks again after a few seconds.
    owner.put(&path, &json!({ "role": "front_desk" })).await.is(200);
    desk.get("/v1/bookings").await.is(200);
    let mut conn = server.database.superuser().await.unwrap();
    sqlx::query("update membership set role = 'housekeeping' where user_id = $1")
        .bind(user)
        .execute(&mut conn)
        .await
        .unwrap();
    desk.get("/v1/bookings").await.is(200);
    server.app.clock.advance(Duration::seconds(15));
    desk.get("/v1/bookings").await.problem(403, "missing_permission");
    assert_eq!(events(&server, "user.changed").await.len(), 2);
}

#[tokio::test]
async fn a_tenant_makes_roles_for_itself() {
    let server = Server::start().await;
    let owner = server.caller(&server.adler, Role::Owner);
    let built_in = owner.get("/v1/roles").await.is(200);
    assert_eq!(built_in.items().len(), 6);
    let new = |name: &str, permissions: Value| json!({ "name": name, "permissions": permissions });
    owner.post("/v1/roles", &new("Owner", json!([]))).await.is(201);
    owner
        .post("/v1/roles", &new("owner", json!([])))
        .await
        .problem(409, "name_taken");
    owner
        .post("/v1/roles", &new("X", json!(["fly"])))
        .await
        .problem(422, "unknown_permission");
    let night = owner
        .post("/v1/roles", &new("Night", json!(["read_bookings"])))
        .await
        .is(201);
    owner
        .post("/v1/roles", &new("Night", json!([])))
        .await
        .problem(409, "name_taken");
    let path = format!("/v1/roles/{}", night.id());
    let user = format!("/v1/users/{}", server.adler.of_role(Role::FrontDesk).user_id);
    let given = owner
        .put(&user, &json!({ "role_id": night.id() }))
        .await
        .is(200)
        .body;
    assert_eq!(given["role"], "Night");
    let desk = server.caller(&server.adler, Role::FrontDesk);
    desk.get("/v1/bookings").await.is(200);
    desk.get("/v1/guests").await.problem(403, "missing_permission");
    let change = json!({ "permissions": ["read_guests"] });
    owner.patch(&path, &change).await.is(200);
    desk.get("/v1/bookings").await.problem(403, "missing_permission");
    desk.get("/v1/guests?name=a").await.is(200);
    owner.delete(&path).await.problem(409, "role_in_use");
    owner.put(&user, &json!({ "role": "front_desk" })).await.is(200);
    owner.delete(&path).await.is(204);
    owner.delete(&path).await.problem(404, "not_found");
    owner
        .put(&user, &json!({ "role_id": night.id() }))
        .await
        .problem(404, "not_found");
    // Another tenant's role is like none.
    let theirs = server.caller(&server.mare, Role::Owner);
    let theirs = theirs.post("/v1/roles", &new("Theirs", json!([]))).await.is(201);
    owner
        .put(&user, &json!({ "role_id": theirs.id() }))
        .await
        .problem(404, "not_found");
    owner
        .patch(&format!("/v1/roles/{}", theirs.id()), &change)
        .await
        .problem(404, "not_found");
}

#[tokio::test]
async fn documents_are_shown_to_who_may_read_them() {
    let server = Server::start().await;
    let manager = server.manager();
    let guest = json!({ "last_name": "Roe", "birth_date": "1990-01-31" });
    let guest = manager.post("/v1/guests", &guest).await.is(201);
    let path = format!("/v1/guests/{}", guest.id());
    assert_eq!(manager.get(&path).await.body["birth_date"], "1990-01-31");
    let accountant = server.caller(&server.adler, Role::Accountant);
    assert_ne!(
        accountant.get(&path).await.is(200).body["birth_date"],
        "1990-01-31"
    );
}

#[tokio::test]
async fn staff_of_other_tenants_are_like_nobody() {
    let server = Server::start().await;
    let owner = server.caller(&server.adler, Role::Owner);
    let theirs = format!("/v1/users/{}", server.mare.of_role(Role::Owner).user_id);
    owner.get(&theirs).await.problem(404, "not_found");
    owner
        .put(&theirs, &json!({ "role": "read_only" }))
        .await
        .problem(404, "not_found");
    owner.delete(&theirs).await.problem(404, "not_found");
    let list = owner.get("/v1/users").await.is(200);
    assert_eq!(list.items().len(), 6);
    assert!(!list.text.contains("mare.example"));
    let page = owner.get("/v1/users?limit=4").await.is(200).body;
    let cursor = page["next_cursor"].as_str().unwrap();
    assert_eq!(
        owner
            .get(&format!("/v1/users?limit=4&cursor={cursor}"))
            .await
            .items()
            .len(),
        2
    );
}
