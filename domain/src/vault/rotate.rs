//! Changing keys beside a running installation. A new data key seals from now on; what older keys sealed is sealed anew
//! in batches, each value only if it is still the one that was read, so that whoever writes meanwhile wins. Cut off, it
//! is taken up where the table says. The index key stays: it is never in a value, and changing it would lose look-ups.

use super::columns::{self, Sealed};
use super::{DataKey, VERSION, verify};
use crate::db::{Db, TenantTx};
use crate::error::Result;
use crate::ids::TenantId;
use chrono::{DateTime, Duration, Utc};
use sqlx::{AssertSqlSafe, Row};

/// Values of one transaction.
const BATCH: i64 = 500;
/// How long a replaced key is kept at least: processes look for a new one every minute, and what they seal with the old
/// one until then must open.
pub const KEPT_MINUTES: i64 = 60;
/// Whoever still seals with the old key while a rotation runs leaves work for the next pass, and then for the hourly job.
const MOST_PASSES: usize = 5;

/// What a rotation did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rotated {
    /// Values sealed under the current key now.
    pub resealed: u64,
    /// Values that no key opens: they stay as they are, and `innkeep verify` names them.
    pub unreadable: u64,
    /// Keys that were thrown away.
    pub dropped: u64,
}

/// Ends a rotation that was cut off; otherwise makes a new key and seals everything under it. The replaced key is
/// thrown away by [`finish`], an hour later.
pub async fn tenant(db: &Db, tenant: TenantId, now: DateTime<Utc>) -> Result<Rotated> {
    let unfinished = reseal(db, tenant).await?;
    if unfinished.resealed > 0 {
        return Ok(unfinished);
    }
    let mut tx = db.begin(tenant).await?;
    replace(&mut tx, now).await?;
    let keyring = tx.keyring()?.clone();
    tx.commit().await?;
    keyring.forget(tenant);
    reseal(db, tenant).await
}

/// What the hourly job does: ends what a rotation left, and throws away keys that nothing needs any more.
pub async fn finish(db: &Db, tenant: TenantId, now: DateTime<Utc>) -> Result<Rotated> {
    let mut tx = db.begin(tenant).await?;
    let replaced = sqlx::query_scalar!(
        "select id from tenant_key where tenant_id = $1 and purpose = 'seal' and retired_at < $2",
        tx.t(),
        now - Duration::minutes(KEPT_MINUTES)
    )
    .fetch_all(&mut *tx)
    .await?;
    drop(tx);
    if replaced.is_empty() {
        return Ok(Rotated::default());
    }
    let mut done = reseal(db, tenant).await?;
    let mut tx = db.begin(tenant).await?;
    for id in replaced {
        done.dropped += u64::from(drop_unused(&mut tx, &id).await?);
    }
    tx.commit().await?;
    Ok(done)
}

