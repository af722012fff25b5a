//! Who calls us: found by a secret that we handed out once, before a tenant is known. Only its hash is kept, so that
//! looking it up takes the same time whatever was guessed.

use crate::db::PlatformTx;
use crate::error::Result;
use crate::identity::token_hash;
use crate::ids::TenantId;
use uuid::Uuid;

/// Whose inbound URL ends with this token?
pub async fn find(tx: &mut PlatformTx, token: &str) -> Result<Option<(TenantId, Uuid)>> {
    let row = sqlx::query!(
        "select tenant_id, connection_id from channel_endpoint where token_hash = $1",
        token_hash(token)
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(|r| (TenantId(r.tenant_id), r.connection_id)))
}

/// Who has this name (the connection's id, no secret) and password (its token)?
pub async fn log_in(tx: &mut PlatformTx, name: &str, password: &str) -> Result<Option<(TenantId, Uuid)>> {
    let found = find(tx, password).await?;
    let named: Option<Uuid> = name.parse().ok();
    Ok(found.filter(|(_, id)| named == Some(*id)))
}
