//! Tenants: who an installation is shared by.

use crate::db::PlatformTx;
use crate::error::{Refusal, Result};
use crate::ids::{TenantId, new_id};
use chrono::{DateTime, Utc};
use uuid::Uuid;

#[derive(Debug, Clone)]
pub struct Tenant {
    pub id: TenantId,
    pub name: String,
    pub created_at: DateTime<Utc>,
    /// By an operator: nobody can work in it since.
    pub suspended_at: Option<DateTime<Utc>>,
}

struct Row {
    id: Uuid,
    name: String,
    created_at: DateTime<Utc>,
    suspended_at: Option<DateTime<Utc>>,
}

impl From<Row> for Tenant {
    fn from(r: Row) -> Self {
        Self {
            id: TenantId(r.id),
            name: r.name,
            created_at: r.created_at,
            suspended_at: r.suspended_at,
        }
    }
}

pub async fn create(tx: &mut PlatformTx, name: &str, now: DateTime<Utc>) -> Result<Tenant> {
    if name.trim().is_empty() {
        return Err(Refusal::invalid("empty_name", "a tenant needs a name")
            .at("/name")
            .into());
    }
    let id = new_id();
    sqlx::query!(
        "insert into tenant (id, name, created_at) values ($1, $2, $3)",
        id,
        name,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(Tenant {
        id: TenantId(id),
        name: name.to_owned(),
        created_at: now,
        suspended_at: None,
    })
}

/// Every tenant, oldest first: what sweeps and `verify` walk over.
pub async fn all(tx: &mut PlatformTx) -> Result<Vec<Tenant>> {
    let rows = sqlx::query_as!(
        Row,
        "select id, name, created_at, suspended_at from tenant order by created_at, id"
    );
    Ok(rows
        .fetch_all(&mut **tx)
        .await?
        .into_iter()
        .map(Tenant::from)
        .collect())
}

/// By id, after `after`.
pub async fn list(tx: &mut PlatformTx, after: Option<Uuid>, limit: i64) -> Result<Vec<Tenant>> {
    let rows = sqlx::query_as!(
        Row,
        "select id, name, created_at, suspended_at from tenant where $1::uuid is null or id > $1 order by id limit $2",
        after,
        limit
    );
    Ok(rows
        .fetch_all(&mut **tx)
        .await?
        .into_iter()
        .map(Tenant::from)
        .collect())
}

/// Nobody can work in a suspended tenant; what comes from channels is still taken in, so that nothing is lost.
pub async fn set_suspended(
    tx: &mut PlatformTx,
    id: TenantId,
    suspended: bool,
    now: DateTime<Utc>,
) -> Result<()> {
    let found = sqlx::query_scalar!(
        "update tenant set suspended_at = case when $2 then coalesce(suspended_at, $3) end where id = $1 returning id",
        id.0,
        suspended,
        now
    );
    match found.fetch_optional(&mut **tx).await? {
        Some(_) => Ok(()),
        None => Err(Refusal::not_found("tenant").into()),
    }
}

/// Forgets what the platform needs no more: what has run out of tokens and sessions, and kicks that were taken care of.
pub async fn forget_old(tx: &mut PlatformTx, now: DateTime<Utc>) -> Result<()> {
    let day_ago = now - chrono::Duration::days(1);
    crate::identity::forget_old(tx, now).await?;
    crate::mail::forget_old(tx, now).await?;
    crate::jobs::forget_done(tx, day_ago).await
}
