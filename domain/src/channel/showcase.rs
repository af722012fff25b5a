//! Showing a channel what there is to sell, because it asks for it. That it has been asked for is state: whoever dies
//! while showing it is followed by one who does.

use super::connection::{self, mark_horizon};
use super::portal::{self, Category};
use crate::alert;
use crate::db::TenantTx;
use crate::error::Result;
use crate::ports::channel::ChannelError;
use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

/// A channel that goes on asking is shown it again after so long.
const EVERY_MINUTES: i32 = 60;
/// After a try without an answer.
const AGAIN_SECONDS: i64 = 30;
const REFUSED: &str = "inventory_refused";

pub(super) async fn asked(tx: &mut TenantTx, connection_id: Uuid, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update channel_sync set show_at = coalesce(show_at, greatest($3::timestamptz, shown_at + make_interval(mins => $4)))
         where tenant_id = $1 and connection_id = $2",
        tx.t(),
        connection_id,
        now,
        EVERY_MINUTES
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What to show now; none if nobody waits for it.
pub async fn due(
    tx: &mut TenantTx,
    connection_id: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<Vec<Category>>> {
    let due = sqlx::query_scalar!(
        r#"select show_at <= $3 as "due?" from channel_sync where tenant_id = $1 and connection_id = $2"#,
        tx.t(),
        connection_id,
        now
    )
    .fetch_one(&mut **tx)
    .await?;
    match due {
        Some(true) => portal::categories(tx, connection_id).await.map(Some),
        _ => Ok(None),
    }
}

/// The channel has taken it. What it refused before it knew of these categories is told again.
pub async fn shown(tx: &mut TenantTx, connection_id: Uuid, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update channel_sync set show_at = null, shown_at = $3 where tenant_id = $1 and connection_id = $2",
        tx.t(),
        connection_id,
        now
    )
    .execute(&mut **tx)
    .await?;
    alert::resolve(tx, REFUSED, connection_id, now).await?;
    let connection = connection::get(tx, connection_id).await?;
    mark_horizon(tx, &connection).await
}

/// Without an answer it is tried again; what the channel refuses a person has to look at.
pub async fn failed(
    tx: &mut TenantTx,
    connection_id: Uuid,
    error: &ChannelError,
    now: DateTime<Utc>,
) -> Result<()> {
    let again = error.is_fault().then(|| now + Duration::seconds(AGAIN_SECONDS));
    sqlx::query!(
        "update channel_sync set show_at = $3 where tenant_id = $1 and connection_id = $2",
        tx.t(),
        connection_id,
        again
    )
    .execute(&mut **tx)
    .await?;
    if again.is_some() {
        return Ok(());
    }
    let connection = connection::get(tx, connection_id).await?;
    let subject = (connection.property_id, connection_id);
    alert::raise(tx, REFUSED, subject, &error.to_string(), now).await
}
