//! A cache in Redis that may vanish at any moment: every failure is a miss.
//!
//! A value is stored with its tenant, its key and the tenant's generation, and all three are checked when it is read.
//! Raising the generation forgets everything of a tenant at once.

use crate::redis::{Away, Redis};
use async_trait::async_trait;
use innkeep_domain::ids::TenantId;
use innkeep_domain::ports::cache::Invalidate;
use poem_openapi::types::{ParseFromJSON, ToJSON};
use redis::{Cmd, FromRedisValue};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// Locks for filling, chosen by the key's hash: a collision costs a wait, never a wrong value.
const SHARDS: usize = 64;

pub struct Cache {
    redis: Option<Arc<Redis>>,
    filling: Vec<Mutex<()>>,
}

#[derive(Serialize, Deserialize)]
struct Stored<T> {
    tenant: TenantId,
    key: String,
    generation: i64,
    value: T,
}

/// What a look-up found, and the generation under which a fresh value must be stored.
enum Found<T> {
    Hit(T),
    Miss { generation: i64 },
    Unavailable,
}

impl Cache {
    /// Without Redis nothing is cached.
    pub fn new(redis: Option<Arc<Redis>>) -> Self {
        Self {
            redis,
            filling: (0..SHARDS).map(|_| Mutex::new(())).collect(),
        }
    }

    /// The cached value, or `fill`'s. Only one caller of this process fills a key at a time; the others wait for it.
    pub async fn get_or_fill<T, E>(
        &self,
        tenant: TenantId,
        key: &str,
        ttl: Duration,
        fill: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E>
    where
        T: Serialize + DeserializeOwned,
    {
        match self.look_up(tenant, key).await {
            Found::Hit(value) => return Ok(value),
            // Without a place to put the answer, waiting for another's would only make a queue.
            Found::Unavailable => return fill.await,
            Found::Miss { .. } => {}
        }
        let _only_one = self.shard(tenant, key).lock().await;
        let generation = match self.look_up(tenant, key).await {
            Found::Hit(value) => return Ok(value),
            Found::Unavailable => None,
            Found::Miss { generation } => Some(generation),
        };
        let value = fill.await?;
        if let Some(generation) = generation {
            return Ok(self
                .store(
                    Stored {
                        tenant,
                        key: key.into(),
                        generation,
                        value,
                    },
                    ttl,
                )
                .await);
        }
        Ok(value)
    }

    /// Forgets everything cached for the tenant.
    pub async fn invalidate(&self, tenant: TenantId) {
        let _: Option<i64> = self.ask(redis::cmd("INCR").arg(generation_key(tenant))).await;
    }

    /// Does Redis answer? `None` when none is configured.
    pub async fn ping(&self) -> Option<bool> {
        self.redis.as_ref()?;
        let pong: Option<String> = self.ask(&redis::cmd("PING")).await;
        Some(pong.is_some())
    }

    async fn look_up<T: DeserializeOwned>(&self, tenant: TenantId, key: &str) -> Found<T> {
        let mut command = redis::cmd("MGET");
        command.arg(generation_key(tenant)).arg(value_key(tenant, key));
        let Some((generation, raw)) = self.ask::<(Option<i64>, Option<Vec<u8>>)>(&command).await else {
            return Found::Unavailable;
        };
        let Some(generation) = generation else {
            return self.first_generation(tenant).await;
        };
        let stored: Option<Stored<T>> = raw.and_then(|raw| serde_json::from_slice(&raw).ok());
        let ours = |s: &Stored<T>| s.tenant == tenant && s.key == key && s.generation == generation;
        let hit = stored.filter(ours);
        count(if hit.is_some() { "hit" } else { "miss" });
        hit.map_or(Found::Miss { generation }, |s| Found::Hit(s.value))
    }

    /// A generation that Redis evicted must not start again at a number whose values may still be there.
    async fn first_generation<T>(&self, tenant: TenantId) -> Found<T> {
        let fresh = i64::from(rand::random::<u32>()) << 20;
        let mut command = redis::cmd("SET");
        command.arg(generation_key(tenant)).arg(fresh).arg("NX");
        match self.ask::<Option<String>>(&command).await {
            Some(Some(_)) => Found::Miss { generation: fresh },
            // Someone else was first, or Redis is gone: this once, do without.
            _ => Found::Unavailable,
        }
    }

    async fn store<T: Serialize>(&self, stored: Stored<T>, ttl: Duration) -> T {
        match serde_json::to_vec(&stored) {
            Ok(raw) => {
                let mut command = redis::cmd("SET");
                command
                    .arg(value_key(stored.tenant, &stored.key))
                    .arg(raw)
                    .arg("PX")
                    .arg(ttl.as_millis() as u64);
                let _: Option<()> = self.ask(&command).await;
            }
            Err(error) => tracing::error!(%error, key = stored.key, "a value cannot be cached"),
        }
        stored.value
    }

    async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Option<T> {
        let redis = self.redis.as_ref()?;
        let asked = redis.ask(|mut redis| async move { command.query_async(&mut redis).await });
        let missed = |away: &Away| {
            count(match away {
                Away::Skipped => "skipped",
                Away::Failed => "failed",
            });
        };
        asked.await.inspect_err(missed).ok()
    }

    fn shard(&self, tenant: TenantId, key: &str) -> &Mutex<()> {
        let mut hasher = DefaultHasher::new();
        (tenant, key).hash(&mut hasher);
        &self.filling[(hasher.finish() % SHARDS as u64) as usize]
    }
}

/// Lets a DTO be cached in its JSON form: poem-openapi's objects are not serde's.
pub struct Cached<T>(pub T);

impl<T: ToJSON> Serialize for Cached<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.to_json().serialize(serializer)
    }
}

