//! Kicks: "tenant T changed, do what is due". A kick carries no truth; what is due stands in domain tables, so a
//! lost, doubled or reordered kick changes nothing and a periodic sweep finds what was missed.

use crate::db::TenantTx;
use crate::error::Result;
use crate::ids::TenantId;
use serde::{Deserialize, Serialize};

/// Queue names are stable and versioned: never a type path, which would strand jobs when a module moves.
pub const TENANT_CHANGED: &str = "tenant.changed.v1";

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TenantChanged {
    pub tenant_id: TenantId,
}

/// Writes the kick in the caller's transaction: it is seen if and only if the change is.
/// Nobody is NOTIFYed, which would make commits wait for each other, one disk flush at a time: workers look every 50 ms.
/// Tried once: a kick that fails is not retried by the queue, the sweep is the retry.
pub async fn kick(tx: &mut TenantTx) -> Result<()> {
    let payload = payload(tx.tenant())?;
    sqlx::query!(
        "insert into apalis.jobs (id, job_type, job, status, attempts, max_attempts, run_at, priority)
         values ($1, $2, $3, 'Pending', 0, 1, clock_timestamp(), 0)",
        job_id(),
        TENANT_CHANGED,
        payload,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The queue names its jobs by ULID: a UUIDv7's bits, written another way.
pub(crate) fn job_id() -> String {
    ulid::Ulid::from(crate::ids::new_id().as_u128()).to_string()
}

/// The queue's encoding of the job: JSON.
pub(crate) fn payload(tenant_id: TenantId) -> Result<Vec<u8>> {
    serde_json::to_vec(&TenantChanged { tenant_id }).map_err(|e| crate::Error::internal(e.to_string()))
}

/// The queue keeps what it has done; a kick is worth nothing afterwards. Workers that have gone leave their rows too.
pub(crate) async fn forget_done(
    tx: &mut crate::db::PlatformTx,
    before: chrono::DateTime<chrono::Utc>,
) -> Result<()> {
    sqlx::query!(
        "delete from apalis.jobs where job_type = $1 and status in ('Done', 'Failed', 'Killed') and run_at < $2",
        TENANT_CHANGED,
        before
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "delete from apalis.workers w where last_seen < $1
           and not exists (select from apalis.jobs j where j.lock_by = w.id)",
        before
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
