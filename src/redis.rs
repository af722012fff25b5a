//! Redis, which may vanish at any moment: a Redis that does not answer is left alone for a second, and then asked by one
//! request only, so that losing it costs one short wait a second.

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, RedisResult};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const TOO_SLOW: Duration = Duration::from_millis(50);
const LEFT_ALONE: Duration = Duration::from_secs(1);

pub struct Redis {
    manager: ConnectionManager,
    started: Instant,
    /// Milliseconds after `started` before which nobody asks. Zero: it answered last time.
    silent_until: AtomicU64,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Away {
    /// It was not asked.
    Skipped,
    Failed,
}

impl Redis {
    /// Must be called inside the runtime; connects on first use.
    pub fn new(url: &str) -> RedisResult<Self> {
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(TOO_SLOW))
            .set_response_timeout(Some(TOO_SLOW))
            .set_number_of_retries(0);
        Ok(Self {
            manager: ConnectionManager::new_lazy_with_config(Client::open(url)?, config)?,
            started: Instant::now(),
            silent_until: AtomicU64::new(0),
        })
    }

    /// The answer, within the time limit.
    pub async fn ask<T, F>(&self, question: impl FnOnce(ConnectionManager) -> F) -> Result<T, Away>
    where
        F: Future<Output = RedisResult<T>>,
    {
        let silent = self.silent_until.load(Ordering::Relaxed);
        if silent > 0 && !self.is_my_turn(silent) {
            return Err(Away::Skipped);
        }
        match tokio::time::timeout(TOO_SLOW, question(self.manager.clone())).await {
            Ok(Ok(answer)) => {
                if silent > 0 {
                    self.silent_until.store(0, Ordering::Relaxed);
                }
                return Ok(answer);
            }
            Ok(Err(error)) => tracing::warn!(%error, "redis"),
            Err(_) => tracing::warn!("redis did not answer in time"),
        }
        self.silent_until.store(self.later(), Ordering::Relaxed);
        Err(Away::Failed)
    }

    /// Has the silence ended, and is nobody else asking?
    fn is_my_turn(&self, silent: u64) -> bool {
        let now = millis(self.started.elapsed());
        let claimed = || {
            let (order, later) = (Ordering::Relaxed, self.later());
            self.silent_until.compare_exchange(silent, later, order, order)
        };
        now >= silent && claimed().is_ok()
    }

    fn later(&self) -> u64 {
        millis(self.started.elapsed() + LEFT_ALONE)
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
