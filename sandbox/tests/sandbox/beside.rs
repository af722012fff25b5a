//! Innkeep's calendar beside the channels': an Innkeep in a few lines says what it says, and the two are compared.

use poem::http::{HeaderMap, StatusCode};
use poem::listener::TcpAcceptor;
use poem::web::{Json, Path, Query};
use poem::{Response, Route, Server, handler};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::alpinebits::Message;
use crate::support::{DOUBLE, Fixture, HOTEL, count};

const KEY: &str = "ik_1";
const SECRET: &str = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

#[derive(Deserialize)]
struct Asked {
    from: Option<String>,
    cursor: Option<String>,
}

#[handler]
fn connections(headers: &HeaderMap) -> Response {
    let known = headers.get("authorization").and_then(|v| v.to_str().ok());
    if known != Some("Bearer ik_1") {
        return StatusCode::UNAUTHORIZED.into();
    }
    let connection = |id: &str, protocol: &str, property: Option<&str>, base_url: Option<&str>| {
        json!({ "id": id, "name": format!("<b>{id}</b>"), "protocol": protocol, "external_property": property,
            "base_url": base_url })
    };
    let shop = "http://127.0.0.1:1/sandbox/webhook-ota/tours/push";
    let all = [
        connection("hotel", "channex", Some(HOTEL), Some("http://127.0.0.1:1")),
        connection("shop", "webhook", None, Some(shop)),
        connection("portal", "alpinebits", Some("H1"), None),
        connection("elsewhere", "channex", Some("another"), None),
        connection("caller", "webhook", None, None),
    ];
    let body = json!({ "items": all, "next_cursor": null }).to_string();
    Response::builder().content_type("application/json").body(body)
}

#[handler]
fn mappings(Path(id): Path<String>) -> Json<Value> {
    let room = if id == "hotel" { DOUBLE } else { "dbl" };
    Json(json!({ "rooms": [{ "unit_type_id": "t1", "external_id": room }], "rates": [] }))
}

/// Two pages: three free, then none and one too many sold; a rate, and a room that is not mapped.
#[handler]
fn cells(Path(_id): Path<String>, Query(asked): Query<Asked>) -> Json<Value> {
    let first = asked.from.unwrap_or_else(|| "2027-03-01".to_owned());
    let cell = |unit_type: &str, plan: Option<&str>, night: &str, left: Option<i64>| {
        json!({ "unit_type_id": unit_type, "rate_plan_id": plan, "night": night, "state": "converged",
            "truth": { "availability": left, "price": "80.00" } })
    };
    Json(match asked.cursor.as_deref() {
        None => json!({ "items": [cell("t1", None, &first, Some(3))], "next_cursor": "more" }),
        Some(_) => json!({ "next_cursor": null, "items": [
            cell("t1", None, "2027-03-02", Some(0)), cell("t1", None, "2027-03-03", Some(-1)),
            cell("t1", Some("p"), "2027-03-01", None), cell("t2", None, "2027-03-01", Some(7)),
        ] }),
    })
}

async fn innkeep() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let acceptor = TcpAcceptor::from_tokio(listener).unwrap();
    let routes = Route::new()
        .at("/v1/channel-connections", poem::get(connections))
        .at("/v1/channel-connections/:id/mappings", poem::get(mappings))
        .at("/v1/channel-connections/:id/cells", poem::get(cells));
    tokio::spawn(Server::new_with_acceptor(acceptor).run(routes));
    url
}

async fn watch(sandbox: &Fixture, url: &str, key: &str) {
    let told = json!({ "url": url, "api_key": key });
    let answer = sandbox.post("/sandbox/beside/innkeep", told).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    assert!(!answer.body.to_string().contains(key));
}

async fn beside(sandbox: &Fixture) -> Vec<Value> {
    let body = sandbox.get("/sandbox/beside").await.body;
    assert_eq!(body["innkeeps"][0]["error"], Value::Null, "{body}");
    body["innkeeps"][0]["connections"].as_array().unwrap().clone()
}

/// Of each night what the one says and the other, and whether that is the same.
fn nights(connection: &Value) -> Vec<(i64, Option<i64>, bool)> {
    let nights = connection["rooms"][0]["nights"].as_array().unwrap().iter();
    nights
        .map(|n| {
            (
                n["innkeep"].as_i64().unwrap(),
                n["channel"].as_i64(),
                n["equal"] == true,
            )
        })
        .collect()
}

