//! What our client writes: held against the rules it reads others by, and against what a portal that read the standard on
//! its own then believes.

use crate::harness::verdict::{Scale, Verdict};
use anyhow::{Context, ensure};
use chrono::{Days, NaiveDate};
use innkeep_domain::ports::channel::{
    Access, AriSink, AvailabilityRange, NightsRange, RateFields, Season, WholeSink,
};
use innkeep_integrations::alpinebits::action::{Action, Side};
use innkeep_integrations::alpinebits::verdict::{Agreed, check};
use innkeep_integrations::alpinebits::version::Version;
use innkeep_integrations::alpinebits::{self, handshake};
use innkeep_integrations::outbound::{Options, Outbound};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const CATEGORIES: [&str; 3] = ["DZ", "EZ", "SU"];
const PLANS: [&str; 2] = ["STD", "HB"];
const NIGHTS: u64 = 120;
const LONGEST: u64 = 20;

/// What was told last, by plan, category and night.
type Told = BTreeMap<(String, String, NaiveDate), RateFields>;

/// Of how many rooms a portal should believe that they are free.
#[derive(Default)]
struct Rooms {
    free: BTreeMap<(String, NaiveDate), i32>,
    /// Nights of closing seasons: none is, until the next complete set.
    closed: BTreeSet<NaiveDate>,
}

impl Rooms {
    fn believed(&self, category: &str, night: NaiveDate) -> Value {
        match self.free.get(&(category.to_owned(), night)) {
            _ if self.closed.contains(&night) => json!(0),
            Some(count) => json!(count),
            None => Value::Null,
        }
    }
}

pub async fn run(scale: Scale, verdict: &mut Verdict) -> anyhow::Result<()> {
    let rounds = scale.of(30, 150);
    let (mut messages, mut nights, mut wrong) = (0, 0, 0);
    for version in Version::ALL {
        let portal = Portal::start(version).await?;
        let mut dice = StdRng::seed_from_u64(7);
        let (mut told, mut rooms) = (Told::new(), Rooms::default());
        for _ in 0..rounds {
            portal.tell_rooms(&mut dice, &mut rooms).await?;
            portal.tell_plans(&mut dice, &mut told).await?;
            // Its journal is short.
            messages += portal.judge(version, verdict).await?;
        }
        wrong += portal.differences(&told, &rooms).await?;
        nights += told.len() + rooms.free.len();
    }
    verdict.demand(
        messages > rounds * 4,
        format!("only {messages} messages were written"),
    );
    verdict.figure(format!(
        "{messages} messages of our client are right by the rules for others'"
    ));
    verdict.none(
        wrong,
        &format!("of {nights} nights believed otherwise by a portal than they were told"),
    );
    Ok(())
}

struct Portal {
    base: String,
    http: reqwest::Client,
    access: Access,
    sink: Arc<dyn AriSink>,
    whole: Arc<dyn WholeSink>,
    judged: std::sync::atomic::AtomicU64,
}

impl Portal {
    async fn start(version: Version) -> anyhow::Result<Self> {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let options = innkeep_sandbox::Options::default();
        tokio::spawn(innkeep_sandbox::serve(listener, options, std::future::pending()));
        let outbound = Outbound::new(Options {
            allow: address.to_string().parse()?,
            ..Options::default()
        })?;
        let protocol = alpinebits::protocol(outbound);
        let portal = Self {
            base: format!("http://{address}/sandbox/alpinebits/hotels/H7"),
            http: reqwest::Client::builder().no_proxy().build()?,
            access: Access {
                base_url: format!("http://{address}/alpinebits"),
                api_key: "hotel:secret".into(),
                property: "H7".into(),
                currency: "EUR".into(),
                signing_secrets: Vec::new(),
            },
            sink: protocol.sink.context("no sink")?,
            whole: protocol.more.whole.context("no complete sets")?,
            judged: 0.into(),
        };
        let hotel = json!({ "user": "hotel", "password": "secret", "categories": CATEGORIES,
                            "versions": [version.as_str()] });
        let answer = portal.http.put(&portal.base).json(&hotel).send().await?;
        ensure!(answer.status().is_success(), "{}", answer.text().await?);
        Ok(portal)
    }

    /// Now and then everything, else what has changed.
    async fn tell_rooms(&self, dice: &mut StdRng, rooms: &mut Rooms) -> anyhow::Result<()> {
        let whole = dice.random_bool(0.2);
        if whole {
            *rooms = Rooms::default();
        }
        let mut ranges = Vec::new();
        for category in CATEGORIES {
            let (from, last) = period(dice);
            let availability = dice.random_range(0..4);
            let nights = from.iter_days().take_while(|night| *night <= last);
            let cells = nights.map(|night| ((category.to_owned(), night), availability));
            rooms.free.extend(cells);
            ranges.push(AvailabilityRange {
                room: category.into(),
                from,
                last,
                availability,
            });
        }
        let report = if whole {
            let (from, last) = period(dice);
            rooms.closed = from.iter_days().take_while(|night| *night <= last).collect();
            let season = Season { from, last };
            self.whole.push_whole(&self.access, &ranges, &[season]).await?
        } else {
            self.sink.push_availability(&self.access, &ranges).await?
        };
        ensure!(report.rejected.is_empty(), "{report:?}");
        Ok(())
    }

