//! One connection's sender: prepare a call, make it with no transaction open, record the outcome, until nothing
//! differs. The session lock makes it the only sender of this connection anywhere.

use crate::Workers;
use crate::breaker::Permit;
use crate::lanes::{Lane, Lanes};
use crate::showcase;
use chrono::{DateTime, Duration, Utc};
use innkeep_domain::channel::connection::{self, Connection};
use innkeep_domain::channel::dirty::Kind;
use innkeep_domain::channel::product::{self, Products};
use innkeep_domain::channel::push::{self, Call, Manner, Next};
use innkeep_domain::channel::showcase::due;
use innkeep_domain::ports::channel::{
    Access, AriSink, ChannelError, PushReport, Showcase, Telling, WholeSink,
};
use innkeep_domain::{Result, TenantId};
use std::sync::Arc;
use std::time::Instant;
use uuid::Uuid;

const LOCK: &str = "push";
/// Calls that follow each other at once: what changes now and then leaves at once, and what is left by a long call too.
const IN_A_ROW: usize = 3;
/// Between calls after those: what changes all the time is gathered meanwhile, and others get their turn.
const APART: std::time::Duration = std::time::Duration::from_millis(100);

pub(crate) async fn run(
    workers: &Workers,
    lanes: &Lanes,
    tenant: TenantId,
    connection: Uuid,
) -> anyhow::Result<()> {
    if !workers.locks.try_lock(LOCK, connection).await? {
        // Another process sends for it; perhaps it looked just before this came.
        lanes.poke_in(crate::lanes::ELSEWHERE, Lane::Push(tenant, connection));
        return Ok(());
    }
    let sent = send(workers, tenant, connection).await;
    workers.locks.unlock(LOCK, connection).await?;
    if let Some(until) = sent? {
        let wait = (until - workers.ctx.clock.now()).to_std().unwrap_or_default();
        lanes.poke_in(wait, Lane::Push(tenant, connection));
    }
    Ok(())
}

/// Until nothing is left, or something has to wait: until when.
async fn send(workers: &Workers, tenant: TenantId, id: Uuid) -> Result<Option<DateTime<Utc>>> {
    let mut telling = None;
    for sent in 0.. {
        if sent >= IN_A_ROW {
            workers.pause(APART).await;
        }
        if sent > 0 && workers.stop.is_cancelled() {
            break;
        }
        let permit = match workers.breakers.permit(id, "push", Instant::now()) {
            Ok(permit) => permit,
            Err(wait) => return wait_for_breaker(workers, tenant, id, wait).await.map(Some),
        };
        let mut tx = workers.begin(tenant).await?;
        let connection = connection::get(&mut tx, id).await?;
        let Some(channel) = channel(workers, &connection) else {
            return Ok(None);
        };
        let now = workers.ctx.clock.now();
        if let Some(showcase) = &channel.showcase
            && let Some(categories) = due(&mut tx, id, now).await?
        {
            tx.commit().await?;
            showcase::show(workers, (tenant, id), &**showcase, &channel.access, &categories).await?;
            tx = workers.begin(tenant).await?;
        }
        let next = push::prepare(&mut tx, &connection, channel.manner(telling), now).await?;
        let products = match channel.sink.replaces_nights() {
            true => Some(product::read(&mut tx, id).await?),
            false => None,
        };
        tx.commit().await?;
        let call = match next {
            Next::Nothing => return Ok(None),
            Next::Wait(until) => return Ok(Some(until)),
            Next::Again => continue,
            Next::Ask => {
                telling = ask(workers, (tenant, id), &channel, permit).await?;
                continue;
            }
            Next::Call(call) => call,
        };
        let started = Instant::now();
        let result = tell(&channel, &call, products.as_ref()).await;
        permit.record(result.as_ref().is_err_and(ChannelError::is_fault), Instant::now());
        measure(&call, &result, started, workers);
        record(workers, tenant, &call, &result).await?;
    }
    Ok(None)
}

/// What a connection's channel is told by.
struct Channel {
    sink: Arc<dyn AriSink>,
    whole: Option<Arc<dyn WholeSink>>,
    showcase: Option<Arc<dyn Showcase>>,
    access: Access,
}

impl Channel {
    /// `telling`: what it said when it was asked.
    fn manner(&self, telling: Option<Telling>) -> Manner {
        Manner {
            most_ranges: self.sink.ranges_per_call(),
            telling: match self.whole {
                Some(_) => telling,
                None => Some(Telling::CHANGES),
            },
        }
    }
}

