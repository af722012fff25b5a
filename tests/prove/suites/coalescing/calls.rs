//! Calls, as the sandbox's journal has them: how many for everything, how many for a burst, how many a minute.

use crate::harness::channel::Channel;
use crate::harness::verdict::{Scale, Verdict};
use crate::harness::world::World;
use crate::suites::guests::{self, at_desk};
use crate::suites::prices::{self, Pace};
use anyhow::ensure;
use chrono::{DateTime, TimeDelta, Utc};
use innkeep_domain::testing::{House, Plan};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const PLAN: Plan = Plan {
    unit_types: &[
        ("SGL", 20),
        ("DBL", 20),
        ("TRP", 20),
        ("STE", 20),
        ("APT", 20),
        ("VIL", 20),
    ],
    ..Plan::HOTEL
};
/// Calls of a kind that the channel allows in a minute, as it is documented.
const ALLOWED: usize = 10;
/// How long a call takes that a burst comes into.
const SLOW: u64 = 2500;
const BURST: usize = 20;
const PACE: Pace = Pace {
    every: Duration::from_millis(50),
    cells: 3,
    most: usize::MAX,
};

pub async fn run(scale: Scale, verdict: &mut Verdict) -> anyhow::Result<()> {
    let mut world = World::new(&[PLAN]).await?;
    world.start_sandbox().await?;
    let house = world.houses[0].clone();
    let channel = Channel::connect(&world, &house).await?;
    let stage = Stage {
        channel,
        house,
        given: AtomicU64::new(0),
    };
    world.serve(true).await?;
    stage.everything(&world, verdict).await?;
    stage.burst(&world, verdict).await?;
    stage.minute(&world, scale, verdict).await
}

struct Stage {
    channel: Channel,
    house: House,
    given: AtomicU64,
}

fn of_kind<'a>(calls: &'a [Value], kind: &'a str) -> impl Iterator<Item = &'a Value> {
    calls.iter().filter(move |c| c["kind"] == kind)
}

impl Stage {
    async fn everything(&self, world: &World, verdict: &mut Verdict) -> anyhow::Result<()> {
        let end = self.channel.converge(world, Duration::from_secs(30)).await?;
        verdict.none(end.differing, "cells differ after the first synchronisation");
        prices::told(world, Duration::from_secs(10)).await?;
        let calls = self.channel.calls(0).await?.len();
        verdict.figure(format!(
            "500 nights of {} products in {calls} calls",
            PLAN.unit_types.len()
        ));
        verdict.demand(calls == 2, format!("{calls} calls and not two"));
        Ok(())
    }

    /// One price changes; while that is being told, many others do.
    async fn burst(&self, world: &World, verdict: &mut Verdict) -> anyhow::Result<()> {
        let since = prices::last_call(&self.channel).await?;
        self.channel.faults(json!({ "latency_ms": [SLOW, SLOW] })).await?;
        let of = |most| Pace {
            every: Duration::from_millis(5),
            cells: 1,
            most,
        };
        let never = guests::flag();
        prices::change(world, &self.house, of(1), &self.given, &never).await?;
        prices::call_under_way(world).await?;
        let begun = std::time::Instant::now();
        prices::change(world, &self.house, of(BURST), &self.given, &never).await?;
        let in_time = begun.elapsed() < Duration::from_millis(SLOW - 500);
        prices::told(world, Duration::from_secs(20)).await?;
        self.channel.faults(json!({})).await?;
        let calls = of_kind(&self.channel.calls(since).await?, "restrictions").count();
        verdict.figure(format!(
            "a burst of {BURST} changes during a call in {} more",
            calls - 1
        ));
        verdict.demand(
            calls == 2 || !in_time,
            format!("a burst took {} calls", calls - 1),
        );
        Ok(())
    }

    /// Changes go on for longer than a minute, calls take as long as they like, and the channel counts them as they come.
    async fn minute(&self, world: &World, scale: Scale, verdict: &mut Verdict) -> anyhow::Result<()> {
        let seconds = scale.of(4, 150);
        self.limit(world, ALLOWED).await?;
        let since = prices::last_call(&self.channel).await?;
        let rate_limit = json!({ "availability": ALLOWED, "restrictions": ALLOWED, "window_s": 60 });
        let most = scale.of(100, 2000);
        self.channel
            .faults(json!({ "latency_ms": [0, most], "rate_limit": rate_limit, "seed": 3 }))
            .await?;
        let stop = guests::flag();
        let clock = async {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            stop.store(true, Ordering::Relaxed);
        };
        let pause = Duration::from_millis(100);
        let ((), changed, booked) = tokio::join!(
            clock,
            prices::change(world, &self.house, PACE, &self.given, &stop),
            at_desk(world, &self.house, pause, &stop)
        );
        let (changed, booked) = (changed?.len(), booked?.all());
        let all = self.channel.calls(0).await?;
        let calls = self.channel.calls(since).await?;
        let refused = calls.iter().filter(|c| c["status"] == 429).count();
        let most = ["availability", "restrictions"].map(|kind| most_in_a_minute(of_kind(&all, kind)));
        verdict.figure(format!(
            "{changed} prices and {booked} bookings in {} calls, at most {most:?} of a kind in any 60 s",
            calls.len()
        ));
        verdict.none(refused, "calls refused for their number");
        verdict.demand(most.iter().all(|n| *n <= ALLOWED), "more than the channel allows");
        verdict.demand(most.contains(&ALLOWED), "the limit was not even reached");
        ensure!(changed > calls.len() * 10, "nothing was coalesced");
        // What waited for its minute is told as soon as there is room.
        self.channel.faults(json!({})).await?;
        self.limit(world, 10_000).await?;
        let end = self.channel.converge(world, Duration::from_secs(10)).await?;
        let rates = self.channel.rates_differing(world, &self.house).await?;
        verdict.none(end.differing + rates, "cells differ in the end");
        Ok(())
    }

    async fn limit(&self, world: &World, calls: usize) -> anyhow::Result<()> {
        sqlx::query("update channel_connection set calls_per_minute = $2 where id = $1")
            .bind(self.channel.connection)
            .bind(i32::try_from(calls)?)
            .execute(&mut world.database.superuser().await?)
            .await?;
        Ok(())
    }
}

fn most_in_a_minute<'a>(calls: impl Iterator<Item = &'a Value>) -> usize {
    let times = calls.filter_map(|c| c["time"].as_str()?.parse::<DateTime<Utc>>().ok());
    let times: Vec<DateTime<Utc>> = times.collect();
    let from = |first: &DateTime<Utc>| {
        let end = *first + TimeDelta::seconds(60);
        times.iter().filter(|t| (*first..end).contains(*t)).count()
    };
    times.iter().map(from).max().unwrap_or_default()
}
