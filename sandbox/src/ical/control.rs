//! Who sits here plays the guests of a listing and sees what it believes.

use poem::http::StatusCode;
use poem::web::{Data, Json, Path, Query};
use poem::{Response, handler};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Dates;
use super::listing::{Listing, Refusal, Terms};
use super::subscribe;
use crate::reply;
use crate::state::Sandbox;

const MOST_LISTINGS: usize = 1_000;

/// What was sold is kept; the hotel's calendar is read anew.
#[handler]
pub(super) async fn upsert(
    Data(sandbox): Data<&Sandbox>,
    Path(id): Path<String>,
    Json(terms): Json<Terms>,
) -> Response {
    let reasons = terms.check();
    if !reasons.is_empty() {
        return reply::refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid", &reasons);
    }
    {
        let listings = &mut sandbox.world().listings;
        if listings.len() >= MOST_LISTINGS && !listings.contains_key(&id) {
            return invalid(&format!("at most {MOST_LISTINGS} listings"));
        }
        match listings.get_mut(&id) {
            Some(known) => known.terms = terms,
            None => drop(listings.insert(id.clone(), Listing::new(terms))),
        }
    }
    subscribe::begin(sandbox, &id);
    view(sandbox, &id)
}

#[handler]
pub(super) fn show(Data(sandbox): Data<&Sandbox>, Path(id): Path<String>) -> Response {
    view(sandbox, &id)
}

#[handler]
pub(super) fn list(Data(sandbox): Data<&Sandbox>) -> Response {
    let world = sandbox.world();
    let all: Map<String, Value> = world
        .listings
        .iter()
        .map(|(id, listing)| (id.clone(), listing.view()))
        .collect();
    reply::ok(json!({ "listings": all }))
}

/// Why each night cannot be booked; `null`: it can.
#[handler]
pub(super) fn calendar(
    Data(sandbox): Data<&Sandbox>,
    Path(id): Path<String>,
    Query(asked): Query<Dates>,
) -> Response {
    if !asked.make_sense() {
        return invalid("from and to, 1 to 1000 nights");
    }
    let world = sandbox.world();
    let Some(listing) = world.listings.get(&id) else {
        return reply::unknown("listing");
    };
    let nights = listing.nights(asked).into_iter();
    let nights: Map<String, Value> = nights
        .map(|(night, why)| (night.to_string(), json!(why)))
        .collect();
    reply::ok(json!({ "listing": id, "nights": nights }))
}

/// Reads the hotel's calendar now.
#[handler]
pub(super) async fn refresh(Data(sandbox): Data<&Sandbox>, Path(id): Path<String>) -> Response {
    if !sandbox.world().listings.contains_key(&id) {
        return reply::unknown("listing");
    }
    if !subscribe::once(sandbox, &id).await {
        let reason = "it reads no calendar".to_owned();
        return reply::refused(StatusCode::CONFLICT, "no_calendar", &[reason]);
    }
    view(sandbox, &id)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wish {
    arrival: chrono::NaiveDate,
    departure: chrono::NaiveDate,
    /// Whatever is closed.
    #[serde(default)]
    force: bool,
}

impl Wish {
    fn dates(&self) -> Dates {
        Dates {
            from: self.arrival,
            to: self.departure,
        }
    }
}

#[handler]
pub(super) fn sell(
    Data(sandbox): Data<&Sandbox>,
    Path(id): Path<String>,
    Json(wish): Json<Wish>,
) -> Response {
    act(sandbox, &id, StatusCode::CREATED, |listing| {
        listing.sell(wish.dates(), wish.force)
    })
}

/// Other dates for the same reservation.
#[handler]
pub(super) fn modify(
    Data(sandbox): Data<&Sandbox>,
    Path((id, booking)): Path<(String, String)>,
    Json(wish): Json<Wish>,
) -> Response {
    act(sandbox, &id, StatusCode::OK, |listing| {
        listing.modify(&booking, wish.dates()).map(|()| booking)
    })
}

#[handler]
pub(super) fn cancel(Data(sandbox): Data<&Sandbox>, Path((id, booking)): Path<(String, String)>) -> Response {
    act(sandbox, &id, StatusCode::OK, |listing| {
        listing.cancel(&booking).map(|()| booking)
    })
}

fn act(
    sandbox: &Sandbox,
    id: &str,
    status: StatusCode,
    act: impl FnOnce(&mut Listing) -> Result<String, Refusal>,
) -> Response {
    let world = &mut *sandbox.world();
    let Some(listing) = world.listings.get_mut(id) else {
        return reply::unknown("listing");
    };
    match act(listing) {
        Ok(booking) => reply::json(status, json!({ "booking": booking })),
        Err(Refusal::Unknown) => reply::unknown("booking"),
        Err(Refusal::NoSense) => invalid("the departure is after the arrival, by at most 1000 nights"),
        Err(Refusal::NoRoom) => invalid("there is no room for another booking"),
        Err(Refusal::NotAvailable(night, why)) => {
            let reason = format!("{night} is {}", json!(why).as_str().unwrap_or_default());
            reply::refused(StatusCode::CONFLICT, "not_available", &[reason])
        }
    }
}

fn view(sandbox: &Sandbox, id: &str) -> Response {
    let world = sandbox.world();
    let listing = world.listings.get(id).map(Listing::view);
    listing.map_or_else(|| reply::unknown("listing"), reply::ok)
}

fn invalid(reason: &str) -> Response {
    reply::refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid", &[reason.to_owned()])
}
