//! `verify`: each kind of corruption, seeded behind the program's back into a house that is sound, is found by
//! `innkeep verify` and named by the rule it breaks; undone, nothing is found.

mod house;
mod kinds;

use crate::harness::process::until;
use crate::harness::verdict::{Scale, Verdict};
use crate::harness::world::World;
use anyhow::{Context, ensure};
use house::Desk;
use innkeep_domain::testing::Plan;
use kinds::KINDS;
use sqlx::{AssertSqlSafe, Executor, PgConnection};
use std::collections::BTreeSet;
use std::time::Duration;

/// Fewer would not be what is promised.
const AT_LEAST: usize = 20;

pub async fn run(_: Scale) -> anyhow::Result<Verdict> {
    let mut world = World::new(&[Plan::HOTEL]).await?;
    world.serve(true).await?;
    let house = world.houses[0].clone();
    let mut desk = Desk {
        wire: world.wire().await?,
        token: world.log_in(&house).await?,
        house,
    };
    desk.live().await?;
    let mut conn = world.database.superuser().await?;
    wait_for_metrics(&world).await?;
    world.stop_all().await?;
    let mut verdict = Verdict::default();
    let (sound, said) = world.verify().await?;
    verdict.demand(sound, format!("before: {said}"));
    let (mut found, mut rules) = (0, BTreeSet::new());
    for (table, corruption, rule) in KINDS {
        let said = corrupted(&world, &mut conn, table, corruption).await;
        let said = said.with_context(|| corruption.to_owned())?;
        let named = said.contains(&format!("  {rule}: "));
        verdict.demand(named, format!("{corruption}: {rule} does not say so: {said}"));
        found += usize::from(named);
        rules.insert(rule);
    }
    verdict.figure(format!(
        "{} kinds of corruption, {found} found by {} rules",
        KINDS.len(),
        rules.len()
    ));
    verdict.demand(KINDS.len() >= AT_LEAST, format!("fewer than {AT_LEAST} kinds"));
    let (sound, said) = world.verify().await?;
    verdict.demand(sound, format!("after: {said}"));
    verdict.figure("0 findings before and after");
    Ok(verdict)
}

/// What `innkeep verify` says while the table is corrupted. Row security and foreign keys do not hold a superuser back.
async fn corrupted(
    world: &World,
    conn: &mut PgConnection,
    table: &str,
    corruption: &str,
) -> anyhow::Result<String> {
    conn.execute("set session_replication_role = replica").await?;
    conn.execute(AssertSqlSafe(format!(
        "create temporary table saved as table {table}"
    )))
    .await?;
    let touched = conn
        .execute(AssertSqlSafe(corruption.to_owned()))
        .await?
        .rows_affected();
    let (_, said) = world.verify().await?;
    let back = format!(
        "begin; delete from {table}; insert into {table} overriding system value table saved; drop table saved; commit"
    );
    conn.execute(AssertSqlSafe(back)).await?;
    ensure!(touched > 0, "nothing there to corrupt");
    Ok(said)
}

/// The dashboard's projection follows the log a moment later.
async fn wait_for_metrics(world: &World) -> anyhow::Result<()> {
    until(Duration::from_secs(20), "the metrics follow", || async {
        let Ok(mut conn) = world.database.superuser().await else {
            return false;
        };
        let behind = "select exists (select from metric_day) and not exists (
            select from event e left join metric_cursor c using (tenant_id)
            where c.xid is null or (e.xid, e.seq) > (c.xid, c.seq))";
        sqlx::query_scalar(behind)
            .fetch_one(&mut conn)
            .await
            .unwrap_or(false)
    })
    .await?;
    Ok(())
}
