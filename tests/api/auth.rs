//! `/v1/auth/*` and `/v1/me`.

use crate::support::Server;
use chrono::Duration;
use innkeep_domain::Role;
use innkeep_domain::testing::House;
use serde_json::json;

async fn log_in(server: &Server) -> serde_json::Value {
    let body = json!({ "email": server.adler.of_role(Role::FrontDesk).email, "password": House::PASSWORD });
    server.nobody().post("/v1/auth/login", &body).await.is(200).body
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
    let me = server
        .bearer(tokens["access_token"].as_str().unwrap())
        .get("/v1/me")
        .await
        .is(200)
        .body;
    assert_eq!(me["tenant_id"], json!(server.adler.tenant));
    assert_eq!(me["memberships"].as_array().unwrap().len(), 1);
    assert!(!me.to_string().contains("argon2"));
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_are_told_the_same() {
    let server = Server::start().await;
    let email = &server.adler.of_role(Role::Owner).email;
    let wrong = json!({ "email": email, "password": "not the password" });
    let unknown = json!({ "email": "nobody@adler.example", "password": House::PASSWORD });
    let wrong = server
        .nobody()
        .post("/v1/auth/login", &wrong)
        .await
        .problem(401, "wrong_credentials");
    let unknown = server
        .nobody()
        .post("/v1/auth/login", &unknown)
        .await
        .problem(401, "wrong_credentials");
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
async fn a_refresh_token_works_once_and_its_reuse_ends_the_session() {
    let server = Server::start().await;
    let first = log_in(&server).await;
    let refresh = |token: &serde_json::Value| json!({ "refresh_token": token });
    let nobody = server.nobody();
    let second = nobody
        .post("/v1/auth/refresh", &refresh(&first["refresh_token"]))
        .await
        .is(200)
        .body;
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    server
        .bearer(second["access_token"].as_str().unwrap())
        .get("/v1/me")
        .await
        .is(200);
    // Somebody has a copy: from now on neither of the two works.
    nobody
        .post("/v1/auth/refresh", &refresh(&first["refresh_token"]))
        .await
        .problem(401, "invalid_refresh_token");
    nobody
        .post("/v1/auth/refresh", &refresh(&second["refresh_token"]))
        .await
        .problem(401, "invalid_refresh_token");
}

#[tokio::test]
async fn a_log_out_ends_the_session_and_may_be_repeated() {
    let server = Server::start().await;
    let tokens = log_in(&server).await;
    let body = json!({ "refresh_token": tokens["refresh_token"] });
    for _ in 0..2 {
        server.nobody().post("/v1/auth/logout", &body).await.is(204);
    }
    server
        .nobody()
        .post("/v1/auth/refresh", &body)
        .await
        .problem(401, "invalid_refresh_token");
}

#[tokio::test]
async fn tokens_end_after_their_time() {
    let server = Server::start().await;
    let tokens = log_in(&server).await;
    let caller = server.bearer(tokens["access_token"].as_str().unwrap());
    server.app.clock.advance(Duration::seconds(599));
    caller.get("/v1/me").await.is(200);
    server.app.clock.advance(Duration::seconds(1));
    caller.get("/v1/me").await.problem(401, "token_expired");
    server.app.clock.advance(Duration::days(30));
    let body = json!({ "refresh_token": tokens["refresh_token"] });
    server
        .nobody()
        .post("/v1/auth/refresh", &body)
        .await
        .problem(401, "invalid_refresh_token");
}
