//! Who is not let in, and what is not understood: nothing of it is stored.

use super::{INVENTORY, PING, PUSH, Portal, Sold, VERSION, form, inventory_request, push};
use crate::support::{Answer, Server};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::{Compression, write::GzEncoder};
use serde_json::json;
use std::io::Write;

fn packed(text: &str) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(text.as_bytes()).unwrap();
    gzip.finish().unwrap()
}

#[track_caller]
fn is_error(answer: &Answer, what: &str) {
    let answered = (answer.status, answer.header("content-type"));
    assert_eq!(
        answered,
        (400, Some("text/plain; charset=utf-8")),
        "{what}: {}",
        answer.text
    );
    assert!(answer.text.starts_with("ERROR:"), "{what}: {}", answer.text);
}

#[tokio::test]
async fn only_its_own_name_and_password_let_a_portal_in() {
    let server = Server::start().await;
    let portal = Portal::new(&server).await;
    let other = Portal::calling(&server, "H8").await;
    let seller = json!({ "property_id": server.adler.property_id, "protocol": "webhook", "name": "Seller" });
    let seller = server
        .manager()
        .post("/v1/channel-connections", &seller)
        .await
        .is(201)
        .body;
    let seller_id = seller["connection"]["id"].as_str().unwrap();
    let seller_token = seller["hook_path"].as_str().unwrap().rsplit('/').next().unwrap();
    let basic =
        |name: &str, password: &str| format!("Basic {}", STANDARD.encode(format!("{name}:{password}")));
    let before = server.stored().await;
    for (what, credentials) in [
        ("nothing", None),
        ("a wrong password", Some(basic(&portal.user_name, "guessed"))),
        ("no password", Some(basic(&portal.user_name, ""))),
        ("another's name", Some(basic(&other.user_name, &portal.password))),
        ("no name", Some(basic("", &portal.password))),
        ("another channel", Some(basic(seller_id, seller_token))),
        ("a bearer", Some(format!("Bearer {}", portal.password))),
        ("no base64", Some("Basic ???".to_owned())),
        ("no pair", Some(format!("Basic {}", STANDARD.encode("name")))),
    ] {
        let nobody = server.nobody();
        let mut request = nobody
            .request(reqwest::Method::POST, "/alpinebits")
            .header("content-type", "multipart/form-data; boundary=alpine-bits")
            .header(VERSION, "2024-10")
            .body(form(&[("action", PUSH), ("request", &push(&[Sold::default()]))]));
        if let Some(credentials) = credentials {
            request = request.header("authorization", credentials);
        }
        let answer = nobody.send(request).await;
        assert_eq!(answer.status, 401, "{what}: {}", answer.text);
        assert!(
            answer.header("www-authenticate").unwrap().starts_with("Basic "),
            "{what}"
        );
        assert!(answer.text.starts_with("ERROR:"), "{what}: {}", answer.text);
    }
    // The password is no address of the other door.
    let hook = format!("/hooks/channels/{}", portal.password);
    server
        .nobody()
        .post(&hook, &json!({}))
        .await
        .problem(404, "not_found");
    assert_eq!(server.stored().await, before);
}

#[tokio::test]
async fn what_is_not_understood_is_an_error_and_leaves_nothing() {
    let server = Server::start().await;
    let portal = Portal::new(&server).await;
    let message = push(&[Sold::default()]);
    let before = server.stored().await;
    let whole = form(&[("action", PUSH), ("request", &message)]);
    let versioned = || portal.bare().header(VERSION, "2024-10");
    let unknown = message.replace("ResStatus", "Status");
    let bomb = form(&[("action", PUSH), ("request", &" ".repeat(2 << 20))]);
    let entity = format!("<!DOCTYPE a [<!ENTITY b \"c\">]>{message}");
    let cases = [
        ("no version", portal.bare().body(whole.clone())),
        (
            "unknown version",
            portal.bare().header(VERSION, "2018-10").body(whole.clone()),
        ),
        ("no body", versioned()),
        ("no form", versioned().body(message.clone())),
        ("cut off", versioned().body(whole[..whole.len() - 40].to_owned())),
        ("no action", versioned().body(form(&[("request", &message)]))),
        ("unknown action", portal.request("OTA_Other", &message)),
        (
            "an action of the other side",
            portal.request("OTA_HotelInvCountNotif:FreeRooms", &message),
        ),
        (
            "two messages",
            versioned().body(form(&[
                ("action", PUSH),
                ("request", &message),
                ("request", &message),
            ])),
        ),
        ("no message", versioned().body(form(&[("action", PUSH)]))),
        ("no xml", portal.request(PUSH, "reservation")),
        ("entities", portal.request(PUSH, &entity)),
        ("another's message", portal.request(PING, &message)),
        ("against the schema", portal.request(PUSH, &unknown)),
        (
            "not packed",
            versioned().header("content-encoding", "gzip").body(whole.clone()),
        ),
        (
            "a bomb",
            versioned().header("content-encoding", "gzip").body(packed(&bomb)),
        ),
        (
            "otherwise packed",
            versioned().header("content-encoding", "br").body(whole.clone()),
        ),
    ];
    for (what, request) in cases {
        is_error(&portal.send(request).await, what);
    }
    assert_eq!(server.stored().await, before);
}

#[tokio::test]
async fn requests_may_be_packed() {
    let server = Server::start().await;
    let portal = Portal::new(&server).await;
    let body = form(&[("action", INVENTORY), ("request", &inventory_request("H7"))]);
    let request = portal
        .bare()
        .header(VERSION, "2022-10")
        .header("content-encoding", "gzip");
    let answer = portal.send(request.body(packed(&body))).await.is(200);
    assert!(answer.text.contains("Code=\"DZ\""), "{}", answer.text);
}

#[tokio::test]
async fn a_connection_needs_the_hotels_code() {
    let server = Server::start().await;
    let before = server.stored().await;
    for code in [json!(null), json!(""), json!("a code of 17 char")] {
        let new = json!({ "property_id": server.adler.property_id, "protocol": "alpinebits", "name": "Portal",
                          "external_property": code });
        let refused = server.manager().post("/v1/channel-connections", &new).await;
        refused.problem(422, "missing_field").at("/external_property");
    }
    assert_eq!(server.stored().await, before);
}
