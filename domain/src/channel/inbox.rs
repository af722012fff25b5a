//! What channels sent: stored as it came, sealed, and committed first, then processed, then acknowledged. Each step may
//! be cut off and is taken up again from the table.

mod polls;
mod waiting;

use super::connection::Connection;
use super::messages;
use crate::alert;
use crate::booking::channel::{self, Applied};
use crate::db::TenantTx;
use crate::error::{Error, Result};
use crate::ports::channel::{RawMessage, RevisionReader};
use crate::principal::Principal;
use crate::private::private;
use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

pub use polls::{poll_failed, poll_now, poll_worked, take_poll};
pub use waiting::{next, take, waiting};

private!(Message[message_id]);

/// Tries before a message is parked for a person.
pub const MOST_ATTEMPTS: i32 = 8;

/// Alerts, one for all messages of a connection, until a person has looked at the last.
pub(super) const PARKED: &str = "message_parked";
pub(super) const ASKED: &str = "guest_question";

/// Stores messages that were fetched; one that is there already is left alone. Returns how many were new.
pub async fn store(
    tx: &mut TenantTx,
    connection_id: Uuid,
    messages: &[RawMessage],
    now: DateTime<Utc>,
) -> Result<u64> {
    insert(tx, connection_id, messages, None, now).await
}

/// The same for messages that were posted to us: our answer after the commit acknowledges them.
pub async fn receive(
    tx: &mut TenantTx,
    connection_id: Uuid,
    messages: &[RawMessage],
    now: DateTime<Utc>,
) -> Result<u64> {
    insert(tx, connection_id, messages, Some(now), now).await
}

async fn insert(
    tx: &mut TenantTx,
    connection_id: Uuid,
    messages: &[RawMessage],
    acknowledged_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<u64> {
    let vault = tx.vault().await?;
    let ids: Vec<String> = messages.iter().map(|m| m.message_id.clone()).collect();
    let sealed = messages
        .iter()
        .map(|m| messages::seal(&vault, connection_id, &m.message_id, &m.raw));
    let sealed: Vec<String> = sealed.collect::<Result<_>>()?;
    let stored = sqlx::query!(
        "insert into inbox (tenant_id, connection_id, message_id, message, received_at, state, next_attempt_at,
             acknowledged_at)
         select $1, $2, m.id, m.message, $5, 'received', $5, $6
         from unnest($3::text[], $4::text[]) with ordinality as m (id, message, n) order by m.n
         on conflict (tenant_id, connection_id, message_id) do nothing",
        tx.t(),
        connection_id,
        &ids,
        &sealed,
        now,
        acknowledged_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(stored.rows_affected())
}

#[derive(Clone)]
pub struct Message {
    pub id: i64,
    pub message_id: String,
    raw: String,
    attempts: i32,
}

impl Message {
    /// As the channel sent it.
    pub fn raw(&self) -> &str {
        &self.raw
    }
}

/// Applies the message's revision and marks it processed, in the same transaction. An unreadable message is parked; a
/// question waits for a person.
pub async fn process(
    tx: &mut TenantTx,
    connection: &Connection,
    message: &Message,
    reader: &dyn RevisionReader,
    now: DateTime<Utc>,
) -> Result<Option<Applied>> {
    if let Some(about) = reader.question(&message.raw) {
        ask(tx, connection, message, &about, now).await?;
        return Ok(None);
    }
    let revision = match reader.read(&message.raw) {
        Ok(revision) => revision,
        Err(unreadable) => {
            park(tx, connection, message, &unreadable.to_string(), now).await?;
            return Ok(None);
        }
    };
    let who = Principal::channel(tx.tenant(), connection.id);
    let applied = channel::apply(tx, &who, connection, &revision, now).await?;
    let detail = format!("{:?} booking {}", applied.outcome, applied.booking_id);
    set_state(tx, connection.id, message.id, "processed", &detail, now).await?;
    Ok(Some(applied))
}

/// After a failed attempt, in a transaction of its own: later again, or parked after the last. What a rule refused
/// once it would refuse again: parked at once. Is it parked?
pub async fn postpone(
    tx: &mut TenantTx,
    connection: &Connection,
    message: &Message,
    error: &Error,
    now: DateTime<Utc>,
) -> Result<bool> {
    if message.attempts + 1 >= MOST_ATTEMPTS || matches!(error, Error::Refused(_)) {
        park(tx, connection, message, &error.to_string(), now).await?;
        return Ok(true);
    }
    let wait = Duration::milliseconds(250 << message.attempts.clamp(0, 10));
    sqlx::query!(
        "update inbox set attempts = attempts + 1, next_attempt_at = $4, detail = $5
         where tenant_id = $1 and connection_id = $2 and id = $3",
        tx.t(),
        connection.id,
        message.id,
        now + wait,
        error.to_string()
    )
    .execute(&mut **tx)
    .await?;
    Ok(false)
}

async fn ask(
    tx: &mut TenantTx,
    connection: &Connection,
    message: &Message,
    about: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    let detail = format!("a guest asks for {about}: to be answered by a person");
    set_state(tx, connection.id, message.id, "asked", &detail, now).await?;
    let detail = format!(
        "{}: a guest asks for {about}; message {}",
        connection.name, message.message_id
    );
    let subject = (connection.property_id, connection.id);
    alert::raise(tx, ASKED, subject, &detail, now).await
}

async fn park(
    tx: &mut TenantTx,
    connection: &Connection,
    message: &Message,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    set_state(tx, connection.id, message.id, "parked", reason, now).await?;
    let detail = format!(
        "message {} of {} could not be taken: {reason}",
        message.message_id, connection.name
    );
    alert::raise(tx, PARKED, (connection.property_id, connection.id), &detail, now).await
}

async fn set_state(
    tx: &mut TenantTx,
    connection_id: Uuid,
    id: i64,
    state: &str,
    detail: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update inbox set state = $4, detail = $5, processed_at = $6, attempts = attempts + 1
         where tenant_id = $1 and connection_id = $2 and id = $3",
        tx.t(),
        connection_id,
        id,
        state,
        detail,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Processed, parked or asked, but the channel has not been told: it would deliver them again, or fall back to e-mail.
pub async fn unacknowledged(
    tx: &mut TenantTx,
    connection_id: Uuid,
    limit: i64,
) -> Result<Vec<(i64, String)>> {
    let rows = sqlx::query!(
        "select id, message_id from inbox
         where tenant_id = $1 and connection_id = $2 and state <> 'received' and acknowledged_at is null
         order by id limit $3",
        tx.t(),
        connection_id,
        limit
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|r| (r.id, r.message_id)).collect())
}

pub async fn acknowledged(
    tx: &mut TenantTx,
    connection_id: Uuid,
    ids: &[i64],
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update inbox set acknowledged_at = $4 where tenant_id = $1 and connection_id = $2 and id = any($3)",
        tx.t(),
        connection_id,
        ids,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Of the messages a feed listed, those we have settled: to be acknowledged, also when we did so before, for a channel
/// that lists it again has not heard us.
pub async fn settled(
    tx: &mut TenantTx,
    connection_id: Uuid,
    listed: &[String],
) -> Result<Vec<(i64, String)>> {
    let rows = sqlx::query!(
        "select id, message_id from inbox
         where tenant_id = $1 and connection_id = $2 and message_id = any($3) and state <> 'received' order by id",
        tx.t(),
        connection_id,
        listed
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|r| (r.id, r.message_id)).collect())
}
