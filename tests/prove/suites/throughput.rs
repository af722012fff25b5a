//! `throughput`: prices change all the time, and one worker process tells the channels as fast as they do, without
//! growing.

use super::guests;
use super::prices::{self, Pace};
use crate::harness::channel::Channel;
use crate::harness::verdict::{Scale, Verdict};
use crate::harness::world::World;
use anyhow::{Context, ensure};
use futures_util::future::try_join_all;
use innkeep_domain::testing::Plan;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

const PLAN: Plan = Plan {
    unit_types: &[("SGL", 20), ("DBL", 20), ("TRP", 20), ("STE", 20)],
    ..Plan::HOTEL
};
/// Of each house: 150 prices a second.
const PACE: Pace = Pace {
    every: Duration::from_nanos(133_333_333),
    cells: 20,
    most: usize::MAX,
};
const OF_EACH: u64 = 150;
/// Nothing waits longer to be told, while it is sustained.
const BEHIND: f64 = 2.0;
/// What the process may hold more at the end than in the middle.
const GROWTH: f64 = 1.1;

pub async fn run(scale: Scale) -> anyhow::Result<Verdict> {
    let (houses, seconds) = scale.of((2, 6), (8, 60));
    let named = |i| Plan {
        name: format!("house-{i}").leak(),
        ..PLAN
    };
    let mut world = World::new(&(0..houses).map(named).collect::<Vec<_>>()).await?;
    world.start_sandbox().await?;
    world.serve(false).await?;
    let mut channels = Vec::new();
    for house in &world.houses {
        channels.push(Channel::connect(&world, house).await?);
    }
    let mut workers = world.start("workers", &["serve", "--only", "workers"])?;
    for channel in &channels {
        let first = channel.converge(&world, Duration::from_secs(30)).await?;
        ensure!(
            first.differing == 0,
            "the first sync left {} cells",
            first.differing
        );
    }
    let pid = workers.pid().context("no pid")?;
    let stop = guests::flag();
    let given: Vec<AtomicU64> = world.houses.iter().map(|_| AtomicU64::new(0)).collect();
    let changing = world.houses.iter().zip(&given);
    let changing = changing.map(|(house, next)| prices::change(&world, house, PACE, next, &stop));
    let (samples, changed) = tokio::join!(watch(&world, pid, seconds, &stop), try_join_all(changing));
    let changes: usize = changed?.iter().map(Vec::len).sum();
    let drained = prices::told(&world, Duration::from_secs(20)).await?;
    let mut verdict = Verdict::default();
    judge(&samples?, changes, seconds, houses, &mut verdict);
    verdict.figure(format!(
        "the rest told {:.1} s after the last",
        drained.as_secs_f64()
    ));
    let mut differing = 0;
    for (house, channel) in world.houses.iter().zip(&channels) {
        differing += channel.rates_differing(&world, house).await?;
    }
    verdict.none(differing, "cells differ");
    verdict.demand(!workers.ended(), "the workers have ended by themselves");
    Ok(verdict)
}

/// How it is, once a second.
struct Sample {
    /// MiB of memory.
    resident: f64,
    /// Seconds that the oldest change waits.
    behind: f64,
    /// Seconds of processor time so far.
    cpu: f64,
}

async fn watch(world: &World, pid: u32, seconds: u64, stop: &AtomicBool) -> anyhow::Result<Vec<Sample>> {
    let mut superuser = world.database.superuser().await?;
    let begun = Instant::now();
    let mut samples = Vec::new();
    while begun.elapsed() < Duration::from_secs(seconds) {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let behind: f64 = sqlx::query_scalar(
            "select coalesce(extract(epoch from clock_timestamp() - min(since)), 0)::float8 from ari_dirty",
        )
        .fetch_one(&mut superuser)
        .await?;
        samples.push(Sample {
            resident: resident(pid)?,
            behind,
            cpu: cpu(pid)?,
        });
    }
    stop.store(true, Ordering::Relaxed);
    Ok(samples)
}

fn resident(pid: u32) -> anyhow::Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"));
    let kib: f64 = line
        .and_then(|l| l.split_whitespace().next())
        .context("no VmRSS")?
        .parse()?;
    Ok(kib / 1024.0)
}

fn cpu(pid: u32) -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let after = stat.rsplit_once(')').context("no stat")?.1;
    let field = |n: usize| {
        after
            .split_whitespace()
            .nth(n)
            .and_then(|f| f.parse::<f64>().ok())
    };
    // User and system time, in hundredths of a second.
    Ok((field(11).context("no time")? + field(12).context("no time")?) / 100.0)
}

fn judge(samples: &[Sample], changes: usize, seconds: u64, houses: u64, verdict: &mut Verdict) {
    let rate = changes as f64 / seconds as f64;
    let wanted = (houses * OF_EACH) as f64;
    let half = samples.len() / 2;
    let mean =
        |some: &[Sample], f: fn(&Sample) -> f64| some.iter().map(f).sum::<f64>() / some.len().max(1) as f64;
    let quarter = samples.len().div_ceil(4);
    let middle = mean(&samples[half.saturating_sub(quarter / 2)..half + 1], |s| {
        s.resident
    });
    let end = mean(&samples[samples.len() - quarter..], |s| s.resident);
    let behind = samples[half..].iter().map(|s| s.behind).fold(0.0, f64::max);
    let cores = match samples {
        [first, .., last] => (last.cpu - first.cpu) / (samples.len() - 1) as f64,
        _ => 0.0,
    };
    verdict.figure(format!(
        "{rate:.0} changes/s for {seconds} s, the oldest waiting at most {behind:.2} s, {cores:.2} cores, \
         {middle:.0} MiB in the middle and {end:.0} at the end"
    ));
    verdict.demand(
        rate >= wanted * 0.95,
        format!("not {wanted} changes a second were made"),
    );
    verdict.demand(behind < BEHIND, "the workers fall behind");
    verdict.demand(end <= middle * GROWTH + 2.0, "the process grows");
}
