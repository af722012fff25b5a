//! Logging in: a password or a passkey, a second factor if there is one, and then a session.

use super::account::{self, Account, Class};
use super::attempts::{self, Counter};
use super::password::check_password;
use super::secret::{random_token, token_hash};
use super::session::{self, Door, Origin, Session};
use super::{mfa, operator};
use crate::db::{Db, PlatformTx};
use crate::error::{Error, Refusal, Result};
use crate::ids::TenantId;
use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use uuid::Uuid;

/// Between the password and the second factor.
const CHALLENGE_MINUTES: i64 = 5;
/// Wrong codes until the password has to be shown again.
const CHALLENGE_ATTEMPTS: i32 = 5;
/// Failures that cost nothing: of one account from one network, of one network for all accounts, of a known device.
const FREE: (i32, i32, i32) = (5, 100, 10);
/// Wrong second factors of one account within the hour, after which each costs time.
const FREE_CODES: i32 = 10;
const DEVICE_DAYS: i64 = 180;

/// What somebody shows first.
pub struct Attempt {
    pub class: Class,
    pub email: String,
    pub password: String,
    /// A device token from an earlier log-in.
    pub device: Option<String>,
    pub address: IpAddr,
}

/// Where they want to go, and what is known of where they come from.
#[derive(Debug, Clone)]
pub struct Errand {
    pub door: Door,
    pub tenant: Option<TenantId>,
    pub origin: Origin,
    pub device: Option<String>,
}

pub enum LoggedIn {
    Session(Box<Opened>),
    /// The password was right; now a second factor with this challenge.
    SecondFactor {
        challenge: String,
        methods: Vec<&'static str>,
    },
}

pub struct Opened {
    pub session: Session,
    /// Send it with the next log-in from this device: other people's failures do not slow it down then.
    pub device_token: String,
}

/// Kept with a challenge: the errand, to be gone on with.
#[derive(Serialize, Deserialize)]
struct Pending {
    door: String,
    tenant: Option<Uuid>,
    address: Option<String>,
    agent: Option<String>,
    device: Option<String>,
}

/// Why somebody was not let in.
pub struct Failed {
    pub error: Error,
    /// Of the account there is, if one was tried with a wrong password or code.
    pub account: Option<Uuid>,
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self { error, account: None }
    }
}

impl Failed {
    fn of(account: Option<Uuid>, error: Error) -> Self {
        let account = account.filter(|_| matches!(error, Error::Refused(_)));
        Self { error, account }
    }
}

async fn is_known(tx: &mut PlatformTx, account: Option<&Account>, device: Option<&str>) -> Result<bool> {
    let (Some(account), Some(device)) = (account, device) else {
        return Ok(false);
    };
    let known = sqlx::query_scalar!(
        "select user_id from known_device where user_id = $1 and device_hash = $2",
        account.id,
        token_hash(device)
    );
    Ok(known.fetch_optional(&mut **tx).await?.is_some())
}

/// Checks the password, slowly for who guesses; the same for accounts that exist and that do not.
pub async fn check(db: &Db, attempt: Attempt, now: DateTime<Utc>) -> Result<Account, Failed> {
    let mut tx = db.begin_platform().await?;
    let found = account::find(&mut tx, attempt.class, &attempt.email).await?;
    let email = account::normal_email(&attempt.email);
    let known = is_known(&mut tx, found.as_ref(), attempt.device.as_deref()).await?;
    let network = attempts::network(attempt.address);
    let class = attempt.class.name();
    let counters = match (&attempt.device, known) {
        (Some(device), true) => vec![Counter::new("device", &[device, &email], FREE.2)],
        _ => vec![
            Counter::new("network", &[&network], FREE.1).shared(),
            Counter::new("account", &[class, &email, &network], FREE.0),
        ],
    };
    attempts::begin(&mut tx, &counters, now).await?;
    // The hash takes long; no connection waits for it.
    tx.commit().await?;
    let tried = found.as_ref().map(|account| account.id);
    let checked = check_password(found, attempt.password).await;
    let account = checked.map_err(|error| Failed::of(tried, error))?;
    let mut tx = db.begin_platform().await?;
    attempts::forget(&mut tx, &counters).await?;
    tx.commit().await?;
    Ok(account)
}

