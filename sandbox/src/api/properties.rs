//! What a PMS reads to connect and to map: properties, room types, rate plans.

use poem::web::{Data, Path, Query};
use poem::{Response, handler};
use serde_json::{Value, json};

use super::query::{self, Page, Parameters};
use crate::property::{Property, RatePlan, RoomType};
use crate::reply;
use crate::state::Sandbox;

#[handler]
pub(crate) fn list(Data(sandbox): Data<&Sandbox>, Query(parameters): Query<Parameters>) -> Response {
    let properties = sandbox.world().properties().map(property_view).collect();
    reply::ok(Page::of(&parameters).list(properties))
}

#[handler]
pub(crate) fn one(Data(sandbox): Data<&Sandbox>, Path(id): Path<String>) -> Response {
    match sandbox.world().property(&id) {
        Some(property) => reply::ok(json!({ "data": property_view(property) })),
        None => reply::not_found(),
    }
}

#[handler]
pub(crate) fn room_types(Data(sandbox): Data<&Sandbox>, Query(parameters): Query<Parameters>) -> Response {
    products(sandbox, &parameters, |property| {
        property
            .spec
            .room_types
            .iter()
            .map(|room| room_type_view(property, room))
            .collect()
    })
}

#[handler]
pub(crate) fn rate_plans(Data(sandbox): Data<&Sandbox>, Query(parameters): Query<Parameters>) -> Response {
    products(sandbox, &parameters, |property| {
        let rooms = property.spec.room_types.iter();
        rooms
            .flat_map(|room| {
                room.rate_plans
                    .iter()
                    .map(move |plan| rate_plan_view(property, room, plan))
            })
            .collect()
    })
}

fn products(sandbox: &Sandbox, parameters: &Parameters, views: impl Fn(&Property) -> Vec<Value>) -> Response {
    let world = sandbox.world();
    let wanted = query::property_id(parameters);
    let chosen = world
        .properties()
        .filter(|property| wanted.is_none_or(|id| id == property.id));
    let items = chosen.flat_map(views).collect();
    reply::ok(Page::of(parameters).list(items))
}

pub(super) fn property_view(property: &Property) -> Value {
    json!({
        "type": "property",
        "id": property.id,
        "attributes": {
            "id": property.id,
            "title": property.spec.title,
            "is_active": true,
            "currency": property.spec.currency,
            "property_type": "hotel",
            "acc_channels_count": 1,
            "settings": {
                "allow_availability_autoupdate_on_confirmation": false,
                "allow_availability_autoupdate_on_modification": false,
                "allow_availability_autoupdate_on_cancellation": false,
                "min_stay_type": "both",
                "state_length": 500,
            },
        },
        "relationships": { "groups": { "data": [] }, "facilities": { "data": [] } },
    })
}

pub(super) fn room_type_view(property: &Property, room: &RoomType) -> Value {
    json!({
        "type": "room_type",
        "id": room.id,
        "attributes": {
            "id": room.id,
            "title": room.title,
            "occ_adults": room.occupancy,
            "occ_children": 0,
            "occ_infants": 0,
            "count_of_rooms": room.count,
            "default_occupancy": room.occupancy,
            "room_kind": "room",
            "capacity": null,
        },
        "relationships": {
            "facilities": { "data": [] },
            "property": { "data": { "type": "property", "id": property.id } },
        },
    })
}

pub(super) fn rate_plan_view(property: &Property, room: &RoomType, plan: &RatePlan) -> Value {
    json!({
        "type": "rate_plan",
        "id": plan.id,
        "attributes": {
            "id": plan.id,
            "title": plan.title,
            "sell_mode": "per_room",
            "rate_mode": "manual",
            "currency": property.spec.currency,
            "options": [{ "occupancy": plan.occupancy, "is_primary": true, "derived_option": null, "rate": 0 }],
        },
        "relationships": {
            "room_type": { "data": { "type": "room_type", "id": room.id } },
            "property": { "data": { "type": "property", "id": property.id } },
        },
    })
}
