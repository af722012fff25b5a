//! `/v1/channel-connections/{id}/actions/rotate-secret`: for a while both secrets are good, whoever signs.

use crate::support::{Server, booking, events, room, unknown};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Duration, Utc};
use innkeep_domain::Role;
use innkeep_integrations::standard_webhooks::{self, Headers};
use poem::http::HeaderMap;
use poem::listener::TcpAcceptor;
use poem::web::Data;
use poem::{EndpointExt, Route, handler, post};
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

type Posted = Arc<Mutex<Vec<(HeaderMap, Vec<u8>)>>>;

#[handler]
fn take(Data(posted): Data<&Posted>, headers: &HeaderMap, body: Vec<u8>) -> &'static str {
    posted.lock().unwrap().push((headers.clone(), body));
    "{}"
}

/// A seller's endpoint; its address, and what was posted there.
async fn seller() -> (String, Posted) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let posted = Posted::default();
    let routes = Route::new().at("/", post(take)).data(posted.clone());
    let acceptor = TcpAcceptor::from_tokio(listener).unwrap();
    tokio::spawn(poem::Server::new_with_acceptor(acceptor).run(routes));
    (address, posted)
}

struct Connection {
    path: String,
    hook: String,
    secret: String,
}

async fn connect(server: &Server, base_url: Option<String>) -> Connection {
    let new = json!({ "property_id": server.adler.property_id, "protocol": "webhook", "name": "Agent",
        "base_url": base_url });
    let made = server
        .manager()
        .post("/v1/channel-connections", &new)
        .await
        .is(201)
        .body;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    Connection {
        path: format!("/v1/channel-connections/{}", text(&made["connection"]["id"])),
        hook: text(&made["hook_path"]),
        secret: text(&made["signing_secret"]),
    }
}

async fn rotate(server: &Server, connection: &Connection, hours: i32) -> String {
    let hotel = server.manager();
    let path = format!("{}/actions/rotate-secret", connection.path);
    let done = hotel
        .post(&path, &json!({ "overlap_hours": hours }))
        .await
        .is(200)
        .body;
    let until: DateTime<Utc> = done["previous_until"].as_str().unwrap().parse().unwrap();
    assert_eq!(until, server.app.now() + Duration::hours(hours.into()));
    done["signing_secret"].as_str().unwrap().to_owned()
}

/// The status that a booking signed with this secret now is answered with.
async fn posted(server: &Server, connection: &Connection, secret: &str, id: &str) -> u16 {
    let now = server.app.now();
    let night = json!([{ "date": "2027-02-01", "price": "80.00" }]);
    let rooms = json!([{ "id": "1", "arrival": "2027-02-01", "departure": "2027-02-02", "adults": 1, "nights": night }]);
    let booking = json!({ "id": id, "revision": "1", "revised_at": "2027-01-04T09:59:00Z", "code": "A1",
        "sold_by": "Agent", "currency": "EUR", "total": "80.00", "booker": { "name": "Grace" }, "rooms": rooms });
    let body = json!({ "event": "booking.new", "booking": booking }).to_string();
    let nobody = server.nobody();
    let request = nobody.request(Method::POST, &connection.hook);
    let request = request
        .header("content-type", "application/json")
        .header(standard_webhooks::ID, id)
        .header(standard_webhooks::TIMESTAMP, now.timestamp())
        .header(
            standard_webhooks::SIGNATURE,
            standard_webhooks::sign(secret, id, now, body.as_bytes()).unwrap(),
        );
    nobody.send(request.body(body)).await.status
}

#[tokio::test]
async fn both_secrets_are_good_for_the_overlap_and_then_only_the_new_one() {
    let server = Server::start().await;
    let connection = connect(&server, None).await;
    let first = connection.secret.clone();
    let second = rotate(&server, &connection, 24).await;
    assert!(first != second && second.starts_with("whsec_"));
    assert_eq!(posted(&server, &connection, &first, "a").await, 202);
    assert_eq!(posted(&server, &connection, &second, "b").await, 202);
    // The one before the last is good no more, however much of its time is left.
    let third = rotate(&server, &connection, 24).await;
    assert_eq!(posted(&server, &connection, &first, "c").await, 401);
    assert_eq!(posted(&server, &connection, &second, "d").await, 202);
    server.app.clock.advance(Duration::hours(24));
    assert_eq!(posted(&server, &connection, &second, "e").await, 401);
    assert_eq!(posted(&server, &connection, &third, "f").await, 202);
    // Known to others: at once.
    let fourth = rotate(&server, &connection, 0).await;
    assert_eq!(posted(&server, &connection, &third, "g").await, 401);
    assert_eq!(posted(&server, &connection, &fourth, "h").await, 202);
    let stranger = format!("whsec_{}", STANDARD.encode([7; 32]));
    assert_eq!(posted(&server, &connection, &stranger, "i").await, 401);
}

