//! `/v1/calendar-connections`: what a channel's calendar takes, and who may say so. The host's apartment is sold here and
//! on a channel that shows a calendar; workers read it as they do anywhere.

mod doubles;
mod doubt;
mod life;
mod other_side;
mod platforms;

use crate::support::{Answer, Caller, Server};
use chrono::{DateTime, Duration, NaiveDate, Utc};
use innkeep_domain::{Role, verify};
pub use other_side::OtherSide;
use serde_json::{Value, json};
use std::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

/// Booking.com's way: nothing but closed.
pub const CLOSED: &str = "9f1d7c3b@booking.com";
/// Airbnb's way: a reservation.
pub const RESERVED: &str = "1418fb94e984-0123456789abcdef@airbnb.com";
/// A reading that hangs for so long fails the test.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);

pub struct World {
    pub side: OtherSide,
    pub server: Server,
    _working: DropGuard,
}

impl World {
    pub async fn start() -> Self {
        Self::beside("").await
    }

    /// With one more `host:port` that may be called.
    pub async fn beside(neighbour: &str) -> Self {
        let side = OtherSide::open().await;
        let server = Server::beside(&format!("{}, {neighbour}", side.address)).await;
        let stop = CancellationToken::new();
        server.work(stop.clone());
        Self {
            side,
            server,
            _working: stop.drop_guard(),
        }
    }

    pub fn host(&self) -> Caller<'_> {
        self.server.caller(&self.server.mare, Role::Owner)
    }

    pub fn night(&self, n: u64) -> NaiveDate {
        self.server.mare.night(n)
    }

    /// The unit of that name in the host's property.
    pub async fn unit(&self, name: &str) -> Uuid {
        let path = format!("/v1/properties/{}/units", self.server.mare.property_id);
        let units = self.host().get(&path).await.is(200);
        let found = units.items().iter().find(|u| u["name"] == name).unwrap();
        found["id"].as_str().unwrap().parse().unwrap()
    }

    /// The apartment, read from the other side once.
    pub async fn connected(&self) -> Connection<'_> {
        let connection = self.connect("Channel", Some(self.side.url())).await;
        connection.was_read().await;
        connection
    }

    pub async fn connect(&self, name: &str, import_url: Option<String>) -> Connection<'_> {
        let new = json!({ "unit_id": self.unit("APT-1").await, "name": name, "import_url": import_url });
        let made = self.host().post("/v1/calendar-connections", &new).await.is(201);
        Connection {
            world: self,
            path: format!(
                "/v1/calendar-connections/{}",
                made.body["connection"]["id"].as_str().unwrap()
            ),
            export_path: made.body["export_path"].as_str().unwrap().to_owned(),
        }
    }

    /// How many apartments are free on that night.
    pub async fn free(&self, n: u64) -> i64 {
        let (from, to) = (self.night(n), self.night(n + 1));
        let property = self.server.mare.property_id;
        let path = format!("/v1/properties/{property}/calendar?from={from}&to={to}");
        let chart = self.host().get(&path).await.is(200).body;
        let types = chart["unit_types"].as_array().unwrap();
        let apartment = types.iter().find(|t| t["code"] == "APT").unwrap();
        apartment["nights"][0]["free"].as_i64().unwrap()
    }

    /// A stay in the apartment, made by the host.
    pub async fn book(&self, from: u64, nights: u64) -> Answer {
        let house = &self.server.mare;
        let body = crate::support::booking(house, &[crate::support::room(house, "APT", from, nights)]);
        self.host().post("/v1/bookings", &body).await
    }

    /// Kinds of the host's open alerts.
    pub async fn alerts(&self) -> Vec<String> {
        let alerts = self.host().get("/v1/alerts").await.is(200);
        let mut kinds: Vec<String> = (alerts.items().iter())
            .map(|a| a["kind"].as_str().unwrap().to_owned())
            .collect();
        kinds.sort();
        kinds
    }

    /// Every counter is what the reservations and calendars say.
    pub async fn is_sound(&self) {
        let mut tx = self.server.app.db.begin(self.server.mare.tenant).await.unwrap();
        assert_eq!(
            verify::tenant(&mut tx, self.server.app.clock.now())
                .await
                .unwrap(),
            []
        );
    }
}

pub struct Connection<'a> {
    world: &'a World,
    pub path: String,
    pub export_path: String,
}

