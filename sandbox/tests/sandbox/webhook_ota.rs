//! The OTA that speaks the open webhook: what it believes, sells and posts.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::support::{Answer, Fixture};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use poem::http::{HeaderMap, StatusCode};
use poem::listener::TcpAcceptor;
use poem::web::Data;
use poem::{EndpointExt, Route, Server, handler, post};
use serde_json::{Value, json};
use sha2::Sha256;

const SECRET: &str = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

async fn open(sandbox: &Fixture, hook: &str, delay_ms: u64) {
    let terms = json!({ "secret": SECRET, "hook_url": hook, "delay_ms": delay_ms });
    assert_eq!(sandbox.put("/sandbox/webhook-ota/tours", terms).await.status, 200);
}

async fn tell(sandbox: &Fixture, message: &Value, age_s: i64) -> Answer {
    tell_by(sandbox, message, age_s, &[SECRET]).await
}

/// Signed with each of the secrets.
async fn tell_by(sandbox: &Fixture, message: &Value, age_s: i64, secrets: &[&str]) -> Answer {
    let body = message.to_string();
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let at = i64::try_from(since.unwrap().as_secs()).unwrap() - age_s;
    let sign = |secret: &&str| {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(format!("m1.{at}.{body}").as_bytes());
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    };
    let signature = secrets.iter().map(sign).collect::<Vec<_>>().join(" ");
    let request = sandbox
        .http
        .post(format!("{}/sandbox/webhook-ota/tours/push", sandbox.base))
        .header("webhook-id", "m1")
        .header("webhook-timestamp", at)
        .header("webhook-signature", signature);
    sandbox.send(request.body(body)).await
}

fn rooms(count: i64) -> Value {
    json!({ "type": "ari.availability", "id": "m1", "timestamp": "2027-01-04T10:00:00Z", "property": "hotel-7",
        "values": [{ "room_type": "double", "from": "2027-02-01", "to": "2027-02-02", "availability": count }] })
}

fn prices() -> Value {
    json!({ "type": "ari.rates", "id": "m1", "timestamp": "2027-01-04T10:00:00Z", "property": "hotel-7",
        "values": [{ "rate_plan": "best", "from": "2027-02-01", "to": "2027-02-02", "price": "80.00", "stop_sell": false }] })
}

async fn sell(sandbox: &Fixture) -> Answer {
    let stay = json!({ "room_type": "double", "rate_plan": "best", "arrival": "2027-02-01", "departure": "2027-02-03" });
    sandbox.post("/sandbox/webhook-ota/tours/bookings", stay).await
}

#[tokio::test]
async fn it_sells_what_it_was_told_and_counts_down() {
    let sandbox = Fixture::start().await;
    open(&sandbox, "http://127.0.0.1:9/", 0).await;
    assert_eq!(sell(&sandbox).await.status, 409, "never told");
    assert_eq!(tell(&sandbox, &rooms(1), 0).await.body, json!({ "rejected": [] }));
    assert_eq!(tell(&sandbox, &prices(), 0).await.status, 200);
    let sold = sell(&sandbox).await;
    assert_eq!(sold.status, 201, "{}", sold.body);
    assert!(
        sold.body["delivered"]["error"].is_string(),
        "nobody is there: {}",
        sold.body
    );
    assert_eq!(sell(&sandbox).await.status, 409, "sold out");
}

#[tokio::test]
async fn it_believes_nobody_who_does_not_sign_and_lists_what_makes_no_sense() {
    let sandbox = Fixture::start().await;
    open(&sandbox, "http://127.0.0.1:9/", 0).await;
    assert_eq!(tell(&sandbox, &rooms(1), 301).await.status, 401);
    let unsigned = sandbox.post("/sandbox/webhook-ota/tours/push", rooms(1)).await;
    assert_eq!(unsigned.status, 401);
    let answer = tell(&sandbox, &rooms(-1), 0).await.body;
    assert_eq!(answer["rejected"][0]["index"], 0);
    let seen = sandbox.get("/sandbox/webhook-ota/tours").await.body;
    assert_eq!(
        (&seen["messages"], &seen["unsigned"], &seen["rooms"]),
        (&json!(3), &json!(2), &json!({}))
    );
}

