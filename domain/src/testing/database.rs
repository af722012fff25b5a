//! Throw-away databases: migrated once into a template, cloned for each test in some 50 ms, dropped at the test's end.

use crate::db::{self, Db, DbOptions, MIGRATOR};
use crate::error::{Error, Result};
use crate::vault::{MasterKey, MasterKeys};
use sha2::{Digest, Sha256};
use sqlx::postgres::{PgConnection, PgPool};
use sqlx::{AssertSqlSafe, Connection, Executor, Row};
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;

/// Names a superuser's login to a PostgreSQL that tests may fill; `scripts/with-services` sets it.
pub const SERVER_URL: &str = "INNKEEP_TEST_DATABASE_URL";

/// Held while the template is made, so that parallel test processes make it once.
const TEMPLATE_LOCK: i64 = 0x1aa_7e57;

pub struct TestDatabase {
    server: String,
    name: String,
}

impl TestDatabase {
    /// What [`Self::connect`] wraps data keys with; a program started beside it needs the same.
    pub const MASTER_KEY: [u8; 32] = [7; 32];

    /// A migrated, empty database. `queue` sets up the job queue's schema, as in [`db::migrate`].
    pub async fn create<F>(queue: impl FnOnce(PgPool) -> F) -> Result<Self>
    where
        F: Future<Output = Result<(), sqlx::Error>>,
    {
        let server = std::env::var(SERVER_URL).map_err(|_| {
            Error::internal(format!(
                "{SERVER_URL} is not set: use scripts/test or scripts/prove"
            ))
        })?;
        let template = template(&server, queue).await?;
        let name = format!("t_{}", Uuid::now_v7().simple());
        let mut conn = PgConnection::connect(&server).await?;
        let clone = format!("create database {name} template {template} strategy file_copy");
        conn.execute(AssertSqlSafe(clone)).await?;
        // A clone keeps the template's contents, not the rights that were granted on the database itself.
        conn.execute(AssertSqlSafe(format!(
            "grant connect on database {name} to innkeep_app"
        )))
        .await?;
        conn.close().await?;
        Ok(Self { server, name })
    }

    /// As the server logs in.
    pub fn app_url(&self) -> String {
        rewrite(&self.server, Some("innkeep_app"), &self.name)
    }

    /// As `innkeep migrate` logs in: a superuser, who sees every tenant's rows.
    pub fn owner_url(&self) -> String {
        rewrite(&self.server, None, &self.name)
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub async fn connect(&self, connections: u32) -> Result<Db> {
        let options = DbOptions {
            connections,
            master_keys: Some(Arc::new(MasterKeys {
                current: MasterKey::new(Self::MASTER_KEY)?,
                old: None,
            })),
            ..DbOptions::new(self.app_url())
        };
        Db::connect(&options)
            .await
            .map_err(|e| Error::internal(e.to_string()))
    }

    /// Past row-level security: to look at what is stored, whoever it belongs to.
    pub async fn superuser(&self) -> Result<PgConnection> {
        Ok(PgConnection::connect(&self.owner_url()).await?)
    }

    /// Rows per table, ours and the queue's: the same before and after means that nothing was stored. Without the audit
    /// trail, which tells of what was refused too.
    pub async fn row_counts(&self) -> Result<BTreeMap<String, i64>> {
        let mut conn = self.superuser().await?;
        let tables: Vec<String> = sqlx::query_scalar(
            "select c.oid::regclass::text from pg_class c where c.relkind = 'r' and c.relname <> '_sqlx_migrations'
               and c.relname not like 'audit%'
               and (c.relnamespace = 'public'::regnamespace or c.oid = 'apalis.jobs'::regclass)",
        )
        .fetch_all(&mut conn)
        .await?;
        let each = tables
            .iter()
            .map(|t| format!("select '{t}' as name, count(*) as rows from {t}"));
        let sql = each.collect::<Vec<_>>().join(" union all ");
        let rows = conn.fetch_all(AssertSqlSafe(sql)).await?;
        conn.close().await?;
        rows.iter()
            .map(|r| Ok((r.try_get("name")?, r.try_get("rows")?)))
            .collect()
    }
}

impl Drop for TestDatabase {
    /// Also after a failed assertion. In a thread of its own, because the test's runtime may be gone.
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(async move {
                let mut conn = PgConnection::connect(&server).await?;
                conn.execute(AssertSqlSafe(format!(
                    "drop database if exists {name} with (force)"
                )))
                .await?;
                conn.close().await
            })
        });
        if !matches!(dropping.join(), Ok(Ok(()))) {
            tracing::warn!(database = self.name, "a test database was not dropped");
        }
    }
}

/// The migrated template's name; whoever comes first makes it.
async fn template<F>(server: &str, queue: impl FnOnce(PgPool) -> F) -> Result<String>
where
    F: Future<Output = Result<(), sqlx::Error>>,
{
    let name = format!("innkeep_template_{}", migrations_hash());
    let mut conn = PgConnection::connect(server).await?;
    sqlx::query("select pg_advisory_lock($1)")
        .bind(TEMPLATE_LOCK)
        .execute(&mut conn)
        .await?;
    let there = sqlx::query("select from pg_database where datname = $1")
        .bind(&name)
        .fetch_optional(&mut conn)
        .await?;
    if there.is_none() {
        // Under its final name only once it is whole, should this process be killed midway.
        let draft = format!("{name}_draft");
        conn.execute(AssertSqlSafe(format!("drop database if exists {draft}")))
            .await?;
        conn.execute(AssertSqlSafe(format!("create database {draft}")))
            .await?;
        db::migrate(&rewrite(server, None, &draft), queue).await?;
        conn.execute(AssertSqlSafe(format!("alter database {draft} rename to {name}")))
            .await?;
    }
    conn.close().await?; // and with it the lock
    Ok(name)
}

fn migrations_hash() -> String {
    let mut hash = Sha256::new();
    for migration in MIGRATOR.iter() {
        hash.update(&migration.checksum);
    }
    hash.finalize()
        .iter()
        .take(8)
        .map(|b| format!("{b:02x}"))
        .collect()
}

/// The URL with another database, and another user if one is named.
fn rewrite(url: &str, user: Option<&str>, database: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("postgres", url));
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let authority = place.split_once('/').map_or(place, |(authority, _)| authority);
    let authority = match (user, authority.rsplit_once('@')) {
        (Some(user), Some((_, host))) => format!("{user}@{host}"),
        (Some(user), None) => format!("{user}@{authority}"),
        (None, _) => authority.to_owned(),
    };
    let query = if query.is_empty() {
        String::new()
    } else {
        format!("?{query}")
    };
    format!("{scheme}://{authority}/{database}{query}")
}

#[cfg(test)]
mod tests {
    use super::rewrite;

    #[test]
    fn a_url_gets_another_user_and_database() {
        let socket = "postgres://postgres@localhost/postgres?host=/tmp/sock";
        assert_eq!(
            rewrite(socket, Some("app"), "t"),
            "postgres://app@localhost/t?host=/tmp/sock"
        );
        assert_eq!(
            rewrite(socket, None, "t"),
            "postgres://postgres@localhost/t?host=/tmp/sock"
        );
        assert_eq!(
            rewrite("postgres://a:b@h:5/x", Some("app"), "t"),
            "postgres://app@h:5/t"
        );
    }
}
