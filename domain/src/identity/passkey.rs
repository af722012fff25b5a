//! Passkeys (WebAuthn): a key pair in the user's device or password manager, unlocked by who they are. It is both
//! factors at once. Nobody says first who they are: the passkey does, so nothing can be learnt about accounts.

use super::account::{self, Account};
use super::secret::{random_token, token_hash};
use crate::db::PlatformTx;
use crate::error::{Error, Refusal, Result};
use crate::ids::new_id;
use crate::property;
use chrono::{DateTime, Duration, Utc};
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;
pub use webauthn_rs::prelude::Webauthn;
use webauthn_rs::prelude::{
    CreationChallengeResponse, DiscoverableAuthentication, DiscoverableKey, Passkey, PasskeyRegistration,
    PublicKeyCredential, RegisterPublicKeyCredential, RequestChallengeResponse, Url, WebauthnBuilder,
};
use webauthn_rs_proto::ResidentKeyRequirement;

const CEREMONY_MINUTES: i64 = 5;
/// Nobody has more devices.
const MOST: usize = 20;

/// Verifies ceremonies for one origin. The origin's host is what passkeys are bound to for good.
pub fn relying_party(public_url: &str) -> Result<Webauthn> {
    let unfit = |e: String| Error::internal(format!("`{public_url}` cannot have passkeys: {e}"));
    let origin = Url::parse(public_url).map_err(|e| unfit(e.to_string()))?;
    let host = origin
        .host_str()
        .ok_or_else(|| unfit("no host".into()))?
        .to_owned();
    WebauthnBuilder::new(&host, &origin)
        .map(|w| w.rp_name("Innkeep"))
        .and_then(WebauthnBuilder::build)
        .map_err(|e| unfit(e.to_string()))
}

/// A passkey in the list of one's own.
#[derive(Debug, Clone)]
pub struct Listed {
    pub id: Uuid,
    pub name: String,
    pub created_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
}

/// A ceremony begun: what to hand to the browser, and what to come back with.
pub struct Begun<T> {
    pub challenge: String,
    pub options: T,
}

fn json(value: &impl serde::Serialize) -> Result<Value> {
    serde_json::to_value(value).map_err(|e| Error::internal(e.to_string()))
}

fn stored<T: DeserializeOwned>(value: Value) -> Result<T> {
    serde_json::from_value(value).map_err(|e| Error::internal(e.to_string()))
}

/// What a browser sent.
fn sent<T: DeserializeOwned>(value: Value) -> Result<T> {
    let unfit = |e: serde_json::Error| Refusal::invalid("invalid_passkey", e.to_string()).at("/credential");
    Ok(serde_json::from_value(value).map_err(unfit)?)
}

fn refused() -> Refusal {
    let detail = "the passkey, or the challenge it answers, is not one we know";
    Refusal::unauthenticated("wrong_passkey", detail)
}

async fn keep(
    tx: &mut PlatformTx,
    kind: &'static str,
    user: Option<Uuid>,
    state: Value,
    now: DateTime<Utc>,
) -> Result<String> {
    let challenge = random_token();
    sqlx::query!(
        "insert into challenge (secret_hash, kind, user_id, state, expires_at) values ($1, $2, $3, $4, $5)",
        token_hash(&challenge),
        kind,
        user,
        state,
        now + Duration::minutes(CEREMONY_MINUTES)
    )
    .execute(&mut **tx)
    .await?;
    Ok(challenge)
}

/// Each challenge is answered once.
async fn take(
    tx: &mut PlatformTx,
    kind: &'static str,
    user: Option<Uuid>,
    challenge: &str,
    now: DateTime<Utc>,
) -> Result<Option<Value>> {
    Ok(sqlx::query_scalar!(
        "delete from challenge where secret_hash = $1 and kind = $2 and user_id is not distinct from $3
           and expires_at > $4 returning state",
        token_hash(challenge),
        kind,
        user,
        now
    )
    .fetch_optional(&mut **tx)
    .await?)
}

async fn of_user(tx: &mut PlatformTx, user: Uuid) -> Result<Vec<Passkey>> {
    let rows = sqlx::query_scalar!("select credential from passkey where user_id = $1", user);
    let rows = rows.fetch_all(&mut **tx).await?;
    rows.into_iter().map(stored).collect()
}

