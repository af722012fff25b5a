//! One connection's inbound messages: poll, store, process, acknowledge. Each step commits before the next begins, so
//! being killed anywhere repeats at most a step that does no harm twice.

use crate::Workers;
use crate::lanes::{Lane, Lanes};
use crate::turns::Tx;
use chrono::{DateTime, Duration, Utc};
use futures_util::stream::{self, StreamExt};
use innkeep_domain::channel::connection::{self, Connection};
use innkeep_domain::channel::inbox::{self, Message};
use innkeep_domain::ports::channel::{Access, ChannelError, Protocol, RevisionFeed, RevisionReader};
use innkeep_domain::{Error, Result, TenantId};
use std::collections::{HashMap, HashSet};
use std::time::Instant;
use uuid::Uuid;

const LOCK: &str = "inbox";
/// Webhooks say "pull now"; this is how long a lost webhook can go unnoticed.
const POLL_EVERY: Duration = Duration::seconds(20);
/// Messages looked at to be sorted by booking.
const LOOKED_AT: i64 = 200;
/// Bookings whose messages are applied beside each other.
const BESIDE: usize = 4;
/// Pages read from a feed before other work gets its turn.
const MOST_PAGES: usize = 20;
/// Each acknowledgement is a call of its own; one after the other they would hold up the next page of bookings.
const ACKNOWLEDGED_AT_ONCE: usize = 8;
/// Settled messages looked at when asking which of them the channel still lists.
const MOST_SETTLED: i64 = 10_000;

pub(crate) async fn run(workers: &Workers, lanes: &Lanes, tenant: TenantId, id: Uuid) -> anyhow::Result<()> {
    if !workers.locks.try_lock(LOCK, id).await? {
        // Another process takes them in; perhaps it looked just before this came.
        lanes.poke_in(crate::lanes::ELSEWHERE, Lane::Inbox(tenant, id));
        return Ok(());
    }
    let done = take_in(workers, lanes, tenant, id).await;
    workers.locks.unlock(LOCK, id).await?;
    Ok(done?)
}

async fn take_in(workers: &Workers, lanes: &Lanes, tenant: TenantId, id: Uuid) -> Result<()> {
    let mut tx = workers.begin(tenant).await?;
    let connection = connection::get(&mut tx, id).await?;
    tx.commit().await?;
    let Some(protocol) = workers.ctx.protocols.get(&connection.protocol) else {
        let unknown = format!("protocol `{}` is not spoken here", connection.protocol);
        return Err(Error::internal(unknown));
    };
    let inbox = Inbox {
        workers,
        lanes,
        tenant,
        connection: &connection,
        protocol,
    };
    inbox.process_all().await?;
    if !connection.is_active() {
        return Ok(()); // what it sold is sold; nothing more is asked of it
    }
    match (&protocol.feed, connection.access(workers.ctx.clock.now())) {
        (Some(feed), Some(access)) => inbox.poll(&**feed, &access).await,
        _ => Ok(()), // it posts to us
    }
}

struct Inbox<'a> {
    workers: &'a Workers,
    lanes: &'a Lanes,
    tenant: TenantId,
    connection: &'a Connection,
    protocol: &'a Protocol,
}

