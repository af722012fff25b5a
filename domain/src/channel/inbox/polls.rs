//! When a channel's feed of bookings is read, and how that went.

use crate::alert;
use crate::channel::connection::Connection;
use crate::channel::push::ALARMING;
use crate::db::TenantTx;
use crate::error::Result;
use crate::ports::channel::ChannelError;
use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

const UNFETCHED: &str = "bookings_unfetched";

/// The channel says there is something: poll at once. Also where a poll is due: it may be one that is under way and has
/// outlived its lease, and sees by the moment that changed that it was asked for again.
pub async fn poll_now(tx: &mut TenantTx, connection_id: Uuid, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update channel_sync set next_poll_at = least($3, next_poll_at - interval '1 microsecond')
         where tenant_id = $1 and connection_id = $2",
        tx.t(),
        connection_id,
        now
    )
    .execute(&mut **tx)
    .await?;
    crate::jobs::kick(tx).await
}

/// A poll under way is not taken up again before this; should its worker die, another takes over then.
const POLL_LEASE_SECONDS: i64 = 2;

/// Is a poll due? If so it is put off by a short lease in the same statement, so that a request meanwhile is not lost.
/// Returns until when.
pub async fn take_poll(
    tx: &mut TenantTx,
    connection_id: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>> {
    Ok(sqlx::query_scalar!(
        "update channel_sync set next_poll_at = $4
         where tenant_id = $1 and connection_id = $2 and next_poll_at <= $3 returning next_poll_at",
        tx.t(),
        connection_id,
        now,
        now + Duration::seconds(POLL_LEASE_SECONDS)
    )
    .fetch_optional(&mut **tx)
    .await?)
}

/// A poll worked: the next comes at `next`, or earlier if it was asked for since the poll was taken (`lease`). All that the
/// channel had when it was begun is here, if that moment is `heard`; otherwise it has more.
pub async fn poll_worked(
    tx: &mut TenantTx,
    connection_id: Uuid,
    lease: Option<DateTime<Utc>>,
    heard: Option<DateTime<Utc>>,
    next: DateTime<Utc>,
) -> Result<()> {
    let failures = sqlx::query_scalar!(
        r#"with before as (select poll_failures from channel_sync where tenant_id = $1 and connection_id = $2)
           update channel_sync s set poll_failures = 0, last_polled_at = coalesce($5, last_polled_at),
               next_poll_at = case when $3::timestamptz is null or next_poll_at < $3 then next_poll_at else $4 end
           from before b where s.tenant_id = $1 and s.connection_id = $2 returning b.poll_failures"#,
        tx.t(),
        connection_id,
        lease,
        next,
        heard
    )
    .fetch_one(&mut **tx)
    .await?;
    if failures > 0 {
        alert::resolve(tx, UNFETCHED, connection_id, heard.unwrap_or(next)).await?;
    }
    Ok(())
}

/// A poll failed: the next waits longer each time, unless this one got some of its work done first, and as long as the
/// channel wants. A person hears of a refusal at once, of anything else when it has gone on for a while.
pub async fn poll_failed(
    tx: &mut TenantTx,
    connection: &Connection,
    error: &ChannelError,
    progress: bool,
    now: DateTime<Utc>,
) -> Result<()> {
    let wanted = match error {
        ChannelError::Throttled { wait } => Duration::from_std(*wait).ok(),
        _ => None,
    };
    let failures = sqlx::query_scalar!(
        "with before as (select case when $5 then 0 else poll_failures end as failures
             from channel_sync where tenant_id = $1 and connection_id = $2)
         update channel_sync set poll_failures = b.failures + 1, last_error = $3,
             next_poll_at = greatest($6, $4::timestamptz + least(60000, 500 * (1 << least(b.failures, 7))) * interval '1 ms')
         from before b where tenant_id = $1 and connection_id = $2 returning poll_failures",
        tx.t(),
        connection.id,
        error.to_string(),
        now,
        progress,
        now + wanted.unwrap_or_default()
    )
    .fetch_one(&mut **tx)
    .await?;
    if failures >= ALARMING || matches!(error, ChannelError::Refused { .. }) {
        let detail = format!("its bookings could not be fetched {failures} time(s) in a row: {error}");
        let subject = (connection.property_id, connection.id);
        alert::raise(tx, UNFETCHED, subject, &detail, now).await?;
    }
    Ok(())
}
