//! Writes: one transaction around the idempotency look-up, the operation, the stored answer and the audit trail.
//!
//! `Idempotency-Key` is optional on every unsafe operation. Within 72 h the same caller's same request gets the first
//! answer again (`Idempotency-Replayed: true`); another request under the key is refused with 422
//! `idempotency_key_reused`, and one that comes while the first still runs with 409 `request_in_progress`. "The same"
//! means method, path, query and body, byte for byte. Only successes are kept: a refused request changed nothing.

use crate::api::error::{ApiError, ApiResult};
use crate::api::reply::Reply;
use crate::app::App;
use crate::audit::Watch;
use crate::edge::Fingerprint;
use chrono::{DateTime, Utc};
use innkeep_domain::Error as DomainError;
use innkeep_domain::db::TenantTx;
use innkeep_domain::idempotency::{self, Scope};
use innkeep_domain::principal::Principal;
use poem::{FromRequest, Request, RequestBody};
use poem_openapi::types::ToJSON;

/// What of a request makes a repeat of it recognisable.
#[derive(Debug, Clone)]
pub struct Once {
    key: Option<String>,
    fingerprint: Fingerprint,
}

impl<'a> FromRequest<'a> for Once {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let mut keys = request.headers().get_all("idempotency-key").iter();
        let key = keys.next().map(|k| k.to_str().map(str::to_owned));
        if keys.next().is_some() || matches!(key, Some(Err(_))) {
            return Err(ApiError::parameter("Idempotency-Key", "one header of printable ASCII").into());
        }
        let fingerprint = request.data::<Fingerprint>().copied();
        let fingerprint =
            fingerprint.ok_or_else(|| ApiError::from(DomainError::internal("no request fingerprint")))?;
        Ok(Self {
            key: key.transpose().ok().flatten(),
            fingerprint,
        })
    }
}

impl Once {
    fn scope(&self, who: &Principal, operation: &'static str) -> Option<Scope> {
        Some(Scope {
            principal: who.actor.to_string(),
            operation,
            key: self.key.clone()?,
            request_hash: self.fingerprint.0,
        })
    }
}

/// Runs `work` in the caller's tenant and commits it, or replays the answer an earlier identical request got.
pub async fn write<T: ToJSON, const STATUS: u16>(
    app: &App,
    who: &Principal,
    once: &Once,
    operation: &'static str,
    work: impl AsyncFnOnce(&mut TenantTx) -> ApiResult<Reply<T, STATUS>>,
) -> ApiResult<Reply<T, STATUS>> {
    let mut tx = app.db.begin_for(who).await?;
    let reply = match perform(&mut tx, who, once, operation, app.now(), work).await {
        Ok(reply) if !reply.is_replay() => reply,
        refused_or_replayed => {
            // Before the answer: who tries again at once finds the key free and no row locked.
            tx.rollback().await?;
            return refused_or_replayed;
        }
    };
    let watch = Watch::current();
    if let Some(watch) = &watch {
        watch.done(&mut tx, STATUS, reply.made()).await?;
    }
    tx.commit().await?;
    if let Some(watch) = watch {
        watch.told();
    }
    app.cache.invalidate(who.tenant).await;
    Ok(reply)
}

async fn perform<T: ToJSON, const STATUS: u16>(
    tx: &mut TenantTx,
    who: &Principal,
    once: &Once,
    operation: &'static str,
    now: DateTime<Utc>,
    work: impl AsyncFnOnce(&mut TenantTx) -> ApiResult<Reply<T, STATUS>>,
) -> ApiResult<Reply<T, STATUS>> {
    let scope = once.scope(who, operation);
    if let Some(scope) = &scope
        && let Some(stored) = idempotency::claim(tx, scope, now).await?
    {
        return Ok(Reply::replay(stored));
    }
    let reply = work(tx).await?;
    if let Some(scope) = &scope {
        idempotency::keep(tx, scope, reply.stored(), now).await?;
    }
    Ok(reply)
}
