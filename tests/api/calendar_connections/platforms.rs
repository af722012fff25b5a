//! A listing on a platform that speaks nothing but calendars, played by the sandbox: it shows one, and reads ours.

use super::{Connection, World};
use innkeep_sandbox::Options;
use reqwest::Method;
use serde_json::{Value, json};
use std::future::pending;
use std::time::Instant;
use tokio::net::TcpListener;

const MANNERS: [&str; 2] = ["booking", "airbnb"];

struct Platform {
    world: World,
    base: String,
}

impl Platform {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(innkeep_sandbox::serve(listener, Options::default(), pending()));
        Self {
            world: World::beside(&address).await,
            base: format!("http://{address}"),
        }
    }

    async fn ask(&self, method: Method, path: &str, body: &Value) -> (u16, Value) {
        let http = &self.world.server.http;
        let request = http.request(method, format!("{}/sandbox/{path}", self.base));
        let answer = request.json(body).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// The host's apartment as a listing; it and we read each other's calendar from now on.
    async fn list(&self, manner: &str) -> Connection<'_> {
        let (today, path) = (self.world.night(0), format!("ical/{manner}"));
        let terms = |import_url: Option<String>| json!({ "manner": manner, "today": today, "import_url": import_url });
        assert_eq!(self.ask(Method::PUT, &path, &terms(None)).await.0, 200);
        let url = format!("{}/ical/{manner}.ics", self.base);
        let connection = self.world.connect(manner, Some(url)).await;
        connection.was_read().await;
        let ours = format!("http://{}{}", self.world.server.address, connection.export_path);
        assert_eq!(self.ask(Method::PUT, &path, &terms(Some(ours))).await.0, 200);
        let begun = Instant::now();
        while self.ask(Method::GET, &path, &Value::Null).await.1["times_read"] == 0 {
            assert!(begun.elapsed() < super::PATIENCE);
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        connection
    }

    /// The listing reads our calendar; what it closed for it.
    async fn reads_ours(&self, listing: &str) -> Value {
        let path = format!("ical/{listing}/refresh");
        let (status, body) = self.ask(Method::POST, &path, &json!({})).await;
        assert_eq!((status, &body["last_error"]), (200, &Value::Null), "{body}");
        body["imported"].clone()
    }

    /// A guest books the listing.
    async fn sells(&self, listing: &str, from: u64, nights: u64) -> (u16, Value) {
        let stay = json!({ "arrival": self.world.night(from), "departure": self.world.night(from + nights) });
        self.ask(Method::POST, &format!("ical/{listing}/bookings"), &stay)
            .await
    }

    async fn fails(&self, faults: &Value) {
        assert_eq!(self.ask(Method::PUT, "faults", faults).await.0, 200);
    }

    fn nights(&self, from: u64, to: u64) -> Value {
        (from..to).map(|n| json!(self.world.night(n))).collect()
    }
}

#[tokio::test]
async fn a_booking_on_either_side_closes_the_other() {
    let platform = Platform::start().await;
    let world = &platform.world;
    for (manner, night) in MANNERS.into_iter().zip([10, 40]) {
        let connection = platform.list(manner).await;
        world.book(night, 2).await.is(201);
        assert_eq!(platform.sells(manner, night + 1, 2).await.0, 201, "not read yet");
        let cancel = async |booking: &Value| {
            let path = format!("ical/{manner}/bookings/{}/cancel", booking.as_str().unwrap());
            assert_eq!(platform.ask(Method::POST, &path, &json!({})).await.0, 200);
        };
        let path = format!("ical/{manner}");
        let bookings = platform.ask(Method::GET, &path, &Value::Null).await.1["bookings"].clone();
        cancel(&json!(bookings.as_object().unwrap().keys().next().unwrap())).await;
        let closed = platform.reads_ours(manner).await;
        for taken in platform.nights(night, night + 2).as_array().unwrap() {
            assert!(closed.as_array().unwrap().contains(taken), "{closed}");
        }
        let (status, body) = platform.sells(manner, night + 1, 2).await;
        assert_eq!((status, &body["error"]), (409, &json!("not_available")), "{body}");
        assert_eq!(platform.sells(manner, night + 10, 3).await.0, 201);
        connection.read_after(15).await;
        let free = [
            world.free(night + 9).await,
            world.free(night + 10).await,
            world.free(night + 13).await,
        ];
        assert_eq!(free, [1, 0, 1]);
        world.book(night + 12, 2).await.problem(409, "no_availability");
    }
    assert_eq!(world.alerts().await, [""; 0]);
    world.is_sound().await;
}

#[tokio::test]
async fn nothing_goes_round_between_the_two() {
    for manner in MANNERS {
        let platform = Platform::start().await;
        let world = &platform.world;
        let connection = platform.list(manner).await;
        let booked = world.book(10, 2).await.is(201);
        assert_eq!(platform.sells(manner, 20, 3).await.0, 201);
        let mut claims = Vec::new();
        for round in 0..3 {
            assert_eq!(
                platform.reads_ours(manner).await,
                platform.nights(10, 12),
                "round {round}"
            );
            connection.read_after(15).await;
            let now = connection.claims().await;
            let dates: Vec<_> = now
                .iter()
                .map(|(from, to, ..)| (from.clone(), to.clone()))
                .collect();
            let sold = (world.night(20).to_string(), world.night(23).to_string());
            assert_eq!(dates, [sold], "what comes back is no claim");
            claims.push(now);
        }
        assert!(claims.iter().all(|round| *round == claims[0]));
        assert_eq!(world.alerts().await, [""; 0]);
        let cancel = format!("/v1/bookings/{}/actions/cancel", booked.id());
        world.host().act(&cancel).await.is(200);
        assert_eq!(platform.reads_ours(manner).await, json!([]));
        connection.read_after(15).await;
        assert_eq!((world.free(10).await, world.free(20).await), (1, 0));
        assert_eq!(platform.sells(manner, 10, 2).await.0, 201);
        world.is_sound().await;
    }
}

#[tokio::test]
async fn a_calendar_that_fails_gives_nothing_free() {
    for manner in MANNERS {
        let platform = Platform::start().await;
        let world = &platform.world;
        let connection = platform.list(manner).await;
        assert_eq!(platform.sells(manner, 20, 3).await.0, 201);
        connection.read_after(15).await;
        assert_eq!(world.free(20).await, 0);
        for fault in [
            json!({ "calendar": "empty" }),
            json!({ "calendar": "vanished" }),
            json!({ "calendar": "stale" }),
            json!({ "outage": true }),
        ] {
            platform.fails(&fault).await;
            for _ in 0..4 {
                connection.read_after(250).await;
                assert_eq!(world.free(20).await, 0, "{fault}");
            }
            if fault["calendar"] == "empty" {
                assert_eq!(connection.status().await["frozen"]["why"], "empty");
                assert_eq!(world.alerts().await, ["calendar_frozen"]);
            }
        }
        platform.fails(&json!({})).await;
        connection.read_after(800).await;
        assert_eq!(connection.status().await["frozen"], Value::Null);
        assert_eq!((world.free(20).await, world.alerts().await), (0, Vec::new()));
        world.is_sound().await;
    }
}
