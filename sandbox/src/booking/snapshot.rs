//! The full snapshot that a revision carries, in the shape of the documentation's Booking.com samples.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::request::{CancelRequest, RoomRequest, StayRequest};
use crate::money;
use crate::property::Property;

type Attributes = Map<String, Value>;

/// When a sale is forced and no rate was ever told.
const FALLBACK_PRICE: Decimal = Decimal::ONE_HUNDRED;

pub(super) fn new(property: &Property, request: &StayRequest, rooms: &[RoomRequest]) -> Attributes {
    let code = reservation_code();
    let mut attributes = Attributes::new();
    let customer = request
        .customer
        .clone()
        .unwrap_or_else(|| default_customer(&code));
    let fields = json!({
        "status": "new",
        "currency": request.currency.as_deref().unwrap_or(&property.spec.currency),
        "ota_name": request.ota_name.as_deref().unwrap_or("BookingCom"),
        "ota_reservation_code": code,
        "unique_id": format!("BDC-{code}"),
        "customer": customer,
        "arrival_hour": null,
        "guarantee": null,
        "notes": request.notes,
        "payment_collect": null,
        "payment_type": null,
        "services": [],
    });
    attributes.extend(fields.as_object().cloned().unwrap_or_default());
    put_rooms(property, request, rooms, &mut attributes);
    attributes
}

pub(super) fn modified(property: &Property, request: &StayRequest, before: &Attributes) -> Attributes {
    let mut attributes = before.clone();
    attributes.insert("status".to_owned(), json!("modified"));
    let overrides = [
        ("customer", request.customer.clone()),
        ("currency", request.currency.clone().map(Value::from)),
        ("notes", request.notes.clone().map(Value::from)),
    ];
    for (field, value) in overrides {
        if let Some(value) = value {
            attributes.insert(field.to_owned(), value);
        }
    }
    if let Some(rooms) = &request.rooms {
        attributes.insert("services".to_owned(), json!([]));
        put_rooms(property, request, rooms, &mut attributes);
    }
    attributes
}

pub(super) fn cancelled(
    property: &Property,
    request: &CancelRequest,
    before: &Attributes,
) -> Result<Attributes, Vec<String>> {
    let mut attributes = before.clone();
    let currency = currency(property, before);
    attributes.insert("status".to_owned(), json!("cancelled"));
    if request.without_rooms {
        attributes.insert("rooms".to_owned(), json!([]));
        attributes.insert(
            "amount".to_owned(),
            json!(money::format(Decimal::ZERO, &currency)),
        );
    }
    if let Some(penalty) = &request.penalty {
        let amount = money::parse(penalty, &currency)
            .ok_or_else(|| vec!["penalty is a decimal string or minor units".to_owned()])?;
        let amount = money::format(amount, &currency);
        attributes.insert("amount".to_owned(), json!(amount));
        attributes.insert(
            "services".to_owned(),
            json!([{
                "name": "Cancellation Fee",
                "nights": 0,
                "persons": 0,
                "price_mode": "Per stay",
                "price_per_unit": amount,
                "service_rph": null,
                "total_price": amount,
                "type": "Cancellation Fee",
            }]),
        );
    }
    Ok(attributes)
}

fn put_rooms(property: &Property, request: &StayRequest, rooms: &[RoomRequest], attributes: &mut Attributes) {
    let currency = currency(property, attributes);
    let mut total = Decimal::ZERO;
    let mut views = Vec::new();
    for (index, room) in rooms.iter().enumerate() {
        let priced = |night| (night, price(property, request, room, night, &currency));
        let nights: Vec<(NaiveDate, Decimal)> = room.nights().map(priced).collect();
        total += nights.iter().map(|(_, price)| *price).sum::<Decimal>();
        let kept = request.keep_room_ids.then(|| previous_room_id(attributes, index));
        let id = kept.flatten().unwrap_or_else(|| Uuid::new_v4().to_string());
        let mut view = room_view(room, &nights, &currency);
        view["booking_room_id"] = json!(id);
        view["ota_unique_id"] = json!((index + 1).to_string());
        view["guests"] = json!([guest(attributes)]);
        views.push(view);
    }
    let commission = total * Decimal::new(15, 2);
    let arrival = rooms.iter().map(|room| room.checkin_date).min();
    let departure = rooms.iter().map(|room| room.checkout_date).max();
    let fields = [
        ("rooms", json!(views)),
        ("occupancy", occupancy(rooms)),
        ("amount", json!(money::format(total, &currency))),
        ("ota_commission", json!(money::format(commission, &currency))),
        ("arrival_date", json!(arrival)),
        ("departure_date", json!(departure)),
    ];
    attributes.extend(fields.map(|(name, value)| (name.to_owned(), value)));
}

