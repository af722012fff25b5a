//! The same counting inside one process, for the time without Redis.

use super::{Bucket, Kind, Level, Quotas, Standing, interval};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Charges after which buckets that are empty again are forgotten.
const SWEEP: u64 = 10_000;

type Keyed = RateLimiter<String, DefaultKeyedStateStore<String>, DefaultClock, StateInformationMiddleware>;

pub struct Local {
    /// One for each kind that has a quota.
    limiters: Vec<(Kind, u32, Keyed)>,
    clock: DefaultClock,
    charged: AtomicU64,
}

impl Local {
    pub fn new(quotas: Quotas) -> Self {
        let limiter = |kind: Kind| {
            let quota = quotas.of(kind);
            let keyed = RateLimiter::keyed(Quota::per_minute(NonZeroU32::new(quota)?));
            Some((kind, quota, keyed.with_middleware()))
        };
        Self {
            limiters: Kind::ALL.into_iter().filter_map(limiter).collect(),
            clock: DefaultClock::default(),
            charged: AtomicU64::new(0),
        }
    }

    /// Unlike in Redis, buckets before the one without room stay charged.
    pub fn charge(&self, buckets: &[&Bucket]) -> Standing {
        if self.charged.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            self.limiters.iter().for_each(|(_, _, l)| l.retain_recent());
        }
        let mut standing = Standing::default();
        for bucket in buckets {
            let Some((kind, quota, limiter)) = self.limiters.iter().find(|(k, _, _)| *k == bucket.kind)
            else {
                continue;
            };
            let (remaining, wait) = match limiter.check_key(&bucket.who) {
                Ok(state) => (state.remaining_burst_capacity(), None),
                Err(not_until) => (0, Some(not_until.wait_time_from(self.clock.now()))),
            };
            let gone = u64::from(quota.saturating_sub(remaining));
            standing.levels.push(Level {
                kind: *kind,
                quota: *quota,
                remaining,
                reset: Duration::from_micros(interval(*quota) * gone),
            });
            standing.refused = standing.refused.or(wait.map(|wait| (*kind, wait)));
        }
        standing
    }
}
