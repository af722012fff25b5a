//! Telling a portal what became of a booking that it sold: that the house cancelled it, or took that back. What is to be
//! told is one row for each booking, of which the last word counts; the portal's own next word takes it away.

use super::connection::Connection;
use crate::alert;
use crate::booking::entity::{Booking, BookingStatus};
use crate::db::TenantTx;
use crate::error::Result;
use crate::ports::channel::{Heard, Standing};
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Told in one message.
const MOST: i64 = 50;
const UNTOLD: &str = "standing_untold";
/// The try at which a person hears of it: twenty minutes after the first.
const ALARMING: i32 = 8;

/// The house has changed a booking. Other channels than portals have no word for what is told here.
pub(crate) async fn follow(
    tx: &mut TenantTx,
    before: &Booking,
    after: &Booking,
    now: DateTime<Utc>,
) -> Result<()> {
    let cancelled = after.status == BookingStatus::Cancelled;
    let Some(link) = &after.channel else {
        return Ok(());
    };
    if (before.status == BookingStatus::Cancelled) == cancelled {
        return Ok(());
    }
    sqlx::query!(
        "insert into channel_standing (tenant_id, connection_id, channel_ref, booking_id, cancelled, changed_at,
             next_attempt_at)
         select $1, c.id, $3, $4, $5, $6, $6 from channel_connection c
         where c.tenant_id = $1 and c.id = $2 and c.protocol = 'alpinebits' and c.receives_ari and c.state <> 'closed'
         on conflict (tenant_id, connection_id, channel_ref) do update set
             cancelled = excluded.cancelled, changed_at = excluded.changed_at, attempts = 0,
             next_attempt_at = excluded.next_attempt_at",
        tx.t(),
        link.connection_id,
        link.reference,
        after.id,
        cancelled,
        now
    )
    .execute(&mut **tx)
    .await?;
    alert::resolve(tx, UNTOLD, after.id, now).await
}

/// The channel has said something of the booking itself.
pub(crate) async fn overtaken(
    tx: &mut TenantTx,
    connection_id: Uuid,
    booking: &Booking,
    reference: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "delete from channel_standing where tenant_id = $1 and connection_id = $2 and channel_ref = $3",
        tx.t(),
        connection_id,
        reference
    )
    .execute(&mut **tx)
    .await?;
    alert::resolve(tx, UNTOLD, booking.id, now).await
}

/// What may be told now, the oldest first. That it is tried is on record before the portal hears of it, and so is when
/// it is tried again: 10 s later, 20 s, ... at most an hour. A person hears of what no answer comes to.
pub async fn due(tx: &mut TenantTx, connection_id: Uuid, now: DateTime<Utc>) -> Result<Vec<Standing>> {
    let rows = sqlx::query!(
        "with taken as (
             select channel_ref from channel_standing
             where tenant_id = $1 and connection_id = $2 and next_attempt_at <= $3
             order by changed_at, channel_ref limit $4 for update skip locked)
         update channel_standing s set attempts = s.attempts + 1,
             next_attempt_at = $3::timestamptz + least(3600, 10 * (1 << least(s.attempts, 10))) * interval '1 s'
         from taken, booking b
         where s.tenant_id = $1 and s.connection_id = $2 and s.channel_ref = taken.channel_ref
           and b.tenant_id = $1 and b.id = s.booking_id
         returning s.channel_ref, s.cancelled, b.created_at, s.changed_at, s.attempts, b.id, b.property_id",
        tx.t(),
        connection_id,
        now,
        MOST
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut due = Vec::new();
    for row in rows {
        if row.attempts >= ALARMING {
            let detail = format!(
                "the portal was told {} times what became of {} here, and did not answer",
                row.attempts - 1,
                row.channel_ref
            );
            alert::raise(tx, UNTOLD, (row.property_id, row.id), &detail, now).await?;
        }
        due.push(Standing {
            booking_ref: row.channel_ref,
            cancelled: row.cancelled,
            created_at: row.created_at,
            changed_at: row.changed_at,
        });
    }
    due.sort_by(|a, b| (a.changed_at, &a.booking_ref).cmp(&(b.changed_at, &b.booking_ref)));
    Ok(due)
}

/// What the portal said: `None` = it wants to know of none. What has changed meanwhile is told again; of what it refuses
/// a person has to know, for its guest may still count on the room.
pub async fn heard(
    tx: &mut TenantTx,
    connection: &Connection,
    told: &[Standing],
    heard: Option<&[Heard]>,
    now: DateTime<Utc>,
) -> Result<()> {
    for (index, standing) in told.iter().enumerate() {
        let refused = match heard.map(|all| all.get(index)) {
            Some(None | Some(Heard::Nothing)) => continue,
            Some(Some(Heard::Refused(words))) => Some(words.as_str()),
            Some(Some(Heard::Taken)) | None => None,
        };
        let gone = sqlx::query_scalar!(
            "delete from channel_standing
             where tenant_id = $1 and connection_id = $2 and channel_ref = $3 and changed_at = $4 returning booking_id",
            tx.t(),
            connection.id,
            standing.booking_ref,
            standing.changed_at
        )
        .fetch_optional(&mut **tx)
        .await?;
        let Some(booking) = gone else { continue };
        let Some(words) = refused else {
            alert::resolve(tx, UNTOLD, booking, now).await?;
            continue;
        };
        let what = if standing.cancelled {
            "cancelled"
        } else {
            "taken back"
        };
        let detail = format!(
            "{} does not take it that {} was {what} here: {words}",
            connection.name, standing.booking_ref
        );
        alert::raise(tx, UNTOLD, (connection.property_id, booking), &detail, now).await?;
    }
    Ok(())
}
