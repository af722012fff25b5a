//! What answers tell browsers: which pages may read them, and what must not be done with them.

use crate::support::{Answer, Server};
use innkeep::edge::Guard;
use reqwest::Method;
use serde_json::json;

const DESK: &str = "https://desk.example";

async fn server() -> Server {
    Server::behind(|_| Guard {
        origins: "https://desk.example, http://localhost:3000".parse().unwrap(),
        secure: true,
        ..Guard::default()
    })
    .await
}

async fn from(server: &Server, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
    let manager = server.manager();
    let mut request = manager.request(method, path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    manager.send(request).await
}

#[tokio::test]
async fn pages_of_named_origins_may_read_answers_and_no_others() {
    let server = server().await;
    let answer = from(&server, Method::GET, "/v1/properties", &[("origin", DESK)])
        .await
        .is(200);
    assert_eq!(answer.header("access-control-allow-origin"), Some(DESK));
    assert_eq!(answer.header("vary"), Some("origin"));
    assert_eq!(answer.header("access-control-allow-credentials"), None);
    assert!(
        answer
            .header("access-control-expose-headers")
            .unwrap()
            .contains("ratelimit")
    );
    let strangers = [
        "https://desk.example.evil.example",
        "http://desk.example",
        "https://desk.example:8443",
        "https://evil.example",
        "https://DESK.example",
        "null",
        "*",
    ];
    for stranger in strangers {
        let answer = from(&server, Method::GET, "/v1/properties", &[("origin", stranger)])
            .await
            .is(200);
        assert_eq!(answer.header("access-control-allow-origin"), None, "{stranger}");
        assert_eq!(answer.header("vary"), Some("origin"), "{stranger}");
    }
    // A problem can be read like an answer.
    let problem = from(&server, Method::GET, "/v1/nothing", &[("origin", DESK)])
        .await
        .is(404);
    assert_eq!(problem.header("access-control-allow-origin"), Some(DESK));
}

#[tokio::test]
async fn a_browser_that_asks_whether_it_may_ask_is_told_at_once() {
    let server = server().await;
    let ask = [
        ("origin", DESK),
        ("access-control-request-method", "PATCH"),
        ("access-control-request-headers", "authorization"),
    ];
    let answer = from(&server, Method::OPTIONS, "/v1/properties", &ask)
        .await
        .is(204);
    assert_eq!(answer.header("access-control-allow-origin"), Some(DESK));
    assert!(
        answer
            .header("access-control-allow-methods")
            .unwrap()
            .contains("PATCH")
    );
    assert!(
        answer
            .header("access-control-allow-headers")
            .unwrap()
            .contains("idempotency-key")
    );
    let stranger = [("origin", "https://evil.example"), ask[1]];
    let answer = from(&server, Method::OPTIONS, "/v1/properties", &stranger).await;
    assert_eq!(answer.header("access-control-allow-origin"), None);
    // Nobody named: browsers of other origins are told nothing.
    let closed = Server::start().await;
    let answer = from(&closed, Method::OPTIONS, "/v1/properties", &ask)
        .await
        .is(405);
    assert_eq!(answer.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn every_answer_is_for_its_reader_only() {
    let server = server().await;
    for path in [
        "/v1/properties",
        "/v1/nothing",
        "/health/live",
        "/openapi.json",
        "/docs",
        "/metrics",
    ] {
        let answer = from(&server, Method::GET, path, &[]).await;
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{path}");
        assert_eq!(answer.header("x-frame-options"), Some("DENY"), "{path}");
        assert_eq!(
            answer.header("strict-transport-security"),
            Some("max-age=31536000"),
            "{path}"
        );
        let policy = answer.header("content-security-policy").unwrap();
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        assert!(!policy.contains("unsafe-eval"), "{path}: {policy}");
        let personal = path.starts_with("/v1/");
        assert_eq!(
            answer
                .header("cache-control")
                .is_some_and(|c| c.contains("no-store")),
            personal,
            "{path}"
        );
    }
    let docs = from(&server, Method::GET, "/docs", &[]).await.is(200);
    let policy = docs.header("content-security-policy").unwrap();
    let scripts = policy
        .split(';')
        .find(|d| d.trim().starts_with("script-src"))
        .unwrap();
    assert!(
        scripts.contains("'sha256-") && !scripts.contains("unsafe-inline"),
        "{policy}"
    );
    // Over http nobody is told to insist on https.
    let plain = Server::start().await;
    let created = plain.manager().post("/v1/guests", &json!({})).await;
    assert_eq!(created.header("strict-transport-security"), None);
    assert_eq!(created.header("cache-control"), Some("no-store"));
}
