//! Calls nobody heard of again: their sender was killed while they were under way, or they ended without an answer.
//!
//! The same cells are told again at once, but the channel may apply the earlier call only after that, and then believes
//! the older value for ever. So when such a call has had its time, whatever was told since it began is told once more.

use crate::db::TenantTx;
use crate::error::Result;
use crate::ports::channel::ChannelError;
use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

/// After this time a dead sender's call is taken to be applied, or never to be.
pub(crate) fn given_up_after() -> Duration {
    Duration::seconds(5)
}

/// The same of one that ended without an answer: a little longer than a sender waits for it.
pub(crate) fn unanswered_for() -> Duration {
    Duration::seconds(12)
}

/// May the channel still be at it, although this is how its call ended here? So may one whose gateway gave up waiting.
pub(super) fn may_be_applied(error: &ChannelError) -> bool {
    matches!(
        error,
        ChannelError::Unknown(_)
            | ChannelError::Server {
                status: 502 | 504,
                ..
            }
    )
}

/// Closes such calls of a connection (`lost`, if nothing is known of them) and makes the cells told since then unknown and dirty. Only for the
/// connection's sender while it has no call under way, so that every open call is one of those.
pub(super) async fn tell_again(tx: &mut TenantTx, connection_id: Uuid, now: DateTime<Utc>) -> Result<()> {
    let begun = sqlx::query_scalar!(
        "with lost as (
             update ari_call set finished_at = $3, outcome = coalesce(outcome, 'lost')
             where tenant_id = $1 and connection_id = $2 and finished_at is null
               and started_at < case when outcome is null then $4::timestamptz else $5 end
             returning started_at)
         select min(started_at) from lost",
        tx.t(),
        connection_id,
        now,
        now - given_up_after(),
        now - unanswered_for()
    )
    .fetch_one(&mut **tx)
    .await?;
    let Some(begun) = begun else { return Ok(()) };
    sqlx::query!(
        "with unknown as (
             update ari_shadow set accepted = null, changed_at = clock_timestamp()
             where tenant_id = $1 and connection_id = $2 and changed_at >= $3 and alarm is null
             returning unit_type_id, rate_plan_id, night)
         insert into ari_dirty (tenant_id, connection_id, kind, unit_type_id, from_night, to_night)
         select $1, $2, case rate_plan_id when '00000000-0000-0000-0000-000000000000' then 'availability'
                else 'rates' end, unit_type_id, min(night), max(night) + 1
         from unknown group by unit_type_id, 3",
        tx.t(),
        connection_id,
        begun
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
