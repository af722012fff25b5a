//! `cancel-storm`: clients that hang up at random moments, while every round trip to PostgreSQL takes 6 ms and four
//! connections must do for all. No connection stays in a transaction, no acknowledged write is lost, none is made
//! twice, and no tenant sees another's data.

use crate::harness::proxy::Proxy;
use crate::harness::tally::booking;
use crate::harness::verdict::{Scale, Verdict};
use crate::harness::wire::{Wire, request};
use crate::harness::world::World;
use innkeep_domain::testing::{House, Plan};
use innkeep_domain::vault::Place;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::Value;
use sqlx::PgConnection;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const DELAY: Duration = Duration::from_millis(3);
const POOL: u32 = 4;
const CLIENTS: u64 = 4;
/// Longest patience with a booking, which is heard out more often than not, and with a read, which is cut off while its
/// transaction begins as often as not: a read's handler dies with its client, a booking's does not.
const BOOKING_MS: f64 = 400.0;
const READING_MS: f64 = 30.0;
const ROOMY: &[(&str, usize)] = &[("DBL", 500)];
const HOTEL: Plan = Plan {
    unit_types: ROOMY,
    ..Plan::HOTEL
};
const HOST: Plan = Plan {
    unit_types: ROOMY,
    ..Plan::HOST
};

#[derive(Default)]
struct Storm {
    cut: usize,
    /// Booking id and booker's name of every 201 that was read.
    acknowledged: Vec<(String, String)>,
    /// Answers that named another tenant's property.
    leaks: usize,
    faults: BTreeMap<String, usize>,
}

#[derive(Clone)]
struct Caller {
    api: SocketAddr,
    houses: Vec<(House, String)>,
}

pub async fn run(scale: Scale) -> anyhow::Result<Verdict> {
    let requests = scale.of(200, 2000);
    let mut world = World::new(&[HOTEL, HOST]).await?;
    let proxy = Proxy::start(&world.database.app_url(), DELAY).await?;
    world.set("DATABASE_URL", proxy.url("innkeep_app", world.database.name()));
    world.set("INNKEEP_DB_CONNECTIONS", POOL.to_string());
    world.serve(false).await?;
    let mut houses = Vec::new();
    for house in &world.houses {
        houses.push((house.clone(), world.log_in(house).await?));
    }
    let caller = Caller {
        api: world.api,
        houses,
    };
    let fresh = pace(&caller).await?;
    let next = Arc::new(AtomicUsize::new(0));
    let tasks: Vec<_> = (0..CLIENTS)
        .map(|seed| tokio::spawn(storm(caller.clone(), next.clone(), requests, seed)))
        .collect();
    let mut all = Storm::default();
    for task in tasks {
        let one = task.await??;
        all.cut += one.cut;
        all.leaks += one.leaks;
        all.acknowledged.extend(one.acknowledged);
        for (what, count) in one.faults {
            *all.faults.entry(what).or_default() += count;
        }
    }
    let stuck = quiet(&world, &caller, scale.of(60, 400)).await?;
    let after = pace(&caller).await?;
    let mut verdict = judge(&world, &caller, requests, (all, stuck)).await?;
    verdict.figure(format!("{fresh:.0} reads/s before, {after:.0} after"));
    verdict.demand(
        after * 4.0 > fresh,
        format!("the server is slower for good: {fresh:.0} reads/s before, {after:.0} after"),
    );
    Ok(verdict)
}

/// Reads a second, by more callers than there are connections: a connection that is lost to the pool is missed here.
async fn pace(caller: &Caller) -> anyhow::Result<f64> {
    const EACH: usize = 25;
    let begun = std::time::Instant::now();
    let reader = |n: usize| {
        let caller = caller.clone();
        tokio::spawn(async move {
            let (_, token) = &caller.houses[n % caller.houses.len()];
            let mut wire = Wire::open(caller.api).await?;
            for _ in 0..EACH {
                wire.get("/v1/properties", token).await?;
            }
            anyhow::Ok(())
        })
    };
    let readers: Vec<_> = (0..POOL as usize * 2).map(reader).collect();
    let count = readers.len() * EACH;
    for reader in readers {
        reader.await??;
    }
    Ok(count as f64 / begun.elapsed().as_secs_f64())
}

