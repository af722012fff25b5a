//! Those who run the installation. They have a door of their own, `/v1/platform`, always with a second factor, and
//! everything they do there is written down.

use crate::db::PlatformTx;
use crate::error::{Refusal, Result};
use crate::ids::new_id;
use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

pub async fn require(tx: &mut PlatformTx, user: Uuid) -> Result<()> {
    let found = sqlx::query_scalar!(
        "select user_id from operator where user_id = $1 and removed_at is null",
        user
    );
    match found.fetch_optional(&mut **tx).await? {
        Some(_) => Ok(()),
        None => Err(Refusal::forbidden("not_an_operator", "this door is for operators only").into()),
    }
}

/// Makes a user an operator, or one again.
pub async fn add(tx: &mut PlatformTx, user: Uuid, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "insert into operator (user_id, added_at) values ($1, $2)
         on conflict (user_id) do update set removed_at = null",
        user,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Takes it back, and ends the sessions at the operators' door.
pub async fn remove(tx: &mut PlatformTx, user: Uuid, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update operator set removed_at = $2 where user_id = $1",
        user,
        now
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "update user_session set revoked_at = $2 where user_id = $1 and door = 'platform' and revoked_at is null",
        user,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Who is at the operators' door.
#[derive(Debug, Clone)]
pub struct Operator {
    pub user_id: Uuid,
    pub session_id: Uuid,
    pub address: Option<String>,
}

/// One thing an operator did or looked at.
#[derive(Debug, Clone)]
pub struct Use {
    pub id: Uuid,
    pub at: DateTime<Utc>,
    pub user_id: Uuid,
    pub address: Option<String>,
    pub operation: String,
    pub tenant_id: Option<Uuid>,
    pub data: Value,
}

/// Written in the transaction of what it tells of, reads included.
pub async fn log(
    tx: &mut PlatformTx,
    who: &Operator,
    operation: &str,
    tenant: Option<Uuid>,
    data: Value,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into platform_event (id, at, user_id, session_id, address, operation, tenant_id, data)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        new_id(),
        now,
        who.user_id,
        who.session_id,
        who.address,
        operation,
        tenant,
        data
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The newest first, before `before`.
pub async fn uses(tx: &mut PlatformTx, before: Option<Uuid>, limit: i64) -> Result<Vec<Use>> {
    Ok(sqlx::query_as!(
        Use,
        "select id, at, user_id, address, operation, tenant_id, data from platform_event
         where $1::uuid is null or id < $1 order by id desc limit $2",
        before,
        limit
    )
    .fetch_all(&mut **tx)
    .await?)
}
