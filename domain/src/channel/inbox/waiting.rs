//! Messages that wait to be applied: looked at many at a time, taken one by one.

use super::Message;
use crate::channel::messages;
use crate::db::TenantTx;
use crate::error::Result;
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Of those that wait.
const LOOKED_AT: i64 = 200;

struct Row {
    id: i64,
    message_id: String,
    raw: Option<String>,
    message: Option<String>,
    attempts: i32,
}

/// The oldest messages that are not applied, in order of arrival, those too that wait for their next try: what comes
/// after them may be about the same booking. To be looked at only: each is [`take`]n before it is applied, and may say
/// something else by then.
pub async fn waiting(tx: &mut TenantTx, connection_id: Uuid, limit: i64) -> Result<Vec<Message>> {
    let rows = sqlx::query_as!(
        Row,
        "select id, message_id, raw, message, attempts from inbox
         where tenant_id = $1 and connection_id = $2 and state = 'received' order by id limit $3",
        tx.t(),
        connection_id,
        limit
    )
    .fetch_all(&mut **tx)
    .await?;
    open(tx, connection_id, rows).await
}

/// Locks a message that still waits; another worker's is passed over.
pub async fn take(
    tx: &mut TenantTx,
    connection_id: Uuid,
    id: i64,
    now: DateTime<Utc>,
) -> Result<Option<Message>> {
    let row = sqlx::query_as!(
        Row,
        "select id, message_id, raw, message, attempts from inbox
         where tenant_id = $1 and connection_id = $2 and id = $3 and state = 'received' and next_attempt_at <= $4
         for update skip locked",
        tx.t(),
        connection_id,
        id,
        now
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(open(tx, connection_id, row.into_iter().collect()).await?.pop())
}

/// Takes the oldest that can be taken.
pub async fn next(tx: &mut TenantTx, connection_id: Uuid, now: DateTime<Utc>) -> Result<Option<Message>> {
    for message in waiting(tx, connection_id, LOOKED_AT).await? {
        if let Some(taken) = take(tx, connection_id, message.id, now).await? {
            return Ok(Some(taken));
        }
    }
    Ok(None)
}

async fn open(tx: &mut TenantTx, connection_id: Uuid, rows: Vec<Row>) -> Result<Vec<Message>> {
    let sealed: Vec<&str> = rows.iter().filter_map(|r| r.message.as_deref()).collect();
    let vault = tx.vault_knowing(&sealed).await?;
    let message = |row: Row| {
        let sealed = row.message.as_deref();
        Ok(Message {
            raw: messages::read(&vault, connection_id, &row.message_id, sealed, row.raw)?,
            id: row.id,
            message_id: row.message_id,
            attempts: row.attempts,
        })
    };
    rows.into_iter().map(message).collect()
}
