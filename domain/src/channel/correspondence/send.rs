//! What the house wrote and the channel has not taken yet, one at a time.

use super::sealed::{Opinion, open_body};
use crate::db::TenantTx;
use crate::error::Result;
use crate::ports::channel::ChannelError;
use crate::private::private;
use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

private!(Outgoing[id]);

/// Then a person has to look.
const MOST_ATTEMPTS: i32 = 10;
/// A try whose worker died is taken up again then.
const LEASE_SECONDS: i64 = 60;

pub struct Outgoing {
    pub id: Uuid,
    /// The channel's conversation or review.
    pub external_id: String,
    /// Ours; of a review it is its own id.
    pub conversation_id: Uuid,
    pub text: String,
    /// It was begun before and may have arrived: nobody knows.
    pub tried: bool,
}

/// The oldest message that may be sent now. That it was begun is on record before the channel hears of it.
pub async fn due_letter(tx: &mut TenantTx, connection: Uuid, now: DateTime<Utc>) -> Result<Option<Outgoing>> {
    let row = sqlx::query!(
        "update channel_letter u set attempts = u.attempts + 1, next_attempt_at = $4
         from channel_letter l
         join channel_conversation c on c.tenant_id = $1 and c.id = l.conversation_id and c.connection_id = $2
         where u.tenant_id = $1 and l.tenant_id = $1 and u.id = l.id and u.id = (
             select q.id from channel_letter q
             join channel_conversation v on v.tenant_id = $1 and v.id = q.conversation_id and v.connection_id = $2
             where q.tenant_id = $1 and q.state = 'queued' and q.next_attempt_at <= $3 order by q.id limit 1)
         returning u.id, u.body, u.attempts, u.conversation_id, c.external_id",
        tx.t(),
        connection,
        now,
        now + Duration::seconds(LEASE_SECONDS)
    )
    .fetch_optional(&mut **tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let vault = tx.vault_knowing(&[&row.body]).await?;
    Ok(Some(Outgoing {
        id: row.id,
        external_id: row.external_id,
        conversation_id: row.conversation_id,
        text: open_body(&vault, row.id, &row.body)?,
        tried: row.attempts > 1,
    }))
}

pub async fn letter_sent(tx: &mut TenantTx, id: Uuid, external_id: &str) -> Result<()> {
    // A pull may have brought it in the meantime, as the channel's.
    sqlx::query!(
        "delete from channel_letter d using channel_letter l
         where d.tenant_id = $1 and l.tenant_id = $1 and l.id = $2 and d.id <> $2
           and d.conversation_id = l.conversation_id and d.external_id = $3",
        tx.t(),
        id,
        external_id
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "update channel_letter set state = 'sent', external_id = $3, detail = null, next_attempt_at = null
         where tenant_id = $1 and id = $2",
        tx.t(),
        id,
        external_id
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A refusal is final; anything else is tried again, later each time.
pub async fn letter_failed(
    tx: &mut TenantTx,
    id: Uuid,
    error: &ChannelError,
    now: DateTime<Utc>,
) -> Result<()> {
    let last = matches!(error, ChannelError::Refused { .. });
    sqlx::query!(
        "update channel_letter set detail = $3,
             state = case when $4 or attempts >= $5 then 'refused' else 'queued' end,
             next_attempt_at = case when $4 or attempts >= $5 then null
                 else $6::timestamptz + (1 << least(attempts, 8)) * interval '1 s' end
         where tenant_id = $1 and id = $2 and state = 'queued'",
        tx.t(),
        id,
        error.to_string(),
        last,
        MOST_ATTEMPTS,
        now + least_wait(error)
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

fn least_wait(error: &ChannelError) -> Duration {
    match error {
        ChannelError::Throttled { wait } => {
            Duration::from_std(*wait).unwrap_or_else(|_| Duration::seconds(60))
        }
        _ => Duration::zero(),
    }
}

/// The oldest reply to a review that may be sent now.
pub async fn due_reply(tx: &mut TenantTx, connection: Uuid, now: DateTime<Utc>) -> Result<Option<Outgoing>> {
    let row = sqlx::query!(
        "select id, external_id, content, attempts from channel_review
         where tenant_id = $1 and connection_id = $2 and reply_state = 'queued' and next_attempt_at <= $3
         order by id limit 1",
        tx.t(),
        connection,
        now
    )
    .fetch_optional(&mut **tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let vault = tx.vault_knowing(&[&row.content]).await?;
    Ok(Some(Outgoing {
        id: row.id,
        external_id: row.external_id,
        text: Opinion::open(&vault, row.id, &row.content)?
            .reply
            .unwrap_or_default(),
        conversation_id: row.id,
        tried: row.attempts > 0,
    }))
}

pub async fn reply_sent(tx: &mut TenantTx, id: Uuid) -> Result<()> {
    sqlx::query!(
        "update channel_review set reply_state = 'sent', detail = null, next_attempt_at = null
         where tenant_id = $1 and id = $2",
        tx.t(),
        id
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn reply_failed(
    tx: &mut TenantTx,
    id: Uuid,
    error: &ChannelError,
    now: DateTime<Utc>,
) -> Result<()> {
    let last = matches!(error, ChannelError::Refused { .. });
    sqlx::query!(
        "update channel_review set attempts = attempts + 1, detail = $3,
             reply_state = case when $4 or attempts + 1 >= $5 then 'refused' else 'queued' end,
             next_attempt_at = case when $4 or attempts + 1 >= $5 then null
                 else $6::timestamptz + (1 << least(attempts, 8)) * interval '1 s' end
         where tenant_id = $1 and id = $2",
        tx.t(),
        id,
        error.to_string(),
        last,
        MOST_ATTEMPTS,
        now + least_wait(error)
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
