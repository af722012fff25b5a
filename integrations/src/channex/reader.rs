//! Channex's booking revisions in our words. Tolerant: a booking that was sold is taken if it can be at all.

use super::{amount, identity, payment, room};
use crate::cursor::Cursor;
use crate::text::clean;
use chrono::{DateTime, NaiveDateTime, Utc};
use innkeep_domain::channel::revision::{Booker, ChannelRevision, ChannelRoom, NO_CURRENCY, RevisionStatus};
use innkeep_domain::ports::channel::{RevisionReader, Unreadable};
use rust_decimal::Decimal;
use serde_json::Value;

const SHORT: usize = 200;
const LONG: usize = 8000;

pub(super) struct Reader;

impl RevisionReader for Reader {
    /// `raw` is an entry of the feed, or an answer that has it under `data`.
    fn read(&self, raw: &str) -> Result<ChannelRevision, Unreadable> {
        let value: Value =
            serde_json::from_str(raw).map_err(|error| Unreadable(format!("/: is not JSON: {error}")))?;
        let root = Cursor::root(&value);
        let entry = root.field("data").unwrap_or(root);
        let attributes = entry.field("attributes").unwrap_or_else(|| entry.clone());
        attributes.entries()?;
        read_booking(&entry, &attributes)
    }
}

fn read_booking(entry: &Cursor<'_>, attributes: &Cursor<'_>) -> Result<ChannelRevision, Unreadable> {
    let missing = |what| attributes.fail(format!("the {what} id is missing"));
    let booking_ref = identity::booking(entry.value()).ok_or_else(|| missing("booking"))?;
    let revision = identity::revision(entry.value()).ok_or_else(|| missing("revision"))?;
    let status = status(attributes)?;
    let currency = currency(attributes);
    let customer = customer_name(attributes);
    let rooms = rooms(attributes, status, &currency, customer.as_deref())?;
    let sold_by = word(attributes, "ota_name").unwrap_or_else(|| "Channex".to_owned());
    let guest = || rooms.iter().find_map(|room| room.guest_name.clone());
    let booker = Booker {
        name: customer
            .or_else(guest)
            .unwrap_or_else(|| format!("{sold_by} guest")),
        ..contact(attributes)
    };
    Ok(ChannelRevision {
        revised_at: word(attributes, "inserted_at").as_deref().and_then(instant),
        code: word(attributes, "unique_id")
            .or_else(|| word(attributes, "ota_reservation_code"))
            .unwrap_or_else(|| booking_ref.clone()),
        total: total(attributes, &rooms, &currency)?,
        commission: optional_amount(attributes, "ota_commission", &currency)?,
        notes: long_word(attributes, "notes"),
        particulars: payment::particulars(attributes, &currency),
        booking_ref,
        revision,
        status,
        sold_by,
        currency,
        booker,
        rooms,
    })
}

fn status(attributes: &Cursor<'_>) -> Result<RevisionStatus, Unreadable> {
    let at = attributes.need("status")?;
    match at.text()?.trim().to_ascii_lowercase().as_str() {
        "new" => Ok(RevisionStatus::New),
        "modified" => Ok(RevisionStatus::Modified),
        "cancelled" => Ok(RevisionStatus::Cancelled),
        _ => Err(at.fail("must be new, modified or cancelled")),
    }
}

/// What was sold is taken, whatever it was sold for: no currency that can be read counts as none.
fn currency(attributes: &Cursor<'_>) -> String {
    let code = word(attributes, "currency").map(|code| code.to_ascii_uppercase());
    let code = code.filter(|code| code.len() == 3 && code.bytes().all(|letter| letter.is_ascii_uppercase()));
    code.unwrap_or_else(|| NO_CURRENCY.to_owned())
}

/// A cancellation needs no rooms, so unreadable ones do not stop it. Anything else without rooms would
/// silently empty the booking, and is looked at by a person.
fn rooms(
    attributes: &Cursor<'_>,
    status: RevisionStatus,
    currency: &str,
    customer: Option<&str>,
) -> Result<Vec<ChannelRoom>, Unreadable> {
    let read = || -> Result<Vec<ChannelRoom>, Unreadable> {
        let at = attributes.need("rooms")?;
        let rooms = at.items()?;
        if rooms.is_empty() {
            return Err(at.fail("a booking that is not cancelled has rooms"));
        }
        let stay = room::Booking {
            attributes,
            currency,
            customer,
            only_room: rooms.len() == 1,
        };
        rooms.iter().map(|at| stay.room(at)).collect()
    };
    match (read(), status) {
        (Err(_), RevisionStatus::Cancelled) => Ok(Vec::new()),
        (rooms, _) => rooms,
    }
}

/// Not always the sum of the rooms: services are in it, and after a cancellation it is the penalty.
fn total(attributes: &Cursor<'_>, rooms: &[ChannelRoom], currency: &str) -> Result<Decimal, Unreadable> {
    let told = optional_amount(attributes, "amount", currency)?;
    Ok(told.unwrap_or_else(|| rooms.iter().map(|room| room.amount).sum()))
}

pub(super) fn optional_amount(
    of: &Cursor<'_>,
    key: &str,
    currency: &str,
) -> Result<Option<Decimal>, Unreadable> {
    let at = of
        .field(key)
        .filter(|at| at.value().as_str().is_none_or(|text| !text.trim().is_empty()));
    at.map(|at| amount::read(&at, currency)).transpose()
}

fn customer_name(attributes: &Cursor<'_>) -> Option<String> {
    full_name(&attributes.field("customer")?)
}

/// `name` and `surname`, as far as there are any.
pub(super) fn full_name(person: &Cursor<'_>) -> Option<String> {
    let parts: Vec<String> = ["name", "surname"]
        .iter()
        .filter_map(|key| word(person, key))
        .collect();
    clean(&parts.join(" "), SHORT)
}

fn contact(attributes: &Cursor<'_>) -> Booker {
    let Some(customer) = attributes.field("customer") else {
        return Booker::default();
    };
    let country = word(&customer, "country").map(|code| code.to_ascii_uppercase());
    Booker {
        name: String::new(),
        email: word(&customer, "mail").filter(|mail| mail.contains('@')),
        phone: word(&customer, "phone"),
        country: country.filter(|code| code.len() == 2 && code.bytes().all(|c| c.is_ascii_uppercase())),
    }
}

/// A short text; numbers are read as text, since ids come as either.
pub(super) fn word(of: &Cursor<'_>, key: &str) -> Option<String> {
    match of.field(key)?.value() {
        Value::String(text) => clean(text, SHORT),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn long_word(of: &Cursor<'_>, key: &str) -> Option<String> {
    clean(of.field(key)?.value().as_str()?, LONG)
}

/// Without a zone it is UTC.
fn instant(text: &str) -> Option<DateTime<Utc>> {
    let zoned = DateTime::parse_from_rfc3339(text).map(|at| at.to_utc()).ok();
    zoned.or_else(|| text.parse::<NaiveDateTime>().ok().map(|at| at.and_utc()))
}
