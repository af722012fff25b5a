//! One connection's sender: prepare a call, make it with no transaction open, record the outcome, until nothing
//! differs. The session lock makes it the only sender of this connection anywhere.

use crate::Workers;
use crate::lanes::{Lane, Lanes};
use chrono::{DateTime, Duration, Utc};
use innkeep_domain::channel::connection;
use innkeep_domain::channel::dirty::Kind;
use innkeep_domain::channel::product::{self, Products};
use innkeep_domain::channel::push::{self, Call, Next};
use innkeep_domain::ports::channel::{Access, AriSink, ChannelError, PushReport};
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
        return Ok(()); // another process sends for it
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
    let Some((sink, mut access)) = sink(workers, tenant, id).await? else {
        return Ok(None);
    };
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
        if sent > 0 && !access.signing_secrets.is_empty() {
            // Secrets are changed at any time, and a row of calls may be a long one.
            let now = workers.ctx.clock.now();
            let Some(fresh) = connection::get(&mut tx, id).await?.access(now) else {
                break;
            };
            access = fresh;
        }
        let next = push::prepare(&mut tx, id, sink.ranges_per_call(), workers.ctx.clock.now()).await?;
        let products = match sink.replaces_nights() {
            true => Some(product::read(&mut tx, id).await?),
            false => None,
        };
        tx.commit().await?;
        let call = match next {
            Next::Nothing => return Ok(None),
            Next::Wait(until) => return Ok(Some(until)),
            Next::Again => continue,
            Next::Call(call) => call,
        };
        let started = Instant::now();
        let result = tell(&*sink, &access, &call, products.as_ref()).await;
        permit.record(result.as_ref().is_err_and(ChannelError::is_fault), Instant::now());
        measure(&call, &result, started, workers);
        record(workers, tenant, &call, &result).await?;
    }
    Ok(None)
}

async fn sink(workers: &Workers, tenant: TenantId, id: Uuid) -> Result<Option<(Arc<dyn AriSink>, Access)>> {
    let mut tx = workers.begin(tenant).await?;
    let connection = connection::get(&mut tx, id).await?;
    tx.commit().await?;
    let sink = workers
        .ctx
        .protocols
        .get(&connection.protocol)
        .and_then(|p| p.sink.clone());
    Ok(sink.zip(connection.access(workers.ctx.clock.now())))
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

async fn tell(
    sink: &dyn AriSink,
    access: &Access,
    call: &Call,
    products: Option<&Products>,
) -> Result<PushReport, ChannelError> {
    match (call.kind, products) {
        (Kind::Availability, _) => {
            let ranges: Vec<_> = call.ranges.iter().filter_map(|r| r.availability()).collect();
            sink.push_availability(access, &ranges).await
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
