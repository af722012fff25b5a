//! Plays the script for one tenant: the dice decide what is asked, and never an id.

use super::normal::Normal;
use super::script::{OPENING, SCRIPT, Step};
use crate::harness::wire::{Reply, Wire, request};
use crate::harness::world::log_in;
use anyhow::ensure;
use innkeep_domain::testing::House;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;

/// Pages of one list that are read at most.
const MOST_PAGES: usize = 4;
/// The same people everywhere.
const NAMES: [&str; 6] = ["Ada", "Grace", "Edsger", "Barbara", "Alan", "Katherine"];

/// An answer, made comparable.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    pub what: (&'static str, &'static str),
    pub status: u16,
    asked: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            what: (method, path),
            status,
            asked,
            headers,
            body,
        } = self;
        write!(f, "{method} {path} {asked}: {status} {headers:?} {body}")
    }
}

impl Answer {
    /// Both in words, around the first place where they differ.
    pub fn apart(&self, other: &Self) -> [String; 2] {
        const AROUND: usize = 400;
        let both = [self, other].map(|a| a.to_string().chars().collect::<Vec<_>>());
        let same = both[0].iter().zip(&both[1]).take_while(|(a, b)| a == b).count();
        both.map(|text| {
            let (from, to) = (same.saturating_sub(AROUND), (same + AROUND).min(text.len()));
            text[from.min(to)..to].iter().collect()
        })
    }
}

pub struct Player {
    wire: Wire,
    token: String,
    house: House,
    seed: u64,
    dice: StdRng,
    normal: Normal,
    /// What the tenant has, by kind, in the order in which it was made.
    things: BTreeMap<&'static str, Vec<String>>,
}

impl Player {
    pub async fn new(api: SocketAddr, house: House, seed: u64) -> anyhow::Result<Self> {
        let mut wire = Wire::open(api).await?;
        let mut things: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
        let ids = |ids: &[uuid::Uuid]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
        let types: Vec<uuid::Uuid> = house.unit_types.iter().map(|t| t.id).collect();
        things.insert("property", ids(&[house.property_id]));
        things.insert("type", ids(&types));
        things.insert("base", ids(&[house.base_plan]));
        things.insert("plan", ids(&[house.base_plan, house.derived_plan]));
        Ok(Self {
            token: log_in(&mut wire, &house).await?,
            wire,
            house,
            seed,
            dice: StdRng::seed_from_u64(seed),
            normal: Normal::default(),
            things,
        })
    }

    /// Ids of what was made here.
    pub fn ids(&self) -> impl Iterator<Item = (&'static str, &String)> {
        self.things
            .iter()
            .filter_map(|(kind, all)| Some((*kind, all.last()?)))
    }

    /// One request of the script, a list to its end, a write now and then twice; nothing if what it needs is not there.
    pub async fn step(&mut self, number: usize) -> anyhow::Result<Vec<Answer>> {
        let step = self.draw(number);
        let stay = self.stay();
        let (Some(mut path), Some(body)) = (self.fill(step.path, stay), self.fill(step.body, stay)) else {
            return Ok(Vec::new());
        };
        let twice = step.method == "POST" && self.dice.random_bool(0.1);
        let key = match step.method {
            "POST" => format!("idempotency-key: {}-{number}\r\n", self.seed),
            _ => String::new(),
        };
        let mut answers = Vec::new();
        for _ in 0..MOST_PAGES {
            let reply = self.ask(step, &path, &key, &body).await?;
            answers.push(self.answer(step, &path, &body, &reply));
            let cursor = reply.json()["next_cursor"].as_str().map(str::to_owned);
            match cursor {
                Some(cursor) if step.method == "GET" => {
                    let list = path.split("&cursor=").next().unwrap_or_default();
                    let more = if list.contains('?') { "" } else { "?limit=50" };
                    path = format!("{list}{more}&cursor={cursor}");
                }
                _ => break,
            }
        }
        if twice {
            let reply = self.ask(step, &path, &key, &body).await?;
            answers.push(self.answer(step, &path, &body, &reply));
        }
        Ok(answers)
    }

