//! Tokens that travel by mail: who has one can read that mailbox. Each is good once, for one thing, for a while.

use super::secret::{random_token, token_hash};
use crate::db::PlatformTx;
use crate::error::{Refusal, Result};
use crate::vault::Place;
use chrono::{DateTime, Duration, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::PgConnection;
use uuid::Uuid;

/// Mails of one kind to one address within the hour; further ones are not sent.
const MOST_AN_HOUR: i64 = 5;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Register,
    Reset,
    Invitation,
}

impl Purpose {
    fn name(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Reset => "reset",
            Self::Invitation => "invitation",
        }
    }
    fn life(self) -> Duration {
        match self {
            Self::Register => Duration::hours(24),
            Self::Reset => Duration::hours(1),
            Self::Invitation => Duration::days(7),
        }
    }
}

/// What a token is good for.
#[derive(Debug, Clone, Default)]
pub struct Subject {
    pub user_id: Option<Uuid>,
    pub tenant_id: Option<Uuid>,
    pub subject_id: Option<Uuid>,
}

/// A token that was found to be good.
#[derive(Debug, Clone)]
pub struct Found {
    pub subject: Subject,
    payload: Option<String>,
    place: Place,
}

impl Found {
    pub async fn payload<T: DeserializeOwned>(&self, tx: &PlatformTx) -> Result<T> {
        let sealed = self.payload.as_deref().unwrap_or_default();
        let vault = tx.platform_vault_knowing(&[sealed]).await?;
        vault.open_json(&self.place, sealed)
    }
}

fn place(hash: &[u8]) -> Place {
    let row: String = hash.iter().map(|b| format!("{b:02x}")).collect();
    Place::new("email_token", "payload", row)
}

pub fn refused() -> Refusal {
    let detail = "the link is unknown, was used, or has run out: ask for a new one";
    Refusal::invalid("invalid_token", detail).at("/token")
}

/// A new token for the address, or `None` when it had enough mail of this kind of late.
pub async fn issue(
    tx: &mut PlatformTx,
    purpose: Purpose,
    address: &str,
    subject: Subject,
    payload: Option<&impl Serialize>,
    now: DateTime<Utc>,
) -> Result<Option<String>> {
    let vault = tx.platform_vault().await?;
    let blind = vault.blind("email_token.address", address)?;
    let lately = sqlx::query_scalar!(
        r#"select count(*) as "n!" from email_token where address = $1 and kind = $2 and created_at > $3"#,
        blind,
        purpose.name(),
        now - Duration::hours(1)
    )
    .fetch_one(&mut **tx)
    .await?;
    if lately >= MOST_AN_HOUR {
        return Ok(None);
    }
    let token = random_token();
    let hash = token_hash(&token);
    let payload = payload.map(|p| vault.seal_json(&place(&hash), p)).transpose()?;
    sqlx::query!(
        "insert into email_token (secret_hash, kind, address, user_id, tenant_id, subject_id, payload, created_at,
             expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        hash,
        purpose.name(),
        blind,
        subject.user_id,
        subject.tenant_id,
        subject.subject_id,
        payload,
        now,
        now + purpose.life()
    )
    .execute(&mut **tx)
    .await?;
    Ok(Some(token))
}

/// What the token is good for, without using it up.
pub async fn peek(
    conn: &mut PgConnection,
    purpose: Purpose,
    token: &str,
    now: DateTime<Utc>,
) -> Result<Found> {
    let hash = token_hash(token);
    let row = sqlx::query!(
        "select user_id, tenant_id, subject_id, payload from email_token
         where secret_hash = $1 and kind = $2 and used_at is null and expires_at > $3",
        hash,
        purpose.name(),
        now
    )
    .fetch_optional(conn)
    .await?;
    let row = row.ok_or_else(refused)?;
    Ok(Found {
        subject: Subject {
            user_id: row.user_id,
            tenant_id: row.tenant_id,
            subject_id: row.subject_id,
        },
        payload: row.payload,
        place: place(&hash),
    })
}

/// Uses it up, and every other token of this purpose that went to the same address: two who come at once, one wins.
pub async fn take(conn: &mut PgConnection, purpose: Purpose, token: &str, now: DateTime<Utc>) -> Result<()> {
    let address = sqlx::query_scalar!(
        "update email_token set used_at = $3, payload = null
         where secret_hash = $1 and kind = $2 and used_at is null and expires_at > $3 returning address",
        token_hash(token),
        purpose.name(),
        now
    )
    .fetch_optional(&mut *conn)
    .await?;
    let address = address.ok_or_else(refused)?;
    if purpose != Purpose::Invitation {
        sqlx::query!(
            "update email_token set used_at = $3, payload = null where address = $1 and kind = $2 and used_at is null",
            address,
            purpose.name(),
            now
        )
        .execute(conn)
        .await?;
    }
    Ok(())
}

pub(crate) async fn forget_old(tx: &mut PlatformTx, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "delete from email_token where expires_at < $1",
        now - Duration::days(1)
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
