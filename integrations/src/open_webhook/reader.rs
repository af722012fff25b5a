//! Reads what sellers post, and refuses what the documented body does not allow.

use super::check::{amount, count, country, currency, instant, only, optional_words, words};
use super::payment;
use crate::cursor::Cursor;
use chrono::NaiveDate;
use innkeep_domain::channel::revision::{Booker, ChannelRevision, ChannelRoom, RevisionStatus};
use innkeep_domain::ports::channel::{RevisionReader, Unreadable};
use rust_decimal::Decimal;
use serde_json::Value;
use std::collections::HashSet;

const MOST_ROOMS: usize = 50;
const MOST_NIGHTS: i64 = 730;
const MOST_PEOPLE: i32 = 50;
const ID: usize = 128;
const LABEL: usize = 64;
const NAME: usize = 200;
const EMAIL: usize = 254;
const NOTES: usize = 4000;

const BOOKING: [&str; 14] = [
    "id",
    "revision",
    "revised_at",
    "code",
    "sold_by",
    "currency",
    "total",
    "commission",
    "booker",
    "notes",
    "extras",
    "taxes",
    "payment",
    "rooms",
];
const ROOM: [&str; 9] = [
    "id",
    "room_type",
    "rate_plan",
    "arrival",
    "departure",
    "adults",
    "children",
    "guest_name",
    "nights",
];

type Read<T> = Result<T, Unreadable>;

pub(super) struct Reader;

impl RevisionReader for Reader {
    fn read(&self, raw: &str) -> Read<ChannelRevision> {
        let value: Value =
            serde_json::from_str(raw).map_err(|error| Unreadable(format!("/: is not JSON: {error}")))?;
        let message = Cursor::root(&value);
        only(&message, &["event", "booking"])?;
        let status = status(&message.need("event")?)?;
        booking(&message.need("booking")?, status)
    }
}

fn status(at: &Cursor<'_>) -> Read<RevisionStatus> {
    match at.text()? {
        "booking.new" => Ok(RevisionStatus::New),
        "booking.modified" => Ok(RevisionStatus::Modified),
        "booking.cancelled" => Ok(RevisionStatus::Cancelled),
        _ => Err(at.fail("must be booking.new, booking.modified or booking.cancelled")),
    }
}

fn booking(at: &Cursor<'_>, status: RevisionStatus) -> Read<ChannelRevision> {
    only(at, &BOOKING)?;
    let currency = currency(&at.need("currency")?)?;
    let booker = booker(&at.need("booker")?)?;
    Ok(ChannelRevision {
        booking_ref: words(&at.need("id")?, ID)?,
        revision: words(&at.need("revision")?, ID)?,
        revised_at: Some(instant(&at.need("revised_at")?)?),
        status,
        code: words(&at.need("code")?, LABEL)?,
        sold_by: words(&at.need("sold_by")?, LABEL)?,
        total: amount(&at.need("total")?, &currency)?,
        commission: at
            .field("commission")
            .map(|at| amount(&at, &currency))
            .transpose()?,
        notes: optional_words(at, "notes", NOTES)?,
        particulars: payment::particulars(at, &currency)?,
        rooms: rooms(at, status, &currency, &booker)?,
        booker,
        currency,
    })
}

fn booker(at: &Cursor<'_>) -> Read<Booker> {
    only(at, &["name", "email", "phone", "country"])?;
    let email = optional_words(at, "email", EMAIL)?;
    if email.as_ref().is_some_and(|email| !email.contains('@')) {
        return Err(at.need("email")?.fail("must be an e-mail address"));
    }
    Ok(Booker {
        name: words(&at.need("name")?, NAME)?,
        email,
        phone: optional_words(at, "phone", LABEL)?,
        country: at.field("country").map(|at| country(&at)).transpose()?,
    })
}

fn rooms(of: &Cursor<'_>, status: RevisionStatus, currency: &str, booker: &Booker) -> Read<Vec<ChannelRoom>> {
    let at = match (of.field("rooms"), status) {
        (Some(at), _) => at,
        (None, RevisionStatus::Cancelled) => return Ok(Vec::new()),
        (None, _) => of.need("rooms")?,
    };
    let items = at.items()?;
    if items.len() > MOST_ROOMS {
        return Err(at.fail(format!("must have at most {MOST_ROOMS} rooms")));
    }
    if items.is_empty() && status != RevisionStatus::Cancelled {
        return Err(at.fail("must have a room unless the booking is cancelled"));
    }
    let mut ids = HashSet::new();
    let mut rooms = Vec::with_capacity(items.len());
    for item in &items {
        let room = room(item, currency, booker)?;
        if !ids.insert(room.room_ref.clone()) {
            return Err(item.need("id")?.fail("is the id of two rooms"));
        }
        rooms.push(room);
    }
    Ok(rooms)
}

fn room(at: &Cursor<'_>, currency: &str, booker: &Booker) -> Read<ChannelRoom> {
    only(at, &ROOM)?;
    let arrival = at.need("arrival")?.date()?;
    let departure_at = at.need("departure")?;
    let departure = departure_at.date()?;
    if !(1..=MOST_NIGHTS).contains(&(departure - arrival).num_days()) {
        return Err(departure_at.fail(format!("must be 1 to {MOST_NIGHTS} nights after arrival")));
    }
    let nights = nights(&at.need("nights")?, arrival, departure, currency)?;
    let children = at
        .field("children")
        .map(|at| count(&at, 0, MOST_PEOPLE))
        .transpose()?;
    Ok(ChannelRoom {
        room_ref: Some(words(&at.need("id")?, ID)?),
        room_type: optional_words(at, "room_type", ID)?,
        rate_plan: optional_words(at, "rate_plan", ID)?,
        arrival,
        departure,
        amount: nights.iter().map(|(_, price)| *price).sum(),
        nights,
        adults: count(&at.need("adults")?, 1, MOST_PEOPLE)?,
        children: children.unwrap_or(0),
        guest_name: optional_words(at, "guest_name", NAME)?.or_else(|| Some(booker.name.clone())),
    })
}

/// Every night of the stay exactly once, in any order.
fn nights(
    at: &Cursor<'_>,
    arrival: NaiveDate,
    departure: NaiveDate,
    currency: &str,
) -> Read<Vec<(NaiveDate, Decimal)>> {
    let mut nights = Vec::new();
    let mut seen = HashSet::new();
    for night in at.items()? {
        only(&night, &["date", "price"])?;
        let date_at = night.need("date")?;
        let date = date_at.date()?;
        if !(arrival..departure).contains(&date) {
            return Err(date_at.fail("is not a night of the stay"));
        }
        if !seen.insert(date) {
            return Err(date_at.fail("is listed twice"));
        }
        nights.push((date, amount(&night.need("price")?, currency)?));
    }
    nights.sort();
    let missing = arrival
        .iter_days()
        .take_while(|day| *day < departure)
        .find(|day| !seen.contains(day));
    match missing {
        Some(day) => Err(at.fail(format!("the night of {day} is missing"))),
        None => Ok(nights),
    }
}
