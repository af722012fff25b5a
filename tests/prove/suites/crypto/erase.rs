//! A guest with canaries in every record is erased: none of them is left in the database, in Redis, in the queue, in logs
//! or in an answer; what tax law asks for is.

use crate::harness::process::until;
use crate::harness::tally::booking;
use crate::harness::verdict::Verdict;
use crate::harness::wire::{Wire, request};
use crate::harness::world::World;
use anyhow::{Context, ensure};
use innkeep_domain::channel::connection::{self, NewConnection};
use innkeep_domain::channel::inbox;
use innkeep_domain::clock::Clock;
use innkeep_domain::jobs;
use innkeep_domain::ports::channel::{RawMessage, Way};
use innkeep_domain::testing::House;
use innkeep_domain::vault::Place;
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

/// Where each one is planted.
const CANARIES: [&str; 24] = [
    "first name",
    "last name",
    "e-mail",
    "street",
    "document number",
    "preference",
    "notes",
    "blacklist reason",
    "merged profile's notes",
    "merged profile's e-mail",
    "vehicle plate",
    "purpose of stay",
    "booker's name",
    "booker's e-mail",
    "booking's notes",
    "name of the stay",
    "name of the stay before",
    "needed feature",
    "reason to override",
    "channel's message",
    "booker's phone",
    "waiting message's name",
    "waiting message's notes",
    "waiting message's guest",
];
/// Fields of the API that must answer the same after the guest was erased.
const FISCAL: [&str; 5] = ["reference", "status", "total", "source", "created_at"];

struct Hotel {
    wire: Wire,
    token: String,
    house: House,
    /// One word for each place, found nowhere else.
    words: Vec<String>,
}

pub async fn run(world: &mut World, verdict: &mut Verdict) -> anyhow::Result<()> {
    world.serve(true).await?;
    let house = world.houses[0].clone();
    let word = |place| match place {
        // Fifteen digits, as many as a number may have. One that began with zeros would be kept without them.
        "booker's phone" => format!("9{:014}", Uuid::new_v4().as_u128() % 10_u128.pow(14)),
        _ => format!("canary{}", Uuid::new_v4().simple()),
    };
    let mut hotel = Hotel {
        wire: world.wire().await?,
        token: world.log_in(&house).await?,
        house,
        words: CANARIES.map(word).to_vec(),
    };
    let guest = hotel.plant_guest().await?;
    let bookings = [
        hotel.plant_booking(&guest).await?,
        hotel.plant_message(world, &guest).await?,
    ];
    hotel.plant_waiting(world).await?;
    hotel.planted(world, &guest, verdict).await?;
    let path = format!("/v1/guests/{guest}/actions/erase");
    let reason = json!({ "reason": "asked by letter" });
    let refused = hotel.wire.post(&path, &hotel.token, &reason).await?;
    let live = (refused.status, refused.code());
    verdict.demand(
        live == (409, "guest_has_stays".into()),
        format!("a guest with a stay to come: {live:?}"),
    );
    let mut before = Vec::new();
    for id in &bookings {
        hotel
            .post(&format!("/v1/bookings/{id}/actions/cancel"), &Value::Null)
            .await?;
        before.push(hotel.get(&format!("/v1/bookings/{id}")).await?);
    }
    let erased = hotel.post(&path, &reason).await?;
    verdict.demand(erased["erased_at"].is_string(), "the answer does not say when");
    let answers = hotel.answers(&guest, &bookings).await?;
    hotel.nothing_left(world, &answers, verdict).await?;
    hotel.waiting_is_applied(world, verdict).await?;
    let mut kept = true;
    for (id, before) in bookings.iter().zip(&before) {
        let after = hotel.get(&format!("/v1/bookings/{id}")).await?;
        kept &= FISCAL.iter().all(|field| after[field] == before[field]);
        kept &= after["reservations"][0]["nights"] == before["reservations"][0]["nights"];
    }
    verdict.demand(kept, "a fiscal fact has changed");
    verdict.figure(format!("kept: {} and nights of each booking", FISCAL.join(", ")));
    world.stop_all().await
}

impl Hotel {
    fn word(&self, place: &str) -> String {
        let at = CANARIES.iter().position(|p| *p == place);
        at.map_or_else(String::new, |i| self.words[i].clone())
    }