    /// First a look around, and then whatever comes.
    fn draw(&mut self, number: usize) -> &'static Step {
        let all: u32 = SCRIPT.iter().map(|s| s.weight).sum();
        let mut at = self.dice.random_range(0..all);
        let drawn = SCRIPT.iter().position(|s| {
            let found = at < s.weight;
            at = at.saturating_sub(s.weight);
            found
        });
        let at = if number < OPENING {
            number
        } else {
            drawn.unwrap_or_default()
        };
        &SCRIPT[at]
    }

    /// What workers work out: the numbers, and the log.
    pub async fn eventual(&mut self) -> anyhow::Result<Vec<Answer>> {
        const EVENTUAL: [Step; 2] = [
            Step {
                weight: 1,
                method: "GET",
                path: "/v1/dashboard?property_id=<property>&from=<today>&to=<later>",
                body: "",
            },
            Step {
                weight: 1,
                method: "GET",
                path: "/v1/events?limit=200",
                body: "",
            },
        ];
        let mut answers = Vec::new();
        for step in &EVENTUAL {
            let Some(path) = self.fill(step.path, (0, 1)) else {
                continue;
            };
            let reply = self.ask(step, &path, "", "").await?;
            // Places in the log are the database's, and so is how soon an answer grows old.
            let body = without_places(reply.json());
            let reply = Reply {
                body: body.to_string().into_bytes(),
                ..reply
            };
            answers.push(self.answer(step, "", "", &reply));
        }
        Ok(answers)
    }

    /// The status that a look at this gives.
    pub async fn look(&mut self, path: &str) -> anyhow::Result<u16> {
        let bytes = request("GET", path, &self.token, "", "");
        Ok(self.wire.call_again(&bytes).await?.status)
    }

    async fn ask(&mut self, step: &Step, path: &str, extra: &str, body: &str) -> anyhow::Result<Reply> {
        let bytes = request(step.method, path, &self.token, extra, body);
        let reply = self.wire.call_again(&bytes).await?;
        ensure!(reply.status < 500, "{} {path}: {}", step.method, reply.json());
        self.learn(step, &reply);
        Ok(reply)
    }

    fn answer(&mut self, step: &Step, path: &str, body: &str, reply: &Reply) -> Answer {
        let path = path.split("&cursor=").next().unwrap_or_default();
        let asked = self.normal.text(&format!("{path} {body}"));
        Answer {
            what: step.what(),
            status: reply.status,
            asked,
            headers: self.normal.headers(&reply.headers),
            body: self.normal.text(&String::from_utf8_lossy(&reply.body)),
        }
    }

    /// Remembers what was made, and which units there are.
    fn learn(&mut self, step: &Step, reply: &Reply) {
        let body = reply.json();
        let mut add = |kind: &'static str, id: &Value| {
            let all = self.things.entry(kind).or_default();
            if let Some(id) = id.as_str().filter(|id| !all.iter().any(|known| known == id)) {
                all.push(id.to_owned());
            }
        };
        let kind = match step.path {
            "/v1/properties/<property>/units" => {
                let units = body["items"].as_array().into_iter().flatten();
                units.for_each(|unit| add("unit", &unit["id"]));
                return;
            }
            _ if step.method != "POST" || reply.status != 201 => return,
            "/v1/quotes" => "quote",
            "/v1/guests" => "guest",
            "/v1/companies" => "company",
            "/v1/groups" => "group",
            "/v1/channel-connections" => {
                add("channel", &body["connection"]["id"]);
                return;
            }
            path if path.starts_with("/v1/bookings") || path.ends_with("/walk-ins") => "booking",
            _ => return,
        };
        add(kind, &body["id"]);
        let stays = body["reservations"].as_array().into_iter().flatten();
        stays.for_each(|stay| add("stay", &stay["id"]));
    }

    /// A stay of some nights, soon.
    fn stay(&mut self) -> (u64, u64) {
        let from = self.dice.random_range(0..20);
        (from, from + self.dice.random_range(1..=4))
    }

    /// `None`: something it needs is not there yet.
    fn fill(&mut self, template: &str, (from, to): (u64, u64)) -> Option<String> {
        let mut out = String::new();
        let name = NAMES[self.dice.random_range(0..NAMES.len())];
        let mut parts = template.split('<');
        out.push_str(parts.next()?);
        for part in parts {
            let (word, rest) = part.split_once('>')?;
            let filled = match word {
                "today" => self.house.night(0).to_string(),
                "later" => self.house.night(30).to_string(),
                "from" => self.house.night(from).to_string(),
                "to" => self.house.night(to).to_string(),
                "few" => self.dice.random_range(1..=3).to_string(),
                "many" => self.dice.random_range(100..1000).to_string(),
                "name" => name.to_owned(),
                "email" => format!("{}@example.com", name.to_lowercase()),
                "phone" => format!("+49 30 90182{}", name.len()),
                thing => {
                    let all = self.things.get(thing).filter(|all| !all.is_empty())?;
                    all[self.dice.random_range(0..all.len())].clone()
                }
            };
            out.push_str(&filled);
            out.push_str(rest);
        }
        Some(out)
    }
}

fn without_places(mut body: Value) -> Value {
    for item in body["items"].as_array_mut().into_iter().flatten() {
        item["id"] = Value::Null;
    }
    body
}
