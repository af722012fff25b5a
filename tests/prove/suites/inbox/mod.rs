//! `inbox`: bookings, changes and cancellations by the ten thousand, each message three times, shuffled and late, a
//! cancellation before its booking: posted to us and fetched by us. In the end all is as if each had come once, in order.

mod lives;
mod post;

use super::channel_crash::applied_once;
use super::guests::{self, at_channel};
use crate::harness::channel::Channel;
use crate::harness::process::until;
use crate::harness::verdict::{Scale, Verdict, ms, percentile};
use crate::harness::world::World;
use anyhow::{Context, ensure};
use chrono::{DateTime, Utc};
use innkeep_domain::testing::Plan;
use lives::Lives;
use post::Seller;
use serde_json::json;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

const POSTED: Plan = Plan {
    name: "posted",
    unit_types: &[("SGL", 60), ("DBL", 60), ("TRP", 60), ("STE", 60)],
    ..Plan::HOTEL
};
const FETCHED: Plan = Plan {
    name: "fetched",
    unit_types: &[("SGL", 200), ("DBL", 200)],
    ..Plan::HOTEL
};

pub async fn run(scale: Scale) -> anyhow::Result<Verdict> {
    let messages = scale.of(250, 40_000);
    let mut world = World::new(&[POSTED, FETCHED]).await?;
    world.start_sandbox().await?;
    let [posted, fetched] = [world.houses[0].clone(), world.houses[1].clone()];
    let channel = Channel::connect(&world, &fetched).await?;
    let seller = Seller::connect(&world, &posted).await?;
    world.serve(true).await?;
    channel.converge(&world, Duration::from_secs(20)).await?;
    let faults = json!({
        "duplicate_feed": 2, "duplicate_webhooks": 2, "webhook_delay_ms": [0, 500], "reorder_feed": true,
        "webhook_drop_rate": 0.2, "lost_ack_rate": 0.005, "seed": 9,
    });
    channel.faults(faults).await?;
    let lives = Lives::make_up(messages, 23);
    let stop = guests::flag();
    let posting = async {
        let answered = seller.post(&world, &lives.messages(&posted)).await;
        stop.store(true, Ordering::Relaxed);
        answered
    };
    let pause = Duration::from_millis(scale.of(60, 24));
    let (answered, there) = tokio::join!(posting, at_channel(&channel, &fetched, pause, &stop));
    let (answered, there) = (answered?, there?);
    let begun = Instant::now();
    let mut verdict = Verdict::default();
    verdict.figure(format!(
        "{messages} messages posted in {} deliveries ({} put off), {} acts at a channel that is asked",
        answered.waits.len(),
        answered.put_off,
        there.all()
    ));
    all_applied(&world).await?;
    channel.faults(json!({})).await?;
    let end = channel.converge(&world, Duration::from_secs(30)).await?;
    verdict.figure(format!(
        "all applied {:.1} s after the last",
        begun.elapsed().as_secs_f64()
    ));
    verdict.none(end.waiting, "revisions not acknowledged");
    verdict.none(end.differing, "cells differ");
    // The quick form runs beside whatever else a machine does.
    let most = Duration::from_secs(scale.of(6, 2));
    acknowledged("posted", &answered.waits, most, &mut verdict);
    acknowledged("fetched", &fetched_waits(&channel).await?, most, &mut verdict);
    applied_once(&world, &channel, &mut verdict).await?;
    lives
        .compare(&world, &posted, seller.connection, &mut verdict)
        .await?;
    let (holds, said) = world.verify().await?;
    verdict.demand(holds, said);
    Ok(verdict)
}

async fn all_applied(world: &World) -> anyhow::Result<()> {
    let applied = || async {
        let waiting = sqlx::query_scalar("select not exists (select from inbox where state = 'received')");
        match world.database.superuser().await {
            Ok(mut conn) => waiting.fetch_one(&mut conn).await.unwrap_or(false),
            Err(_) => false,
        }
    };
    until(Duration::from_secs(600), "all messages are applied", applied).await?;
    let parked: i64 = sqlx::query_scalar("select count(*) from inbox where state = 'parked'")
        .fetch_one(&mut world.database.superuser().await?)
        .await?;
    ensure!(parked == 0, "{parked} messages are parked");
    Ok(())
}

/// From a message's arrival, or its publication at the channel, to our word that we have it.
fn acknowledged(how: &str, waits: &[Duration], most: Duration, verdict: &mut Verdict) {
    let p99 = percentile(waits, 99.0);
    verdict.figure(format!(
        "{how} ones acknowledged p50 {} p99 {}",
        ms(percentile(waits, 50.0)),
        ms(p99)
    ));
    verdict.demand(p99 < most, format!("{how} ones are acknowledged too late"));
}

/// From publication to the acknowledgement that the channel noted first.
async fn fetched_waits(channel: &Channel) -> anyhow::Result<Vec<Duration>> {
    let mut waits = Vec::new();
    for revision in channel.revisions().await? {
        let published: DateTime<Utc> = revision["inserted_at"].as_str().context("no time")?.parse()?;
        let Some(acknowledged) = revision["acked_at"][0].as_str() else {
            continue;
        };
        let acknowledged: DateTime<Utc> = acknowledged.parse()?;
        waits.push((acknowledged - published).to_std().unwrap_or_default());
    }
    Ok(waits)
}