    /// With an Idempotency-Key, so that the answer is kept.
    async fn call(&mut self, method: &str, path: &str, body: &Value) -> anyhow::Result<Value> {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let key = format!("idempotency-key: {}\r\n", Uuid::new_v4());
        let extra = if method == "GET" { "" } else { &key };
        let reply = self
            .wire
            .call_again(&request(method, path, &self.token, extra, &body))
            .await?;
        let said = String::from_utf8_lossy(&reply.body).into_owned();
        ensure!(reply.status < 300, "{method} {path}: {} {said}", reply.status);
        Ok(reply.json())
    }

    async fn post(&mut self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.call("POST", path, body).await
    }

    async fn get(&mut self, path: &str) -> anyhow::Result<Value> {
        self.call("GET", path, &Value::Null).await
    }

    async fn plant_guest(&mut self) -> anyhow::Result<String> {
        let guest = json!({
            "first_name": self.word("first name"), "last_name": self.word("last name"),
            "email": format!("{}@example.com", self.word("e-mail")), "phone": "+49 30 90182099",
            "address": { "street": self.word("street") },
            "document": { "kind": "passport", "number": self.word("document number") },
            "preferences": [self.word("preference")], "notes": self.word("notes"),
            "blacklist_reason": self.word("blacklist reason"),
        });
        let guest = id(&self.post("/v1/guests", &guest).await?)?;
        let other = json!({
            "last_name": "Double", "notes": self.word("merged profile's notes"),
            "email": format!("{}@example.com", self.word("merged profile's e-mail")),
        });
        let other = id(&self.post("/v1/guests", &other).await?)?;
        let merge = json!({ "other_id": other });
        self.post(&format!("/v1/guests/{guest}/actions/merge"), &merge)
            .await?;
        Ok(guest)
    }

    /// Booked by force, its guest's name changed, registered, with needs.
    async fn plant_booking(&mut self, guest: &str) -> anyhow::Result<String> {
        let mut new = booking(
            &self.house,
            self.house.unit_types[1].id,
            20,
            2,
            &self.word("booker's name"),
        );
        new["booker"]["email"] = json!(format!("{}@example.com", self.word("booker's e-mail")));
        new["booker"]["phone"] = json!(format!("+{}", self.word("booker's phone")));
        new["notes"] = json!(self.word("booking's notes"));
        new["rooms"][0]["guest_name"] = json!(self.word("name of the stay before"));
        let forced = json!({ "booking": new, "reason": self.word("reason to override") });
        let made = self.post("/v1/bookings/actions/force-book", &forced).await?;
        let stay = id(&made["reservations"][0])?;
        let renamed = json!({ "guest_name": self.word("name of the stay") });
        self.post(&format!("/v1/reservations/{stay}/actions/amend"), &renamed)
            .await?;
        let needs = json!({ "features": [self.word("needed feature")] });
        self.call("PATCH", &format!("/v1/reservations/{stay}/needs"), &needs)
            .await?;
        self.register(&stay, guest).await?;
        id(&made)
    }

    async fn register(&mut self, stay: &str, guest: &str) -> anyhow::Result<()> {
        let registration = json!({
            "vehicle_plate": self.word("vehicle plate"), "purpose": self.word("purpose of stay"),
        });
        let guests =
            json!({ "guests": [{ "guest_id": guest, "role": "primary", "registration": registration }] });
        self.call("PUT", &format!("/v1/reservations/{stay}/guests"), &guests)
            .await?;
        Ok(())
    }

