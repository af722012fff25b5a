//! `/hooks/channels/{token}`: signed messages are stored once; unsigned, altered, late or unreadable ones are not.

use crate::support::{Answer, Server, booking, room};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use innkeep_integrations::standard_webhooks;
use reqwest::Method;
use serde_json::{Value, json};

struct Agent {
    hook: String,
    secret: String,
}

async fn agent(server: &Server) -> Agent {
    let new = json!({ "property_id": server.adler.property_id, "protocol": "webhook", "name": "Agent" });
    let made = server
        .manager()
        .post("/v1/channel-connections", &new)
        .await
        .is(201)
        .body;
    let text = |field: &str| made[field].as_str().unwrap().to_owned();
    Agent {
        hook: text("hook_path"),
        secret: text("signing_secret"),
    }
}

fn message() -> String {
    json!({
        "event": "booking.new",
        "booking": {
            "id": "A-1", "revision": "1", "revised_at": "2027-01-04T09:59:00Z", "code": "A1", "sold_by": "Agent",
            "currency": "EUR", "total": "80.00", "booker": { "name": "Grace Hopper" },
            "rooms": [{ "id": "1", "arrival": "2027-02-01", "departure": "2027-02-02", "adults": 1,
                        "nights": [{ "date": "2027-02-01", "price": "80.00" }] }],
        },
    })
    .to_string()
}

/// Posts with these three headers; an empty one is not sent.
async fn post(server: &Server, hook: &str, headers: [&str; 3], body: &str) -> Answer {
    let caller = server.nobody();
    let mut request = caller
        .request(Method::POST, hook)
        .header("content-type", "application/json");
    let names = [
        standard_webhooks::ID,
        standard_webhooks::TIMESTAMP,
        standard_webhooks::SIGNATURE,
    ];
    for (name, value) in names.into_iter().zip(headers).filter(|(_, v)| !v.is_empty()) {
        request = request.header(name, value);
    }
    caller.send(request.body(body.to_owned())).await
}

