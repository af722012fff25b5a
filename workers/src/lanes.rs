//! Lanes: at most one piece of work per subject at a time. A poke while it runs makes it run once more afterwards,
//! however many pokes there were: that is how bursts coalesce.

use crate::Workers;
use innkeep_domain::TenantId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use uuid::Uuid;

/// When to look again after what another process had in hand.
pub(crate) const ELSEWHERE: Duration = Duration::from_millis(250);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Lane {
    /// Finds out what is due in a tenant and pokes those lanes.
    Tenant(TenantId),
    /// The tenant's dashboard numbers.
    Metrics(TenantId),
    /// Holds whose time has passed.
    Holds(TenantId),
    /// The tenant's audit trail.
    Audit(TenantId),
    /// Messages that channels lose patience with.
    Deadlines(TenantId),
    /// Mail that is due, whoever's.
    Mail,
    /// One connection's outbound sender.
    Push(TenantId, Uuid),
    /// One connection's inbound messages.
    Inbox(TenantId, Uuid),
    /// What one connection's channel believes.
    ReadBack(TenantId, Uuid),
    /// One connection's calendar.
    Calendar(TenantId, Uuid),
    /// What guests write through one connection, and what they are answered.
    Talk(TenantId, Uuid),
    /// What one connection's portal is to hear of its bookings.
    Standing(TenantId, Uuid),
}

#[derive(Clone)]
pub(crate) struct Lanes {
    workers: Arc<Workers>,
    /// Running lanes, and whether they were poked meanwhile.
    running: Arc<Mutex<HashMap<Lane, bool>>>,
    /// Lanes that will be poked, and when.
    later: Arc<Mutex<HashMap<Lane, Instant>>>,
    tasks: Arc<Mutex<JoinSet<()>>>,
}

impl Lanes {
    pub fn new(workers: Arc<Workers>) -> Self {
        Self {
            workers,
            running: Arc::default(),
            later: Arc::default(),
            tasks: Arc::default(),
        }
    }

    /// Starts the lane, or has it run once more.
    pub fn poke(&self, lane: Lane) {
        {
            let mut running = locked(&self.running);
            if let Some(again) = running.get_mut(&lane) {
                *again = true;
                return;
            }
            running.insert(lane, false);
        }
        let mut tasks = locked(&self.tasks);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(self.clone().run(lane));
    }

    /// Starts the lane when `wait` has passed, or sooner if something else does.
    pub fn poke_in(&self, wait: Duration, lane: Lane) {
        let at = Instant::now() + wait;
        {
            let mut later = locked(&self.later);
            if later.get(&lane).is_some_and(|sooner| *sooner <= at) {
                return;
            }
            later.insert(lane, at);
        }
        let lanes = self.clone();
        tokio::spawn(async move {
            lanes.workers.pause(wait).await;
            // Unless a sooner time was asked for meanwhile.
            let due = lanes.is_time(lane, at);
            if due && !lanes.workers.stop.is_cancelled() {
                lanes.poke(lane);
            }
        });
    }

    fn is_time(&self, lane: Lane, at: Instant) -> bool {
        let mut later = locked(&self.later);
        later.get(&lane) == Some(&at) && later.remove(&lane).is_some()
    }

    async fn run(self, lane: Lane) {
        // Removes the lane also when its work panics: the next poke starts it anew.
        let _leave = Leave { lanes: &self, lane };
        loop {
            if let Err(error) = self.work(lane).await {
                tracing::warn!(?lane, error = %chain(&error), "lane failed; the sweep tries again");
            }
            if !self.again(lane) {
                return;
            }
        }
    }

    async fn work(&self, lane: Lane) -> anyhow::Result<()> {
        match lane {
            Lane::Tenant(tenant) => crate::sweep::tenant(&self.workers, self, tenant).await,
            Lane::Metrics(tenant) => crate::metrics::follow(&self.workers, tenant).await,
            Lane::Holds(tenant) => crate::holds::run(&self.workers, tenant).await,
            Lane::Audit(tenant) => crate::audit::run(&self.workers, tenant).await,
            Lane::Deadlines(tenant) => crate::deadlines::run(&self.workers, tenant).await,
            Lane::Mail => crate::mail::run(&self.workers).await,
            Lane::Push(tenant, connection) => crate::push::run(&self.workers, self, tenant, connection).await,
            Lane::ReadBack(tenant, connection) => {
                crate::read_back::run(&self.workers, self, tenant, connection).await
            }
            Lane::Calendar(tenant, connection) => {
                crate::calendars::run(&self.workers, tenant, connection).await
            }
            Lane::Talk(tenant, connection) => crate::talk::run(&self.workers, tenant, connection).await,
            Lane::Standing(tenant, connection) => {
                crate::standing::run(&self.workers, tenant, connection).await
            }
            Lane::Inbox(tenant, connection) => {
                crate::inbox::run(&self.workers, self, tenant, connection).await
            }
        }
    }

    /// Was the lane poked while it ran? If not, it leaves, under the same lock that a poke takes.
    fn again(&self, lane: Lane) -> bool {
        let mut running = locked(&self.running);
        match running.get_mut(&lane) {
            Some(again) if *again => {
                *again = false;
                true
            }
            _ => {
                running.remove(&lane);
                false
            }
        }
    }

    /// Waits for work that has begun.
    pub async fn drain(&self) {
        let mut tasks = std::mem::take(&mut *locked(&self.tasks));
        while tasks.join_next().await.is_some() {}
    }
}

struct Leave<'a> {
    lanes: &'a Lanes,
    lane: Lane,
}

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            locked(&self.lanes.running).remove(&self.lane);
        }
    }
}

fn locked<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

fn chain(error: &anyhow::Error) -> String {
    error
        .chain()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