/// In a storm the next request soon takes over a connection, whatever state it was left in. So once more in quiet: a few
/// reads cut off while their transactions begin, and a look at what they left.
async fn quiet(world: &World, caller: &Caller, rounds: usize) -> anyhow::Result<usize> {
    let mut dice = StdRng::seed_from_u64(99);
    let mut conn = world.database.superuser().await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let mut stuck = 0;
    for _ in 0..rounds {
        let (_, token) = &caller.houses[dice.random_range(0..caller.houses.len())];
        let mut wires = Vec::new();
        for _ in 0..POOL {
            let mut wire = Wire::open(caller.api).await?;
            wire.send(&request("GET", "/v1/properties", token, "", ""))
                .await?;
            wires.push(wire);
        }
        tokio::time::sleep(Duration::from_micros(dice.random_range(0..12_000))).await;
        drop(wires);
        tokio::time::sleep(Duration::from_millis(60)).await;
        stuck += idle_in_transaction(&mut conn).await?;
    }
    Ok(stuck)
}

async fn idle_in_transaction(conn: &mut PgConnection) -> anyhow::Result<usize> {
    let open: i64 = sqlx::query_scalar(
        "select count(*) from pg_stat_activity
         where datname = current_database() and usename = 'innkeep_app' and state like 'idle in transaction%'
           and state_change < clock_timestamp() - interval '20 ms'",
    )
    .fetch_one(conn)
    .await?;
    Ok(usize::try_from(open)?)
}

async fn storm(caller: Caller, next: Arc<AtomicUsize>, requests: usize, seed: u64) -> anyhow::Result<Storm> {
    let mut dice = StdRng::seed_from_u64(seed);
    let mut storm = Storm::default();
    loop {
        let n = next.fetch_add(1, Ordering::Relaxed);
        if n >= requests {
            return Ok(storm);
        }
        let (house, token) = &caller.houses[dice.random_range(0..caller.houses.len())];
        let name = format!("storm {n}");
        let (patience, request) = match dice.random_range(0..10) {
            0..4 => {
                let unit_type = house.unit_types[0].id;
                let body = booking(house, unit_type, dice.random_range(0..100), 2, &name);
                (
                    BOOKING_MS,
                    request("POST", "/v1/bookings", token, "", &body.to_string()),
                )
            }
            4..7 => (READING_MS, request("GET", "/v1/bookings?limit=20", token, "", "")),
            _ => (READING_MS, request("GET", "/v1/properties", token, "", "")),
        };
        let patience = Duration::from_secs_f64(dice.random::<f64>() * patience / 1000.0);
        let mut wire = Wire::open(caller.api).await?;
        wire.send(&request).await?;
        match tokio::time::timeout(patience, wire.reply()).await {
            // Dropping `wire` closes the socket under the request.
            Err(_) => storm.cut += 1,
            Ok(reply) => heard(&mut storm, &reply?, house, &name),
        }
    }
}

fn heard(storm: &mut Storm, reply: &crate::harness::wire::Reply, house: &House, name: &str) {
    let body = reply.json();
    storm.leaks += foreign(&body, house);
    match reply.status {
        201 => storm.acknowledged.push((
            body["id"].as_str().unwrap_or_default().to_owned(),
            name.to_owned(),
        )),
        200 => {}
        // Four connections for all: being told to come back is an honest answer.
        503 => {}
        status => {
            *storm
                .faults
                .entry(format!("{status} {}", reply.code()))
                .or_default() += 1
        }
    }
}

