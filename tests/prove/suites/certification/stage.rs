//! The house of the certification: made, priced, connected and mapped through the API, and what the channel journalled.

use super::values::Product;
use crate::harness::wire::{Wire, request};
use crate::harness::world::World;
use anyhow::{Context, ensure};
use chrono::{Datelike, Days, Months, NaiveDate, Weekday};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use uuid::Uuid;

const NIGHTS: u64 = 500;
/// Nights that cost more.
const WEEKEND: [&str; 2] = ["fri", "sat"];
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Stage {
    api: SocketAddr,
    sandbox: SocketAddr,
    token: String,
    pub property: String,
    pub connection: String,
    business_date: NaiveDate,
    /// Ours, by name: unit types and rate plans.
    ours: BTreeMap<&'static str, String>,
    /// The channel's.
    pub theirs: Theirs,
}

/// Ids that the channel gave.
pub struct Theirs {
    pub property: String,
    rooms: BTreeMap<&'static str, String>,
    rates: BTreeMap<Product, String>,
}

/// A call that the channel got.
#[derive(Debug)]
pub struct Journalled {
    pub sequence: u64,
    pub kind: String,
    pub status: u64,
    pub warnings: usize,
    pub values: Vec<Value>,
}

impl Stage {
    /// Twin (8 units) and Double (6), Best Available Rate and Bed & Breakfast, 500 nights of prices that are higher at
    /// weekends.
    pub async fn furnish(world: &World, title: &str, calls_per_minute: u32) -> anyhow::Result<Self> {
        let token = world.log_in(&world.houses[0]).await?;
        let mut stage = Self {
            api: world.api,
            sandbox: world.sandbox,
            token,
            property: String::new(),
            connection: String::new(),
            business_date: NaiveDate::default(),
            ours: BTreeMap::new(),
            theirs: Theirs {
                property: Uuid::new_v4().to_string(),
                rooms: BTreeMap::new(),
                rates: BTreeMap::new(),
            },
        };
        stage.build(title).await?;
        stage.describe(title, None).await?;
        stage.connect(title, calls_per_minute).await?;
        Ok(stage)
    }

    async fn build(&mut self, title: &str) -> anyhow::Result<()> {
        let new = json!({ "name": title, "kind": "hotel", "zone": "Europe/London", "currency": "USD" });
        let property = self.post("/v1/properties", &new).await?;
        self.property = id(&property)?;
        self.business_date = property["business_date"].as_str().context("no date")?.parse()?;
        let base = format!("/v1/properties/{}", self.property);
        for (key, code, name, units) in [
            ("twin", "TWN", "Twin Room", 8),
            ("double", "DBL", "Double Room", 6),
        ] {
            let new = json!({ "code": code, "name": name, "max_occupancy": 2 });
            let unit_type = id(&self.post(&format!("{base}/unit-types"), &new).await?)?;
            let names: Vec<String> = (1..=units).map(|n| format!("{code}-{n}")).collect();
            let new = json!({ "unit_type_id": unit_type, "names": names });
            self.post(&format!("{base}/units"), &new).await?;
            self.ours.insert(key, unit_type);
        }
        for (key, code, name) in [
            ("bar", "BAR", "Best Available Rate"),
            ("bb", "BB", "Bed & Breakfast Rate"),
        ] {
            let new = json!({ "code": code, "name": name });
            let plan = id(&self.post(&format!("{base}/rate-plans"), &new).await?)?;
            self.ours.insert(key, plan);
        }
        let (first, last) = self.horizon();
        let mut prices = Vec::new();
        for product in Product::ALL {
            prices.push(self.price(product, first, last, product.price(false)));
            let mut higher = self.price(product, first, last, product.price(true));
            merge(&mut higher, &json!({ "weekdays": WEEKEND }));
            prices.push(higher);
        }
        let one_left = self.blocked("double", self.day(25), self.day(25), 5);
        self.change(&json!({ "prices": prices, "availability": [one_left] }))
            .await
    }