/// Who has shown the first factor goes on: to a session, or to the second factor if the account has one.
pub async fn proceed(
    tx: &mut PlatformTx,
    account: &Account,
    errand: Errand,
    now: DateTime<Utc>,
) -> Result<LoggedIn> {
    let methods = mfa::methods(tx, account.id).await?;
    if methods.is_empty() {
        if errand.door == Door::Platform {
            operator::require(tx, account.id).await?;
            let detail = "operators log in with a second factor: enrol one as an ordinary user first";
            return Err(Refusal::forbidden("second_factor_required", detail).into());
        }
        return Ok(LoggedIn::Session(Box::new(open(tx, account, errand, now).await?)));
    }
    let Errand {
        door,
        tenant,
        origin,
        device,
    } = errand;
    let pending = Pending {
        door: door.name().into(),
        tenant: tenant.map(|t| t.0),
        address: origin.address,
        agent: origin.agent,
        device,
    };
    let challenge = random_token();
    sqlx::query!(
        "insert into challenge (secret_hash, kind, user_id, state, expires_at)
         values ($1, 'second_factor', $2, $3, $4)",
        token_hash(&challenge),
        account.id,
        serde_json::to_value(pending).map_err(|e| Error::internal(e.to_string()))?,
        now + Duration::minutes(CHALLENGE_MINUTES)
    )
    .execute(&mut **tx)
    .await?;
    Ok(LoggedIn::SecondFactor { challenge, methods })
}

/// Opens the session and remembers the device.
pub async fn open(
    tx: &mut PlatformTx,
    account: &Account,
    errand: Errand,
    now: DateTime<Utc>,
) -> Result<Opened> {
    let membership = match errand.door {
        Door::Platform => {
            operator::require(tx, account.id).await?;
            None
        }
        Door::Tenant | Door::Guest => session::choose_tenant(tx, account, errand.tenant).await?,
    };
    let device_token = errand
        .device
        .filter(|d| d.len() <= 64)
        .unwrap_or_else(random_token);
    sqlx::query!(
        "insert into known_device (user_id, device_hash, last_used_at) values ($1, $2, $3)
         on conflict (user_id, device_hash) do update set last_used_at = excluded.last_used_at",
        account.id,
        token_hash(&device_token),
        now
    )
    .execute(&mut **tx)
    .await?;
    let session = session::open(tx, account, errand.door, membership, &errand.origin, now).await?;
    Ok(Opened {
        session,
        device_token,
    })
}

fn refused() -> Error {
    let detail = "the challenge is unknown, used, or has run out, or the code is wrong";
    Refusal::unauthenticated("wrong_code", detail).into()
}

/// The second step. A refusal must be committed too: it counts.
pub async fn second_factor(
    tx: &mut PlatformTx,
    challenge: &str,
    code: &str,
    now: DateTime<Utc>,
) -> Result<Result<Opened, Failed>> {
    let row = sqlx::query!(
        "update challenge set attempts = attempts + 1
         where secret_hash = $1 and kind = 'second_factor' and expires_at > $2 and attempts < $3
         returning user_id, state",
        token_hash(challenge),
        now,
        CHALLENGE_ATTEMPTS
    )
    .fetch_optional(&mut **tx)
    .await?;
    let Some((Some(user), state)) = row.map(|r| (r.user_id, r.state)) else {
        return Ok(Err(refused().into()));
    };
    let pending: Pending = serde_json::from_value(state).map_err(|e| Error::internal(e.to_string()))?;
    let account = account::get(tx, user).await?;
    // By account: to get here the password was needed. A known device has a count of its own.
    let counter = match is_known(tx, Some(&account), pending.device.as_deref()).await? {
        true => Counter::new(
            "code",
            &[&user.to_string(), pending.device.as_deref().unwrap_or_default()],
            FREE_CODES,
        ),
        false => Counter::new("code", &[&user.to_string()], FREE_CODES),
    };
    let counters = [counter];
    if let Err(wait) = attempts::begin(tx, &counters, now).await {
        return Ok(Err(wait.into()));
    }
    let method = mfa::check(tx, user, code, now).await?;
    let Some(method) = method.filter(|_| account.disabled_at.is_none()) else {
        return Ok(Err(Failed::of(Some(user), refused())));
    };
    attempts::forget(tx, &counters).await?;
    sqlx::query!(
        "delete from challenge where secret_hash = $1",
        token_hash(challenge)
    )
    .execute(&mut **tx)
    .await?;
    let errand = Errand {
        door: Door::parse(&pending.door)?,
        tenant: pending.tenant.map(TenantId),
        origin: Origin {
            address: pending.address,
            agent: pending.agent,
            second_factor: Some(method),
        },
        device: pending.device,
    };
    Ok(Ok(open(tx, &account, errand, now).await?))
}

pub(crate) async fn forget_old(tx: &mut PlatformTx, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!("delete from challenge where expires_at < $1", now)
        .execute(&mut **tx)
        .await?;
    sqlx::query!(
        "delete from known_device where last_used_at < $1",
        now - Duration::days(DEVICE_DAYS)
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