fn room_view(room: &RoomRequest, nights: &[(NaiveDate, Decimal)], currency: &str) -> Value {
    let day =
        |(night, price): &(NaiveDate, Decimal)| (night.to_string(), json!(money::format(*price, currency)));
    let days: Map<String, Value> = nights.iter().map(day).collect();
    let amount: Decimal = nights.iter().map(|(_, price)| *price).sum();
    json!({
        "room_type_id": room.room_type_id,
        "rate_plan_id": room.rate_plan_id,
        "checkin_date": room.checkin_date,
        "checkout_date": room.checkout_date,
        "amount": money::format(amount, currency),
        "days": days,
        "occupancy": occupancy(std::slice::from_ref(room)),
        "services": [],
        "taxes": [],
        "meta": null,
    })
}

fn occupancy(rooms: &[RoomRequest]) -> Value {
    let people = |count: fn(&RoomRequest) -> u8| rooms.iter().map(|room| u32::from(count(room))).sum::<u32>();
    json!({
        "adults": people(|room| room.adults),
        "children": people(|room| room.children),
        "infants": people(|room| room.infants),
    })
}

/// In whole minor units: the price asked for, else the told rate of this occupancy, else of the plan's own.
fn price(
    property: &Property,
    request: &StayRequest,
    room: &RoomRequest,
    night: NaiveDate,
    currency: &str,
) -> Decimal {
    if let Some(asked) = request
        .price_per_night
        .as_ref()
        .and_then(|price| money::parse(price, currency))
    {
        return asked.round_dp(money::exponent(currency));
    }
    let plan = room.rate_plan_id.as_deref().and_then(|id| property.rate_plan(id));
    let told = plan.and_then(|plan| {
        let rates = &property.cell(&plan.id, night)?.rates;
        rates
            .get(&room.adults)
            .or_else(|| rates.get(&plan.occupancy))
            .or_else(|| rates.values().next_back())
    });
    told.copied()
        .unwrap_or(FALLBACK_PRICE)
        .round_dp(money::exponent(currency))
}

fn previous_room_id(attributes: &Attributes, index: usize) -> Option<String> {
    let room = attributes.get("rooms")?.as_array()?.get(index)?;
    Some(room.get("booking_room_id")?.as_str()?.to_owned())
}

fn guest(attributes: &Attributes) -> Value {
    let customer = attributes.get("customer");
    let part = |field: &str| {
        customer
            .and_then(|customer| customer.get(field))
            .cloned()
            .unwrap_or(Value::Null)
    };
    json!({ "name": part("name"), "surname": part("surname") })
}

fn currency(property: &Property, attributes: &Attributes) -> String {
    let own = attributes.get("currency").and_then(Value::as_str);
    own.unwrap_or(&property.spec.currency).to_owned()
}

fn reservation_code() -> String {
    format!("{:010}", Uuid::new_v4().as_u128() % 10_000_000_000)
}

fn default_customer(code: &str) -> Value {
    json!({
        "name": "Guest",
        "surname": format!("Of {code}"),
        "mail": format!("guest.{code}@guest.example"),
        "phone": "+00 000 0000",
        "language": "en",
        "country": "GB",
        "city": null,
        "address": null,
        "zip": null,
        "company": null,
        "meta": { "is_genius": false },
    })
}
