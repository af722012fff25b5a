//! Availability rules: kept and listed as they were told. Which of its channels a guest comes by is not played here.

use chrono::NaiveDate;
use poem::http::StatusCode;
use poem::web::{Data, Path, Query};
use poem::{Response, handler};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::query::{Page, Parameters, property_id};
use crate::property::{Property, Rule};
use crate::reply;
use crate::state::Sandbox;

const WRAPPED: &str = "channel_availability_rule";
const MAX_RULES: usize = 200;
const DAYS: [&str; 7] = ["mo", "tu", "we", "th", "fr", "sa", "su"];

#[handler]
pub(crate) fn list(Data(sandbox): Data<&Sandbox>, Query(parameters): Query<Parameters>) -> Response {
    let world = sandbox.world();
    let wanted = property_id(&parameters);
    let chosen = world.properties().filter(|p| wanted.is_none_or(|id| id == p.id));
    let views = chosen.flat_map(|p| p.rules.iter().map(move |rule| view(p, rule)));
    reply::ok(Page::of(&parameters).list(views.collect()))
}

#[handler]
pub(crate) fn create(Data(sandbox): Data<&Sandbox>, body: Vec<u8>) -> Response {
    let Some(given) = wrapped(&body) else {
        return reply::bad_request("channel_availability_rule is required");
    };
    let world = &mut *sandbox.world();
    let id = given
        .get("property_id")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let Some(property) = world.property_mut(id) else {
        return reply::validation_error(json!({ "property_id": ["is invalid"] }));
    };
    let complaints = complaints(property, &given);
    if !complaints.is_empty() || property.rules.len() >= MAX_RULES {
        return reply::validation_error(Value::Object(complaints));
    }
    let rule = Rule {
        id: Uuid::new_v4().to_string(),
        given,
    };
    property.rules.push(rule.clone());
    reply::json(StatusCode::CREATED, json!({ "data": view(property, &rule) }))
}

#[handler]
pub(crate) fn replace(Data(sandbox): Data<&Sandbox>, Path(id): Path<String>, body: Vec<u8>) -> Response {
    let Some(given) = wrapped(&body) else {
        return reply::bad_request("channel_availability_rule is required");
    };
    let world = &mut *sandbox.world();
    let Some(property) = world.property_with_rule(&id) else {
        return reply::not_found();
    };
    let complaints = complaints(property, &given);
    if !complaints.is_empty() {
        return reply::validation_error(Value::Object(complaints));
    }
    let rule = Rule { id, given };
    property.rules.retain(|known| known.id != rule.id);
    property.rules.push(rule.clone());
    reply::ok(json!({ "data": view(property, &rule) }))
}

#[handler]
pub(crate) fn delete(Data(sandbox): Data<&Sandbox>, Path(id): Path<String>) -> Response {
    let world = &mut *sandbox.world();
    let Some(property) = world.property_with_rule(&id) else {
        return reply::not_found();
    };
    property.rules.retain(|known| known.id != id);
    reply::ok(json!({ "meta": { "message": "Success" } }))
}

fn wrapped(body: &[u8]) -> Option<Map<String, Value>> {
    let mut body: Value = serde_json::from_slice(body).ok()?;
    match body.get_mut(WRAPPED)?.take() {
        Value::Object(given) => Some(given),
        _ => None,
    }
}

/// Field by field, as published.
fn complaints(property: &Property, given: &Map<String, Value>) -> Map<String, Value> {
    let text = |key: &str| given.get(key).and_then(Value::as_str).unwrap_or_default();
    let texts = |key: &str| -> Vec<&str> {
        let all = given.get(key).and_then(Value::as_array).into_iter().flatten();
        all.filter_map(Value::as_str).collect()
    };
    let needs_value = match text("type") {
        "close_out" => Some(false),
        "availability_offset" | "max_availability" => Some(true),
        _ => None,
    };
    let value = given.get("value").is_some_and(Value::is_u64);
    let date = |key: &str| text(key).parse::<NaiveDate>().is_ok();
    let ended = given.get("end_date").is_none_or(Value::is_null) || date("end_date");
    let rooms = texts("affected_room_types");
    let known = |id: &&str| property.room_type(id).is_some();
    let channels = texts("affected_channels");
    // All published messages name the days, each of the seven where it holds daily.
    let days = texts("days");
    let checks = [
        ("title", !text("title").trim().is_empty(), "can't be blank"),
        ("type", needs_value.is_some(), "is invalid"),
        (
            "value",
            needs_value.is_none_or(|needed| value || !needed),
            "can't be blank",
        ),
        ("start_date", date("start_date"), "is invalid"),
        ("end_date", ended, "is invalid"),
        (
            "affected_room_types",
            !rooms.is_empty() && rooms.iter().all(known),
            "is invalid",
        ),
        (
            "affected_channels",
            !channels.is_empty() && channels.iter().all(|id| Uuid::try_parse(id).is_ok()),
            "is invalid",
        ),
        (
            "days",
            !days.is_empty() && days.iter().all(|day| DAYS.contains(day)),
            "is invalid",
        ),
    ];
    let broken = checks.into_iter().filter(|(_, holds, _)| !holds);
    broken
        .map(|(field, _, complaint)| (field.to_owned(), json!([complaint])))
        .collect()
}

fn view(property: &Property, rule: &Rule) -> Value {
    let mut attributes = rule.given.clone();
    attributes.remove("property_id");
    attributes.insert("id".to_owned(), json!(rule.id));
    json!({
        "type": WRAPPED, "id": rule.id, "attributes": attributes,
        "relationships": { "property": { "data": { "type": "property", "id": property.id } } },
    })
}
