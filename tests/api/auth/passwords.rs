//! Registering, the mails it takes, forgotten and changed passwords.

use super::{access, log_in, log_in_as, refresh};
use crate::support::Server;
use chrono::Duration;
use innkeep_domain::Role;
use innkeep_domain::testing::House;
use serde_json::{Value, json};

const GOOD: &str = "tyres-7-umbrella-moss";

async fn register(server: &Server, body: Value) {
    server.nobody().post("/v1/auth/register", &body).await.is(202);
}

#[tokio::test]
async fn who_reads_the_mail_chooses_the_password_and_owns_the_tenant() {
    let server = Server::start().await;
    let ada = json!({ "email": "Ada@New.Example", "name": "Ada", "tenant_name": "Pension Ada" });
    register(&server, ada).await;
    log_in_as(&server, "ada@new.example", GOOD)
        .await
        .problem(401, "wrong_credentials");
    let token = server.mailed_token("ada@new.example").await;
    let verify = |password: &str| json!({ "token": token, "password": password });
    let weak = server
        .nobody()
        .post("/v1/auth/verify-email", &verify("password1234"))
        .await;
    weak.problem(422, "password_too_weak").at("/password");
    let tokens = server
        .nobody()
        .post("/v1/auth/verify-email", &verify(GOOD))
        .await
        .is(200)
        .body;
    assert_eq!(tokens["role"], "owner");
    let me = server.bearer(access(&tokens)).get("/v1/me").await.is(200).body;
    assert_eq!(me["memberships"][0]["tenant_name"], "Pension Ada");
    assert_eq!(
        server
            .bearer(access(&tokens))
            .get("/v1/properties")
            .await
            .items()
            .len(),
        0
    );
    log_in_as(&server, "ada@new.example", GOOD).await.is(200);
    // Once.
    let again = server.nobody().post("/v1/auth/verify-email", &verify(GOOD)).await;
    again.problem(422, "invalid_token");
}

#[tokio::test]
async fn registering_a_known_address_tells_its_reader_and_nobody_else() {
    let server = Server::start().await;
    let known = server.adler.of_role(Role::Owner).email.clone();
    let body = json!({ "email": known, "name": "Eve" });
    let known_answer = server.nobody().post("/v1/auth/register", &body).await.is(202);
    let body = json!({ "email": "new@adler.example", "name": "Eve" });
    let new_answer = server.nobody().post("/v1/auth/register", &body).await.is(202);
    assert_eq!(known_answer.text, new_answer.text);
    let mail = server.mail_to(&known).await.unwrap();
    assert_eq!(mail.subject, "You have an account already");
    assert!(
        mail.text
            .contains("http://localhost:8080/#/reset-password?token=")
    );
}

#[tokio::test]
async fn a_link_ends_with_its_time_and_with_its_successor() {
    let server = Server::start().await;
    let body = json!({ "email": "ada@new.example", "name": "Ada" });
    register(&server, body.clone()).await;
    let first = server.mailed_token("ada@new.example").await;
    register(&server, body).await;
    let second = server.mailed_token("ada@new.example").await;
    assert_ne!(first, second);
    let verify = |token: &str| json!({ "token": token, "password": GOOD });
    server.app.clock.advance(Duration::hours(25));
    let late = server
        .nobody()
        .post("/v1/auth/verify-email", &verify(&second))
        .await;
    late.problem(422, "invalid_token").at("/token");
    for token in ["", "x"] {
        let answer = server
            .nobody()
            .post("/v1/auth/verify-email", &verify(token))
            .await;
        assert!(matches!(answer.status, 400 | 422), "{}", answer.text);
    }
}

#[tokio::test]
async fn one_address_gets_only_so_much_mail() {
    let server = Server::start().await;
    let body = json!({ "email": server.adler.of_role(Role::Owner).email });
    let mut tokens = Vec::new();
    for _ in 0..8 {
        server
            .nobody()
            .post("/v1/auth/password/forgot", &body)
            .await
            .is(202);
        tokens.push(
            server
                .mailed_token(&server.adler.of_role(Role::Owner).email)
                .await,
        );
    }
    tokens.dedup();
    assert_eq!(tokens.len(), 5);
}

