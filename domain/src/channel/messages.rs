//! Channels' messages as they are kept: sealed. To find somebody in them all are opened, a batch at a time.

use crate::db::TenantTx;
use crate::error::{Error, Result};
use crate::private::private;
use crate::vault::{Place, Vault};
use chrono::{DateTime, Utc};
use uuid::Uuid;

private!(Kept[message_id]);

const BATCH: i64 = 500;

fn place(connection: Uuid, message_id: &str) -> Place {
    Place::new("inbox", "message", format!("{connection}/{message_id}"))
}

pub(super) fn seal(vault: &Vault, connection: Uuid, message_id: &str, raw: &str) -> Result<String> {
    vault.seal(&place(connection, message_id), raw.as_bytes())
}

/// As a row has it: sealed, or in clear until the hourly job has sealed it.
pub(super) fn read(
    vault: &Vault,
    connection: Uuid,
    message_id: &str,
    sealed: Option<&str>,
    clear: Option<String>,
) -> Result<String> {
    let Some(sealed) = sealed else {
        let gone = || Error::internal(format!("message {message_id} of {connection} without its text"));
        return clear.ok_or_else(gone);
    };
    let opened = vault.open(&place(connection, message_id), sealed)?;
    let text = std::str::from_utf8(&opened).map_err(|e| Error::internal(e.to_string()))?;
    Ok(text.to_owned())
}

/// A message, opened.
pub(crate) struct Kept {
    /// Grows with the order of arrival.
    pub id: i64,
    pub connection_id: Uuid,
    pub message_id: String,
    pub received_at: DateTime<Utc>,
    /// Not applied yet.
    pub waiting: bool,
    pub raw: String,
}

/// A booking as a channel names it.
pub(crate) struct Reference {
    connection_id: Uuid,
    channel_ref: String,
}

impl Reference {
    /// Connections, and the channels' names for the bookings.
    pub fn columns(all: &[Self]) -> (Vec<Uuid>, Vec<String>) {
        all.iter()
            .map(|r| (r.connection_id, r.channel_ref.clone()))
            .unzip()
    }

    /// Does the message speak of the booking?
    pub fn is_in(&self, kept: &Kept) -> bool {
        self.connection_id == kept.connection_id && kept.raw.contains(&format!("\"{}\"", self.channel_ref))
    }
}

/// What channels call these bookings, as far as they came from one.
pub(crate) async fn references(tx: &mut TenantTx, bookings: &[Uuid]) -> Result<Vec<Reference>> {
    Ok(sqlx::query_as!(
        Reference,
        r#"select connection_id as "connection_id!", channel_ref as "channel_ref!" from booking
           where tenant_id = $1 and id = any($2) and connection_id is not null and channel_ref is not null"#,
        tx.t(),
        bookings
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// Keeps workers from applying what waits, until the transaction ends; waits for those who are at it.
pub(crate) async fn hold_back(tx: &mut TenantTx) -> Result<()> {
    sqlx::query!(
        "select id from inbox where tenant_id = $1 and state = 'received' order by connection_id, id for update",
        tx.t()
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(())
}

/// All messages that `wanted` is true of.
pub(crate) async fn find(tx: &mut TenantTx, wanted: impl Fn(&Kept) -> bool) -> Result<Vec<Kept>> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let batch = batch(tx, after.take()).await?;
        let Some(last) = batch.last() else {
            return Ok(found);
        };
        after = Some((last.connection_id, last.message_id.clone()));
        found.extend(batch.into_iter().filter(&wanted));
    }
}

async fn batch(tx: &mut TenantTx, after: Option<(Uuid, String)>) -> Result<Vec<Kept>> {
    let (connection, message) = after.unwrap_or_default();
    let rows = sqlx::query!(
        "select id, connection_id, message_id, received_at, state, raw, message from inbox
         where tenant_id = $1 and (connection_id, message_id) > ($2, $3)
         order by connection_id, message_id limit $4",
        tx.t(),
        connection,
        message,
        BATCH
    )
    .fetch_all(&mut **tx)
    .await?;
    let sealed: Vec<&str> = rows.iter().filter_map(|row| row.message.as_deref()).collect();
    let vault = tx.vault_knowing(&sealed).await?;
    let kept = rows.into_iter().map(|row| {
        Ok(Kept {
            raw: read(
                &vault,
                row.connection_id,
                &row.message_id,
                row.message.as_deref(),
                row.raw,
            )?,
            id: row.id,
            connection_id: row.connection_id,
            message_id: row.message_id,
            received_at: row.received_at,
            waiting: row.state == "received",
        })
    });
    kept.collect()
}

/// Empties or rewrites messages; what was said of them goes too.
pub(crate) async fn replace(tx: &mut TenantTx, messages: &[Kept]) -> Result<()> {
    write(
        tx,
        messages
            .iter()
            .map(|m| (m.connection_id, m.message_id.as_str(), m.raw.as_str())),
    )
    .await?;
    let ids: Vec<i64> = messages.iter().map(|m| m.id).collect();
    sqlx::query!(
        "update inbox set detail = null where tenant_id = $1 and id = any($2)",
        tx.t(),
        &ids
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Seals what versions before sealing kept in clear, at most a batch. Returns how many messages.
pub async fn seal_old(tx: &mut TenantTx) -> Result<u64> {
    let rows = sqlx::query!(
        r#"select connection_id, message_id, raw as "raw!" from inbox
           where tenant_id = $1 and message is null order by connection_id, message_id limit $2 for update"#,
        tx.t(),
        BATCH
    )
    .fetch_all(&mut **tx)
    .await?;
    let rows = rows.iter();
    write(
        tx,
        rows.map(|r| (r.connection_id, r.message_id.as_str(), r.raw.as_str())),
    )
    .await
}

/// Puts texts, sealed, in the place of those that were there: connection, message and text of each. Returns how many.
async fn write<'a>(
    tx: &mut TenantTx,
    all: impl Iterator<Item = (Uuid, &'a str, &'a str)> + Send,
) -> Result<u64> {
    let vault = tx.vault().await?;
    let (mut connections, mut ids, mut sealed) = (Vec::new(), Vec::new(), Vec::new());
    for (connection, id, raw) in all {
        sealed.push(seal(&vault, connection, id, raw)?);
        connections.push(connection);
        ids.push(id.to_owned());
    }
    let done = sqlx::query!(
        "update inbox i set message = n.message, raw = null
         from unnest($2::uuid[], $3::text[], $4::text[]) as n (connection_id, message_id, message)
         where i.tenant_id = $1 and i.connection_id = n.connection_id and i.message_id = n.message_id",
        tx.t(),
        &connections,
        &ids,
        &sealed
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected())
}
