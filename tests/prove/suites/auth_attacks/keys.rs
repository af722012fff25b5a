//! API keys: cut, mixed, outgrown, revoked, and used where they do not belong.

use super::{Cases, Stage, text};
use crate::harness::wire::{Reply, request};
use innkeep_domain::Role;
use serde_json::{Value, json};

async fn make(stage: &mut Stage, owner: &str, scopes: Value) -> anyhow::Result<(String, String)> {
    let body = json!({ "name": "Key", "scopes": scopes });
    let made = stage.post("/v1/api-keys", owner, &body).await?;
    anyhow::ensure!(
        made.status == 201,
        "making a key: {} {}",
        made.status,
        made.code()
    );
    let made = made.json();
    Ok((
        text(&made, "key").to_owned(),
        text(&made["api_key"], "id").to_owned(),
    ))
}

async fn trade(stage: &mut Stage, id: &str, key: &str) -> anyhow::Result<Reply> {
    let form = format!("grant_type=client_credentials&client_id={id}&client_secret={key}");
    let request = request("POST", "/v1/auth/token", "", "", &form);
    // The helper says JSON; this once it is a form.
    let text = String::from_utf8(request)?.replace("application/json", "application/x-www-form-urlencoded");
    stage.wire.call(text.as_bytes()).await
}

pub async fn run(stage: &mut Stage, cases: &mut Cases) -> anyhow::Result<()> {
    let owner = text(&stage.log_in(0, Role::Owner).await?, "access_token").to_owned();
    let (key, id) = make(stage, &owner, json!(["read_inventory"])).await?;
    let (other, other_id) = make(stage, &owner, json!(["read_inventory"])).await?;
    let reply = stage.wire.get("/v1/properties", &key).await?;
    cases.honest("a key", &reply);
    let (head, secret) = key.split_at(key.len() - 43);
    let mixed = format!("{head}{}", &other[other.len() - 43..]);
    for (name, wrong) in [
        ("without its secret", head.to_owned()),
        ("without its prefix", key[3..].to_owned()),
        ("its secret alone", secret.to_owned()),
        ("one character short", key[..key.len() - 1].to_owned()),
        ("one character long", format!("{key}A")),
        ("another's secret", mixed),
        ("in capitals", key.to_uppercase()),
        ("of an unknown id", key.replacen(&key[3..35], &"0".repeat(32), 1)),
    ] {
        let reply = stage.wire.get("/v1/properties", &wrong).await?;
        cases.attack(format!("a key {name}"), &reply);
    }
    for path in [
        "/v1/bookings",
        "/v1/guests",
        "/v1/users",
        "/v1/api-keys",
        "/v1/me",
        "/v1/platform/tenants",
    ] {
        let reply = stage.wire.get(path, &key).await?;
        cases.attack(format!("a key without the scope at {path}"), &reply);
    }
    let property = stage.other().property_id;
    let reply = stage
        .wire
        .get(&format!("/v1/properties/{property}"), &key)
        .await?;
    cases.attack("a key at another tenant's property", &reply);
    let body = json!({ "name": "More", "scopes": ["write_users"] });
    let reply = stage.post("/v1/api-keys", &key, &body).await?;
    cases.attack("a key that makes a greater one", &reply);
    for (name, client, secret) in [
        ("another's id", other_id.as_str(), key.as_str()),
        ("a wrong secret", id.as_str(), "ik_x"),
        ("another's key", id.as_str(), other.as_str()),
    ] {
        let reply = trade(stage, client, secret).await?;
        cases.attack(format!("client credentials with {name}"), &reply);
    }
    let token = trade(stage, &id, &key).await?;
    cases.honest("client credentials", &token);
    let token = text(&token.json(), "access_token").to_owned();
    let reply = stage.wire.get("/v1/bookings", &token).await?;
    cases.attack("a key's token without the scope", &reply);
    let revoke = request(
        "POST",
        &format!("/v1/api-keys/{id}/actions/revoke"),
        &owner,
        "",
        "",
    );
    let reply = stage.wire.call(&revoke).await?;
    cases.honest("revoking", &reply);
    let reply = stage.wire.get("/v1/properties", &key).await?;
    cases.attack("a revoked key", &reply);
    let reply = stage.wire.get("/v1/properties", &token).await?;
    cases.attack("a revoked key's token", &reply);
    let reply = trade(stage, &id, &key).await?;
    cases.attack("client credentials of a revoked key", &reply);
    let manager = text(&stage.log_in(0, Role::Manager).await?, "access_token").to_owned();
    let body = json!({ "name": "Mine", "scopes": ["read_inventory"] });
    let reply = stage.post("/v1/api-keys", &manager, &body).await?;
    cases.attack("a manager who makes a key", &reply);
    Ok(())
}
