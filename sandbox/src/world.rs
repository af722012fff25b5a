//! Everything the sandbox remembers. All of it lives behind one mutex and dies with the process.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

use crate::ari::Kind;
use crate::clock;
use crate::decide::Dice;
use crate::desk::Desk;
use crate::faults::Faults;
use crate::guests::Crowd;
use crate::ical::Listing;
use crate::journal::Journal;
use crate::property::{Property, PropertySpec};
use crate::replay::Memory;
use crate::revision::Ledger;
use crate::webhook_ota::Shop;

pub(crate) const MAX_PROPERTIES: usize = 1_000;

/// Whose calls are counted together: a property's of one kind, or somebody's at another door.
type Caller = (String, Option<Kind>);

pub(crate) struct World {
    pub(crate) faults: Faults,
    pub(crate) dice: Dice,
    pub(crate) journal: Journal,
    pub(crate) ledger: Ledger,
    pub(crate) replayed: Memory,
    pub(crate) desk: Desk,
    pub(crate) crowd: Crowd,
    /// OTAs that speak the open webhook.
    pub(crate) shops: BTreeMap<String, Shop>,
    /// At platforms that speak calendars only.
    pub(crate) listings: BTreeMap<String, Listing>,
    properties: BTreeMap<String, Property>,
    recent_calls: BTreeMap<Caller, VecDeque<Instant>>,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            faults: Faults::default(),
            dice: Dice::new(seed),
            journal: Journal::default(),
            ledger: Ledger::default(),
            replayed: Memory::default(),
            desk: Desk::default(),
            crowd: Crowd::default(),
            shops: BTreeMap::new(),
            listings: BTreeMap::new(),
            properties: BTreeMap::new(),
            recent_calls: BTreeMap::new(),
        }
    }

    /// What the channel's clock shows, which may be wrong.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        clock::now() + self.ledger.skew
    }

    pub(crate) fn set_faults(&mut self, faults: Faults) {
        if let Some(seed) = faults.seed {
            self.dice = Dice::new(seed);
        }
        self.recent_calls.clear();
        self.ledger.skew = TimeDelta::seconds(faults.clock_skew_s);
        self.ledger.expiry = faults.feed_expiry_s.map(Duration::from_secs);
        self.faults = faults;
    }

    pub(crate) fn properties(&self) -> impl Iterator<Item = &Property> {
        self.properties.values()
    }

    pub(crate) fn property(&self, id: &str) -> Option<&Property> {
        self.properties.get(id)
    }

    pub(crate) fn property_mut(&mut self, id: &str) -> Option<&mut Property> {
        self.properties.get_mut(id)
    }

    pub(crate) fn property_with_rule(&mut self, rule: &str) -> Option<&mut Property> {
        let mut all = self.properties.values_mut();
        all.find(|property| property.rules.iter().any(|known| known.id == rule))
    }

    /// Availability and rates of products that stay are kept. False when there is no room for another.
    pub(crate) fn upsert_property(&mut self, id: &str, spec: PropertySpec) -> bool {
        if let Some(known) = self.properties.get_mut(id) {
            known.spec = spec;
            return true;
        }
        if self.properties.len() >= MAX_PROPERTIES {
            return false;
        }
        self.properties
            .insert(id.to_owned(), Property::new(id.to_owned(), spec));
        true
    }

    /// After how long each copy of a webhook leaves; none: it gets lost.
    pub(crate) fn webhook_copies(&mut self) -> Vec<Duration> {
        if self.dice.chance(self.faults.webhook_drop_rate) {
            return Vec::new();
        }
        let copies = 0..1 + self.faults.duplicate_webhooks;
        copies
            .map(|_| self.dice.duration(self.faults.webhook_delay_ms))
            .collect()
    }

    /// Counts one call against each property's allowance; a refused call costs nothing.
    pub(crate) fn admit(&mut self, kind: Kind, property_ids: &[String]) -> bool {
        let Some(limit) = self.faults.rate_limit else {
            return true;
        };
        let allowance = match kind {
            Kind::Availability => limit.availability,
            Kind::Restrictions => limit.restrictions,
        };
        let callers = property_ids.iter().map(|id| (id.clone(), Some(kind)));
        self.count_calls(&callers.collect::<Vec<_>>(), allowance, limit.window_s)
    }

    /// The same for who calls at another door than Channex's; unlimited unless a fault says otherwise.
    pub(crate) fn admit_elsewhere(&mut self, caller: String) -> bool {
        let Some(limit) = self.faults.rate_limit else {
            return true;
        };
        let callers = [(caller, None)];
        limit
            .elsewhere
            .is_none_or(|allowance| self.count_calls(&callers, allowance, limit.window_s))
    }

    fn count_calls(&mut self, callers: &[Caller], allowance: usize, window_s: u64) -> bool {
        let now = Instant::now();
        let window = Duration::from_secs(window_s);
        for caller in callers {
            let recent = self.recent_calls.entry(caller.clone()).or_default();
            recent.retain(|at| now.duration_since(*at) < window);
            if recent.len() >= allowance {
                return false;
            }
        }
        for caller in callers {
            self.recent_calls
                .entry(caller.clone())
                .or_default()
                .push_back(now);
        }
        true
    }
}