/// While the hotel changes it, either secret is enough; with a new one the shop remembers what it was told.
#[tokio::test]
async fn one_good_signature_of_several_is_enough() {
    const NEXT: &str = "whsec_QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVoxMjM0NTY=";
    let sandbox = Fixture::start().await;
    open(&sandbox, "http://127.0.0.1:9/", 0).await;
    assert_eq!(tell_by(&sandbox, &rooms(1), 0, &[NEXT, SECRET]).await.status, 200);
    assert_eq!(tell_by(&sandbox, &rooms(2), 0, &[NEXT]).await.status, 401);
    let changed = json!({ "secret": NEXT });
    let path = "/sandbox/webhook-ota/tours/secret";
    assert_eq!(sandbox.put(path, changed.clone()).await.status, 200);
    assert_eq!(tell_by(&sandbox, &prices(), 0, &[NEXT, SECRET]).await.status, 200);
    assert_eq!(tell_by(&sandbox, &prices(), 0, &[SECRET]).await.status, 401);
    assert_eq!(sell(&sandbox).await.status, 201, "it still knows the room");
    assert_eq!(
        sandbox
            .put("/sandbox/webhook-ota/nobody/secret", changed)
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn guests_see_what_was_told_after_the_delay() {
    let sandbox = Fixture::start().await;
    open(&sandbox, "http://127.0.0.1:9/", 600_000).await;
    tell(&sandbox, &prices(), 0).await;
    tell(&sandbox, &rooms(1), 0).await;
    assert_eq!(sell(&sandbox).await.status, 409);
}

#[derive(Clone)]
struct Posted {
    id: String,
    timestamp: String,
    signature: String,
    body: String,
}

/// A hotel's hook that takes everything.
struct Hooks {
    url: String,
    posted: Arc<Mutex<Vec<Posted>>>,
}

#[handler]
async fn take(Data(posted): Data<&Arc<Mutex<Vec<Posted>>>>, headers: &HeaderMap, body: String) -> StatusCode {
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    posted.lock().unwrap().push(Posted {
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp"),
        signature: header("webhook-signature"),
        body,
    });
    StatusCode::ACCEPTED
}

impl Hooks {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let acceptor = TcpAcceptor::from_tokio(listener).unwrap();
        let posted: Arc<Mutex<Vec<Posted>>> = Arc::default();
        let routes = Route::new().at("/", post(take)).data(posted.clone());
        tokio::spawn(Server::new_with_acceptor(acceptor).run(routes));
        Self { url, posted }
    }

    fn posted(&self) -> Vec<Posted> {
        self.posted.lock().unwrap().clone()
    }

    fn two(&self) -> [Posted; 2] {
        self.posted().try_into().ok().unwrap()
    }
}

/// Bookings are signed as the specification has it, and a cancellation is the same booking again.
#[tokio::test]
async fn bookings_are_posted_signed() {
    let hooks = Hooks::start().await;
    let sandbox = Fixture::start().await;
    open(&sandbox, &hooks.url, 0).await;
    tell(&sandbox, &prices(), 0).await;
    tell(&sandbox, &rooms(1), 0).await;
    let sold = sell(&sandbox).await.body;
    assert_eq!(sold["delivered"], json!({ "status": 202 }));
    let path = format!(
        "/sandbox/webhook-ota/tours/bookings/{}/cancel",
        sold["booking"].as_str().unwrap()
    );
    assert_eq!(sandbox.post(&path, json!({})).await.status, 200);
    let [new, cancelled] = hooks.two();
    let booking: Value = serde_json::from_str(&new.body).unwrap();
    assert_eq!(
        (&booking["event"], &booking["booking"]["total"]),
        (&json!("booking.new"), &json!("160.00"))
    );
    let key = STANDARD.decode(SECRET.strip_prefix("whsec_").unwrap()).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(format!("{}.{}.{}", new.id, new.timestamp, new.body).as_bytes());
    assert_eq!(
        new.signature,
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    );
    let after: Value = serde_json::from_str(&cancelled.body).unwrap();
    assert_eq!(after["event"], "booking.cancelled");
    assert_eq!(after["booking"]["id"], booking["booking"]["id"]);
    assert_ne!(after["booking"]["revision"], booking["booking"]["revision"]);
}

fn left(shop: &Answer) -> &Value {
    &shop.body["rooms"]["double"]["2027-02-01"]
}

/// What the hotel calls fails as all that channels are called by; who plays the guests does not notice.
#[tokio::test]
async fn what_it_is_told_fails_as_the_faults_have_it() {
    let sandbox = Fixture::start().await;
    open(&sandbox, "http://127.0.0.1:9/", 0).await;
    let shop = async || sandbox.get("/sandbox/webhook-ota/tours").await;
    sandbox.faults(json!({ "error_rate": 1.0 })).await;
    assert!((500..504).contains(&tell(&sandbox, &rooms(1), 0).await.status));
    sandbox.faults(json!({ "outage": true })).await;
    assert_eq!(tell(&sandbox, &rooms(1), 0).await.status, 503);
    sandbox
        .faults(json!({ "timeout_before_apply_rate": 1.0, "hang_ms": 1 }))
        .await;
    assert_eq!(tell(&sandbox, &rooms(1), 0).await.status, 504);
    assert_eq!(
        (left(&shop().await), &shop().await.body["messages"]),
        (&Value::Null, &json!(0))
    );
    sandbox
        .faults(json!({ "timeout_after_apply_rate": 1.0, "hang_ms": 1 }))
        .await;
    assert_eq!(tell(&sandbox, &rooms(2), 0).await.status, 504);
    assert_eq!(left(&shop().await), 2, "applied, and never said");
    sandbox.faults(json!({ "latency_ms": [300, 300] })).await;
    let begun = Instant::now();
    assert_eq!(tell(&sandbox, &rooms(3), 0).await.status, 200);
    assert!(begun.elapsed() >= Duration::from_millis(300));
    sandbox.faults(json!({ "rate_limit": { "elsewhere": 1 } })).await;
    assert_eq!(tell(&sandbox, &rooms(4), 0).await.status, 200);
    assert_eq!(tell(&sandbox, &rooms(5), 0).await.status, 429);
    assert_eq!(left(&shop().await), 4);
}

/// Drops, copies and delays, as of every channel's webhooks.
#[tokio::test]
async fn bookings_get_lost_doubled_and_late() {
    let hooks = Hooks::start().await;
    let sandbox = Fixture::start().await;
    open(&sandbox, &hooks.url, 0).await;
    tell(&sandbox, &prices(), 0).await;
    tell(&sandbox, &rooms(3), 0).await;
    sandbox.faults(json!({ "webhook_drop_rate": 1.0 })).await;
    let lost = sell(&sandbox).await;
    assert_eq!((lost.status, hooks.posted().len()), (201, 0));
    assert_eq!(lost.body["delivered"], json!({ "error": "dropped by a fault" }));
    sandbox.faults(json!({ "duplicate_webhooks": 1 })).await;
    let doubled = sell(&sandbox).await;
    assert_eq!(doubled.body["delivered"], json!({ "status": 202 }));
    let posted = hooks.posted();
    assert_eq!(posted.len(), 2);
    assert_eq!((&posted[0].id, &posted[0].body), (&posted[1].id, &posted[1].body));
    sandbox.faults(json!({ "webhook_delay_ms": [700, 700] })).await;
    let late = sell(&sandbox).await;
    assert_eq!(late.body["delivered"], json!({ "delayed": true }));
    sandbox.faults(json!({})).await;
    let path = format!(
        "/sandbox/webhook-ota/tours/bookings/{}/cancel",
        late.body["booking"].as_str().unwrap()
    );
    assert_eq!(sandbox.post(&path, json!({})).await.status, 200);
    let event = |posted: &Posted| serde_json::from_str::<Value>(&posted.body).unwrap()["event"].clone();
    assert_eq!(
        hooks.posted().iter().skip(2).map(event).collect::<Vec<_>>(),
        ["booking.cancelled"]
    );
    let begun = Instant::now();
    while hooks.posted().len() < 4 {
        assert!(begun.elapsed() < Duration::from_secs(10), "it never came");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(event(&hooks.posted()[3]), "booking.new", "overtaken");
}
