//! Refresh tokens: stolen copies that come back, and honest people with two tabs and bad connections.

use super::{Cases, Stage, text};
use crate::harness::wire::{Wire, request};
use anyhow::Context;
use innkeep_domain::Role;
use innkeep_domain::testing::House;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use std::net::SocketAddr;

const CLIENTS: usize = 6;

fn body(token: &str) -> Value {
    json!({ "refresh_token": token })
}

pub async fn replays(stage: &mut Stage, cases: &mut Cases) -> anyhow::Result<()> {
    // A copy comes back after its successor was used: nothing of the session works any more.
    let first = stage.log_in(0, Role::Owner).await?;
    let path = "/v1/auth/refresh";
    let second = stage.post(path, "", &body(text(&first, "refresh_token"))).await?;
    cases.honest("first refresh", &second);
    let second = second.json();
    let third = stage
        .post(path, "", &body(text(&second, "refresh_token")))
        .await?;
    cases.honest("second refresh", &third);
    let third = third.json();
    for (name, token) in [
        ("a used token", &first),
        ("its successor", &second),
        ("the newest of the family", &third),
    ] {
        let reply = stage.post(path, "", &body(text(token, "refresh_token"))).await?;
        cases.attack(format!("{name}, replayed"), &reply);
    }
    let reply = stage
        .wire
        .get("/v1/properties", text(&third, "access_token"))
        .await?;
    cases.attack("the access token of a session that was replayed", &reply);
    // A thief who is faster than the owner gets the same successor; one of the two shows the other up.
    let mine = stage.log_in(0, Role::Owner).await?;
    let thief = stage
        .post(path, "", &body(text(&mine, "refresh_token")))
        .await?
        .json();
    let owner = stage
        .post(path, "", &body(text(&mine, "refresh_token")))
        .await?
        .json();
    cases.demand(
        text(&thief, "refresh_token") == text(&owner, "refresh_token")
            && !text(&owner, "refresh_token").is_empty(),
        "the chain forked",
    );
    // After a log-out.
    let gone = stage.log_in(0, Role::Owner).await?;
    stage
        .post("/v1/auth/logout", "", &body(text(&gone, "refresh_token")))
        .await?;
    let reply = stage.post(path, "", &body(text(&gone, "refresh_token"))).await?;
    cases.attack("a refresh after log-out", &reply);
    let reply = stage
        .wire
        .get("/v1/properties", text(&gone, "access_token"))
        .await?;
    cases.attack("an access token after log-out", &reply);
    // What is no refresh token.
    let good = stage.log_in(0, Role::Owner).await?;
    let token = text(&good, "refresh_token").to_owned();
    let access = text(&good, "access_token").to_owned();
    for wrong in [
        access.as_str(),
        "x",
        &token[1..],
        &format!("{token}="),
        &token.to_lowercase(),
        "' or true --",
    ] {
        let reply = stage.post(path, "", &body(wrong)).await?;
        cases.attack("what is no refresh token", &reply);
    }
    let reply = stage.wire.get("/v1/properties", &token).await?;
    cases.attack("a refresh token as an access token", &reply);
    // Somebody else's session, and tenant.
    let theirs = stage.log_in(1, Role::Owner).await?;
    let sessions = stage
        .wire
        .get("/v1/me/sessions", text(&theirs, "access_token"))
        .await?
        .json();
    let id = text(&sessions["items"][0], "id").to_owned();
    let revoke = request("DELETE", &format!("/v1/me/sessions/{id}"), &access, "", "");
    let reply = stage.wire.call(&revoke).await?;
    cases.attack("ending somebody else's session", &reply);
    let tenant = stage.other().tenant;
    let reply = stage
        .post("/v1/auth/switch-tenant", &access, &json!({ "tenant_id": tenant }))
        .await?;
    cases.attack("switching to somebody else's tenant", &reply);
    let reply = stage.wire.get("/v1/platform/tenants", &access).await?;
    cases.attack("an owner at the operators' door", &reply);
    Ok(())
}

/// Honest clients: tabs that refresh at once with the same token, and answers that get lost. Returns how many were
/// logged out.
pub async fn honest_races(stage: &Stage, races: usize) -> anyhow::Result<usize> {
    let api = stage.world.api;
    let email = stage.house().of_role(Role::FrontDesk).email.clone();
    let tasks: Vec<_> = (0..CLIENTS)
        .map(|seed| tokio::spawn(client(api, email.clone(), races.div_ceil(CLIENTS), seed as u64)))
        .collect();
    let mut logged_out = 0;
    for task in tasks {
        logged_out += task.await??;
    }
    Ok(logged_out)
}

async fn log_in(wire: &mut Wire, email: &str) -> anyhow::Result<String> {
    let body = json!({ "email": email, "password": House::PASSWORD });
    let reply = wire.post("/v1/auth/login", "", &body).await?;
    anyhow::ensure!(reply.status == 200, "log-in: {} {}", reply.status, reply.code());
    Ok(text(&reply.json(), "refresh_token").to_owned())
}

async fn client(api: SocketAddr, email: String, races: usize, seed: u64) -> anyhow::Result<usize> {
    let mut dice = StdRng::seed_from_u64(seed);
    let mut wires = Vec::new();
    for _ in 0..3 {
        wires.push(Wire::open(api).await?);
    }
    let mut token = log_in(&mut wires[0], &email).await?;
    let mut logged_out = 0;
    for _ in 0..races {
        let mut unheard = None;
        if dice.random_ratio(1, 5) {
            // Sent, perhaps done, never heard.
            let mut lost = Wire::open(api).await?;
            lost.send(&request(
                "POST",
                "/v1/auth/refresh",
                "",
                "",
                &body(&token).to_string(),
            ))
            .await?;
            tokio::time::sleep(std::time::Duration::from_micros(dice.random_range(0..3_000))).await;
            unheard = Some(lost);
        }
        let tabs = dice.random_range(1..=wires.len());
        let bytes = request("POST", "/v1/auth/refresh", "", "", &body(&token).to_string());
        for wire in &mut wires[..tabs] {
            wire.send(&bytes).await?;
        }
        let mut heard = Vec::new();
        for wire in &mut wires[..tabs] {
            heard.push(wire.reply().await?);
        }
        // A busy server may only come to it now; not after the next refresh, which is minutes away.
        if let Some(mut lost) = unheard {
            lost.reply().await?;
        }
        // Asked to try again (503), they do, with what they have.
        let fine = heard.iter().all(|r| [200, 503].contains(&r.status));
        logged_out += usize::from(!fine);
        token = match heard.iter().find(|r| r.status == 200) {
            // The tabs share what they keep: the last to hear writes it.
            Some(reply) if fine => text(&reply.json(), "refresh_token").to_owned(),
            None if fine => token,
            _ => log_in(&mut wires[0], &email)
                .await
                .context("after being logged out")?,
        };
    }
    Ok(logged_out)
}