impl Connection<'_> {
    pub fn id(&self) -> &str {
        self.path.rsplit('/').next().unwrap()
    }

    pub async fn act(&self, action: &str) -> Answer {
        let path = format!("{}/actions/{action}", self.path);
        self.world.host().act(&path).await
    }

    pub async fn status(&self) -> Value {
        let path = format!("{}/sync-status", self.path);
        self.world.host().get(&path).await.is(200).body
    }

    /// From and to, kind, and whether it is doubted.
    pub async fn claims(&self) -> Vec<(String, String, String, bool)> {
        let status = self.status().await;
        let text = |c: &Value, field: &str| c[field].as_str().unwrap().to_owned();
        let claims = status["claims"].as_array().unwrap().iter();
        claims
            .map(|c| {
                (
                    text(c, "from"),
                    text(c, "to"),
                    text(c, "kind"),
                    c["doubted"] == true,
                )
            })
            .collect()
    }

    /// So much later it is read, because a person asks or because it was due, and the reading is over.
    pub async fn read_after(&self, minutes: i64) -> Value {
        self.world.server.app.clock.advance(Duration::minutes(minutes));
        let asked = self.act("read").await;
        let was_due = asked.body["code"] == "read_too_soon";
        assert!(asked.status == 202 || was_due, "{}", asked.text);
        self.was_read().await
    }

    /// Waits for the reading that is due to be over; its status.
    pub async fn was_read(&self) -> Value {
        let now = self.world.server.app.clock.now();
        let begun = Instant::now();
        loop {
            let status = self.status().await;
            let at = |field: &str| {
                let at = status[field].as_str()?;
                at.parse::<DateTime<Utc>>().ok()
            };
            // While it is under way, the next one is a minute's lease away.
            let leased = at("next_read_at") <= Some(now + Duration::seconds(60));
            if at("tried_at") == Some(now) && !leased {
                return status;
            }
            assert!(begun.elapsed() < PATIENCE, "{status}");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
}

pub fn claim(from: NaiveDate, to: NaiveDate, kind: &str, doubted: bool) -> (String, String, String, bool) {
    (from.to_string(), to.to_string(), kind.to_owned(), doubted)
}

#[tokio::test]
async fn what_a_calendar_takes_nobody_else_sells_and_every_channel_is_told() {
    let world = World::start().await;
    let (host, house) = (world.host(), &world.server.mare);
    let channel = json!({
        "property_id": house.property_id, "protocol": "channex", "name": "Channex", "base_url": "http://127.0.0.1:9",
        "external_property": "host-1", "api_key": "the key",
    });
    let channel = host.post("/v1/channel-connections", &channel).await.is(201);
    let channel = format!(
        "/v1/channel-connections/{}",
        channel.body["connection"]["id"].as_str().unwrap()
    );
    host.act(&format!("{channel}/actions/pause")).await.is(200);
    let rooms = json!([{ "unit_type_id": house.unit_type("APT"), "external_id": "apt" }]);
    let mapped = json!({ "rooms": rooms, "rates": [] });
    host.put(&format!("{channel}/mappings"), &mapped).await.is(200);
    let waiting = async || {
        let status = world.host().get(&format!("{channel}/sync-status")).await.is(200);
        status.body["waiting"].as_i64().unwrap()
    };
    let before = waiting().await;
    world.side.shows(&[
        (CLOSED, world.night(5), world.night(7)),
        (RESERVED, world.night(10), world.night(12)),
    ]);
    let connection = world.connected().await;
    assert_eq!(
        connection.claims().await,
        [
            claim(world.night(10), world.night(12), "stay", false),
            claim(world.night(5), world.night(7), "closed", false),
        ]
    );
    assert_eq!(connection.status().await["claims"][0]["code"], "HMABCDEF12");
    for (night, free) in [(4, 1), (5, 0), (6, 0), (7, 1), (9, 1), (10, 0), (11, 0), (12, 1)] {
        assert_eq!(world.free(night).await, free, "night {night}");
    }
    world.book(6, 2).await.problem(409, "no_availability");
    assert_eq!(waiting().await, before + 1, "the other channel");
    assert_eq!(world.alerts().await, [""; 0]);
    world.is_sound().await;
}

#[tokio::test]
async fn a_calendar_is_asked_for_only_if_it_changed_about_every_quarter_of_an_hour() {
    let world = World::start().await;
    let text = other_side::calendar(&[(CLOSED, world.night(5), world.night(7))]);
    world.side.says(200, "etag: \"v1\"\r\n", &text);
    let connection = world.connected().await;
    assert!(!world.side.asked().contains("if-none-match"));
    world.side.says(304, "", "");
    let status = connection.read_after(2).await;
    assert!(
        world.side.asked().contains("if-none-match: \"v1\"\r\n"),
        "{}",
        world.side.asked()
    );
    assert_eq!(status["read_at"], status["tried_at"]);
    assert_eq!(world.free(5).await, 0);
    assert_eq!(
        connection.claims().await,
        [claim(world.night(5), world.night(7), "closed", false)]
    );
    // By itself, without being asked to.
    let asked = world.side.times_asked();
    world.server.app.clock.advance(Duration::minutes(10));
    tokio::time::sleep(std::time::Duration::from_millis(1200)).await;
    assert_eq!(world.side.times_asked(), asked, "too early");
    world.server.app.clock.advance(Duration::minutes(10));
    connection.was_read().await;
    assert_eq!(world.side.times_asked(), asked + 1);
}
