//! A channel's limit on calls: so many of a kind in any 60 s, as the channel counts them.

use crate::channel::connection::Connection;
use crate::channel::dirty::Kind;
use crate::db::TenantTx;
use crate::error::Result;
use chrono::{DateTime, Duration, Utc};

/// The window in which a channel counts calls.
const WINDOW_SECONDS: i64 = 60;

/// When the next call of this kind fits into the channel's limit; `None` = now.
///
/// The channel counts a call when it arrives, which is some time before it has ended and may be long after it began. So a
/// call counts from its end, and one that is open as if it ended now. Counted from the calls themselves: a restart
/// forgets nothing.
pub(super) async fn free_at(
    tx: &mut TenantTx,
    connection: &Connection,
    kind: Kind,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>> {
    let window = Duration::seconds(WINDOW_SECONDS);
    let oldest_that_counts = sqlx::query_scalar!(
        r#"select coalesce(finished_at, $4) as "ended!" from ari_call
           where tenant_id = $1 and connection_id = $2 and kind = $3
             and coalesce(finished_at, 'infinity') > $5
           order by coalesce(finished_at, 'infinity') desc offset $6 limit 1"#,
        tx.t(),
        connection.id,
        kind.name(),
        now,
        now - window,
        i64::from(connection.calls_per_minute) - 1
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(oldest_that_counts.map(|at| at + window))
}
