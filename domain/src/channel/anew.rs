//! A channel that lost what it knew is told everything anew, as rarely as at a person's word.

use super::change::{self, FULL_SYNC_EVERY_HOURS};
use super::connection::{self, Connection};
use super::dirty::Kind;
use crate::alert;
use crate::db::TenantTx;
use crate::error::Result;
use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

const ASKED: &str = "full_sync_asked";
/// How long telling everything may take.
const TELLING_MINUTES: i64 = 10;

/// It asks for all of this kind: both are told, for what lost one has lost the other. Within a day of the last time it is
/// told when the day is over, and a person hears of it.
pub(super) async fn asked(
    tx: &mut TenantTx,
    connection_id: Uuid,
    kind: Kind,
    now: DateTime<Utc>,
) -> Result<()> {
    let last = sqlx::query_scalar!(
        "select full_sync_at from channel_sync where tenant_id = $1 and connection_id = $2",
        tx.t(),
        connection_id
    )
    .fetch_one(&mut **tx)
    .await?;
    if last.is_some_and(|last| last > now - Duration::minutes(TELLING_MINUTES)) {
        return Ok(()); // it asked before it had heard all
    }
    let connection = connection::get(tx, connection_id).await?;
    if tell(tx, &connection, now).await? {
        return Ok(());
    }
    sqlx::query!(
        "update channel_sync set anew_asked = true where tenant_id = $1 and connection_id = $2",
        tx.t(),
        connection_id
    )
    .execute(&mut **tx)
    .await?;
    let detail = format!(
        "the channel asks for all {} again: it is told everything a day after the last time",
        kind.name()
    );
    let subject = (connection.property_id, connection_id);
    alert::raise(tx, ASKED, subject, &detail, now).await
}

/// Those whose day is over are told now.
pub async fn overdue(tx: &mut TenantTx, now: DateTime<Utc>) -> Result<()> {
    let asked = sqlx::query_scalar!(
        "select s.connection_id from channel_sync s
         join channel_connection c on c.tenant_id = $1 and c.id = s.connection_id and c.state = 'active'
         where s.tenant_id = $1 and s.anew_asked",
        tx.t()
    )
    .fetch_all(&mut **tx)
    .await?;
    for id in asked {
        let connection = connection::get(tx, id).await?;
        tell(tx, &connection, now).await?;
    }
    Ok(())
}

/// Everything, for whoever asks, unless it was not long enough ago.
pub(super) async fn tell(tx: &mut TenantTx, connection: &Connection, now: DateTime<Utc>) -> Result<bool> {
    let taken = sqlx::query_scalar!(
        "update channel_sync set full_sync_at = $3, anew_asked = false
         where tenant_id = $1 and connection_id = $2 and (full_sync_at is null or full_sync_at <= $4)
         returning connection_id",
        tx.t(),
        connection.id,
        now,
        now - Duration::hours(FULL_SYNC_EVERY_HOURS)
    )
    .fetch_optional(&mut **tx)
    .await?;
    if taken.is_none() {
        return Ok(false);
    }
    change::forget_accepted(tx, connection.id).await?;
    connection::mark_horizon(tx, connection).await?;
    alert::resolve(tx, ASKED, connection.id, now).await?;
    Ok(true)
}
