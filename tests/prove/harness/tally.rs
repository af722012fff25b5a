//! What many clients were answered, and the request most of them make.

use super::wire::Reply;
use innkeep_domain::testing::House;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Answers to booking requests, by what they mean.
#[derive(Debug, Default)]
pub struct Tally {
    pub sold: usize,
    /// 409 `no_availability`.
    pub full: usize,
    /// Everything else, by status and code.
    pub other: BTreeMap<String, usize>,
}

impl Tally {
    pub fn count(&mut self, reply: &Reply) {
        match reply.status {
            201 => self.sold += 1,
            409 if reply.code() == "no_availability" => self.full += 1,
            status => {
                *self
                    .other
                    .entry(format!("{status} {}", reply.code()))
                    .or_default() += 1
            }
        }
    }
    pub fn add(&mut self, other: Self) {
        self.sold += other.sold;
        self.full += other.full;
        for (what, count) in other.other {
            *self.other.entry(what).or_default() += count;
        }
    }
    pub fn unexpected(&self) -> usize {
        self.other.values().sum()
    }
}

/// The body of a booking of one room, `nights` nights from so many nights after the business date on.
pub fn booking(house: &House, unit_type: Uuid, from: u64, nights: u64, name: &str) -> Value {
    json!({
        "property_id": house.property_id,
        "booker": { "name": name },
        "rooms": [{
            "unit_type_id": unit_type,
            "rate_plan_id": house.base_plan,
            "arrival": house.night(from),
            "departure": house.night(from + nights),
            "adults": 1,
        }],
    })
}
