//! `fairness`: small tenants change a price now and then, alone, beside a big one that changes a hundred times as many, and
//! beside one that has everything it sells told anew. What the small ones wait is compared, round beside round.

use super::guests;
use super::prices::{self, Changed, Pace};
use crate::harness::channel::Channel;
use crate::harness::verdict::{Scale, Verdict, ms, percentile};
use crate::harness::world::World;
use anyhow::ensure;
use futures_util::future::try_join_all;
use innkeep_domain::testing::{House, Plan};
use sqlx::Executor;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

const SMALL: usize = 4;
const SMALL_PLAN: Plan = Plan {
    unit_types: &[("SGL", 20), ("DBL", 20), ("TRP", 20), ("STE", 20)],
    ..Plan::HOTEL
};
/// About five prices a second, from the first small tenant to the last.
const CALM: Pace = Pace {
    every: Duration::from_millis(193),
    cells: 1,
    most: usize::MAX,
};
/// What each waits longer than the one before. Paces in step with each other, or with the worker that looks for changes
/// twenty times a second, would wait alike all through a round, and by chance otherwise in the next.
const OUT_OF_STEP: Duration = Duration::from_millis(6);
/// Five hundred.
const BUSY: Pace = Pace {
    every: Duration::from_millis(100),
    cells: 50,
    most: usize::MAX,
};

/// Between two times that everything of the big one is told anew.
const ANEW: Duration = Duration::from_secs(2);
/// The promise for an idle channel, which holds beside a flood too.
const PROMISE: Duration = Duration::from_millis(250);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Beside {
    Nobody,
    /// A hundred times the changes.
    Load,
    /// Everything a tenant sells is dirty, again and again.
    Flood,
}

pub async fn run(scale: Scale) -> anyhow::Result<Verdict> {
    let (unit_types, turns, seconds) = scale.of((10, 1, 3), (20, 5, 20));
    let mut plans = vec![Plan {
        name: "big",
        unit_types: (0..unit_types)
            .map(|i| (&*format!("T{i}").leak(), 1))
            .collect::<Vec<_>>()
            .leak(),
        ..Plan::HOTEL
    }];
    plans.extend((0..SMALL).map(|i| Plan {
        name: format!("small-{i}").leak(),
        ..SMALL_PLAN
    }));
    let mut world = World::new(&plans).await?;
    world.start_sandbox().await?;
    let mut channels = Vec::new();
    for house in &world.houses {
        channels.push(Channel::connect(&world, house).await?);
    }
    world.serve(true).await?;
    for channel in &channels {
        let first = channel.converge(&world, Duration::from_secs(60)).await?;
        ensure!(
            first.differing == 0,
            "the first sync left {} cells",
            first.differing
        );
    }
    let stage = Stage {
        given: world.houses.iter().map(|_| AtomicU64::new(0)).collect(),
        world: &world,
        channels: &channels,
        time: Duration::from_secs(seconds),
    };
    stage.round(Beside::Nobody).await?; // connections and statements are new
    // Nor is this their first day, on which PostgreSQL knows nothing of its tables yet.
    world.database.superuser().await?.execute("analyze").await?;
    let mut rounds = [Beside::Nobody, Beside::Load, Beside::Flood].map(|beside| (beside, Vec::new()));
    for _ in 0..turns {
        for (beside, waits) in &mut rounds {
            waits.push(stage.round(*beside).await?);
        }
    }
    let mut verdict = Verdict::default();
    judge(&rounds, scale, &mut verdict);
    verdict.figure(format!(
        "a flood is {} cells every {} s",
        unit_types * 1000,
        ANEW.as_secs()
    ));
    Ok(verdict)
}

struct Stage<'a> {
    world: &'a World,
    channels: &'a [Channel],
    given: Vec<AtomicU64>,
    time: Duration,
}