#[tokio::test]
async fn each_night_is_equal_or_different() {
    let sandbox = Fixture::start().await;
    let terms = json!({ "secret": SECRET, "hook_url": "http://127.0.0.1:9/" });
    sandbox.put("/sandbox/webhook-ota/tours", terms).await;
    let hotel = json!({ "user": "u", "password": "p", "categories": ["dbl"] });
    assert_eq!(
        sandbox.put("/sandbox/alpinebits/hotels/H1", hotel).await.status,
        200
    );
    watch(&sandbox, &innkeep().await, KEY).await;
    // Never told: of what is sold out that is the same.
    let never = vec![(3, None, false), (0, None, true), (0, None, true)];
    let all = beside(&sandbox).await;
    let names: Vec<&str> = all.iter().map(|c| c["protocol"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        ["channex", "webhook", "alpinebits"],
        "those that are played here"
    );
    for connection in &all {
        assert_eq!(
            (nights(connection), &connection["different"]),
            (never.clone(), &json!(1))
        );
    }
    assert_eq!(all[0]["rooms"][0]["title"], "Double");
    assert_eq!(all[1]["rooms"][0]["title"], "dbl");
    sandbox
        .availability(json!([
            count("2027-03-01", 3),
            count("2027-03-02", 1),
            count("2027-03-03", 0)
        ]))
        .await;
    let all = beside(&sandbox).await;
    assert_eq!(
        nights(&all[0]),
        [(3, Some(3), true), (0, Some(1), false), (0, Some(0), true)]
    );
    assert_eq!(all[0]["different"], 1);
    sandbox.availability(json!([count("2027-03-02", 0)])).await;
    assert_eq!(beside(&sandbox).await[0]["different"], 0);
    sandbox.availability(json!([count("2027-03-01", 2)])).await;
    assert_eq!(
        beside(&sandbox).await[0]["different"],
        1,
        "too few are no less different"
    );
    let later = sandbox.get("/sandbox/beside?from=2027-04-01").await.body;
    assert_eq!(
        later["innkeeps"][0]["connections"][0]["rooms"][0]["nights"][0]["date"],
        "2027-04-01"
    );
}

/// Nothing is for sale in it: that was told, whatever was said of its nights before.
#[tokio::test]
async fn a_closing_season_is_no_night_that_was_never_told() {
    let sandbox = Fixture::start().await;
    let hotel = json!({ "user": "u", "password": "p", "categories": ["dbl"] });
    assert_eq!(
        sandbox.put("/sandbox/alpinebits/hotels/H1", hotel).await.status,
        200
    );
    let season = "<UniqueID Type=\"16\" ID=\"1\" Instance=\"CompleteSet\"/><Inventories HotelCode=\"H1\"><Inventory>\
                  <StatusApplicationControl Start=\"2027-03-01\" End=\"2027-03-02\" AllInvCode=\"true\"/></Inventory>\
                  </Inventories>";
    let told = Message::new(
        "OTA_HotelInvCountNotif:FreeRooms",
        "OTA_HotelInvCountNotifRQ",
        season,
    );
    let told = told.of("u", "p").sent(&sandbox).await;
    assert!(told.body.to_string().contains("<Success/>"), "{}", told.body);
    watch(&sandbox, &innkeep().await, KEY).await;
    let all = beside(&sandbox).await;
    let portal = all.iter().find(|c| c["protocol"] == "alpinebits").unwrap();
    assert_eq!(
        nights(portal),
        [(3, Some(0), false), (0, Some(0), true), (0, None, true)]
    );
}

#[tokio::test]
async fn one_that_does_not_answer_says_so() {
    let sandbox = Fixture::start().await;
    assert_eq!(sandbox.get("/sandbox/beside").await.body["innkeeps"], json!([]));
    let there = innkeep().await;
    watch(&sandbox, &there, "ik_wrong").await;
    watch(&sandbox, "http://127.0.0.1:9", "ik_nobody").await;
    watch(&sandbox, &there, KEY).await;
    watch(&sandbox, &there, KEY).await;
    let all = sandbox.get("/sandbox/beside").await.body["innkeeps"].clone();
    assert_eq!(all.as_array().unwrap().len(), 3);
    assert_eq!(all[0]["error"], "Innkeep answered 401 to channel-connections");
    assert!(all[1]["error"].is_string() && all[2]["error"].is_null(), "{all}");
    let reset = sandbox
        .http
        .delete(format!("{}/sandbox/beside/innkeep", sandbox.base));
    assert_eq!(sandbox.send(reset).await.body, json!({ "innkeeps": [] }));
    for wrong in [
        json!({ "url": "ftp://x", "api_key": "k" }),
        json!({ "url": there, "api_key": "" }),
    ] {
        assert_eq!(sandbox.post("/sandbox/beside/innkeep", wrong).await.status, 422);
    }
}

#[tokio::test]
async fn the_page_needs_nothing_from_elsewhere() {
    let sandbox = Fixture::start().await;
    let response = sandbox
        .http
        .get(format!("{}/", sandbox.base))
        .send()
        .await
        .unwrap();
    let policy = response.headers()["content-security-policy"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    let page = response.text().await.unwrap();
    assert!(page.contains("/sandbox/beside") && page.contains("setTimeout(look, 1000)"));
    assert!(!page.contains("src=") && !page.contains("<link"));
    let believed = sandbox.get("/sandbox/believed").await.body;
    assert!(believed.as_str().unwrap().contains("Hotel &lt;Test&gt;"));
}