fn sign(secret: &str, id: &str, at: i64, body: &str) -> String {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let mac = hmac_sha256(&key, format!("{id}.{at}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac))
}

/// HMAC written out (RFC 2104), so that the signature is checked against something else than itself.
fn hmac_sha256(key: &[u8], text: &[u8]) -> Vec<u8> {
    use sha2::{Digest, Sha256};
    let mut padded = [0_u8; 64];
    padded[..key.len()].copy_from_slice(key);
    let hash = |pad: u8, text: &[u8]| {
        let mut input: Vec<u8> = padded.iter().map(|b| b ^ pad).collect();
        input.extend(text);
        Sha256::digest(&input).to_vec()
    };
    hash(0x5c, &hash(0x36, text))
}

#[tokio::test]
async fn a_signed_message_is_stored_once_however_often_it_comes() {
    let server = Server::start().await;
    let agent = agent(&server).await;
    let at = server.app.clock.now().timestamp();
    let (body, stamp) = (message(), at.to_string());
    let signature = sign(&agent.secret, "m1", at, &body);
    let first = post(&server, &agent.hook, ["m1", &stamp, &signature], &body)
        .await
        .is(202);
    assert_eq!(first.body, json!({ "status": "stored" }));
    assert_eq!(server.stored().await["inbox"], 1);
    post(&server, &agent.hook, ["m1", &stamp, &signature], &body)
        .await
        .is(202);
    assert_eq!(server.stored().await["inbox"], 1);
}

#[tokio::test]
async fn what_is_not_signed_is_not_believed() {
    let server = Server::start().await;
    let agent = agent(&server).await;
    let at = server.app.clock.now().timestamp();
    let (body, now) = (message(), at.to_string());
    let signature = sign(&agent.secret, "m1", at, &body);
    let old = (at - 301).to_string();
    let ahead = (at + 301).to_string();
    let stranger = sign(&format!("whsec_{}", STANDARD.encode([7; 32])), "m1", at, &body);
    let before = server.stored().await;
    let cases: [(&str, [&str; 3], &str); 9] = [
        ("unsigned", ["", "", ""], &body),
        ("without a signature", ["m1", &now, ""], &body),
        ("without an id", ["", &now, &signature], &body),
        ("under another id", ["m2", &now, &signature], &body),
        ("with another body", ["m1", &now, &signature], "{}"),
        ("by a stranger", ["m1", &now, &stranger], &body),
        ("with another stamp", ["m1", "1", &signature], &body),
        (
            "too old",
            ["m1", &old, &sign(&agent.secret, "m1", at - 301, &body)],
            &body,
        ),
        (
            "from the future",
            ["m1", &ahead, &sign(&agent.secret, "m1", at + 301, &body)],
            &body,
        ),
    ];
    for (what, headers, body) in cases {
        let answer = post(&server, &agent.hook, headers, body).await;
        assert_eq!(
            (answer.status, &answer.body["code"]),
            (401, &json!("invalid_signature")),
            "{what}: {}",
            answer.text
        );
    }
    assert_eq!(server.stored().await, before);
}

#[tokio::test]
async fn a_replay_after_the_tolerance_is_refused() {
    let server = Server::start().await;
    let agent = agent(&server).await;
    let at = server.app.clock.now().timestamp();
    let (body, stamp) = (message(), at.to_string());
    let signature = sign(&agent.secret, "m1", at, &body);
    post(&server, &agent.hook, ["m1", &stamp, &signature], &body)
        .await
        .is(202);
    server.app.clock.advance(chrono::Duration::seconds(301));
    let before = server.stored().await;
    post(&server, &agent.hook, ["m1", &stamp, &signature], &body)
        .await
        .problem(401, "invalid_signature");
    assert_eq!(server.stored().await, before);
}

#[tokio::test]
async fn an_unknown_address_is_nobodys() {
    let server = Server::start().await;
    let before = server.stored().await;
    for token in ["x", &"x".repeat(43), "%00", "..%2f.."] {
        let answer = post(&server, &format!("/hooks/channels/{token}"), ["", "", ""], "{}").await;
        assert_eq!(answer.status, 404, "{token}: {}", answer.text);
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    }
    assert_eq!(server.stored().await, before);
}

/// Signed, but not a booking: refused while its sender can still mend it.
#[tokio::test]
async fn a_signed_message_nobody_can_read_is_refused() {
    let server = Server::start().await;
    let agent = agent(&server).await;
    let at = server.app.clock.now().timestamp();
    let stamp = at.to_string();
    let before = server.stored().await;
    let mut odd: Value = serde_json::from_str(&message()).unwrap();
    odd["booking"]["total"] = json!("-80.00");
    for body in ["{", "{}", "[]", "\"card 4111111111111111\"", &odd.to_string()] {
        let signature = sign(&agent.secret, "m1", at, body);
        let answer = post(&server, &agent.hook, ["m1", &stamp, &signature], body).await;
        assert!(
            (400..500).contains(&answer.status),
            "{body}: {} {}",
            answer.status,
            answer.text
        );
    }
    assert_eq!(server.stored().await, before);
}

/// Channex does not sign: its message is believed in nothing but that it is time to look.
#[tokio::test]
async fn an_unsigned_channel_only_makes_us_look() {
    let server = Server::start().await;
    let new = json!({
        "property_id": server.adler.property_id, "protocol": "channex", "name": "Channex",
        "base_url": "http://127.0.0.1:9", "external_property": "hotel-1", "api_key": "k",
    });
    let made = server
        .manager()
        .post("/v1/channel-connections", &new)
        .await
        .is(201)
        .body;
    let before = server.stored().await;
    let hook = made["hook_path"].as_str().unwrap();
    let noted = post(&server, hook, ["", "", ""], "{\"event\":\"booking\"}")
        .await
        .is(202);
    assert_eq!(noted.body["status"], "noted");
    let after = server.stored().await;
    assert_eq!(
        (after["inbox"], after["booking"]),
        (before["inbox"], before["booking"])
    );
    assert_eq!(after["apalis.jobs"], before["apalis.jobs"] + 1);
}

/// Of the hotel.
const DOUBLES: i64 = 5;

/// Two units of the double are kept back from this seller.
async fn asking_agent(server: &Server) -> (String, String) {
    let house = &server.adler;
    let new = json!({ "property_id": house.property_id, "protocol": "webhook", "name": "Agent",
        "external_property": "hotel-7", "safety_buffer": 2 });
    let made = server
        .manager()
        .post("/v1/channel-connections", &new)
        .await
        .is(201)
        .body;
    let double = house.unit_type("DBL");
    let mapping = json!({
        "rooms": [{ "unit_type_id": double, "external_id": "double" }],
        "rates": [{ "unit_type_id": double, "rate_plan_id": house.base_plan, "external_id": "best" }],
    });
    let id = made["connection"]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/channel-connections/{id}/mappings");
    server.manager().put(&path, &mapping).await.is(200);
    (id, made["hook_path"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_seller_that_asks_hears_what_is_true() {
    let server = Server::start().await;
    let (id, hook) = asking_agent(&server).await;
    let house = &server.adler;
    let path = format!("{hook}/ari?from={}&to={}", house.night(0), house.night(6));
    let before = server.nobody().get(&path).await.is(200);
    assert_eq!(
        (&before.body["property"], &before.body["currency"]),
        (&json!("hotel-7"), &json!("EUR"))
    );
    let free = before.body["availability"][0]["availability"].as_i64().unwrap();
    assert_eq!(free, DOUBLES - 2, "{}", before.text);
    assert_eq!(before.body["rates"][0]["rate_plan"], "best");
    assert!(before.body["rates"][0]["price"].is_string(), "{}", before.text);
    let tag = before.header("etag").unwrap().to_owned();
    let again = async || {
        let caller = server.nobody();
        let request = caller.request(Method::GET, &path).header("if-none-match", &tag);
        caller.send(request).await
    };
    assert_eq!(again().await.status, 304);
    let new = booking(house, &[room(house, "DBL", 1, 2)]);
    server.manager().post("/v1/bookings", &new).await.is(201);
    let after = again().await.is(200);
    let told: Vec<i64> = after.body["availability"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["availability"].as_i64().unwrap())
        .collect();
    assert!(
        told.contains(&(free - 1)) && told.contains(&free),
        "{}",
        after.text
    );
    let pause = format!("/v1/channel-connections/{id}/actions/pause");
    server.manager().post(&pause, &json!({})).await.is(200);
    let paused = server.nobody().get(&format!("{hook}/ari")).await;
    paused.problem(409, "connection_not_active");
}

#[tokio::test]
async fn a_seller_may_ask_for_92_nights_and_nobody_else_for_any() {
    let server = Server::start().await;
    let (_, hook) = asking_agent(&server).await;
    let get = async |query: &str| server.nobody().get(&format!("{hook}/ari{query}")).await;
    get("").await.is(200);
    get("?from=2027-01-04&to=2027-04-05").await.is(200);
    for wrong in ["?from=2027-01-04&to=2027-04-06", "?from=2027-01-04&to=2027-01-03"] {
        get(wrong).await.problem(422, "invalid_range");
    }
    server
        .nobody()
        .get("/hooks/channels/x/ari")
        .await
        .problem(404, "not_found");
    let channex = json!({
        "property_id": server.adler.property_id, "protocol": "channex", "name": "Channex",
        "base_url": "http://127.0.0.1:9", "external_property": "hotel-1", "api_key": "k",
    });
    let made = server
        .manager()
        .post("/v1/channel-connections", &channex)
        .await
        .is(201)
        .body;
    let hook = made["hook_path"].as_str().unwrap();
    server
        .nobody()
        .get(&format!("{hook}/ari"))
        .await
        .problem(404, "not_found");
}

/// With an address, a seller is told; without, it asks.
#[tokio::test]
async fn a_seller_with_an_address_takes_ari() {
    let server = Server::start().await;
    for (address, told) in [(json!(null), false), (json!("http://127.0.0.1:9/in"), true)] {
        let new = json!({ "property_id": server.adler.property_id, "protocol": "webhook", "name": "Agent",
            "base_url": address });
        let made = server
            .manager()
            .post("/v1/channel-connections", &new)
            .await
            .is(201)
            .body;
        assert_eq!(made["connection"]["receives_ari"], told);
    }
}
