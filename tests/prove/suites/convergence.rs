//! `convergence`: many houses, one channel with all its faults, changes on both sides; when that ends, both sides agree.
//! Then the channel forgets what it accepted: it is found out, and told again.

use super::guests::{self, at_channel, at_desk};
use super::prices;
use crate::harness::channel::Channel;
use crate::harness::tally::booking;
use crate::harness::verdict::{Scale, Verdict, ms};
use crate::harness::wire::{Wire, request};
use crate::harness::world::{Manager, World};
use anyhow::{Context, ensure};
use chrono::{DateTime, Utc};
use futures_util::future::try_join_all;
use innkeep_domain::clock::Clock;
use innkeep_domain::testing::{House, Plan};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const PLAN: Plan = Plan {
    unit_types: &[("SGL", 10), ("DBL", 15)],
    ..Plan::HOTEL
};
/// After the faults have ended, everything has to agree within this time.
const QUIET: Duration = Duration::from_secs(60);
/// Drift is found within this time, and what was found is repaired within the other.
const FOUND: Duration = Duration::from_secs(60);
const REPAIRED: Duration = Duration::from_secs(5);
/// Between two acts of one side of one house.
const PAUSE: Duration = Duration::from_millis(500);
/// A night beyond those in demand: sold in the house before the channel forgets and cancelled then, so that it offers
/// too few.
const SOLD: u64 = 100;

pub async fn run(scale: Scale) -> anyhow::Result<Verdict> {
    let (houses, seconds) = scale.of((3, 10), (20, 600));
    let mut verdict = Verdict::default();
    let named = |i| Plan {
        name: format!("house-{i}").leak(),
        ..PLAN
    };
    let mut world = World::new(&(0..houses).map(named).collect::<Vec<_>>()).await?;
    world.set("INNKEEP_READ_BACK_SECONDS", scale.of("6", "20"));
    world.start_sandbox().await?;
    let mut channels = Vec::new();
    for house in &world.houses {
        channels.push(Channel::connect(&world, house).await?);
    }
    world.serve(true).await?;
    let side = Sides {
        world: &world,
        channels: &channels,
    };
    side.settle().await?;
    side.confuse(Duration::from_secs(seconds), scale, &mut verdict)
        .await?;
    side.quiet(&mut verdict).await?;
    side.forget(&mut verdict).await?;
    side.remember(scale, &mut verdict).await?;
    let (holds, said) = world.verify().await?;
    verdict.demand(holds, said);
    Ok(verdict)
}

struct Sides<'a> {
    world: &'a World,
    channels: &'a [Channel],
}

