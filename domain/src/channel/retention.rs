//! What the passing of days brings: new nights within the sync horizon, old journal rows to forget.

use super::connection::{SYNC_DAYS, sync_end};
use super::dirty;
use crate::db::TenantTx;
use crate::error::Result;
use chrono::{DateTime, Days, Duration, Timelike, Utc};

/// Message ids are kept well beyond the 7 days in which channels deliver again.
const INBOX_DAYS: i64 = 90;
const CALL_DAYS: i64 = 14;

/// Looked at every hour: the coming nights, and those that may just have come into the horizon.
const NEAR: u64 = 14;
const FAR_END: u64 = 7;
/// All others once a day, by the hour: a sale waits for no comparison of all a house's nights.
const HOURS: u64 = 24;

/// Whatever should have been marked and was not, nights that came into the horizon, and what was refused: it is looked at
/// again. Only what differs from what the channel accepted is told.
pub async fn compare(tx: &mut TenantTx, now: DateTime<Utc>) -> Result<()> {
    let connections = sqlx::query!(
        "select c.id, p.business_date from channel_connection c
         join property p on p.tenant_id = $1 and p.id = c.property_id
         where c.tenant_id = $1 and c.receives_ari and c.state = 'active'",
        tx.t()
    )
    .fetch_all(&mut **tx)
    .await?;
    let each = SYNC_DAYS.div_ceil(HOURS);
    for c in connections {
        let (first, end) = (c.business_date, sync_end(c.business_date));
        let turn = first + Days::new(u64::from(now.hour()) * each);
        for (from, to) in [
            (first, first + Days::new(NEAR)),
            (turn, (turn + Days::new(each)).min(end)),
            (end - Days::new(FAR_END), end),
        ] {
            dirty::mark_connection(tx, c.id, from, to).await?;
        }
    }
    Ok(())
}

/// Throws away what nothing will ask for again.
pub async fn forget_old(tx: &mut TenantTx, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "delete from inbox where tenant_id = $1 and state = 'processed' and acknowledged_at < $2",
        tx.t(),
        now - Duration::days(INBOX_DAYS)
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "delete from ari_call where tenant_id = $1 and started_at < $2",
        tx.t(),
        now - Duration::days(CALL_DAYS)
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "delete from ari_shadow s using channel_connection c, property p
         where s.tenant_id = $1 and c.tenant_id = $1 and c.id = s.connection_id
           and p.tenant_id = $1 and p.id = c.property_id and s.night < p.business_date",
        tx.t()
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
