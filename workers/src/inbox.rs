//! One connection's inbound messages: poll, store, process, acknowledge. Each step commits before the next begins, so
//! being killed anywhere repeats at most a step that does no harm twice.

use crate::Workers;
use chrono::Duration;
use innkeep_domain::channel::connection::{self, Connection};
use innkeep_domain::channel::inbox;
use innkeep_domain::ports::channel::{Access, Protocol, RevisionFeed};
use innkeep_domain::{Error, Result, TenantId};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;
use uuid::Uuid;

const LOCK: &str = "inbox";
/// Webhooks say "pull now"; this is how long a lost webhook can go unnoticed.
const POLL_EVERY: Duration = Duration::seconds(20);
/// Pages read from a feed before other work gets its turn.
const MOST_PAGES: usize = 20;

pub(crate) async fn run(workers: &Workers, tenant: TenantId, connection: Uuid) -> anyhow::Result<()> {
    if !workers.locks.try_lock(LOCK, connection).await? {
        return Ok(());
    }
    let done = take_in(workers, tenant, connection).await;
    workers.locks.unlock(LOCK, connection).await?;
    Ok(done?)
}

async fn take_in(workers: &Workers, tenant: TenantId, id: Uuid) -> Result<()> {
    let mut tx = workers.ctx.db.begin(tenant).await?;
    let connection = connection::get(&mut tx, id).await?;
    tx.commit().await?;
    let Some(protocol) = workers.ctx.protocols.get(&connection.protocol) else {
        return Err(Error::internal(format!(
            "protocol `{}` is not spoken here",
            connection.protocol
        )));
    };
    process_all(workers, tenant, &connection, protocol).await?;
    match protocol.feed.clone().zip(connection.access()) {
        Some((feed, access)) => poll(workers, tenant, &connection, protocol, feed, &access).await,
        None => answered_already(workers, tenant, id).await,
    }
}

/// Applies stored messages in order, each in its own transaction.
async fn process_all(
    workers: &Workers,
    tenant: TenantId,
    connection: &Connection,
    protocol: &Protocol,
) -> Result<()> {
    loop {
        let now = workers.ctx.clock.now();
        let mut tx = workers.ctx.db.begin(tenant).await?;
        let Some(message) = inbox::next(&mut tx, connection.id, now).await? else {
            return tx.commit().await;
        };
        let done = match inbox::process(&mut tx, connection, &message, &*protocol.reader, now).await {
            Ok(applied) => tx.commit().await.map(|()| applied),
            Err(error) => {
                tx.rollback().await?;
                Err(error)
            }
        };
        match done {
            Ok(applied) => {
                tracing::info!(connection = %connection.id, message = message.message_id, ?applied, "inbox.processed");
                metrics::counter!("innkeep_inbox_processed_total").increment(1);
            }
            Err(error) => {
                tracing::warn!(connection = %connection.id, message = message.message_id, %error, "inbox.failed");
                let mut tx = workers.ctx.db.begin(tenant).await?;
                inbox::postpone(&mut tx, connection, &message, &error, now).await?;
                tx.commit().await?;
            }
        }
    }
}

/// Reads the feed page by page: store, process, acknowledge. What we settled before and the feed no longer lists was
/// acknowledged, even if we were killed before noting it; what it lists again is acknowledged again.
async fn poll(
    workers: &Workers,
    tenant: TenantId,
    connection: &Connection,
    protocol: &Protocol,
    feed: Arc<dyn RevisionFeed>,
    access: &Access,
) -> Result<()> {
    let now = workers.ctx.clock.now();
    let mut tx = workers.ctx.db.begin(tenant).await?;
    let settled = inbox::unacknowledged(&mut tx, connection.id, 10_000).await?;
    let due = inbox::take_poll(&mut tx, connection.id, now, now + POLL_EVERY).await?;
    tx.commit().await?;
    if !due && settled.is_empty() {
        return Ok(());
    }
    let Ok(permit) = workers.breakers.permit(connection.id, "poll", Instant::now()) else {
        return Ok(());
    };
    let read = read_feed(workers, tenant, connection, protocol, &*feed, access).await?;
    permit.record(read.is_err(), Instant::now());
    let mut tx = workers.ctx.db.begin(tenant).await?;
    let now = workers.ctx.clock.now();
    match read {
        Ok(listed) => {
            let gone: Vec<i64> = settled
                .into_iter()
                .filter(|(_, message)| !listed.contains(message))
                .map(|(id, _)| id)
                .collect();
            inbox::acknowledged(&mut tx, connection.id, &gone, now).await?;
            inbox::polled(&mut tx, connection.id, None, now).await?;
        }
        Err(error) => {
            tracing::warn!(connection = %connection.id, error, "channel.poll_failed");
            inbox::polled(&mut tx, connection.id, Some(&error), now).await?;
        }
    }
    tx.commit().await
}

/// Outer error: ours. Inner error: the channel's, in words. Ok: every message id the feed listed.
async fn read_feed(
    workers: &Workers,
    tenant: TenantId,
    connection: &Connection,
    protocol: &Protocol,
    feed: &dyn RevisionFeed,
    access: &Access,
) -> Result<Result<HashSet<String>, String>> {
    let mut listed = HashSet::new();
    for _ in 0..MOST_PAGES {
        let page = match feed.unacknowledged(access).await {
            Ok(page) => page,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let fresh: Vec<String> = page.iter().map(|m| m.message_id.clone()).collect();
        let nothing_new = fresh.iter().all(|id| listed.contains(id));
        listed.extend(fresh.iter().cloned());
        if nothing_new {
            return Ok(Ok(listed));
        }
        let mut tx = workers.ctx.db.begin(tenant).await?;
        inbox::store(&mut tx, connection.id, &page, workers.ctx.clock.now()).await?;
        tx.commit().await?;
        process_all(workers, tenant, connection, protocol).await?;
        if let Err(error) = acknowledge(workers, tenant, connection, feed, access, &fresh).await? {
            return Ok(Err(error));
        }
    }
    Ok(Ok(listed))
}

/// Acknowledges what the feed listed and we have settled, one by one, noting each.
async fn acknowledge(
    workers: &Workers,
    tenant: TenantId,
    connection: &Connection,
    feed: &dyn RevisionFeed,
    access: &Access,
    listed: &[String],
) -> Result<Result<(), String>> {
    let mut tx = workers.ctx.db.begin(tenant).await?;
    let settled = inbox::settled(&mut tx, connection.id, listed).await?;
    tx.commit().await?;
    for (id, message) in settled {
        if let Err(error) = feed.acknowledge(access, &message).await {
            return Ok(Err(error.to_string()));
        }
        let mut tx = workers.ctx.db.begin(tenant).await?;
        inbox::acknowledged(&mut tx, connection.id, &[id], workers.ctx.clock.now()).await?;
        tx.commit().await?;
        tracing::info!(connection = %connection.id, message, "inbox.acknowledged");
    }
    Ok(Ok(()))
}

/// For a channel that posts to us, our 2xx after the commit was the acknowledgement.
async fn answered_already(workers: &Workers, tenant: TenantId, id: Uuid) -> Result<()> {
    let mut tx = workers.ctx.db.begin(tenant).await?;
    let settled = inbox::unacknowledged(&mut tx, id, 10_000).await?;
    let ids: Vec<i64> = settled.into_iter().map(|(id, _)| id).collect();
    inbox::acknowledged(&mut tx, id, &ids, workers.ctx.clock.now()).await?;
    tx.commit().await
}
