//! `audit`: somebody who may do anything in the database changes, removes, adds and turns back entries of an audit
//! trail, a tenant's or the operators'; each time `innkeep verify` has to find out.

mod tamper;

use crate::harness::process::until;
use crate::harness::verdict::{Scale, Verdict};
use crate::harness::wire::{Wire, request};
use crate::harness::world::World;
use anyhow::{Context, ensure};
use innkeep_domain::audit::chain::Head;
use innkeep_domain::audit::verify;
use innkeep_domain::clock::Clock;
use innkeep_domain::db::Db;
use innkeep_domain::identity::operator::{self, Operator};
use innkeep_domain::ids::new_id;
use innkeep_domain::testing::{House, Plan};
use innkeep_domain::{Role, TenantId};
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::json;
use sqlx::{AssertSqlSafe, Executor, PgConnection};
use std::collections::BTreeMap;
use std::time::Duration;
use tamper::Tampering;

/// Operations whose traces are tampered with.
const OPERATIONS: usize = 60;

pub async fn run(scale: Scale) -> anyhow::Result<Verdict> {
    let tamperings = scale.of(100, 1_000);
    let mut verdict = Verdict::default();
    let world = World::new(&[Plan::HOTEL]).await?;
    let hotel = Trail::Hotel(Box::new(world.houses[0].clone()));
    attack(world, &hotel, tamperings, &mut verdict).await?;
    let world = World::new(&[]).await?;
    attack(world, &Trail::Operators, tamperings / 2, &mut verdict).await?;
    Ok(verdict)
}

/// Whose trail is tampered with, the only one of its world.
enum Trail {
    Hotel(Box<House>),
    /// The installation's own.
    Operators,
}

impl Trail {
    fn name(&self) -> &'static str {
        match self {
            Self::Hotel(_) => "a tenant's",
            Self::Operators => "the operators'",
        }
    }

    fn tenant(&self) -> TenantId {
        match self {
            Self::Hotel(house) => house.tenant,
            Self::Operators => TenantId::PLATFORM,
        }
    }

    async fn work(&self, world: &World, operations: usize) -> anyhow::Result<()> {
        match self {
            Self::Hotel(house) => work(world, house, operations).await,
            Self::Operators => operate(&world.db, operations).await,
        }
    }
}

async fn attack(
    mut world: World,
    trail: &Trail,
    tamperings: usize,
    verdict: &mut Verdict,
) -> anyhow::Result<()> {
    world.serve(true).await?;
    let mut superuser = world.database.superuser().await?;
    trail.work(&world, OPERATIONS / 3).await?;
    linked(&world, trail, &mut superuser).await?;
    keep(&mut superuser, "early").await?;
    trail.work(&world, OPERATIONS).await?;
    linked(&world, trail, &mut superuser).await?;
    keep(&mut superuser, "whole").await?;
    world.stop_all().await?;

    let name = trail.name();
    let (sound, said) = world.verify().await?;
    verdict.demand(sound, format!("before: {said}"));
    let head = head(&mut superuser).await?;
    let mut dice = StdRng::seed_from_u64(4);
    let mut unnoticed = BTreeMap::new();
    for i in 0..tamperings {
        let tampering = Tampering::at_random(&mut dice, &head);
        superuser
            .execute(AssertSqlSafe(tampering.sql))
            .await
            .context(tampering.name)?;
        if !noticed(&world.db, trail.tenant(), &head).await? {
            *unnoticed.entry(tampering.name).or_insert(0) += 1;
        }
        if i % (tamperings / 10) == 0 {
            // The command says so too.
            let (sound, said) = world.verify().await?;
            verdict.demand(!sound, format!("verify holds after: {}: {said}", tampering.name));
        }
        restore(&mut superuser).await?;
    }
    let missed: usize = unnoticed.values().sum();
    verdict.figure(format!(
        "{name} {} entries: {tamperings} tamperings, {} found",
        head.n,
        tamperings - missed
    ));
    verdict.demand(unnoticed.is_empty(), format!("{name}: not found: {unnoticed:?}"));
    let (sound, said) = world.verify().await?;
    verdict.demand(sound, format!("after: {said}"));
    Ok(())
}

