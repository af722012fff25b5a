//! Channex's booking revisions, in our own fixtures: what must read, and what must not.

use innkeep_domain::channel::revision::{ChannelRevision, Charge, Collector, RevisionStatus, VirtualCard};
use innkeep_domain::ports::channel::Unreadable;
use innkeep_integrations::channex;
use innkeep_integrations::outbound::{Options, Outbound};
use rust_decimal::Decimal;
use serde_json::{Value, json};

fn read(entry: &Value) -> Result<ChannelRevision, Unreadable> {
    channex::protocol(Outbound::new(Options::default()).unwrap())
        .reader
        .read(&entry.to_string())
}

fn booking() -> Value {
    json!({"type": "booking_revision", "id": "rev-1", "attributes": {
        "id": "rev-1", "booking_id": "b-1", "property_id": "p-1", "status": "new", "currency": "EUR",
        "unique_id": "BDC-42", "ota_reservation_code": "42", "ota_name": "BookingCom",
        "amount": "190.00", "ota_commission": "27.00", "notes": "Late.\nVery.", "guarantee": null,
        "inserted_at": "2026-05-01T09:30:00.123456",
        "arrival_date": "2026-07-01", "departure_date": "2026-07-03",
        "customer": {"name": "Ada", "surname": "Example", "mail": "ada@guest.example", "phone": "+49 30 5550100",
            "country": "de", "language": "de"},
        "occupancy": {"adults": 2, "children": 1, "infants": 1},
        "rooms": [{
            "booking_room_id": "br-1", "room_type_id": "rt-1", "rate_plan_id": "rp-1", "amount": "180.00",
            "checkin_date": "2026-07-01", "checkout_date": "2026-07-03",
            "days": {"2026-07-01": "80.00", "2026-07-02": "100.00"},
            "occupancy": {"adults": 2, "children": 1, "infants": 1},
            "guests": [{"name": "Bo", "surname": "Example"}],
        }],
    }})
}

/// The fixture with the value at a pointer below `attributes` replaced.
fn with(pointer: &str, value: Value) -> Value {
    let mut entry = booking();
    *entry.pointer_mut(&format!("/attributes{pointer}")).unwrap() = value;
    entry
}

fn without(parent: &str, key: &str) -> Value {
    let mut entry = booking();
    entry
        .pointer_mut(&format!("/attributes{parent}"))
        .unwrap()
        .as_object_mut()
        .unwrap()
        .remove(key)
        .unwrap();
    entry
}

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

#[test]
fn a_revision_reads_in_full() {
    let revision = read(&booking()).unwrap();
    assert_eq!(
        (revision.booking_ref.as_str(), revision.revision.as_str()),
        ("b-1", "rev-1")
    );
    assert_eq!(
        revision.revised_at.unwrap().to_rfc3339(),
        "2026-05-01T09:30:00.123456+00:00"
    );
    assert_eq!(revision.status, RevisionStatus::New);
    assert_eq!(
        (revision.code.as_str(), revision.sold_by.as_str()),
        ("BDC-42", "BookingCom")
    );
    assert_eq!(
        (revision.currency.as_str(), revision.total),
        ("EUR", dec("190.00"))
    );
    assert_eq!(revision.commission, Some(dec("27.00")));
    assert_eq!(revision.notes.as_deref(), Some("Late.\nVery."));
    assert_eq!(revision.booker.name, "Ada Example");
    assert_eq!(revision.booker.email.as_deref(), Some("ada@guest.example"));
    assert_eq!(revision.booker.country.as_deref(), Some("DE"));
    let [room] = revision.rooms.as_slice() else {
        panic!("one room")
    };
    assert_eq!(room.room_ref.as_deref(), Some("br-1"));
    assert_eq!(
        (room.room_type.as_deref(), room.rate_plan.as_deref()),
        (Some("rt-1"), Some("rp-1"))
    );
    let nights = [
        ("2026-07-01".parse().unwrap(), dec("80.00")),
        ("2026-07-02".parse().unwrap(), dec("100.00")),
    ];
    assert_eq!(room.nights, nights);
    assert_eq!((room.amount, room.adults, room.children), (dec("180.00"), 2, 2));
    assert_eq!(room.guest_name.as_deref(), Some("Bo Example"));
}

