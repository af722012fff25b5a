//! `sync-latency`: from the commit of a booking to its acceptance by the channel, one booking at a time.
//!
//! Measured from outside: from the moment the booking's answer was read, which is after the commit, and (the upper
//! bound that is judged) from the moment before it was asked for, to the moment the channel took the new availability.

use crate::harness::channel::Channel;
use crate::harness::process::until;
use crate::harness::tally::booking;
use crate::harness::verdict::{Scale, Verdict, ms, percentile};
use crate::harness::world::World;
use anyhow::Context;
use chrono::{DateTime, Utc};
use innkeep_domain::clock::Clock;
use innkeep_domain::testing::{House, Plan};
use std::time::Duration;

const PLAN: Plan = Plan {
    unit_types: &[("SGL", 20), ("DBL", 20)],
    ..Plan::HOTEL
};
const PROMISE: Duration = Duration::from_millis(300);

pub async fn run(scale: Scale) -> anyhow::Result<Verdict> {
    let bookings = scale.of(40, 200);
    let mut world = World::new(&[PLAN]).await?;
    world.start_sandbox().await?;
    let house = world.houses[0].clone();
    let channel = Channel::connect(&world, &house).await?;
    world.serve(true).await?;
    let first = channel.converge(&world, Duration::from_secs(20)).await?;
    anyhow::ensure!(
        first.differing == 0,
        "the first sync left {} cells",
        first.differing
    );
    let (mut after, mut whole) = (Vec::new(), Vec::new());
    let token = world.log_in(&house).await?;
    for n in 0..bookings {
        let (committed, asked) = one(&world, &channel, &house, &token, n).await?;
        after.push(committed);
        whole.push(asked);
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    let mut verdict = Verdict::default();
    verdict.figure(format!("{bookings} bookings"));
    verdict.figure(format!("commit to accepted p50 {}", ms(percentile(&after, 50.0))));
    verdict.figure(format!("p99 {}", ms(percentile(&after, 99.0))));
    let p99 = percentile(&whole, 99.0);
    verdict.figure(format!("request to accepted p99 {}", ms(p99)));
    verdict.demand(p99 < PROMISE, format!("p99 is not under {}", ms(PROMISE)));
    let metrics = String::from_utf8(world.wire().await?.get("/metrics", "").await?.body)?;
    verdict.demand(
        metrics.contains("innkeep_channel_push_seconds"),
        "/metrics has no histogram of it",
    );
    Ok(verdict)
}

/// One booking; how long after its answer, and after its request, the channel accepted the change.
async fn one(
    world: &World,
    channel: &Channel,
    house: &House,
    token: &str,
    n: usize,
) -> anyhow::Result<(Duration, Duration)> {
    let seen = channel
        .calls(0)
        .await?
        .last()
        .and_then(|c| c["sequence"].as_u64())
        .unwrap_or_default();
    let mut wire = world.wire().await?;
    let unit_type = house.unit_types[n % house.unit_types.len()].id;
    let body = booking(house, unit_type, n as u64 % 100, 1, "latency");
    let asked = Clock::System.now();
    let reply = wire.post("/v1/bookings", token, &body).await?;
    let answered = Clock::System.now();
    anyhow::ensure!(reply.status == 201, "{} {}", reply.status, reply.code());
    let told = || async {
        let calls = channel.calls(seen).await.unwrap_or_default();
        calls.iter().any(|c| c["kind"] == "availability")
    };
    until(Duration::from_secs(10), "the channel is told", told).await?;
    let calls = channel.calls(seen).await?;
    let call = calls
        .iter()
        .find(|c| c["kind"] == "availability")
        .context("no call")?;
    let accepted: DateTime<Utc> = call["time"].as_str().context("no time")?.parse()?;
    let since = |from: DateTime<Utc>| (accepted - from).to_std().unwrap_or_default();
    Ok((since(answered), since(asked)))
}
