//! `/v1/auth/*` and `/v1/me`: one's own account.

mod passkeys;
mod passwords;
mod second_factor;

use crate::support::{Answer, Server};
use chrono::Duration;
use innkeep_domain::Role;
use innkeep_domain::testing::House;
use serde_json::{Value, json};

async fn log_in_as(server: &Server, email: &str, password: &str) -> Answer {
    let body = json!({ "email": email, "password": password });
    server.nobody().post("/v1/auth/login", &body).await
}

async fn log_in(server: &Server) -> Value {
    let email = &server.adler.of_role(Role::FrontDesk).email;
    log_in_as(server, email, House::PASSWORD).await.is(200).body
}

fn access(tokens: &Value) -> &str {
    tokens["access_token"].as_str().unwrap()
}

async fn refresh(server: &Server, tokens: &Value) -> Answer {
    let body = json!({ "refresh_token": tokens["refresh_token"] });
    server.nobody().post("/v1/auth/refresh", &body).await
}

#[tokio::test]
async fn a_log_in_gives_tokens_that_name_the_tenant() {
    let server = Server::start().await;
    let tokens = log_in(&server).await;
    assert_eq!(
        (&tokens["token_type"], &tokens["expires_in"]),
        (&json!("Bearer"), &json!(600))
    );
    assert_eq!(tokens["role"], "front_desk");
    let me = server.bearer(access(&tokens)).get("/v1/me").await.is(200).body;
    assert_eq!(me["tenant_id"], json!(server.adler.tenant));
    assert_eq!(me["memberships"].as_array().unwrap().len(), 1);
    assert!(
        me["permissions"]
            .as_array()
            .unwrap()
            .contains(&json!("write_bookings"))
    );
    assert!(!me.to_string().contains("argon2"));
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_are_told_the_same() {
    let server = Server::start().await;
    let email = &server.adler.of_role(Role::Owner).email;
    let wrong = log_in_as(&server, email, "not the password").await;
    let unknown = log_in_as(&server, "nobody@adler.example", House::PASSWORD).await;
    let wrong = wrong.problem(401, "wrong_credentials");
    let unknown = unknown.problem(401, "wrong_credentials");
    assert_eq!(wrong.body["detail"], unknown.body["detail"]);
}

#[tokio::test]
async fn nobody_logs_into_a_tenant_they_do_not_belong_to() {
    let server = Server::start().await;
    let email = &server.adler.of_role(Role::Owner).email;
    let body = json!({ "email": email, "password": House::PASSWORD, "tenant_id": server.mare.tenant });
    server
        .nobody()
        .post("/v1/auth/login", &body)
        .await
        .problem(403, "no_membership");
}

#[tokio::test]
async fn a_lost_answer_is_told_again_and_a_stolen_token_ends_the_session() {
    let server = Server::start().await;
    let first = log_in(&server).await;
    let second = refresh(&server, &first).await.is(200).body;
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    // The answer was lost, or there is a second tab: the same successor again, for half a minute.
    server.app.clock.advance(Duration::seconds(29));
    let again = refresh(&server, &first).await.is(200).body;
    assert_eq!(again["refresh_token"], second["refresh_token"]);
    let third = refresh(&server, &second).await.is(200).body;
    // Somebody has a copy: from now on nothing of this session works.
    refresh(&server, &first)
        .await
        .problem(401, "invalid_refresh_token");
    refresh(&server, &third)
        .await
        .problem(401, "invalid_refresh_token");
    let caller = server.bearer(access(&third));
    caller.get("/v1/me").await.problem(401, "session_ended");
    caller.get("/v1/properties").await.problem(401, "session_ended");
}

#[tokio::test]
async fn after_the_grace_a_used_token_ends_the_session() {
    let server = Server::start().await;
    let first = log_in(&server).await;
    let second = refresh(&server, &first).await.is(200).body;
    server.app.clock.advance(Duration::seconds(30));
    refresh(&server, &first)
        .await
        .problem(401, "invalid_refresh_token");
    refresh(&server, &second)
        .await
        .problem(401, "invalid_refresh_token");
}

#[tokio::test]
async fn a_log_out_ends_the_session_at_once_and_may_be_repeated() {
    let server = Server::start().await;
    let tokens = log_in(&server).await;
    let body = json!({ "refresh_token": tokens["refresh_token"] });
    server.bearer(access(&tokens)).get("/v1/properties").await.is(200);
    for _ in 0..2 {
        server.nobody().post("/v1/auth/logout", &body).await.is(204);
    }
    refresh(&server, &tokens)
        .await
        .problem(401, "invalid_refresh_token");
    let caller = server.bearer(access(&tokens));
    caller.get("/v1/properties").await.problem(401, "session_ended");
}

#[tokio::test]
async fn tokens_end_after_their_time() {
    let server = Server::start().await;
    let tokens = log_in(&server).await;
    let caller = server.bearer(access(&tokens));
    server.app.clock.advance(Duration::seconds(599));
    caller.get("/v1/me").await.is(200);
    server.app.clock.advance(Duration::seconds(1));
    caller.get("/v1/me").await.problem(401, "token_expired");
    server.app.clock.advance(Duration::days(30));
    refresh(&server, &tokens)
        .await
        .problem(401, "invalid_refresh_token");
}

#[tokio::test]
async fn sessions_are_listed_and_ended_one_by_one() {
    let server = Server::start().await;
    let (one, two) = (log_in(&server).await, log_in(&server).await);
    let caller = server.bearer(access(&two));
    let list = caller.get("/v1/me/sessions").await.is(200);
    // The house's own and these two.
    assert_eq!(list.items().len(), 3);
    let current: Vec<_> = list.items().iter().filter(|s| s["current"] == true).collect();
    assert_eq!(current.len(), 1);
    let others = list.items().iter().filter(|s| s["current"] == false);
    for other in others {
        let path = format!("/v1/me/sessions/{}", other["id"].as_str().unwrap());
        // Somebody else's session is like none.
        server.manager().delete(&path).await.problem(404, "not_found");
        caller.delete(&path).await.is(204);
    }
    refresh(&server, &one).await.problem(401, "invalid_refresh_token");
    server
        .bearer(access(&one))
        .get("/v1/me")
        .await
        .problem(401, "session_ended");
    assert_eq!(caller.get("/v1/me/sessions").await.items().len(), 1);
}

#[tokio::test]
async fn failures_slow_down_who_makes_them_and_not_the_owner_of_the_account() {
    let server = Server::start().await;
    let email = server.adler.of_role(Role::FrontDesk).email.clone();
    let device = log_in(&server).await["device_token"].clone();
    for _ in 0..5 {
        log_in_as(&server, &email, "wrong")
            .await
            .problem(401, "wrong_credentials");
    }
    log_in_as(&server, &email, "wrong")
        .await
        .problem(401, "wrong_credentials");
    // Now even the right password has to wait from here, and the same for an address without an account.
    let slow = log_in_as(&server, &email, House::PASSWORD)
        .await
        .problem(429, "too_many_attempts");
    assert!(slow.header("retry-after").unwrap().parse::<u32>().unwrap() >= 1);
    for _ in 0..6 {
        log_in_as(&server, "nobody@adler.example", "x")
            .await
            .problem(401, "wrong_credentials");
    }
    log_in_as(&server, "nobody@adler.example", "x")
        .await
        .problem(429, "too_many_attempts");
    // The owner's own device does not.
    let body = json!({ "email": email, "password": House::PASSWORD, "device_token": device });
    server.nobody().post("/v1/auth/login", &body).await.is(200);
    // A made-up device is none.
    let body = json!({ "email": email, "password": House::PASSWORD, "device_token": "made up" });
    server
        .nobody()
        .post("/v1/auth/login", &body)
        .await
        .problem(429, "too_many_attempts");
    server.app.clock.advance(Duration::seconds(2));
    log_in_as(&server, &email, House::PASSWORD).await.is(200);
}