#[test]
fn services_taxes_and_who_collects_are_carried_as_sent() {
    let mut entry = booking();
    let attributes = entry.pointer_mut("/attributes").unwrap();
    attributes["payment_collect"] = json!("ota");
    attributes["services"] = json!([
        { "type": "Breakfast", "name": "Breakfast", "total_price": "20.00", "price_mode": "Per person per night" },
        { "type": "Parking", "total_price": "many" },
        { "type": "Cancellation Fee", "name": "Fee", "total_price": "6.75", "is_inclusive": true },
    ]);
    attributes["rooms"][0]["taxes"] =
        json!([{ "name": "VAT (5%)", "total_price": "7.29", "is_inclusive": false }]);
    attributes["virtual_card"] = json!({ "effective_date": "2026-07-01", "expiration_date": null });
    let revision = read(&entry).unwrap();
    let told = revision.particulars;
    let charge = |name: &str, amount, included| Charge {
        name: name.into(),
        amount: dec(amount),
        included,
    };
    assert_eq!(
        told.extras,
        [
            charge("Breakfast", "20.00", None),
            charge("Fee", "6.75", Some(true))
        ]
    );
    assert_eq!(told.taxes, [charge("VAT (5%)", "7.29", Some(false))]);
    assert_eq!(told.payment.collected_by, Some(Collector::Channel));
    let card = VirtualCard {
        chargeable_from: Some("2026-07-01".parse().unwrap()),
        chargeable_until: None,
    };
    assert_eq!(told.payment.virtual_card, Some(card));
    assert_eq!((revision.total, revision.rooms.len()), (dec("190.00"), 1));
    assert!(read(&booking()).unwrap().particulars.is_empty());
}

#[test]
fn a_booking_without_a_currency_that_can_be_read_is_taken() {
    for currency in [json!("Euro"), Value::Null, json!(978)] {
        let revision = read(&with("/currency", currency)).unwrap();
        assert_eq!(
            (revision.currency.as_str(), revision.total),
            ("XXX", dec("190.00"))
        );
    }
}

#[test]
fn the_envelopes_of_all_endpoints_read() {
    let revision = read(&json!({"data": booking()})).unwrap();
    assert_eq!(revision.revision, "rev-1");
    let bare = booking()["attributes"].clone();
    assert_eq!(read(&bare).unwrap(), revision);
    let mut of_bookings = bare;
    of_bookings["id"] = json!("b-1");
    of_bookings["revision_id"] = json!("rev-1");
    of_bookings.as_object_mut().unwrap().remove("booking_id");
    assert_eq!(
        read(&json!({"type": "booking", "id": "b-1", "attributes": of_bookings})).unwrap(),
        revision
    );
    assert_eq!(read(&of_bookings).unwrap(), revision);
}

#[test]
fn amounts_are_strings_numbers_or_minor_units() {
    let total = |amount: Value| read(&with("/amount", amount)).map(|revision| revision.total);
    assert_eq!(total(json!("190")), Ok(dec("190")));
    assert_eq!(total(json!(190.5)), Ok(dec("190.5")));
    assert_eq!(total(json!(19050)), Ok(dec("190.50")));
    for (currency, amount) in [("JPY", "19050"), ("KWD", "19.050"), ("ZZZ", "190.50")] {
        let mut entry = with("/amount", json!(19050));
        entry["attributes"]["currency"] = json!(currency);
        assert_eq!(read(&entry).unwrap().total, dec(amount), "{currency}");
    }
    for odd in [json!("much"), json!([]), json!(true), json!("1e30"), json!(1e300)] {
        let error = total(odd.clone()).unwrap_err();
        assert!(error.0.starts_with("/attributes/amount: "), "{odd}: {error}");
    }
    assert_eq!(total(Value::Null), Ok(dec("180.00")));
}

#[test]
fn nulls_and_gaps_are_taken() {
    assert_eq!(
        read(&with("/customer", Value::Null)).unwrap().booker.name,
        "Bo Example"
    );
    let mut nobody = with(
        "/customer",
        json!({"name": null, "surname": " ", "mail": null, "country": "Narnia"}),
    );
    nobody["attributes"]["rooms"][0]["guests"] = Value::Null;
    let revision = read(&nobody).unwrap();
    assert_eq!(revision.booker.name, "BookingCom guest");
    assert_eq!((revision.booker.email, revision.booker.country), (None, None));
    let unmapped = with("/rooms/0/room_type_id", Value::Null);
    assert_eq!(read(&unmapped).unwrap().rooms.first().unwrap().room_type, None);
    let plain = without("/rooms/0", "booking_room_id");
    assert_eq!(read(&plain).unwrap().rooms.first().unwrap().room_ref, None);
    let guestless = read(&without("/rooms/0", "guests")).unwrap();
    assert_eq!(
        guestless.rooms.first().unwrap().guest_name.as_deref(),
        Some("Ada Example")
    );
    assert_eq!(read(&without("", "ota_commission")).unwrap().commission, None);
    assert_eq!(read(&with("/notes", Value::Null)).unwrap().notes, None);
    assert_eq!(read(&without("", "unique_id")).unwrap().code, "42");
    assert_eq!(
        read(&with("/inserted_at", json!("soon"))).unwrap().revised_at,
        None
    );
    let zoned = read(&with("/inserted_at", json!("2026-05-01T11:30:00+02:00"))).unwrap();
    assert_eq!(
        zoned.revised_at.unwrap().to_rfc3339(),
        "2026-05-01T09:30:00+00:00"
    );
}

