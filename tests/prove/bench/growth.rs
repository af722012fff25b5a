//! What a request costs in an installation that has grown: five years of stays instead of one, a thousand tenants
//! instead of three. Processor time and pages touched for each request, beside the same at the beginning; and the rows
//! that were read without an index, which would show in no small test.

use super::contest::{self, Contest};
use super::cpu::{Cpu, Meter};
use super::load::Load;
use super::log_in;
use super::stage::Stage;
use crate::harness::verdict::Scale;
use innkeep_domain::testing::SERVER_URL;
use sqlx::{AssertSqlSafe, Executor, PgConnection, Row};
use std::time::Duration;

const YEARS: u32 = 5;
const CLIENTS: usize = 4;

/// Tables with a night or a date in them, and what of a copy is another: (table, changes to its row as JSON).
const HISTORY: [(&str, &str); 7] = [
    ("booking", "'id', app_copy(id, y), 'reference', reference || y"),
    (
        "reservation",
        "'id', app_copy(id, y), 'booking_id', app_copy(booking_id, y), 'status', 'departed',
         'arrival', arrival - 365 * y, 'departure', departure - 365 * y",
    ),
    (
        "reservation_night",
        "'reservation_id', app_copy(reservation_id, y), 'night', night - 365 * y",
    ),
    (
        "stay_segment",
        "'id', app_copy(id, y), 'reservation_id', app_copy(reservation_id, y),
         'from_night', from_night - 365 * y, 'to_night', to_night - 365 * y",
    ),
    (
        "event",
        "'subject_id', app_copy(subject_id, y), 'xid', xid - 1000000 * y",
    ),
    ("inventory", "'night', night - 365 * y"),
    ("rate_night", "'night', night - 365 * y"),
];

pub async fn run(scale: Scale) -> anyhow::Result<()> {
    let (seconds, tenants) = scale.of((4, 50), (10, 1_000));
    let mut stage = Stage::small().await?;
    let mut conn = stage.world.database.superuser().await?;
    // Its work on what was just copied would be counted as the requests'.
    conn.execute("alter system set autovacuum = off").await?;
    conn.execute("select pg_reload_conf()").await?;
    let mut growth = Growth::default();
    growth.measure(&mut stage, "one year, 3 tenants", seconds).await?;
    conn.execute("set session_replication_role = replica").await?;
    live_on(&mut conn, &stage).await?;
    growth
        .measure(&mut stage, &format!("{YEARS} years, 3 tenants"), seconds)
        .await?;
    multiply(&mut conn, &stage, tenants).await?;
    growth
        .measure(&mut stage, &format!("{YEARS} years, {tenants} tenants"), seconds)
        .await?;
    growth.print();
    Ok(())
}

/// The hall and the hotel had as many guests in each year before.
async fn live_on(conn: &mut PgConnection, stage: &Stage) -> anyhow::Result<()> {
    conn.execute(
        "create function app_copy(id uuid, y int) returns uuid immutable language sql
         as $$ select md5(id::text || y)::uuid $$",
    )
    .await?;
    let (hall, hotel) = (stage.hall.tenant, stage.hotels[0].tenant);
    for (table, changes) in HISTORY {
        let sql = format!(
            "insert into {table} overriding user value
             select (jsonb_populate_record(t, to_jsonb(t) || jsonb_build_object({changes}))).*
             from {table} t, generate_series(1, {YEARS} - 1) y where t.tenant_id in ('{hall}', '{hotel}')
             on conflict do nothing"
        );
        conn.execute(AssertSqlSafe(sql)).await?;
    }
    Ok(())
}

