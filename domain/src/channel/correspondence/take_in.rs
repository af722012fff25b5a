//! What a pull brought: new is stored, known is brought up to date, erased stays away.

use super::sealed::{Opinion, open_body, open_title, seal_body, seal_title};
use super::send::letter_sent;
use crate::channel::connection::Connection;
use crate::db::TenantTx;
use crate::error::Result;
use crate::event::{self, NewEvent};
use crate::ids::new_id;
use crate::ports::channel::{RemoteConversation, RemoteMessage, RemoteReview, Sender};
use crate::principal::Principal;
use chrono::{DateTime, Duration, Utc};
use serde_json::json;
use uuid::Uuid;

/// A pull under way is not taken up again before this.
const LEASE_SECONDS: i64 = 30;
const EVERY_MINUTES: i64 = 15;

/// The channel says that there is something: look at once.
pub async fn talk_now(tx: &mut TenantTx, connection: Uuid, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update channel_sync set next_talk_at = $3
         where tenant_id = $1 and connection_id = $2 and next_talk_at > $3",
        tx.t(),
        connection,
        now
    )
    .execute(&mut **tx)
    .await?;
    crate::jobs::kick(tx).await
}

/// Is a pull due? Then it is put off by a lease, so that a request meanwhile is not lost. `never` for a channel that
/// relays nothing.
pub async fn take_pull(
    tx: &mut TenantTx,
    connection: Uuid,
    never: bool,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>> {
    let lease = (!never).then(|| now + Duration::seconds(LEASE_SECONDS));
    let taken = sqlx::query_scalar!(
        "update channel_sync set next_talk_at = $4
         where tenant_id = $1 and connection_id = $2 and next_talk_at <= $3 returning next_talk_at",
        tx.t(),
        connection,
        now,
        lease
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(taken.flatten())
}

/// The next in a while, unless it was asked for since the lease.
pub async fn pulled(
    tx: &mut TenantTx,
    connection: Uuid,
    lease: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update channel_sync set talk_failures = 0,
             next_talk_at = case when next_talk_at < $3 then next_talk_at else $4 end
         where tenant_id = $1 and connection_id = $2",
        tx.t(),
        connection,
        lease,
        now + Duration::minutes(EVERY_MINUTES)
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Later each time, at most a quarter of an hour.
pub async fn failed(tx: &mut TenantTx, connection: Uuid, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update channel_sync set talk_failures = talk_failures + 1,
             next_talk_at = $3::timestamptz + least(900, 2 << least(talk_failures, 9)) * interval '1 s'
         where tenant_id = $1 and connection_id = $2",
        tx.t(),
        connection,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The conversations in which there is news: ours and the channel's id of each.
pub async fn take_conversations(
    tx: &mut TenantTx,
    connection: Uuid,
    all: &[RemoteConversation],
) -> Result<Vec<(Uuid, String)>> {
    let mut news = Vec::new();
    for remote in all {
        let known = sqlx::query!(
            "select id, title, messages, erased from channel_conversation
             where tenant_id = $1 and connection_id = $2 and external_id = $3",
            tx.t(),
            connection,
            remote.id
        )
        .fetch_optional(&mut **tx)
        .await?;
        if known.as_ref().is_some_and(|k| k.erased) {
            continue;
        }
        let count = i32::try_from(remote.messages).unwrap_or(i32::MAX);
        let id = known.as_ref().map_or_else(new_id, |k| k.id);
        if known.as_ref().is_none_or(|k| k.messages != count) {
            news.push((id, remote.id.clone()));
        }
        let title = match &known {
            Some(known) => {
                let vault = tx.vault_knowing(&[&known.title]).await?;
                (open_title(&vault, id, &known.title)? == remote.title).then(|| known.title.clone())
            }
            None => None,
        };
        let title = match title {
            Some(same) => same,
            None => seal_title(&tx.vault().await?, id, &remote.title)?,
        };
        sqlx::query!(
            "insert into channel_conversation (tenant_id, id, connection_id, external_id, channel_ref, provider, title,
                 closed, messages, last_message_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, -1, $9)
             on conflict (tenant_id, connection_id, external_id) do update
             set channel_ref = excluded.channel_ref, provider = excluded.provider, title = excluded.title,
                 closed = excluded.closed, last_message_at = excluded.last_message_at",
            tx.t(),
            id,
            connection,
            remote.id,
            remote.booking,
            remote.provider,
            title,
            remote.closed,
            remote.last_message_at
        )
        .execute(&mut **tx)
        .await?;
    }
    Ok(news)
}

/// The messages of one conversation; `count` is what the channel counted before they were read. Among them may be what we
/// began to send and never heard of again: their ids are returned.
pub async fn take_letters(
    tx: &mut TenantTx,
    connection: &Connection,
    conversation: Uuid,
    all: &[RemoteMessage],
    count: Option<u32>,
    now: DateTime<Utc>,
) -> Result<Vec<Uuid>> {
    let locked = sqlx::query_scalar!(
        "select erased from channel_conversation where tenant_id = $1 and id = $2 for update",
        tx.t(),
        conversation
    )
    .fetch_one(&mut **tx)
    .await?;
    if locked {
        return Ok(Vec::new());
    }
    let ids: Vec<String> = all.iter().map(|m| m.id.clone()).collect();
    let known = sqlx::query_scalar!(
        r#"select external_id as "id!" from channel_letter
           where tenant_id = $1 and conversation_id = $2 and external_id = any($3)"#,
        tx.t(),
        conversation,
        &ids
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut begun = begun(tx, conversation).await?;
    let vault = tx.vault().await?;
    let (mut from_guest, mut arrived) = (0, Vec::new());
    for remote in all.iter().filter(|m| !known.contains(&m.id)) {
        let same = |(_, text): &(Uuid, String)| text.trim() == remote.text.trim();
        if remote.sender == Sender::Property
            && let Some(at) = begun.iter().position(same)
        {
            let (id, _) = begun.remove(at);
            letter_sent(tx, id, &remote.id).await?;
            arrived.push(id);
            continue;
        }
        let id = new_id();
        let (sender, state) = match remote.sender {
            Sender::Guest => ("guest", "received"),
            Sender::Property => ("property", "sent"),
            Sender::System => ("system", "received"),
        };
        from_guest += usize::from(remote.sender == Sender::Guest);
        sqlx::query!(
            "insert into channel_letter (tenant_id, id, conversation_id, external_id, sender, body, at, state)
             values ($1, $2, $3, $4, $5, $6, $7, $8)",
            tx.t(),
            id,
            conversation,
            remote.id,
            sender,
            seal_body(&vault, id, &remote.text)?,
            remote.at,
            state
        )
        .execute(&mut **tx)
        .await?;
    }
    sqlx::query!(
        "update channel_conversation set messages = coalesce($3, messages) where tenant_id = $1 and id = $2",
        tx.t(),
        conversation,
        count.map(|count| i32::try_from(count).unwrap_or(i32::MAX))
    )
    .execute(&mut **tx)
    .await?;
    if from_guest > 0 {
        let data = json!({ "conversation_id": conversation, "messages": from_guest });
        tell(
            tx,
            connection,
            "channel_message.received",
            conversation,
            data,
            now,
        )
        .await?;
    }
    Ok(arrived)
}

/// What was begun to be sent and is not known to have arrived, oldest first.
async fn begun(tx: &mut TenantTx, conversation: Uuid) -> Result<Vec<(Uuid, String)>> {
    let rows = sqlx::query!(
        "select id, body from channel_letter
         where tenant_id = $1 and conversation_id = $2 and state = 'queued' and attempts > 0 order by id",
        tx.t(),
        conversation
    )
    .fetch_all(&mut **tx)
    .await?;
    let sealed: Vec<&str> = rows.iter().map(|r| r.body.as_str()).collect();
    let vault = tx.vault_knowing(&sealed).await?;
    let open = rows.iter().map(|r| Ok((r.id, open_body(&vault, r.id, &r.body)?)));
    open.collect()
}

pub async fn take_reviews(
    tx: &mut TenantTx,
    connection: &Connection,
    all: &[RemoteReview],
    now: DateTime<Utc>,
) -> Result<()> {
    for remote in all {
        let known = sqlx::query!(
            "select id, content, reply_state, erased from channel_review
             where tenant_id = $1 and connection_id = $2 and external_id = $3 for update",
            tx.t(),
            connection.id,
            remote.id
        )
        .fetch_optional(&mut **tx)
        .await?;
        let mut opinion = Opinion {
            guest_name: remote.guest_name.clone(),
            text: remote.text.clone(),
            reply: remote.reply.clone(),
        };
        let id = known.as_ref().map_or_else(new_id, |k| k.id);
        if let Some(known) = &known {
            if known.erased {
                continue;
            }
            let vault = tx.vault_knowing(&[&known.content]).await?;
            let before = Opinion::open(&vault, id, &known.content)?;
            // What we wrote and the channel has not taken yet.
            opinion.reply = opinion.reply.or_else(|| before.reply.clone());
            if opinion == before && (remote.reply.is_none() || known.reply_state == "sent") {
                continue;
            }
        }
        let sealed = opinion.seal(&tx.vault().await?, id)?;
        sqlx::query!(
            "insert into channel_review (tenant_id, id, connection_id, external_id, channel_ref, provider, score, content,
                 received_at, reply_state)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, case when $10 then 'sent' else 'none' end)
             on conflict (tenant_id, connection_id, external_id) do update
             set score = excluded.score, content = excluded.content,
                 reply_state = case when $10 then 'sent' else channel_review.reply_state end",
            tx.t(),
            id,
            connection.id,
            remote.id,
            remote.booking,
            remote.provider,
            remote.score,
            sealed,
            remote.received_at,
            remote.reply.is_some()
        )
        .execute(&mut **tx)
        .await?;
        if known.is_none() {
            tell(
                tx,
                connection,
                "channel_review.received",
                id,
                json!({ "score": remote.score }),
                now,
            )
            .await?;
        }
    }
    Ok(())
}

async fn tell(
    tx: &mut TenantTx,
    connection: &Connection,
    kind: &'static str,
    subject_id: Uuid,
    data: serde_json::Value,
    at: DateTime<Utc>,
) -> Result<()> {
    let who = Principal::channel(tx.tenant(), connection.id);
    let event = NewEvent {
        kind,
        property_id: Some(connection.property_id),
        subject_id,
        actor: &who.actor,
        data,
        at,
    };
    event::append(tx, event).await
}
