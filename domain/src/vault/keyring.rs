//! Where a process has its tenants' keys from: unwrapped once, kept for a minute, made when a tenant first needs them.

use super::{DataKey, Keys, MasterKeys, Vault};
use crate::error::{Error, Result};
use crate::ids::TenantId;
use quick_cache::sync::Cache;
use sqlx::postgres::{PgConnection, PgPool};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Tenants whose keys one process keeps.
const MOST_KEPT: usize = 10_000;
/// Until then a process may go on sealing with a key that was replaced; such a key lives much longer
/// ([`super::rotate::KEPT_MINUTES`]).
const FRESH: Duration = Duration::from_secs(60);

#[derive(Clone)]
struct Kept {
    vault: Vault,
    since: Instant,
}

pub(crate) struct Keyring {
    masters: Arc<MasterKeys>,
    /// One connection beside the server's: keys must be committed whatever becomes of the transaction that wanted them.
    /// Whoever waits for it finds what the one before has loaded.
    pool: PgPool,
    kept: Cache<TenantId, Kept>,
}

impl Keyring {
    pub(crate) fn new(masters: Arc<MasterKeys>, pool: PgPool) -> Self {
        Self {
            masters,
            pool,
            kept: Cache::new(MOST_KEPT),
        }
    }

    pub(crate) fn masters(&self) -> &MasterKeys {
        &self.masters
    }

    /// The tenant's keys, read anew if one of the values names a key that is not among those kept: another process has
    /// begun to seal with it. [`TenantId::PLATFORM`] has keys of its own.
    pub(crate) async fn vault_knowing(&self, tenant: TenantId, sealed: &[&str]) -> Result<Vault> {
        let knows = |vault: &Vault| sealed.iter().all(|text| vault.knows(text));
        self.vault_where(tenant, knows).await
    }

    async fn vault_where(&self, tenant: TenantId, enough: impl Fn(&Vault) -> bool) -> Result<Vault> {
        let kept = || {
            let kept = self.kept.get(&tenant)?;
            (kept.since.elapsed() < FRESH && enough(&kept.vault)).then_some(kept.vault)
        };
        if let Some(vault) = kept() {
            return Ok(vault);
        }
        let mut conn = self.connection().await?;
        if let Some(vault) = kept() {
            return Ok(vault);
        }
        let since = Instant::now();
        let vault = self.load(&mut conn, tenant).await?;
        let keeping = Kept {
            vault: vault.clone(),
            since,
        };
        self.kept.insert(tenant, keeping);
        Ok(vault)
    }

    pub(crate) async fn close(&self) {
        self.pool.close().await;
    }

    /// Who has changed keys forgets them, so that the next look sees the change.
    pub(super) fn forget(&self, tenant: TenantId) {
        self.kept.remove(&tenant);
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "db.rs gave this pool away, for keys alone"
    )]
    async fn connection(&self) -> Result<sqlx::pool::PoolConnection<sqlx::Postgres>> {
        Ok(self.pool.acquire().await?)
    }

    async fn load(&self, conn: &mut PgConnection, tenant: TenantId) -> Result<Vault> {
        // Of the session: this connection never sees anything but keys.
        sqlx::query("select set_config('app.tenant_id', $1, false)")
            .bind(tenant.to_string())
            .execute(&mut *conn)
            .await?;
        if let Some(vault) = self.read(conn, tenant).await? {
            return Ok(vault);
        }
        self.make(conn, tenant).await?;
        let made = self.read(conn, tenant).await?;
        made.ok_or_else(|| Error::internal(format!("tenant {tenant} has no keys")))
    }

    /// `None`: the tenant has no keys yet.
    async fn read(&self, conn: &mut PgConnection, tenant: TenantId) -> Result<Option<Vault>> {
        let rows = sqlx::query!(
            "select id, purpose, wrapped from tenant_key where tenant_id = $1
             order by retired_at desc nulls first",
            tenant.0
        )
        .fetch_all(conn)
        .await?;
        let (mut sealing, mut indexing) = (Vec::new(), None);
        for row in rows {
            let key = self.masters.unwrap(tenant, &row.id, &row.wrapped)?;
            match row.purpose.as_str() {
                "index" => indexing = Some(key.secret),
                _ => sealing.push(key),
            }
        }
        let Some(indexing) = indexing.filter(|_| !sealing.is_empty()) else {
            return Ok(None);
        };
        for master in self.masters.all() {
            sealing.push(master.derived(tenant)?);
        }
        Ok(Some(Vault(Arc::new(Keys {
            tenant,
            sealing,
            indexing,
        }))))
    }

    /// Two processes may come at once: the table takes one key of each purpose.
    async fn make(&self, conn: &mut PgConnection, tenant: TenantId) -> Result<()> {
        let sealing = DataKey::random();
        let indexing = DataKey {
            secret: self.masters.oldest().first_index(tenant)?,
            ..DataKey::random()
        };
        sqlx::query!(
            "insert into tenant_key (tenant_id, id, purpose, wrapped)
             values ($1, $2, 'seal', $3), ($1, $4, 'index', $5) on conflict do nothing",
            tenant.0,
            sealing.id,
            self.masters.wrap(tenant, &sealing)?,
            indexing.id,
            self.masters.wrap(tenant, &indexing)?
        )
        .execute(conn)
        .await?;
        Ok(())
    }
}
