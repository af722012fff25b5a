//! A portal that we call, too: a house on sale at the sandbox's portal, with workers at work.

use crate::support::{Server, booking, room};
use chrono::Duration;
use serde_json::{Value, json};
use tokio_util::sync::{CancellationToken, DropGuard};

/// Longest that anything here may take.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);

struct Sale {
    server: Server,
    base: String,
    connection: Value,
    /// By which the portal logs in here.
    log_in: (String, String),
    _working: DropGuard,
}

impl Sale {
    /// Singles `EZ` and doubles `DZ`, both under the base plan, which is `STD` there.
    async fn start() -> Self {
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
        sale.portal(json!({})).await;
        sale.connect().await;
        sale
    }

    async fn portal(&self, more: Value) {
        let mut hotel = json!({ "user": "hotel", "password": "secret", "categories": ["DZ", "EZ"] });
        hotel
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let url = format!("{}/sandbox/alpinebits/hotels/H7", self.base);
        let answer = self.server.http.put(url).json(&hotel).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }

    fn connection(&self) -> Value {
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

    fn path(&self, below: &str) -> String {
        format!(
            "/v1/channel-connections/{}/{below}",
            self.connection.as_str().unwrap()
        )
    }

    async fn get(&self, path: &str) -> Value {
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

    async fn act(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}/sandbox/alpinebits/hotels/H7{path}", self.base);
        let answer = self.server.http.post(url).json(body).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
        answer.json().await.unwrap()
    }

    /// Of the night, the portal's doubles: how many are free, and what is said of the plan.
    async fn doubles(&self, night: u64) -> (Value, Value) {
        let date = self.server.adler.night(night).to_string();
        let calendar = self.get(&format!("/calendar?from={date}&to={date}")).await;
        let of = |value: &Value| value["DZ"][&date].clone();
        (of(&calendar["free"]), of(&calendar["plans"]["STD"]))
    }

    /// Looks again and again; the clock goes on, so that polls come due.
    async fn until(&self, what: &str, holds: impl AsyncFn() -> bool) {
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

    async fn status(&self) -> Value {
        self.server
            .manager()
            .get(&self.path("sync-status"))
            .await
            .is(200)
            .body
    }

    async fn bookings(&self) -> Vec<Value> {
        self.server
            .manager()
            .get("/v1/bookings")
            .await
            .is(200)
            .items()
            .to_vec()
    }

    /// Two nights in doubles.
    fn stay(&self, night: u64) -> Value {
        let house = &self.server.adler;
        json!({ "category": "DZ", "plan": "STD", "arrival": house.night(night), "departure": house.night(night + 2) })
    }
}

#[tokio::test]
async fn the_portal_believes_what_is_true_whatever_is_sold_where() {
    let sale = Sale::start().await;
    let house = &sale.server.adler;
    sale.until("told at first", async || {
        sale.doubles(4).await.0.is_number() && sale.doubles(4).await.1.is_object()
    })
    .await;
    let free = sale.doubles(4).await.0.as_i64().unwrap();
    // Sold here.
    let manager = sale.server.manager();
    manager
        .post("/v1/bookings", &booking(house, &[room(house, "DBL", 4, 1)]))
        .await
        .is(201);
    sale.until("one fewer", async || sale.doubles(4).await.0 == json!(free - 1))
        .await;
    // Sold there, and told back.
    let sold = sale.act("/reservations", &sale.stay(4)).await;
    sale.until("two fewer", async || sale.doubles(4).await.0 == json!(free - 2))
        .await;
    assert_eq!(sale.bookings().await.len(), 2);
    let acknowledged = async || sale.get("/reservations").await["reservations"][0]["acknowledged"] == true;
    sale.until("acknowledged", acknowledged).await;
    // And cancelled there.
    let id = sold["id"].as_str().unwrap();
    sale.act(&format!("/reservations/{id}/cancel"), &json!({})).await;
    sale.until("free again", async || sale.doubles(4).await.0 == json!(free - 1))
        .await;
    let status = sale.status().await;
    assert_eq!(
        (&status["alarmed"], &status["parked"]),
        (&json!(0), &json!(0)),
        "{status}"
    );
}

#[tokio::test]
async fn prices_and_closures_are_told() {
    let sale = Sale::start().await;
    let house = &sale.server.adler;
    sale.until("told at first", async || {
        sale.doubles(6).await.1["price"].is_string()
    })
    .await;
    let night = house.night(6).to_string();
    let entry = |more: Value| {
        let mut entry = json!({ "unit_type_id": house.unit_type("DBL"), "rate_plan_id": house.base_plan,
                                "from": night, "to": night });
        entry
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        entry
    };
    let change = json!({
        "prices": [entry(json!({ "price": { "amount": "222.00", "currency": "EUR" } }))],
        "restrictions": [entry(json!({ "min_stay_arrival": 3, "closed_to_arrival": true }))],
    });
    let path = format!("/v1/properties/{}/ari", house.property_id);
    let manager = sale.server.manager();
    manager.patch(&path, &change).await.is(200);
    sale.until("changed", async || {
        let said = sale.doubles(6).await.1;
        said["price"] == "222.00" && said["min_stay_arrival"] == 3 && said["arrival"] == false
    })
    .await;
    let close = json!({ "restrictions": [entry(json!({ "stop_sell": true }))] });
    manager.patch(&path, &close).await.is(200);
    sale.until("closed", async || sale.doubles(6).await.1["open"] == false)
        .await;
}

#[tokio::test]
async fn a_portal_that_we_call_may_push_too() {
    let sale = Sale::start().await;
    sale.until("told at first", async || {
        sale.doubles(4).await.1["price"].is_string()
    })
    .await;
    let url = format!("http://{}/alpinebits", sale.server.address);
    let push = json!({ "url": url, "user": sale.log_in.0, "password": sale.log_in.1 });
    sale.portal(json!({ "push": push })).await;
    let sold = sale.act("/reservations", &sale.stay(4)).await;
    assert_eq!(sold["acknowledged"], true);
    sale.until("applied", async || sale.bookings().await.len() == 1)
        .await;
}

#[tokio::test]
async fn a_cancellation_of_what_nobody_heard_of_is_kept_and_alerted() {
    let sale = Sale::start().await;
    let priced = async || sale.doubles(4).await.1["price"].is_string();
    sale.until("told at first", priced).await;
    let manager = sale.server.manager();
    manager.act(&sale.path("actions/pause")).await.is(200);
    let id = sale.act("/reservations", &sale.stay(4)).await["id"].clone();
    let cancel = format!("/reservations/{}/cancel", id.as_str().unwrap());
    sale.act(&cancel, &json!({})).await;
    manager.act(&sale.path("actions/resume")).await.is(200);
    let acknowledged = async || {
        let all = sale.get("/reservations").await["reservations"].clone();
        all[0]["status"] == "Cancelled" && all[0]["acknowledged"] == true
    };
    sale.until("acknowledged", acknowledged).await;
    let alerts = manager.get("/v1/alerts").await.is(200);
    let kinds: Vec<_> = alerts.items().iter().map(|alert| alert["kind"].clone()).collect();
    assert_eq!(kinds, [json!("unknown_cancellation")]);
}

#[tokio::test]
async fn a_portal_that_lost_everything_is_told_everything_once() {
    let sale = Sale::start().await;
    let told = async || sale.doubles(4).await.0.is_number() && sale.doubles(100).await.1["price"].is_string();
    sale.until("told at first", told).await;
    sale.act("/forget", &json!({})).await;
    let house = &sale.server.adler;
    sale.server
        .manager()
        .post("/v1/bookings", &booking(house, &[room(house, "DBL", 4, 1)]))
        .await
        .is(201);
    let again = async || {
        let (free, plan) = sale.doubles(100).await;
        free.is_number() && plan["price"].is_string()
    };
    sale.until("told again", again).await;
    let alerts = sale.server.manager().get("/v1/alerts").await.is(200);
    assert!(alerts.items().is_empty(), "{:?}", alerts.items());
}

#[tokio::test]
async fn an_address_needs_a_log_in_and_codes_are_of_one_plan() {
    let sale = Sale::start().await;
    let manager = sale.server.manager();
    for key in [json!("secret"), json!(":secret"), Value::Null] {
        let mut new = sale.connection();
        new["api_key"] = key;
        manager
            .post("/v1/channel-connections", &new)
            .await
            .problem(422, "missing_field");
    }
    let house = &sale.server.adler;
    let double = house.unit_type("DBL");
    let rate = |plan| json!({ "unit_type_id": double, "rate_plan_id": plan, "external_id": "STD" });
    let mapping = json!({ "rooms": [{ "unit_type_id": double, "external_id": "DZ" }],
                          "rates": [rate(house.base_plan), rate(house.derived_plan)] });
    manager
        .put(&sale.path("mappings"), &mapping)
        .await
        .problem(422, "mapped_twice");
}
