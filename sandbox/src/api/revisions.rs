//! The booking feed: everything not yet acknowledged comes again and again.

use poem::web::{Data, Path, Query};
use poem::{Response, handler};
use serde_json::{Value, json};

use super::query::{self, Page, Parameters};
use crate::reply;
use crate::revision::Revision;
use crate::state::Sandbox;

#[handler]
pub(crate) fn feed(Data(sandbox): Data<&Sandbox>, Query(parameters): Query<Parameters>) -> Response {
    let world = &mut *sandbox.world();
    let waiting = world.ledger.unacknowledged(query::property_id(&parameters));
    let mut entries: Vec<Value> = waiting.into_iter().map(Revision::view).collect();
    let order = parameters.get("order[inserted_at]").map(String::as_str);
    // Newest first unless asked otherwise: who needs an order must say so.
    if order != Some("asc") {
        entries.reverse();
    }
    if world.faults.reorder_feed {
        world.dice.shuffle(&mut entries);
    }
    let page = Page::of(&parameters);
    let meta = page.meta(entries.len());
    let copies = 1 + world.faults.duplicate_feed as usize;
    let data: Vec<Value> = page
        .cut(entries)
        .into_iter()
        .flat_map(|entry| vec![entry; copies])
        .collect();
    reply::ok(json!({ "data": data, "meta": meta }))
}

/// Acknowledged or not; `filter[inserted_at][gte]` and `[lt]`, days or moments without a zone.
#[handler]
pub(crate) fn list(Data(sandbox): Data<&Sandbox>, Query(parameters): Query<Parameters>) -> Response {
    let world = sandbox.world();
    let bound = |name: &str| parameters.get(name).map(String::as_str);
    let (from, to) = (
        bound("filter[inserted_at][gte]"),
        bound("filter[inserted_at][lt]"),
    );
    // Written the same way, instants are ordered as texts.
    let within = |at: &str| from.is_none_or(|from| at >= from) && to.is_none_or(|to| at < to);
    let all = world.ledger.all(query::property_id(&parameters));
    let chosen = all
        .into_iter()
        .filter(|revision| within(revision.attributes["inserted_at"].as_str().unwrap_or_default()));
    let mut entries: Vec<Value> = chosen.map(Revision::view).collect();
    if bound("order[inserted_at]") != Some("asc") {
        entries.reverse();
    }
    reply::ok(Page::of(&parameters).list(entries))
}

#[handler]
pub(crate) fn one(Data(sandbox): Data<&Sandbox>, Path(id): Path<String>) -> Response {
    match sandbox.world().ledger.find(&id) {
        Some(revision) => reply::ok(json!({ "data": revision.view() })),
        None => reply::not_found(),
    }
}

#[handler]
pub(crate) fn acknowledge(Data(sandbox): Data<&Sandbox>, Path(id): Path<String>) -> Response {
    let world = &mut *sandbox.world();
    let lost = world.dice.chance(world.faults.lost_ack_rate);
    if world.ledger.acknowledge(&id, lost) {
        reply::ok(json!({ "meta": { "message": "Success" } }))
    } else {
        reply::not_found()
    }
}
