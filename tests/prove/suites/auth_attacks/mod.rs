//! `auth-attacks`: credentials forged, stolen, replayed, guessed and misused, against the running program. None is
//! accepted, nobody learns which accounts exist, and nobody honest is locked or logged out.

mod guesses;
mod jwt;
mod keys;
mod mails;
mod sessions;

use crate::harness::verdict::{Scale, Verdict};
use crate::harness::wire::{Reply, Wire};
use crate::harness::world::World;
use innkeep_domain::Role;
use innkeep_domain::testing::{House, Plan};
use serde_json::{Value, json};

/// What was tried, and what should not have happened.
#[derive(Default)]
pub struct Cases {
    tried: usize,
    accepted: Vec<String>,
    /// Honest people who were turned away.
    locked_out: Vec<String>,
    /// Answers that say more than they should, or the wrong thing.
    wrong: Vec<String>,
}

impl Cases {
    /// An attack: whatever the server says, it must not be yes; and it must not fall over.
    pub fn attack(&mut self, name: impl Into<String>, reply: &Reply) {
        self.tried += 1;
        let name = name.into();
        match reply.status {
            200..300 => self.accepted.push(name),
            400..500 => {}
            status => self.wrong.push(format!("{name}: {status}")),
        }
    }
    /// Somebody honest.
    pub fn honest(&mut self, name: impl Into<String>, reply: &Reply) {
        if !(200..300).contains(&reply.status) {
            self.locked_out
                .push(format!("{}: {} {}", name.into(), reply.status, reply.code()));
        }
    }
    pub fn demand(&mut self, holds: bool, otherwise: impl Into<String>) {
        self.tried += 1;
        if !holds {
            self.wrong.push(otherwise.into());
        }
    }
}

/// The program with two houses, and what every part needs of it.
pub struct Stage {
    pub world: World,
    pub wire: Wire,
}

impl Stage {
    pub fn house(&self) -> &House {
        &self.world.houses[0]
    }
    pub fn other(&self) -> &House {
        &self.world.houses[1]
    }
    pub async fn post(&mut self, path: &str, token: &str, body: &Value) -> anyhow::Result<Reply> {
        self.wire.post(path, token, body).await
    }
    pub async fn log_in(&mut self, house: usize, role: Role) -> anyhow::Result<Value> {
        let email = self.world.houses[house].of_role(role).email.clone();
        let body = json!({ "email": email, "password": House::PASSWORD });
        let reply = self.post("/v1/auth/login", "", &body).await?;
        anyhow::ensure!(reply.status == 200, "log-in: {} {}", reply.status, reply.code());
        Ok(reply.json())
    }
}

/// A field of an answer, as text.
pub fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

pub async fn run(scale: Scale) -> anyhow::Result<Verdict> {
    let mut world = World::new(&[Plan::HOTEL, Plan::HOST]).await?;
    world.serve(true).await?;
    let wire = world.wire().await?;
    let mut stage = Stage { world, wire };
    let mut cases = Cases::default();
    jwt::run(&mut stage, &mut cases).await?;
    keys::run(&mut stage, &mut cases).await?;
    mails::run(&mut stage, &mut cases).await?;
    sessions::replays(&mut stage, &mut cases).await?;
    let races = scale.of(300, 10_000);
    let logged_out = sessions::honest_races(&stage, races).await?;
    guesses::second_factor(&mut stage, &mut cases).await?;
    let slower = guesses::enumeration(&stage, &mut cases, scale.of(15, 60)).await?;
    guesses::victim(&stage, &mut cases, scale.of(40, 400)).await?;
    let mut verdict = Verdict::default();
    verdict.figure(format!("{} cases", cases.tried));
    verdict.demand(cases.tried >= 60, format!("only {} cases", cases.tried));
    verdict.none(cases.accepted.len(), "accepted");
    verdict.demand(cases.accepted.is_empty(), cases.accepted.join("; "));
    verdict.figure(format!("{races} honest refresh races"));
    verdict.none(
        logged_out + cases.locked_out.len(),
        "honest people logged or locked out",
    );
    verdict.demand(cases.locked_out.is_empty(), cases.locked_out.join("; "));
    verdict.demand(cases.wrong.is_empty(), cases.wrong.join("; "));
    verdict.figure(format!("known and unknown differ by {slower:.1} ms"));
    Ok(verdict)
}
