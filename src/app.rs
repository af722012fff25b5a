//! What every handler is given: the database, the clock, the keys, the cache and the channel protocols.

use crate::cache::Cache;
use crate::telemetry::Metrics;
use crate::tokens::Tokens;
use chrono::{DateTime, SubsecRound, Utc};
use innkeep_domain::clock::Clock;
use innkeep_domain::db::Db;
use innkeep_domain::ports::channel::Protocols;
use std::sync::Arc;

pub struct App {
    pub db: Db,
    pub clock: Clock,
    pub tokens: Tokens,
    pub cache: Arc<Cache>,
    pub protocols: Protocols,
    pub metrics: Metrics,
}

impl App {
    /// Now, as precisely as PostgreSQL keeps it: an answer to a write shows the same instant as a later read.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now().trunc_subsecs(6)
    }
}

/// Handlers take `Data<&Shared>`.
pub type Shared = Arc<App>;
