//! `make bench`: bookings, amendments, searches and tape charts a second over HTTP, beside the very same SQL sent by
//! pgbench and beside the database's own limit, in turn within one run; absolute numbers drift, ratios less.

mod capture;
mod contest;
mod cpu;
mod growth;
mod load;
mod pgbench;
mod report;
mod script;
mod stage;

use crate::harness::verdict::Scale;
use crate::harness::wire::{Reply, Wire, request};
use crate::suites::{latency, throughput};
use anyhow::{Context, ensure};
use capture::{Log, Statement};
use contest::{Contest, Draw};
use cpu::Meter;
use innkeep_domain::testing::{House, SERVER_URL};
use load::Load;
use pgbench::{Pgbench, Run};
use report::{Report, Row};
use script::Replace;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Executor};
use stage::{MOST_CLIENTS, Stage};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const CLIENTS: [usize; 2] = [8, MOST_CLIENTS];
/// Where captured stays begin: not a date that appears in the request for another reason. A changed stay comes from the
/// second one.
const CAPTURED: [u64; 2] = [33, 23];
/// What the program asks of its own sessions (`domain::db`) and what decides how its SQL is planned.
const SESSION: &str = "-c plan_cache_mode=force_generic_plan";

pub async fn run(only: Option<&str>, scale: Scale) -> anyhow::Result<()> {
    let wanted = |name: &str| only.is_none_or(|o| o == name);
    let contests: Vec<&'static Contest> = contest::ALL.iter().filter(|c| wanted(c.name)).collect();
    if !contests.is_empty() {
        let bench = Bench::set_up(&contests).await?;
        bench.grow().await?;
        for (contest, scripts) in contests.into_iter().zip(&bench.scripts) {
            bench.compare(contest, scripts, scale).await?;
        }
    }
    if wanted("growth") {
        growth::run(scale).await?;
    }
    if wanted("channels") {
        channels(scale).await?;
    }
    Ok(())
}

/// From change to acceptance: how long it takes, and how many a second one worker process tells.
async fn channels(scale: Scale) -> anyhow::Result<()> {
    let begun = std::time::Instant::now();
    let latency = latency::run(scale).await?;
    println!("{}", latency.closing_line("latency", begun.elapsed()));
    let begun = std::time::Instant::now();
    let throughput = throughput::run(scale).await?;
    println!("{}", throughput.closing_line("throughput", begun.elapsed()));
    Ok(())
}

struct Bench {
    stage: Stage,
    pgbench: Pgbench,
    meter: Meter,
    /// Per contest: our own SQL, a script a product.
    scripts: Vec<Vec<PathBuf>>,
    limits: Option<PathBuf>,
}

