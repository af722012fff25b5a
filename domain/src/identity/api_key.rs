//! Keys of programs: `ik_<id>_<secret>`. The id is not secret and is the OAuth2 client id, too; of the secret only a
//! hash is stored.

use super::membership::logged;
use super::role::given;
use super::secret::{random_token, token_hash};
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::ids::new_id;
use crate::principal::{Permission, Principal};
use crate::property;
use chrono::{DateTime, Duration, Utc};
use serde_json::json;
use uuid::Uuid;

const PREFIX: &str = "ik_";
/// Longest time in which the old secret is good beside the new one.
pub const LONGEST_OVERLAP_HOURS: i32 = 168;

#[derive(Debug, Clone)]
pub struct ApiKey {
    pub id: Uuid,
    pub name: String,
    pub scopes: Vec<String>,
    /// `None`: all.
    pub property_ids: Option<Vec<Uuid>>,
    pub created_by: String,
    pub created_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub last_used_at: Option<DateTime<Utc>>,
    /// Until when the secret before the last rotation is good.
    pub previous_until: Option<DateTime<Utc>>,
    pub version: i32,
}

pub struct NewApiKey {
    pub name: String,
    pub scopes: Vec<String>,
    pub property_ids: Option<Vec<Uuid>>,
    pub expires_at: Option<DateTime<Utc>>,
}

/// A key and its text, shown this once.
pub struct Shown {
    pub key: ApiKey,
    pub text: String,
}

/// The id and the secret of a key's text; `None` for anything else.
pub fn parse(text: &str) -> Option<(Uuid, &str)> {
    let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
    let id = (id.len() == 32).then(|| Uuid::try_parse(id).ok())??;
    (secret.len() == 43).then_some((id, secret))
}

pub fn is_key(text: &str) -> bool {
    text.starts_with(PREFIX)
}

fn text(id: Uuid, secret: &str) -> String {
    format!("{PREFIX}{}_{secret}", id.simple())
}

/// Scopes are permissions, none that the maker lacks; properties are the tenant's.
pub async fn create(tx: &mut TenantTx, who: &Principal, new: NewApiKey, now: DateTime<Utc>) -> Result<Shown> {
    who.require(Permission::WriteApiKeys)?;
    who.require_all_properties()?;
    let scopes = given(who, &new.scopes, "/scopes")?.names();
    if scopes.is_empty() {
        return Err(
            Refusal::invalid("missing_field", "a key without scopes opens nothing")
                .at("/scopes")
                .into(),
        );
    }
    for id in new.property_ids.iter().flatten() {
        property::get(tx, *id).await.map_err(|e| e.at("/property_ids"))?;
    }
    if new.expires_at.is_some_and(|at| at <= now) {
        return Err(Refusal::invalid("out_of_range", "a key ends in the future")
            .at("/expires_at")
            .into());
    }
    let (id, secret) = (new_id(), random_token());
    sqlx::query!(
        "insert into api_key (tenant_id, id, name, secret_hash, scopes, property_ids, created_by, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        tx.t(),
        id,
        property::name(&new.name, "/name")?,
        token_hash(&secret),
        &scopes,
        new.property_ids.as_deref(),
        who.actor.to_string(),
        now,
        new.expires_at
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "insert into api_key_tenant (key_id, tenant_id) values ($1, $2)",
        id,
        tx.t()
    )
    .execute(&mut **tx)
    .await?;
    let key = get(tx, who, id).await?;
    let data = json!({ "name": key.name, "scopes": key.scopes, "property_ids": key.property_ids });
    logged(tx, who, "api_key.created", id, data, now).await?;
    Ok(Shown {
        key,
        text: text(id, &secret),
    })
}

