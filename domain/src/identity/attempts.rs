//! Back-off after failures, by who fails where. An account alone is never slowed down: whoever knows an address could
//! lock its owner out. What is slowed down is one account from one address, and one address for all accounts; a device
//! that has logged in before has a count of its own, which nobody else can raise.

use crate::db::PlatformTx;
use crate::error::{Refusal, Result};
use chrono::{DateTime, Duration, Utc};
use sha2::{Digest, Sha256};
use std::net::IpAddr;

/// After so long without a failure they are forgotten.
const REMEMBERED_MINUTES: i64 = 60;
const LONGEST_WAIT_SECONDS: i64 = 900;

/// Whose failures are counted together, and how many cost nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counter {
    key: Vec<u8>,
    free: i32,
    /// By people who have nothing to do with each other: one's success does not clear the others' failures.
    shared: bool,
}

impl Counter {
    pub fn new(kind: &str, parts: &[&str], free: i32) -> Self {
        let mut hash = Sha256::new();
        for part in std::iter::once(&kind).chain(parts) {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        Self {
            key: hash.finalize().to_vec(),
            free,
            shared: false,
        }
    }
    pub fn shared(self) -> Self {
        Self { shared: true, ..self }
    }
}

/// Of IPv6 the network, for a host has all its addresses.
pub fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

/// How long the failure after `free` more costs: 1 s, 2 s, 4 s, ... 15 min.
fn wait(failures: i32, free: i32) -> Duration {
    let beyond = failures - free;
    if beyond <= 0 {
        return Duration::zero();
    }
    let seconds = 1_i64 << (beyond - 1).min(20);
    Duration::seconds(seconds.min(LONGEST_WAIT_SECONDS))
}

/// Counts an attempt as failed before it is made, so that many at once are not all let through; a success takes it
/// back with [`forget`].
///
/// # Errors
/// 429 `too_many_attempts` while one of the counters waits.
pub async fn begin(tx: &mut PlatformTx, counters: &[Counter], now: DateTime<Utc>) -> Result<()> {
    for counter in counters {
        let row = sqlx::query!(
            "insert into failed_attempt as f (key, failures, last_at, refused_until) values ($1, 1, $2, $4)
             on conflict (key) do update set
                 failures = case when f.refused_until > $2 then f.failures
                                 when f.last_at < $3 then 1 else f.failures + 1 end,
                 last_at = case when f.refused_until > $2 then f.last_at else $2 end
             returning failures, refused_until",
            counter.key,
            now,
            now - Duration::minutes(REMEMBERED_MINUTES),
            DateTime::UNIX_EPOCH
        )
        .fetch_one(&mut **tx)
        .await?;
        if row.refused_until > now {
            return Err(Refusal::too_many(row.refused_until - now).into());
        }
        // Without a wait nothing is written: another attempt's clock may be a little behind this one's.
        let wait = wait(row.failures, counter.free);
        if wait > Duration::zero() {
            sqlx::query!(
                "update failed_attempt set refused_until = $2 where key = $1",
                counter.key,
                now + wait
            )
            .execute(&mut **tx)
            .await?;
        }
    }
    Ok(())
}

/// A success: this attempt was no failure, and those of one's own before were no attack.
pub async fn forget(tx: &mut PlatformTx, counters: &[Counter]) -> Result<()> {
    let keys = |shared: bool| -> Vec<Vec<u8>> {
        let wanted = counters.iter().filter(|c| c.shared == shared);
        wanted.map(|c| c.key.clone()).collect()
    };
    sqlx::query!("delete from failed_attempt where key = any($1)", &keys(false))
        .execute(&mut **tx)
        .await?;
    sqlx::query!(
        "update failed_attempt set failures = greatest(failures - 1, 0) where key = any($1)",
        &keys(true)
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(crate) async fn forget_old(tx: &mut PlatformTx, now: DateTime<Utc>) -> Result<()> {
    let before = now - Duration::minutes(REMEMBERED_MINUTES);
    sqlx::query!(
        "delete from failed_attempt where last_at < $1 and refused_until < $2",
        before,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_quarter_of_an_hour() {
        let seconds: Vec<i64> = (4..=18).map(|n| wait(n, 5).num_seconds()).collect();
        assert_eq!(
            seconds,
            [0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]
        );
        assert_eq!(wait(i32::MAX, 0).num_seconds(), 900);
    }

    #[test]
    fn counters_differ_by_every_part() {
        let key = |kind, parts: &[&str]| Counter::new(kind, parts, 1).key;
        assert_eq!(key("a", &["b"]), key("a", &["b"]));
        assert_ne!(key("a", &["b"]), key("ab", &[""]));
        assert_ne!(key("a", &["b", "c"]), key("a", &["bc"]));
    }

    #[test]
    fn an_ipv6_host_counts_as_its_network() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), of("2001:db8:1:2:ffff::1"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.1"), "192.0.2.1");
    }
}
