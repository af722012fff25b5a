//! Requests a minute, per address, user, key and tenant.

use crate::support::{Caller, Server};
use innkeep::edge::Guard;
use innkeep::redis::Redis;
use innkeep::throttle::{Limiter, Quotas};
use innkeep_domain::Role;
use reqwest::Method;
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A port of the loopback network on which nobody listens.
const NOBODY: &str = "redis://127.0.0.1:1/";

async fn limited(quotas: Quotas, proxies: &str) -> Server {
    Server::behind(|redis| Guard {
        limiter: Arc::new(Limiter::new(redis, quotas)),
        proxies: proxies.parse().unwrap(),
        ..Guard::default()
    })
    .await
}

/// Which of `name`'s members stands for this quota, e.g. `"user";r=4;t=12`.
fn member(headers: &reqwest::header::HeaderMap, name: &str, quota: &str) -> String {
    let all = headers.get(name).unwrap().to_str().unwrap();
    let mut members = all.split(", ");
    let quoted = format!("\"{quota}\"");
    members.find(|m| m.starts_with(&quoted)).unwrap().to_owned()
}

#[tokio::test]
async fn a_user_is_told_what_is_left_and_then_to_wait() {
    let quotas = Quotas {
        user: 3,
        tenant: 5,
        ..Quotas::default()
    };
    let server = limited(quotas, "").await;
    let manager = server.manager();
    for left in (0..3).rev() {
        let answer = manager.get("/v1/properties").await.is(200);
        let (policy, limit) = ("ratelimit-policy", "ratelimit");
        assert_eq!(member(&answer.headers, policy, "user"), "\"user\";q=3;w=60");
        assert!(member(&answer.headers, limit, "user").starts_with(&format!("\"user\";r={left};t=")));
        assert!(
            member(&answer.headers, limit, "tenant").starts_with(&format!("\"tenant\";r={};t=", left + 2))
        );
    }
    let refused = manager.get("/v1/properties").await.problem(429, "rate_limited");
    let wait: u32 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((19..=20).contains(&wait), "{wait}");
    assert!(member(&refused.headers, "ratelimit", "user").starts_with("\"user\";r=0;"));
    // Nothing is done of what is refused.
    let before = server.stored().await;
    let new = json!({ "name": "X", "kind": "hotel", "zone": "Europe/Rome", "currency": "EUR" });
    manager
        .post("/v1/properties", &new)
        .await
        .problem(429, "rate_limited");
    assert_eq!(server.stored().await, before);
    // A colleague has a quota of their own, the other tenant's too, and the tenant's is shared.
    let owner = server.caller(&server.adler, Role::Owner);
    for _ in 0..2 {
        owner.get("/v1/properties").await.is(200);
    }
    owner.get("/v1/properties").await.problem(429, "rate_limited");
    server
        .caller(&server.mare, Role::Owner)
        .get("/v1/properties")
        .await
        .is(200);
}

#[tokio::test]
async fn a_person_pays_at_every_door_and_a_key_for_itself() {
    let quotas = Quotas {
        user: 4,
        key: 2,
        ..Quotas::default()
    };
    let server = limited(quotas, "").await;
    let owner = server.caller(&server.adler, Role::Owner);
    let body = json!({ "name": "Channel manager", "scopes": ["read_inventory"] });
    let made = owner.post("/v1/api-keys", &body).await.is(201).body;
    let key = server.bearer(made["key"].as_str().unwrap());
    for _ in 0..2 {
        key.get("/v1/properties").await.is(200);
    }
    key.get("/v1/properties").await.problem(429, "rate_limited");
    for _ in 0..3 {
        owner.get("/v1/me").await.is(200);
    }
    owner.get("/v1/me").await.problem(429, "rate_limited");
    owner.get("/v1/properties").await.problem(429, "rate_limited");
}

