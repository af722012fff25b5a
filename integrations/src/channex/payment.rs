//! Extras, taxes and how a Channex booking is paid. What is written wrongly here is left out: it must not cost the booking.

use super::amount;
use super::reader::word;
use crate::cursor::Cursor;
use chrono::NaiveDate;
use innkeep_domain::channel::revision::{Charge, Collector, Particulars, Payment, VirtualCard};
use serde_json::{Value, json};

/// Services and taxes of one booking.
const MOST: usize = 100;
/// What [`note_virtual_card`] leaves in an entry.
const NOTE: &str = "virtual_card";

/// `guarantee` holds card data and is dropped before a message is kept. That the card is a virtual one, and when it can be
/// charged, is none, and is noted beside it first.
pub(super) fn note_virtual_card(entry: &mut Value) {
    let enveloped = entry.get("attributes").is_some_and(Value::is_object);
    let at = if enveloped {
        entry.get_mut("attributes")
    } else {
        Some(entry)
    };
    let Some(fields) = at.and_then(Value::as_object_mut) else {
        return;
    };
    fields.remove(NOTE);
    let card = fields.get("guarantee").filter(|card| card["is_virtual"] == true);
    let Some(card) = card else { return };
    let day = |key: &str| card["meta"][key].as_str().and_then(date);
    let note = json!({
        "effective_date": day("virtual_card_effective_date"),
        "expiration_date": day("virtual_card_expiration_date"),
    });
    fields.insert(NOTE.to_owned(), note);
}

fn date(text: &str) -> Option<NaiveDate> {
    crate::cursor::date(text.get(..10)?)
}

/// Of the booking and of its rooms.
pub(super) fn particulars(attributes: &Cursor<'_>, currency: &str) -> Particulars {
    let rooms = attributes.field("rooms").and_then(|at| at.items().ok());
    let places: Vec<Cursor<'_>> = std::iter::once(attributes.clone())
        .chain(rooms.unwrap_or_default())
        .collect();
    let all = |key: &str| {
        let lists = places.iter().filter_map(|place| place.field(key)?.items().ok());
        let charges = lists.flatten().filter_map(|at| charge(&at, currency));
        charges.take(MOST).collect()
    };
    Particulars {
        extras: all("services"),
        taxes: all("taxes"),
        payment: payment(attributes),
    }
}

fn charge(at: &Cursor<'_>, currency: &str) -> Option<Charge> {
    Some(Charge {
        name: word(at, "name").or_else(|| word(at, "type"))?,
        amount: amount::read(&at.field("total_price")?, currency).ok()?,
        included: at.field("is_inclusive").and_then(|at| at.value().as_bool()),
    })
}

fn payment(attributes: &Cursor<'_>) -> Payment {
    let collected_by = match word(attributes, "payment_collect").as_deref() {
        Some("ota") => Some(Collector::Channel),
        Some("property") => Some(Collector::Property),
        _ => None,
    };
    let day = |card: &Cursor<'_>, key| card.field(key).and_then(|at| at.date().ok());
    let virtual_card = attributes.field(NOTE).map(|card| VirtualCard {
        chargeable_from: day(&card, "effective_date"),
        chargeable_until: day(&card, "expiration_date"),
    });
    Payment {
        collected_by,
        virtual_card,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact;

    /// The facts stay, the card goes, whoever sends a note of their own.
    #[test]
    fn a_virtual_card_is_noted_and_its_number_is_not() {
        let mut entry = json!({ "type": "booking_revision", "attributes": { "virtual_card": { "number": "4111111111111111" },
            "guarantee": {
            "card_number": "411111******1111", "cvv": "123", "cardholder_name": "Agent", "is_virtual": true,
            "meta": { "virtual_card_effective_date": "2026-09-12", "virtual_card_expiration_date": "2027-09-12" },
        } } });
        note_virtual_card(&mut entry);
        redact::value_in_place(&mut entry);
        let noted = json!({ "effective_date": "2026-09-12", "expiration_date": "2027-09-12" });
        assert_eq!(entry["attributes"], json!({ "virtual_card": noted }));
    }

    #[test]
    fn a_guests_own_card_is_not_noted() {
        for guarantee in [json!({ "is_virtual": false }), json!(null), json!("x")] {
            let mut entry = json!({ "id": "1", "guarantee": guarantee });
            note_virtual_card(&mut entry);
            assert!(entry.get(NOTE).is_none());
        }
    }
}
