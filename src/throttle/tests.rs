use super::*;
use std::time::Instant;

/// A port of the loopback network on which nobody listens.
const NOBODY: &str = "redis://127.0.0.1:1/";

fn quotas() -> Quotas {
    Quotas {
        user: 5,
        tenant: 8,
        ..Quotas::default()
    }
}

fn fresh() -> [Bucket; 2] {
    let (user, tenant) = (Uuid::now_v7(), TenantId(Uuid::now_v7()));
    [Bucket::user(user), Bucket::tenant(tenant)]
}

/// With Redis, where there is one, and without.
fn limiters() -> Vec<Limiter> {
    let url = std::env::var("INNKEEP_TEST_REDIS_URL").ok();
    let redis = url.iter().map(String::as_str).chain([NOBODY]);
    let redis = redis.map(|url| Some(Arc::new(Redis::new(url).unwrap())));
    redis.chain([None]).map(|r| Limiter::new(r, quotas())).collect()
}

#[tokio::test]
async fn a_quota_may_come_at_once_and_then_flows_back() {
    for limiter in limiters() {
        let who = fresh();
        for left in (0..5).rev() {
            let standing = limiter.charge(&who).await;
            assert_eq!(standing.refused, None);
            let remaining: Vec<u32> = standing.levels.iter().map(|l| l.remaining).collect();
            assert_eq!(remaining, [left, left + 3]);
        }
        let (kind, wait) = limiter.charge(&who).await.refused.unwrap();
        assert_eq!(kind, Kind::User);
        assert!(
            wait > Duration::from_secs(10) && wait <= Duration::from_secs(12),
            "{wait:?}"
        );
        // Another user has a quota of their own, and what is left of the tenant's.
        let colleague = [Bucket::user(Uuid::now_v7()), who[1].clone()];
        assert_eq!(limiter.charge(&colleague).await.refused, None);
    }
}

#[tokio::test]
async fn a_refused_request_is_charged_to_nobody() {
    let url = std::env::var("INNKEEP_TEST_REDIS_URL").unwrap();
    let limiter = Limiter::new(Some(Arc::new(Redis::new(&url).unwrap())), quotas());
    let who = fresh();
    for _ in 0..20 {
        limiter.charge(&who).await;
    }
    let tenant = limiter.charge(&who[1..]).await;
    assert_eq!(tenant.levels[0].remaining, 2, "five charged, and this one");
}

#[tokio::test]
async fn who_has_no_quota_is_not_counted() {
    for limiter in limiters() {
        let key = Bucket::actor(&Actor::ApiKey(Uuid::now_v7())).unwrap();
        for _ in 0..50 {
            assert_eq!(
                limiter.charge(std::slice::from_ref(&key)).await,
                Standing::default()
            );
        }
    }
}

#[tokio::test]
async fn without_redis_charging_is_fast() {
    let limiter = Limiter::new(Some(Arc::new(Redis::new(NOBODY).unwrap())), quotas());
    let started = Instant::now();
    for _ in 0..1000 {
        limiter.charge(&fresh()).await;
    }
    assert!(
        started.elapsed() < Duration::from_secs(1),
        "took {:?}",
        started.elapsed()
    );
}

#[test]
fn one_ipv6_network_is_one_caller() {
    let bucket = |address: &str| Bucket::address(Kind::Address, address.parse().unwrap());
    assert_eq!(bucket("2001:db8:1:2::1"), bucket("2001:db8:1:2:ffff::9"));
    assert_ne!(bucket("2001:db8:1:2::1"), bucket("2001:db8:1:3::1"));
    assert_ne!(bucket("192.0.2.1"), bucket("192.0.2.2"));
}
