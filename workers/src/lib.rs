//! What happens in the background. A job is a kick: "tenant T changed". What is due stands in domain tables, so a
//! kick may be lost, doubled or late; the sweep finds what was missed.

mod audit;
mod breaker;
mod calendars;
mod deadlines;
mod heartbeat;
mod holds;
mod hourly;
mod inbox;
mod lanes;
mod mail;
mod metrics;
mod push;
mod queue;
mod read_back;
mod showcase;
mod standing;
mod sweep;
mod talk;
mod turns;

use innkeep_domain::clock::Clock;
use innkeep_domain::db::{Db, SessionLocks};
use innkeep_domain::ports::anchor::Anchor;
use innkeep_domain::ports::cache::Invalidate;
use innkeep_domain::ports::calendar::Calendars;
use innkeep_domain::ports::channel::Protocols;
use innkeep_domain::ports::mail::Mailer;
use innkeep_domain::{Result, TenantId};
use lanes::Lanes;
pub use queue::setup as setup_queue;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// What the workers are given.
#[derive(Clone)]
pub struct Context {
    pub db: Db,
    pub clock: Clock,
    pub protocols: Protocols,
    pub calendars: Arc<dyn Calendars>,
    pub cache: Arc<dyn Invalidate>,
    pub mailer: Arc<dyn Mailer>,
    /// How often a channel is asked what it believes.
    pub read_back_every: Duration,
    /// Where the ends of audit trails are put on record.
    pub anchor: Arc<dyn Anchor>,
    /// Where people reach this installation: what links in mails begin with.
    pub public_url: Arc<str>,
}

/// One process's workers.
pub(crate) struct Workers {
    pub ctx: Context,
    pub locks: SessionLocks,
    pub breakers: breaker::Breakers,
    turns: turns::Turns,
    stop: CancellationToken,
}

impl Workers {
    /// A tenant's transaction, when it is the tenant's turn.
    async fn begin(&self, tenant: TenantId) -> Result<turns::Tx> {
        self.turns.begin(&self.ctx.db, tenant).await
    }

    /// Waits, unless the process is to stop.
    async fn pause(&self, time: Duration) {
        let _ = tokio::time::timeout(time, self.stop.cancelled()).await;
    }
}

/// Runs until `stop`: the kick queue, the sweep, the hourly jobs, the heartbeat. Work that has begun is finished.
pub async fn run(ctx: Context, stop: CancellationToken) -> anyhow::Result<()> {
    let workers = Arc::new(Workers {
        locks: SessionLocks::new(ctx.db.clone()),
        breakers: breaker::Breakers::default(),
        turns: turns::Turns::default(),
        stop: stop.clone(),
        ctx,
    });
    let lanes = Lanes::new(workers.clone());
    let name = format!("innkeep-{}-{}", std::process::id(), uuid::Uuid::now_v7().simple());
    let beat = tokio::spawn(heartbeat::run(workers.clone(), name.clone(), stop.clone()));
    let sweep = tokio::spawn(sweep::run(workers.clone(), lanes.clone()));
    queue::run(workers.clone(), lanes.clone(), &name, stop.clone()).await?;
    stop.cancelled().await;
    sweep.await?;
    beat.await?;
    lanes.drain().await;
    Ok(())
}
