//! For channels that call things what the house calls them: what is not mapped is mapped under the house's own codes.

use super::setup::{self, House};
use crate::db::TenantTx;
use crate::error::Result;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// How many unit types and rates were mapped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Mapped {
    pub rooms: u32,
    pub rates: u32,
}

/// Leaves out unit types whose code does not fit or stands for another, and rates of what is not mapped.
pub async fn map(tx: &mut TenantTx, house: &House, fits: impl Fn(&str) -> bool) -> Result<Mapped> {
    let id = house.connection.id;
    let (rooms, rates) = (rooms(house, fits), rates(house));
    for (unit_type, code) in &rooms {
        setup::keep_room(tx, id, *unit_type, code).await?;
    }
    let known = |unit_type: &Uuid| {
        let mapped = |room: &setup::Room| room.unit_type_id == *unit_type && room.external_id.is_some();
        house.rooms.iter().any(mapped) || rooms.iter().any(|(new, _)| new == unit_type)
    };
    let mut mapped = 0;
    for (rate, code) in rates.iter().filter(|(rate, _)| known(&rate.unit_type_id)) {
        setup::keep_rate(tx, id, rate, code).await?;
        mapped += 1;
    }
    Ok(Mapped {
        rooms: u32::try_from(rooms.len()).unwrap_or(u32::MAX),
        rates: mapped,
    })
}

fn rooms(house: &House, fits: impl Fn(&str) -> bool) -> Vec<(Uuid, &str)> {
    let all = || house.rooms.iter();
    let taken: HashSet<&str> = all().filter_map(|room| room.external_id.as_deref()).collect();
    all()
        .filter(|room| room.external_id.is_none() && fits(&room.code) && !taken.contains(room.code.as_str()))
        .map(|room| (room.unit_type_id, room.code.as_str()))
        .collect()
}

/// A plan has one code, for all its unit types, and a code one plan.
fn rates(house: &House) -> Vec<(&setup::Rate, &str)> {
    let (mut codes, mut plans) = (HashMap::new(), HashMap::new());
    for rate in &house.rates {
        if let Some(code) = rate.external_id.as_deref() {
            codes.entry(rate.rate_plan_id).or_insert(code);
            plans.entry(code).or_insert(rate.rate_plan_id);
        }
    }
    let open = house.rates.iter().filter(|rate| rate.external_id.is_none());
    open.filter_map(|rate| {
        let plan = rate.rate_plan_id;
        let code = *codes.entry(plan).or_insert(rate.code.as_str());
        (*plans.entry(code).or_insert(plan) == plan).then_some((rate, code))
    })
    .collect()
}