    /// The hotel as it stands at the channel.
    async fn describe(&mut self, title: &str, hook: Option<&str>) -> anyhow::Result<()> {
        for room in ["twin", "double"] {
            self.theirs
                .rooms
                .entry(room)
                .or_insert_with(|| Uuid::new_v4().to_string());
        }
        for product in Product::ALL {
            self.theirs
                .rates
                .entry(product)
                .or_insert_with(|| Uuid::new_v4().to_string());
        }
        let rates = |room: &str| -> Vec<Value> {
            let of_room = self.theirs.rates.iter().filter(|(p, _)| p.room == room);
            of_room
                .map(|(p, id)| json!({ "id": id, "title": p.plan }))
                .collect()
        };
        let rooms = self.theirs.rooms.iter();
        let rooms: Vec<Value> = rooms
            .map(|(room, id)| json!({ "id": id, "title": room, "rate_plans": rates(room) }))
            .collect();
        let spec = json!({ "title": title, "currency": "USD", "webhook_url": hook, "room_types": rooms });
        let path = format!("/sandbox/properties/{}", self.theirs.property);
        self.at_sandbox("PUT", &path, &spec).await.map(drop)
    }

    async fn connect(&mut self, title: &str, calls_per_minute: u32) -> anyhow::Result<()> {
        let new = json!({
            "property_id": self.property, "protocol": "channex", "name": title,
            "base_url": format!("http://{}", self.sandbox), "external_property": self.theirs.property,
            "api_key": "staging", "calls_per_minute": calls_per_minute,
        });
        let made = self.post("/v1/channel-connections", &new).await?;
        self.connection = id(&made["connection"])?;
        let hook = made["hook_path"].as_str().context("no hook")?;
        let hook = format!("http://{}{hook}", self.api);
        self.describe(title, Some(&hook)).await?;
        let rooms = self.theirs.rooms.iter();
        let rooms: Vec<Value> = rooms
            .map(|(room, external)| json!({ "unit_type_id": self.ours[room], "external_id": external }))
            .collect();
        let rates = self.theirs.rates.iter();
        let rates: Vec<Value> = rates
            .map(|(p, external)| {
                json!({ "unit_type_id": self.ours[p.room], "rate_plan_id": self.ours[p.plan], "external_id": external })
            })
            .collect();
        let path = format!("/v1/channel-connections/{}/mappings", self.connection);
        self.call("PUT", &path, &json!({ "rooms": rooms, "rates": rates }))
            .await
            .map(drop)
    }

    /// Of the month after the next: all of it, and half a year behind it, is in what channels are told.
    pub fn day(&self, number: u64) -> NaiveDate {
        let month = self.business_date.with_day(1).unwrap_or(self.business_date) + Months::new(2);
        month + Days::new(number - 1)
    }

    pub fn horizon(&self) -> (NaiveDate, NaiveDate) {
        (self.business_date, self.business_date + Days::new(NIGHTS - 1))
    }

    /// Runs of nights of one price, from the first to the last: whether they are a weekend's.
    pub fn weeks(&self) -> Vec<(NaiveDate, NaiveDate, bool)> {
        let (first, last) = self.horizon();
        let mut runs: Vec<(NaiveDate, NaiveDate, bool)> = Vec::new();
        for night in first.iter_days().take_while(|night| *night <= last) {
            let weekend = matches!(night.weekday(), Weekday::Fri | Weekday::Sat);
            match runs.last_mut() {
                Some(run) if run.2 == weekend => run.1 = night,
                _ => runs.push((night, night, weekend)),
            }
        }
        runs
    }

    pub fn price(&self, product: Product, from: NaiveDate, to: NaiveDate, amount: &str) -> Value {
        json!({ "unit_type_id": self.ours[product.room], "rate_plan_id": self.ours[product.plan],
                "from": from, "to": to, "price": { "amount": amount, "currency": "USD" } })
    }

    pub fn restriction(&self, product: Product, from: NaiveDate, to: NaiveDate, fields: &Value) -> Value {
        let mut entry = json!({ "unit_type_id": self.ours[product.room], "rate_plan_id": self.ours[product.plan],
                                "from": from, "to": to });
        merge(&mut entry, fields);
        entry
    }

    pub fn blocked(&self, room: &str, from: NaiveDate, to: NaiveDate, units: u32) -> Value {
        json!({ "unit_type_id": self.ours[room], "from": from, "to": to, "blocked": units })
    }

    /// One room here, for a night.
    pub fn stay(&self, room: &str, arrival: NaiveDate) -> Value {
        json!({ "property_id": self.property, "booker": { "name": "Ada Lovelace" }, "rooms": [{
            "unit_type_id": self.ours[room], "rate_plan_id": self.ours["bar"],
            "arrival": arrival, "departure": arrival + Days::new(1), "adults": 2 }] })
    }

