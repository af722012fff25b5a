//! Reading and answering.

use super::sealed::{Opinion, open_body, open_title, seal_body};
use crate::channel::connection;
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::event::{self, NewEvent};
use crate::ids::new_id;
use crate::principal::{Permission, Principal};
use crate::private::private;
use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

private!(Conversation[id], Letter[id], Review[id]);

/// Longest answer: OTAs take no more.
const LONGEST: usize = 4000;

#[derive(Clone)]
pub struct Conversation {
    pub id: Uuid,
    pub title: String,
    pub provider: Option<String>,
    /// Our booking, where it is about one we have.
    pub booking_id: Option<Uuid>,
    pub closed: bool,
    pub last_message_at: Option<DateTime<Utc>>,
}

#[derive(Clone)]
pub struct Letter {
    pub id: Uuid,
    /// `guest`, `property` or `system`.
    pub sender: String,
    pub text: String,
    pub at: DateTime<Utc>,
    /// `received`, `queued`, `sent` or `refused`.
    pub state: String,
    pub detail: Option<String>,
}

#[derive(Clone)]
pub struct Review {
    pub id: Uuid,
    pub provider: Option<String>,
    pub booking_id: Option<Uuid>,
    pub guest_name: Option<String>,
    pub text: Option<String>,
    pub score: Option<String>,
    pub received_at: DateTime<Utc>,
    pub reply: Option<String>,
    /// `none`, `queued`, `sent` or `refused`.
    pub reply_state: String,
    pub detail: Option<String>,
}

