//! What the portal knows of its hotels. It dies with the process.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::booking::Item;
use super::capabilities;
use super::inventory::Category;
use super::message::Warning;
use crate::clock;

const MAX_HOTELS: usize = 1_000;
const MAX_CALLS: usize = 200;

/// As it is entered.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Spec {
    /// By which the hotel logs in here.
    pub(crate) user: String,
    pub(crate) password: String,
    #[serde(default = "euro")]
    pub(crate) currency: String,
    /// Codes of its room categories; none is taken but these and those of an inventory.
    #[serde(default)]
    pub(crate) categories: Vec<String>,
    /// What this portal offers in a handshake.
    #[serde(default = "capabilities::versions")]
    pub(crate) versions: Vec<String>,
    #[serde(default = "capabilities::actions")]
    pub(crate) actions: Vec<String>,
    #[serde(default = "capabilities::all")]
    pub(crate) capabilities: Vec<String>,
    /// A handshake whose header names a version that it does not speak is refused, so that the caller has to come
    /// again in an older one; without it, it answers any.
    #[serde(default)]
    pub(crate) strict_handshake: bool,
    /// Changes and cancellations do not say when they were made, as in the standard's own sample of a cancellation.
    #[serde(default)]
    pub(crate) omits_last_modified: bool,
    /// Where reservations are pushed to; without it they wait to be read.
    #[serde(default)]
    pub(crate) push: Option<Target>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Target {
    pub(crate) url: String,
    pub(crate) user: String,
    pub(crate) password: String,
}

fn euro() -> String {
    "EUR".to_owned()
}

/// What is believed of one night of a category in a plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Night {
    /// For the room; none = never told, or taken back.
    pub(crate) price: Option<String>,
    pub(crate) guests: Option<u32>,
    pub(crate) min_stay_arrival: u32,
    pub(crate) min_stay_through: u32,
    /// 0 = any.
    pub(crate) max_stay: u32,
    pub(crate) arrival: bool,
    pub(crate) departure: bool,
    pub(crate) open: bool,
}

impl Default for Night {
    fn default() -> Self {
        Self {
            price: None,
            guests: None,
            min_stay_arrival: 1,
            min_stay_through: 1,
            max_stay: 0,
            arrival: true,
            departure: true,
            open: true,
        }
    }
}

/// (plan, category, night)
pub(crate) type Cell = (String, String, NaiveDate);

/// What it asks for in its next answer.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Asks {
    pub(crate) free_rooms: bool,
    pub(crate) rate_plans: bool,
    pub(crate) inventory: bool,
}

pub(crate) struct Hotel {
    pub(crate) spec: Spec,
    /// By category and night.
    pub(crate) free: BTreeMap<(String, NaiveDate), u32>,
    /// Nights of closing seasons: nothing is sold, whatever is free.
    pub(crate) closed: BTreeSet<NaiveDate>,
    pub(crate) plans: BTreeMap<Cell, Night>,
    pub(crate) items: Vec<Item>,
    /// As the hotel told it; none = never.
    pub(crate) inventory: Option<BTreeMap<String, Category>>,
    pub(crate) asks: Asks,
    calls: VecDeque<Call>,
    last_call: u64,
}

pub(crate) struct Call {
    sequence: u64,
    at: DateTime<Utc>,
    pub(crate) action: String,
    pub(crate) version: Option<String>,
    pub(crate) status: u16,
    pub(crate) request: String,
    pub(crate) answer: String,
}

impl Call {
    pub(crate) fn new(action: &str, version: Option<&str>, request: &str) -> Self {
        Self {
            sequence: 0,
            at: clock::now(),
            action: action.to_owned(),
            version: version.map(str::to_owned),
            status: 0,
            request: request.to_owned(),
            answer: String::new(),
        }
    }
}

impl Hotel {
    fn new(spec: Spec) -> Self {
        Self {
            spec,
            free: BTreeMap::new(),
            closed: BTreeSet::new(),
            plans: BTreeMap::new(),
            items: Vec::new(),
            inventory: None,
            asks: Asks::default(),
            calls: VecDeque::new(),
            last_call: 0,
        }
    }

    pub(crate) fn knows(&self, category: &str) -> bool {
        self.categories().any(|known| known == category)
    }

    pub(crate) fn categories(&self) -> impl Iterator<Item = &str> {
        let told = self.inventory.iter().flat_map(BTreeMap::keys);
        self.spec.categories.iter().chain(told).map(String::as_str)
    }

    /// It offers an action in its handshakes.
    pub(crate) fn offers(&self, action: &str) -> bool {
        self.spec.actions.iter().any(|one| one == action)
    }

    /// How many rooms are believed to be for sale; none = never told.
    pub(crate) fn believed(&self, category: &str, night: NaiveDate) -> Option<u32> {
        if self.closed.contains(&night) {
            return Some(0);
        }
        self.free.get(&(category.to_owned(), night)).copied()
    }

    pub(crate) fn can(&self, capability: &str) -> bool {
        self.spec.capabilities.iter().any(|known| known == capability)
    }

    /// Asks in an answer for what it wants to be told, once.
    pub(crate) fn asking(&mut self, warnings: &mut Vec<Warning>) {
        if std::mem::take(&mut self.asks.inventory) {
            warnings.push(Warning::send("ALPINEBITS_SEND_INVENTORY"));
        }
    }

    pub(crate) fn record(&mut self, call: Call) {
        self.last_call += 1;
        let sequence = self.last_call;
        self.calls.push_back(Call { sequence, ..call });
        if self.calls.len() > MAX_CALLS {
            self.calls.pop_front();
        }
    }

    pub(crate) fn calls(&self, since: u64) -> Vec<Value> {
        let recent = self.calls.iter().filter(|call| call.sequence > since);
        recent
            .map(|call| {
                json!({
                    "sequence": call.sequence, "at": clock::rfc3339(call.at), "action": call.action,
                    "version": call.version, "status": call.status, "request": call.request, "answer": call.answer,
                })
            })
            .collect()
    }
}

#[derive(Default)]
pub(crate) struct Portal {
    hotels: BTreeMap<String, Hotel>,
}

impl Portal {
    /// What was told and sold is kept. False when there is no room for another.
    pub(crate) fn upsert(&mut self, code: &str, spec: Spec) -> bool {
        if let Some(known) = self.hotels.get_mut(code) {
            known.spec = spec;
            return true;
        }
        let room = self.hotels.len() < MAX_HOTELS;
        if room {
            self.hotels.insert(code.to_owned(), Hotel::new(spec));
        }
        room
    }

    pub(crate) fn hotel(&self, code: &str) -> Option<&Hotel> {
        self.hotels.get(code)
    }

    pub(crate) fn hotel_mut(&mut self, code: &str) -> Option<&mut Hotel> {
        self.hotels.get_mut(code)
    }

    /// Whose log-in this is.
    pub(crate) fn of_login(&self, user: &str, password: &str) -> Option<String> {
        let mut all = self.hotels.iter();
        let found = all.find(|(_, hotel)| hotel.spec.user == user && hotel.spec.password == password);
        found.map(|(code, _)| code.clone())
    }
}