async fn noticed(db: &Db, tenant: TenantId, recorded: &Head) -> anyhow::Result<bool> {
    let mut tx = db.begin(tenant).await?;
    let inside = verify::chain(&mut tx).await?;
    let outside = verify::anchored(&mut tx, recorded).await?;
    Ok(!inside.is_empty() || outside.is_some())
}

/// An operator looks at things and changes some; how one logs in is another proof's.
async fn operate(db: &Db, operations: usize) -> anyhow::Result<()> {
    let who = Operator {
        user_id: new_id(),
        session_id: new_id(),
        address: Some("127.0.0.1".into()),
        request_id: new_id().to_string(),
    };
    for i in 0..operations {
        let (operation, tenant) = match i % 2 {
            0 => ("list_all_tenants", None),
            _ => ("suspend_tenant", Some(new_id())),
        };
        let mut tx = db.begin_platform().await?;
        let data = json!({ "reason": format!("because {i}") });
        operator::log(&mut tx, &who, operation, tenant, data, Clock::System.now()).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// People look and change things, and some are refused.
async fn work(world: &World, house: &House, operations: usize) -> anyhow::Result<()> {
    let token = world.log_in(house).await?;
    let mut wire = world.wire().await?;
    let user = house.of_role(Role::Housekeeping).user_id;
    for i in 0..operations {
        let (method, path, body) = match i % 4 {
            0 => ("GET", "/v1/bookings".to_owned(), String::new()),
            1 => (
                "POST",
                "/v1/guests".into(),
                json!({ "last_name": format!("Guest {i}") }).to_string(),
            ),
            2 => (
                "PATCH",
                format!("/v1/users/{user}"),
                json!({ "role": role(i) }).to_string(),
            ),
            _ => (
                "POST",
                "/v1/api-keys".into(),
                json!({ "name": "K", "scopes": ["read_inventory"] }).to_string(),
            ),
        };
        ask(&mut wire, &request(method, &path, &token, "", &body)).await?;
    }
    Ok(())
}

fn role(i: usize) -> &'static str {
    if i.is_multiple_of(8) {
        "housekeeping"
    } else {
        "read_only"
    }
}

async fn ask(wire: &mut Wire, request: &[u8]) -> anyhow::Result<()> {
    let reply = wire.call(request).await?;
    ensure!(reply.status < 500, "{}", reply.json());
    Ok(())
}

/// Waits until a worker has linked every entry and put the end on record.
async fn linked(world: &World, trail: &Trail, superuser: &mut PgConnection) -> anyhow::Result<()> {
    let database = &world.database;
    until(Duration::from_secs(20), "every entry is linked", || async {
        let Ok(mut conn) = database.superuser().await else {
            return false;
        };
        let all = "select count(*) > 0 and count(*) = (select count(*) from audit_link) from audit_entry";
        sqlx::query_scalar(all)
            .fetch_one(&mut conn)
            .await
            .unwrap_or(false)
    })
    .await?;
    let head = head(superuser).await?;
    let file = world.folder.join(format!(".local/audit/{}.head", trail.tenant()));
    until(Duration::from_secs(5), "the end is on record", || async {
        let record = tokio::fs::read_to_string(&file).await.unwrap_or_default();
        record.trim_end() == format!("{} {}", head.n, head.mac)
    })
    .await?;
    Ok(())
}

async fn head(conn: &mut PgConnection) -> anyhow::Result<Head> {
    let (n, mac) = sqlx::query_as("select n, mac from audit_head")
        .fetch_one(conn)
        .await?;
    Ok(Head { n, mac })
}

const TABLES: [&str; 3] = ["audit_entry", "audit_link", "audit_head"];

/// The state of the three tables, as a superuser could have copied it.
async fn keep(conn: &mut PgConnection, name: &str) -> anyhow::Result<()> {
    for table in TABLES {
        let copy = format!("create table {name}_{table} as table {table}");
        conn.execute(AssertSqlSafe(copy)).await?;
    }
    Ok(())
}

async fn restore(conn: &mut PgConnection) -> anyhow::Result<()> {
    let back = tamper::turn_back("whole");
    conn.execute(AssertSqlSafe(format!("begin; {back}; commit")))
        .await?;
    Ok(())
}
