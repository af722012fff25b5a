//! `make bench`: bookings and availability reads a second over HTTP, beside the very same SQL sent by pgbench and beside
//! the database's own limit, in turn within one run; absolute numbers drift, ratios less.

mod capture;
mod cpu;
mod load;
mod pgbench;
mod report;
mod script;

use crate::harness::tally::booking;
use crate::harness::verdict::Scale;
use crate::harness::wire::request;
use crate::harness::world::World;
use anyhow::{Context, ensure};
use capture::{Log, Statement};
use cpu::Meter;
use innkeep_domain::testing::{House, Plan, SERVER_URL};
use load::{Ask, Load};
use pgbench::{Pgbench, Run};
use rand::Rng;
use report::{Report, Row};
use script::Replace;
use sqlx::{AssertSqlSafe, Executor};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const CLIENTS: [usize; 2] = [8, 32];
const NIGHTS: u64 = 3;
const SEARCHED: u64 = 14;
/// Arrivals are this many nights apart at most.
const SPREAD: u64 = 340;
/// The captured stay's arrival: not a date that appears in the request for another reason.
const CAPTURED: u64 = 200;
const PLAN: Plan = Plan {
    unit_types: &[
        ("A", 1),
        ("B", 1),
        ("C", 1),
        ("D", 1),
        ("E", 1),
        ("F", 1),
        ("G", 1),
        ("H", 1),
    ],
    nights: 365,
    ..Plan::HOTEL
};
/// What the program asks of its own sessions (`domain::db`) and what decides how its SQL is planned.
const SESSION: &str = "-c plan_cache_mode=force_generic_plan";
const NAMES: [&str; 6] = ["one", "two", "three", "four", "five", "six"];

/// What is measured, and against which scripts of the limit.
struct Contest {
    name: &'static str,
    ask: Ask,
    nights: u64,
    limits: &'static [&'static str],
}

const CONTESTS: [Contest; 2] = [
    Contest {
        name: "bookings",
        ask: |house, dice| {
            let unit_type = house.unit_types[dice.random_range(0..house.unit_types.len())].id;
            let body = booking(house, unit_type, dice.random_range(0..SPREAD), NIGHTS, "bench");
            ("POST", "/v1/bookings".into(), body.to_string())
        },
        nights: NIGHTS,
        limits: &["book_A", "book_C", "book_D"],
    },
    Contest {
        name: "offers",
        ask: |house, dice| ("GET", offers(house, dice.random_range(0..SPREAD)), String::new()),
        nights: SEARCHED,
        limits: &["avail_4rt", "avail_pipe2"],
    },
];

fn offers(house: &House, from: u64) -> String {
    let (arrival, departure) = (house.night(from), house.night(from + SEARCHED));
    format!(
        "/v1/properties/{}/offers?arrival={arrival}&departure={departure}&adults=2",
        house.property_id
    )
}

pub async fn run(only: Option<&str>, scale: Scale) -> anyhow::Result<()> {
    let (seconds, rounds) = scale.of((5, 2), (15, 3));
    let server = std::env::var(SERVER_URL)?;
    let plans = NAMES.map(|name| Plan { name, ..PLAN });
    let mut world = World::new(&plans).await?;
    let mut conn = world.database.superuser().await?;
    // Nobody is refused here, so that every attempt costs the same.
    conn.execute("update inventory set capacity = 1000000").await?;
    conn.execute("vacuum analyze").await?;
    let captured = capture(&mut world, &server).await?;
    let bench = Bench::set_up(world, &server, captured).await?;
    bench.grow().await?;
    for (i, contest) in CONTESTS
        .iter()
        .enumerate()
        .filter(|(_, c)| only.is_none_or(|o| o == c.name))
    {
        for clients in CLIENTS {
            let mut report = Report::new(contest.name, clients);
            for round in 0..rounds {
                bench
                    .round(contest, &bench.scripts[i], clients, seconds, round, &mut report)
                    .await?;
            }
            report.print();
        }
    }
    Ok(())
}

/// One booking and one search with the log switched on; the second of each, when statements are prepared.
async fn capture(world: &mut World, server: &str) -> anyhow::Result<Vec<(Vec<Statement>, Vec<String>)>> {
    let mut conn = world.database.superuser().await?;
    let noisy = |value: &str| {
        let name = world.database.name();
        AssertSqlSafe(format!("alter role innkeep_app in database {name} {value}"))
    };
    conn.execute(noisy("set log_statement = 'all'")).await?;
    let quiet = noisy("reset log_statement");
    world.serve(false).await?;
    let house = world.houses[0].clone();
    let token = world.log_in(&house).await?;
    let mut wire = world.wire().await?;
    let log = Log::open(server).await?;
    let body = booking(&house, house.unit_types[0].id, CAPTURED, NIGHTS, "captured");
    wire.post("/v1/bookings", &token, &body).await?;
    let made = wire.post("/v1/bookings", &token, &body).await?;
    ensure!(made.status == 201, "captured: {}", made.code());
    let made = made.json();
    let mut fresh = vec![
        made["id"].clone(),
        made["reservations"][0]["id"].clone(),
        made["reference"].clone(),
    ];
    let statements = log.last_transaction().await?;
    // The queue's own id of the kick: 26 characters of Crockford's alphabet.
    let is_ulid =
        |t: &&String| t.len() == 26 && t.chars().all(|c| c.is_ascii_digit() || c.is_ascii_uppercase());
    let kick = statements
        .iter()
        .flat_map(|s| s.parameters.iter().flatten())
        .find(is_ulid)
        .cloned();
    fresh.push(kick.context("no kick among the captured statements")?.into());
    let fresh = fresh
        .iter()
        .filter_map(|f| f.as_str().map(str::to_owned))
        .collect();
    let search = request("GET", &offers(&house, CAPTURED), &token, "", "");
    wire.call(&search).await?;
    ensure!(wire.call(&search).await?.status == 200, "offers");
    let reading = log.last_transaction().await?;
    conn.execute(quiet).await?;
    world.stop_all().await?;
    Ok(vec![(statements, fresh), (reading, Vec::new())])
}

