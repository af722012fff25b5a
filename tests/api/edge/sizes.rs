//! How large and how many requests may be.

use crate::support::Server;
use innkeep::edge::{Crowd, Guard};
use reqwest::Method;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

#[tokio::test]
async fn a_head_has_a_limit_in_every_direction() {
    let server = Server::start().await;
    let manager = server.manager();
    let long = format!("/v1/properties?x={}", "x".repeat(9000));
    manager.get(&long).await.problem(414, "uri_too_long");
    let shorter = format!("/v1/properties?x={}", "x".repeat(4000));
    assert_ne!(manager.get(&shorter).await.status, 414);
    let mut many = manager.request(Method::GET, "/v1/properties");
    for n in 0..70 {
        many = many.header(format!("x-{n}"), "1");
    }
    manager.send(many).await.problem(431, "headers_too_large");
    let large = manager
        .request(Method::GET, "/v1/properties")
        .header("x-large", "x".repeat(17_000));
    manager.send(large).await.problem(431, "headers_too_large");
    let fits = manager
        .request(Method::GET, "/v1/properties")
        .header("x-large", "x".repeat(8000));
    manager.send(fits).await.is(200);
}

#[tokio::test]
async fn no_query_holds_nul() {
    let server = Server::start().await;
    let path = format!("/v1/properties/{}/offers", server.adler.property_id);
    let nights = "arrival=2030-01-01&departure=2030-01-02";
    for target in [
        format!("{path}?{nights}&promo_code=%00"),
        format!("{path}?{nights}&promo_code=SPRING%00"),
        "/v1/guests?name=%00".to_owned(),
    ] {
        server
            .manager()
            .get(&target)
            .await
            .problem(400, "invalid_parameter");
    }
}

#[tokio::test]
async fn one_address_has_so_many_requests_under_way() {
    let server = Server::behind(|_| Guard {
        crowd: Crowd::new(2),
        ..Guard::default()
    })
    .await;
    let mut held = Vec::new();
    for _ in 0..2 {
        // Under way: the body is awaited.
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let head = "POST /v1/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{";
        stream.write_all(head.as_bytes()).await.unwrap();
        held.push(stream);
    }
    let mut answer = server.manager().get("/v1/me").await;
    while answer.status == 200 {
        tokio::task::yield_now().await;
        answer = server.manager().get("/v1/me").await;
    }
    let answer = answer.problem(429, "too_many_at_once");
    assert_eq!(answer.header("retry-after"), Some("1"));
    drop(held);
    while server.manager().get("/v1/me").await.status == 429 {
        tokio::task::yield_now().await;
    }
    server.manager().get("/v1/me").await.is(200);
}
