//! An OTA that speaks the open webhook: it is told availability and rates by signed messages, sells from what its guests
//! see of them, and posts its bookings to the hotel's hook, signed.

mod announce;
mod shop;
mod signature;

use std::time::Duration;

use chrono::NaiveDate;
use poem::http::{HeaderMap, StatusCode};
use poem::web::{Data, Json, Path};
use poem::{EndpointExt, Response, Route, handler, post, put};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

pub(crate) use shop::Shop;

use crate::gate;
use crate::reply;
use crate::state::Sandbox;
use announce::announce;
use shop::Terms;

const MOST_SHOPS: usize = 1_000;

/// Faults befall what the hotel calls, not who plays the guests.
pub(crate) fn routes() -> Route {
    Route::new()
        .at("/:id", put(open).get(show))
        .at("/:id/secret", put(change_secret))
        .at("/:id/push", post(told).around(gate::luck))
        .at("/:id/bookings", post(sell))
        .at("/:id/bookings/:booking/cancel", post(cancel))
}

/// What was told before is forgotten.
#[handler]
fn open(Data(sandbox): Data<&Sandbox>, Path(id): Path<String>, Json(terms): Json<Terms>) -> Response {
    let shops = &mut sandbox.world().shops;
    if terms.delay_ms > 600_000 || (shops.len() >= MOST_SHOPS && !shops.contains_key(&id)) {
        let reason = format!("delay_ms is at most ten minutes; at most {MOST_SHOPS} shops");
        return reply::refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid", &[reason]);
    }
    let shop = Shop::new(terms);
    let view = shop.view();
    shops.insert(id, shop);
    reply::ok(view)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Secret {
    secret: String,
}

/// From now on messages are signed with this one and checked with it; all else stays.
#[handler]
fn change_secret(Data(sandbox): Data<&Sandbox>, Path(id): Path<String>, Json(new): Json<Secret>) -> Response {
    let shops = &mut sandbox.world().shops;
    let Some(shop) = shops.get_mut(&id) else {
        return reply::unknown("shop");
    };
    shop.terms.secret = new.secret;
    reply::ok(shop.view())
}

#[handler]
fn show(Data(sandbox): Data<&Sandbox>, Path(id): Path<String>) -> Response {
    let world = sandbox.world();
    let shop = world.shops.get(&id).map(Shop::view);
    shop.map_or_else(|| reply::unknown("shop"), reply::ok)
}

/// The hotel's `base_url`. Taken at once, seen by guests after the delay.
#[handler]
async fn told(
    Data(sandbox): Data<&Sandbox>,
    Path(id): Path<String>,
    headers: &HeaderMap,
    body: Vec<u8>,
) -> Response {
    let header = |name: &str| {
        headers
            .get(name)
            .and_then(|v| v.to_str().ok())
            .unwrap_or_default()
    };
    let named = (
        header("webhook-id"),
        header("webhook-timestamp"),
        header("webhook-signature"),
    );
    let delay = {
        let world = &mut *sandbox.world();
        let now = world.now();
        let Some(shop) = world.shops.get_mut(&id) else {
            return reply::unknown("shop");
        };
        shop.messages += 1;
        if let Some(fault) = signature::fault(&shop.terms.secret, named, &body, now) {
            shop.unsigned += 1;
            return reply::refused(StatusCode::UNAUTHORIZED, "unsigned", &[fault.to_owned()]);
        }
        Duration::from_millis(shop.terms.delay_ms)
    };
    let message: Value = serde_json::from_slice(&body).unwrap_or_default();
    let (changes, rejected) = match shop::read(&message) {
        Ok(read) => read,
        Err(reason) => return reply::refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid", &[reason]),
    };
    let (sandbox, after) = (sandbox.clone(), id);
    let absorb = move || {
        if let Some(shop) = sandbox.world().shops.get_mut(&after) {
            shop.absorb(changes);
        }
    };
    if delay.is_zero() {
        absorb();
    } else {
        tokio::spawn(async move {
            tokio::time::sleep(delay).await;
            absorb();
        });
    }
    reply::ok(json!({ "rejected": rejected }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stay {
    room_type: String,
    rate_plan: String,
    arrival: NaiveDate,
    departure: NaiveDate,
    #[serde(default = "guest")]
    guest: String,
}

fn guest() -> String {
    "Guest of the shop".to_owned()
}

/// A guest books what the shop shows; 409 when it shows nothing left.
#[handler]
async fn sell(Data(sandbox): Data<&Sandbox>, Path(id): Path<String>, Json(stay): Json<Stay>) -> Response {
    let nights = stay.arrival.iter_days().take_while(|day| *day < stay.departure);
    let nights: Vec<NaiveDate> = nights.take(366).collect();
    let reference = Uuid::new_v4().simple().to_string();
    {
        let world = &mut *sandbox.world();
        let Some(shop) = world.shops.get_mut(&id) else {
            return reply::unknown("shop");
        };
        let prices = match shop.price(&stay.room_type, &stay.rate_plan, &nights) {
            Ok(prices) if (1..366).contains(&prices.len()) => prices,
            Ok(_) => return reply::refused(StatusCode::CONFLICT, "not_available", &["no nights".to_owned()]),
            Err(reason) => return reply::refused(StatusCode::CONFLICT, "not_available", &[reason]),
        };
        shop.count(&stay.room_type, &nights, -1);
        let booking = snapshot(&reference, &stay, &prices, &shop.terms.currency);
        shop.bookings.insert(reference.clone(), booking);
    }
    let delivered = announce(sandbox, &id, &reference, "booking.new").await;
    reply::json(
        StatusCode::CREATED,
        json!({ "booking": reference, "delivered": delivered }),
    )
}

fn snapshot(reference: &str, stay: &Stay, prices: &[(NaiveDate, String)], currency: &str) -> Value {
    let amounts = prices
        .iter()
        .filter_map(|(_, price)| price.parse::<rust_decimal::Decimal>().ok());
    let nights: Vec<Value> = prices
        .iter()
        .map(|(date, price)| json!({ "date": date, "price": price }))
        .collect();
    json!({
        "id": reference, "code": reference.get(..8), "sold_by": "Webhook OTA", "currency": currency,
        "total": amounts.sum::<rust_decimal::Decimal>().to_string(), "booker": { "name": stay.guest },
        "rooms": [{ "id": "1", "room_type": stay.room_type, "rate_plan": stay.rate_plan, "arrival": stay.arrival,
            "departure": stay.departure, "adults": 2, "nights": nights }],
    })
}

/// Its own rooms are on sale again only when the hotel says so.
#[handler]
async fn cancel(Data(sandbox): Data<&Sandbox>, Path((id, booking)): Path<(String, String)>) -> Response {
    let known = {
        let world = sandbox.world();
        let shop = world.shops.get(&id);
        shop.is_some_and(|shop| shop.bookings.contains_key(&booking))
    };
    if !known {
        return reply::unknown("booking");
    }
    let delivered = announce(sandbox, &id, &booking, "booking.cancelled").await;
    reply::ok(json!({ "booking": booking, "delivered": delivered }))
}
