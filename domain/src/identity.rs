//! Users, memberships, log-in with argon2id, refresh tokens that are used once.

use crate::db::PlatformTx;
use crate::error::{Error, Refusal, Result};
use crate::ids::{TenantId, new_id};
use crate::principal::Role;
use argon2::{Argon2, PasswordHasher, PasswordVerifier, password_hash::phc::PasswordHash};
use chrono::{DateTime, Duration, Utc};
use rand::RngCore;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;
use tokio::sync::Semaphore;
use uuid::Uuid;

/// A refresh token's life; each use starts a new one.
pub const REFRESH_DAYS: i64 = 30;
pub const SHORTEST_PASSWORD: usize = 12;
pub const LONGEST_PASSWORD: usize = 512;

/// argon2id takes 19 MiB and a core for tens of milliseconds: never on the async threads, never many at once.
static HASHING: Semaphore = Semaphore::const_new(2);

/// Verified against when the user is unknown, so that both answers take the same time.
static NOBODY: LazyLock<Option<String>> = LazyLock::new(|| hash("nobody has this password").ok());

#[derive(Debug, Clone)]
pub struct Session {
    pub user_id: Uuid,
    pub name: String,
    pub email: String,
    pub tenant: TenantId,
    pub role: Role,
    /// Opaque, shown once; only its SHA-256 is stored.
    pub refresh_token: String,
    pub refresh_expires_at: DateTime<Utc>,
}

#[derive(Debug, Clone)]
pub struct Membership {
    pub tenant: TenantId,
    pub tenant_name: String,
    pub role: Role,
}

fn hash(password: &str) -> Result<String> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    Ok(hash
        .map_err(|e| Error::internal(format!("argon2: {e}")))?
        .to_string())
}

fn verify(password: &str, stored: &str) -> bool {
    PasswordHash::new(stored)
        .is_ok_and(|h| Argon2::default().verify_password(password.as_bytes(), &h).is_ok())
}

async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let _permit = HASHING
        .acquire()
        .await
        .map_err(|e| Error::internal(e.to_string()))?;
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| Error::internal(e.to_string()))
}

/// Hashes a new password, refusing one that is too short to be worth hashing.
pub async fn hash_password(password: String) -> Result<String> {
    if !(SHORTEST_PASSWORD..=LONGEST_PASSWORD).contains(&password.len()) {
        let detail = format!("a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters");
        return Err(Refusal::invalid("password_length", detail).into());
    }
    off_thread(move || hash(&password)).await?
}

/// What a log-in needs from the database, read in a short transaction before the slow hash.
#[derive(Debug, Clone)]
pub struct Credentials {
    pub user_id: Uuid,
    pub name: String,
    pub email: String,
    password_hash: String,
}

pub async fn find_credentials(tx: &mut PlatformTx, email: &str) -> Result<Option<Credentials>> {
    let found = sqlx::query_as!(
        Credentials,
        "select id as user_id, name, email, password_hash from app_user where email = $1",
        email.trim().to_lowercase()
    );
    Ok(found.fetch_optional(&mut **tx).await?)
}

/// Same time and same words for a wrong password and for an unknown user.
pub async fn check_password(found: Option<Credentials>, password: String) -> Result<Credentials> {
    let wrong =
        || Refusal::unauthenticated("wrong_credentials", "the e-mail address or the password is wrong");
    if password.len() > LONGEST_PASSWORD {
        return Err(wrong().into());
    }
    let stored = found.as_ref().map(|c| c.password_hash.clone());
    let matches = off_thread(move || match stored.as_ref() {
        Some(stored) => verify(&password, stored),
        None => NOBODY.as_ref().is_some_and(|nobody| verify(&password, nobody)),
    })
    .await?;
    found.filter(|_| matches).ok_or_else(|| wrong().into())
}

