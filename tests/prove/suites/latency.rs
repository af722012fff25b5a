//! `latency`: from the commit of a change to its acceptance by the channel, on an idle channel and under load.
//!
//! Measured from outside: from the moment the answer was read, which is after the commit, and (the upper bound) from the
//! moment before it was asked for, to the moment the channel took it.

use super::guests;
use super::prices::{self, Pace};
use crate::harness::channel::Channel;
use crate::harness::process::until;
use crate::harness::tally::booking;
use crate::harness::verdict::{Scale, Verdict, ms, percentile};
use crate::harness::world::World;
use anyhow::{Context, ensure};
use chrono::{DateTime, Utc};
use futures_util::future::try_join_all;
use innkeep_domain::clock::Clock;
use innkeep_domain::testing::{House, Plan};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const PLAN: Plan = Plan {
    unit_types: &[("SGL", 20), ("DBL", 20), ("TRP", 20), ("STE", 20)],
    ..Plan::HOTEL
};
/// Between two changes on an idle channel.
const IDLE: Duration = Duration::from_millis(150);
/// Each house changes 50 prices a second.
const PACE: Pace = Pace {
    every: Duration::from_millis(100),
    cells: 5,
    most: usize::MAX,
};
const UNDER_LOAD: Duration = Duration::from_secs(1);

pub async fn run(scale: Scale) -> anyhow::Result<Verdict> {
    let (houses, bookings) = scale.of((2, 30), (6, 300));
    let named = |i| Plan {
        name: format!("house-{i}").leak(),
        ..PLAN
    };
    let mut world = World::new(&(0..houses).map(named).collect::<Vec<_>>()).await?;
    world.start_sandbox().await?;
    let mut channels = Vec::new();
    for house in &world.houses {
        channels.push(Channel::connect(&world, house).await?);
    }
    world.serve(true).await?;
    for channel in &channels {
        let first = channel.converge(&world, Duration::from_secs(30)).await?;
        ensure!(
            first.differing == 0,
            "the first sync left {} cells",
            first.differing
        );
    }
    let mut verdict = Verdict::default();
    idle(&world, &channels[0], bookings, scale, &mut verdict).await?;
    busy(&world, &channels, scale, &mut verdict).await?;
    let metrics = String::from_utf8(world.wire().await?.get("/metrics", "").await?.body)?;
    verdict.demand(
        metrics.contains("innkeep_channel_push_seconds"),
        "/metrics has no histogram of it",
    );
    Ok(verdict)
}

async fn idle(
    world: &World,
    channel: &Channel,
    bookings: usize,
    scale: Scale,
    verdict: &mut Verdict,
) -> anyhow::Result<()> {
    let house = &world.houses[0];
    let (mut after, mut whole) = (Vec::new(), Vec::new());
    let token = world.log_in(house).await?;
    for n in 0..bookings {
        let (committed, asked) = one(world, channel, house, &token, n).await?;
        after.push(committed);
        whole.push(asked);
        tokio::time::sleep(IDLE).await;
    }
    let (p50, p99) = (percentile(&after, 50.0), percentile(&after, 99.0));
    verdict.figure(format!(
        "idle: {bookings} bookings, commit to accepted p50 {} p99 {}, request to accepted p99 {}",
        ms(p50),
        ms(p99),
        ms(percentile(&whole, 99.0))
    ));
    let (half, most) = scale.of((100, 500), (50, 250));
    verdict.demand(
        p50 < Duration::from_millis(half),
        format!("p50 is not under {half} ms"),
    );
    verdict.demand(
        p99 < Duration::from_millis(most),
        format!("p99 is not under {most} ms"),
    );
    Ok(())
}

/// Several houses change prices all the time; each price waits by itself.
async fn busy(
    world: &World,
    channels: &[Channel],
    scale: Scale,
    verdict: &mut Verdict,
) -> anyhow::Result<()> {
    let seconds = scale.of(4, 30);
    let since = prices::last_call(&channels[0]).await?;
    let stop = guests::flag();
    let clock = async {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        stop.store(true, Ordering::Relaxed);
    };
    let given: Vec<AtomicU64> = world.houses.iter().map(|_| AtomicU64::new(0)).collect();
    let changing = world.houses.iter().zip(&given);
    let changing = changing.map(|(house, next)| prices::change(world, house, PACE, next, &stop));
    let ((), changed) = tokio::join!(clock, try_join_all(changing));
    let changed = changed?;
    prices::told(world, Duration::from_secs(20)).await?;
    let (mut waits, mut never) = (Vec::new(), 0);
    for (channel, changed) in channels.iter().zip(&changed) {
        let (some, none) = prices::waits(changed, &prices::accepted(channel, since).await?);
        waits.extend(some);
        never += none;
    }
    let p99 = percentile(&waits, 99.0);
    let rate = waits.len() as u64 / seconds;
    verdict.figure(format!(
        "{rate} changes/s on {} channels: p50 {} p99 {}",
        channels.len(),
        ms(percentile(&waits, 50.0)),
        ms(p99)
    ));
    verdict.none(never, "changes never told");
    verdict.demand(p99 < UNDER_LOAD, "p99 under load is not under a second");
    let wanted = channels.len() as u64 * 50;
    verdict.demand(
        rate * 10 >= wanted * 9,
        format!("not {wanted} changes a second were made"),
    );
    Ok(())
}

/// One booking; how long after its answer, and after its request, the channel accepted the change.
async fn one(
    world: &World,
    channel: &Channel,
    house: &House,
    token: &str,
    n: usize,
) -> anyhow::Result<(Duration, Duration)> {
    let seen = prices::last_call(channel).await?;
    let mut wire = world.wire().await?;
    let unit_type = house.unit_types[n % house.unit_types.len()].id;
    let body = booking(house, unit_type, n as u64 % 100, 1, "latency");
    let asked = Clock::System.now();
    let reply = wire.post("/v1/bookings", token, &body).await?;
    let answered = Clock::System.now();
    ensure!(reply.status == 201, "{} {}", reply.status, reply.code());
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
