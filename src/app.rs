//! What every handler is given: the database, the clock, the keys, the cache and the channel protocols.

use crate::cache::Cache;
use crate::grants::Grants;
use crate::redis::Redis;
use crate::telemetry::Metrics;
use crate::tokens::Tokens;
use chrono::{DateTime, SubsecRound, Utc};
use innkeep_domain::clock::Clock;
use innkeep_domain::db::Db;
use innkeep_domain::identity::passkey::Webauthn;
use innkeep_domain::ports::anchor::Anchor;
use innkeep_domain::ports::channel::Protocols;
use innkeep_domain::ports::mail::Mailer;
use innkeep_integrations::outbound::Outbound;
use std::sync::Arc;

pub struct App {
    pub db: Db,
    pub clock: Clock,
    pub tokens: Tokens,
    /// What [`App::cache`] and the quotas are kept in, if there is one.
    pub redis: Option<Arc<Redis>>,
    pub cache: Arc<Cache>,
    pub protocols: Protocols,
    /// The way out to addresses that tenants entered.
    pub outbound: Outbound,
    pub metrics: Metrics,
    pub grants: Grants,
    pub mailer: Arc<dyn Mailer>,
    pub anchor: Arc<dyn Anchor>,
    /// Where people reach this installation.
    pub public_url: Arc<str>,
    /// Verifies passkeys for that address.
    pub relying_party: Webauthn,
}

impl App {
    /// Now, as precisely as PostgreSQL keeps it: an answer to a write shows the same instant as a later read.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now().trunc_subsecs(6)
    }
}

/// Handlers take `Data<&Shared>`.
pub type Shared = Arc<App>;