impl<'de, T: ParseFromJSON> Deserialize<'de> for Cached<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        T::parse_from_json(Some(value))
            .map(Self)
            .map_err(|e| D::Error::custom(e.into_message()))
    }
}

fn generation_key(tenant: TenantId) -> String {
    format!("innkeep:gen:{tenant}")
}

fn value_key(tenant: TenantId, key: &str) -> String {
    format!("innkeep:value:{tenant}:{key}")
}

fn count(outcome: &'static str) {
    metrics::counter!("innkeep_cache_lookups_total", "outcome" => outcome).increment(1);
}

#[async_trait]
impl Invalidate for Cache {
    async fn tenant_changed(&self, tenant: TenantId) {
        self.invalidate(tenant).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use innkeep_domain::ids::new_id;
    use std::time::Instant;

    /// A port of the loopback network on which nobody listens.
    const NOBODY: &str = "redis://127.0.0.1:1/";

    #[tokio::test]
    async fn without_redis_the_answer_still_comes_and_fast() {
        for url in [None, Some(NOBODY)] {
            let cache = Cache::new(url.map(|url| Arc::new(Redis::new(url).unwrap())));
            let tenant = TenantId(new_id());
            let started = Instant::now();
            for i in 0..100 {
                let fill = async { Ok::<_, ()>(i) };
                assert_eq!(
                    cache.get_or_fill(tenant, "k", Duration::from_secs(9), fill).await,
                    Ok(i)
                );
            }
            cache.invalidate(tenant).await;
            assert!(
                started.elapsed() < Duration::from_millis(500),
                "took {:?}",
                started.elapsed()
            );
        }
    }

    #[tokio::test]
    async fn a_failed_fill_is_its_callers_error() {
        let cache = Cache::new(None);
        let fill = async { Err::<i32, _>("no") };
        assert_eq!(
            cache
                .get_or_fill(TenantId(new_id()), "k", Duration::from_secs(9), fill)
                .await,
            Err("no")
        );
    }
}
