//! A channel that lost what it knew is told everything anew, as rarely as at a person's word.

use super::connection;
use super::dirty::Kind;
use crate::alert;
use crate::db::TenantTx;
use crate::error::Result;
use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

const ASKED: &str = "channel_refused";
/// As for a full sync that a person asks for.
const EVERY_HOURS: i64 = 24;
/// How long telling everything may take.
const TELLING_MINUTES: i64 = 10;

/// It asks for all of this kind: both are told, for what lost one has lost the other. Within a day of the last time a person
/// has to look.
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
    let taken = sqlx::query_scalar!(
        "update channel_sync set full_sync_at = $3
         where tenant_id = $1 and connection_id = $2 and (full_sync_at is null or full_sync_at <= $4)
         returning connection_id",
        tx.t(),
        connection_id,
        now,
        now - Duration::hours(EVERY_HOURS)
    )
    .fetch_optional(&mut **tx)
    .await?;
    if taken.is_none() {
        let detail = format!("the channel asks for all {} again", kind.name());
        let subject = (connection.property_id, connection_id);
        return alert::raise(tx, ASKED, subject, &detail, now).await;
    }
    sqlx::query!(
        "update ari_shadow set accepted = null where tenant_id = $1 and connection_id = $2",
        tx.t(),
        connection_id
    )
    .execute(&mut **tx)
    .await?;
    connection::mark_horizon(tx, &connection).await
}
