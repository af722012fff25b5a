//! The only door to PostgreSQL. The pool is private: a transaction is begun for one tenant, or for the platform, and
//! everything else is handed that transaction.

mod locks;
mod migrate;

use crate::error::{Error, Result};
use crate::ids::TenantId;
use crate::principal::Principal;
use crate::vault::{Keyring, MasterKeys, Vault};
pub use locks::SessionLocks;
pub use migrate::{MIGRATOR, migrate, migrate_down};
use serde_json::Value;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection, Executor, Postgres, SqlSafeStr, Transaction};
use std::fmt::Write;
use std::ops::{Deref, DerefMut};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// How the server talks to its database.
#[derive(Debug, Clone)]
pub struct DbOptions {
    /// `postgres://innkeep_app@...`: must not be a superuser, an owner, or able to bypass row security.
    pub url: String,
    pub connections: u32,
    /// How long a request waits for a free connection before it is told 503.
    pub acquire_timeout: Duration,
    /// Opens personal data; what a program without it does must not touch any.
    pub master_keys: Option<Arc<MasterKeys>>,
}

impl DbOptions {
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            connections: 16,
            acquire_timeout: Duration::from_secs(2),
            master_keys: None,
        }
    }
}

/// A dropped future does not stop its statement, so the server bounds each one. Our statements are static and go by
/// key, so one plan each is right; planning the booking statement anew costs more than running it.
const SESSION: [(&str, &str); 4] = [
    ("statement_timeout", "15s"),
    ("lock_timeout", "5s"),
    ("idle_in_transaction_session_timeout", "30s"),
    ("plan_cache_mode", "force_generic_plan"),
];

/// After this the connection that reads keys is given back; each key is read once a minute at most.
const KEYS_IDLE: Duration = Duration::from_secs(10);

#[derive(Clone)]
pub struct Db {
    pool: PgPool,
    options: PgConnectOptions,
    keyring: Option<Arc<Keyring>>,
}

impl Db {
    /// Connects, and refuses a role for which row-level security would be decoration.
    pub async fn connect(options: &DbOptions) -> ConnectResult<Self> {
        let connect = PgConnectOptions::from_str(&options.url)?.options(SESSION);
        let pool = PgPoolOptions::new()
            .max_connections(options.connections)
            .acquire_timeout(options.acquire_timeout)
            .test_before_acquire(false)
            .after_release(|conn, _| Box::pin(is_idle(conn)))
            .connect_with(connect.clone())
            .await?;
        refuse_powerful_role(&pool).await?;
        let keyring = options.master_keys.clone().map(|masters| {
            let pool = PgPoolOptions::new()
                .max_connections(1)
                .acquire_timeout(options.acquire_timeout)
                .idle_timeout(KEYS_IDLE)
                .connect_lazy_with(connect.clone());
            Arc::new(Keyring::new(masters, pool))
        });
        Ok(Self {
            pool,
            options: connect,
            keyring,
        })
    }

    /// A transaction that sees one tenant's rows and no other's.
    pub async fn begin(&self, tenant: TenantId) -> Result<TenantTx> {
        self.begin_tenant(tenant, None).await
    }

    /// The same for somebody who acts, and held to the properties they may see.
    pub async fn begin_for(&self, who: &Principal) -> Result<TenantTx> {
        self.begin_tenant(who.tenant, who.properties()).await
    }

    async fn begin_tenant(&self, tenant: TenantId, properties: Option<&[Uuid]>) -> Result<TenantTx> {
        let mut sql = format!("BEGIN; SELECT set_config('app.tenant_id', '{}', true)", tenant.0);
        if let Some(some) = properties {
            let ids: Vec<String> = some.iter().map(Uuid::to_string).collect();
            let _ = write!(
                sql,
                ", set_config('app.property_ids', '{{{}}}', true)",
                ids.join(",")
            );
        }
        Ok(TenantTx {
            tx: self.start(sql).await?,
            tenant,
            keyring: self.keyring.clone(),
            changes: Vec::new(),
        })
    }