    async fn tell_plans(&self, dice: &mut StdRng, told: &mut Told) -> anyhow::Result<()> {
        let mut ranges = Vec::new();
        for plan in PLANS {
            for category in CATEGORIES {
                let (from, last) = period(dice);
                let mut nights = Vec::new();
                for night in from.iter_days().take_while(|night| *night <= last) {
                    let same = nights.last().filter(|_| dice.random_bool(0.5)).cloned();
                    let fields = same.unwrap_or_else(|| fields(dice));
                    told.insert((plan.into(), category.into(), night), fields.clone());
                    nights.push(fields);
                }
                ranges.push(NightsRange {
                    rate: plan.into(),
                    shared: true,
                    room: category.into(),
                    guests: 2,
                    currency: "EUR".into(),
                    from,
                    nights,
                });
            }
        }
        let report = self.sink.push_nights(&self.access, &ranges).await?;
        ensure!(report.rejected.is_empty(), "{report:?}");
        Ok(())
    }

    /// Every message and answer since the last time, by the rules.
    async fn judge(&self, version: Version, verdict: &mut Verdict) -> anyhow::Result<u64> {
        let since = self.judged.load(std::sync::atomic::Ordering::Relaxed);
        let calls = self.get(&format!("/calls?since={since}")).await?;
        let calls = calls["calls"].as_array().context("no calls")?.clone();
        for call in &calls {
            let text = |name: &str| call[name].as_str().unwrap_or_default().to_owned();
            let action = Action::of(&text("action")).context("an action that is none")?;
            for (side, name) in [(Side::Request, "request"), (Side::Answer, "answer")] {
                let message = text(name);
                let judged = check(message.as_bytes(), action, side, &Agreed::all(version));
                verdict.demand(judged.is_ok(), format!("{action:?}: {judged:?}"));
            }
            if action == Action::Handshake {
                let read = handshake::Ping::read(text("request").as_bytes());
                verdict.demand(read.is_ok(), format!("a handshake of ours: {read:?}"));
            }
            let sequence = call["sequence"].as_u64().unwrap_or_default();
            self.judged.store(sequence, std::sync::atomic::Ordering::Relaxed);
        }
        Ok(calls.len() as u64)
    }

    async fn differences(&self, told: &Told, rooms: &Rooms) -> anyhow::Result<usize> {
        let path = format!(
            "/calendar?from={}&to={}",
            first(),
            first() + Days::new(NIGHTS + LONGEST)
        );
        let believed = self.get(&path).await?;
        let end = first() + Days::new(NIGHTS);
        let nights = || first().iter_days().take_while(|night| *night < end);
        let cells = CATEGORIES
            .iter()
            .flat_map(|one| nights().map(move |night| (*one, night)));
        let rooms = cells.filter(|(category, night)| {
            believed["free"][category][night.to_string()] != rooms.believed(category, *night)
        });
        let plans = told.iter().filter(|((plan, category, night), fields)| {
            believed["plans"][plan][category][night.to_string()] != expected(fields)
        });
        Ok(rooms.count() + plans.count())
    }

    async fn get(&self, path: &str) -> anyhow::Result<Value> {
        let answer = self.http.get(format!("{}{path}", self.base)).send().await?;
        Ok(answer.error_for_status()?.json().await?)
    }
}

fn first() -> NaiveDate {
    NaiveDate::from_ymd_opt(2027, 1, 1).unwrap_or_default()
}

fn period(dice: &mut StdRng) -> (NaiveDate, NaiveDate) {
    let from = first() + Days::new(dice.random_range(0..NIGHTS));
    (from, from + Days::new(dice.random_range(0..LONGEST)))
}

fn fields(dice: &mut StdRng) -> RateFields {
    let price = Decimal::new(dice.random_range(1..50_000), 2);
    RateFields {
        price: dice.random_bool(0.9).then_some(price),
        min_stay_arrival: Some(dice.random_range(1..4)),
        min_stay_through: Some(dice.random_range(1..3)),
        // Never below the least: that is told as no arrival, and has a test of its own.
        max_stay: Some(*[0, 3, 7, 14].get(dice.random_range(0..4)).unwrap_or(&0)),
        closed_to_arrival: Some(dice.random_bool(0.2)),
        closed_to_departure: Some(dice.random_bool(0.2)),
        stop_sell: Some(dice.random_bool(0.2)),
    }
}

fn expected(fields: &RateFields) -> Value {
    let price = fields.price.filter(|_| fields.stop_sell != Some(true));
    json!({
        "price": price.map(|price| price.to_string()), "guests": price.map(|_| 2),
        "min_stay_arrival": fields.min_stay_arrival, "min_stay_through": fields.min_stay_through,
        "max_stay": fields.max_stay, "arrival": fields.closed_to_arrival == Some(false),
        "departure": fields.closed_to_departure == Some(false), "open": fields.stop_sell == Some(false),
    })
}
