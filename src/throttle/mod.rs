//! How many requests a minute anybody may make: per address while nobody knows who calls, per user or API key and per
//! tenant afterwards. Counted in Redis, one call a request, for all processes together; while Redis is away each process
//! counts by itself.

mod local;
mod toll;

pub use toll::Toll;

use crate::redis::Redis;
use innkeep_domain::ids::TenantId;
use innkeep_domain::principal::Actor;
use local::Local;
use redis::Script;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// Quotas are per minute.
pub const WINDOW: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Who is not known.
    Address,
    /// Who is about to be known: log-in, refresh, mailed links.
    LogIn,
    User,
    Key,
    Tenant,
}

impl Kind {
    pub const ALL: [Self; 5] = [Self::Address, Self::LogIn, Self::User, Self::Key, Self::Tenant];

    /// As in the `RateLimit` headers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::LogIn => "log_in",
            Self::User => "user",
            Self::Key => "key",
            Self::Tenant => "tenant",
        }
    }
}

/// Requests per minute, which may also come all at once. Zero: as many as there are.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quotas {
    pub address: u32,
    pub log_in: u32,
    pub user: u32,
    pub key: u32,
    pub tenant: u32,
}

impl Quotas {
    pub fn of(&self, kind: Kind) -> u32 {
        match kind {
            Kind::Address => self.address,
            Kind::LogIn => self.log_in,
            Kind::User => self.user,
            Kind::Key => self.key,
            Kind::Tenant => self.tenant,
        }
    }
}

/// Whose requests are counted together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    pub kind: Kind,
    who: String,
}

impl Bucket {
    /// `kind` is `Address` or `LogIn`. Whoever has one IPv6 address has 2^64 of them.
    pub fn address(kind: Kind, address: IpAddr) -> Self {
        let who = match address {
            IpAddr::V4(v4) => v4.to_string(),
            IpAddr::V6(v6) => {
                let [a, b, c, d, ..] = v6.segments();
                Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).to_string()
            }
        };
        Self { kind, who }
    }
    pub fn user(id: Uuid) -> Self {
        let who = id.to_string();
        Self {
            kind: Kind::User,
            who,
        }
    }
    pub fn tenant(id: TenantId) -> Self {
        let who = id.to_string();
        Self {
            kind: Kind::Tenant,
            who,
        }
    }
    /// Of whoever acts in a tenant; parts of Innkeep make no requests.
    pub fn actor(actor: &Actor) -> Option<Self> {
        match actor {
            Actor::User(id) | Actor::Operator(id) => Some(Self::user(*id)),
            Actor::ApiKey(id) => Some(Self {
                kind: Kind::Key,
                who: id.to_string(),
            }),
            Actor::Channel(_) | Actor::System(_) => None,
        }
    }

    fn key(&self) -> String {
        format!("innkeep:throttle:{}:{}", self.kind.name(), self.who)
    }
}

/// How one bucket stands after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    pub kind: Kind,
    pub quota: u32,
    pub remaining: u32,
    /// Until all of the quota is there again.
    pub reset: Duration,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standing {
    pub levels: Vec<Level>,
    /// The bucket without room, and how long until it has some. Nothing was charged then.
    pub refused: Option<(Kind, Duration)>,
}

pub struct Limiter {
    redis: Option<Arc<Redis>>,
    script: Script,
    quotas: Quotas,
    local: Local,
}

impl Limiter {
    pub fn new(redis: Option<Arc<Redis>>, quotas: Quotas) -> Self {
        Self {
            redis,
            script: Script::new(include_str!("gcra.lua")),
            local: Local::new(quotas),
            quotas,
        }
    }

    /// Charges one request to each bucket that has a quota, or to none of them.
    pub async fn charge(&self, buckets: &[Bucket]) -> Standing {
        let counted = buckets.iter().filter(|b| self.quotas.of(b.kind) > 0);
        let counted: Vec<&Bucket> = counted.collect();
        if counted.is_empty() {
            return Standing::default();
        }
        let standing = match self.shared(&counted).await {
            Some(standing) => standing,
            None => self.local.charge(&counted),
        };
        if let Some((kind, _)) = standing.refused {
            metrics::counter!("innkeep_requests_throttled_total", "quota" => kind.name()).increment(1);
        }
        standing
    }

    /// By Redis; nothing when it is away.
    async fn shared(&self, buckets: &[&Bucket]) -> Option<Standing> {
        let redis = self.redis.as_ref()?;
        let mut call = self.script.prepare_invoke();
        for bucket in buckets {
            let quota = self.quotas.of(bucket.kind);
            call.key(bucket.key()).arg(interval(quota)).arg(quota);
        }
        let asked = redis.ask(|mut redis| async move { call.invoke_async::<Vec<u64>>(&mut redis).await });
        let answer = asked.await.ok()?;
        let [wait, who, levels @ ..] = answer.as_slice() else {
            return None;
        };
        let level = |(bucket, level): (&&Bucket, &[u64])| {
            let (remaining, reset) = (level.first()?, level.last()?);
            Some(Level {
                kind: bucket.kind,
                quota: self.quotas.of(bucket.kind),
                remaining: u32::try_from(*remaining).ok()?,
                reset: Duration::from_micros(*reset),
            })
        };
        let refused = usize::try_from(*who).ok()?.checked_sub(1);
        let refused = refused.and_then(|at| buckets.get(at));
        Some(Standing {
            levels: buckets.iter().zip(levels.chunks(2)).filter_map(level).collect(),
            refused: refused.map(|b| (b.kind, Duration::from_micros(*wait))),
        })
    }
}

/// Microseconds in which one request of the quota comes back.
fn interval(quota: u32) -> u64 {
    60_000_000_u64.div_ceil(u64::from(quota.max(1)))
}

#[cfg(test)]
mod tests;