    /// A transaction over platform tables. Of tenants' tables it sees what is the installation's own: its keys and the
    /// trail of its operators, [`TenantId::PLATFORM`]'s.
    pub async fn begin_platform(&self) -> Result<PlatformTx> {
        let sql = format!(
            "BEGIN; SELECT set_config('app.tenant_id', '{}', true)",
            TenantId::PLATFORM.0
        );
        Ok(PlatformTx {
            tx: self.start(sql).await?,
            keyring: self.keyring.clone(),
        })
    }

    /// sqlx loses track of a `BEGIN` whose caller goes away during the round trip and pools the connection with the
    /// transaction open (measured on 0.9.0). In a task of its own nobody can cut it short; the wait for a connection
    /// can be, so that callers who went away leave the queue.
    #[expect(clippy::disallowed_methods, reason = "this is the door")]
    async fn start(&self, sql: String) -> Result<Transaction<'static, Postgres>> {
        let conn = self.pool.acquire().await?;
        let begin =
            tokio::spawn(
                async move { Transaction::begin(conn, Some(AssertSqlSafe(sql).into_sql_str())).await },
            );
        Ok(begin
            .await
            .map_err(|e| Error::internal(format!("begin: {e}")))??)
    }

    /// A connection outside the pool, for what lives as long as a session: advisory locks, LISTEN.
    pub async fn session(&self) -> Result<PgConnection> {
        Ok(PgConnection::connect_with(&self.options).await?)
    }

    /// The pool itself, for apalis alone: its tables hold kicks, not tenants' data.
    pub fn queue_pool(&self) -> &PgPool {
        &self.pool
    }

    pub async fn close(&self) {
        self.pool.close().await;
        if let Some(keyring) = &self.keyring {
            keyring.close().await;
        }
    }
}

/// Run by the pool on each release: false closes the connection. An empty statement changes nothing, and sqlx says
/// `BeginFailed` exactly when the server reports "no transaction open" after it; so this is a look at the server's own
/// status without the warning that a bare ROLLBACK would leave in its log every time.
async fn is_idle(conn: &mut PgConnection) -> Result<bool, sqlx::Error> {
    match conn.begin_with(AssertSqlSafe(String::new())).await {
        Err(sqlx::Error::BeginFailed) => Ok(true),
        Ok(open) => {
            open.rollback().await?;
            tracing::error!("a connection came back to the pool inside a transaction; closed it");
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

async fn refuse_powerful_role(pool: &PgPool) -> ConnectResult<()> {
    let (role, powerful): (String, bool) = sqlx::query_as(
        "select session_user::text, r.rolsuper or r.rolbypassrls or pg_has_role(session_user, 'innkeep_owner', 'member')
         from pg_roles r where r.rolname = session_user",
    )
    .fetch_one(pool)
    .await?;
    if powerful {
        return Err(ConnectError::PowerfulRole(role));
    }
    Ok(())
}

/// Why the server will not start.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    #[error(
        "role `{0}` is a superuser, an owner, or may bypass row-level security: tenants would not be kept apart. \
         Log in as innkeep_app (DATABASE_URL); only `innkeep migrate` needs the owner's login."
    )]
    PowerfulRole(String),
}

type ConnectResult<T> = std::result::Result<T, ConnectError>;

/// One tenant's transaction. Dropped without `commit`, it rolls back.
pub struct TenantTx {
    tx: Transaction<'static, Postgres>,
    tenant: TenantId,
    keyring: Option<Arc<Keyring>>,
    /// Kept here since it cannot be read back from `event`: row security hides events without a property from staff
    /// who are held to some.
    changes: Vec<Value>,
}