/// Properties in an answer that are not the caller's.
fn foreign(body: &Value, house: &House) -> usize {
    let ours = house.property_id.to_string();
    let named = |v: &Value| v["property_id"].as_str().map(str::to_owned);
    let items = body["items"].as_array().cloned().unwrap_or_default();
    let listed = items
        .iter()
        .map(|i| named(i).or_else(|| i["id"].as_str().map(str::to_owned)));
    listed
        .chain([named(body)])
        .flatten()
        .filter(|id| *id != ours)
        .count()
}

async fn judge(
    world: &World,
    caller: &Caller,
    requests: usize,
    (storm, stuck): (Storm, usize),
) -> anyhow::Result<Verdict> {
    let mut verdict = Verdict::default();
    verdict.figure(format!(
        "{requests} requests, {} cut off, {} acknowledged",
        storm.cut,
        storm.acknowledged.len()
    ));
    verdict.demand(
        storm.cut * 4 >= requests,
        "too few were cut off to prove anything",
    );
    verdict.demand(
        storm.acknowledged.len() * 20 >= requests,
        "too few were acknowledged to prove anything",
    );
    let mut conn = world.database.superuser().await?;
    let open = stuck + idle_in_transaction(&mut conn).await?;
    verdict.none(open, "left in a transaction");
    let sessions: i64 =
        sqlx::query_scalar("select sessions from pg_stat_database where datname = current_database()")
            .fetch_one(&mut conn)
            .await?;
    verdict.figure(format!("{sessions} sessions opened"));
    let caught = world
        .log("api")
        .matches("came back to the pool inside a transaction")
        .count();
    verdict.figure(format!("{caught} caught by the pool"));
    let mut stored = Vec::new();
    for house in &world.houses {
        stored.extend(bookers(world, house).await?);
    }
    let lost = storm.acknowledged.iter().filter(|a| !stored.contains(a)).count();
    verdict.none(lost, "acknowledged writes lost");
    let mut names: Vec<&String> = stored.iter().map(|(_, name)| name).collect();
    names.sort_unstable();
    let before = names.len();
    names.dedup();
    verdict.none(before - names.len(), "stored twice");
    verdict.none(storm.leaks, "seen by another tenant");
    verdict.demand(
        storm.faults.is_empty(),
        format!("unexpected answers: {:?}", storm.faults),
    );
    verdict.none(aftermath(caller).await?, "wrong answers afterwards");
    let (holds, said) = world.verify().await?;
    verdict.demand(holds, said);
    Ok(verdict)
}

/// Id and booker's name of each of the house's bookings.
async fn bookers(world: &World, house: &House) -> anyhow::Result<Vec<(String, String)>> {
    let mut tx = world.db.begin(house.tenant).await?;
    let rows: Vec<(String, String)> = sqlx::query_as("select id::text, personal from booking")
        .fetch_all(&mut *tx)
        .await?;
    let vault = tx.vault().await?;
    let open = |(id, sealed): (String, String)| {
        let personal: Value = vault.open_json(&Place::new("booking", "personal", &id), &sealed)?;
        Ok((
            id,
            personal["booker"]["name"].as_str().unwrap_or_default().to_owned(),
        ))
    };
    rows.into_iter().map(open).collect()
}

/// Twice as many requests as connections: if any were stuck or still in a tenant's transaction, it would show here.
async fn aftermath(caller: &Caller) -> anyhow::Result<usize> {
    let mut wrong = 0;
    for round in 0..POOL as usize * 2 {
        let (house, token) = &caller.houses[round % caller.houses.len()];
        let mut wire = Wire::open(caller.api).await?;
        let reply = wire.get("/v1/properties", token).await?;
        let body = reply.json();
        let fine = reply.status == 200
            && foreign(&body, house) == 0
            && body["items"].as_array().is_some_and(|i| i.len() == 1);
        wrong += usize::from(!fine);
    }
    Ok(wrong)
}