/// Which of the secrets the last message is signed with, each asked by itself.
fn signed(posted: &Posted, secrets: &[&str]) -> Vec<bool> {
    let posted = posted.lock().unwrap();
    let (headers, body) = posted.last().unwrap();
    let header = |name: &str| Some(headers[name].to_str().unwrap());
    let headers = Headers {
        id: header(standard_webhooks::ID),
        timestamp: header(standard_webhooks::TIMESTAMP),
        signature: header(standard_webhooks::SIGNATURE),
    };
    let now = crate::support::NOW.parse().unwrap();
    let by = |secret: &&str| standard_webhooks::verify(&[(*secret).to_owned()], headers, body, now).is_ok();
    secrets.iter().map(by).collect()
}

#[tokio::test]
async fn what_is_told_is_signed_with_both_and_names_its_currency() {
    let (address, posted) = seller().await;
    let server = Server::beside(&address).await;
    let stop = CancellationToken::new();
    server.work(stop.clone());
    let _working = stop.drop_guard();
    let hotel = server.manager();
    let house = &server.adler;
    let connection = connect(&server, Some(format!("http://{address}/"))).await;
    let plan = hotel
        .get(&format!("/v1/properties/{}/rate-plans", house.property_id))
        .await
        .is(200);
    let (double, plan) = (house.unit_type("DBL"), plan.items()[0]["id"].clone());
    let mapping = json!({ "rooms": [{ "unit_type_id": double, "external_id": "dbl" }],
        "rates": [{ "unit_type_id": double, "rate_plan_id": plan, "external_id": "dbl-best" }] });
    hotel
        .put(&format!("{}/mappings", connection.path), &mapping)
        .await
        .is(200);
    // Waits until so much was posted, and nothing more comes for a moment.
    let told = async |least: usize| {
        let begun = Instant::now();
        loop {
            let before = posted.lock().unwrap().len();
            tokio::time::sleep(std::time::Duration::from_millis(400)).await;
            let now = posted.lock().unwrap().len();
            if now >= least && now == before {
                return now;
            }
            assert!(
                begun.elapsed() < std::time::Duration::from_secs(30),
                "{now} of {least}"
            );
        }
    };
    let count = told(2).await;
    let first = connection.secret.clone();
    assert_eq!(signed(&posted, &[&first]), [true]);
    let messages: Vec<Value> = (posted.lock().unwrap().iter())
        .map(|(_, body)| serde_json::from_slice(body).unwrap())
        .collect();
    let rates = messages.iter().find(|m| m["type"] == "ari.rates").unwrap();
    assert_eq!(rates["currency"], "EUR");
    let second = rotate(&server, &connection, 1).await;
    let stay = |night| booking(house, &[room(house, "DBL", night, 1)]);
    hotel.post("/v1/bookings", &stay(3)).await.is(201);
    let count = told(count + 1).await;
    assert_eq!(signed(&posted, &[&first, &second]), [true, true]);
    server.app.clock.advance(Duration::hours(1));
    server.manager().post("/v1/bookings", &stay(5)).await.is(201);
    told(count + 1).await;
    assert_eq!(signed(&posted, &[&first, &second]), [false, true]);
}

#[tokio::test]
async fn a_new_secret_is_on_record_and_shown_to_nobody_else() {
    let server = Server::start().await;
    let hotel = server.manager();
    let connection = connect(&server, None).await;
    let path = format!("{}/actions/rotate-secret", connection.path);
    for hours in [-1, 169] {
        let answer = hotel.post(&path, &json!({ "overlap_hours": hours })).await;
        answer.problem(422, "out_of_range").at("/overlap_hours");
    }
    let before = hotel.get(&connection.path).await.is(200).body["version"]
        .as_i64()
        .unwrap();
    let secret = rotate(&server, &connection, 3).await;
    let read = hotel.get(&connection.path).await.is(200);
    assert_eq!(read.body["version"], before + 1);
    let rotated = events(&server, "channel_connection.secret_rotated").await;
    assert_eq!(
        (rotated.len(), &rotated[0]["data"]["overlap_hours"]),
        (1, &json!(3))
    );
    let log = hotel.get("/v1/events?limit=200").await.is(200);
    for text in [&read.text, &log.text] {
        assert!(!text.contains(&secret) && !text.contains(&connection.secret));
    }
    let desk = server.caller(&server.adler, Role::FrontDesk);
    desk.post(&path, &json!({ "overlap_hours": 1 }))
        .await
        .problem(403, "missing_permission");
    let stranger = server.caller(&server.mare, Role::Owner);
    stranger
        .post(&path, &json!({ "overlap_hours": 1 }))
        .await
        .problem(404, "not_found");
    let none = format!("/v1/channel-connections/{}/actions/rotate-secret", unknown());
    hotel
        .post(&none, &json!({ "overlap_hours": 1 }))
        .await
        .problem(404, "not_found");
    let called = json!({ "property_id": server.adler.property_id, "protocol": "channex", "name": "Channex",
        "base_url": "http://127.0.0.1:9", "external_property": "p", "api_key": "k" });
    let called = hotel.post("/v1/channel-connections", &called).await.is(201);
    let called = called.body["connection"]["id"].as_str().unwrap();
    let called = format!("/v1/channel-connections/{called}/actions/rotate-secret");
    hotel
        .post(&called, &json!({ "overlap_hours": 1 }))
        .await
        .problem(409, "not_signed");
}
