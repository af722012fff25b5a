//! Worker processes say here that they live; readiness reads it.

use crate::db::PlatformTx;
use crate::error::Result;
use chrono::{DateTime, Utc};

/// Says that the worker process of this name lives, and forgets those silent for a day.
pub async fn beat(tx: &mut PlatformTx, worker: &str, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "insert into worker_heartbeat (worker, seen_at) values ($1, $2)
         on conflict (worker) do update set seen_at = excluded.seen_at",
        worker,
        now
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "delete from worker_heartbeat where seen_at < $1",
        now - chrono::Duration::days(1)
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// When a worker process was last heard of; `None` = never, or not for a day.
pub async fn newest(tx: &mut PlatformTx) -> Result<Option<DateTime<Utc>>> {
    Ok(sqlx::query_scalar!("select max(seen_at) from worker_heartbeat")
        .fetch_one(&mut **tx)
        .await?)
}
