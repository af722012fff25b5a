//! Each policy of row security, opened wide and taken away: the catalogue's rules notice, and so does whoever looks at
//! the rows, where the other side has some.

use crate::harness::verdict::Verdict;
use crate::suites::access_matrix::stage::Stage;
use innkeep_domain::catalogue::violations;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use uuid::Uuid;

struct Policy {
    table: String,
    name: String,
    /// What it compares.
    column: &'static str,
}

pub async fn run(stage: &Stage, verdict: &mut Verdict) -> anyhow::Result<()> {
    let mut conn = stage.world.database.superuser().await?;
    let property: Uuid = stage.ours.things["properties"].parse()?;
    let (mut tried, mut seen_by_rules, mut by_rows, mut shown) = (0, 0, 0, 0);
    for policy in policies(&mut conn).await? {
        let Policy { table, name, column } = &policy;
        let (strangers, own) = rows(&mut conn, stage, property, &policy, "").await?;
        verdict.demand(
            strangers == 0,
            format!("{table}: {strangers} rows of others, policy {name} as it is"),
        );
        let wide = format!("alter policy {name} on {table} using (true) with check (true)");
        let none = format!("drop policy {name} on {table}");
        for (change, what) in [(wide, "open"), (none, "gone")] {
            tried += 1;
            let by_rules = noticed(&mut conn, &change).await?;
            seen_by_rules += usize::from(by_rules);
            verdict.demand(by_rules, format!("no rule notices: {change}"));
            let (now_strangers, now_own) = rows(&mut conn, stage, property, &policy, &change).await?;
            // Without its policy a table shows nothing; without the restriction to properties, all of them.
            let hidden = what == "gone" && *name == "tenant";
            let can_show = if hidden {
                own > 0
            } else {
                exist(&mut conn, stage, property, &policy).await?
            };
            let differs = if hidden { now_own < own } else { now_strangers > 0 };
            shown += usize::from(can_show);
            by_rows += usize::from(differs);
            verdict.demand(
                differs || !can_show,
                format!("rows of {table} ({column}) do not show: {change}"),
            );
        }
    }
    verdict.demand(
        shown * 3 > tried * 2,
        format!("only {shown} of {tried} policies guard rows here"),
    );
    verdict.figure(format!(
        "{seen_by_rules} of {tried} changes of policies noticed by the catalogue"
    ));
    verdict.figure(format!("{by_rows} of {shown} by their rows"));
    conn.close().await?;
    Ok(())
}

async fn policies(conn: &mut PgConnection) -> anyhow::Result<Vec<Policy>> {
    let all: Vec<(String, String)> = sqlx::query_as(
        "select tablename::text, policyname::text from pg_policies where schemaname = 'public' order by 1, 2",
    )
    .fetch_all(conn)
    .await?;
    let policies = all.into_iter().map(|(table, name)| Policy {
        column: column(&table, &name),
        table,
        name,
    });
    Ok(policies.collect())
}

/// What a policy compares.
fn column(table: &str, policy: &str) -> &'static str {
    match (policy, table) {
        ("property", "property") => "id",
        ("property", _) => "property_id",
        _ => "tenant_id",
    }
}

async fn noticed(conn: &mut PgConnection, change: &str) -> anyhow::Result<bool> {
    let mut tx = conn.begin().await?;
    tx.execute(AssertSqlSafe(change.to_owned())).await?;
    let found = violations(&mut tx).await?;
    tx.rollback().await?;
    Ok(!found.is_empty())
}

/// After the change: rows of others, and of one's own, that the server's role sees as one of us.
async fn rows(
    conn: &mut PgConnection,
    stage: &Stage,
    property: Uuid,
    policy: &Policy,
    change: &str,
) -> anyhow::Result<(i64, i64)> {
    let Policy { table, column, .. } = policy;
    let tenant = stage.ours.tenant.0;
    // As staff of all properties where tenants are told apart: the other policy would hide rows as well.
    let (own, properties) = match *column {
        "tenant_id" => (tenant, String::new()),
        _ => (property, format!("{{{property}}}")),
    };
    let mut tx = conn.begin().await?;
    if !change.is_empty() {
        tx.execute(AssertSqlSafe(change.to_owned())).await?;
    }
    tx.execute("set local role innkeep_app").await?;
    let who = format!(
        "select set_config('app.tenant_id', '{tenant}', true), set_config('app.property_ids', '{properties}', true)"
    );
    tx.execute(AssertSqlSafe(who)).await?;
    let sql = format!(
        "select count(*) filter (where {column} <> '{own}'), count(*) filter (where {column} = '{own}') from {table}"
    );
    let counts = sqlx::query_as(AssertSqlSafe(sql)).fetch_one(&mut *tx).await?;
    tx.rollback().await?;
    Ok(counts)
}

/// Are there rows that this policy hides from us?
async fn exist(
    conn: &mut PgConnection,
    stage: &Stage,
    property: Uuid,
    policy: &Policy,
) -> anyhow::Result<bool> {
    let Policy { table, column, .. } = policy;
    let (tenant, beside) = (stage.ours.tenant.0, &stage.beside.things["properties"]);
    let hidden = if *column == "tenant_id" {
        format!("tenant_id <> '{tenant}'")
    } else {
        format!("tenant_id = '{tenant}' and {column} = '{beside}' and {column} <> '{property}'")
    };
    let sql = format!("select exists (select from {table} where {hidden})");
    Ok(sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(conn).await?)
}
