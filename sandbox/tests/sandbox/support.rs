//! A running sandbox with one property, and a few shorthands.

use std::time::Duration;

use innkeep_sandbox::{Options, Sandbox};
use serde_json::{Value, json};
use tokio::sync::oneshot;

pub const HOTEL: &str = "11111111-0000-4000-8000-000000000001";
pub const DOUBLE: &str = "22222222-0000-4000-8000-000000000001";
pub const SINGLE: &str = "22222222-0000-4000-8000-000000000002";
pub const BAR: &str = "33333333-0000-4000-8000-000000000001";
pub const SINGLE_BAR: &str = "33333333-0000-4000-8000-000000000002";

pub struct Fixture {
    pub base: String,
    pub http: reqwest::Client,
    _stop: oneshot::Sender<()>,
}

pub struct Answer {
    pub status: u16,
    pub body: Value,
}

impl Fixture {
    /// A sandbox that knows one hotel: two room types, a rate plan each.
    pub async fn start() -> Self {
        Self::start_with(Options::default(), Value::Null).await
    }

    pub async fn start_with(options: Options, webhook_url: Value) -> Self {
        Self::furnished(Sandbox::new(options).unwrap(), webhook_url).await
    }

    /// One that the test has a hand on.
    pub async fn of(sandbox: Sandbox) -> Self {
        Self::furnished(sandbox, Value::Null).await
    }

    async fn furnished(sandbox: Sandbox, webhook_url: Value) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async {
            let _ = stopped.await;
        };
        tokio::spawn(innkeep_sandbox::serve_sandbox(listener, sandbox, shutdown));
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(10))
            .build()
            .unwrap();
        let fixture = Self {
            base,
            http,
            _stop: stop,
        };
        let spec = json!({
            "title": "Hotel <Test>", "currency": "EUR", "webhook_url": webhook_url,
            "webhook_headers": { "x-secret": "s3cret" },
            "room_types": [
                { "id": DOUBLE, "title": "Double", "rate_plans": [{ "id": BAR, "title": "Best rate" }] },
                { "id": SINGLE, "title": "Single", "rate_plans": [{ "id": SINGLE_BAR, "title": "Best rate", "occupancy": 1 }] },
            ],
        });
        assert_eq!(
            fixture
                .put(&format!("/sandbox/properties/{HOTEL}"), spec)
                .await
                .status,
            200
        );
        fixture
    }

    pub async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let response = request.header("user-api-key", "key").send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        Answer {
            status,
            body: serde_json::from_str(&text).unwrap_or(Value::String(text)),
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.http.get(format!("{}{path}", self.base))).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(self.http.put(format!("{}{path}", self.base)).json(&body))
            .await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.http.post(format!("{}{path}", self.base)).json(&body))
            .await
    }

    pub async fn availability(&self, values: Value) -> Answer {
        self.post("/api/v1/availability", json!({ "values": values }))
            .await
    }

    pub async fn restrictions(&self, values: Value) -> Answer {
        self.post("/api/v1/restrictions", json!({ "values": values }))
            .await
    }

    pub async fn faults(&self, faults: Value) {
        assert_eq!(self.put("/sandbox/faults", faults).await.status, 200);
    }

    /// Availability of the double as the control API sees it, `null` included.
    pub async fn left(&self, date: &str) -> Value {
        let path = format!("/sandbox/properties/{HOTEL}/calendar?from={date}&to={date}");
        let calendar = self.get(&path).await.body;
        calendar["room_types"][0]["dates"][date]["availability"].clone()
    }

    /// The double's rate plan on a date, as the control API sees it.
    pub async fn cell(&self, date: &str) -> Value {
        let path = format!("/sandbox/properties/{HOTEL}/calendar?from={date}&to={date}");
        let calendar = self.get(&path).await.body;
        calendar["room_types"][0]["rate_plans"][0]["dates"][date].clone()
    }

    pub async fn open_double(&self, from: &str, to: &str, count: i64) {
        let count = json!([{ "property_id": HOTEL, "room_type_id": DOUBLE, "date_from": from, "date_to": to, "availability": count }]);
        assert_eq!(self.availability(count).await.body["meta"]["warnings"], json!([]));
        let rate = json!([{ "property_id": HOTEL, "rate_plan_id": BAR, "date_from": from, "date_to": to, "rate": "100.00" }]);
        assert_eq!(self.restrictions(rate).await.body["meta"]["warnings"], json!([]));
    }

    pub async fn sell(&self, from: &str, to: &str, force: bool) -> Answer {
        let path = format!("/sandbox/properties/{HOTEL}/bookings");
        self.post(&path, json!({ "rooms": [room(from, to)], "force": force }))
            .await
    }

    pub async fn feed(&self) -> Value {
        let query = format!("filter[property_id]={HOTEL}&order[inserted_at]=asc&pagination[limit]=100");
        self.get(&format!("/api/v1/booking_revisions/feed?{query}"))
            .await
            .body
    }

    pub async fn ack(&self, revision_id: &str) -> Answer {
        self.post(&format!("/api/v1/booking_revisions/{revision_id}/ack"), json!({}))
            .await
    }

    pub async fn revisions(&self) -> Vec<Value> {
        let body = self
            .get(&format!("/sandbox/revisions?property_id={HOTEL}"))
            .await
            .body;
        body["revisions"].as_array().unwrap().clone()
    }

    pub async fn calls(&self) -> Vec<Value> {
        let body = self
            .get(&format!("/sandbox/calls?property_id={HOTEL}"))
            .await
            .body;
        body["calls"].as_array().unwrap().clone()
    }
}

pub fn room(from: &str, to: &str) -> Value {
    json!({ "room_type_id": DOUBLE, "rate_plan_id": BAR, "checkin_date": from, "checkout_date": to, "adults": 2 })
}

pub fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap()
}

/// One availability value for the double.
pub fn count(date: &str, availability: i64) -> Value {
    json!({ "property_id": HOTEL, "room_type_id": DOUBLE, "date": date, "availability": availability })
}

#[expect(clippy::disallowed_methods, reason = "compared with the sandbox's clock")]
pub fn now() -> chrono::DateTime<chrono::Utc> {
    chrono::Utc::now()
}

/// Of a channel whose clock is two hours ahead.
pub fn is_ahead(shown: &Value) -> bool {
    let shown = shown.as_str().unwrap().trim_end_matches('Z');
    let shown = shown.parse::<chrono::NaiveDateTime>().unwrap().and_utc();
    shown - now() > chrono::TimeDelta::minutes(110)
}
