//! `oversell`: many clients want more nights than there are. Nothing is sold twice, nobody meets a deadlock, and what
//! can be sold is sold.

use crate::harness::tally::{Tally, booking};
use crate::harness::verdict::{Scale, Verdict};
use crate::harness::wire::{Wire, request};
use crate::harness::world::World;
use innkeep_domain::testing::{House, Plan};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const ROOMS: usize = 10;
const NIGHTS: u64 = 30;
const LONGEST: u64 = 7;
const PLAN: Plan = Plan {
    unit_types: &[("DBL", ROOMS)],
    nights: NIGHTS,
    ..Plan::HOTEL
};

pub async fn run(scale: Scale) -> anyhow::Result<Verdict> {
    let (clients, attempts) = scale.of((16, 600), (64, 10_000));
    let mut world = World::new(&[PLAN]).await?;
    world.serve(false).await?;
    let house = world.houses[0].clone();
    let token = world.log_in(&house).await?;
    let left = Arc::new(AtomicUsize::new(attempts));
    let each = |seed| {
        tokio::spawn(client(
            world.api,
            house.clone(),
            token.clone(),
            left.clone(),
            seed,
        ))
    };
    let tasks: Vec<_> = (0..clients).map(each).collect();
    let mut tally = Tally::default();
    for task in tasks {
        tally.add(task.await??);
    }
    let mut verdict = Verdict::default();
    verdict.figure(format!(
        "{clients} clients, {attempts} attempts, {} sold, {} refused",
        tally.sold, tally.full
    ));
    verdict.none(tally.unexpected(), "other answers");
    verdict.demand(tally.unexpected() == 0, format!("{:?}", tally.other));
    let late = fill(&world, &house, &token).await?;
    verdict.figure(format!("{late} nights left over and sold one by one"));
    judge(&world, &mut verdict).await?;
    Ok(verdict)
}

/// Books stays of any length at any time; a third of what it gets it gives back, so that stock moves both ways.
async fn client(
    api: SocketAddr,
    house: House,
    token: String,
    left: Arc<AtomicUsize>,
    seed: u64,
) -> anyhow::Result<Tally> {
    let mut dice = StdRng::seed_from_u64(seed);
    let mut wire = Wire::open(api).await?;
    let mut tally = Tally::default();
    while left
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1))
        .is_ok()
    {
        let nights = dice.random_range(1..=LONGEST);
        let from = dice.random_range(0..=NIGHTS - nights);
        let body = booking(&house, house.unit_types[0].id, from, nights, "oversell");
        let reply = wire.post("/v1/bookings", &token, &body).await?;
        tally.count(&reply);
        if reply.status == 201 && dice.random_ratio(1, 3) {
            let id = reply.json()["id"].as_str().unwrap_or_default().to_owned();
            let cancel = request(
                "POST",
                &format!("/v1/bookings/{id}/actions/cancel"),
                &token,
                "",
                "",
            );
            let reply = wire.call(&cancel).await?;
            if reply.status != 200 {
                tally.count(&reply);
            }
        }
    }
    Ok(tally)
}

/// Sells what is left night by night, until each night says that it is full.
async fn fill(world: &World, house: &House, token: &str) -> anyhow::Result<usize> {
    let mut wire = world.wire().await?;
    let mut sold = 0;
    for night in 0..NIGHTS {
        loop {
            let body = booking(house, house.unit_types[0].id, night, 1, "left over");
            let reply = wire.post("/v1/bookings", token, &body).await?;
            match (reply.status, reply.code().as_str()) {
                (201, _) => sold += 1,
                (409, "no_availability") => break,
                (status, code) => anyhow::bail!("night {night}: {status} {code}"),
            }
            anyhow::ensure!(sold <= ROOMS * NIGHTS as usize, "the last nights never end");
        }
    }
    Ok(sold)
}

async fn judge(world: &World, verdict: &mut Verdict) -> anyhow::Result<()> {
    let (nights, most): (i64, i64) = sqlx::query_as(
        "select coalesce(sum(n), 0)::bigint, coalesce(max(n), 0) from (
             select n.night, count(*) as n from reservation_night n
             join reservation r on r.tenant_id = n.tenant_id and r.id = n.reservation_id and r.status = 'confirmed'
             group by n.night) per_night",
    )
    .fetch_one(&mut world.database.superuser().await?)
    .await?;
    let all = ROOMS as i64 * NIGHTS as i64;
    verdict.figure(format!(
        "{} oversold",
        (nights - all).max(most - ROOMS as i64).max(0)
    ));
    verdict.demand(
        most <= ROOMS as i64,
        format!("{most} of {ROOMS} rooms sold on one night"),
    );
    verdict.figure(format!("{nights} of {all} room-nights sold"));
    verdict.demand(nights == all, format!("{nights} of {all} room-nights sold"));
    let (holds, said) = world.verify().await?;
    verdict.figure(if holds {
        "counters equal recomputation"
    } else {
        "counters differ"
    });
    verdict.demand(holds, said);
    Ok(())
}