impl Stage<'_> {
    /// What the small ones waited.
    async fn round(&self, beside: Beside) -> anyhow::Result<Vec<Duration>> {
        let since = prices::last_call(&self.channels[1]).await?;
        let stop = guests::flag();
        let clock = async {
            tokio::time::sleep(self.time).await;
            stop.store(true, Ordering::Relaxed);
        };
        let small = self.world.houses.iter().zip(&self.given).skip(1);
        let calm = small.zip(0..).map(|((house, next), i)| {
            let every = CALM.every + OUT_OF_STEP * i;
            prices::change(self.world, house, Pace { every, ..CALM }, next, &stop)
        });
        let ((), calm, big) = tokio::join!(clock, try_join_all(calm), self.big(beside, &stop));
        big?;
        prices::told(self.world, Duration::from_secs(60)).await?;
        self.waited(&calm?, since).await
    }

    async fn big(&self, beside: Beside, stop: &AtomicBool) -> anyhow::Result<()> {
        let house = &self.world.houses[0];
        if beside == Beside::Load {
            prices::change(self.world, house, BUSY, &self.given[0], stop).await?;
        }
        while beside == Beside::Flood && !stop.load(Ordering::Relaxed) {
            self.everything_anew(house).await?;
            tokio::time::sleep(ANEW).await;
        }
        Ok(())
    }

    async fn waited(&self, changed: &[Vec<Changed>], since: u64) -> anyhow::Result<Vec<Duration>> {
        let mut all = Vec::new();
        for (channel, changed) in self.channels[1..].iter().zip(changed) {
            let (waits, never) = prices::waits(changed, &prices::accepted(channel, since).await?);
            ensure!(never == 0, "{never} changes were never told");
            all.extend(waits);
        }
        Ok(all)
    }

    /// As after a full synchronisation: nothing is known of what the channel believes.
    async fn everything_anew(&self, house: &House) -> anyhow::Result<()> {
        let mut superuser = self.world.database.superuser().await?;
        for sql in [
            "update ari_shadow set accepted = null where tenant_id = $1",
            "insert into ari_dirty (tenant_id, connection_id, kind, unit_type_id, from_night, to_night)
             select m.tenant_id, m.connection_id, k.kind, m.unit_type_id, p.business_date, p.business_date + 500
             from channel_room_map m join property p on p.tenant_id = m.tenant_id
             cross join (values ('availability'), ('rates')) as k (kind) where m.tenant_id = $1",
        ] {
            sqlx::query(sql).bind(house.tenant.0).execute(&mut superuser).await?;
        }
        Ok(())
    }
}

/// Rounds follow each other in turn, so what else the machine does hits all kinds alike. The 99th percentiles of single
/// rounds show how far chance goes.
fn judge(rounds: &[(Beside, Vec<Vec<Duration>>); 3], scale: Scale, verdict: &mut Verdict) {
    let p99 = |rounds: &[Vec<Duration>]| percentile(&rounds.concat(), 99.0);
    for (beside, rounds) in rounds {
        let each: Vec<Duration> = rounds.iter().map(|r| percentile(r, 99.0)).collect();
        verdict.figure(format!(
            "beside {beside:?}: p50 {} p99 {} (rounds {} to {})",
            ms(percentile(&rounds.concat(), 50.0)),
            ms(p99(rounds)),
            ms(percentile(&each, 0.0)),
            ms(percentile(&each, 100.0))
        ));
    }
    let [(_, alone), (_, load), (_, flood)] = rounds;
    let ratio = p99(load).as_secs_f64() / p99(alone).as_secs_f64();
    verdict.figure(format!("a hundredfold load makes p99 {ratio:.2} times as long"));
    let (most, longest) = scale.of((20.0, PROMISE * 8), (1.1, PROMISE));
    verdict.demand(
        ratio < most,
        format!("the load moves the others' p99 to more than {most} times"),
    );
    verdict.demand(p99(flood) < longest, "a flood keeps others waiting");
}
