//! Sessions: one log-in on one device. A session's refresh tokens form a chain, each used once; a token that comes back
//! after its successor was used is a stolen copy, and ends the session.

use super::account::{Account, Class};
use super::membership::{self, Membership};
use super::secret::{random_token, token_hash};
use crate::db::PlatformTx;
use crate::error::{Error, Refusal, Result};
use crate::ids::{TenantId, new_id};
use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

/// A refresh token's life; each use starts a new one.
pub const REFRESH_DAYS: i64 = 30;
/// After so long somebody has to log in again, however busy they were.
pub const SESSION_DAYS: i64 = 180;
/// A token that was used may be used again for so long, by whoever did not hear the answer or by a second tab, and gets
/// the same successor, unless that was used already.
pub const GRACE_SECONDS: i64 = 30;
const LONGEST_AGENT: usize = 200;

/// Where a session's tokens are good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Door {
    /// The tenants' API.
    Tenant,
    /// The marketplace.
    Guest,
    /// `/v1/platform`, for those who run the installation.
    Platform,
}

impl Door {
    pub const ALL: [Self; 3] = [Self::Tenant, Self::Guest, Self::Platform];

    pub fn name(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Guest => "guest",
            Self::Platform => "platform",
        }
    }
    pub(crate) fn parse(name: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|d| d.name() == name);
        found.ok_or_else(|| Error::internal(format!("unknown door `{name}`")))
    }
}

/// Where somebody logs in from.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    pub address: Option<String>,
    pub agent: Option<String>,
    /// `totp`, `recovery_code` or `passkey`, when one was shown.
    pub second_factor: Option<&'static str>,
}

#[derive(Debug, Clone)]
pub struct Session {
    pub id: Uuid,
    pub user_id: Uuid,
    pub door: Door,
    pub tenant: Option<TenantId>,
    /// In the tenant.
    pub role: Option<String>,
    /// Opaque, shown once; only its SHA-256 is stored.
    pub refresh_token: String,
    pub refresh_expires_at: DateTime<Utc>,
}

/// A session in the list of one's own.
#[derive(Debug, Clone)]
pub struct Listed {
    pub id: Uuid,
    pub tenant_id: Option<Uuid>,
    pub created_at: DateTime<Utc>,
    pub last_used_at: DateTime<Utc>,
    pub address: Option<String>,
    pub agent: Option<String>,
    pub second_factor: Option<String>,
}

/// Which of a user's tenants: the one named, or the first; nobody's without a membership.
pub async fn choose_tenant(
    tx: &mut PlatformTx,
    account: &Account,
    tenant: Option<TenantId>,
) -> Result<Option<Membership>> {
    if account.class == Class::Guest {
        return match tenant {
            Some(_) => Err(not_a_member()),
            None => Ok(None),
        };
    }
    let all = membership::of_user(tx, account.id).await?;
    match tenant {
        Some(id) => {
            let named = all.into_iter().find(|m| m.tenant == id);
            named.map(Some).ok_or_else(not_a_member)
        }
        None => Ok(all.into_iter().next()),
    }
}

fn not_a_member() -> Error {
    Refusal::forbidden("no_membership", "the user belongs to no such tenant").into()
}

/// Opens a session of somebody who has shown who they are.
pub async fn open(
    tx: &mut PlatformTx,
    account: &Account,
    door: Door,
    membership: Option<Membership>,
    origin: &Origin,
    now: DateTime<Utc>,
) -> Result<Session> {
    let id = new_id();
    let (tenant, role) = membership.map(|m| (m.tenant, m.role)).unzip();
    let clip = |text: &String| {
        text.chars()
            .take(LONGEST_AGENT)
            .filter(|c| *c != '\0')
            .collect::<String>()
    };
    sqlx::query!(
        "insert into user_session (id, user_id, tenant_id, door, created_at, last_used_at, expires_at, second_factor,
             address, agent)
         values ($1, $2, $3, $4, $5, $5, $6, $7, $8, $9)",
        id,
        account.id,
        tenant.map(|t| t.0),
        door.name(),
        now,
        now + Duration::days(SESSION_DAYS),
        origin.second_factor,
        origin.address,
        origin.agent.as_ref().map(clip)
    )
    .execute(&mut **tx)
    .await?;
    let refresh_token = random_token();
    let refresh_expires_at = issue(tx, id, &refresh_token, now).await?;
    Ok(Session {
        id,
        user_id: account.id,
        door,
        tenant,
        role,
        refresh_token,
        refresh_expires_at,
    })
}