/// The newest first.
pub async fn conversations(
    tx: &mut TenantTx,
    who: &Principal,
    connection: Uuid,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Conversation>> {
    who.require(Permission::ReadGuests)?;
    connection::get(tx, connection).await?;
    let rows = sqlx::query!(
        r#"select c.id, c.title, c.provider, c.closed, c.last_message_at, b.id as "booking_id?"
           from channel_conversation c
           left join booking b on b.tenant_id = $1 and b.connection_id = c.connection_id
                and b.channel_ref = c.channel_ref
           where c.tenant_id = $1 and c.connection_id = $2 and ($3::uuid is null or c.id < $3)
           order by c.id desc limit $4"#,
        tx.t(),
        connection,
        before,
        limit
    )
    .fetch_all(&mut **tx)
    .await?;
    let sealed: Vec<&str> = rows.iter().map(|r| r.title.as_str()).collect();
    let vault = tx.vault_knowing(&sealed).await?;
    let open = rows.into_iter().map(|r| {
        Ok(Conversation {
            title: open_title(&vault, r.id, &r.title)?,
            id: r.id,
            provider: r.provider,
            booking_id: r.booking_id,
            closed: r.closed,
            last_message_at: r.last_message_at,
        })
    });
    open.collect()
}

/// 404 unless it is one of the connection's.
pub async fn conversation(tx: &mut TenantTx, connection: Uuid, id: Uuid) -> Result<()> {
    connection::get(tx, connection).await?;
    let found = sqlx::query_scalar!(
        "select erased from channel_conversation where tenant_id = $1 and connection_id = $2 and id = $3 for update",
        tx.t(),
        connection,
        id
    )
    .fetch_optional(&mut **tx)
    .await?;
    found
        .map(drop)
        .ok_or_else(|| Refusal::not_found("conversation").into())
}

/// In the order in which they came here, after `after`.
pub async fn letters(
    tx: &mut TenantTx,
    who: &Principal,
    (connection, conversation_id): (Uuid, Uuid),
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Letter>> {
    who.require(Permission::ReadGuests)?;
    conversation(tx, connection, conversation_id).await?;
    let rows = sqlx::query!(
        "select id, sender, body, at, state, detail from channel_letter
         where tenant_id = $1 and conversation_id = $2 and ($3::uuid is null or id > $3) order by id limit $4",
        tx.t(),
        conversation_id,
        after,
        limit
    )
    .fetch_all(&mut **tx)
    .await?;
    let sealed: Vec<&str> = rows.iter().map(|r| r.body.as_str()).collect();
    let vault = tx.vault_knowing(&sealed).await?;
    let open = rows.into_iter().map(|r| {
        Ok(Letter {
            text: open_body(&vault, r.id, &r.body)?,
            id: r.id,
            sender: r.sender,
            at: r.at,
            state: r.state,
            detail: r.detail,
        })
    });
    open.collect()
}

fn words(text: &str) -> Result<String, Refusal> {
    let kept = text.trim();
    let control = |c: char| c.is_control() && c != '\n' && c != '\t';
    if kept.is_empty() || kept.chars().count() > LONGEST || kept.chars().any(control) {
        let detail = format!("1 to {LONGEST} characters, no control characters but line breaks");
        return Err(Refusal::invalid("invalid_text", detail).at("/text"));
    }
    Ok(crate::cards::masked(kept).into_owned())
}

/// Queued; a worker sends it.
pub async fn answer(
    tx: &mut TenantTx,
    who: &Principal,
    (connection_id, conversation_id): (Uuid, Uuid),
    text: &str,
    now: DateTime<Utc>,
) -> Result<Letter> {
    who.require(Permission::WriteGuests)?;
    let text = words(text)?;
    conversation(tx, connection_id, conversation_id).await?;
    let id = new_id();
    sqlx::query!(
        "insert into channel_letter (tenant_id, id, conversation_id, sender, body, at, state, next_attempt_at)
         values ($1, $2, $3, 'property', $4, $5, 'queued', $5)",
        tx.t(),
        id,
        conversation_id,
        seal_body(&tx.vault().await?, id, &text)?,
        now
    )
    .execute(&mut **tx)
    .await?;
    told(tx, who, connection_id, ("channel_message.written", id), now).await?;
    Ok(Letter {
        id,
        sender: "property".into(),
        text,
        at: now,
        state: "queued".into(),
        detail: None,
    })
}

/// The newest first.
pub async fn reviews(
    tx: &mut TenantTx,
    who: &Principal,
    connection: Uuid,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Review>> {
    who.require(Permission::ReadGuests)?;
    connection::get(tx, connection).await?;
    read_reviews(tx, connection, None, before, limit).await
}

/// 404 unless it is one of the connection's.
pub async fn review(tx: &mut TenantTx, connection: Uuid, id: Uuid) -> Result<Review> {
    connection::get(tx, connection).await?;
    let found = read_reviews(tx, connection, Some(id), None, 1).await?.pop();
    found.ok_or_else(|| Refusal::not_found("review").into())
}

async fn read_reviews(
    tx: &mut TenantTx,
    connection: Uuid,
    only: Option<Uuid>,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Review>> {
    let rows = sqlx::query!(
        r#"select r.id, r.provider, r.score, r.content, r.received_at, r.reply_state, r.detail,
                  b.id as "booking_id?"
           from channel_review r
           left join booking b on b.tenant_id = $1 and b.connection_id = r.connection_id
                and b.channel_ref = r.channel_ref
           where r.tenant_id = $1 and r.connection_id = $2 and ($3::uuid is null or r.id = $3)
             and ($4::uuid is null or r.id < $4)
           order by r.id desc limit $5"#,
        tx.t(),
        connection,
        only,
        before,
        limit
    )
    .fetch_all(&mut **tx)
    .await?;
    let sealed: Vec<&str> = rows.iter().map(|r| r.content.as_str()).collect();
    let vault = tx.vault_knowing(&sealed).await?;
    let open = rows.into_iter().map(|r| {
        let opinion = Opinion::open(&vault, r.id, &r.content)?;
        Ok(Review {
            id: r.id,
            provider: r.provider,
            booking_id: r.booking_id,
            guest_name: opinion.guest_name,
            text: opinion.text,
            score: r.score,
            received_at: r.received_at,
            reply: opinion.reply,
            reply_state: r.reply_state,
            detail: r.detail,
        })
    });
    open.collect()
}

/// Queued; a worker sends it. Once: a channel shows the first reply.
///
/// # Errors
/// 404; 409 `replied_already`.
pub async fn reply(
    tx: &mut TenantTx,
    who: &Principal,
    (connection_id, id): (Uuid, Uuid),
    text: &str,
    now: DateTime<Utc>,
) -> Result<Review> {
    who.require(Permission::WriteGuests)?;
    let text = words(text)?;
    let mut found = review(tx, connection_id, id).await?;
    let opinion = Opinion {
        guest_name: found.guest_name.clone(),
        text: found.text.clone(),
        reply: Some(text.clone()),
    };
    let content = opinion.seal(&tx.vault().await?, id)?;
    let queued = sqlx::query_scalar!(
        "update channel_review set content = $3, reply_state = 'queued', attempts = 0, next_attempt_at = $4,
             detail = null
         where tenant_id = $1 and id = $2 and reply_state in ('none', 'refused') and not erased returning id",
        tx.t(),
        id,
        content,
        now
    )
    .fetch_optional(&mut **tx)
    .await?;
    if queued.is_none() {
        return Err(Refusal::conflict("replied_already", "a review is replied to once").into());
    }
    told(tx, who, connection_id, ("channel_review.replied", id), now).await?;
    found.reply = Some(text);
    found.reply_state = "queued".into();
    found.detail = None;
    Ok(found)
}

async fn told(
    tx: &mut TenantTx,
    who: &Principal,
    connection_id: Uuid,
    (kind, subject_id): (&'static str, Uuid),
    at: DateTime<Utc>,
) -> Result<()> {
    let connection = connection::get(tx, connection_id).await?;
    let event = NewEvent {
        kind,
        property_id: Some(connection.property_id),
        subject_id,
        actor: &who.actor,
        data: json!({}),
        at,
    };
    event::append(tx, event).await?;
    crate::jobs::kick(tx).await
}
