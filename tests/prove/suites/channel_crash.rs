//! `channel-crash`: workers and API are killed again and again (kill -9), each for itself, while bookings stream in on both
//! sides. When that ends, both sides agree, every revision is acknowledged, and nothing was lost or applied twice.

use super::guests::{self, Done, at_channel, at_desk};
use super::prices;
use crate::harness::channel::Channel;
use crate::harness::process::{Process, until};
use crate::harness::verdict::{Scale, Verdict};
use crate::harness::wire::Wire;
use crate::harness::world::World;
use innkeep_domain::testing::Plan;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::json;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const PLAN: Plan = Plan {
    unit_types: &[("SGL", 8), ("DBL", 12)],
    ..Plan::HOTEL
};
const PAUSE: Duration = Duration::from_millis(25);
const PROMISE: Duration = Duration::from_secs(10);

pub async fn run(scale: Scale) -> anyhow::Result<Verdict> {
    let kills = scale.of(6, 200);
    let mut world = World::new(&[PLAN]).await?;
    world.start_sandbox().await?;
    let house = world.houses[0].clone();
    let channel = Channel::connect(&world, &house).await?;
    let mut halves = Halves {
        api: world.start("api", API)?,
        workers: world.start("workers", WORKERS)?,
    };
    up(&world).await?;
    channel.converge(&world, Duration::from_secs(20)).await?;
    // Calls take a while, so that many a kill finds one under way.
    channel.faults(json!({ "latency_ms": [5, 60] })).await?;
    let stop = guests::flag();
    let crashes = async {
        let killed = halves.crash(&world, kills).await?;
        halves.last(&world, &channel, &stop).await?;
        anyhow::Ok(killed)
    };
    let (killed, there, here) = tokio::join!(
        crashes,
        at_channel(&channel, &house, PAUSE, &stop),
        at_desk(&world, &house, PAUSE, &stop)
    );
    let ((api, workers), there, here) = (killed?, there?, here?);
    channel.faults(json!({})).await?;
    let mut verdict = Verdict::default();
    verdict.figure(format!(
        "{} kills of workers, {api} of the API, {} acts at the channel, {} here",
        workers + 1,
        there.all(),
        here.all()
    ));
    let ended = halves.api.ended() || halves.workers.ended();
    verdict.demand(!ended, "a process has ended by itself");
    agree(&world, &channel, &mut verdict).await?;
    applied_once(&world, &channel, &mut verdict).await?;
    kept_here(&world, &here, &mut verdict).await?;
    Ok(verdict)
}

async fn agree(world: &World, channel: &Channel, verdict: &mut Verdict) -> anyhow::Result<()> {
    let end = channel.converge(world, PROMISE).await?;
    let (acknowledged, took) = (end.acknowledged.as_secs_f64(), end.took.as_secs_f64());
    verdict.figure(format!(
        "all acknowledged {acknowledged:.1} s and in step {took:.1} s after the last restart"
    ));
    verdict.none(end.differing, "cells differ");
    if end.differing > 0 {
        verdict.demand(false, channel.explain(world).await?);
    }
    verdict.none(end.waiting, "revisions not acknowledged");
    let (holds, said) = world.verify().await?;
    verdict.demand(holds, said);
    Ok(())
}

const API: &[&str] = &["serve", "--only", "api"];
const WORKERS: &[&str] = &["serve", "--only", "workers"];

struct Halves {
    api: Process,
    workers: Process,
}

impl Halves {
    /// Kills one or the other at random moments and starts it anew at once: how often each.
    async fn crash(&mut self, world: &World, kills: usize) -> anyhow::Result<(usize, usize)> {
        let mut dice = StdRng::seed_from_u64(3);
        let (mut api, mut workers) = (0, 0);
        for _ in 0..kills {
            tokio::time::sleep(Duration::from_millis(dice.random_range(150..1500))).await;
            if dice.random_bool(0.4) {
                api += 1;
                self.api.kill().await?;
                self.api = world.start("api", API)?;
            } else {
                workers += 1;
                self.workers.kill().await?;
                self.workers = world.start("workers", WORKERS)?;
            }
        }
        up(world).await?;
        Ok((api, workers))
    }

    /// The last kill finds a call under way for sure, and nothing happens afterwards that would have its nights told again
    /// anyway.
    async fn last(&mut self, world: &World, channel: &Channel, stop: &AtomicBool) -> anyhow::Result<()> {
        channel.faults(json!({ "latency_ms": [600, 600] })).await?;
        tokio::time::sleep(Duration::from_millis(500)).await;
        prices::call_under_way(world).await?;
        self.workers.kill().await?;
        stop.store(true, Ordering::Relaxed);
        self.workers = world.start("workers", WORKERS)?;
        Ok(())
    }
}

async fn up(world: &World) -> anyhow::Result<()> {
    let live = || async {
        match Wire::open(world.api).await {
            Ok(mut wire) => wire.get("/health/live", "").await.is_ok_and(|r| r.status == 200),
            Err(_) => false,
        }
    };
    until(Duration::from_secs(20), "the API answers", live).await?;
    Ok(())
}

/// Of the bookings made here, as many as were answered, and as many cancelled.
async fn kept_here(world: &World, here: &Done, verdict: &mut Verdict) -> anyhow::Result<()> {
    let (made, cancelled): (i64, i64) = sqlx::query_as(
        "select count(*), count(*) filter (where status = 'cancelled') from booking where connection_id is null",
    )
    .fetch_one(&mut world.database.superuser().await?)
    .await?;
    let wrong = made.abs_diff(here.booked as i64) + cancelled.abs_diff(here.cancelled as i64);
    verdict.none(wrong as usize, "bookings or cancellations here lost or doubled");
    Ok(())
}

/// One booking here for each at the channel, in its last state, and its revisions acknowledged (some twice, if the
/// worker died between telling and noting: the channel takes that for nothing).
pub async fn applied_once(world: &World, channel: &Channel, verdict: &mut Verdict) -> anyhow::Result<()> {
    let revisions = channel.revisions().await?;
    let again = revisions
        .iter()
        .filter(|r| r["acks"].as_u64().is_some_and(|n| n > 1))
        .count();
    verdict.figure(format!(
        "{} revisions, {again} acknowledged more than once",
        revisions.len()
    ));
    // Listed as published, so the last of a booking is its state.
    let last: std::collections::BTreeMap<String, String> = revisions
        .iter()
        .filter_map(|r| {
            Some((
                r["booking_id"].as_str()?.to_owned(),
                r["status"].as_str()?.to_owned(),
            ))
        })
        .collect();
    let stored: Vec<(String, String, i64, i64)> = sqlx::query_as(
        "select b.channel_ref, b.status, count(distinct b.id), count(r.id) filter (where r.status = 'confirmed')
         from booking b left join reservation r on r.tenant_id = b.tenant_id and r.booking_id = b.id
         where b.connection_id = $1 group by 1, 2",
    )
    .bind(channel.connection)
    .fetch_all(&mut world.database.superuser().await?)
    .await?;
    let mut wrong = last.len().abs_diff(stored.len());
    for (reference, status, bookings, rooms) in &stored {
        let cancelled = last.get(reference).is_some_and(|s| s == "cancelled");
        let fits = *bookings == 1
            && last.contains_key(reference)
            && (status == "cancelled") == cancelled
            && *rooms == i64::from(!cancelled);
        wrong += usize::from(!fits);
    }
    verdict.none(wrong, "bookings lost, doubled or in another state");
    Ok(())
}