#[tokio::test]
async fn who_does_not_say_or_cannot_prove_who_calls_pays_by_address() {
    let quotas = Quotas {
        address: 3,
        ..Quotas::default()
    };
    for credential in [None, Some("nonsense")] {
        // A network of its own for each turn: the quotas of an address outlive a server.
        let address = format!("2001:db8:{:x}::1", rand_group());
        let server = limited(quotas, "127.0.0.1").await;
        let caller = credential.map_or(server.nobody(), |c| server.bearer(c));
        for _ in 0..3 {
            from(&caller, &address, "/v1/me").await.is(401);
        }
        from(&caller, &address, "/v1/me")
            .await
            .problem(429, "rate_limited");
        from(&caller, &address, "/nowhere")
            .await
            .problem(429, "rate_limited");
        let hook = caller.request(Method::POST, "/hooks/channels/x").json(&json!({}));
        let hook = caller.send(hook.header("x-forwarded-for", &address)).await;
        hook.problem(429, "rate_limited");
        // Others at that address, and supervisors, are not hindered.
        from(&server.manager(), &address, "/v1/me").await.is(200);
        from(&caller, &address, "/health/live").await.is(200);
        from(&caller, &format!("2001:db8:{:x}::1", rand_group()), "/v1/me")
            .await
            .is(401);
    }
}

fn rand_group() -> u16 {
    uuid::Uuid::new_v4().as_u128() as u16
}

async fn from(caller: &Caller<'_>, address: &str, path: &str) -> crate::support::Answer {
    let request = caller.request(Method::GET, path);
    caller.send(request.header("x-forwarded-for", address)).await
}

#[tokio::test]
async fn an_address_that_no_trusted_proxy_says_is_not_believed() {
    let redis = None;
    let server = Server::behind(|_| Guard {
        limiter: Arc::new(Limiter::new(
            redis,
            Quotas {
                address: 2,
                ..Quotas::default()
            },
        )),
        proxies: "192.0.2.1".parse().unwrap(),
        ..Guard::default()
    })
    .await;
    for (address, status) in [("192.0.2.7", 401), ("192.0.2.8", 401), ("192.0.2.9", 429)] {
        from(&server.nobody(), address, "/v1/me").await.is(status);
    }
}

#[tokio::test]
async fn logging_in_has_a_quota_of_its_own() {
    let quotas = Quotas {
        address: 100,
        log_in: 2,
        ..Quotas::default()
    };
    let server = limited(quotas, "127.0.0.1").await;
    let address = format!("2001:db8:{:x}::1", rand_group());
    let wrong = json!({ "email": "nobody@example.org", "password": "wrong" });
    let log_in = async |caller: Caller<'_>| {
        let request = caller.request(Method::POST, "/v1/auth/login").json(&wrong);
        caller.send(request.header("x-forwarded-for", &address)).await
    };
    log_in(server.nobody()).await.problem(401, "wrong_credentials");
    // A credential that is not asked for changes nothing.
    log_in(server.bearer("nonsense"))
        .await
        .problem(401, "wrong_credentials");
    log_in(server.bearer("nonsense"))
        .await
        .problem(429, "rate_limited");
    log_in(server.nobody()).await.problem(429, "rate_limited");
    from(&server.nobody(), &address, "/v1/me").await.is(401);
}

#[tokio::test]
async fn without_redis_each_process_counts_by_itself_and_nobody_waits() {
    let quotas = Quotas {
        user: 3,
        ..Quotas::default()
    };
    let server = Server::behind(|_| {
        let nowhere = Some(Arc::new(Redis::new(NOBODY).unwrap()));
        Guard {
            limiter: Arc::new(Limiter::new(nowhere, quotas)),
            ..Guard::default()
        }
    })
    .await;
    let manager = server.manager();
    for _ in 0..3 {
        manager.get("/v1/properties").await.is(200);
    }
    let begun = Instant::now();
    manager.get("/v1/properties").await.problem(429, "rate_limited");
    assert!(
        begun.elapsed() < Duration::from_millis(500),
        "{:?}",
        begun.elapsed()
    );
}