struct Bench {
    world: World,
    pgbench: Pgbench,
    meter: Meter,
    houses: Arc<Vec<(House, String)>>,
    /// Per contest: our own SQL, a script a product.
    scripts: Vec<Vec<PathBuf>>,
    limits: Option<PathBuf>,
}

impl Bench {
    async fn set_up(
        mut world: World,
        server: &str,
        captured: Vec<(Vec<Statement>, Vec<String>)>,
    ) -> anyhow::Result<Self> {
        let pgbench = Pgbench::new(server)?;
        let mut scripts = Vec::new();
        for (contest, (statements, fresh)) in CONTESTS.iter().zip(captured) {
            scripts.push(write_scripts(&world, contest, &statements, fresh).await?);
        }
        let limits = pgbench::limits();
        if let Some(folder) = &limits {
            let mut conn = world.database.superuser().await?;
            conn.execute("drop database if exists limits").await?;
            conn.execute("create database limits").await?;
            pgbench
                .load(
                    "limits",
                    &[folder.join("00_schema.sql"), folder.join("01_variants.sql")],
                )
                .await?;
        }
        let innkeep = world.serve(false).await?;
        let meter = Meter::new(innkeep, server).await?;
        let mut houses = Vec::new();
        for house in &world.houses {
            houses.push((house.clone(), world.log_in(house).await?));
        }
        Ok(Self {
            world,
            pgbench,
            meter,
            houses: Arc::new(houses),
            scripts,
            limits,
        })
    }

    /// A house that has sold before. Analysed while its bookings were still empty tables, PostgreSQL would check every
    /// foreign key by reading the whole table, ever longer; no house is measured on its first day.
    async fn grow(&self) -> anyhow::Result<()> {
        let load = Load {
            api: self.world.api,
            houses: self.houses.clone(),
            ask: CONTESTS[0].ask,
        };
        load.run(CLIENTS[0], 3).await?;
        let mut conn = self.world.database.superuser().await?;
        conn.execute("vacuum analyze").await?;
        Ok(())
    }

    /// A B A B: ours over HTTP, our SQL alone, the limits.
    async fn round(
        &self,
        contest: &Contest,
        scripts: &[PathBuf],
        clients: usize,
        seconds: u64,
        round: u64,
        report: &mut Report,
    ) -> anyhow::Result<()> {
        let load = Load {
            api: self.world.api,
            houses: self.houses.clone(),
            ask: contest.ask,
        };
        let before = self.meter.read();
        let measured = load.run(clients, seconds).await?;
        let cpu = self.meter.read().since(before);
        report.add(Row::http(&measured, cpu));
        let base = (round * CLIENTS.len() as u64 + u64::from(clients > 8) + 1) << 40;
        let own = Run {
            database: self.world.database.name(),
            role: "innkeep_app",
            options: SESSION,
            scripts,
            clients,
            seconds,
            base,
        };
        self.one("our SQL by pgbench", &own, report).await?;
        for name in contest.limits {
            let Some(folder) = &self.limits else { continue };
            let scripts = [folder.join(format!("{name}.sql"))];
            let run = Run {
                database: "limits",
                role: "app",
                options: "",
                scripts: &scripts,
                clients,
                seconds,
                base,
            };
            self.one(name, &run, report).await?;
        }
        Ok(())
    }

    async fn one(&self, name: &'static str, run: &Run<'_>, report: &mut Report) -> anyhow::Result<()> {
        let before = self.meter.read();
        let tps = self.pgbench.run(run).await?;
        report.add(Row::pgbench(
            name,
            tps,
            run.seconds,
            self.meter.read().since(before),
        ));
        Ok(())
    }
}

/// One script for each of four products; pgbench picks among them. More would be more statements to plan in a short run.
async fn write_scripts(
    world: &World,
    contest: &Contest,
    statements: &[Statement],
    fresh: Vec<String>,
) -> anyhow::Result<Vec<PathBuf>> {
    let mut conn = world.database.superuser().await?;
    let home = world.houses.first().context("no house")?;
    let mut files = Vec::new();
    for (i, house) in world.houses.iter().take(2).enumerate() {
        for unit_type in 0..2 {
            let replace = Replace {
                arrival: home.night(CAPTURED),
                nights: contest.nights,
                first: house.night(0),
                spread: SPREAD,
                fresh: fresh.clone(),
                product: vec![
                    (home.tenant.to_string(), house.tenant.to_string()),
                    (home.property_id.to_string(), house.property_id.to_string()),
                    (home.base_plan.to_string(), house.base_plan.to_string()),
                    (
                        home.unit_types[0].id.to_string(),
                        house.unit_types[unit_type].id.to_string(),
                    ),
                ],
            };
            let text = script::write(&mut conn, statements, &replace).await?;
            let file = Path::join(&world.folder, format!("{}-{i}-{unit_type}.sql", contest.name));
            std::fs::write(&file, text)?;
            files.push(file);
        }
    }
    Ok(files)
}
