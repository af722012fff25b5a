//! `faults`: Redis dies and nothing fails; the channel dies and bookings go on, dirty cells wait and drain; the channel
//! times out after applying, repeats itself and shuffles its feed, and both sides still come to agree.

use super::channel_crash::applied_once;
use super::guests::{self, at_channel, at_desk};
use crate::harness::channel::Channel;
use crate::harness::process::{Process, until};
use crate::harness::tally::booking;
use crate::harness::verdict::{Scale, Verdict, ms, percentile};
use crate::harness::wire::request;
use crate::harness::world::World;
use innkeep_domain::testing::{House, Plan};
use serde_json::json;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::process::Command;

const PLAN: Plan = Plan {
    unit_types: &[("SGL", 20), ("DBL", 20)],
    ..Plan::HOTEL
};
/// Slower without Redis, but not slow.
const WITHOUT_REDIS: Duration = Duration::from_millis(250);

pub async fn run(scale: Scale) -> anyhow::Result<Verdict> {
    let mut verdict = Verdict::default();
    let mut world = World::new(&[PLAN]).await?;
    let mut redis = start_redis(&world.folder).await?;
    world.set("REDIS_URL", format!("redis+unix://{}", redis.1));
    world.start_sandbox().await?;
    let house = world.houses[0].clone();
    let channel = Channel::connect(&world, &house).await?;
    world.serve(true).await?;
    channel.converge(&world, Duration::from_secs(20)).await?;
    redis_gone(&world, &house, &mut redis.0, &mut verdict).await?;
    outage(&world, &channel, &house, scale, &mut verdict).await?;
    confusion(&world, &channel, &house, scale, &mut verdict).await?;
    let (holds, said) = world.verify().await?;
    verdict.demand(holds, said);
    Ok(verdict)
}

/// A Redis of our own, to be killed; and its socket.
async fn start_redis(folder: &Path) -> anyhow::Result<(Process, String)> {
    let socket = folder.join("redis.sock").display().to_string();
    let mut command = Command::new("redis-server");
    command
        .args([
            "--port",
            "0",
            "--save",
            "",
            "--appendonly",
            "no",
            "--unixsocket",
            &socket,
        ])
        .current_dir(folder);
    let process = Process::start(folder, "redis", command)?;
    let there = || async { tokio::net::UnixStream::connect(&socket).await.is_ok() };
    until(Duration::from_secs(10), "Redis answers", there).await?;
    Ok((process, socket))
}

async fn redis_gone(
    world: &World,
    house: &House,
    redis: &mut Process,
    verdict: &mut Verdict,
) -> anyhow::Result<()> {
    requests(world, house, "first, while connections and statements are new").await?;
    let (failed, before) = requests(world, house, "before").await?;
    verdict.demand(failed == 0, format!("{failed} requests failed with Redis there"));
    redis.kill().await?;
    let (failed, after) = requests(world, house, "after").await?;
    verdict.none(failed, "requests failed without Redis");
    let slowest = percentile(&after, 100.0);
    verdict.figure(format!(
        "p50 {} with it, {} without",
        ms(percentile(&before, 50.0)),
        ms(percentile(&after, 50.0))
    ));
    verdict.demand(
        slowest < WITHOUT_REDIS,
        format!("one took {} without Redis", ms(slowest)),
    );
    let ready = world.wire().await?.get("/health/ready", "").await?;
    verdict.demand(
        ready.status == 200,
        format!("readiness says {} without Redis", ready.status),
    );
    Ok(())
}

/// Dashboards and bookings in turn: how many failed, and how long each took.
async fn requests(world: &World, house: &House, name: &str) -> anyhow::Result<(usize, Vec<Duration>)> {
    let token = world.log_in(house).await?;
    let mut wire = world.wire().await?;
    let (from, to) = (house.night(0), house.night(30));
    let dashboard = format!(
        "/v1/dashboard?property_id={}&from={from}&to={to}",
        house.property_id
    );
    let (mut failed, mut took) = (0, Vec::new());
    for n in 0..40 {
        let body = booking(house, house.unit_types[0].id, n + 60, 1, name).to_string();
        for request in [
            request("GET", &dashboard, &token, "", ""),
            request("POST", "/v1/bookings", &token, "", &body),
        ] {
            let begun = Instant::now();
            let reply = wire.call_again(&request).await?;
            took.push(begun.elapsed());
            failed += usize::from(reply.status >= 300);
        }
    }
    Ok((failed, took))
}

async fn outage(
    world: &World,
    channel: &Channel,
    house: &House,
    scale: Scale,
    verdict: &mut Verdict,
) -> anyhow::Result<()> {
    let token = world.log_in(house).await?;
    let mut wire = world.wire().await?;
    let mut failed = 0;
    for mode in [json!(true), json!("drop")] {
        channel.faults(json!({ "outage": mode })).await?;
        let bookings = scale.of(20, 100);
        for n in 0..bookings {
            let body = booking(house, house.unit_types[1].id, n % 100, 1, "outage");
            failed += usize::from(wire.post("/v1/bookings", &token, &body).await?.status >= 500);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let dirty: i64 = sqlx::query_scalar("select count(*) from ari_dirty where connection_id = $1")
            .bind(channel.connection)
            .fetch_one(&mut world.database.superuser().await?)
            .await?;
        verdict.figure(format!("{dirty} marks waited out an outage"));
        verdict.demand(dirty > 0, "nothing waited while the channel was gone");
        channel.faults(json!({})).await?;
        let end = channel.converge(world, Duration::from_secs(20)).await?;
        verdict.figure(format!("in step {:.1} s after it", end.took.as_secs_f64()));
        verdict.none(end.differing, "cells differ");
    }
    verdict.none(failed, "bookings failed meanwhile");
    Ok(())
}

async fn confusion(
    world: &World,
    channel: &Channel,
    house: &House,
    scale: Scale,
    verdict: &mut Verdict,
) -> anyhow::Result<()> {
    let faults = json!({
        "timeout_after_apply_rate": 0.15, "timeout_before_apply_rate": 0.1, "sever_on_timeout": true,
        "error_rate": 0.1, "duplicate_webhooks": 2, "webhook_drop_rate": 0.3, "webhook_delay_ms": [0, 300],
        "reorder_feed": true, "duplicate_feed": 2, "lost_ack_rate": 0.2, "seed": 42,
    });
    channel.faults(faults).await?;
    let stop = guests::flag();
    let clock = async {
        tokio::time::sleep(Duration::from_secs(scale.of(4, 60))).await;
        stop.store(true, Ordering::Relaxed);
    };
    let pause = Duration::from_millis(30);
    let ((), there, here) = tokio::join!(
        clock,
        at_channel(channel, house, pause, &stop),
        at_desk(world, house, pause, &stop)
    );
    verdict.figure(format!(
        "{} acts at a confused channel, {} here",
        there?.all(),
        here?.all()
    ));
    channel.faults(json!({})).await?;
    let end = channel.converge(world, Duration::from_secs(40)).await?;
    let (acknowledged, took) = (end.acknowledged.as_secs_f64(), end.took.as_secs_f64());
    verdict.figure(format!(
        "all acknowledged {acknowledged:.1} s and in step {took:.1} s after it"
    ));
    verdict.none(end.differing, "cells differ");
    if end.differing > 0 {
        verdict.demand(false, channel.explain(world).await?);
    }
    verdict.none(end.waiting, "revisions not acknowledged");
    applied_once(world, channel, verdict).await
}
