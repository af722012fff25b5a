//! What a tenant, or one of its properties, has in the database: if attacks leave a trace there, its hash changes.

use innkeep_domain::testing::TestDatabase;
use sqlx::{AssertSqlSafe, Connection};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Hashes of all rows of each table in which `column` is `id`. The audit trail tells of its own tenant's attempts.
pub async fn footprint(
    database: &TestDatabase,
    column: &str,
    id: Uuid,
) -> anyhow::Result<BTreeMap<String, String>> {
    let mut conn = database.superuser().await?;
    let tables: Vec<String> = sqlx::query_scalar(
        "select c.oid::regclass::text from pg_class c join pg_attribute a on a.attrelid = c.oid
         where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and a.attname = $1
           and c.relname not like 'audit%' order by 1",
    )
    .bind(column)
    .fetch_all(&mut conn)
    .await?;
    let mut hashes = BTreeMap::new();
    for table in tables {
        let sql = format!(
            "select coalesce(md5(string_agg(t::text, '|' order by t::text)), '') from {table} t where t.{column} = $1"
        );
        let hash = sqlx::query_scalar(AssertSqlSafe(sql)).bind(id);
        hashes.insert(table, hash.fetch_one(&mut conn).await?);
    }
    conn.close().await?;
    Ok(hashes)
}

/// The tables that differ.
pub fn changed(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<String> {
    let all = after
        .iter()
        .filter(|(table, hash)| before.get(*table) != Some(hash));
    all.map(|(table, _)| table.clone()).collect()
}
