//! Connections as people change them: what is told, how they are called, pausing, telling anew, disconnecting.

use super::anew;
use super::connection::{self, Connection, check_terms, get, logged, mark_horizon, open};
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::principal::{Permission, Principal};
use crate::property::{self, check_version};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

/// A full sync is rare: channels refuse partners that run it on a timer.
pub const FULL_SYNC_EVERY_HOURS: i64 = 24;

/// Absent = leave as it is.
#[derive(Default)]
pub struct ConnectionChange {
    pub name: Option<String>,
    pub base_url: Option<String>,
    pub api_key: Option<String>,
    pub safety_buffer: Option<i32>,
    pub calls_per_minute: Option<i32>,
    pub markup_percent: Option<Decimal>,
    pub markup_amount: Option<Decimal>,
    pub apply_seconds: Option<i32>,
}

/// What is told of prices and units changes at once: the shadow then says what of it has to be sent. Whoever is at another
/// address has heard nothing yet.
pub async fn change(
    tx: &mut TenantTx,
    who: &Principal,
    id: Uuid,
    change: ConnectionChange,
    expected: Option<i32>,
    now: DateTime<Utc>,
) -> Result<Connection> {
    who.require(Permission::WriteChannels)?;
    let before = open(tx, id).await?;
    check_version(before.version, expected)?;
    let property = property::get(tx, before.property_id).await?;
    let told = (before.safety_buffer, before.terms.markup);
    let called = (before.base_url.clone(), before.credentials.api_key.clone());
    let after = merged(before, change, &property.currency)?;
    save(tx, &after).await?;
    if called.0 != after.base_url {
        forget_accepted(tx, id).await?;
    }
    if called != (after.base_url.clone(), after.credentials.api_key.clone()) {
        try_at_once(tx, id, now).await?;
    }
    if called.0 != after.base_url || told != (after.safety_buffer, after.terms.markup) {
        mark_horizon(tx, &after).await?;
    }
    let after = get(tx, id).await?;
    logged(tx, who, "channel_connection.changed", &after, now).await?;
    Ok(after)
}

fn merged(mut c: Connection, change: ConnectionChange, currency: &str) -> Result<Connection, Refusal> {
    if c.base_url.is_none() && (change.base_url.is_some() || change.api_key.is_some()) {
        let detail = "this channel calls us; there is nothing to call it by";
        return Err(Refusal::invalid("not_called", detail).at("/base_url"));
    }
    if let Some(name) = change.name {
        c.name = property::name(&name, "/name")?;
    }
    c.base_url = change.base_url.or(c.base_url);
    c.credentials.api_key = change.api_key.or(c.credentials.api_key);
    c.safety_buffer = change.safety_buffer.unwrap_or(c.safety_buffer);
    c.calls_per_minute = change.calls_per_minute.unwrap_or(c.calls_per_minute);
    let mut terms = c.terms;
    terms.markup.percent = change.markup_percent.unwrap_or(terms.markup.percent);
    terms.markup.amount = change.markup_amount.unwrap_or(terms.markup.amount);
    terms.apply_seconds = change.apply_seconds.unwrap_or(terms.apply_seconds);
    c.terms = check_terms((c.safety_buffer, c.calls_per_minute), terms, currency)?;
    Ok(c)
}

