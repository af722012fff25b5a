//! The kick queue (apalis on PostgreSQL) and the hourly schedule (apalis-cron): everything that knows the queue library.

use crate::Workers;
use crate::lanes::{Lane, Lanes};
use apalis::prelude::*;
use apalis_cron::{CronScheduler, Tick};
use apalis_postgres::{Config, PostgresStorage};
use futures_util::{Stream, stream};
use innkeep_domain::jobs::{TENANT_CHANGED, TenantChanged};
use sqlx::PgPool;
use std::str::FromStr;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// Creates the queue's own schema; run by `innkeep migrate` as the owner.
pub async fn setup(owner: PgPool) -> Result<(), sqlx::Error> {
    PostgresStorage::<()>::setup(&owner)
        .await
        .map_err(|e| sqlx::Error::Io(std::io::Error::other(e)))
}

/// Kicks are written without a NOTIFY (see `innkeep_domain::jobs::kick`), so this bounds how long one waits.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// A kick only pokes a lane, so jobs are short and a batch is large.
const BATCH: usize = 200;

pub(crate) async fn run(
    workers: Arc<Workers>,
    lanes: Lanes,
    name: &str,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let pool = workers.ctx.db.queue_pool().clone();
    let kicks = name.to_owned();
    let hourly = cron::Schedule::from_str("0 7 * * * *")?;
    Monitor::new()
        .register(move |restarts| {
            let config = Config::default()
                .queue(TENANT_CHANGED)
                .batch_size(BATCH)
                .heartbeat_interval(Duration::from_secs(5))
                .missed_heartbeats(3);
            let backend = PostgresStorage::<TenantChanged>::new(&pool)
                .with_config(config)
                .poll_with_stream(ticks(LOOK_EVERY));
            WorkerBuilder::new(format!("{kicks}-kicks-{restarts}"))
                .backend(backend)
                .data(lanes.clone())
                .concurrency(64)
                .build(kicked)
        })
        .register({
            let name = name.to_owned();
            move |restarts| {
                WorkerBuilder::new(format!("{name}-hourly-{restarts}"))
                    .backend(CronScheduler::new(hourly.clone()))
                    .data(workers.clone())
                    .build(tick)
            }
        })
        .should_restart(|_, _| true)
        .shutdown_timeout(Duration::from_secs(5))
        .run_with_signal(async move {
            stop.cancelled().await;
            Ok(())
        })
        .await?;
    Ok(())
}

/// Wakes the worker at every tick. The library's own interval arms its next timer without polling it, and sleeps until
/// something else wakes the worker; this one is always polled until it is pending.
fn ticks(every: Duration) -> impl Stream<Item = ()> + Unpin + Send {
    let mut interval = tokio::time::interval(every);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    stream::poll_fn(move |cx| {
        let mut ticked = false;
        while interval.poll_tick(cx).is_ready() {
            ticked = true;
        }
        if ticked {
            Poll::Ready(Some(()))
        } else {
            Poll::Pending
        }
    })
}

async fn kicked(job: TenantChanged, lanes: Data<Lanes>) -> Result<(), BoxDynError> {
    lanes.poke(Lane::Tenant(job.tenant_id));
    Ok(())
}

async fn tick(_: Tick, workers: Data<Arc<Workers>>) -> Result<(), BoxDynError> {
    Ok(crate::hourly::run(&workers).await?)
}
