//! What the operator says about the edge.

use super::address::Proxies;
use super::cors::Origins;
use super::crowd::Crowd;
use super::guard::Guard;
use crate::redis::Redis;
use crate::throttle::{Limiter, Quotas};
use clap::Args;
use std::sync::Arc;

/// Quotas are requests per minute, which may also come all at once; 0: no limit.
#[derive(Debug, Clone, Args)]
pub struct EdgeSettings {
    /// Requests a minute from one address that do not say who calls; 0: no limit, here and below.
    #[arg(long, env = "INNKEEP_RATE_ADDRESS", default_value_t = 600, value_parser = per_minute())]
    pub rate_address: u32,
    /// Log-ins, refreshes and uses of mailed links a minute from one address.
    #[arg(long, env = "INNKEEP_RATE_LOG_IN", default_value_t = 60, value_parser = per_minute())]
    pub rate_log_in: u32,
    /// Requests a minute of one user.
    #[arg(long, env = "INNKEEP_RATE_USER", default_value_t = 1200, value_parser = per_minute())]
    pub rate_user: u32,
    /// Requests a minute with one API key.
    #[arg(long, env = "INNKEEP_RATE_KEY", default_value_t = 6000, value_parser = per_minute())]
    pub rate_key: u32,
    /// Requests a minute of one tenant.
    #[arg(long, env = "INNKEEP_RATE_TENANT", default_value_t = 20_000, value_parser = per_minute())]
    pub rate_tenant: u32,
    /// Requests of one address under way at once.
    #[arg(long, env = "INNKEEP_REQUESTS_PER_ADDRESS", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..))]
    pub requests_per_address: u32,
    /// Addresses and networks of reverse proxies whose X-Forwarded-For is believed, parted by commas.
    #[arg(
        long,
        env = "INNKEEP_TRUSTED_PROXIES",
        default_value = "",
        hide_default_value = true
    )]
    pub trusted_proxies: Proxies,
    /// Origins whose pages may call from a browser, each written exactly, parted by commas.
    #[arg(
        long,
        env = "INNKEEP_CORS_ORIGINS",
        default_value = "",
        hide_default_value = true
    )]
    pub cors_origins: Origins,
}

fn per_minute() -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(0..=1_000_000)
}

impl EdgeSettings {
    pub fn guard(&self, redis: Option<Arc<Redis>>, public_url: &str) -> Guard {
        let quotas = Quotas {
            address: self.rate_address,
            log_in: self.rate_log_in,
            user: self.rate_user,
            key: self.rate_key,
            tenant: self.rate_tenant,
        };
        Guard {
            limiter: Arc::new(Limiter::new(redis, quotas)),
            proxies: self.trusted_proxies.clone(),
            origins: self.cors_origins.clone(),
            crowd: Crowd::new(self.requests_per_address as usize),
            secure: public_url.starts_with("https://"),
        }
    }
}
