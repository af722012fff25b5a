//! `catalogue`: the rules of `migrations/README.md` hold in a migrated database, and breaking any one of them is noticed.

use crate::harness::verdict::{Scale, Verdict};
use innkeep_domain::catalogue::violations;
use innkeep_domain::testing::TestDatabase;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

/// For each tenant table; `{}` is its name.
const PER_TABLE: [&str; 10] = [
    "drop policy tenant on {}",
    "alter table {} no force row level security",
    "alter table {} disable row level security",
    "create policy second on {} using (true)",
    "drop policy tenant on {}; create policy tenant on {} using (true) with check (true)",
    "drop policy tenant on {}; create policy tenant on {} for select using (tenant_id = (select app.tenant_id()))",
    "alter table {} add column probe uuid unique",
    "alter table {} rename column tenant_id to tenant",
    "grant truncate on {} to innkeep_app",
    "alter table {} owner to innkeep_app",
];

const ONCE: [(&str, &str); 16] = [
    (
        "a table without a tenant",
        "create table probe (id uuid primary key)",
    ),
    (
        "a table whose tenant may be missing",
        "create table probe (tenant_id uuid, id uuid)",
    ),
    (
        "a tenant table without policies",
        "create table probe (tenant_id uuid not null, primary key (tenant_id))",
    ),
    (
        "a table marked as platform by nobody's leave",
        "create table probe (id uuid); comment on table probe is 'platform'",
    ),
    (
        "a view with its owner's rights",
        "create view probe as select * from booking",
    ),
    (
        "a materialised view",
        "create materialized view probe as select * from booking",
    ),
    (
        "a definer function",
        "create function app.probe() returns int language sql security definer as 'select 1'",
    ),
    (
        "a definer function in public",
        "create function probe() returns int language sql security definer as 'select 1'",
    ),
    (
        "a foreign key past the tenant",
        "alter table unit add column probe uuid; create unique index probe on tenant (id); alter table unit add foreign key (probe) references tenant (id)",
    ),
    (
        "an index past the tenant",
        "create index probe on booking (created_at, tenant_id)",
    ),
    (
        "a partition read directly",
        "create table probe (tenant_id uuid not null, n date) partition by range (n); call app.tenant_table('probe'); create table probe_1 partition of probe for values from ('2027-01-01') to ('2028-01-01')",
    ),
    (
        "a column of sealed values that rotation does not know",
        "alter table guest add column probe text; call app.sealed_column('guest', 'probe')",
    ),
    (
        "a column that takes values in clear",
        "alter table guest drop constraint personal_sealed",
    ),
    (
        "an app role above row security",
        "alter role innkeep_app bypassrls",
    ),
    ("an app role that owns", "grant innkeep_owner to innkeep_app"),
    (
        "an app role that may create",
        "grant create on schema public to innkeep_app",
    ),
];

pub async fn run(_: Scale) -> anyhow::Result<Verdict> {
    let mut verdict = Verdict::default();
    let database = TestDatabase::create(innkeep_workers::setup_queue).await?;
    let mut conn = database.superuser().await?;
    for violation in violations(&mut conn).await? {
        verdict.demand(false, violation);
    }
    let tables: Vec<String> = sqlx::query_scalar(
        "select c.relname::text from pg_class c join pg_policy p on p.polrelid = c.oid
         where c.relkind = 'r' order by 1",
    )
    .fetch_all(&mut conn)
    .await?;
    let mut breaches: Vec<(String, String)> = Vec::new();
    for table in &tables {
        breaches.extend(PER_TABLE.map(|sql| {
            let sql = sql.replace("{}", table);
            (sql.clone(), sql)
        }));
    }
    breaches.extend(ONCE.map(|(what, sql)| (what.to_owned(), sql.to_owned())));
    let mut noticed = 0;
    for (what, sql) in &breaches {
        let seen = breach(&mut conn, sql).await?;
        noticed += usize::from(seen);
        verdict.demand(seen, format!("not noticed: {what}"));
    }
    verdict.demand(
        violations(&mut conn).await?.is_empty(),
        "a breach was not rolled back",
    );
    conn.close().await?;
    verdict.figure(format!("{} tenant tables", tables.len()));
    verdict.figure(format!("{noticed} of {} breaches noticed", breaches.len()));
    Ok(verdict)
}

/// Breaks a rule, looks, and rolls back.
async fn breach(conn: &mut PgConnection, sql: &str) -> anyhow::Result<bool> {
    conn.execute("begin").await?;
    conn.execute(AssertSqlSafe(sql.to_owned())).await?;
    let seen = !violations(conn).await?.is_empty();
    conn.execute("rollback").await?;
    Ok(seen)
}
