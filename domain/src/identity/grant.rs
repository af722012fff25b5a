//! What a credential is worth now: read from the tables, never from the token. A caller may keep an answer for
//! [`FRESH_SECONDS`]; so a right that was taken away is gone everywhere within that time.

use super::membership;
use super::role::{self, RoleRef};
use super::secret::token_hash;
use super::session::Door;
use crate::db::{Db, PlatformTx, TenantTx};
use crate::error::Result;
use crate::ids::TenantId;
use crate::principal::{Grant, Permission};
use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

/// How long a grant may be believed without asking again.
pub const FRESH_SECONDS: i64 = 15;
/// How often a credential's `last_used_at` is written.
const NOTED_EVERY: Duration = Duration::seconds(60);

/// A program's key, found by its secret.
#[derive(Debug, Clone)]
pub struct Key {
    pub id: Uuid,
    pub tenant: TenantId,
    pub grant: Grant,
}

/// A session's rights in its tenant; `None` when the session, the membership, the account or the tenant has ended.
pub async fn of_session(
    tx: &mut TenantTx,
    session: Uuid,
    user: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<Grant>> {
    let row = sqlx::query!(
        r#"select m.role, m.role_id, r.name as "name?", r.permissions as "permissions?", m.property_ids, s.last_used_at
           from user_session s
           join app_user u on u.id = s.user_id
           join tenant t on t.id = s.tenant_id
           join membership m on m.user_id = s.user_id and m.tenant_id = s.tenant_id
           left join role r on r.tenant_id = m.tenant_id and r.id = m.role_id
           where s.id = $1 and s.user_id = $2 and s.tenant_id = $3 and s.door = 'tenant' and s.revoked_at is null
             and s.expires_at > $4 and u.disabled_at is null and t.suspended_at is null"#,
        session,
        user,
        tx.t(),
        now
    )
    .fetch_optional(&mut **tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let role = RoleRef::from_columns(row.role.as_deref(), row.role_id)?;
    let grant = Grant {
        permissions: role::permissions(&role, row.permissions.as_deref())?,
        role: row.name.unwrap_or_else(|| role.to_string()),
        properties: row.property_ids.map(Into::into),
    };
    if row.last_used_at < now - NOTED_EVERY {
        sqlx::query!(
            "update user_session set last_used_at = $2 where id = $1",
            session,
            now
        )
        .execute(&mut **tx)
        .await?;
    }
    Ok(Some(grant))
}

/// Is this session still good at its door? What a person may do with their own account hangs on nothing else.
pub async fn session_is_open(
    tx: &mut PlatformTx,
    session: Uuid,
    user: Uuid,
    door: Door,
    now: DateTime<Utc>,
) -> Result<bool> {
    let open = sqlx::query_scalar!(
        "select s.id from user_session s join app_user u on u.id = s.user_id
         left join operator o on o.user_id = s.user_id and o.removed_at is null
         where s.id = $1 and s.user_id = $2 and s.door = $3 and s.revoked_at is null and s.expires_at > $4
           and u.disabled_at is null and (s.door <> 'platform' or o.user_id is not null)",
        session,
        user,
        door.name(),
        now
    );
    Ok(open.fetch_optional(&mut **tx).await?.is_some())
}

/// What a key may do. With a secret, only if it is the key's (or was until a rotation, for a while); without one, for
/// an access token that was given for it.
pub async fn of_key(db: &Db, id: Uuid, secret: Option<&str>, now: DateTime<Utc>) -> Result<Option<Key>> {
    let mut tx = db.begin_platform().await?;
    let tenant = sqlx::query_scalar!(
        "select k.tenant_id from api_key_tenant k join tenant t on t.id = k.tenant_id
         where k.key_id = $1 and t.suspended_at is null",
        id
    )
    .fetch_optional(&mut *tx)
    .await?;
    tx.commit().await?;
    let Some(tenant) = tenant.map(TenantId) else {
        return Ok(None);
    };
    let mut tx = db.begin(tenant).await?;
    let hash = secret.map(token_hash);
    let row = sqlx::query!(
        "select scopes, property_ids, last_used_at from api_key
         where tenant_id = $1 and id = $2 and revoked_at is null and (expires_at is null or expires_at > $3)
           and ($4::bytea is null or secret_hash = $4 or (previous_hash = $4 and previous_until > $3))",
        tenant.0,
        id,
        now,
        hash
    )
    .fetch_optional(&mut *tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    if row.last_used_at.is_none_or(|at| at < now - NOTED_EVERY) {
        sqlx::query!(
            "update api_key set last_used_at = $3 where tenant_id = $1 and id = $2",
            tenant.0,
            id,
            now
        )
        .execute(&mut *tx)
        .await?;
    }
    tx.commit().await?;
    let grant = Grant {
        role: "api_key".into(),
        permissions: row.scopes.iter().filter_map(|n| Permission::parse(n)).collect(),
        properties: row.property_ids.map(Into::into),
    };
    Ok(Some(Key { id, tenant, grant }))
}

/// The tenants somebody may switch to.
pub async fn tenants(tx: &mut PlatformTx, user: Uuid) -> Result<Vec<membership::Membership>> {
    membership::of_user(tx, user).await
}