/// Nothing, for a connection that is not told anything.
fn channel(workers: &Workers, connection: &Connection) -> Option<Channel> {
    let protocol = workers.ctx.protocols.get(&connection.protocol)?;
    Some(Channel {
        sink: protocol.sink.clone()?,
        whole: protocol.more.whole.clone(),
        showcase: protocol.more.showcase.clone(),
        access: connection.access(workers.ctx.clock.now())?,
    })
}

/// The cells wait, dirty; no attempt is consumed.
async fn wait_for_breaker(
    workers: &Workers,
    tenant: TenantId,
    id: Uuid,
    wait: std::time::Duration,
) -> Result<DateTime<Utc>> {
    let until = workers.ctx.clock.now() + Duration::from_std(wait).unwrap_or_else(|_| Duration::seconds(5));
    let mut tx = workers.begin(tenant).await?;
    push::postpone(&mut tx, id, until).await?;
    tx.commit().await?;
    Ok(until)
}

/// How the channel is told. Without an answer nothing is known, and the next try waits.
async fn ask(
    workers: &Workers,
    (tenant, id): (TenantId, Uuid),
    channel: &Channel,
    permit: Permit<'_>,
) -> Result<Option<Telling>> {
    let Some(whole) = &channel.whole else {
        return Ok(Some(Telling::CHANGES));
    };
    // What is known from before is answered at once, and says nothing of the channel's health.
    let error = match whole.telling(&channel.access).await {
        Ok(telling) => return Ok(Some(telling)),
        Err(error) => error,
    };
    permit.record(error.is_fault(), Instant::now());
    tracing::warn!(connection = %id, %error, "channel.not_asked");
    let mut tx = workers.begin(tenant).await?;
    push::not_asked(&mut tx, id, &error, workers.ctx.clock.now()).await?;
    tx.commit().await?;
    Ok(None)
}

async fn tell(
    channel: &Channel,
    call: &Call,
    products: Option<&Products>,
) -> Result<PushReport, ChannelError> {
    let Channel { sink, access, .. } = channel;
    match (call.kind, products) {
        (Kind::Availability, _) => {
            let ranges: Vec<_> = call.ranges.iter().filter_map(|r| r.availability()).collect();
            match (&call.whole, &channel.whole) {
                (Some(seasons), Some(whole)) => whole.push_whole(access, &ranges, seasons).await,
                _ => sink.push_availability(access, &ranges).await,
            }
        }
        (Kind::Rates, Some(products)) => {
            let unmapped = || ChannelError::Unknown("the mapping has changed meanwhile".to_owned());
            let nights = products.nights(&call.ranges).ok_or_else(unmapped)?;
            sink.push_nights(access, &nights).await
        }
        (Kind::Rates, None) => {
            let ranges: Vec<_> = call.ranges.iter().filter_map(|r| r.rate()).collect();
            sink.push_rates(access, &ranges).await
        }
    }
}

async fn record(
    workers: &Workers,
    tenant: TenantId,
    call: &Call,
    result: &Result<PushReport, ChannelError>,
) -> Result<()> {
    let now = workers.ctx.clock.now();
    let mut tx = workers.begin(tenant).await?;
    match result {
        Ok(report) => push::answered(&mut tx, call, report, now).await?,
        Err(error) => push::failed(&mut tx, call, error, now).await?,
    }
    tx.commit().await
}

/// `innkeep_channel_push_seconds`: from the oldest change in the call (marked just before its commit) to the channel's
/// acceptance; `innkeep_channel_call_seconds`: the channel's own share of it.
fn measure(call: &Call, result: &Result<PushReport, ChannelError>, started: Instant, workers: &Workers) {
    let outcome = match result {
        Ok(report) if report.rejected.is_empty() => "accepted",
        Ok(_) => "partly",
        Err(_) => "failed",
    };
    metrics::counter!("innkeep_channel_calls_total", "kind" => call.kind.name(), "outcome" => outcome)
        .increment(1);
    metrics::histogram!("innkeep_channel_call_seconds", "kind" => call.kind.name())
        .record(started.elapsed().as_secs_f64());
    if result.is_ok() {
        let latency = (workers.ctx.clock.now() - call.oldest_mark)
            .num_microseconds()
            .unwrap_or(i64::MAX);
        metrics::histogram!("innkeep_channel_push_seconds", "kind" => call.kind.name())
            .record(latency as f64 / 1e6);
    }
    tracing::info!(
        connection = %call.connection_id,
        kind = call.kind.name(),
        ranges = call.ranges.len(),
        outcome,
        error = result.as_ref().err().map(tracing::field::display),
        ms = started.elapsed().as_millis(),
        "channel.pushed"
    );
}