#[test]
fn a_sole_room_borrows_the_bookings_dates_and_people() {
    let mut entry = without("/rooms/0", "checkin_date");
    let room = entry
        .pointer_mut("/attributes/rooms/0")
        .unwrap()
        .as_object_mut()
        .unwrap();
    room.remove("checkout_date");
    room.remove("occupancy");
    let revision = read(&entry).unwrap();
    let room = revision.rooms.first().unwrap();
    assert_eq!(
        (room.arrival.to_string(), room.departure.to_string()),
        ("2026-07-01".into(), "2026-07-03".into())
    );
    assert_eq!((room.adults, room.children), (2, 2));
}

#[test]
fn prices_outside_the_stay_are_left_out() {
    let days =
        json!({"2026-06-30": "1.00", "2026-07-01": "80.00", "2026-07-02": "100.00", "2026-07-03": "1.00"});
    assert_eq!(read(&with("/rooms/0/days", days)), read(&booking()));
}

#[test]
fn nights_come_from_the_breakdown_when_there_is_no_map() {
    let mut entry = without("/rooms/0", "days");
    assert!(read(&entry).unwrap().rooms.first().unwrap().nights.is_empty());
    entry["attributes"]["rooms"][0]["meta"] = json!({"days_breakdown": [{"date": "2026-07-02", "amount": "100.00"}, {"date": "2026-07-01", "amount": "80.00"}]});
    let revision = read(&entry).unwrap();
    assert_eq!(revision.rooms, read(&booking()).unwrap().rooms);
}

#[test]
fn a_cancellation_needs_no_rooms_and_anything_else_does() {
    let mut cancelled = with("/status", json!("cancelled"));
    cancelled["attributes"]["amount"] = json!("0.00");
    for rooms in [json!([]), Value::Null, json!([{"checkin_date": "soon"}])] {
        cancelled["attributes"]["rooms"] = rooms.clone();
        let revision = read(&cancelled).unwrap();
        assert_eq!(
            (revision.status, revision.rooms.len()),
            (RevisionStatus::Cancelled, 0)
        );
        let mut modified = cancelled.clone();
        modified["attributes"]["status"] = json!("modified");
        assert!(read(&modified).is_err(), "{rooms}");
    }
}

#[test]
fn what_makes_no_sense_is_unreadable_and_says_where() {
    let cases = [
        (with("/status", json!("pending")), "/attributes/status: "),
        (with("/status", Value::Null), "/attributes/status: "),
        (with("/booking_id", Value::Null), "/attributes: the booking id"),
        (
            with("/rooms/0/checkout_date", json!("2026-07-01")),
            "/attributes/rooms/0: checkout_date",
        ),
        (
            with("/rooms/0/checkout_date", json!("2026-06-30")),
            "/attributes/rooms/0: checkout_date",
        ),
        (
            with("/rooms/0/checkout_date", json!("9999-12-31")),
            "/attributes/rooms/0: a stay",
        ),
        (
            with("/rooms/0/checkin_date", json!("1 July")),
            "/attributes/rooms/0/checkin_date: ",
        ),
        (
            with("/rooms/0/days", json!({"Monday": "1.00"})),
            "/attributes/rooms/0/days/Monday: ",
        ),
        (
            with("/rooms/0/days", json!({"2026-07-01": "soon"})),
            "/attributes/rooms/0/days/2026-07-01: ",
        ),
        (with("/rooms/0", json!("double")), "/attributes/rooms/0: "),
        (json!([]), "/: "),
        (json!(7), "/: "),
    ];
    for (entry, start) in cases {
        let error = read(&entry).unwrap_err();
        assert!(error.0.starts_with(start), "{error} does not start with {start}");
    }
    let reader = channex::protocol(Outbound::new(Options::default()).unwrap()).reader;
    assert!(reader.read("{").unwrap_err().0.starts_with("/: is not JSON"));
}

/// It was sold, whatever it costs.
#[test]
fn a_night_may_have_no_price() {
    let entry = with(
        "/rooms/0/days",
        json!({"2026-07-01": null, "2026-07-02": "80.00"}),
    );
    let revision = read(&entry).unwrap();
    assert_eq!(
        revision.rooms[0].nights.len(),
        1,
        "{:?}",
        revision.rooms[0].nights
    );
}

#[test]
fn absurd_numbers_and_texts_are_cut_to_size() {
    let mut entry = with(
        "/rooms/0/occupancy",
        json!({"adults": -3, "children": 99, "infants": 99}),
    );
    entry["attributes"]["notes"] = json!("a\u{0}b");
    entry["attributes"]["customer"]["name"] = json!("x".repeat(10_000));
    let revision = read(&entry).unwrap();
    let room = revision.rooms.first().unwrap();
    assert_eq!((room.adults, room.children), (0, 100));
    assert_eq!(revision.notes.as_deref(), Some("ab"));
    assert_eq!(revision.booker.name.len(), 200);
}
