//! Guessing: passwords, codes, and which accounts there are; and using all that against somebody.

use super::{Cases, Stage, text};
use crate::harness::verdict::percentile;
use crate::harness::wire::{Reply, Wire};
use anyhow::Context;
use innkeep_domain::Role;
use innkeep_domain::clock::Clock;
use innkeep_domain::identity::{Class, account, hash_password};
use innkeep_domain::testing::House;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use totp_rs::{Builder, Secret, Totp};

async fn wait_for_step() {
    // Not at the end of a step: the next one would begin between a code and its use.
    while Clock::System.now().timestamp() % 30 > 24 {
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

fn code(totp: &Totp, steps: i64) -> String {
    let at = Clock::System.now().timestamp() + 30 * steps;
    totp.generate(at.cast_unsigned()).to_string()
}

/// Log-in's first half.
async fn challenge(stage: &mut Stage, email: &str) -> anyhow::Result<String> {
    let body = json!({ "email": email, "password": House::PASSWORD });
    let reply = stage.post("/v1/auth/login", "", &body).await?;
    anyhow::ensure!(
        reply.status == 202,
        "no challenge: {} {}",
        reply.status,
        reply.code()
    );
    Ok(text(&reply.json(), "challenge_token").to_owned())
}

async fn show(stage: &mut Stage, challenge: &str, code: &str) -> anyhow::Result<Reply> {
    let body = json!({ "challenge_token": challenge, "code": code });
    stage.post("/v1/auth/mfa/verify", "", &body).await
}

pub async fn second_factor(stage: &mut Stage, cases: &mut Cases) -> anyhow::Result<()> {
    let email = stage.other().of_role(Role::Owner).email.clone();
    let access = text(&stage.log_in(1, Role::Owner).await?, "access_token").to_owned();
    let enrolled = stage
        .post(
            "/v1/auth/mfa/totp",
            &access,
            &json!({ "password": House::PASSWORD }),
        )
        .await?;
    cases.honest("enrolling", &enrolled);
    let secret = Secret::try_from_base32(text(&enrolled.json(), "secret"))
        .ok()
        .context("no secret")?;
    let totp = Builder::new()
        .with_secret(secret)
        .build()
        .ok()
        .context("no TOTP")?;
    wait_for_step().await;
    let confirmed = stage
        .post(
            "/v1/auth/mfa/totp/confirm",
            &access,
            &json!({ "code": code(&totp, -1) }),
        )
        .await?;
    cases.honest("confirming", &confirmed);
    let recovery = text_at(&confirmed.json(), 0);
    let first = challenge(stage, &email).await?;
    let reply = stage.wire.get("/v1/properties", &first).await?;
    cases.attack("a challenge as an access token", &reply);
    let reply = show(stage, &first, &code(&totp, -1)).await?;
    cases.attack("the code that confirmed", &reply);
    let now = code(&totp, 0);
    let reply = show(stage, &first, &now).await?;
    cases.honest("the present code", &reply);
    let reply = show(stage, &first, &now).await?;
    cases.attack("challenge and code again", &reply);
    let second = challenge(stage, &email).await?;
    for (name, wrong) in [
        ("used", now.clone()),
        ("older", code(&totp, -1)),
        ("much later", code(&totp, 5)),
    ] {
        let reply = show(stage, &second, &wrong).await?;
        cases.attack(format!("a {name} code"), &reply);
    }
    let reply = show(stage, &second, &recovery).await?;
    cases.honest("a recovery code", &reply);
    let third = challenge(stage, &email).await?;
    let reply = show(stage, &third, &recovery).await?;
    cases.attack("a recovery code again", &reply);
    // Brute force: many challenges, many codes. It comes to a halt long before it gets anywhere.
    let mut halted = false;
    let mut guess = 0;
    for _ in 0..8 {
        let next = challenge(stage, &email).await?;
        for _ in 0..6 {
            guess += 1;
            let reply = show(stage, &next, &format!("{:06}", 7 * guess)).await?;
            cases.attack("a guessed code", &reply);
            halted |= reply.status == 429;
        }
    }
    cases.demand(halted, format!("{guess} codes were guessed at full speed"));
    Ok(())
}

fn text_at(value: &Value, n: usize) -> String {
    value["recovery_codes"][n].as_str().unwrap_or_default().to_owned()
}

/// Log-in, registering and "forgot password" say and take the same for an address with and without an account. Returns
/// by how many milliseconds the medians differ at most.
pub async fn enumeration(stage: &Stage, cases: &mut Cases, rounds: usize) -> anyhow::Result<f64> {
    let hash = hash_password(House::PASSWORD.into(), &[]).await?;
    let mut tx = stage.world.db.begin_platform().await?;
    for n in 0..rounds {
        account::add(
            &mut tx,
            Class::Staff,
            &format!("known{n}@adler.example"),
            "K",
            &hash,
            Clock::System.now(),
        )
        .await?;
    }
    tx.commit().await?;
    let mut worst: f64 = 0.0;
    for path in ["/v1/auth/login", "/v1/auth/register", "/v1/auth/password/forgot"] {
        let body = |who: &str, n: usize| match path {
            "/v1/auth/login" => {
                json!({ "email": format!("{who}{n}@adler.example"), "password": "wrong password" })
            }
            "/v1/auth/register" => json!({ "email": format!("{who}{n}@adler.example"), "name": "Eve" }),
            _ => json!({ "email": format!("{who}{n}@adler.example") }),
        };
        let mut took = [Vec::new(), Vec::new()];
        // Once for each before it counts: what is made at first use is made then.
        for n in 0..rounds {
            for (i, who) in ["known", "absent"].into_iter().enumerate() {
                // Each from an address of its own, so that nobody is slowed down.
                let source = [127, 0, 10 + i as u8, 1 + (n % 250) as u8];
                let mut wire = Wire::open_from(stage.world.api, source).await?;
                let begun = Instant::now();
                let reply = wire.post(path, "", &body(who, n)).await?;
                if n > 0 {
                    took[i].push(begun.elapsed());
                }
                let expected: (u16, &str) = match path {
                    "/v1/auth/login" => (401, "wrong_credentials"),
                    _ => (202, ""),
                };
                let told = (reply.status, reply.code());
                cases.demand(
                    (told.0, told.1.as_str()) == expected,
                    format!("{path} for {who}: {told:?}"),
                );
            }
        }
        let [known, absent] = took.map(|t| percentile(&t, 50.0).as_secs_f64() * 1000.0);
        worst = worst.max((known - absent).abs());
        // A hash takes tens of milliseconds and varies by some; without one the difference is a fraction of one.
        let most = if path == "/v1/auth/login" {
            known.min(absent) * 0.3
        } else {
            5.0
        };
        cases.demand(
            (known - absent).abs() < most,
            format!("{path}: {known:.1} ms known, {absent:.1} ms unknown"),
        );
    }
    Ok(worst)
}

/// Somebody fails on purpose, again and again, at the victim's account. The victim logs in from elsewhere as if nothing
/// were, and from the same address with a device that was there before.
pub async fn victim(stage: &Stage, cases: &mut Cases, attempts: usize) -> anyhow::Result<()> {
    let email = &stage.house().of_role(Role::ReadOnly).email;
    let right = json!({ "email": email, "password": House::PASSWORD });
    let home = [127, 0, 7, 7];
    let mut victim = Wire::open_from(stage.world.api, home).await?;
    let reply = victim.post("/v1/auth/login", "", &right).await?;
    cases.honest("the victim before", &reply);
    let mut from_home = right.clone();
    from_home["device_token"] = reply.json()["device_token"].clone();
    let mut slowed = 0;
    for n in 0..attempts {
        // From the victim's own address, and from others.
        let source = if n % 2 == 0 {
            home
        } else {
            [127, 0, 8, (n % 250) as u8 + 1]
        };
        let mut attacker = Wire::open_from(stage.world.api, source).await?;
        let wrong = json!({ "email": email, "password": format!("guess {n}") });
        let reply = attacker.post("/v1/auth/login", "", &wrong).await?;
        cases.attack("a guessed password", &reply);
        slowed += usize::from(reply.status == 429);
        if n % 10 == 9 {
            let reply = victim.post("/v1/auth/login", "", &from_home).await?;
            cases.honest("the victim at home", &reply);
            let mut elsewhere = Wire::open_from(stage.world.api, [127, 0, 9, (n % 250) as u8 + 1]).await?;
            let reply = elsewhere.post("/v1/auth/login", "", &right).await?;
            cases.honest("the victim elsewhere", &reply);
        }
    }
    cases.demand(
        slowed * 4 >= attempts,
        format!("only {slowed} of {attempts} guesses were slowed down"),
    );
    Ok(())
}
