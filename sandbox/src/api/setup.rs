//! What a PMS makes when it sets a hotel up by itself: property, room types, rate plans, and the webhook to be called.

use poem::web::{Data, Query};
use poem::{Response, handler};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::properties::{property_view, rate_plan_view, room_type_view};
use super::query::{Page, Parameters, property_id};
use crate::property::{Property, PropertySpec, RatePlan, RoomType, Webhook};
use crate::reply;
use crate::state::Sandbox;

const LONGEST: usize = 255;
const MAX_WEBHOOKS: usize = 20;

#[derive(Deserialize, Default)]
#[serde(default)]
struct NewProperty {
    title: String,
    currency: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct NewRoomType {
    property_id: String,
    title: String,
    count_of_rooms: u32,
    occ_adults: u8,
    occ_children: Option<u8>,
    occ_infants: Option<u8>,
    default_occupancy: u8,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct NewRatePlan {
    property_id: String,
    room_type_id: String,
    title: String,
    currency: Option<String>,
    sell_mode: Option<String>,
    rate_mode: Option<String>,
    options: Vec<RateOption>,
}

#[derive(Deserialize)]
struct RateOption {
    occupancy: u8,
    is_primary: bool,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct NewWebhook {
    property_id: String,
    callback_url: String,
    event_mask: String,
    headers: std::collections::BTreeMap<String, String>,
    is_active: bool,
    send_data: bool,
}

#[handler]
pub(crate) fn create_property(Data(sandbox): Data<&Sandbox>, body: Vec<u8>) -> Response {
    let Some(new) = wrapped::<NewProperty>(&body, "property") else {
        return reply::bad_request("property is required");
    };
    let mut problems = Complaints::default();
    problems.title(&new.title);
    let code = new.currency.len() == 3 && new.currency.bytes().all(|b| b.is_ascii_uppercase());
    problems.unless(code, "currency", "is invalid");
    if let Some(refusal) = problems.refusal() {
        return refusal;
    }
    let spec = PropertySpec {
        title: new.title,
        currency: new.currency,
        ..PropertySpec::default()
    };
    let id = Uuid::new_v4().to_string();
    let world = &mut *sandbox.world();
    if !world.upsert_property(&id, spec) {
        return reply::validation_error(json!({ "property": ["limit reached"] }));
    }
    created(world.property(&id).map(property_view))
}

#[handler]
pub(crate) fn create_room_type(Data(sandbox): Data<&Sandbox>, body: Vec<u8>) -> Response {
    let Some(new) = wrapped::<NewRoomType>(&body, "room_type") else {
        return reply::bad_request("room_type is required");
    };
    let world = &mut *sandbox.world();
    let mut problems = Complaints::default();
    problems.title(&new.title);
    problems.unless(
        world.property(&new.property_id).is_some(),
        "property_id",
        "is invalid",
    );
    problems.unless(new.count_of_rooms > 0, "count_of_rooms", "must be greater than 0");
    problems.unless(new.occ_adults > 0, "occ_adults", "must be greater than 0");
    problems.unless(new.occ_children.is_some(), "occ_children", "can't be blank");
    problems.unless(new.occ_infants.is_some(), "occ_infants", "can't be blank");
    let fits = (1..=new.occ_adults).contains(&new.default_occupancy);
    problems.unless(fits, "default_occupancy", "must be at most occ_adults");
    let room = RoomType {
        id: Uuid::new_v4().to_string(),
        title: new.title,
        occupancy: new.occ_adults,
        count: new.count_of_rooms,
        rate_plans: Vec::new(),
    };
    if let Some(refusal) = problems.refusal() {
        return refusal;
    }
    added(world.property_mut(&new.property_id), |property| {
        property.spec.room_types.push(room.clone());
        room_type_view(property, &room)
    })
}

#[handler]
pub(crate) fn create_rate_plan(Data(sandbox): Data<&Sandbox>, body: Vec<u8>) -> Response {
    let Some(new) = wrapped::<NewRatePlan>(&body, "rate_plan") else {
        return reply::bad_request("rate_plan is required");
    };
    let world = &mut *sandbox.world();
    let property = world.property(&new.property_id);
    let mut problems = Complaints::default();
    problems.title(&new.title);
    problems.unless(property.is_some(), "property_id", "is invalid");
    let room = property.and_then(|p| p.room_type(&new.room_type_id));
    problems.unless(room.is_some(), "room_type_id", "is invalid");
    let known = |mode: &Option<String>, modes: [&str; 2]| mode.as_deref().is_none_or(|m| modes.contains(&m));
    problems.unless(
        known(&new.sell_mode, ["per_room", "per_person"]),
        "sell_mode",
        "is invalid",
    );
    problems.unless(
        known(&new.rate_mode, ["manual", "derived"]),
        "rate_mode",
        "is invalid",
    );
    let currency = |p: &Property| new.currency.as_ref().is_none_or(|c| *c == p.spec.currency);
    problems.unless(property.is_some_and(currency), "currency", "is invalid");
    let mut primary = new.options.iter().filter(|o| o.is_primary);
    let (only, more) = (primary.next(), primary.next());
    problems.unless(only.is_some() && more.is_none(), "options", "one must be primary");
    if let Some(refusal) = problems.refusal() {
        return refusal;
    }
    let plan = RatePlan {
        id: Uuid::new_v4().to_string(),
        title: new.title,
        occupancy: only.map_or(2, |o| o.occupancy),
    };
    added(world.property_mut(&new.property_id), |property| {
        let rooms = property.spec.room_types.iter_mut();
        if let Some(room) = { rooms }.find(|room| room.id == new.room_type_id) {
            room.rate_plans.push(plan.clone());
        }
        let room = property.room_type(&new.room_type_id);
        room.map_or(Value::Null, |room| rate_plan_view(property, room, &plan))
    })
}

#[handler]
pub(crate) fn create_webhook(Data(sandbox): Data<&Sandbox>, body: Vec<u8>) -> Response {
    let Some(new) = wrapped::<NewWebhook>(&body, "webhook") else {
        return reply::bad_request("webhook is required");
    };
    let world = &mut *sandbox.world();
    let mut problems = Complaints::default();
    problems.unless(
        world.property(&new.property_id).is_some(),
        "property_id",
        "can't be blank",
    );
    let url = new.callback_url.starts_with("http") && new.callback_url.len() < 2000;
    problems.unless(url, "callback_url", "is invalid");
    problems.unless(!new.event_mask.is_empty(), "event_mask", "can't be blank");
    if let Some(refusal) = problems.refusal() {
        return refusal;
    }
    let hook = Webhook {
        id: Uuid::new_v4().to_string(),
        url: new.callback_url,
        headers: new.headers,
        mask: new.event_mask,
        active: new.is_active,
        send_data: new.send_data,
    };
    let Some(property) = world.property_mut(&new.property_id) else {
        return reply::not_found();
    };
    if property.webhooks.len() >= MAX_WEBHOOKS {
        return reply::validation_error(json!({ "webhook": ["limit reached"] }));
    }
    property.webhooks.push(hook.clone());
    created(Some(webhook_view(property, &hook)))
}

#[handler]
pub(crate) fn list_webhooks(Data(sandbox): Data<&Sandbox>, Query(parameters): Query<Parameters>) -> Response {
    let world = sandbox.world();
    let wanted = property_id(&parameters);
    let chosen = world.properties().filter(|p| wanted.is_none_or(|id| id == p.id));
    let views = chosen.flat_map(|p| p.webhooks.iter().map(move |hook| webhook_view(p, hook)));
    reply::ok(Page::of(&parameters).list(views.collect()))
}

fn webhook_view(property: &Property, hook: &Webhook) -> Value {
    json!({
        "type": "webhook",
        "id": hook.id,
        "attributes": {
            "id": hook.id, "callback_url": hook.url, "event_mask": hook.mask, "headers": hook.headers,
            "request_params": {}, "is_active": hook.active, "send_data": hook.send_data,
        },
        "relationships": { "property": { "data": { "type": "property", "id": property.id } } },
    })
}

/// `{"room_type": {..}}`
fn wrapped<T: DeserializeOwned>(body: &[u8], name: &str) -> Option<T> {
    let mut body: Value = serde_json::from_slice(body).ok()?;
    serde_json::from_value(body.get_mut(name)?.take()).ok()
}

/// Puts it into the property, unless that makes it too large.
fn added(property: Option<&mut Property>, put: impl FnOnce(&mut Property) -> Value) -> Response {
    let Some(property) = property else {
        return reply::not_found();
    };
    let before = property.spec.clone();
    let view = put(property);
    let reasons = Property::check(&property.spec);
    if reasons.is_empty() {
        return created(Some(view));
    }
    property.spec = before;
    reply::validation_error(json!({ "property_id": reasons }))
}

fn created(view: Option<Value>) -> Response {
    match view {
        Some(view) => reply::json(poem::http::StatusCode::CREATED, json!({ "data": view })),
        None => reply::not_found(),
    }
}

/// Field by field, as Channex lists them.
#[derive(Default)]
struct Complaints(Map<String, Value>);

impl Complaints {
    fn unless(&mut self, holds: bool, field: &str, complaint: &str) {
        if !holds {
            self.0.insert(field.to_owned(), json!([complaint]));
        }
    }

    fn title(&mut self, title: &str) {
        let length = title.trim().chars().count();
        self.unless((1..=LONGEST).contains(&length), "title", "can't be blank");
    }

    fn refusal(self) -> Option<Response> {
        (!self.0.is_empty()).then(|| reply::validation_error(Value::Object(self.0)))
    }
}