impl Inbox<'_> {
    async fn begin(&self) -> Result<Tx> {
        self.workers.begin(self.tenant).await
    }

    fn now(&self) -> DateTime<Utc> {
        self.workers.ctx.clock.now()
    }

    /// Applies stored messages, each in its own transaction: those of one booking in order of arrival, those of several
    /// bookings beside each other.
    async fn process_all(&self) -> Result<()> {
        loop {
            let mut tx = self.begin().await?;
            let waiting = inbox::waiting(&mut tx, self.connection.id, LOOKED_AT).await?;
            tx.commit().await?;
            let bookings = stream::iter(by_booking(&waiting, &*self.protocol.reader));
            let done = bookings
                .map(|ids| self.process_each(ids))
                .buffer_unordered(BESIDE);
            // None is cut off because another failed.
            let done: Vec<Result<usize>> = done.collect().await;
            if done.into_iter().sum::<Result<usize>>()? == 0 {
                return Ok(()); // nothing is due, or somebody else has it
            }
        }
    }

    /// How many were applied. What waits for its next try, or is another worker's, is not overtaken.
    async fn process_each(&self, ids: Vec<i64>) -> Result<usize> {
        for (applied, id) in ids.iter().enumerate() {
            if !self.process(*id).await? {
                return Ok(applied);
            }
        }
        Ok(ids.len())
    }

    /// Is it done with?
    async fn process(&self, id: i64) -> Result<bool> {
        let now = self.now();
        let mut tx = self.begin().await?;
        let Some(message) = inbox::take(&mut tx, self.connection.id, id, now).await? else {
            return tx.commit().await.map(|()| false);
        };
        let reader = &*self.protocol.reader;
        let done = match inbox::process(&mut tx, self.connection, &message, reader, now).await {
            Ok(applied) => tx.commit().await.map(|()| applied),
            Err(error) => tx.rollback().await.and(Err(error)),
        };
        match done {
            Ok(applied) => {
                // News for every other channel, before the seller is even thanked.
                self.lanes.poke(Lane::Tenant(self.tenant));
                metrics::counter!("innkeep_inbox_processed_total").increment(1);
                let (connection, message) = (self.connection.id, message.message_id);
                tracing::info!(%connection, message, ?applied, "inbox.processed");
                Ok(true)
            }
            Err(error) => self.postpone(&message, &error).await,
        }
    }

    /// Is it parked, and waits for a person?
    async fn postpone(&self, message: &Message, error: &Error) -> Result<bool> {
        tracing::warn!(connection = %self.connection.id, message = message.message_id, %error, "inbox.failed");
        let mut tx = self.begin().await?;
        let parked = inbox::postpone(&mut tx, self.connection, message, error, self.now()).await?;
        tx.commit().await?;
        Ok(parked)
    }

    /// Reads the feed page by page: store, process, acknowledge. What we settled before and the feed no longer lists
    /// was acknowledged, even if we were killed before noting it; what it lists again is acknowledged again.
    async fn poll(&self, feed: &dyn RevisionFeed, access: &Access) -> Result<()> {
        let id = self.connection.id;
        let mut tx = self.begin().await?;
        let settled = inbox::unacknowledged(&mut tx, id, MOST_SETTLED).await?;
        let asked = self.now();
        let lease = inbox::take_poll(&mut tx, id, asked).await?;
        tx.commit().await?;
        if lease.is_none() && settled.is_empty() {
            return Ok(());
        }
        let Ok(permit) = self.workers.breakers.permit(id, "poll", Instant::now()) else {
            return Ok(());
        };
        let read = self.read_feed(feed, access).await?;
        permit.record(
            read.error.as_ref().is_some_and(ChannelError::is_fault),
            Instant::now(),
        );
        let mut tx = self.begin().await?;
        match read.error {
            Some(error) => {
                tracing::warn!(connection = %id, %error, "channel.poll_failed");
                let progress = read.acknowledged > 0;
                inbox::poll_failed(&mut tx, self.connection, &error, progress, self.now()).await?;
            }
            None if read.finished => {
                let gone = settled
                    .iter()
                    .filter(|(_, message)| !read.listed.contains(message));
                let gone: Vec<i64> = gone.map(|(id, _)| *id).collect();
                inbox::acknowledged(&mut tx, id, &gone, self.now()).await?;
                inbox::poll_worked(&mut tx, id, lease, Some(asked), self.now() + POLL_EVERY).await?;
            }
            // There is more: others get their turn, and then it goes on.
            None => inbox::poll_worked(&mut tx, id, lease, None, self.now()).await?,
        }
        tx.commit().await
    }

    /// The error is ours; the channel's is in what was read.
    async fn read_feed(&self, feed: &dyn RevisionFeed, access: &Access) -> Result<Read> {
        let mut read = Read::default();
        for _ in 0..MOST_PAGES {
            let page = match feed.unacknowledged(access).await {
                Ok(page) => page,
                Err(error) => return Ok(read.ended_by(error)),
            };
            let ids: Vec<String> = page.iter().map(|m| m.message_id.clone()).collect();
            if ids.iter().all(|id| read.listed.contains(id)) {
                read.finished = true;
                break;
            }
            read.listed.extend(ids.iter().cloned());
            let mut tx = self.begin().await?;
            inbox::store(&mut tx, self.connection.id, &page, self.now()).await?;
            tx.commit().await?;
            self.process_all().await?;
            let settled = self.settled(&ids).await?;
            for some in settled.chunks(ACKNOWLEDGED_AT_ONCE) {
                let tries = some.iter().map(|(_, message)| feed.acknowledge(access, message));
                let tried = futures_util::future::join_all(tries).await;
                let heard = some.iter().zip(&tried).filter(|(_, heard)| heard.is_ok());
                let rows: Vec<i64> = heard.map(|((row, _), _)| *row).collect();
                self.note_acknowledged(&rows).await?;
                read.acknowledged += rows.len();
                if let Some(error) = tried.into_iter().find_map(Result::err) {
                    return Ok(read.ended_by(error));
                }
            }
        }
        Ok(read)
    }

    async fn settled(&self, listed: &[String]) -> Result<Vec<(i64, String)>> {
        let mut tx = self.begin().await?;
        let settled = inbox::settled(&mut tx, self.connection.id, listed).await?;
        tx.commit().await?;
        Ok(settled)
    }

    async fn note_acknowledged(&self, rows: &[i64]) -> Result<()> {
        let mut tx = self.begin().await?;
        inbox::acknowledged(&mut tx, self.connection.id, rows, self.now()).await?;
        tx.commit().await?;
        tracing::info!(connection = %self.connection.id, ?rows, "inbox.acknowledged");
        Ok(())
    }
}

/// Ids of messages, those of one booking together and in order. What cannot be read is of no booking.
fn by_booking(messages: &[Message], reader: &dyn RevisionReader) -> Vec<Vec<i64>> {
    let (mut bookings, mut at) = (Vec::<Vec<i64>>::new(), HashMap::new());
    for message in messages {
        let known = reader.read(message.raw()).ok().map(|r| r.booking_ref);
        let next = bookings.len();
        let place = known.map_or(next, |booking| *at.entry(booking).or_insert(next));
        match bookings.get_mut(place) {
            Some(booking) => booking.push(message.id),
            None => bookings.push(vec![message.id]),
        }
    }
    bookings
}

/// What a poll of the feed came to.
#[derive(Default)]
struct Read {
    /// Every message id the feed listed.
    listed: HashSet<String>,
    acknowledged: usize,
    /// It lists nothing else.
    finished: bool,
    /// The channel's: the rest waits for the next poll.
    error: Option<ChannelError>,
}

impl Read {
    fn ended_by(mut self, error: ChannelError) -> Self {
        self.error = Some(error);
        self
    }
}
