//! The address at which a channel reads our calendar: a secret of which only the hash is kept.

use super::connection::{self, CalendarConnection, Known, logged};
use crate::db::{PlatformTx, TenantTx};
use crate::error::Result;
use crate::identity::{random_token, token_hash};
use crate::ids::TenantId;
use crate::principal::{Permission, Principal};
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Whose address is this? Asked before a tenant is known.
pub async fn find(tx: &mut PlatformTx, token: &str) -> Result<Option<(TenantId, Uuid)>> {
    let row = sqlx::query!(
        "select tenant_id, connection_id from calendar_link where token_hash = $1",
        token_hash(token)
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(|r| (TenantId(r.tenant_id), r.connection_id)))
}

/// A new address; the old one is unknown from now on. Its token is shown this once.
pub async fn rotate(
    tx: &mut TenantTx,
    who: &Principal,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<(CalendarConnection, String)> {
    who.require(Permission::WriteChannels)?;
    Known::lock(tx, id).await?;
    remove(tx, id).await?;
    let token = add(tx, id).await?;
    let changed = connection::get(tx, id).await?;
    logged(tx, who, "calendar_connection.link_rotated", &changed, now).await?;
    Ok((changed, token))
}

/// No address any more.
pub async fn revoke(
    tx: &mut TenantTx,
    who: &Principal,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<CalendarConnection> {
    who.require(Permission::WriteChannels)?;
    Known::lock(tx, id).await?;
    remove(tx, id).await?;
    let changed = connection::get(tx, id).await?;
    logged(tx, who, "calendar_connection.link_revoked", &changed, now).await?;
    Ok(changed)
}

pub(super) async fn add(tx: &mut TenantTx, id: Uuid) -> Result<String> {
    let token = random_token();
    sqlx::query!(
        "insert into calendar_link (token_hash, tenant_id, connection_id) values ($1, $2, $3)",
        token_hash(&token),
        tx.t(),
        id
    )
    .execute(&mut **tx)
    .await?;
    Ok(token)
}

pub(super) async fn remove(tx: &mut TenantTx, id: Uuid) -> Result<()> {
    sqlx::query!(
        "delete from calendar_link where tenant_id = $1 and connection_id = $2",
        tx.t(),
        id
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
