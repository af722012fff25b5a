//! The second factor: codes of an authenticator app (TOTP, RFC 6238), each used once, and recovery codes for the day
//! the app is gone.

use super::attempts::{self, Counter};
use super::secret::token_hash;
use crate::db::PlatformTx;
use crate::error::{Error, Refusal, Result};
use crate::vault::Place;
use chrono::{DateTime, Utc};
use rand::Rng;
use totp_rs::{Builder, Secret, Totp};
use uuid::Uuid;

const RECOVERY_CODES: usize = 10;
/// RFC 4226 asks for 128 bits at least and recommends 160.
const SECRET_BYTES: usize = 20;
/// Wrong codes within the hour, of somebody who is logged in, after which each costs time.
const FREE_CODES: i32 = 10;

/// What an authenticator app is told once.
pub struct Enrolment {
    /// Base32.
    pub secret: String,
    /// `otpauth://totp/...`, usually shown as a QR code.
    pub url: String,
}

fn place(user: Uuid) -> Place {
    Place::new("totp", "secret", user)
}

fn totp(secret: &[u8], email: &str) -> Result<Totp> {
    Builder::new()
        .with_secret(Secret::from(secret.to_vec()))
        .with_issuer(Some("Innkeep"))
        .with_account_name(email)
        .build()
        .map_err(|e| Error::internal(format!("totp: {e}")))
}

/// Which second factors an account has: `totp`, and with it `recovery_code`.
pub async fn methods(tx: &mut PlatformTx, user: Uuid) -> Result<Vec<&'static str>> {
    let enrolled = sqlx::query_scalar!(
        "select user_id from totp where user_id = $1 and confirmed_at is not null",
        user
    );
    let enrolled = enrolled.fetch_optional(&mut **tx).await?.is_some();
    Ok(if enrolled {
        vec!["totp", "recovery_code"]
    } else {
        Vec::new()
    })
}

/// Begins an enrolment, or begins it anew; it counts from [`confirm`] on.
pub async fn enrol(tx: &mut PlatformTx, user: Uuid, email: &str, now: DateTime<Utc>) -> Result<Enrolment> {
    let secret: [u8; SECRET_BYTES] = rand::rng().random();
    let sealed = tx.platform_vault().await?.seal(&place(user), &secret)?;
    let done = sqlx::query!(
        "insert into totp (user_id, secret, created_at) values ($1, $2, $3)
         on conflict (user_id) do update set secret = excluded.secret, created_at = excluded.created_at, last_step = 0
         where totp.confirmed_at is null",
        user,
        sealed,
        now
    )
    .execute(&mut **tx)
    .await?;
    if done.rows_affected() == 0 {
        let detail = "an authenticator is enrolled: disable it first";
        return Err(Refusal::conflict("already_enrolled", detail).into());
    }
    let totp = totp(&secret, email)?;
    Ok(Enrolment {
        secret: totp.secret().to_base32(),
        url: totp.to_url().map_err(|e| Error::internal(format!("totp: {e}")))?,
    })
}

/// The app shows the right code, so it holds the secret: from now on it is asked for. Returns the recovery codes, shown
/// this once.
pub async fn confirm(tx: &mut PlatformTx, user: Uuid, code: &str, now: DateTime<Utc>) -> Result<Vec<String>> {
    if !take_step(tx, user, code, false, now).await? {
        let detail = "the code is wrong, was used, or nothing is being enrolled";
        return Err(Refusal::invalid("wrong_code", detail).at("/code").into());
    }
    sqlx::query!("update totp set confirmed_at = $2 where user_id = $1", user, now)
        .execute(&mut **tx)
        .await?;
    attempts::forget(tx, &[own_codes(user)]).await?;
    new_recovery_codes(tx, user).await
}

/// Ten codes in place of all earlier ones.
async fn new_recovery_codes(tx: &mut PlatformTx, user: Uuid) -> Result<Vec<String>> {
    sqlx::query!("delete from recovery_code where user_id = $1", user)
        .execute(&mut **tx)
        .await?;
    let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| recovery_code()).collect();
    for code in &codes {
        sqlx::query!(
            "insert into recovery_code (user_id, code_hash) values ($1, $2)",
            user,
            recovery_hash(user, code)
        )
        .execute(&mut **tx)
        .await?;
    }
    Ok(codes)
}

/// 80 bits: `k3f9-...`, four groups of four characters of Crockford's base 32.
fn recovery_code() -> String {
    const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let mut dice = rand::rng();
    let group = |dice: &mut rand::rngs::ThreadRng| -> String {
        (0..4)
            .map(|_| char::from(ALPHABET[dice.random_range(0..ALPHABET.len())]))
            .collect()
    };
    let groups: Vec<String> = (0..4).map(|_| group(&mut dice)).collect();
    groups.join("-")
}