    /// One room at the channel, for a night.
    pub fn sold(&self, product: Product, arrival: NaiveDate) -> Value {
        json!({ "rooms": [{
            "room_type_id": self.theirs.rooms[product.room], "rate_plan_id": self.theirs.rates[&product],
            "checkin_date": arrival, "checkout_date": arrival + Days::new(1), "adults": 2 }] })
    }

    /// A value of an availability call.
    pub fn free(&self, room: &str, from: NaiveDate, last: NaiveDate, units: i64) -> Value {
        let mut value = json!({ "property_id": self.theirs.property, "room_type_id": self.theirs.rooms[room],
                                "availability": units });
        merge(&mut value, &span(from, last));
        value
    }

    /// A value of a restrictions call.
    pub fn rate(&self, product: Product, from: NaiveDate, last: NaiveDate, told: Value) -> Value {
        let mut value =
            json!({ "property_id": self.theirs.property, "rate_plan_id": self.theirs.rates[&product] });
        merge(&mut value, &span(from, last));
        merge(&mut value, &told);
        value
    }

    pub async fn change(&self, change: &Value) -> anyhow::Result<()> {
        let path = format!("/v1/properties/{}/ari", self.property);
        self.call("PATCH", &path, change).await.map(drop)
    }

    pub async fn status(&self) -> anyhow::Result<Value> {
        let path = format!("/v1/channel-connections/{}/sync-status", self.connection);
        self.call("GET", &path, &Value::Null).await
    }

    /// What the channel was told after that call, once nothing is left to be told.
    pub async fn settled(&self, since: u64) -> anyhow::Result<Vec<Journalled>> {
        let begun = Instant::now();
        loop {
            let status = self.status().await?;
            if status["waiting"] == 0 && status["in_flight"] == 0 && status["converged"] != 0 {
                return self.calls(since).await;
            }
            ensure!(begun.elapsed() < PATIENCE, "not told: {status}");
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    pub async fn calls(&self, since: u64) -> anyhow::Result<Vec<Journalled>> {
        let path = format!(
            "/sandbox/calls?property_id={}&since={since}&bodies=true",
            self.theirs.property
        );
        let body = self.at_sandbox("GET", &path, &Value::Null).await?;
        let calls = body["calls"].as_array().context("no calls")?;
        calls.iter().map(Journalled::read).collect()
    }

    pub async fn last_call(&self) -> anyhow::Result<u64> {
        Ok(self.calls(0).await?.last().map_or(0, |c| c.sequence))
    }

    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.call("POST", path, body).await
    }

    pub async fn call(&self, method: &str, path: &str, body: &Value) -> anyhow::Result<Value> {
        exchange(self.api, method, path, &self.token, body).await
    }

    pub async fn at_sandbox(&self, method: &str, path: &str, body: &Value) -> anyhow::Result<Value> {
        exchange(self.sandbox, method, path, "", body).await
    }
}

impl Journalled {
    fn read(call: &Value) -> anyhow::Result<Self> {
        Ok(Self {
            sequence: call["sequence"].as_u64().context("no sequence")?,
            kind: call["kind"].as_str().context("no kind")?.to_owned(),
            status: call["status"].as_u64().unwrap_or_default(),
            warnings: call["warnings"].as_array().map_or(0, Vec::len),
            values: call["body"]["values"].as_array().context("no values")?.clone(),
        })
    }
}

async fn exchange(
    address: SocketAddr,
    method: &str,
    path: &str,
    token: &str,
    body: &Value,
) -> anyhow::Result<Value> {
    let text = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let mut wire = Wire::open(address).await?;
    let reply = wire.call(&request(method, path, token, "", &text)).await?;
    let said = String::from_utf8_lossy(&reply.body).into_owned();
    ensure!(
        (200..300).contains(&reply.status),
        "{method} {path}: {} {said}",
        reply.status
    );
    Ok(reply.json())
}

/// `date` for a night, otherwise both ends.
fn span(from: NaiveDate, last: NaiveDate) -> Value {
    if from == last {
        json!({ "date": from })
    } else {
        json!({ "date_from": from, "date_to": last })
    }
}

fn merge(into: &mut Value, more: &Value) {
    if let (Some(into), Some(more)) = (into.as_object_mut(), more.as_object()) {
        into.extend(more.clone());
    }
}

fn id(of: &Value) -> anyhow::Result<String> {
    Ok(of["id"]
        .as_str()
        .with_context(|| format!("no id in {of}"))?
        .to_owned())
}
