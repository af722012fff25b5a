//! A house on sale at the sandbox: what the channel believes, what its guests do, and whether both sides agree.

use super::world::World;
use anyhow::{Context, ensure};
use chrono::{DateTime, Days, NaiveDate, Utc};
use innkeep_domain::channel::connection::{self, Mapping, NewConnection, SYNC_DAYS};
use innkeep_domain::clock::Clock;
use innkeep_domain::ports::channel::Way;
use innkeep_domain::testing::House;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use sqlx::Row;
use std::collections::BTreeMap;
use std::time::Duration;
use uuid::Uuid;

pub struct Channel {
    pub connection: Uuid,
    /// The sandbox's property; its room types and rate plans carry Innkeep's own ids, which need no table.
    pub property: String,
    base: String,
    http: reqwest::Client,
    house: House,
}

/// (unit type, night) -> units.
pub type Cells = BTreeMap<(Uuid, NaiveDate), i64>;

impl Channel {
    /// Puts the house up at the sandbox, without limits on its calls, and connects and maps it.
    pub async fn connect(world: &World, house: &House) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(10))
            .build()?;
        let property = house.property_id.to_string();
        let base = format!("http://{}", world.sandbox);
        let mut channel = Self {
            connection: Uuid::nil(),
            property,
            base,
            http,
            house: house.clone(),
        };
        let mut tx = world.db.begin(house.tenant).await?;
        let now = Clock::System.now();
        let new = NewConnection {
            property_id: house.property_id,
            protocol: "channex".into(),
            name: "Sandbox".into(),
            base_url: Some(channel.base.clone()),
            external_property: Some(channel.property.clone()),
            api_key: Some("key".into()),
            safety_buffer: 0,
            calls_per_minute: 10_000,
            terms: connection::Terms::default(),
        };
        let created = connection::create(&mut tx, &house.owner(), new, Way::Called, now).await?;
        channel.connection = created.connection.id;
        let hook = format!("http://{}/hooks/channels/{}", world.api, created.endpoint_token);
        channel
            .put(
                &format!("/sandbox/properties/{}", channel.property),
                channel.description(&hook),
            )
            .await?;
        channel.faults(json!({})).await?;
        let mapping = channel.mapping();
        connection::set_mapping(&mut tx, &house.owner(), channel.connection, &mapping, now).await?;
        tx.commit().await?;
        Ok(channel)
    }

    fn description(&self, hook: &str) -> Value {
        let rate = |unit_type: Uuid| json!({ "id": rate_id(unit_type), "title": "Best rate" });
        let rooms: Vec<Value> = self
            .house
            .unit_types
            .iter()
            .map(|u| json!({ "id": u.id, "title": u.name, "rate_plans": [rate(u.id)] }))
            .collect();
        json!({ "title": "House", "currency": "EUR", "webhook_url": hook, "room_types": rooms })
    }

    fn mapping(&self) -> Mapping {
        let ids = || self.house.unit_types.iter().map(|u| u.id);
        Mapping {
            rooms: ids().map(|id| (id, id.to_string())).collect(),
            rates: ids()
                .map(|id| ((id, self.house.base_plan), rate_id(id)))
                .collect(),
        }
    }

    /// Replaces the sandbox's faults; its limit on calls stays lifted unless `faults` names one.
    pub async fn faults(&self, mut faults: Value) -> anyhow::Result<()> {
        if faults.get("rate_limit").is_none() {
            faults["rate_limit"] = Value::Null;
        }
        self.put("/sandbox/faults", faults).await.map(|_| ())
    }

    async fn put(&self, path: &str, body: Value) -> anyhow::Result<Value> {
        let answer = self
            .http
            .put(format!("{}{path}", self.base))
            .json(&body)
            .send()
            .await?;
        ensure!(
            answer.status().is_success(),
            "{path}: {} {}",
            answer.status(),
            answer.text().await?
        );
        Ok(answer.json().await?)
    }

    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        Ok(self
            .http
            .get(format!("{}{path}", self.base))
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?)
    }

    /// A guest's act; the status and the body, for a refusal is an answer too.
    pub async fn act(&self, path: &str, body: &Value) -> anyhow::Result<(u16, Value)> {
        let answer = self
            .http
            .post(format!("{}/sandbox{path}", self.base))
            .json(body)
            .send()
            .await?;
        Ok((
            answer.status().as_u16(),
            answer.json().await.unwrap_or(Value::Null),
        ))
    }

    /// A guest books one room at the channel.
    pub async fn sell(&self, unit_type: Uuid, from: NaiveDate, nights: u64) -> anyhow::Result<(u16, Value)> {
        let body = json!({ "rooms": [self.room(unit_type, from, nights)] });
        self.act(&format!("/properties/{}/bookings", self.property), &body)
            .await
    }

    pub fn room(&self, unit_type: Uuid, from: NaiveDate, nights: u64) -> Value {
        json!({ "room_type_id": unit_type, "rate_plan_id": rate_id(unit_type), "checkin_date": from,
                "checkout_date": from + Days::new(nights), "adults": 2 })
    }

    pub async fn revisions(&self) -> anyhow::Result<Vec<Value>> {
        let body = self
            .get(&format!("/sandbox/revisions?property_id={}", self.property))
            .await?;
        body["revisions"].as_array().cloned().context("no revisions")
    }

    /// Pushes after a sequence number, without their bodies.
    pub async fn calls(&self, since: u64) -> anyhow::Result<Vec<Value>> {
        let path = format!(
            "/sandbox/calls?property_id={}&since={since}&bodies=false",
            self.property
        );
        self.get(&path).await?["calls"]
            .as_array()
            .cloned()
            .context("no calls")
    }

    /// What the channel believes; -1 where it was never told.
    pub async fn believed(&self) -> anyhow::Result<Cells> {
        let (from, to) = self.horizon();
        let path = format!(
            "/sandbox/properties/{}/calendar?from={from}&to={to}",
            self.property
        );
        let calendar = self.get(&path).await?;
        let mut cells = Cells::new();
        for room in calendar["room_types"].as_array().context("no room types")? {
            let id: Uuid = room["id"].as_str().context("no id")?.parse()?;
            for (night, cell) in room["dates"].as_object().context("no dates")? {
                cells.insert((id, night.parse()?), cell["availability"].as_i64().unwrap_or(-1));
            }
        }
        Ok(cells)
    }

    /// What is true, from the counters themselves.
    pub async fn true_cells(&self, world: &World) -> anyhow::Result<Cells> {
        let (from, to) = self.horizon();
        let rows = sqlx::query(
            "select unit_type_id, night,
                    greatest(0, capacity + overbooking_limit - out_of_order - blocked - held - sold)::bigint as free
             from inventory where tenant_id = $1 and night between $2 and $3",
        )
        .bind(self.house.tenant.0)
        .bind(from)
        .bind(to)
        .fetch_all(&mut world.database.superuser().await?)
        .await?;
        rows.iter()
            .map(|r| Ok(((r.try_get(0)?, r.try_get(1)?), r.try_get(2)?)))
            .collect()
    }

    /// Nights the channel is told about, both included.
    fn horizon(&self) -> (NaiveDate, NaiveDate) {
        (
            self.house.business_date,
            self.house.business_date + Days::new(SYNC_DAYS - 1),
        )
    }

    /// Cells on which the two sides disagree.
    pub async fn differences(&self, world: &World) -> anyhow::Result<usize> {
        let (believed, truth) = (self.believed().await?, self.true_cells(world).await?);
        Ok(truth
            .iter()
            .filter(|(cell, free)| believed.get(cell) != Some(free))
            .count())
    }

    /// Nights of which the channel believes another price than the base plan's.
    pub async fn rates_differing(&self, world: &World, house: &House) -> anyhow::Result<usize> {
        let (from, to) = self.horizon();
        let path = format!(
            "/sandbox/properties/{}/calendar?from={from}&to={to}",
            self.property
        );
        let calendar = self.get(&path).await?;
        let prices: Vec<(Uuid, NaiveDate, Decimal)> = sqlx::query_as(
            "select unit_type_id, night, price from rate_night
             where tenant_id = $1 and rate_plan_id = $2 and price > 0 and night between $3 and $4",
        )
        .bind(house.tenant.0)
        .bind(house.base_plan)
        .bind(from)
        .bind(to)
        .fetch_all(&mut world.database.superuser().await?)
        .await?;
        let mut believed = BTreeMap::new();
        for room in calendar["room_types"].as_array().context("no room types")? {
            let id: Uuid = room["id"].as_str().context("no id")?.parse()?;
            let nights = room["rate_plans"][0]["dates"].as_object().context("no rates")?;
            for (night, cell) in nights {
                let rate: Option<Decimal> = cell["rate"].as_str().and_then(|rate| rate.parse().ok());
                believed.insert((id, night.parse()?), rate);
            }
        }
        let differs = |(unit_type, night, price): &&(Uuid, NaiveDate, Decimal)| {
            believed.get(&(*unit_type, *night)) != Some(&Some(*price))
        };
        Ok(prices.iter().filter(differs).count())
    }

    /// The first few cells on which the two sides disagree, with what Innkeep thinks the channel believes.
    pub async fn explain(&self, world: &World) -> anyhow::Result<String> {
        let (believed, truth) = (self.believed().await?, self.true_cells(world).await?);
        let mut conn = world.database.superuser().await?;
        let mut lines = Vec::new();
        for (cell, free) in truth
            .iter()
            .filter(|(cell, free)| believed.get(cell) != Some(free))
            .take(5)
        {
            let shadow: Option<(Option<Value>, DateTime<Utc>)> = sqlx::query_as(
                "select accepted, changed_at from ari_shadow
                 where connection_id = $1 and unit_type_id = $2 and night = $3 and rate_plan_id = $4",
            )
            .bind(self.connection)
            .bind(cell.0)
            .bind(cell.1)
            .bind(Uuid::nil())
            .fetch_optional(&mut conn)
            .await?;
            let told = believed.get(cell).copied().unwrap_or(-1);
            lines.push(format!(
                "{}: the channel believes {told}, true is {free}, shadow {shadow:?}",
                cell.1
            ));
        }
        Ok(lines.join("; "))
    }

    /// Revisions the channel still waits to have acknowledged.
    pub async fn unacknowledged(&self) -> anyhow::Result<usize> {
        Ok(self.revisions().await?.iter().filter(|r| r["acks"] == 0).count())
    }

    /// Waits until both sides agree on every cell and revision; what is left after `limit` is returned.
    pub async fn converge(&self, world: &World, limit: Duration) -> anyhow::Result<Converged> {
        let begun = std::time::Instant::now();
        let mut acknowledged = None;
        loop {
            let (differing, waiting) = (self.differences(world).await?, self.unacknowledged().await?);
            let took = begun.elapsed();
            acknowledged = acknowledged.or((waiting == 0).then_some(took));
            if (differing == 0 && waiting == 0) || took > limit {
                return Ok(Converged {
                    differing,
                    waiting,
                    took,
                    acknowledged: acknowledged.unwrap_or(took),
                });
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

#[derive(Debug)]
pub struct Converged {
    pub differing: usize,
    pub waiting: usize,
    pub took: Duration,
    /// When the last revision was acknowledged.
    pub acknowledged: Duration,
}

fn rate_id(unit_type: Uuid) -> String {
    // Another id made of the same bits: one rate plan per room type at the channel.
    Uuid::from_u128(unit_type.as_u128() ^ 1).to_string()
}
