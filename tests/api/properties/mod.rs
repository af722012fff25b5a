//! `/v1/properties` and what hangs under a property.

mod archive;
mod ari;
mod offers;
mod pricing;
mod units;

use crate::support::Server;
use reqwest::Method;
use serde_json::{Value, json};

fn hotel(name: &str) -> Value {
    json!({ "name": name, "kind": "hotel", "zone": "Asia/Tokyo", "currency": "JPY" })
}

#[tokio::test]
async fn a_property_is_made_and_its_business_date_is_local() {
    let server = Server::start().await;
    // 23:30 in UTC is the next morning in Tokyo.
    server.app.clock.advance(chrono::Duration::minutes(13 * 60 + 30));
    let manager = server.manager();
    let made = manager.post("/v1/properties", &hotel("Sakura")).await.is(201);
    assert_eq!(made.body["business_date"], "2027-01-05");
    assert_eq!(made.header("etag"), Some("\"1\""));
    let path = made.header("location").unwrap();
    assert_eq!(path, format!("/v1/properties/{}", made.id()));
    let read = manager.get(path).await.is(200);
    assert_eq!(read.body, made.body);
}

#[tokio::test]
async fn what_was_seen_is_not_sent_again_and_what_changed_is_not_overwritten() {
    let server = Server::start().await;
    let manager = server.manager();
    let path = format!("/v1/properties/{}", server.adler.property_id);
    let etag = manager
        .get(&path)
        .await
        .is(200)
        .header("etag")
        .unwrap()
        .to_owned();
    let known = manager
        .with_header(Method::GET, &path, ("if-none-match", &etag), &Value::Null)
        .await
        .is(304);
    assert_eq!(known.text, "");
    let change = json!({ "name": "Adler am Markt" });
    let first = manager
        .with_header(Method::PATCH, &path, ("if-match", &etag), &change)
        .await
        .is(200);
    assert_eq!(
        (&first.body["name"], first.header("etag")),
        (&json!("Adler am Markt"), Some("\"2\""))
    );
    assert_eq!(first.body["zone"], "Europe/Berlin", "absent = leave");
    manager
        .with_header(Method::PATCH, &path, ("if-match", &etag), &change)
        .await
        .problem(412, "stale_version");
    manager
        .with_header(Method::PATCH, &path, ("if-match", "nonsense"), &change)
        .await
        .problem(400, "invalid_parameter");
    manager.patch(&path, &json!({ "name": null })).await.is(422);
    assert_eq!(manager.get(&path).await.is(200).body["version"], 2);
}

#[tokio::test]
async fn a_list_is_read_page_by_page_in_a_stable_order() {
    let server = Server::start().await;
    let manager = server.manager();
    for n in 0..5 {
        manager
            .post("/v1/properties", &hotel(&format!("P{n}")))
            .await
            .is(201);
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = manager
            .get(&format!("/v1/properties?limit=2{cursor}"))
            .await
            .is(200);
        assert!(page.items().len() <= 2);
        seen.extend(page.items().iter().map(|p| p["id"].as_str().unwrap().to_owned()));
        match page.body["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 6, "five and the furnished one");
    assert!(seen.is_sorted(), "{seen:?}");
    for bad in [
        "limit=0",
        "limit=201",
        "limit=many",
        "cursor=bm9wZQ",
        "cursor=%00",
    ] {
        manager
            .get(&format!("/v1/properties?{bad}"))
            .await
            .problem(400, "invalid_parameter");
    }
}
