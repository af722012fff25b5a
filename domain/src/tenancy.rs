//! Tenants: who an installation is shared by.

use crate::db::PlatformTx;
use crate::error::{Refusal, Result};
use crate::ids::{TenantId, new_id};
use chrono::{DateTime, Utc};

#[derive(Debug, Clone)]
pub struct Tenant {
    pub id: TenantId,
    pub name: String,
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
    })
}

/// Every tenant, oldest first: what sweeps and `verify` walk over.
pub async fn all(tx: &mut PlatformTx) -> Result<Vec<Tenant>> {
    let rows = sqlx::query!("select id, name from tenant order by created_at, id")
        .fetch_all(&mut **tx)
        .await?;
    Ok(rows
        .into_iter()
        .map(|r| Tenant {
            id: TenantId(r.id),
            name: r.name,
        })
        .collect())
}

/// Forgets what the platform needs no more: expired refresh tokens, and kicks that were taken care of.
pub async fn forget_old(tx: &mut PlatformTx, now: DateTime<Utc>) -> Result<()> {
    let day_ago = now - chrono::Duration::days(1);
    sqlx::query!("delete from refresh_token where expires_at < $1", day_ago)
        .execute(&mut **tx)
        .await?;
    crate::jobs::forget_done(tx, day_ago).await
}
