//! What a channel sells, as JSON, beside what it may stand for here.

use innkeep_domain::channel::setup::{self, House, Match};
use innkeep_domain::ports::channel;
use poem_openapi::Object;
use uuid::Uuid;

#[derive(Object)]
pub struct RemoteProducts {
    connection_id: Uuid,
    external_property: String,
    title: String,
    #[oai(skip_serializing_if_is_none)]
    currency: Option<String>,
    rooms: Vec<RemoteRoom>,
    /// Sold here, and mapped to none of the rooms.
    unmapped_unit_types: Vec<Uuid>,
}

#[derive(Object)]
struct RemoteRoom {
    /// The channel's id.
    external_id: String,
    title: String,
    /// Adults it sleeps, if the channel says so.
    #[oai(skip_serializing_if_is_none)]
    occupancy: Option<u32>,
    /// What it is mapped to.
    #[oai(skip_serializing_if_is_none)]
    unit_type_id: Option<Uuid>,
    /// What it may be mapped to: the same name, or the only one of its size.
    #[oai(skip_serializing_if_is_none)]
    suggested_unit_type_id: Option<Uuid>,
    rates: Vec<RemoteRate>,
}

#[derive(Object)]
struct RemoteRate {
    /// The channel's id.
    external_id: String,
    title: String,
    /// Persons that a price is for.
    #[oai(skip_serializing_if_is_none)]
    occupancy: Option<u32>,
    #[oai(skip_serializing_if_is_none)]
    currency: Option<String>,
    /// What it is mapped to.
    #[oai(skip_serializing_if_is_none)]
    rate_plan_id: Option<Uuid>,
    /// What it may be mapped to: the same name, in the room's unit type or the one suggested for it.
    #[oai(skip_serializing_if_is_none)]
    suggested_rate_plan_id: Option<Uuid>,
}

impl RemoteProducts {
    pub fn new(house: &House, all: &channel::RemoteProducts) -> Self {
        let rooms = all.rooms.iter().map(|room| RemoteRoom::new(house, all, room));
        let unmapped = house.rooms.iter().filter(|room| room.external_id.is_none());
        Self {
            connection_id: house.connection.id,
            external_property: all.property.id.clone(),
            title: all.property.title.clone(),
            currency: all.property.currency.clone(),
            rooms: rooms.collect(),
            unmapped_unit_types: unmapped.map(|room| room.unit_type_id).collect(),
        }
    }
}

impl RemoteRoom {
    fn new(house: &House, all: &channel::RemoteProducts, room: &channel::RemoteRoom) -> Self {
        let (unit_type_id, suggested_unit_type_id) = either(setup::room(house, all, room));
        let rates = all
            .rates
            .iter()
            .filter(|rate| rate.room.as_ref() == Some(&room.id));
        Self {
            external_id: room.id.clone(),
            title: room.title.clone(),
            occupancy: room.occupancy,
            unit_type_id,
            suggested_unit_type_id,
            rates: rates.map(|rate| RemoteRate::new(house, all, rate)).collect(),
        }
    }
}

impl RemoteRate {
    fn new(house: &House, all: &channel::RemoteProducts, rate: &channel::RemoteRate) -> Self {
        let (mapped, suggested) = either(setup::rate(house, all, rate));
        Self {
            external_id: rate.id.clone(),
            title: rate.title.clone(),
            occupancy: rate.occupancy,
            currency: rate.currency.clone(),
            rate_plan_id: mapped.map(|(_, plan)| plan),
            suggested_rate_plan_id: suggested.map(|(_, plan)| plan),
        }
    }
}

/// Mapped to, suggested.
fn either<T>(found: Match<T>) -> (Option<T>, Option<T>) {
    match found {
        Match::Mapped(one) => (Some(one), None),
        Match::Suggested(one) => (None, Some(one)),
        Match::None => (None, None),
    }
}
