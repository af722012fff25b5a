//! The authenticator app, recovery codes, and the operators' door, which asks for them.

use super::{access, log_in_as};
use crate::support::{Answer, Server};
use chrono::Duration;
use innkeep_domain::audit::chain;
use innkeep_domain::identity::operator;
use innkeep_domain::testing::House;
use innkeep_domain::{Role, TenantId, verify};
use serde_json::{Value, json};
use totp_rs::{Builder, Secret, Totp};

struct Enrolled {
    totp: Totp,
    recovery_codes: Vec<String>,
}

/// The app's code at the server's present time.
fn code(server: &Server, totp: &Totp) -> String {
    totp.generate(server.app.clock.now().timestamp() as u64)
        .to_string()
}

async fn enrol(server: &Server, role: Role) -> Enrolled {
    let caller = server.caller(&server.adler, role);
    let path = "/v1/auth/mfa/totp";
    let wrong = json!({ "password": "wrong" });
    caller.post(path, &wrong).await.problem(401, "wrong_credentials");
    let made = caller
        .post(path, &json!({ "password": House::PASSWORD }))
        .await
        .is(200)
        .body;
    assert!(
        made["otpauth_url"]
            .as_str()
            .unwrap()
            .starts_with("otpauth://totp/")
    );
    let secret = Secret::try_from_base32(made["secret"].as_str().unwrap()).unwrap();
    let totp = Builder::new().with_secret(secret).build().unwrap();
    let confirm = "/v1/auth/mfa/totp/confirm";
    caller
        .post(confirm, &json!({ "code": "000000" }))
        .await
        .problem(422, "wrong_code");
    let done = caller
        .post(confirm, &json!({ "code": code(server, &totp) }))
        .await
        .is(200)
        .body;
    let codes: Vec<String> = serde_json::from_value(done["recovery_codes"].clone()).unwrap();
    assert_eq!(codes.len(), 10);
    server.app.clock.advance(Duration::seconds(30));
    Enrolled {
        totp,
        recovery_codes: codes,
    }
}

async fn challenge(server: &Server, role: Role) -> Value {
    let email = &server.adler.of_role(role).email;
    let first = log_in_as(server, email, House::PASSWORD).await.is(202).body;
    assert_eq!(first["mfa_required"], true);
    assert_eq!(first["access_token"], Value::Null);
    first["challenge_token"].clone()
}

async fn answer(server: &Server, challenge: &Value, code: &str) -> Answer {
    let body = json!({ "challenge_token": challenge, "code": code });
    server.nobody().post("/v1/auth/mfa/verify", &body).await
}

#[tokio::test]
async fn a_code_lets_in_once() {
    let server = Server::start().await;
    let app = enrol(&server, Role::Owner).await;
    let first = challenge(&server, Role::Owner).await;
    let now = code(&server, &app.totp);
    let tokens = answer(&server, &first, &now).await.is(200).body;
    server.bearer(access(&tokens)).get("/v1/properties").await.is(200);
    let sessions = server.bearer(access(&tokens)).get("/v1/me/sessions").await;
    assert!(sessions.items().iter().any(|s| s["second_factor"] == "totp"));
    // Neither the challenge nor the code again, nor an older code.
    answer(&server, &first, &now).await.problem(401, "wrong_code");
    let second = challenge(&server, Role::Owner).await;
    answer(&server, &second, &now).await.problem(401, "wrong_code");
    let at = server.app.clock.now().timestamp() as u64;
    answer(&server, &second, &app.totp.generate(at - 30).to_string())
        .await
        .problem(401, "wrong_code");
    answer(&server, &second, &app.totp.generate(at + 30).to_string())
        .await
        .is(200);
}

#[tokio::test]
async fn a_challenge_bears_five_wrong_codes_and_five_minutes() {
    let server = Server::start().await;
    let app = enrol(&server, Role::Owner).await;
    let first = challenge(&server, Role::Owner).await;
    for _ in 0..5 {
        answer(&server, &first, "000000").await.problem(401, "wrong_code");
    }
    let right = code(&server, &app.totp);
    answer(&server, &first, &right).await.problem(401, "wrong_code");
    let late = challenge(&server, Role::Owner).await;
    server.app.clock.advance(Duration::minutes(5));
    answer(&server, &late, &code(&server, &app.totp))
        .await
        .problem(401, "wrong_code");
}

#[tokio::test]
async fn guessing_codes_over_many_challenges_becomes_slow() {
    let server = Server::start().await;
    enrol(&server, Role::Owner).await;
    let mut told = Vec::new();
    for _ in 0..4 {
        let next = challenge(&server, Role::Owner).await;
        for _ in 0..4 {
            told.push(answer(&server, &next, "000000").await.status);
        }
    }
    assert_eq!(told.iter().position(|s| *s == 429), Some(11), "{told:?}");
}

#[tokio::test]
async fn recovery_codes_work_once_each_until_they_are_replaced() {
    let server = Server::start().await;
    let app = enrol(&server, Role::Owner).await;
    let [one, two, ..] = app.recovery_codes.as_slice() else {
        unreachable!()
    };
    let first = challenge(&server, Role::Owner).await;
    answer(&server, &first, &one.to_uppercase()).await.is(200);
    let second = challenge(&server, Role::Owner).await;
    answer(&server, &second, one).await.problem(401, "wrong_code");
    let caller = server.caller(&server.adler, Role::Owner);
    let body = json!({ "code": code(&server, &app.totp) });
    let fresh = caller
        .post("/v1/auth/mfa/recovery-codes", &body)
        .await
        .is(200)
        .body;
    answer(&server, &second, two).await.problem(401, "wrong_code");
    answer(&server, &second, fresh["recovery_codes"][0].as_str().unwrap())
        .await
        .is(200);
}