pub async fn begin_enrolment(
    tx: &mut PlatformTx,
    rp: &Webauthn,
    account: &Account,
    now: DateTime<Utc>,
) -> Result<Begun<CreationChallengeResponse>> {
    let known = of_user(tx, account.id).await?;
    if known.len() >= MOST {
        return Err(Refusal::conflict("too_many_passkeys", format!("{MOST} passkeys at most")).into());
    }
    let known = known.iter().map(|p| p.cred_id().clone()).collect();
    let (mut options, state) = rp
        .start_passkey_registration(account.id, &account.email, &account.name, Some(known))
        .map_err(|e| Error::internal(format!("webauthn: {e}")))?;
    // It has to say who its owner is, for nobody types a name.
    if let Some(selection) = &mut options.public_key.authenticator_selection {
        selection.resident_key = Some(ResidentKeyRequirement::Required);
        selection.require_resident_key = true;
    }
    let challenge = keep(tx, "passkey_enrolment", Some(account.id), json(&state)?, now).await?;
    Ok(Begun { challenge, options })
}

pub async fn finish_enrolment(
    tx: &mut PlatformTx,
    rp: &Webauthn,
    user: Uuid,
    (challenge, credential, name): (&str, Value, &str),
    now: DateTime<Utc>,
) -> Result<Listed> {
    let name = property::name(name, "/name")?;
    let credential: RegisterPublicKeyCredential = sent(credential)?;
    let state = take(tx, "passkey_enrolment", Some(user), challenge, now).await?;
    let state: PasskeyRegistration = stored(state.ok_or_else(refused)?)?;
    let passkey = rp.finish_passkey_registration(&credential, &state).map_err(|e| {
        tracing::info!(error = %e, "a passkey was refused");
        refused()
    })?;
    let listed = Listed {
        id: new_id(),
        name,
        created_at: now,
        last_used_at: None,
    };
    sqlx::query!(
        "insert into passkey (id, user_id, credential_id, credential, name, created_at) values ($1, $2, $3, $4, $5, $6)",
        listed.id,
        user,
        passkey.cred_id().as_ref() as &[u8],
        json(&passkey)?,
        listed.name,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(listed)
}

pub async fn begin_log_in(
    tx: &mut PlatformTx,
    rp: &Webauthn,
    now: DateTime<Utc>,
) -> Result<Begun<RequestChallengeResponse>> {
    let (options, state) = rp
        .start_discoverable_authentication()
        .map_err(|e| Error::internal(format!("webauthn: {e}")))?;
    let challenge = keep(tx, "passkey_log_in", None, json(&state)?, now).await?;
    Ok(Begun { challenge, options })
}

/// Whose passkey answered the challenge.
pub async fn finish_log_in(
    tx: &mut PlatformTx,
    rp: &Webauthn,
    (challenge, credential): (&str, Value),
    now: DateTime<Utc>,
) -> Result<Account> {
    let credential: PublicKeyCredential = sent(credential)?;
    let state = take(tx, "passkey_log_in", None, challenge, now).await?;
    let state: DiscoverableAuthentication = stored(state.ok_or_else(refused)?)?;
    let (user, credential_id) = rp
        .identify_discoverable_authentication(&credential)
        .map_err(|_| refused())?;
    let row = sqlx::query!(
        "select id, credential from passkey where user_id = $1 and credential_id = $2 for update",
        user,
        credential_id
    )
    .fetch_optional(&mut **tx)
    .await?
    .ok_or_else(refused)?;
    let mut passkey: Passkey = stored(row.credential)?;
    let result = rp
        .finish_discoverable_authentication_v2(&credential, state, DiscoverableKey::from(&passkey))
        .map_err(|e| {
            tracing::info!(error = %e, "a passkey was refused");
            refused()
        })?;
    if !result.user_verified() {
        return Err(refused().into());
    }
    passkey.update_credential(&result);
    sqlx::query!(
        "update passkey set credential = $2, last_used_at = $3 where id = $1",
        row.id,
        json(&passkey)?,
        now
    )
    .execute(&mut **tx)
    .await?;
    let account = account::get(tx, user).await?;
    match account.disabled_at {
        None => Ok(account),
        Some(_) => Err(refused().into()),
    }
}

pub async fn list(tx: &mut PlatformTx, user: Uuid) -> Result<Vec<Listed>> {
    Ok(sqlx::query_as!(
        Listed,
        "select id, name, created_at, last_used_at from passkey where user_id = $1 order by id",
        user
    )
    .fetch_all(&mut **tx)
    .await?)
}

pub async fn remove(tx: &mut PlatformTx, user: Uuid, id: Uuid) -> Result<()> {
    let found = sqlx::query_scalar!(
        "delete from passkey where id = $1 and user_id = $2 returning id",
        id,
        user
    );
    match found.fetch_optional(&mut **tx).await? {
        Some(_) => Ok(()),
        None => Err(Refusal::not_found("passkey").into()),
    }
}