/// Typed from paper: case and separators do not matter.
fn recovery_hash(user: Uuid, code: &str) -> Vec<u8> {
    let plain: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    token_hash(&format!("recovery/{user}/{}", plain.to_ascii_lowercase()))
}

/// Does the code, of the app or a recovery code, let the user pass? It is used up then. Says which it was.
pub async fn check(
    tx: &mut PlatformTx,
    user: Uuid,
    code: &str,
    now: DateTime<Utc>,
) -> Result<Option<&'static str>> {
    if code.len() <= 8 {
        let fits = take_step(tx, user, code, true, now).await?;
        return Ok(fits.then_some("totp"));
    }
    let used = sqlx::query_scalar!(
        "update recovery_code set used_at = $3 where user_id = $1 and code_hash = $2 and used_at is null
         returning user_id",
        user,
        recovery_hash(user, code),
        now
    );
    Ok(used.fetch_optional(&mut **tx).await?.map(|_| "recovery_code"))
}

/// Is the code right now, or one step of 30 s before or after, and later than every one used before?
async fn take_step(
    tx: &mut PlatformTx,
    user: Uuid,
    code: &str,
    confirmed: bool,
    now: DateTime<Utc>,
) -> Result<bool> {
    let row = sqlx::query!(
        "select secret from totp where user_id = $1 and (confirmed_at is not null) = $2 for update",
        user,
        confirmed
    )
    .fetch_optional(&mut **tx)
    .await?;
    let Some(row) = row else { return Ok(false) };
    let vault = tx.platform_vault_knowing(&[&row.secret]).await?;
    let secret = vault.open(&place(user), &row.secret)?;
    let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
    let Some(step) = totp(&secret, "innkeep")?.check(code, seconds) else {
        return Ok(false);
    };
    let step = i64::try_from(step).map_err(|e| Error::internal(e.to_string()))?;
    let taken = sqlx::query!(
        "update totp set last_step = $2 where user_id = $1 and last_step < $2",
        user,
        step
    );
    Ok(taken.execute(&mut **tx).await?.rows_affected() == 1)
}

/// Counts an attempt with a code of somebody who is logged in; commit it before the code is looked at. A right code
/// takes it back.
pub async fn count_attempt(tx: &mut PlatformTx, user: Uuid, now: DateTime<Utc>) -> Result<()> {
    attempts::begin(tx, &[own_codes(user)], now).await
}

fn own_codes(user: Uuid) -> Counter {
    Counter::new("own_code", &[&user.to_string()], FREE_CODES)
}

async fn require(tx: &mut PlatformTx, user: Uuid, code: &str, now: DateTime<Utc>) -> Result<()> {
    if check(tx, user, code, now).await?.is_none() {
        return Err(Refusal::invalid("wrong_code", "the code is wrong or was used")
            .at("/code")
            .into());
    }
    attempts::forget(tx, &[own_codes(user)]).await
}

/// New codes, for who shows one of the app's or of the old ones.
pub async fn replace_recovery_codes(
    tx: &mut PlatformTx,
    user: Uuid,
    code: &str,
    now: DateTime<Utc>,
) -> Result<Vec<String>> {
    require(tx, user, code, now).await?;
    new_recovery_codes(tx, user).await
}

/// Ends it, with a code of it: who only found a session open cannot.
pub async fn disable(tx: &mut PlatformTx, user: Uuid, code: &str, now: DateTime<Utc>) -> Result<()> {
    require(tx, user, code, now).await?;
    sqlx::query!("delete from totp where user_id = $1", user)
        .execute(&mut **tx)
        .await?;
    sqlx::query!("delete from recovery_code where user_id = $1", user)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recovery_codes_are_read_from_paper() {
        let user = Uuid::nil();
        let code = recovery_code();
        assert_eq!(code.len(), 19);
        assert_ne!(code, recovery_code());
        let typed = code.to_uppercase().replace('-', " ");
        assert_eq!(recovery_hash(user, &code), recovery_hash(user, &typed));
        assert_ne!(recovery_hash(user, &code), recovery_hash(Uuid::max(), &code));
    }

    /// RFC 6238, appendix B, the secret of its SHA-1 rows; six digits are the last of its eight.
    #[test]
    fn codes_are_those_of_the_rfc() {
        let totp = totp(b"12345678901234567890", "ada@adler.example").unwrap();
        for (at, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(totp.check(code, at), Some(at / 30), "{at}");
            assert_eq!(totp.check(code, at + 90), None, "{at}");
        }
    }
}