impl Bench {
    async fn set_up(contests: &[&'static Contest]) -> anyhow::Result<Self> {
        let server = std::env::var(SERVER_URL)?;
        let mut stage = Stage::build().await?;
        let captured = capture(&mut stage, contests, &server).await?;
        let pgbench = Pgbench::new(&server)?;
        let mut scripts = Vec::new();
        for (contest, captured) in contests.iter().zip(captured) {
            scripts.push(write_scripts(&stage, contest, captured).await?);
        }
        let limits = pgbench::limits();
        if let Some(folder) = &limits {
            let mut conn = stage.world.database.superuser().await?;
            conn.execute("drop database if exists limits").await?;
            conn.execute("create database limits").await?;
            let files = ["00_schema.sql", "01_variants.sql"].map(|file| folder.join(file));
            pgbench.load("limits", &files).await?;
        }
        let innkeep = stage.world.serve(false).await?;
        let meter = Meter::new(innkeep, &server).await?;
        Ok(Self {
            stage,
            pgbench,
            meter,
            scripts,
            limits,
        })
    }

    /// A house that has sold before. Analysed while its bookings were still empty tables, PostgreSQL would check every
    /// foreign key by reading the whole table, ever longer; no house is measured on its first day.
    async fn grow(&self) -> anyhow::Result<()> {
        self.load(&contest::ALL[0], CLIENTS[0], 3).await?;
        let mut conn = self.stage.world.database.superuser().await?;
        conn.execute("vacuum analyze").await?;
        Ok(())
    }

    async fn load(
        &self,
        contest: &'static Contest,
        clients: usize,
        seconds: u64,
    ) -> anyhow::Result<load::Measured> {
        let houses = log_in(&self.stage, contest).await?;
        let load = Load {
            api: self.stage.world.api,
            contest,
            houses: &houses,
        };
        load.run(clients, seconds).await
    }

    async fn compare(
        &self,
        contest: &'static Contest,
        scripts: &[PathBuf],
        scale: Scale,
    ) -> anyhow::Result<()> {
        let (seconds, rounds) = scale.of((5, 2), (15, 3));
        for clients in CLIENTS {
            let mut report = Report::new(contest.name, clients);
            for round in 0..rounds {
                self.round(contest, scripts, clients, seconds, round, &mut report)
                    .await?;
            }
            report.print();
        }
        Ok(())
    }

    /// A B A B: ours over HTTP, our SQL alone, the limits.
    async fn round(
        &self,
        contest: &'static Contest,
        scripts: &[PathBuf],
        clients: usize,
        seconds: u64,
        round: u64,
        report: &mut Report,
    ) -> anyhow::Result<()> {
        let before = self.meter.read();
        let measured = self.load(contest, clients, seconds).await?;
        let cpu = self.meter.read().since(before);
        report.add(Row::http(&measured, cpu));
        let base = (round * CLIENTS.len() as u64 + u64::from(clients > 8) + 1) << 40;
        let own = Run {
            database: self.stage.world.database.name(),
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
        let cpu = self.meter.read().since(before);
        report.add(Row::pgbench(name, tps, run.seconds, cpu));
        Ok(())
    }
}

async fn log_in(stage: &Stage, contest: &Contest) -> anyhow::Result<Arc<Vec<(House, String)>>> {
    let mut houses = Vec::new();
    for house in (contest.houses)(stage) {
        houses.push((house.clone(), stage.world.log_in(house).await?));
    }
    Ok(Arc::new(houses))
}

struct Captured {
    statements: Vec<Statement>,
    /// Values made for this request alone.
    fresh: Vec<String>,
}

/// Each contest's request with the log switched on; the second of each, when statements are prepared.
async fn capture(
    stage: &mut Stage,
    contests: &[&'static Contest],
    server: &str,
) -> anyhow::Result<Vec<Captured>> {
    let mut conn = stage.world.database.superuser().await?;
    let name = stage.world.database.name().to_owned();
    let noisy = |value: &str| AssertSqlSafe(format!("alter role innkeep_app in database {name} {value}"));
    conn.execute(noisy("set log_statement = 'all'")).await?;
    stage.world.serve(false).await?;
    let mut found = Vec::new();
    for contest in contests {
        let houses = log_in(stage, contest).await?;
        let (house, token) = houses.first().context("no house")?;
        let mut wire = stage.world.wire().await?;
        for from in CAPTURED.into_iter().rev() {
            let draw = Draw {
                client: 0,
                unit_type: 0,
                from,
            };
            let asked = (contest.ask)(house, &draw);
            let log = Log::open(server).await?;
            let reply = ask(&mut wire, token, &asked).await?;
            if from == CAPTURED[0] {
                let statements = log.transactions().await?;
                let fresh = fresh(&statements, &reply);
                found.push(Captured { statements, fresh });
            }
        }
    }
    conn.execute(noisy("reset log_statement")).await?;
    stage.world.stop_all().await?;
    Ok(found)
}

async fn ask(wire: &mut Wire, token: &str, asked: &contest::Ask) -> anyhow::Result<Reply> {
    let reply = wire
        .call(&request(asked.method, &asked.path, token, "", &asked.body))
        .await?;
    ensure!(reply.status < 300, "captured: {} {}", asked.path, reply.code());
    Ok(reply)
}

/// Ids and reference of what was made, the queue's own id of the kick (26 characters of Crockford's alphabet), and those of
/// audit entries.
fn fresh(statements: &[Statement], reply: &Reply) -> Vec<String> {
    let made = reply.json();
    let ids = [&made["id"], &made["reservations"][0]["id"], &made["reference"]];
    let is_ulid =
        |t: &&String| t.len() == 26 && t.chars().all(|c| c.is_ascii_digit() || c.is_ascii_uppercase());
    let mut parameters = statements.iter().flat_map(|s| s.parameters.iter().flatten());
    let kick = parameters.find(is_ulid).cloned();
    let ids = ids.into_iter().filter_map(Value::as_str).map(str::to_owned);
    let audited = statements
        .iter()
        .filter(|s| s.sql.starts_with("insert into audit_entry"));
    let entries = audited.filter_map(|s| s.parameters.get(1).cloned().flatten());
    ids.filter(|_| reply.status == 201)
        .chain(kick)
        .chain(entries)
        .collect()
}

/// One script for each product; pgbench picks among them.
async fn write_scripts(stage: &Stage, contest: &Contest, captured: Captured) -> anyhow::Result<Vec<PathBuf>> {
    let mut conn = stage.world.database.superuser().await?;
    let values = captured
        .statements
        .iter()
        .flat_map(|s| s.parameters.iter().flatten());
    let sealed = stage.sealed_booker(values).await?;
    let sealed = sealed.map(|captured| (captured.clone(), stage.sealed.clone()));
    let houses = (contest.houses)(stage);
    let home = houses.first().context("no house")?;
    let (most, unit_types) = contest.scripts;
    let mut files = Vec::new();
    for (i, house) in houses.iter().take(most).enumerate() {
        for unit_type in 0..unit_types {
            let replace = Replace {
                arrivals: CAPTURED.map(|from| home.night(from)),
                nights: contest.nights,
                first: house.night(0),
                spread: contest.spread,
                fresh: captured.fresh.clone(),
                own: [Stage::known(0, 0), Stage::known(1, 0)],
                sealed: sealed.clone(),
                product: product(home, house, unit_type),
            };
            let text = script::write(&mut conn, &captured.statements, &replace).await?;
            let name = format!("{}-{i}-{unit_type}.sql", contest.name);
            let file = Path::join(&stage.world.folder, name);
            std::fs::write(&file, text)?;
            files.push(file);
        }
    }
    Ok(files)
}

/// The captured house's ids, and those of another; the last unit type first, since each may become its neighbour.
fn product(home: &House, house: &House, unit_type: usize) -> Vec<(String, String)> {
    let mut product = vec![
        (home.tenant.to_string(), house.tenant.to_string()),
        (home.property_id.to_string(), house.property_id.to_string()),
        (home.base_plan.to_string(), house.base_plan.to_string()),
        (home.derived_plan.to_string(), house.derived_plan.to_string()),
    ];
    let others = house.unit_types.iter().skip(unit_type);
    let types: Vec<_> = home.unit_types.iter().zip(others).collect();
    product.extend(
        types
            .into_iter()
            .rev()
            .map(|(a, b)| (a.id.to_string(), b.id.to_string())),
    );
    product
}
