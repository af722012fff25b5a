//! Tokens from mails: used twice, for something else, after their time, or never given.

use super::{Cases, Stage, text};
use crate::harness::process::until;
use anyhow::Context;
use innkeep_domain::Role;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

const GOOD: &str = "tyres-7-umbrella-moss";

/// Tokens of all mails that were sent so far: what else is sent has none.
fn tokens(stage: &Stage) -> BTreeSet<String> {
    let files = std::fs::read_dir(stage.world.folder.join(".local/mail"));
    let paths = files.into_iter().flatten().flatten().map(|f| f.path());
    let whole = paths.filter(|p| p.extension().is_some_and(|e| e == "txt"));
    let texts = whole.filter_map(|p| std::fs::read_to_string(p).ok());
    texts
        .filter_map(|t| t.split_once("token=").map(|(_, after)| after.to_owned()))
        .filter_map(|after| after.split_whitespace().next().map(str::to_owned))
        .collect()
}

/// Asks for a mail, waits until it is there, and returns the token in it.
async fn mailed(stage: &mut Stage, path: &str, access: &str, body: &Value) -> anyhow::Result<String> {
    let before = tokens(stage);
    let reply = stage.post(path, access, body).await?;
    anyhow::ensure!(reply.status < 300, "{path}: {} {}", reply.status, reply.code());
    let sent = until(Duration::from_secs(10), "the mail is sent", || async {
        tokens(stage).len() > before.len()
    });
    sent.await?;
    tokens(stage)
        .difference(&before)
        .next()
        .cloned()
        .context("no mail")
}

pub async fn run(stage: &mut Stage, cases: &mut Cases) -> anyhow::Result<()> {
    let paths = [
        "/v1/auth/verify-email",
        "/v1/auth/password/reset",
        "/v1/auth/invitations/accept",
    ];
    let owner = text(&stage.log_in(0, Role::Owner).await?, "access_token").to_owned();
    let email = stage.house().of_role(Role::Accountant).email.clone();
    let (forgot, register) = (
        json!({ "email": email }),
        json!({ "email": "new@adler.example", "name": "New" }),
    );
    let invite = json!({ "email": "desk@adler.example", "role": "front_desk" });
    let asked = [
        ("a registration's token", "/v1/auth/register", "", register, 0),
        ("a reset token", "/v1/auth/password/forgot", "", forgot, 1),
        (
            "an invitation's token",
            "/v1/invitations",
            owner.as_str(),
            invite,
            2,
        ),
    ];
    for (name, path, access, body, place) in asked {
        let token = mailed(stage, path, access, &body).await?;
        let with = |token: &str, place: usize| {
            let mut body = json!({ "token": token, "password": GOOD });
            if place == 2 {
                body["name"] = json!("Nia");
            }
            body
        };
        for other in (0..3).filter(|p| *p != place) {
            let reply = stage.post(paths[other], "", &with(&token, other)).await?;
            cases.attack(format!("{name} at {}", paths[other]), &reply);
        }
        for wrong in [
            "x".to_owned(),
            token[1..].to_owned(),
            token.to_lowercase(),
            format!("{token}%00"),
        ] {
            let reply = stage.post(paths[place], "", &with(&wrong, place)).await?;
            cases.attack(format!("{name}, altered"), &reply);
        }
        let reply = stage.wire.get("/v1/properties", &token).await?;
        cases.attack(format!("{name} as an access token"), &reply);
        let reply = stage.post(paths[place], "", &with(&token, place)).await?;
        cases.honest(name.to_string(), &reply);
        let reply = stage.post(paths[place], "", &with(&token, place)).await?;
        cases.attack(format!("{name}, again"), &reply);
    }
    // An older link is void once a newer one was used.
    let forgot = json!({ "email": stage.house().of_role(Role::Housekeeping).email });
    let old = mailed(stage, "/v1/auth/password/forgot", "", &forgot).await?;
    let new = mailed(stage, "/v1/auth/password/forgot", "", &forgot).await?;
    let body = |token: &str| json!({ "token": token, "password": GOOD });
    let reply = stage.post(paths[1], "", &body(&new)).await?;
    cases.honest("the newer link", &reply);
    let reply = stage.post(paths[1], "", &body(&old)).await?;
    cases.attack("the older link", &reply);
    Ok(())
}