#[tokio::test]
async fn a_forgotten_password_is_set_anew_once_and_ends_every_session() {
    let server = Server::start().await;
    let before = log_in(&server).await;
    let email = server.adler.of_role(Role::FrontDesk).email.clone();
    let forgot = |email: &str| json!({ "email": email });
    server
        .nobody()
        .post("/v1/auth/password/forgot", &forgot(&email))
        .await
        .is(202);
    let token = server.mailed_token(&email).await;
    server
        .nobody()
        .post("/v1/auth/password/forgot", &forgot("nobody@adler.example"))
        .await
        .is(202);
    assert_eq!(server.mail_to("nobody@adler.example").await, None);
    // A token of one purpose is none for another.
    let body = json!({ "token": token, "password": GOOD });
    server
        .nobody()
        .post("/v1/auth/verify-email", &body)
        .await
        .problem(422, "invalid_token");
    server
        .nobody()
        .post("/v1/auth/invitations/accept", &body)
        .await
        .problem(422, "invalid_token");
    server
        .nobody()
        .post("/v1/auth/password/reset", &body)
        .await
        .is(204);
    server
        .nobody()
        .post("/v1/auth/password/reset", &body)
        .await
        .problem(422, "invalid_token");
    server
        .bearer(access(&before))
        .get("/v1/me")
        .await
        .problem(401, "session_ended");
    refresh(&server, &before)
        .await
        .problem(401, "invalid_refresh_token");
    log_in_as(&server, &email, House::PASSWORD)
        .await
        .problem(401, "wrong_credentials");
    log_in_as(&server, &email, GOOD).await.is(200);
    assert_eq!(
        server.mail_to(&email).await.unwrap().subject,
        "Your password was changed"
    );
}

#[tokio::test]
async fn a_password_is_changed_by_who_knows_it() {
    let server = Server::start().await;
    let (here, there) = (log_in(&server).await, log_in(&server).await);
    let caller = server.bearer(access(&here));
    let change = |current: &str, new: &str| json!({ "current_password": current, "password": new });
    let path = "/v1/auth/password/change";
    caller
        .post(path, &change("wrong", GOOD))
        .await
        .problem(401, "wrong_credentials");
    caller
        .post(path, &change(House::PASSWORD, "front_desk@adler.example"))
        .await
        .problem(422, "password_too_weak");
    caller.post(path, &change(House::PASSWORD, GOOD)).await.is(204);
    caller.get("/v1/me").await.is(200);
    server
        .bearer(access(&there))
        .get("/v1/me")
        .await
        .problem(401, "session_ended");
}

#[tokio::test]
async fn guests_have_accounts_of_their_own_that_open_no_tenant() {
    let server = Server::start().await;
    // The same address as one of the staff: another account.
    let email = server.adler.of_role(Role::Owner).email.clone();
    register(
        &server,
        json!({ "email": email, "name": "Ada", "account": "guest" }),
    )
    .await;
    let token = server.mailed_token(&email).await;
    let body = json!({ "token": token, "password": GOOD });
    let tokens = server
        .nobody()
        .post("/v1/auth/verify-email", &body)
        .await
        .is(200)
        .body;
    let guest = server.bearer(access(&tokens));
    let me = guest.get("/v1/me").await.is(200).body;
    assert_eq!(
        (&me["account"], &me["memberships"]),
        (&json!("guest"), &json!([]))
    );
    for path in [
        "/v1/properties",
        "/v1/bookings",
        "/v1/users",
        "/v1/platform/tenants",
    ] {
        guest.get(path).await.problem(401, "wrong_door");
    }
    let switch = json!({ "tenant_id": server.adler.tenant });
    guest
        .post("/v1/auth/switch-tenant", &switch)
        .await
        .problem(403, "no_membership");
    log_in_as(&server, &email, GOOD)
        .await
        .problem(401, "wrong_credentials");
    let body = json!({ "email": email, "password": GOOD, "account": "guest" });
    server.nobody().post("/v1/auth/login", &body).await.is(200);
    let with_tenant =
        json!({ "email": email, "password": GOOD, "account": "guest", "tenant_id": server.adler.tenant });
    server
        .nobody()
        .post("/v1/auth/login", &with_tenant)
        .await
        .problem(403, "no_membership");
    let own = json!({ "email": "x@y.example", "name": "X", "account": "guest", "tenant_name": "Mine" });
    server
        .nobody()
        .post("/v1/auth/register", &own)
        .await
        .problem(422, "invalid_field");
}