async fn issue(tx: &mut PlatformTx, session: Uuid, token: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>> {
    let expires_at = now + Duration::days(REFRESH_DAYS);
    sqlx::query!(
        "insert into refresh_token (secret_hash, family_id, expires_at) values ($1, $2, $3)",
        token_hash(token),
        session,
        expires_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(expires_at)
}

/// What presenting a refresh token led to. A refusal must be committed too: it may have ended the session.
pub enum Refreshed {
    Session(Box<Session>),
    /// Unknown, expired, or of a session that has ended; or used before, and then the session has ended now.
    Refused,
}

struct Presented {
    session: Uuid,
    user_id: Uuid,
    tenant_id: Option<Uuid>,
    door: String,
    expires_at: DateTime<Utc>,
    used_at: Option<DateTime<Utc>>,
    over: bool,
}

/// Trades a refresh token for the next one.
///
/// The successor follows from the token itself and a key of ours: so who asks twice gets the same one twice, and the
/// chain never forks. A thief and the owner then hold the same next token, and the second of them to use it, after the
/// grace, shows that there are two.
pub async fn refresh(tx: &mut PlatformTx, token: &str, now: DateTime<Utc>) -> Result<Refreshed> {
    let Some(found) = presented(tx, token, now).await? else {
        return Ok(Refreshed::Refused);
    };
    if found.over || found.expires_at <= now {
        return Ok(Refreshed::Refused);
    }
    let successor = tx
        .platform_vault()
        .await?
        .blind("refresh_token.successor", token)?;
    let refresh_expires_at = match found.used_at {
        None => {
            sqlx::query!(
                "update refresh_token set used_at = $2 where secret_hash = $1",
                token_hash(token),
                now
            )
            .execute(&mut **tx)
            .await?;
            Some(issue(tx, found.session, &successor, now).await?)
        }
        Some(used_at) if now - used_at < Duration::seconds(GRACE_SECONDS) => unused(tx, &successor).await?,
        Some(_) => None,
    };
    let Some(refresh_expires_at) = refresh_expires_at else {
        revoke(tx, found.session, now).await?;
        return Ok(Refreshed::Refused);
    };
    sqlx::query!(
        "update user_session set last_used_at = $2 where id = $1",
        found.session,
        now
    )
    .execute(&mut **tx)
    .await?;
    let tenant = found.tenant_id.map(TenantId);
    let role = match tenant {
        Some(tenant) => membership::role_name(tx, found.user_id, tenant).await?,
        None => None,
    };
    Ok(Refreshed::Session(Box::new(Session {
        id: found.session,
        user_id: found.user_id,
        door: Door::parse(&found.door)?,
        tenant,
        role,
        refresh_token: successor,
        refresh_expires_at,
    })))
}

/// Locked, so that two who present one token come one after the other.
async fn presented(tx: &mut PlatformTx, token: &str, now: DateTime<Utc>) -> Result<Option<Presented>> {
    Ok(sqlx::query_as!(
        Presented,
        r#"select s.id as session, s.user_id, s.tenant_id, s.door, r.expires_at, r.used_at,
                  (s.revoked_at is not null or s.expires_at <= $2 or u.disabled_at is not null) as "over!"
           from refresh_token r join user_session s on s.id = r.family_id join app_user u on u.id = s.user_id
           where r.secret_hash = $1 for update of r"#,
        token_hash(token),
        now
    )
    .fetch_optional(&mut **tx)
    .await?)
}

async fn unused(tx: &mut PlatformTx, successor: &str) -> Result<Option<DateTime<Utc>>> {
    Ok(sqlx::query_scalar!(
        "select expires_at from refresh_token where secret_hash = $1 and used_at is null",
        token_hash(successor)
    )
    .fetch_optional(&mut **tx)
    .await?)
}

/// Ends the session the token belongs to; an unknown token is no error.
pub async fn log_out(tx: &mut PlatformTx, token: &str, now: DateTime<Utc>) -> Result<()> {
    let session = sqlx::query_scalar!(
        "select family_id from refresh_token where secret_hash = $1",
        token_hash(token)
    )
    .fetch_optional(&mut **tx)
    .await?;
    match session {
        Some(session) => revoke(tx, session, now).await,
        None => Ok(()),
    }
}

/// Those that can still be used, the latest first.
pub async fn list(tx: &mut PlatformTx, user: Uuid, now: DateTime<Utc>) -> Result<Vec<Listed>> {
    Ok(sqlx::query_as!(
        Listed,
        "select id, tenant_id, created_at, last_used_at, address, agent, second_factor from user_session
         where user_id = $1 and revoked_at is null and expires_at > $2
           and last_used_at > $3
         order by last_used_at desc, id limit 200",
        user,
        now,
        now - Duration::days(REFRESH_DAYS)
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// One of the user's own.
pub async fn revoke_own(tx: &mut PlatformTx, user: Uuid, session: Uuid, now: DateTime<Utc>) -> Result<()> {
    let found = sqlx::query_scalar!(
        "select id from user_session where id = $1 and user_id = $2",
        session,
        user
    )
    .fetch_optional(&mut **tx)
    .await?;
    found.ok_or_else(|| Refusal::not_found("session"))?;
    revoke(tx, session, now).await
}

async fn revoke(tx: &mut PlatformTx, session: Uuid, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update user_session set revoked_at = $2 where id = $1 and revoked_at is null",
        session,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// All of a user's, but `keep`.
pub async fn revoke_all(
    tx: &mut PlatformTx,
    user: Uuid,
    keep: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update user_session set revoked_at = $3
         where user_id = $1 and id is distinct from $2 and revoked_at is null",
        user,
        keep,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Sessions that nobody can use any more, and with them their tokens.
pub(crate) async fn forget_old(tx: &mut PlatformTx, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "delete from refresh_token where expires_at < $1",
        now - Duration::days(1)
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "delete from user_session where expires_at < $1 or revoked_at < $1 or last_used_at < $2",
        now - Duration::days(1),
        now - Duration::days(REFRESH_DAYS + 1)
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