impl TenantTx {
    /// For the audit trail: something that this transaction changed.
    pub(crate) fn changed(&mut self, change: Value) {
        self.changes.push(change);
    }
    /// Everything it changed so far.
    pub fn changes(&self) -> Value {
        Value::Array(self.changes.clone())
    }
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }
    /// The tenant's id as SQL takes it: every statement says `tenant_id = $1` besides the policy.
    pub fn t(&self) -> uuid::Uuid {
        self.tenant.0
    }
    /// Seals this tenant's personal data, and makes what it is looked up by.
    pub fn vault(&self) -> impl Future<Output = Result<Vault>> + Send + use<> {
        vault(self.keyring.clone(), self.tenant, &[])
    }
    /// Opens these sealed values, whichever of the tenant's keys they name.
    pub fn vault_knowing<'a>(
        &self,
        sealed: &'a [&'a str],
    ) -> impl Future<Output = Result<Vault>> + Send + use<'a> {
        vault(self.keyring.clone(), self.tenant, sealed)
    }
    /// Seals what belongs to no tenant: mail on its way, tokens' payloads.
    pub fn platform_vault(&self) -> impl Future<Output = Result<Vault>> + Send + use<> {
        vault(self.keyring.clone(), TenantId::PLATFORM, &[])
    }
    pub(crate) fn keyring(&self) -> Result<&Arc<Keyring>> {
        self.keyring.as_ref().ok_or_else(without_key)
    }
    /// Which master keys there are; none in a program without.
    pub(crate) fn master_ids(&self) -> impl Iterator<Item = String> {
        let masters = self.keyring.iter().flat_map(|k| k.masters().all());
        masters.map(|key| key.id().to_owned())
    }
    pub async fn commit(self) -> Result<()> {
        Ok(self.tx.commit().await?)
    }
    pub async fn rollback(self) -> Result<()> {
        Ok(self.tx.rollback().await?)
    }
}

impl Deref for TenantTx {
    type Target = PgConnection;
    fn deref(&self) -> &PgConnection {
        &self.tx
    }
}
impl DerefMut for TenantTx {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.tx
    }
}

/// A transaction over platform tables: users, tenants, tokens, endpoint look-up.
pub struct PlatformTx {
    tx: Transaction<'static, Postgres>,
    keyring: Option<Arc<Keyring>>,
}

fn without_key() -> Error {
    Error::internal("personal data without the master key")
}

async fn vault(keyring: Option<Arc<Keyring>>, tenant: TenantId, sealed: &[&str]) -> Result<Vault> {
    let keyring = keyring.ok_or_else(without_key)?;
    keyring.vault_knowing(tenant, sealed).await
}

impl PlatformTx {
    pub fn platform_vault(&self) -> impl Future<Output = Result<Vault>> + Send + use<> {
        vault(self.keyring.clone(), TenantId::PLATFORM, &[])
    }
    /// Opens these sealed values, whichever of the platform's keys they name.
    pub fn platform_vault_knowing<'a>(
        &self,
        sealed: &'a [&'a str],
    ) -> impl Future<Output = Result<Vault>> + Send + use<'a> {
        vault(self.keyring.clone(), TenantId::PLATFORM, sealed)
    }
    pub async fn commit(self) -> Result<()> {
        Ok(self.tx.commit().await?)
    }
}

impl Deref for PlatformTx {
    type Target = PgConnection;
    fn deref(&self) -> &PgConnection {
        &self.tx
    }
}
impl DerefMut for PlatformTx {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.tx
    }
}

impl Db {
    /// Is the database there and migrated to this program's version? For `/health/ready`.
    pub async fn ready(&self) -> Result<()> {
        let applied: i64 = sqlx::query_scalar("select count(*) from _sqlx_migrations where success")
            .fetch_one(&self.pool)
            .await?;
        let known = MIGRATOR
            .iter()
            .filter(|m| m.migration_type.is_up_migration())
            .count();
        if usize::try_from(applied).ok() == Some(known) {
            return Ok(());
        }
        Err(Error::internal(format!(
            "{applied} of {known} migrations applied: run `innkeep migrate`"
        )))
    }

    /// `select 1`, over the wire.
    pub async fn ping(&self) -> Result<()> {
        self.pool.execute("select 1").await?;
        Ok(())
    }
}