    /// A channel's booking, applied from its message.
    async fn plant_message(&mut self, world: &World, guest: &str) -> anyhow::Result<String> {
        let (who, now) = (self.house.owner(), Clock::System.now());
        let mut tx = world.db.begin(self.house.tenant).await?;
        let new = NewConnection {
            property_id: self.house.property_id,
            protocol: "webhook".into(),
            name: "Agent".into(),
            base_url: None,
            external_property: None,
            api_key: None,
            safety_buffer: 0,
            calls_per_minute: 60,
            terms: connection::Terms::default(),
        };
        let connection = connection::create(&mut tx, &who, new, Way::Signs, now)
            .await?
            .connection
            .id;
        let night = |n| self.house.night(n);
        let raw = json!({ "event": "booking.new", "booking": {
            "id": "A-1", "revision": "1", "revised_at": now, "code": "A1", "sold_by": "Agent", "currency": "EUR",
            "total": "80.00", "booker": { "name": self.word("last name") }, "notes": self.word("channel's message"),
            "rooms": [{ "id": "1", "arrival": night(30), "departure": night(31), "adults": 1,
                        "nights": [{ "date": night(30), "price": "80.00" }] }] } });
        let message = RawMessage {
            message_id: "1".into(),
            raw: raw.to_string(),
        };
        inbox::store(&mut tx, connection, &[message], now).await?;
        jobs::kick(&mut tx).await?;
        tx.commit().await?;
        let sql = "select b.id::text, r.id::text from booking b join reservation r on r.booking_id = b.id
                   where b.channel_ref = 'A-1'";
        let applied = || async {
            let Ok(mut tx) = world.db.begin(self.house.tenant).await else {
                return None;
            };
            sqlx::query_as::<_, (String, String)>(sql)
                .fetch_optional(&mut *tx)
                .await
                .ok()?
        };
        until(Duration::from_secs(20), "the message is applied", || async {
            applied().await.is_some()
        })
        .await?;
        let (booking, stay) = applied().await.context("the booking is gone")?;
        self.register(&stay, guest).await?;
        Ok(booking)
    }

    /// News of the same channel that no worker takes up before tomorrow.
    async fn plant_waiting(&self, world: &World) -> anyhow::Result<()> {
        let now = Clock::System.now();
        let mut tx = world.db.begin(self.house.tenant).await?;
        let connection = sqlx::query_scalar("select connection_id from inbox where message_id = '1'")
            .fetch_one(&mut *tx)
            .await?;
        let night = |n| self.house.night(n);
        let email = format!("{}@example.com", self.word("e-mail"));
        let raw = json!({ "event": "booking.new", "booking": {
            "id": "A-2", "revision": "1", "revised_at": now, "code": "A2", "sold_by": "Agent", "currency": "EUR",
            "total": "80.00", "booker": { "name": self.word("waiting message's name"), "email": email },
            "notes": self.word("waiting message's notes"),
            "rooms": [{ "id": "1", "arrival": night(40), "departure": night(41), "adults": 1,
                        "guest_name": self.word("waiting message's guest"),
                        "nights": [{ "date": night(40), "price": "80.00" }] }] } });
        let message = RawMessage {
            message_id: "2".into(),
            raw: raw.to_string(),
        };
        inbox::store(&mut tx, connection, &[message], now + chrono::Duration::days(1)).await?;
        Ok(tx.commit().await?)
    }

    /// Its stay and price are taken, its guest is nobody.
    async fn waiting_is_applied(&mut self, world: &World, verdict: &mut Verdict) -> anyhow::Result<()> {
        let mut tx = world.db.begin(self.house.tenant).await?;
        sqlx::query("update inbox set next_attempt_at = now() where state = 'received'")
            .execute(&mut *tx)
            .await?;
        jobs::kick(&mut tx).await?;
        tx.commit().await?;
        let sql = "select id::text from booking where channel_ref = 'A-2'";
        let made = || async {
            let mut tx = world.db.begin(self.house.tenant).await.ok()?;
            let found = sqlx::query_scalar::<_, String>(sql).fetch_optional(&mut *tx);
            found.await.ok()?
        };
        until(
            Duration::from_secs(20),
            "the waiting message is applied",
            || async { made().await.is_some() },
        )
        .await?;
        let id = made().await.context("the booking is gone")?;
        let booking = self.get(&format!("/v1/bookings/{id}")).await?;
        let seen = (&booking["booker"], &booking["total"]);
        verdict.demand(
            seen == (
                &json!({ "name": "(erased)" }),
                &json!({ "amount": "80.00", "currency": "EUR" }),
            ),
            format!("what had waited became {booking}"),
        );
        Ok(())
    }

    /// Every canary is in the guest's export, in a sealed value or in the tables, or the proof would prove nothing.
    async fn planted(&mut self, world: &World, guest: &str, verdict: &mut Verdict) -> anyhow::Result<()> {
        let export = self
            .post(&format!("/v1/guests/{guest}/actions/export"), &Value::Null)
            .await?;
        let export = export.to_string() + &opened(world, &self.house).await?;
        for (place, word) in CANARIES.iter().zip(&self.words) {
            let there = export.contains(word) || !world.database.holding(word).await?.is_empty();
            verdict.demand(there, format!("{place}: not planted"));
        }
        Ok(())
    }

