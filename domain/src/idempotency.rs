//! Answers to unsafe requests, kept so that a repeat gets the first answer and not a second booking.
//!
//! The look-up, the operation and the stored answer share one transaction: an answer is stored if and only if the
//! change it reports was made. A refused request changed nothing, so nothing is stored and it may be tried again.
//! Answers hold what they were asked about, personal data too, so they are kept sealed.

use crate::db::TenantTx;
use crate::error::{Error, Refusal, Result};
use crate::vault::Place;
use chrono::{DateTime, Duration, Utc};
use serde_json::Value;

/// A repeat after this long is a new request.
pub const KEPT_HOURS: i64 = 72;
pub const LONGEST_KEY: usize = 255;
/// Answers read at a time when a guest is erased.
const SHRED_BATCH: i64 = 500;

/// One caller's key for one operation; the tenant is the transaction's.
#[derive(Debug, Clone)]
pub struct Scope {
    pub principal: String,
    pub operation: &'static str,
    pub key: String,
    /// SHA-256 of the whole request: the same key with another request is a mistake.
    pub request_hash: [u8; 32],
}

impl Scope {
    fn place(&self) -> Place {
        place(&self.principal, self.operation, &self.key)
    }
}

fn place(principal: &str, operation: &str, key: &str) -> Place {
    Place::new(
        "idempotency_key",
        "body",
        format!("{principal}/{operation}/{key}"),
    )
}

/// An answer as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    pub status: i16,
    /// Header names and values, as a JSON object.
    pub headers: Value,
    pub body: String,
}

/// Takes the key for this transaction, and returns the answer a finished request left under it.
pub async fn claim(tx: &mut TenantTx, scope: &Scope, now: DateTime<Utc>) -> Result<Option<Stored>> {
    if scope.key.is_empty() || scope.key.len() > LONGEST_KEY {
        let detail = format!("1 to {LONGEST_KEY} characters");
        return Err(Refusal::invalid("invalid_idempotency_key", detail)
            .at("Idempotency-Key")
            .into());
    }
    let lock = format!(
        "{}/{}/{}/{}",
        tx.tenant(),
        scope.principal,
        scope.operation,
        scope.key
    );
    let ours = sqlx::query_scalar!(
        r#"select pg_try_advisory_xact_lock(hashtextextended($1, 0)) as "ours!""#,
        lock
    )
    .fetch_one(&mut **tx)
    .await?;
    if !ours {
        let detail = "a request with this Idempotency-Key is still running";
        return Err(Refusal::conflict("request_in_progress", detail).into());
    }
    // A statement of its own: its snapshot must be younger than the lock.
    let found = sqlx::query!(
        "select request_hash, status, headers, body from idempotency_key
         where tenant_id = $1 and principal = $2 and operation = $3 and key = $4 and created_at > $5",
        tx.t(),
        scope.principal,
        scope.operation,
        scope.key,
        now - Duration::hours(KEPT_HOURS)
    )
    .fetch_optional(&mut **tx)
    .await?;
    match found {
        Some(row) if row.request_hash != scope.request_hash => {
            let detail = "this Idempotency-Key belongs to a different request";
            Err(Refusal::invalid("idempotency_key_reused", detail)
                .at("Idempotency-Key")
                .into())
        }
        Some(row) => Ok(Some(Stored {
            status: row.status,
            headers: row.headers,
            body: open(tx, scope, &row.body).await?,
        })),
        None => Ok(None),
    }
}

async fn open(tx: &TenantTx, scope: &Scope, body: &str) -> Result<String> {
    let vault = tx.vault_knowing(&[body]).await?;
    let opened = vault.open(&scope.place(), body)?;
    let text = std::str::from_utf8(&opened).map_err(|e| Error::internal(e.to_string()))?;
    Ok(text.to_owned())
}

/// Keeps the answer; an older one under the key is past its time, or [`claim`] would have found it.
pub async fn keep(tx: &mut TenantTx, scope: &Scope, answer: &Stored, now: DateTime<Utc>) -> Result<()> {
    let body = tx.vault().await?.seal(&scope.place(), answer.body.as_bytes())?;
    let kept = sqlx::query!(
        "insert into idempotency_key
             (tenant_id, principal, operation, key, request_hash, status, headers, body, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict (tenant_id, principal, operation, key) do update
             set request_hash = excluded.request_hash, status = excluded.status, headers = excluded.headers,
                 body = excluded.body, created_at = excluded.created_at
             where idempotency_key.created_at <= $10",
        tx.t(),
        scope.principal,
        scope.operation,
        scope.key,
        scope.request_hash.as_slice(),
        answer.status,
        answer.headers,
        body,
        now,
        now - Duration::hours(KEPT_HOURS)
    )
    .execute(&mut **tx)
    .await?;
    if kept.rows_affected() != 1 {
        return Err(Error::internal(
            "an answer was kept under an Idempotency-Key that this request had claimed",
        ));
    }
    Ok(())
}

/// Empties the answers that `theirs` is true of, given the operation and the answer. Their keys stay taken: what was
/// done is not done again.
pub(crate) async fn shred(tx: &mut TenantTx, theirs: impl Fn(&str, &str) -> bool) -> Result<()> {
    let mut after = (String::new(), String::new(), String::new());
    loop {
        let rows = sqlx::query!(
            "select principal, operation, key, body from idempotency_key
             where tenant_id = $1 and (principal, operation, key) > ($2, $3, $4)
             order by principal, operation, key limit $5",
            tx.t(),
            after.0,
            after.1,
            after.2,
            SHRED_BATCH
        )
        .fetch_all(&mut **tx)
        .await?;
        let sealed: Vec<&str> = rows.iter().map(|row| row.body.as_str()).collect();
        let vault = tx.vault_knowing(&sealed).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = (last.principal.clone(), last.operation.clone(), last.key.clone());
        for row in rows {
            let place = place(&row.principal, &row.operation, &row.key);
            let answer = vault.open(&place, &row.body)?;
            if !theirs(&row.operation, &String::from_utf8_lossy(&answer)) {
                continue;
            }
            sqlx::query!(
                "update idempotency_key set body = $5
                 where tenant_id = $1 and principal = $2 and operation = $3 and key = $4",
                tx.t(),
                row.principal,
                row.operation,
                row.key,
                vault.seal(&place, b"{}")?
            )
            .execute(&mut **tx)
            .await?;
        }
    }
}

/// Forgets what is past its time; the hourly job calls this for each tenant. Returns how many.
pub async fn forget_old(tx: &mut TenantTx, now: DateTime<Utc>) -> Result<u64> {
    let done = sqlx::query!(
        "delete from idempotency_key where tenant_id = $1 and created_at <= $2",
        tx.t(),
        now - Duration::hours(KEPT_HOURS)
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected())
}
