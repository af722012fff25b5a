//! A house on sale at the sandbox's portal, which is called and may call, with workers at work.

use crate::support::Server;
use chrono::Duration;
use serde_json::{Value, json};
use tokio_util::sync::{CancellationToken, DropGuard};

/// Longest that anything here may take.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);

pub struct Sale {
    pub server: Server,
    base: String,
    connection: Value,
    /// By which the portal logs in here.
    pub log_in: (String, String),
    _working: DropGuard,
}

impl Sale {
    /// Singles `EZ` and doubles `DZ`, both under the base plan, which is `STD` there.
    pub async fn start() -> Self {
        Self::at(json!({})).await
    }

    /// At a portal that is so.
    pub async fn at(portal: Value) -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let options = innkeep_sandbox::Options::default();
        tokio::spawn(innkeep_sandbox::serve(listener, options, std::future::pending()));
        let server = Server::beside(&address).await;
        let stop = CancellationToken::new();
        server.work(stop.clone());
        let mut sale = Self {
            base: format!("http://{address}"),
            server,
            connection: Value::Null,
            log_in: Default::default(),
            _working: stop.drop_guard(),
        };
        sale.portal(portal).await;
        sale.connect().await;
        sale
    }

    pub async fn portal(&self, more: Value) {
        let mut hotel = json!({ "user": "hotel", "password": "secret", "categories": ["DZ", "EZ"] });
        hotel
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let url = format!("{}/sandbox/alpinebits/hotels/H7", self.base);
        let answer = self.server.http.put(url).json(&hotel).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }

    pub fn connection(&self) -> Value {
        json!({ "property_id": self.server.adler.property_id, "protocol": "alpinebits", "name": "Portal",
                "external_property": "H7", "base_url": format!("{}/alpinebits", self.base),
                "api_key": "hotel:secret", "calls_per_minute": 1000 })
    }

    async fn connect(&mut self) {
        let manager = self.server.manager();
        let made = manager
            .post("/v1/channel-connections", &self.connection())
            .await
            .is(201)
            .body;
        assert_eq!(made["connection"]["receives_ari"], true);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        self.log_in = (text(&made["user_name"]), text(&made["password"]));
        self.connection = made["connection"]["id"].clone();
        let house = &self.server.adler;
        let (single, double) = (house.unit_type("SGL"), house.unit_type("DBL"));
        let rate = |unit_type| json!({ "unit_type_id": unit_type, "rate_plan_id": house.base_plan, "external_id": "STD" });
        let mapping = json!({
            "rooms": [{ "unit_type_id": single, "external_id": "EZ" }, { "unit_type_id": double, "external_id": "DZ" }],
            "rates": [rate(single), rate(double)],
        });
        manager.put(&self.path("mappings"), &mapping).await.is(200);
    }

    pub fn path(&self, below: &str) -> String {
        format!(
            "/v1/channel-connections/{}/{below}",
            self.connection.as_str().unwrap()
        )
    }

    pub async fn get(&self, path: &str) -> Value {
        let url = format!("{}/sandbox/alpinebits/hotels/H7{path}", self.base);
        self.server
            .http
            .get(url)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }

    pub async fn act(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}/sandbox/alpinebits/hotels/H7{path}", self.base);
        let answer = self.server.http.post(url).json(body).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
        answer.json().await.unwrap()
    }

    /// From now on the portal fails like this; `{}` heals.
    pub async fn fail(&self, faults: Value) {
        let url = format!("{}/sandbox/faults", self.base);
        let answer = self.server.http.put(url).json(&faults).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }

    /// Of the night, the portal's doubles: how many are free, and what is said of the plan.
    pub async fn doubles(&self, night: u64) -> (Value, Value) {
        let date = self.server.adler.night(night).to_string();
        let calendar = self.get(&format!("/calendar?from={date}&to={date}")).await;
        let of = |value: &Value| value["DZ"][&date].clone();
        (of(&calendar["free"]), of(&calendar["plans"]["STD"]))
    }

    /// Looks again and again; the clock goes on, so that polls come due.
    pub async fn until(&self, what: &str, holds: impl AsyncFn() -> bool) {
        let seen = async {
            while !holds().await {
                self.server.app.clock.advance(Duration::seconds(5));
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
        };
        assert!(
            tokio::time::timeout(PATIENCE, seen).await.is_ok(),
            "{what}: {}",
            self.status().await
        );
    }

    pub async fn status(&self) -> Value {
        self.server
            .manager()
            .get(&self.path("sync-status"))
            .await
            .is(200)
            .body
    }

    pub async fn bookings(&self) -> Vec<Value> {
        self.server
            .manager()
            .get("/v1/bookings")
            .await
            .is(200)
            .items()
            .to_vec()
    }

    /// Two nights in doubles.
    pub fn stay(&self, night: u64) -> Value {
        let house = &self.server.adler;
        json!({ "category": "DZ", "plan": "STD", "arrival": house.night(night), "departure": house.night(night + 2) })
    }
}