    /// What the API says of the guest and the bookings now.
    async fn answers(&mut self, guest: &str, bookings: &[String]) -> anyhow::Result<String> {
        let mut said = vec![self.get(&format!("/v1/guests/{guest}")).await?];
        for booking_id in bookings {
            let booking = self.get(&format!("/v1/bookings/{booking_id}")).await?;
            let stay = id(&booking["reservations"][0])?;
            said.push(self.get(&format!("/v1/bookings/{booking_id}/timeline")).await?);
            said.push(self.get(&format!("/v1/reservations/{stay}/guests")).await?);
            said.push(booking);
        }
        Ok(Value::from(said).to_string())
    }

    async fn nothing_left(&self, world: &World, answers: &str, verdict: &mut Verdict) -> anyhow::Result<()> {
        let redis = redis_values().await?;
        let log = world.log("api");
        let opened = opened(world, &self.house).await?;
        let mut left = 0;
        for (place, word) in CANARIES.iter().zip(&self.words) {
            let mut at = world.database.holding(word).await?;
            let elsewhere = [
                ("Redis", &redis),
                ("the log", &log),
                ("an answer", &answers.to_owned()),
                ("a sealed value", &opened),
            ];
            at.extend(
                elsewhere
                    .iter()
                    .filter(|(_, text)| text.contains(word))
                    .map(|(name, _)| (*name).to_owned()),
            );
            left += usize::from(!at.is_empty());
            verdict.demand(at.is_empty(), format!("{place}: still in {}", at.join(", ")));
        }
        verdict.figure(format!(
            "{left} of {} canaries left in tables, sealed values, queue, Redis, logs and answers",
            CANARIES.len()
        ));
        Ok(())
    }
}

fn id(value: &Value) -> anyhow::Result<String> {
    value["id"]
        .as_str()
        .map(str::to_owned)
        .with_context(|| format!("no id in {value}"))
}

/// Everything sealed of the tenant, in clear: profiles, registration forms, bookers, messages and kept answers.
async fn opened(world: &World, house: &House) -> anyhow::Result<String> {
    let mut tx = world.db.begin(house.tenant).await?;
    let rows: Vec<(String, String, String)> = sqlx::query_as(
        "select 'guest', id::text, personal from guest where last_name <> 'Guest'
         union all select 'reservation_guest', id::text, registration from reservation_guest
         union all select 'booking', id::text, personal from booking
         union all select 'inbox', connection_id || '/' || message_id, message from inbox
         union all select 'idempotency_key', principal || '/' || operation || '/' || key, body from idempotency_key",
    )
    .fetch_all(&mut *tx)
    .await?;
    let mut text = String::new();
    for (table, row, sealed) in rows {
        let place = match table.as_str() {
            "guest" => Place::new("guest", "personal", row),
            "reservation_guest" => Place::new("reservation_guest", "registration", row),
            "booking" => Place::new("booking", "personal", row),
            "inbox" => Place::new("inbox", "message", row),
            _ => Place::new("idempotency_key", "body", row),
        };
        let vault = tx.vault_knowing(&[&sealed]).await?;
        text.push_str(&String::from_utf8_lossy(&vault.open(&place, &sealed)?));
    }
    Ok(text)
}

/// Every string that Redis keeps, and every key.
async fn redis_values() -> anyhow::Result<String> {
    let url = std::env::var("INNKEEP_TEST_REDIS_URL").context("INNKEEP_TEST_REDIS_URL")?;
    let mut conn = redis::Client::open(url)?
        .get_multiplexed_async_connection()
        .await?;
    let keys: Vec<String> = redis::cmd("KEYS").arg("*").query_async(&mut conn).await?;
    let mut text = String::new();
    for key in keys {
        let value: Vec<u8> = redis::cmd("GET")
            .arg(&key)
            .query_async(&mut conn)
            .await
            .unwrap_or_default();
        text.push_str(&key);
        text.push_str(&String::from_utf8_lossy(&value));
    }
    Ok(text)
}