/// Nothing is known of what the channel believes; an answer that is still on its way says nothing of it, either.
pub(super) async fn forget_accepted(tx: &mut TenantTx, id: Uuid) -> Result<()> {
    sqlx::query!(
        "with cells as (update ari_shadow set accepted = null, changed_at = clock_timestamp()
                        where tenant_id = $1 and connection_id = $2)
         update channel_sync set closed_told = null where tenant_id = $1 and connection_id = $2",
        tx.t(),
        id
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What stood in the way of calls may be gone.
async fn try_at_once(tx: &mut TenantTx, id: Uuid, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update channel_sync set push_failures = 0, next_push_at = $3, rates_failures = 0, next_rates_at = $3,
             next_read_back_at = least(next_read_back_at, $3)
         where tenant_id = $1 and connection_id = $2",
        tx.t(),
        id,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) async fn save(tx: &mut TenantTx, c: &Connection) -> Result<()> {
    let saved = sqlx::query!(
        "update channel_connection set name = $4, base_url = $5, credentials = $6, api_key = null, webhook_secrets = '{}',
             safety_buffer = $7, calls_per_minute = $8, markup_percent = $9, markup_amount = $10, apply_seconds = $11,
             version = version + 1
         where tenant_id = $1 and id = $2 and version = $3",
        tx.t(),
        c.id,
        c.version,
        c.name,
        c.base_url,
        c.credentials.seal(&tx.vault().await?, c.id)?,
        c.safety_buffer,
        c.calls_per_minute,
        c.terms.markup.percent,
        c.terms.markup.amount,
        c.terms.apply_seconds
    )
    .execute(&mut **tx)
    .await?;
    if saved.rows_affected() == 0 {
        return Err(Refusal::stale("someone else changed the connection just now").into());
    }
    Ok(())
}

/// Nothing is sent to the channel or taken from it any more. What it sold stays, and so does what it sent; it is not told
/// to stop selling, so whoever disconnects closes it out first, here or there.
pub async fn close(tx: &mut TenantTx, who: &Principal, id: Uuid, now: DateTime<Utc>) -> Result<()> {
    who.require(Permission::WriteChannels)?;
    open(tx, id).await?;
    let closed = sqlx::query_scalar!(
        "update channel_connection set state = 'closed', credentials = null, api_key = null, webhook_secrets = '{}',
             version = version + 1
         where tenant_id = $1 and id = $2
           and not exists (select from inbox where tenant_id = $1 and connection_id = $2 and state = 'received')
         returning id",
        tx.t(),
        id
    )
    .fetch_optional(&mut **tx)
    .await?;
    if closed.is_none() {
        let detail = "bookings that the channel sent are not applied yet; that takes a moment";
        return Err(Refusal::conflict("messages_waiting", detail).into());
    }
    forget(tx, id, now).await?;
    let connection = connection::get(tx, id).await?;
    logged(tx, who, "channel_connection.closed", &connection, now).await
}

/// What only a connection that works needs.
async fn forget(tx: &mut TenantTx, id: Uuid, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "with rates as (delete from channel_rate_map where tenant_id = $1 and connection_id = $2),
           closures as (delete from channel_closure where tenant_id = $1 and connection_id = $2),
           standings as (delete from channel_standing where tenant_id = $1 and connection_id = $2),
           marks as (delete from ari_dirty where tenant_id = $1 and connection_id = $2),
           unmapped as (delete from channel_unmapped where tenant_id = $1 and connection_id = $2),
           cells as (delete from ari_shadow where tenant_id = $1 and connection_id = $2),
           door as (delete from channel_endpoint where tenant_id = $1 and connection_id = $2),
           owed as (update inbox set acknowledged_at = $3
                    where tenant_id = $1 and connection_id = $2 and acknowledged_at is null),
           alerts as (update alert set resolved_at = $3
                      where tenant_id = $1 and subject_id = $2 and resolved_at is null)
         delete from channel_room_map where tenant_id = $1 and connection_id = $2",
        tx.t(),
        id,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Pauses or resumes. While paused nothing is sent or polled; what the channel posts is taken all the same, for it is
/// sold. Who resumes is told what has changed, whatever was marked meanwhile.
pub async fn set_state(
    tx: &mut TenantTx,
    who: &Principal,
    id: Uuid,
    active: bool,
    now: DateTime<Utc>,
) -> Result<Connection> {
    who.require(Permission::WriteChannels)?;
    open(tx, id).await?;
    let state = if active { "active" } else { "paused" };
    sqlx::query!(
        "update channel_connection set state = $3, version = version + 1
         where tenant_id = $1 and id = $2 and state <> $3",
        tx.t(),
        id,
        state
    )
    .execute(&mut **tx)
    .await?;
    let connection = get(tx, id).await?;
    if active {
        mark_horizon(tx, &connection).await?;
    }
    logged(tx, who, "channel_connection.changed", &connection, now).await?;
    Ok(connection)
}

/// Tells the channel everything again: once in 24 h, never on a timer.
pub async fn full_sync(tx: &mut TenantTx, who: &Principal, id: Uuid, now: DateTime<Utc>) -> Result<()> {
    who.require(Permission::WriteChannels)?;
    let connection = open(tx, id).await?;
    if !anew::tell(tx, &connection, now).await? {
        let detail = format!("channels accept a full sync once in {FULL_SYNC_EVERY_HOURS} h");
        return Err(Refusal::conflict("full_sync_too_soon", detail).into());
    }
    logged(tx, who, "channel_connection.full_sync", &connection, now).await
}
