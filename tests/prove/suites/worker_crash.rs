//! `worker-crash`: the worker process is killed again and again (kill -9) while bookings stream in on both sides. When
//! that ends, both sides agree, every revision is acknowledged, and none was applied twice.

use super::guests::{self, at_channel, at_desk};
use crate::harness::channel::Channel;
use crate::harness::process::Process;
use crate::harness::verdict::{Scale, Verdict};
use crate::harness::world::World;
use innkeep_domain::testing::Plan;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::json;
use std::sync::atomic::Ordering;
use std::time::Duration;

const PLAN: Plan = Plan {
    unit_types: &[("SGL", 8), ("DBL", 12)],
    ..Plan::HOTEL
};
const PAUSE: Duration = Duration::from_millis(25);
const PROMISE: Duration = Duration::from_secs(10);

pub async fn run(scale: Scale) -> anyhow::Result<Verdict> {
    let kills = scale.of(3, 50);
    let mut world = World::new(&[PLAN]).await?;
    world.start_sandbox().await?;
    world.serve(false).await?;
    let house = world.houses[0].clone();
    let channel = Channel::connect(&world, &house).await?;
    let mut workers = world.start("workers", &["serve", "--only", "workers"])?;
    channel.converge(&world, Duration::from_secs(20)).await?;
    // Calls take a while, so that many a kill finds one under way.
    channel.faults(json!({ "latency_ms": [5, 60] })).await?;
    let stop = guests::flag();
    let crashes = async {
        let restarted = crash(&world, &mut workers, kills).await;
        stop.store(true, Ordering::Relaxed);
        restarted
    };
    let (crashed, there, here) = tokio::join!(
        crashes,
        at_channel(&channel, &house, PAUSE, &stop),
        at_desk(&world, &house, PAUSE, &stop)
    );
    crashed?;
    let (there, here) = (there?, here?);
    channel.faults(json!({})).await?;
    let mut verdict = Verdict::default();
    verdict.figure(format!(
        "{kills} kills, {} acts at the channel, {} here",
        there.all(),
        here.all()
    ));
    let end = channel.converge(&world, PROMISE).await?;
    let (acknowledged, took) = (end.acknowledged.as_secs_f64(), end.took.as_secs_f64());
    verdict.figure(format!(
        "all acknowledged {acknowledged:.1} s and in step {took:.1} s after the last restart"
    ));
    verdict.none(end.differing, "cells differ");
    if end.differing > 0 {
        verdict.demand(false, channel.explain(&world).await?);
    }
    verdict.none(end.waiting, "revisions not acknowledged");
    verdict.demand(!workers.ended(), "the last worker has ended by itself");
    applied_once(&world, &channel, &mut verdict).await?;
    let (holds, said) = world.verify().await?;
    verdict.demand(holds, said);
    Ok(verdict)
}

/// Kills the workers at random moments and starts them anew at once.
async fn crash(world: &World, workers: &mut Process, kills: usize) -> anyhow::Result<()> {
    let mut dice = StdRng::seed_from_u64(3);
    for _ in 0..kills {
        tokio::time::sleep(Duration::from_millis(dice.random_range(150..1500))).await;
        workers.kill().await?;
        *workers = world.start("workers", &["serve", "--only", "workers"])?;
    }
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
