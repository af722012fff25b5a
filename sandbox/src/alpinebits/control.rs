//! Who sits here plays the portal's guests and sees what it believes.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use poem::http::StatusCode;
use poem::web::{Data, Json, Path, Query};
use poem::{Response, handler};
use serde::Deserialize;
use serde_json::{Value, json};

use super::booking::{Item, Stay};
use super::capabilities::INVENTORY;
use super::hotel::{Asks, Spec};
use super::push;
use crate::reply;
use crate::state::Sandbox;

const MAX_ITEMS: usize = 10_000;
const LONGEST: i64 = 366;

#[handler]
pub(crate) fn upsert(
    Data(sandbox): Data<&Sandbox>,
    Path(code): Path<String>,
    Json(spec): Json<Spec>,
) -> Response {
    if !(1..=16).contains(&code.chars().count()) {
        return invalid("a HotelCode has 1 to 16 characters");
    }
    let view = json!(spec);
    if !sandbox.portal().upsert(&code, spec) {
        return invalid("there is no room for another hotel");
    }
    reply::ok(view)
}

#[handler]
pub(crate) fn show(Data(sandbox): Data<&Sandbox>, Path(code): Path<String>) -> Response {
    match sandbox.portal().hotel(&code) {
        Some(hotel) => reply::ok(json!(hotel.spec)),
        None => reply::unknown("hotel"),
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct Period {
    from: NaiveDate,
    /// Included.
    to: NaiveDate,
}

/// `null` is "never told".
#[handler]
pub(crate) fn calendar(
    Data(sandbox): Data<&Sandbox>,
    Path(code): Path<String>,
    Query(period): Query<Period>,
) -> Response {
    if !(0..LONGEST).contains(&(period.to - period.from).num_days()) {
        return invalid("from and to, at most a year");
    }
    let portal = sandbox.portal();
    let Some(hotel) = portal.hotel(&code) else {
        return reply::unknown("hotel");
    };
    let nights = || period.from.iter_days().take_while(|night| *night <= period.to);
    let mut free: BTreeMap<&str, BTreeMap<NaiveDate, Option<u32>>> = BTreeMap::new();
    for category in hotel.categories() {
        let told = nights().map(|night| (night, hotel.believed(category, night)));
        free.insert(category, told.collect());
    }
    let mut plans: BTreeMap<&str, BTreeMap<&str, BTreeMap<NaiveDate, Value>>> = BTreeMap::new();
    for ((plan, category, night), said) in &hotel.plans {
        if (period.from..=period.to).contains(night) {
            let rooms = plans.entry(plan).or_default();
            rooms.entry(category).or_default().insert(*night, json!(said));
        }
    }
    let closed: Vec<_> = hotel.closed.range(period.from..=period.to).collect();
    reply::ok(json!({ "free": free, "plans": plans, "closed": closed }))
}

/// Categories by code; `null` is "never told".
#[handler]
pub(crate) fn inventory(Data(sandbox): Data<&Sandbox>, Path(code): Path<String>) -> Response {
    match sandbox.portal().hotel(&code) {
        Some(hotel) => reply::ok(json!({ "categories": hotel.inventory })),
        None => reply::unknown("hotel"),
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct Since {
    #[serde(default)]
    since: u64,
}

#[handler]
pub(crate) fn calls(
    Data(sandbox): Data<&Sandbox>,
    Path(code): Path<String>,
    Query(query): Query<Since>,
) -> Response {
    match sandbox.portal().hotel(&code) {
        Some(hotel) => reply::ok(json!({ "calls": hotel.calls(query.since) })),
        None => reply::unknown("hotel"),
    }
}

/// It loses what it was told, and will ask for it.
#[handler]
pub(crate) fn forget(Data(sandbox): Data<&Sandbox>, Path(code): Path<String>) -> Response {
    match sandbox.portal().hotel_mut(&code) {
        Some(hotel) => {
            hotel.free.clear();
            hotel.closed.clear();
            hotel.plans.clear();
            hotel.inventory = None;
            hotel.asks = Asks {
                free_rooms: true,
                rate_plans: true,
                inventory: hotel.offers(INVENTORY),
            };
            reply::ok(json!({ "forgotten": true }))
        }
        None => reply::unknown("hotel"),
    }
}

#[handler]
pub(crate) fn reservations(Data(sandbox): Data<&Sandbox>, Path(code): Path<String>) -> Response {
    match sandbox.portal().hotel(&code) {
        Some(hotel) => {
            let all: Vec<Value> = hotel.items.iter().map(Item::view).collect();
            reply::ok(json!({ "reservations": all }))
        }
        None => reply::unknown("hotel"),
    }
}

#[handler]
pub(crate) async fn sell(
    Data(sandbox): Data<&Sandbox>,
    Path(code): Path<String>,
    Json(stay): Json<Stay>,
) -> Response {
    let now = sandbox.now();
    let made = {
        let mut portal = sandbox.portal();
        let Some(hotel) = portal.hotel_mut(&code) else {
            return reply::unknown("hotel");
        };
        if stay.departure <= stay.arrival || (stay.departure - stay.arrival).num_days() > LONGEST {
            return invalid("the departure is after the arrival, within a year");
        }
        if hotel.items.len() >= MAX_ITEMS {
            return invalid("there is no room for another reservation");
        }
        if !stay.question && !stay.force && !stay.is_free(hotel) {
            let reason = "not believed to be free and priced on every night".to_owned();
            return reply::refused(StatusCode::CONFLICT, "not_available", &[reason]);
        }
        let item = Item::new(stay, now);
        hotel.items.push(item.clone());
        item
    };
    answer(sandbox, &code, &made).await
}

/// The whole stay again.
#[handler]
pub(crate) async fn modify(
    Data(sandbox): Data<&Sandbox>,
    Path((code, id)): Path<(String, String)>,
    Json(stay): Json<Stay>,
) -> Response {
    next(sandbox, (&code, &id), "Modify", Some(stay)).await
}

#[handler]
pub(crate) async fn cancel(
    Data(sandbox): Data<&Sandbox>,
    Path((code, id)): Path<(String, String)>,
) -> Response {
    next(sandbox, (&code, &id), "Cancelled", None).await
}

/// As if it had never been sold here; the hotel is not told.
#[handler]
pub(crate) fn forget_reservation(
    Data(sandbox): Data<&Sandbox>,
    Path((code, id)): Path<(String, String)>,
) -> Response {
    let mut portal = sandbox.portal();
    let Some(hotel) = portal.hotel_mut(&code) else {
        return reply::unknown("hotel");
    };
    hotel.items.retain(|item| item.id != id);
    reply::ok(json!({ "forgotten": true }))
}

async fn next(
    sandbox: &Sandbox,
    (code, id): (&str, &str),
    status: &'static str,
    stay: Option<Stay>,
) -> Response {
    let now = sandbox.now();
    let made = {
        let mut portal = sandbox.portal();
        let hotel = portal
            .hotel_mut(code)
            .filter(|hotel| hotel.items.len() < MAX_ITEMS);
        let Some(hotel) = hotel else {
            return reply::unknown("hotel");
        };
        let Some(last) = hotel.items.iter().rfind(|item| item.id == id).cloned() else {
            return reply::unknown("reservation");
        };
        // Who reads only now sees what it became, and not what it was.
        hotel
            .items
            .retain(|item| item.id != id || item.shown || item.kind() != last.kind());
        let made = last.next(status, stay.unwrap_or_else(|| last.stay.clone()), now);
        hotel.items.push(made.clone());
        made
    };
    answer(sandbox, code, &made).await
}

/// Where the hotel's side is called, it has heard of it before this is answered, or refused it.
async fn answer(sandbox: &Sandbox, code: &str, made: &Item) -> Response {
    push::deliver(sandbox, code, &made.id).await;
    let portal = sandbox.portal();
    let items = portal.hotel(code).map(|hotel| hotel.items.as_slice());
    let made = items.unwrap_or_default().iter().rfind(|item| item.id == made.id);
    reply::json(StatusCode::CREATED, made.map(Item::view))
}

fn invalid(reason: &str) -> Response {
    reply::refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid", &[reason.to_owned()])
}