#[tokio::test]
async fn it_is_disabled_with_a_code_only() {
    let server = Server::start().await;
    let app = enrol(&server, Role::Owner).await;
    let caller = server.caller(&server.adler, Role::Owner);
    let again = json!({ "password": House::PASSWORD });
    caller
        .post("/v1/auth/mfa/totp", &again)
        .await
        .problem(409, "already_enrolled");
    let path = "/v1/auth/mfa/totp/disable";
    caller
        .post(path, &json!({ "code": "000000" }))
        .await
        .problem(422, "wrong_code");
    caller
        .post(path, &json!({ "code": code(&server, &app.totp) }))
        .await
        .is(204);
    log_in_as(&server, &server.adler.of_role(Role::Owner).email, House::PASSWORD)
        .await
        .is(200);
}

#[tokio::test]
async fn operators_have_a_door_of_their_own_and_every_use_of_it_is_written_down() {
    let server = Server::start().await;
    let owner = server.adler.of_role(Role::Owner);
    let log_in = json!({ "email": owner.email, "password": House::PASSWORD });
    let door = "/v1/platform/auth/login";
    server
        .nobody()
        .post(door, &log_in)
        .await
        .problem(403, "not_an_operator");
    let mut tx = server.app.db.begin_platform().await.unwrap();
    operator::add(&mut tx, owner.user_id, server.app.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    server
        .nobody()
        .post(door, &log_in)
        .await
        .problem(403, "second_factor_required");
    let app = enrol(&server, Role::Owner).await;
    let first = server.nobody().post(door, &log_in).await.is(202).body;
    let tokens = answer(&server, &first["challenge_token"], &code(&server, &app.totp))
        .await
        .is(200)
        .body;
    let operator = server.bearer(access(&tokens));
    // Neither is a key to the other's door.
    operator.get("/v1/properties").await.problem(401, "wrong_door");
    let staff = server.caller(&server.adler, Role::Owner);
    staff.get("/v1/platform/tenants").await.problem(401, "wrong_door");
    assert_eq!(
        operator.get("/v1/platform/tenants").await.is(200).items().len(),
        2
    );
    let mare = format!("/v1/platform/tenants/{}/actions", server.mare.tenant);
    let reason = json!({ "reason": "did not pay" });
    let host = server.caller(&server.mare, Role::Owner);
    host.get("/v1/properties").await.is(200);
    operator.post(&format!("{mare}/suspend"), &reason).await.is(204);
    host.get("/v1/properties").await.problem(401, "session_ended");
    operator.post(&format!("{mare}/resume"), &reason).await.is(204);
    host.get("/v1/properties").await.is(200);
    let account = server.mare.of_role(Role::ReadOnly).user_id;
    let path = format!("/v1/platform/accounts/{account}/actions");
    operator.post(&format!("{path}/disable"), &reason).await.is(204);
    let reader = server.caller(&server.mare, Role::ReadOnly);
    reader.get("/v1/properties").await.problem(401, "session_ended");
    log_in_as(
        &server,
        &server.mare.of_role(Role::ReadOnly).email,
        House::PASSWORD,
    )
    .await
    .problem(401, "wrong_credentials");
    operator.post(&format!("{path}/enable"), &reason).await.is(204);
    let events = operator.get("/v1/platform/events").await.is(200);
    let told: Vec<_> = events
        .items()
        .iter()
        .map(|e| e["operation"].as_str().unwrap())
        .collect();
    let wanted = [
        "enable_account",
        "disable_account",
        "resume_tenant",
        "suspend_tenant",
        "list_all_tenants",
    ];
    assert_eq!(told, wanted);
    assert_eq!(events.items()[3]["data"]["reason"], "did not pay");
    assert_chained(&server, wanted.len() + 1).await;
    let unknown = crate::support::unknown();
    let path = format!("/v1/platform/tenants/{unknown}/actions/suspend");
    operator.post(&path, &reason).await.problem(404, "not_found");
    // No operator any more.
    let mut tx = server.app.db.begin_platform().await.unwrap();
    operator::remove(&mut tx, owner.user_id, server.app.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    server.app.clock.advance(Duration::seconds(15));
    operator
        .get("/v1/platform/tenants")
        .await
        .problem(401, "session_ended");
}

/// What operators did stands in a chain like a tenant's: whoever changes it is found out.
async fn assert_chained(server: &Server, entries: usize) {
    let db = &server.app.db;
    let mut linked = 0;
    while linked < entries {
        let mut tx = db.begin(TenantId::PLATFORM).await.unwrap();
        let head = chain::extend(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        linked = head.map_or(linked, |head| usize::try_from(head.n).unwrap());
    }
    let findings = async || {
        let mut tx = db.begin(TenantId::PLATFORM).await.unwrap();
        verify::platform(&mut tx).await.unwrap()
    };
    assert_eq!(findings().await, []);
    let mut superuser = server.database.superuser().await.unwrap();
    sqlx::query("update audit_entry set subject_id = gen_random_uuid() where operation = 'suspend_tenant'")
        .execute(&mut superuser)
        .await
        .unwrap();
    assert_eq!(findings().await.len(), 1);
}