pub async fn memberships(tx: &mut PlatformTx, user_id: Uuid) -> Result<Vec<Membership>> {
    let rows = sqlx::query!(
        "select m.tenant_id, t.name, m.role from membership m join tenant t on t.id = m.tenant_id
         where m.user_id = $1 order by t.created_at, t.id",
        user_id
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter()
        .map(|r| {
            Ok(Membership {
                tenant: TenantId(r.tenant_id),
                tenant_name: r.name,
                role: role(&r.role)?,
            })
        })
        .collect()
}

fn role(name: &str) -> Result<Role> {
    Role::parse(name).ok_or_else(|| Error::internal(format!("unknown role `{name}` in membership")))
}

/// Opens a session in the named tenant, or in the user's first.
pub async fn open_session(
    tx: &mut PlatformTx,
    user: Credentials,
    tenant: Option<TenantId>,
    now: DateTime<Utc>,
) -> Result<Session> {
    let all = memberships(tx, user.user_id).await?;
    let chosen = match tenant {
        Some(id) => all.into_iter().find(|m| m.tenant == id),
        None => all.into_iter().next(),
    };
    let chosen =
        chosen.ok_or_else(|| Refusal::forbidden("no_membership", "the user belongs to no such tenant"))?;
    issue(tx, user, chosen.tenant, chosen.role, new_id(), now).await
}

async fn issue(
    tx: &mut PlatformTx,
    user: Credentials,
    tenant: TenantId,
    role: Role,
    family: Uuid,
    now: DateTime<Utc>,
) -> Result<Session> {
    let refresh_token = random_token();
    let refresh_expires_at = now + Duration::days(REFRESH_DAYS);
    sqlx::query!(
        "insert into refresh_token (secret_hash, family_id, user_id, tenant_id, expires_at)
         values ($1, $2, $3, $4, $5)",
        token_hash(&refresh_token),
        family,
        user.user_id,
        tenant.0,
        refresh_expires_at
    )
    .execute(&mut **tx)
    .await?;
    let Credentials {
        user_id, name, email, ..
    } = user;
    Ok(Session {
        user_id,
        name,
        email,
        tenant,
        role,
        refresh_token,
        refresh_expires_at,
    })
}

/// What presenting a refresh token led to. A reuse must be committed too: it revokes the family.
pub enum Refreshed {
    Session(Box<Session>),
    /// Unknown, expired, revoked, or used before; in the last case its whole family is now revoked.
    Refused,
}

/// Trades a refresh token for the next one; the role is read anew, so a changed right takes effect here.
pub async fn refresh(tx: &mut PlatformTx, token: &str, now: DateTime<Utc>) -> Result<Refreshed> {
    let row = sqlx::query!(
        "select r.family_id, r.user_id, r.tenant_id, r.expires_at, r.used_at, r.revoked_at, m.role,
                u.name, u.email, u.password_hash
         from refresh_token r
         join membership m on m.user_id = r.user_id and m.tenant_id = r.tenant_id
         join app_user u on u.id = r.user_id
         where r.secret_hash = $1 for update of r",
        token_hash(token)
    )
    .fetch_optional(&mut **tx)
    .await?;
    let Some(row) = row else {
        return Ok(Refreshed::Refused);
    };
    if row.used_at.is_some() {
        revoke_family(tx, row.family_id, now).await?;
        return Ok(Refreshed::Refused);
    }
    if row.revoked_at.is_some() || row.expires_at <= now {
        return Ok(Refreshed::Refused);
    }
    sqlx::query!(
        "update refresh_token set used_at = $2 where secret_hash = $1",
        token_hash(token),
        now
    )
    .execute(&mut **tx)
    .await?;
    let user = Credentials {
        user_id: row.user_id,
        name: row.name,
        email: row.email,
        password_hash: row.password_hash,
    };
    let session = issue(
        tx,
        user,
        TenantId(row.tenant_id),
        role(&row.role)?,
        row.family_id,
        now,
    )
    .await?;
    Ok(Refreshed::Session(Box::new(session)))
}

/// Ends the session the token belongs to; an unknown token is no error.
pub async fn log_out(tx: &mut PlatformTx, token: &str, now: DateTime<Utc>) -> Result<()> {
    let family = sqlx::query_scalar!(
        "select family_id from refresh_token where secret_hash = $1",
        token_hash(token)
    )
    .fetch_optional(&mut **tx)
    .await?;
    match family {
        Some(family) => revoke_family(tx, family, now).await,
        None => Ok(()),
    }
}

async fn revoke_family(tx: &mut PlatformTx, family: Uuid, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update refresh_token set revoked_at = $2 where family_id = $1 and revoked_at is null",
        family,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Adds a user who does not exist yet.
pub async fn add_user(
    tx: &mut PlatformTx,
    email: &str,
    name: &str,
    password_hash: &str,
    now: DateTime<Utc>,
) -> Result<Uuid> {
    let id = new_id();
    sqlx::query!(
        "insert into app_user (id, email, name, password_hash, created_at) values ($1, $2, $3, $4, $5)",
        id,
        email.trim().to_lowercase(),
        name,
        password_hash,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(id)
}

/// Gives a user a role in a tenant, replacing an earlier one.
pub async fn set_membership(tx: &mut PlatformTx, user: Uuid, tenant: TenantId, role: Role) -> Result<()> {
    sqlx::query!(
        "insert into membership (user_id, tenant_id, role) values ($1, $2, $3)
         on conflict (user_id, tenant_id) do update set role = excluded.role",
        user,
        tenant.0,
        role.name()
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// 256 random bits, URL-safe.
pub fn random_token() -> String {
    use base64::Engine;
    let mut bytes = [0u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

/// SHA-256: enough for a secret of full entropy, and equal-time to look up by.
pub fn token_hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}
