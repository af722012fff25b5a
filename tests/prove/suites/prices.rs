//! Prices that a program changes all the time, over HTTP and at a steady pace: each price is given once, so that the
//! channel's journal tells when it took which.

use crate::harness::channel::Channel;
use crate::harness::wire::{Wire, request};
use crate::harness::world::World;
use anyhow::{Context, ensure};
use chrono::{DateTime, Utc};
use innkeep_domain::clock::Clock;
use innkeep_domain::testing::House;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::MissedTickBehavior;

/// Nights whose prices change, and how far apart those of one request are: scattered, so that each is a range of its own.
pub const NIGHTS: u64 = 499;
const STEP: u64 = 7;

/// How fast one house changes its prices.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Between two requests.
    pub every: Duration,
    /// Nights changed by each.
    pub cells: u64,
    /// Requests, if it is not told to stop before.
    pub most: usize,
}

/// A price that was asked for.
#[derive(Debug, Clone, Copy)]
pub struct Changed {
    pub cents: u64,
    /// When its answer was read, which is after the commit.
    pub answered: DateTime<Utc>,
}

/// Changes a house's prices until told to stop. `next` counts the prices given, so that a later call goes on.
pub async fn change(
    world: &World,
    house: &House,
    pace: Pace,
    next: &AtomicU64,
    stop: &AtomicBool,
) -> anyhow::Result<Vec<Changed>> {
    let token = world.log_in(house).await?;
    let mut wire = Wire::open(world.api).await?;
    let path = format!("/v1/properties/{}/ari", house.property_id);
    let mut clock = tokio::time::interval(pace.every);
    clock.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut done = Vec::new();
    for _ in 0..pace.most {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        clock.tick().await;
        let first = next.fetch_add(pace.cells, Ordering::Relaxed);
        let prices: Vec<Value> = (first..first + pace.cells).map(|n| price(house, n)).collect();
        let body = json!({ "prices": prices }).to_string();
        let reply = wire
            .call_again(&request("PATCH", &path, &token, "", &body))
            .await?;
        let answered = Clock::System.now();
        ensure!(reply.status == 200, "prices: {} {}", reply.status, reply.code());
        done.extend((first..first + pace.cells).map(|n| Changed {
            cents: cents(n),
            answered,
        }));
    }
    Ok(done)
}

/// Above every price of a furnished house: each is a change.
fn cents(n: u64) -> u64 {
    100_000 + n
}

/// The n-th price: every cell of the house has had one before the first gets another.
fn price(house: &House, n: u64) -> Value {
    let unit_types = house.unit_types.len() as u64;
    let unit_type = &house.unit_types[(n % unit_types) as usize];
    let night = house.night(n / unit_types * STEP % NIGHTS);
    let cents = cents(n);
    json!({ "rate_plan_id": house.base_plan, "unit_type_id": unit_type.id, "from": night, "to": night,
            "price": { "amount": format!("{}.{:02}", cents / 100, cents % 100), "currency": "EUR" } })
}

/// When the channel took each price, by the price; of calls after a sequence number.
pub async fn accepted(channel: &Channel, since: u64) -> anyhow::Result<HashMap<u64, DateTime<Utc>>> {
    let path = format!(
        "/sandbox/calls?property_id={}&since={since}&bodies=true",
        channel.property
    );
    let calls = channel.get(&path).await?;
    let mut taken = HashMap::new();
    for call in calls["calls"].as_array().context("no calls")? {
        let time: DateTime<Utc> = call["time"].as_str().context("no time")?.parse()?;
        if call["status"] != 200 {
            continue;
        }
        for value in call["body"]["values"].as_array().into_iter().flatten() {
            let rate = value["rate"]
                .as_str()
                .and_then(|rate| rate.replace('.', "").parse().ok());
            if let Some(cents) = rate {
                taken.entry(cents).or_insert(time);
            }
        }
    }
    Ok(taken)
}

/// The number of the last call so far.
pub async fn last_call(channel: &Channel) -> anyhow::Result<u64> {
    let calls = channel.calls(0).await?;
    Ok(calls
        .last()
        .and_then(|c| c["sequence"].as_u64())
        .unwrap_or_default())
}

/// How long after its commit the channel took each price, and how many it never took.
pub fn waits(changed: &[Changed], taken: &HashMap<u64, DateTime<Utc>>) -> (Vec<Duration>, usize) {
    let wait = |c: &Changed| Some((*taken.get(&c.cents)? - c.answered).to_std().unwrap_or_default());
    let waits: Vec<Duration> = changed.iter().filter_map(wait).collect();
    let never = changed.len() - waits.len();
    (waits, never)
}

/// Waits until some call to a channel is open.
pub async fn call_under_way(world: &World) -> anyhow::Result<()> {
    let mut superuser = world.database.superuser().await?;
    let begun = std::time::Instant::now();
    loop {
        let open = sqlx::query_scalar("select exists (select from ari_call where finished_at is null)");
        if open.fetch_one(&mut superuser).await? {
            return Ok(());
        }
        ensure!(begun.elapsed() < Duration::from_secs(10), "no call is under way");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Waits until nothing is left to be told, as far as Innkeep knows; how long that took.
pub async fn told(world: &World, limit: Duration) -> anyhow::Result<Duration> {
    let mut superuser = world.database.superuser().await?;
    let begun = std::time::Instant::now();
    loop {
        let waiting: i64 = sqlx::query_scalar(
            "select (select count(*) from ari_dirty) + (select count(*) from ari_call where finished_at is null)",
        )
        .fetch_one(&mut superuser)
        .await?;
        if waiting == 0 {
            return Ok(begun.elapsed());
        }
        ensure!(begun.elapsed() < limit, "{waiting} marks and calls are left");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
