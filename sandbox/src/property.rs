//! What the channel knows about a hotel: its products, and availability and rates as they were told.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::ari::RestrictionChange;

/// Documented ceilings of a Channex property.
const MAX_ROOM_TYPES: usize = 20;
const MAX_RATE_PLANS: usize = 200;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PropertySpec {
    #[serde(default)]
    pub(crate) title: String,
    #[serde(default = "euro")]
    pub(crate) currency: String,
    #[serde(default)]
    pub(crate) webhook_url: Option<String>,
    /// Sent with each webhook: Channex does not sign, it only repeats headers the user chose.
    #[serde(default)]
    pub(crate) webhook_headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) room_types: Vec<RoomType>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoomType {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) title: String,
    /// Adults it sleeps.
    #[serde(default = "double")]
    pub(crate) occupancy: u8,
    /// Rooms there are; nothing is made of it.
    #[serde(default = "one")]
    pub(crate) count: u32,
    #[serde(default)]
    pub(crate) rate_plans: Vec<RatePlan>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RatePlan {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) title: String,
    /// The occupancy that a bare `rate` is for.
    #[serde(default = "double")]
    pub(crate) occupancy: u8,
}

fn euro() -> String {
    "EUR".to_owned()
}

fn double() -> u8 {
    2
}

fn one() -> u32 {
    1
}

/// One that the PMS asked to be called by.
#[derive(Debug, Clone)]
pub(crate) struct Webhook {
    pub(crate) id: String,
    pub(crate) url: String,
    pub(crate) headers: BTreeMap<String, String>,
    /// `*`, or the names of events with `;` between them.
    pub(crate) mask: String,
    pub(crate) active: bool,
    pub(crate) send_data: bool,
}

/// An availability rule, as the PMS gave it.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub(crate) id: String,
    pub(crate) given: serde_json::Map<String, serde_json::Value>,
}

impl Webhook {
    pub(crate) fn wants(&self, event: &str) -> bool {
        let named = |mask: &str| mask == "*" || mask == event || event.starts_with(&format!("{mask}_"));
        self.active && self.mask.split(';').any(named)
    }
}

/// One rate plan on one date. `None` and missing occupancies were never told.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cell {
    pub(crate) rates: BTreeMap<u8, Decimal>,
    pub(crate) min_stay_arrival: Option<i64>,
    pub(crate) min_stay_through: Option<i64>,
    pub(crate) max_stay: Option<i64>,
    pub(crate) closed_to_arrival: Option<bool>,
    pub(crate) closed_to_departure: Option<bool>,
    pub(crate) stop_sell: Option<bool>,
}

impl Cell {
    /// Fields that the change leaves out keep what was told before.
    fn absorb(&mut self, change: &RestrictionChange) {
        self.rates.extend(change.rates.iter().copied());
        self.min_stay_arrival = change.min_stay_arrival.or(self.min_stay_arrival);
        self.min_stay_through = change.min_stay_through.or(self.min_stay_through);
        self.max_stay = change.max_stay.or(self.max_stay);
        self.closed_to_arrival = change.closed_to_arrival.or(self.closed_to_arrival);
        self.closed_to_departure = change.closed_to_departure.or(self.closed_to_departure);
        self.stop_sell = change.stop_sell.or(self.stop_sell);
    }
}

pub(crate) struct Property {
    pub(crate) id: String,
    pub(crate) spec: PropertySpec,
    pub(crate) webhooks: Vec<Webhook>,
    pub(crate) rules: Vec<Rule>,
    /// Room type, then date.
    availability: BTreeMap<String, BTreeMap<NaiveDate, i64>>,
    /// Rate plan, then date.
    cells: BTreeMap<String, BTreeMap<NaiveDate, Cell>>,
}

impl Property {
    pub(crate) fn new(id: String, spec: PropertySpec) -> Self {
        Self {
            id,
            spec,
            webhooks: Vec::new(),
            rules: Vec::new(),
            availability: BTreeMap::new(),
            cells: BTreeMap::new(),
        }
    }

    pub(crate) fn check(spec: &PropertySpec) -> Vec<String> {
        let plans: usize = spec.room_types.iter().map(|room| room.rate_plans.len()).sum();
        let mut reasons = Vec::new();
        if spec.room_types.len() > MAX_ROOM_TYPES {
            reasons.push(format!("at most {MAX_ROOM_TYPES} room types"));
        }
        if plans > MAX_RATE_PLANS {
            reasons.push(format!("at most {MAX_RATE_PLANS} rate plans"));
        }
        reasons
    }

    pub(crate) fn room_type(&self, id: &str) -> Option<&RoomType> {
        self.spec.room_types.iter().find(|room| room.id == id)
    }

    pub(crate) fn rate_plan(&self, id: &str) -> Option<&RatePlan> {
        self.spec
            .room_types
            .iter()
            .flat_map(|room| &room.rate_plans)
            .find(|plan| plan.id == id)
    }

    /// `None`: never told, therefore not for sale.
    pub(crate) fn availability(&self, room_type_id: &str, date: NaiveDate) -> Option<i64> {
        self.availability.get(room_type_id)?.get(&date).copied()
    }

    pub(crate) fn set_availability(
        &mut self,
        room_type_id: &str,
        dates: impl Iterator<Item = NaiveDate>,
        count: i64,
    ) {
        let told = self.availability.entry(room_type_id.to_owned()).or_default();
        told.extend(dates.map(|date| (date, count)));
    }

    /// What an OTA that counts down by itself does on a new booking.
    pub(crate) fn take_one(&mut self, room_type_id: &str, date: NaiveDate) {
        let told = self
            .availability
            .get_mut(room_type_id)
            .and_then(|dates| dates.get_mut(&date));
        if let Some(count) = told {
            *count = (*count - 1).max(0);
        }
    }

    /// What an OTA that replenishes by itself does on a cancellation.
    pub(crate) fn put_back_one(&mut self, room_type_id: &str, date: NaiveDate) {
        let told = self
            .availability
            .get_mut(room_type_id)
            .and_then(|dates| dates.get_mut(&date));
        if let Some(count) = told {
            *count += 1;
        }
    }

    pub(crate) fn cell(&self, rate_plan_id: &str, date: NaiveDate) -> Option<&Cell> {
        self.cells.get(rate_plan_id)?.get(&date)
    }

    pub(crate) fn restrict(
        &mut self,
        rate_plan_id: &str,
        dates: impl Iterator<Item = NaiveDate>,
        change: &RestrictionChange,
    ) {
        let told = self.cells.entry(rate_plan_id.to_owned()).or_default();
        for date in dates {
            told.entry(date).or_default().absorb(change);
        }
    }
}
