//! Those who run the installation. They have a door of their own, `/v1/platform`, always with a second factor, and
//! everything they do there is written down.

use crate::audit::{self, NewEntry, Phase};
use crate::db::PlatformTx;
use crate::error::{Refusal, Result};
use crate::ids::TenantId;
use crate::principal::Actor;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
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
    pub request_id: String,
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

/// Written in the transaction of what it tells of, reads included: into the installation's own audit trail, which is
/// chained and verified like a tenant's. `data` is an object.
pub async fn log(
    tx: &mut PlatformTx,
    who: &Operator,
    operation: &str,
    tenant: Option<Uuid>,
    mut data: Value,
    now: DateTime<Utc>,
) -> Result<()> {
    data["session_id"] = json!(who.session_id);
    let entry = NewEntry {
        at: now,
        operation,
        phase: Phase::Done,
        status: None,
        actor: &Actor::Operator(who.user_id).to_string(),
        address: who.address.as_deref(),
        request_id: &who.request_id,
        subject_id: tenant,
        changes: data,
    };
    audit::write(tx, TenantId::PLATFORM, entry).await
}

/// The newest first, before `before`.
pub async fn uses(tx: &mut PlatformTx, before: Option<Uuid>, limit: i64) -> Result<Vec<Use>> {
    Ok(sqlx::query_as!(
        Use,
        r#"select id, at, split_part(actor, ':', 2)::uuid as "user_id!", address, operation, subject_id as tenant_id,
                  changes as data
           from audit_entry where tenant_id = $1 and ($2::uuid is null or id < $2) order by id desc limit $3"#,
        TenantId::PLATFORM.0,
        before,
        limit
    )
    .fetch_all(&mut **tx)
    .await?)
}
