//! What becomes of guests' words when one wants to have them, or to be forgotten.

use super::sealed::{Opinion, open_body, open_title, seal_body, seal_title};
use crate::channel::messages::Reference;
use crate::db::TenantTx;
use crate::error::Result;
use crate::private::private;
use chrono::{DateTime, Utc};
use uuid::Uuid;

private!(Said);

/// Stands where something was.
const ERASED: &str = "(erased)";

/// A guest's words, or words to one: when, in what, from whom, and what.
pub struct Said {
    pub at: DateTime<Utc>,
    pub connection_id: Uuid,
    /// `guest`, `property`, `system`, or `review` and `reply`.
    pub sender: String,
    pub text: String,
}

/// All that was said about these bookings.
pub(crate) async fn export(tx: &mut TenantTx, own: &[Reference]) -> Result<Vec<Said>> {
    let mut said = written(tx, own).await?;
    said.extend(judged(tx, own).await?);
    Ok(said)
}

async fn written(tx: &mut TenantTx, own: &[Reference]) -> Result<Vec<Said>> {
    let (connections, refs) = Reference::columns(own);
    let letters = sqlx::query!(
        "select l.id, l.sender, l.body, l.at, c.connection_id from channel_conversation c
         join unnest($2::uuid[], $3::text[]) as o (connection_id, channel_ref)
              on o.connection_id = c.connection_id and o.channel_ref = c.channel_ref
         join channel_letter l on l.tenant_id = $1 and l.conversation_id = c.id
         where c.tenant_id = $1 order by l.id limit 10000",
        tx.t(),
        &connections,
        &refs
    )
    .fetch_all(&mut **tx)
    .await?;
    let sealed: Vec<&str> = letters.iter().map(|l| l.body.as_str()).collect();
    let vault = tx.vault_knowing(&sealed).await?;
    let said = letters.iter().map(|l| {
        Ok(Said {
            at: l.at,
            connection_id: l.connection_id,
            sender: l.sender.clone(),
            text: open_body(&vault, l.id, &l.body)?,
        })
    });
    said.collect()
}

async fn judged(tx: &mut TenantTx, own: &[Reference]) -> Result<Vec<Said>> {
    let (connections, refs) = Reference::columns(own);
    let opinions = sqlx::query!(
        "select r.id, r.content, r.received_at, r.connection_id from channel_review r
         join unnest($2::uuid[], $3::text[]) as o (connection_id, channel_ref)
              on o.connection_id = r.connection_id and o.channel_ref = r.channel_ref
         where r.tenant_id = $1 order by r.id limit 1000",
        tx.t(),
        &connections,
        &refs
    )
    .fetch_all(&mut **tx)
    .await?;
    let sealed: Vec<&str> = opinions.iter().map(|r| r.content.as_str()).collect();
    let vault = tx.vault_knowing(&sealed).await?;
    let mut said = Vec::new();
    for r in &opinions {
        let opinion = Opinion::open(&vault, r.id, &r.content)?;
        for (sender, text) in [("review", opinion.text), ("reply", opinion.reply)] {
            said.extend(text.map(|text| Said {
                at: r.received_at,
                connection_id: r.connection_id,
                sender: sender.into(),
                text,
            }));
        }
    }
    Ok(said)
}

/// Empties every conversation and review of these bookings, and whatever else `meant` is true of. They are not taken in
/// again.
pub(crate) async fn shred(
    tx: &mut TenantTx,
    own: &[Reference],
    meant: impl Fn(&str) -> bool + Sync,
) -> Result<()> {
    shred_conversations(tx, own, &meant).await?;
    shred_reviews(tx, own, &meant).await
}

async fn shred_conversations(
    tx: &mut TenantTx,
    own: &[Reference],
    meant: &(impl Fn(&str) -> bool + Sync),
) -> Result<()> {
    let (connections, refs) = Reference::columns(own);
    let all = sqlx::query!(
        r#"select c.id, c.title,
                  exists (select from unnest($2::uuid[], $3::text[]) as o (connection_id, channel_ref)
                          where o.connection_id = c.connection_id and o.channel_ref = c.channel_ref) as "own!",
                  array(select l.id from channel_letter l where l.tenant_id = $1 and l.conversation_id = c.id
                        order by l.id) as "letters!",
                  array(select l.body from channel_letter l where l.tenant_id = $1 and l.conversation_id = c.id
                        order by l.id) as "bodies!"
           from channel_conversation c where c.tenant_id = $1 and not c.erased order by c.id for update"#,
        tx.t(),
        &connections,
        &refs
    )
    .fetch_all(&mut **tx)
    .await?;
    for c in all {
        let sealed: Vec<&str> = c.bodies.iter().chain([&c.title]).map(String::as_str).collect();
        let vault = tx.vault_knowing(&sealed).await?;
        let mut theirs = c.own || meant(&open_title(&vault, c.id, &c.title)?);
        for (id, body) in c.letters.iter().zip(&c.bodies) {
            theirs = theirs || meant(&open_body(&vault, *id, body)?);
        }
        if theirs {
            erase_conversation(tx, c.id, &c.letters).await?;
        }
    }
    Ok(())
}

async fn shred_reviews(
    tx: &mut TenantTx,
    own: &[Reference],
    meant: &(impl Fn(&str) -> bool + Sync),
) -> Result<()> {
    let (connections, refs) = Reference::columns(own);
    let all = sqlx::query!(
        r#"select r.id, r.content,
                  exists (select from unnest($2::uuid[], $3::text[]) as o (connection_id, channel_ref)
                          where o.connection_id = r.connection_id and o.channel_ref = r.channel_ref) as "own!"
           from channel_review r where r.tenant_id = $1 and not r.erased order by r.id for update"#,
        tx.t(),
        &connections,
        &refs
    )
    .fetch_all(&mut **tx)
    .await?;
    for r in all {
        let vault = tx.vault_knowing(&[&r.content]).await?;
        let opinion = Opinion::open(&vault, r.id, &r.content)?;
        let said = [&opinion.guest_name, &opinion.text, &opinion.reply];
        if r.own || said.into_iter().flatten().any(|text| meant(text)) {
            let nothing = Opinion::default().seal(&tx.vault().await?, r.id)?;
            sqlx::query!(
                "update channel_review set content = $3, erased = true, detail = null, next_attempt_at = null,
                     reply_state = case when reply_state = 'queued' then 'refused' else reply_state end
                 where tenant_id = $1 and id = $2",
                tx.t(),
                r.id,
                nothing
            )
            .execute(&mut **tx)
            .await?;
        }
    }
    Ok(())
}

async fn erase_conversation(tx: &mut TenantTx, id: Uuid, letters: &[Uuid]) -> Result<()> {
    let vault = tx.vault().await?;
    let bodies: Vec<String> = letters
        .iter()
        .map(|letter| seal_body(&vault, *letter, ERASED))
        .collect::<Result<_>>()?;
    sqlx::query!(
        "update channel_letter l set body = n.body, detail = null, next_attempt_at = null,
             state = case when l.state = 'queued' then 'refused' else l.state end
         from unnest($2::uuid[], $3::text[]) as n (id, body) where l.tenant_id = $1 and l.id = n.id",
        tx.t(),
        letters,
        &bodies
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "update channel_conversation set title = $3, erased = true where tenant_id = $1 and id = $2",
        tx.t(),
        id,
        seal_title(&vault, id, ERASED)?
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
