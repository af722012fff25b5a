//! `innkeep migrate`: roles, our schema, the queue's schema. The only code that logs in as the owner.

use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection, Executor};
use std::str::FromStr;

pub static MIGRATOR: Migrator = sqlx::migrate!("../migrations");

/// Roles belong to the cluster, not to a database: make them if they are missing, and let the owner work here.
const ROLES: &str = "
do $$ begin
    if not exists (select from pg_roles where rolname = 'innkeep_owner') then
        create role innkeep_owner nologin nosuperuser nobypassrls;
    end if;
    if not exists (select from pg_roles where rolname = 'innkeep_app') then
        create role innkeep_app login nosuperuser nobypassrls;
    end if;
exception when duplicate_object or unique_violation then null; -- another migration made them just now
end $$;
do $$ begin
    if not (select rolsuper from pg_roles where rolname = current_user) then
        execute format('grant innkeep_owner to %I', current_user);
    end if;
    execute format('grant create, connect, temporary on database %I to innkeep_owner', current_database());
    execute format('grant connect on database %I to innkeep_app', current_database());
end $$;
grant usage, create on schema public to innkeep_owner;
grant usage on schema public to innkeep_app;
";

/// What innkeep_app may do with the queue: put kicks in, take them out.
const QUEUE_GRANTS: &str = "
grant usage on schema apalis to innkeep_app;
grant select, insert, update, delete on all tables in schema apalis to innkeep_app;
grant execute on all functions in schema apalis to innkeep_app;
grant select on _sqlx_migrations to innkeep_app;
";

/// Every kick pays for what hangs on the queue's table: two indexes stand there twice, and nobody listens to the NOTIFY of
/// its trigger (see `jobs::kick`).
const QUEUE_TRIMS: &str = "
drop index if exists apalis.unique_job_id, apalis.lidx;
drop trigger if exists notify_workers on apalis.jobs;
";

/// Brings the database at `url` (a superuser, or a role that may create roles) to this program's version.
/// `queue` sets up the job queue's own schema on the pool it is given; the domain does not know which queue it is.
pub async fn migrate<F>(url: &str, queue: impl FnOnce(PgPool) -> F) -> Result<(), sqlx::Error>
where
    F: Future<Output = Result<(), sqlx::Error>>,
{
    let options = PgConnectOptions::from_str(url)?;
    let mut conn = PgConnection::connect_with(&options).await?;
    conn.execute(AssertSqlSafe(ROLES)).await?;
    conn.close().await?;
    let owner = owner_pool(options).await?;
    MIGRATOR.run(&owner).await?;
    queue(owner.clone()).await?;
    owner.execute(QUEUE_TRIMS).await?;
    owner.execute(QUEUE_GRANTS).await?;
    owner.close().await;
    Ok(())
}

/// Undoes every migration of ours; the queue's schema stays.
pub async fn migrate_down(url: &str) -> Result<(), sqlx::Error> {
    let owner = owner_pool(PgConnectOptions::from_str(url)?).await?;
    MIGRATOR.undo(&owner, 0).await?;
    owner.close().await;
    Ok(())
}

async fn owner_pool(options: PgConnectOptions) -> Result<PgPool, sqlx::Error> {
    PgPoolOptions::new()
        .max_connections(2)
        .after_connect(|conn, _| {
            Box::pin(async move {
                conn.execute("set role innkeep_owner").await?;
                Ok(())
            })
        })
        .connect_with(options)
        .await
}