/// As many tenants as wanted, each with what the small house has.
async fn multiply(conn: &mut PgConnection, stage: &Stage, tenants: usize) -> anyhow::Result<()> {
    let source = stage.world.houses[2].tenant;
    let tables = sqlx::query(
        "select c.relname::text as name,
                string_agg(quote_ident(a.attname), ', ' order by a.attnum) filter (where a.attname <> 'tenant_id') as columns
         from pg_class c join pg_attribute a on a.attrelid = c.oid
         where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relrowsecurity
           and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' and a.attidentity = ''
         group by 1 order by 1",
    )
    .fetch_all(&mut *conn)
    .await?;
    for table in tables {
        let (name, columns): (String, String) = (table.try_get("name")?, table.try_get("columns")?);
        let sql = format!(
            "insert into {name} (tenant_id, {columns})
             select md5('{source}' || app_copy)::uuid, {columns} from {name}, generate_series(4, {tenants}) app_copy
             where tenant_id = '{source}'"
        );
        conn.execute(AssertSqlSafe(sql)).await?;
    }
    Ok(())
}

#[derive(Default)]
struct Growth {
    rows: Vec<Measure>,
}

struct Measure {
    contest: &'static str,
    world: String,
    cpu: f64,
    pages: f64,
    unindexed: String,
}

impl Growth {
    /// Every contest in the world as it is now.
    async fn measure(&mut self, stage: &mut Stage, world: &str, seconds: u64) -> anyhow::Result<()> {
        let mut conn = stage.world.database.superuser().await?;
        conn.execute("vacuum analyze").await?;
        let innkeep = stage.world.serve(false).await?;
        let meter = Meter::new(innkeep, &std::env::var(SERVER_URL)?).await?;
        for contest in &contest::ALL {
            // Plans are made, pages are read for the first time.
            load(stage, contest, 1).await?;
            let (before, pages, scanned) = (meter.read(), pages(&mut conn).await?, scanned(&mut conn).await?);
            let count = load(stage, contest, seconds).await? as f64;
            let cpu: Cpu = meter.read().since(before);
            let after = self::pages(&mut conn).await?;
            self.rows.push(Measure {
                contest: contest.name,
                world: world.to_owned(),
                cpu: cpu.postgres * 1e6 / count,
                pages: (after - pages) as f64 / count,
                unindexed: most(&scanned, &self::scanned(&mut conn).await?, count),
            });
        }
        stage.world.stop_all().await
    }

    fn print(&self) {
        println!(
            "growth: CPU of PostgreSQL in us and pages touched, each request; rows read without an index"
        );
        for contest in &contest::ALL {
            let rows: Vec<&Measure> = self.rows.iter().filter(|r| r.contest == contest.name).collect();
            let Some(first) = rows.first() else { continue };
            for row in &rows {
                println!(
                    "  {:<11} {:<24} {:>7.0} us {:>6.2}  {:>6.0} pages {:>6.2}  {}",
                    row.contest,
                    row.world,
                    row.cpu,
                    row.cpu / first.cpu,
                    row.pages,
                    row.pages / first.pages,
                    row.unindexed
                );
            }
        }
    }
}

async fn load(stage: &Stage, contest: &'static Contest, seconds: u64) -> anyhow::Result<usize> {
    let houses = log_in(stage, contest).await?;
    let load = Load {
        api: stage.world.api,
        contest,
        houses: &houses,
    };
    Ok(load.run(CLIENTS, seconds).await?.count)
}

/// Pages asked for in this database so far. Sessions report at most once a second, and when they have been idle.
async fn pages(conn: &mut PgConnection) -> anyhow::Result<i64> {
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let sql = "select blks_hit + blks_read from pg_stat_database where datname = current_database()";
    Ok(sqlx::query_scalar(sql).fetch_one(conn).await?)
}

/// Rows read by sequential scans, by table.
async fn scanned(conn: &mut PgConnection) -> anyhow::Result<Vec<(String, i64)>> {
    let sql =
        "select schemaname || '.' || relname, coalesce(seq_tup_read, 0) from pg_stat_user_tables order by 1";
    Ok(sqlx::query_as(sql).fetch_all(conn).await?)
}

/// The table of which most rows were read for each request without an index.
fn most(before: &[(String, i64)], after: &[(String, i64)], count: f64) -> String {
    let read = before.iter().zip(after).map(|(b, a)| (a.1 - b.1, &a.0));
    match read.max() {
        Some((rows, table)) if rows > 0 => format!("{:.0} of {table}", rows as f64 / count),
        _ => String::new(),
    }
}