impl Sides<'_> {
    fn both(&self) -> impl Iterator<Item = (&House, &Channel)> {
        self.world.houses.iter().zip(self.channels)
    }

    async fn settle(&self) -> anyhow::Result<()> {
        for channel in self.channels {
            let end = channel.converge(self.world, QUIET).await?;
            ensure!(end.differing == 0, "not even in step at first: {end:?}");
        }
        Ok(())
    }

    /// Everything that can go wrong goes wrong, while people book.
    async fn confuse(&self, time: Duration, scale: Scale, verdict: &mut Verdict) -> anyhow::Result<()> {
        let faults = json!({
            "latency_ms": [0, 80], "error_rate": 0.1, "timeout_before_apply_rate": 0.05,
            "timeout_after_apply_rate": 0.1, "sever_on_timeout": true, "warning_rate": 0.05, "silent_drop_rate": 0.05,
            "duplicate_webhooks": 2, "webhook_drop_rate": 0.3, "webhook_delay_ms": [0, 300], "reorder_feed": true,
            "duplicate_feed": 2, "lost_ack_rate": 0.2, "auto_replenish": true, "clock_skew_s": 90,
        });
        let stop = guests::flag();
        let clock = async {
            tokio::time::sleep(time).await;
            stop.store(true, Ordering::Relaxed);
        };
        let there = self
            .both()
            .map(|(house, channel)| at_channel(channel, house, PAUSE, &stop));
        let here = self
            .both()
            .map(|(house, _)| at_desk(self.world, house, PAUSE, &stop));
        let rates = self.both().map(|(house, _)| at_rates(self.world, house, &stop));
        let ((), outages, there, here, rates) = tokio::join!(
            clock,
            self.come_and_go(faults, scale, &stop),
            try_join_all(there),
            try_join_all(here),
            try_join_all(rates)
        );
        let acts = |done: Vec<guests::Done>| done.iter().map(guests::Done::all).sum::<usize>();
        verdict.figure(format!(
            "{} connections, {} outages, {} acts at the channel, {} bookings and cancellations and {} changes of rates here",
            self.channels.len(),
            outages?,
            acts(there?),
            acts(here?),
            rates?.into_iter().sum::<usize>()
        ));
        self.channels[0].faults(json!({})).await
    }

    /// The channel has its faults, and now and then it is gone: every other time without a word. How often.
    async fn come_and_go(&self, mut faults: Value, scale: Scale, stop: &AtomicBool) -> anyhow::Result<usize> {
        let (there, away) = scale.of((2_000, 700), (20_000, 5_000));
        let mut outages = 0;
        loop {
            faults["outage"] = json!(false);
            self.channels[0].faults(faults.clone()).await?;
            tokio::time::sleep(Duration::from_millis(there)).await;
            if stop.load(Ordering::Relaxed) {
                return Ok(outages);
            }
            faults["outage"] = if outages % 2 == 0 {
                json!(true)
            } else {
                json!("drop")
            };
            outages += 1;
            self.channels[0].faults(faults.clone()).await?;
            tokio::time::sleep(Duration::from_millis(away)).await;
        }
    }

    async fn quiet(&self, verdict: &mut Verdict) -> anyhow::Result<()> {
        let begun = Instant::now();
        let (mut differing, mut waiting) = (0, 0);
        for (house, channel) in self.both() {
            let left = QUIET.saturating_sub(begun.elapsed());
            let end = channel.converge(self.world, left).await?;
            let rates = self.until_rates_agree(house, channel, begun).await?;
            if end.differing > 0 {
                verdict.demand(false, channel.explain(self.world).await?);
            }
            (differing, waiting) = (differing + end.differing + rates, waiting + end.waiting);
        }
        verdict.figure(format!(
            "in step {:.1} s after the faults",
            begun.elapsed().as_secs_f64()
        ));
        verdict.none(differing, "cells differ");
        verdict.none(waiting, "revisions not acknowledged");
        Ok(())
    }

    async fn until_rates_agree(
        &self,
        house: &House,
        channel: &Channel,
        begun: Instant,
    ) -> anyhow::Result<usize> {
        loop {
            let differing = channel.rates_differing(self.world, house).await?;
            if differing == 0 || begun.elapsed() > QUIET {
                return Ok(differing);
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// A channel that takes everything and keeps nothing: more units, fewer units, other prices.
    async fn forget(&self, verdict: &mut Verdict) -> anyhow::Result<()> {
        let mut sold = Vec::new();
        for (house, _) in self.both() {
            sold.push(self.book(house, SOLD).await?);
        }
        self.settle().await?;
        let before = self.drifted().await?;
        self.channels[0]
            .faults(json!({ "silent_drop_rate": 1.0 }))
            .await?;
        for ((house, _), booking) in self.both().zip(sold) {
            self.book(house, SOLD + 1).await?;
            let (mut wire, token) = self.manager(house).await?;
            let cancel = format!("/v1/bookings/{booking}/actions/cancel");
            let reply = wire.call_again(&request("POST", &cancel, &token, "", "")).await?;
            ensure!(reply.status == 200, "cancel: {}", reply.status);
            reprice(&mut wire, &token, house, SOLD, 777).await?;
        }
        prices::told(self.world, QUIET).await?;
        self.channels[0].faults(json!({})).await?;
        let (begun, forgotten_at) = (Instant::now(), Clock::System.now());
        let mut injected = 0;
        for (house, channel) in self.both() {
            let cells = self.forgotten(house, channel).await?;
            verdict.demand(
                cells == 3,
                format!("{cells} cells were forgotten where three were to be"),
            );
            injected += cells;
        }
        for (house, channel) in self.both() {
            while self.forgotten(house, channel).await? > 0 {
                ensure!(
                    begun.elapsed() < FOUND + REPAIRED,
                    "what was forgotten is not told again"
                );
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
        let took = begun.elapsed();
        let found = self.drifted().await? - before;
        verdict.figure(format!(
            "{found} of {injected} forgotten cells found and told again within {:.1} s",
            took.as_secs_f64()
        ));
        let repair = self.longest_repair(forgotten_at).await?;
        verdict.figure(format!("at most {} from found to accepted", ms(repair)));
        verdict.demand(repair <= REPAIRED, "a repair took too long");
        verdict.demand(found == injected as i64, format!("{found} found of {injected}"));
        Ok(())
    }

    async fn forgotten(&self, house: &House, channel: &Channel) -> anyhow::Result<usize> {
        Ok(channel.differences(self.world).await? + channel.rates_differing(self.world, house).await?)
    }

    /// Nobody is accused of drift who did not drift: after one more reading of each, nothing more was found.
    async fn remember(&self, scale: Scale, verdict: &mut Verdict) -> anyhow::Result<()> {
        let before = self.drifted().await?;
        let (begun, reading) = (Clock::System.now(), Duration::from_secs(scale.of(20, 50)));
        tokio::time::sleep(reading).await;
        let unread: i64 =
            sqlx::query_scalar("select count(*) from channel_sync where last_read_back_at < $1")
                .bind(begun)
                .fetch_one(&mut self.world.database.superuser().await?)
                .await?;
        verdict.none(usize::try_from(unread)?, "connections not read meanwhile");
        let falsely = self.drifted().await? - before;
        verdict.none(usize::try_from(falsely)?, "cells found that had not drifted");
        Ok(())
    }

    /// One room for a night; the booking's id.
    async fn book(&self, house: &House, night: u64) -> anyhow::Result<String> {
        let (mut wire, token) = self.manager(house).await?;
        let body = booking(house, house.unit_types[0].id, night, 1, "convergence");
        let reply = wire.post("/v1/bookings", &token, &body).await?;
        let id = reply.json()["id"].as_str().map(str::to_owned);
        id.with_context(|| format!("booked: {} {}", reply.status, reply.code()))
    }

    async fn manager(&self, house: &House) -> anyhow::Result<(Wire, String)> {
        Ok((self.world.wire().await?, self.world.log_in(house).await?))
    }

    /// Cells found to have drifted, ever.
    async fn drifted(&self) -> anyhow::Result<i64> {
        Ok(
            sqlx::query_scalar("select sum(drifted)::bigint from channel_sync")
                .fetch_one(&mut self.world.database.superuser().await?)
                .await?,
        )
    }

    /// From the moment that drift was found to the channel's acceptance of the truth.
    async fn longest_repair(&self, since: DateTime<Utc>) -> anyhow::Result<Duration> {
        let seconds: Option<f64> = sqlx::query_scalar(
            "select max(extract(epoch from c.accepted_at - e.at))::float8 from event e
             cross join lateral (
                 select min(c.finished_at) as accepted_at from ari_call c
                 where c.connection_id = e.subject_id and c.kind = e.data->>'kind' and c.started_at >= e.at
                   and c.outcome = 'accepted') c
             where e.kind = 'channel_connection.drifted' and e.at >= $1",
        )
        .bind(since)
        .fetch_one(&mut self.world.database.superuser().await?)
        .await?;
        Ok(Duration::try_from_secs_f64(
            seconds.context("nothing was found")?,
        )?)
    }
}

/// Changes prices and restrictions until told to stop; how often.
async fn at_rates(world: &World, house: &House, stop: &AtomicBool) -> anyhow::Result<usize> {
    let (mut wire, mut manager) = (world.wire().await?, Manager::log_in(world, house).await?);
    let mut dice = StdRng::seed_from_u64(13);
    let mut done = 0;
    while !stop.load(Ordering::Relaxed) {
        let token = manager.token().await;
        let (night, price) = (dice.random_range(0..80), dice.random_range(50..500));
        reprice(&mut wire, token, house, night, price).await?;
        done += 1;
        tokio::time::sleep(PAUSE).await;
    }
    Ok(done)
}

/// Another price for one night.
async fn reprice(wire: &mut Wire, token: &str, house: &House, night: u64, price: u32) -> anyhow::Result<()> {
    let night = house.night(night);
    let change = json!({ "prices": [{
        "rate_plan_id": house.base_plan, "unit_type_id": house.unit_types[1].id, "from": night, "to": night,
        "price": { "amount": format!("{price}.00"), "currency": "EUR" },
    }] });
    let path = format!("/v1/properties/{}/ari", house.property_id);
    let reply = wire
        .call_again(&request("PATCH", &path, token, "", &change.to_string()))
        .await?;
    ensure!(reply.status == 200, "reprice: {} {}", reply.status, reply.code());
    Ok(())
}