pub async fn get(tx: &mut TenantTx, who: &Principal, id: Uuid) -> Result<ApiKey> {
    who.require(Permission::WriteApiKeys)?;
    let found = sqlx::query_as!(
        ApiKey,
        "select id, name, scopes, property_ids, created_by, created_at, expires_at, revoked_at, last_used_at,
                previous_until, version
         from api_key where tenant_id = $1 and id = $2",
        tx.t(),
        id
    );
    Ok(found
        .fetch_optional(&mut **tx)
        .await?
        .ok_or_else(|| Refusal::not_found("API key"))?)
}

/// By id, after `after`; revoked ones too.
pub async fn list(
    tx: &mut TenantTx,
    who: &Principal,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<ApiKey>> {
    who.require(Permission::WriteApiKeys)?;
    let rows = sqlx::query_as!(
        ApiKey,
        "select id, name, scopes, property_ids, created_by, created_at, expires_at, revoked_at, last_used_at,
                previous_until, version
         from api_key where tenant_id = $1 and ($2::uuid is null or id > $2) order by id limit $3",
        tx.t(),
        after,
        limit
    );
    Ok(rows.fetch_all(&mut **tx).await?)
}

/// A new secret; the old one is good for so many hours more.
pub async fn rotate(
    tx: &mut TenantTx,
    who: &Principal,
    id: Uuid,
    overlap_hours: i32,
    now: DateTime<Utc>,
) -> Result<Shown> {
    who.require(Permission::WriteApiKeys)?;
    who.require_all_properties()?;
    if !(0..=LONGEST_OVERLAP_HOURS).contains(&overlap_hours) {
        let detail = format!("0 to {LONGEST_OVERLAP_HOURS} hours");
        return Err(Refusal::invalid("out_of_range", detail)
            .at("/overlap_hours")
            .into());
    }
    let before = get(tx, who, id).await?;
    // The secret is shown to whoever rotates: nobody gets hold of more than they have.
    given(who, &before.scopes, "/scopes")?;
    let secret = random_token();
    let done = sqlx::query!(
        "update api_key set previous_hash = secret_hash, previous_until = $4, secret_hash = $3, version = version + 1
         where tenant_id = $1 and id = $2 and revoked_at is null",
        tx.t(),
        id,
        token_hash(&secret),
        now + Duration::hours(i64::from(overlap_hours))
    )
    .execute(&mut **tx)
    .await?;
    if done.rows_affected() == 0 {
        return Err(Refusal::conflict("key_revoked", "the key was revoked").into());
    }
    logged(
        tx,
        who,
        "api_key.rotated",
        id,
        json!({ "overlap_hours": overlap_hours }),
        now,
    )
    .await?;
    Ok(Shown {
        key: get(tx, who, id).await?,
        text: text(id, &secret),
    })
}

/// For good. Doing it again changes nothing.
pub async fn revoke(tx: &mut TenantTx, who: &Principal, id: Uuid, now: DateTime<Utc>) -> Result<ApiKey> {
    who.require(Permission::WriteApiKeys)?;
    who.require_all_properties()?;
    let before = get(tx, who, id).await?;
    if before.revoked_at.is_some() {
        return Ok(before);
    }
    sqlx::query!(
        "update api_key set revoked_at = $3, version = version + 1 where tenant_id = $1 and id = $2",
        tx.t(),
        id,
        now
    )
    .execute(&mut **tx)
    .await?;
    logged(
        tx,
        who,
        "api_key.revoked",
        id,
        json!({ "name": before.name }),
        now,
    )
    .await?;
    get(tx, who, id).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_its_prefix_its_id_and_its_secret() {
        let (id, secret) = (new_id(), random_token());
        let whole = text(id, &secret);
        assert_eq!(parse(&whole), Some((id, secret.as_str())));
        for broken in [
            "",
            "ik_",
            &whole[1..],
            &whole[..whole.len() - 1],
            &whole.replacen('_', "-", 2),
            &format!("{whole}x"),
            &whole.replacen(&id.simple().to_string(), &id.to_string(), 1),
        ] {
            assert_eq!(parse(broken), None, "{broken}");
        }
    }
}
