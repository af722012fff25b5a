//! Requests that are wrong whatever they ask for: credentials, sizes, paths, methods, content types.

use crate::support::{Server, booking, room, secrets};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use innkeep::tokens::{Bearer, Tokens};
use innkeep_domain::Role;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The token with another header, claims or signature.
fn altered(token: &str, part: usize, change: impl FnOnce(&mut Value)) -> String {
    let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    let bytes = URL_SAFE_NO_PAD.decode(&parts[part]).unwrap();
    let mut value: Value = serde_json::from_slice(&bytes).unwrap();
    change(&mut value);
    parts[part] = URL_SAFE_NO_PAD.encode(value.to_string());
    parts.join(".")
}

#[tokio::test]
async fn only_our_own_unexpired_signature_lets_anyone_in() {
    let server = Server::start().await;
    let now = server.app.clock.now();
    let issue = |at| server.token(&server.adler, Role::ReadOnly, at);
    let good = issue(now);
    let strangers = Tokens::open(&secrets().join("stranger"), now).unwrap();
    let unsigned = altered(&good, 0, |h| h["alg"] = json!("none"));
    let bare = unsigned.rsplit_once('.').unwrap().0.to_owned() + ".";
    let cases = [
        (
            "expired",
            issue(now - chrono::Duration::minutes(11)),
            "token_expired",
        ),
        (
            "of the future",
            issue(now + chrono::Duration::minutes(1)),
            "invalid_token",
        ),
        (
            "signed by a stranger",
            strangers
                .issue(Bearer::Key(server.adler.property_id), now)
                .unwrap(),
            "invalid_token",
        ),
        ("alg none", unsigned, "invalid_token"),
        ("alg none, no signature", bare, "invalid_token"),
        (
            "alg HS256",
            altered(&good, 0, |h| h["alg"] = json!("HS256")),
            "invalid_token",
        ),
        (
            "somebody else",
            altered(&good, 1, |c| {
                c["sub"] = json!(server.adler.of_role(Role::Owner).user_id)
            }),
            "invalid_token",
        ),
        (
            "another tenant",
            altered(&good, 1, |c| c["tid"] = json!(server.mare.tenant)),
            "invalid_token",
        ),
        (
            "a later end",
            altered(&good, 1, |c| c["exp"] = json!(4_000_000_000_u64)),
            "invalid_token",
        ),
        ("garbage", "garbage".to_owned(), "invalid_token"),
        ("nothing", String::new(), "invalid_token"),
    ];
    server.bearer(good).get("/v1/properties").await.is(200);
    let before = server.stored().await;
    let new = booking(&server.adler, &[room(&server.adler, "DBL", 3, 1)]);
    for (what, token, code) in cases {
        let caller = server.bearer(token);
        for answer in [
            caller.get("/v1/properties").await,
            caller.post("/v1/bookings", &new).await,
        ] {
            assert!(answer.status == 401, "{what}: {}", answer.text);
            let told = answer.body["code"].as_str().unwrap();
            assert!(
                told == code || (what == "nothing" && told == "missing_credentials"),
                "{what}: {told}"
            );
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{what}");
        }
    }
    server
        .nobody()
        .get("/v1/properties")
        .await
        .problem(401, "missing_credentials");
    let basic = server
        .nobody()
        .request(Method::GET, "/v1/properties")
        .basic_auth("a", Some("b"));
    server
        .nobody()
        .send(basic)
        .await
        .problem(401, "missing_credentials");
    assert_eq!(server.stored().await, before);
}

#[tokio::test]
async fn unknown_paths_wrong_methods_and_other_content_types() {
    let server = Server::start().await;
    let manager = server.manager();
    for path in [
        "/v1/nothing",
        "/",
        "/v2/properties",
        "/v1/bookings/x/y/z",
        "/etc/passwd",
        "/v1/..%2f..%2fetc",
    ] {
        manager.get(path).await.problem(404, "unknown_path");
    }
    for (method, path) in [
        (Method::DELETE, "/v1/properties"),
        (Method::PUT, "/v1/bookings"),
        (Method::POST, "/health/live"),
    ] {
        manager
            .with_header(method, path, ("x-a", "b"), &Value::Null)
            .await
            .problem(405, "method_not_allowed");
    }
    let body = booking(&server.adler, &[room(&server.adler, "DBL", 3, 1)]).to_string();
    let before = server.stored().await;
    for kind in [
        "text/plain",
        "application/xml",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded",
    ] {
        let request = manager
            .request(Method::POST, "/v1/bookings")
            .header("content-type", kind)
            .body(body.clone());
        manager.send(request).await.problem(415, "unsupported_media_type");
    }
    assert_eq!(server.stored().await, before);
}

#[tokio::test]
async fn a_body_has_a_largest_size_told_or_untold() {
    let server = Server::start().await;
    let before = server.stored().await;
    let large = format!("{{\"notes\":\"{}\"}}", "x".repeat(300_000));
    let manager = server.manager();
    let told = manager
        .request(Method::POST, "/v1/bookings")
        .header("content-type", "application/json")
        .body(large);
    manager.send(told).await.problem(413, "body_too_large");
    let status = chunked(&server, 2000).await;
    assert!(status.starts_with("HTTP/1.1 413"), "{status}");
    assert_eq!(server.stored().await, before);
    manager.get("/v1/properties").await.is(200);
}

/// Sends up to so many KiB in pieces, without saying how many will come, until an answer comes back.
async fn chunked(server: &Server, kib: usize) -> String {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = "POST /v1/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let piece = format!("400\r\n{}\r\n", "x".repeat(1024));
    for _ in 0..kib {
        // The server may have closed already: its answer is what counts.
        if stream.write_all(piece.as_bytes()).await.is_err() {
            break;
        }
    }
    let mut answer = vec![0; 4096];
    let n = stream.read(&mut answer).await.unwrap_or_default();
    String::from_utf8_lossy(&answer[..n]).into_owned()
}

#[tokio::test]
async fn a_request_id_is_kept_when_it_is_a_decent_one() {
    let server = Server::start().await;
    let ask = async |id: &str| {
        let answer = server
            .manager()
            .with_header(Method::GET, "/v1/nothing", ("x-request-id", id), &Value::Null)
            .await;
        answer
            .problem(404, "unknown_path")
            .header("x-request-id")
            .unwrap()
            .to_owned()
    };
    assert_eq!(ask("abc-123").await, "abc-123");
    let long = "x".repeat(5000);
    assert_ne!(ask(&long).await, long);
}