/// From its commit on the tenant has another current key.
async fn replace(tx: &mut TenantTx, now: DateTime<Utc>) -> Result<()> {
    // Makes the first keys of a tenant that has none, so that there is one to replace.
    tx.vault().await?;
    let (key, tenant) = (DataKey::random(), tx.tenant());
    let wrapped = tx.keyring()?.masters().wrap(tenant, &key)?;
    sqlx::query!(
        "update tenant_key set retired_at = $2 where tenant_id = $1 and purpose = 'seal' and retired_at is null",
        tx.t(),
        now
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "insert into tenant_key (tenant_id, id, purpose, wrapped, created_at) values ($1, $2, 'seal', $3, $4)",
        tx.t(),
        key.id,
        wrapped,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Seals under the current key what is sealed under another.
async fn reseal(db: &Db, tenant: TenantId) -> Result<Rotated> {
    let mut total = Rotated::default();
    for _ in 0..MOST_PASSES {
        let pass = pass(db, tenant).await?;
        total.resealed += pass.resealed;
        total.unreadable = pass.unreadable;
        if pass.resealed == 0 {
            break;
        }
    }
    Ok(total)
}

async fn pass(db: &Db, tenant: TenantId) -> Result<Rotated> {
    let mut done = Rotated::default();
    for column in columns::of(tenant) {
        let mut after = None;
        loop {
            let mut tx = db.begin(tenant).await?;
            let found = older(&mut tx, column, after.as_deref()).await?;
            if found.is_empty() {
                break;
            }
            let (resealed, unreadable) = batch(&mut tx, column, &found).await?;
            tx.commit().await?;
            done.resealed += resealed;
            done.unreadable += unreadable;
            after = found.into_iter().next_back().map(|value| value.key);
        }
    }
    Ok(done)
}

struct Value {
    key: Vec<String>,
    sealed: String,
}

/// The next values that are not under the current key.
async fn older(tx: &mut TenantTx, column: &Sealed, after: Option<&[String]>) -> Result<Vec<Value>> {
    let current = tx.vault().await?.current_id()?.to_owned();
    let sql = AssertSqlSafe(column.select(after.is_some()));
    let mut query = sqlx::query(sql)
        .bind(tx.t())
        .bind(format!("{VERSION}.{current}.%"))
        .bind(BATCH);
    if let Some(key) = after {
        query = query.bind(key.to_vec());
    }
    let rows = query.fetch_all(&mut **tx).await?;
    let value = |row: sqlx::postgres::PgRow| {
        Ok(Value {
            key: row.try_get("key")?,
            sealed: row.try_get("value")?,
        })
    };
    rows.into_iter().map(value).collect()
}

/// How many were sealed anew, and how many cannot be opened.
async fn batch(tx: &mut TenantTx, column: &Sealed, found: &[Value]) -> Result<(u64, u64)> {
    let texts: Vec<&str> = found.iter().map(|v| v.sealed.as_str()).collect();
    let vault = tx.vault_knowing(&texts).await?;
    let (mut old, mut new, mut unreadable) = (Vec::new(), Vec::new(), 0);
    let mut keys = vec![Vec::new(); column.key_columns()];
    for value in found {
        let place = column.place(&value.key);
        let Ok(plain) = vault.open(&place, &value.sealed) else {
            unreadable += 1;
            continue;
        };
        old.push(value.sealed.clone());
        new.push(vault.seal(&place, &plain)?);
        for (all, part) in keys.iter_mut().zip(&value.key) {
            all.push(part.clone());
        }
    }
    let sql = AssertSqlSafe(column.replace());
    let mut query = sqlx::query(sql).bind(tx.t()).bind(old).bind(new);
    for part in keys {
        query = query.bind(part);
    }
    let done = query.execute(&mut **tx).await?;
    Ok((done.rows_affected(), unreadable))
}

/// Throws the key away unless a value names it.
async fn drop_unused(tx: &mut TenantTx, id: &str) -> Result<bool> {
    if verify::is_named(tx, id).await? {
        return Ok(false);
    }
    let done = sqlx::query!(
        "delete from tenant_key where tenant_id = $1 and id = $2 and retired_at is not null",
        tx.t(),
        id
    );
    Ok(done.execute(&mut **tx).await?.rows_affected() == 1)
}

/// Wraps the tenant's data keys by the current master key; the values stay as they are. Returns how many keys were
/// wrapped by the old one, and whether values are left that need the old one itself: those of versions before data keys,
/// until [`tenant`] has run.
pub async fn rewrap(tx: &mut TenantTx) -> Result<(u64, bool)> {
    let (keyring, tenant) = (tx.keyring()?.clone(), tx.tenant());
    let masters = keyring.masters();
    let rows = sqlx::query!(
        "select id, wrapped from tenant_key where tenant_id = $1 and wrapped not like $2 for update",
        tx.t(),
        format!("{VERSION}.{}.%", masters.current.id())
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut done = 0;
    for row in rows {
        let key = masters.unwrap(tenant, &row.id, &row.wrapped)?;
        sqlx::query!(
            "update tenant_key set wrapped = $3 where tenant_id = $1 and id = $2",
            tx.t(),
            row.id,
            masters.wrap(tenant, &key)?
        )
        .execute(&mut **tx)
        .await?;
        done += 1;
    }
    let needed = match &masters.old {
        Some(old) => verify::is_named(tx, old.id()).await?,
        None => false,
    };
    Ok((done, needed))
}
