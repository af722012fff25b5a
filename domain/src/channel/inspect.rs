//! The inbox as people see it: what came and what became of it, its text for those who may read it, a second try for what
//! was parked, and the word that a person has dealt with it.

use super::connection::{self, Connection, open};
use super::inbox::{ASKED, PARKED};
use super::messages;
use crate::alert;
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::event::{self, NewEvent};
use crate::principal::{Permission, Principal};
use crate::private::private;
use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

private!(Opened);

#[derive(Debug, Clone)]
pub struct Entry {
    /// Grows with the order of arrival.
    pub id: i64,
    /// The channel's, or made of what it sent.
    pub message_id: String,
    pub received_at: DateTime<Utc>,
    /// `received`, `processed`, `parked` or `asked`.
    pub state: String,
    pub attempts: i32,
    /// What became of it, or why not.
    pub detail: Option<String>,
    pub processed_at: Option<DateTime<Utc>>,
    pub acknowledged_at: Option<DateTime<Utc>>,
    /// Until when it had to be acknowledged, if it waited long enough for anybody to reckon it.
    pub deadline_at: Option<DateTime<Utc>>,
}

/// With its text, without card data.
pub struct Opened {
    pub entry: Entry,
    pub raw: String,
}

/// Newest first, before `before`.
pub async fn list(
    tx: &mut TenantTx,
    who: &Principal,
    connection_id: Uuid,
    state: Option<&str>,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Entry>> {
    who.require(Permission::ReadChannels)?;
    let known = connection::get(tx, connection_id).await?;
    Ok(sqlx::query_as!(
        Entry,
        "select id, message_id, received_at, state, attempts, detail, processed_at, acknowledged_at, deadline_at
         from inbox where tenant_id = $1 and connection_id = $2 and ($3::text is null or state = $3)
           and ($4::bigint is null or id < $4)
         order by id desc limit $5",
        tx.t(),
        known.id,
        state,
        before,
        limit
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// What it says of people is for those who may know guests.
pub async fn read(tx: &mut TenantTx, who: &Principal, connection_id: Uuid, id: i64) -> Result<Opened> {
    who.require(Permission::ReadGuests)?;
    let known = connection::get(tx, connection_id).await?;
    let row = sqlx::query!(
        "select id, message_id, received_at, state, attempts, detail, processed_at, acknowledged_at, deadline_at, raw,
                message
         from inbox where tenant_id = $1 and connection_id = $2 and id = $3",
        tx.t(),
        known.id,
        id
    )
    .fetch_optional(&mut **tx)
    .await?
    .ok_or_else(|| Refusal::not_found("channel message"))?;
    let sealed: Vec<&str> = row.message.as_deref().into_iter().collect();
    let vault = tx.vault_knowing(&sealed).await?;
    let raw = messages::read(&vault, known.id, &row.message_id, row.message.as_deref(), row.raw)?;
    let entry = Entry {
        id: row.id,
        message_id: row.message_id,
        received_at: row.received_at,
        state: row.state,
        attempts: row.attempts,
        detail: row.detail,
        processed_at: row.processed_at,
        acknowledged_at: row.acknowledged_at,
        deadline_at: row.deadline_at,
    };
    Ok(Opened { entry, raw })
}

/// A parked message is tried again as if it had just come: after a mapping was mended, or a newer version understands it.
pub async fn replay(
    tx: &mut TenantTx,
    who: &Principal,
    connection_id: Uuid,
    id: i64,
    now: DateTime<Utc>,
) -> Result<Entry> {
    who.require(Permission::WriteChannels)?;
    let connection = open(tx, connection_id).await?;
    let again = sqlx::query_as!(
        Entry,
        "update inbox set state = 'received', attempts = 0, next_attempt_at = $4, detail = null, processed_at = null
         where tenant_id = $1 and connection_id = $2 and id = $3 and state = 'parked'
         returning id, message_id, received_at, state, attempts, detail, processed_at, acknowledged_at, deadline_at",
        tx.t(),
        connection_id,
        id,
        now
    )
    .fetch_optional(&mut **tx)
    .await?;
    let Some(again) = again else {
        return Err(refused(tx, connection_id, id, "parked").await?.into());
    };
    looked_at(tx, who, &connection, "channel_message.replayed", id, now).await?;
    Ok(again)
}

/// A person has dealt with what was parked or asked: it is done, and forgotten in time.
pub async fn settle(
    tx: &mut TenantTx,
    who: &Principal,
    connection_id: Uuid,
    id: i64,
    now: DateTime<Utc>,
) -> Result<Entry> {
    who.require(Permission::WriteChannels)?;
    let connection = connection::get(tx, connection_id).await?;
    let settled = sqlx::query_as!(
        Entry,
        "update inbox set state = 'processed', detail = concat(detail, ' (settled by a person)'), processed_at = $4
         where tenant_id = $1 and connection_id = $2 and id = $3 and state in ('parked', 'asked')
         returning id, message_id, received_at, state, attempts, detail, processed_at, acknowledged_at, deadline_at",
        tx.t(),
        connection_id,
        id,
        now
    )
    .fetch_optional(&mut **tx)
    .await?;
    let Some(settled) = settled else {
        return Err(refused(tx, connection_id, id, "parked or asked").await?.into());
    };
    looked_at(tx, who, &connection, "channel_message.settled", id, now).await?;
    Ok(settled)
}

/// The alert goes with the last.
async fn looked_at(
    tx: &mut TenantTx,
    who: &Principal,
    connection: &Connection,
    kind: &'static str,
    id: i64,
    now: DateTime<Utc>,
) -> Result<()> {
    for (state, alert) in [("parked", PARKED), ("asked", ASKED)] {
        if !any(tx, connection.id, state).await? {
            alert::resolve(tx, alert, connection.id, now).await?;
        }
    }
    let event = NewEvent {
        kind,
        property_id: Some(connection.property_id),
        subject_id: connection.id,
        actor: &who.actor,
        data: json!({ "message": id }),
        at: now,
    };
    event::append(tx, event).await?;
    crate::jobs::kick(tx).await
}

async fn refused(tx: &mut TenantTx, connection_id: Uuid, id: i64, wanted: &str) -> Result<Refusal> {
    let state = sqlx::query_scalar!(
        "select state from inbox where tenant_id = $1 and connection_id = $2 and id = $3",
        tx.t(),
        connection_id,
        id
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(match state {
        Some(state) => Refusal::conflict("wrong_state", format!("the message is {state}, not {wanted}")),
        None => Refusal::not_found("channel message"),
    })
}

async fn any(tx: &mut TenantTx, connection_id: Uuid, state: &str) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from inbox
                          where tenant_id = $1 and connection_id = $2 and state = $3) as "any!""#,
        tx.t(),
        connection_id,
        state
    )
    .fetch_one(&mut **tx)
    .await?)
}
