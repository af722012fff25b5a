//! Bookings posted to us: the documented body, and what it does not allow.

use innkeep_domain::channel::revision::{ChannelRevision, Charge, Collector, RevisionStatus, VirtualCard};
use innkeep_domain::ports::channel::Unreadable;
use innkeep_integrations::open_webhook::{EXAMPLE, reader};
use serde_json::{Value, json};

fn read(message: &Value) -> Result<ChannelRevision, Unreadable> {
    reader().read(&message.to_string())
}

fn example() -> Value {
    serde_json::from_str(EXAMPLE).unwrap()
}

/// The example with the field at a pointer set, new or not.
fn with(pointer: &str, value: Value) -> Value {
    let mut message = example();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    message
        .pointer_mut(parent)
        .unwrap()
        .as_object_mut()
        .unwrap()
        .insert(key.into(), value);
    message
}

#[test]
fn the_example_reads() {
    let revision = read(&example()).unwrap();
    assert_eq!(
        (revision.booking_ref.as_str(), revision.revision.as_str()),
        ("b-20817", "1")
    );
    assert_eq!(revision.status, RevisionStatus::New);
    assert_eq!(
        revision.revised_at.unwrap().to_rfc3339(),
        "2026-05-01T09:30:00+00:00"
    );
    assert_eq!(
        (revision.total.to_string(), revision.currency.as_str()),
        ("270.00".into(), "EUR")
    );
    assert_eq!(revision.commission.unwrap().to_string(), "40.50");
    assert_eq!(revision.booker.country.as_deref(), Some("DE"));
    let [room] = revision.rooms.as_slice() else {
        panic!("one room")
    };
    assert_eq!((room.nights.len(), room.amount.to_string()), (3, "270.00".into()));
    assert_eq!((room.adults, room.children), (2, 1));
    assert_eq!(room.room_type.as_deref(), Some("double"));
}

#[test]
fn extras_taxes_and_payment_are_carried_as_sent() {
    let told = read(&example()).unwrap().particulars;
    let charge = |name: &str, amount: &str, included| Charge {
        name: name.into(),
        amount: amount.parse().unwrap(),
        included: Some(included),
    };
    assert_eq!(told.extras, [charge("Breakfast", "20.00", false)]);
    assert_eq!(told.taxes, [charge("City tax", "6.00", true)]);
    let card = VirtualCard {
        chargeable_from: Some("2026-07-10".parse().unwrap()),
        chargeable_until: Some("2026-08-13".parse().unwrap()),
    };
    assert_eq!(told.payment.collected_by, Some(Collector::Channel));
    assert_eq!(told.payment.virtual_card, Some(card));
    let without = read(&with("/booking/payment/virtual_card", json!(false))).unwrap_err();
    assert!(without.0.starts_with("/booking/payment: "), "{without}");
    let none = read(&with("/booking/payment", json!({ "collected_by": "property" }))).unwrap();
    assert_eq!(none.particulars.payment.virtual_card, None);
}

#[test]
fn a_booking_in_a_currency_nobody_knows_is_taken() {
    let revision = read(&with("/booking/currency", json!("ZZQ"))).unwrap();
    assert_eq!(
        (revision.currency.as_str(), revision.total.to_string()),
        ("ZZQ", "270.00".into())
    );
}

#[test]
fn what_is_optional_may_be_absent_or_null() {
    let mut message = example();
    for (at, keys) in [
        (
            "/booking",
            &["commission", "notes", "extras", "taxes", "payment"][..],
        ),
        ("/booking/booker", &["email", "phone", "country"]),
        (
            "/booking/rooms/0",
            &["room_type", "rate_plan", "children", "guest_name"],
        ),
    ] {
        let fields = message.pointer_mut(at).unwrap().as_object_mut().unwrap();
        keys.iter().for_each(|key| drop(fields.remove(*key).unwrap()));
    }
    let revision = read(&message).unwrap();
    let room = revision.rooms.first().unwrap();
    assert_eq!((room.room_type.as_deref(), room.children), (None, 0));
    assert_eq!(room.guest_name.as_deref(), Some("Ada Example"));
    assert_eq!(
        read(&with("/booking/commission", Value::Null))
            .unwrap()
            .commission,
        None
    );
}

#[test]
fn only_a_cancellation_may_have_no_rooms() {
    for rooms in [json!([]), Value::Null] {
        let mut message = with("/booking/rooms", rooms);
        assert!(read(&message).unwrap_err().0.starts_with("/booking/rooms: "));
        message["event"] = json!("booking.cancelled");
        let revision = read(&message).unwrap();
        assert_eq!(
            (revision.status, revision.rooms.len()),
            (RevisionStatus::Cancelled, 0)
        );
    }
}

#[test]
fn every_rule_names_its_field() {
    let many = vec![example()["booking"]["rooms"][0].clone(); 51];
    let night = json!({"date": "2026-07-10", "price": "1.00"});
    let cases = [
        ("/event", json!("booking.deleted")),
        ("/evnt", json!("x")),
        ("/booking/guarantee", json!({"card_number": "4111111111111111"})),
        ("/booking/id", json!("")),
        ("/booking/id", json!(20817)),
        ("/booking/id", json!("x".repeat(129))),
        ("/booking/code", json!("a\u{0}b")),
        ("/booking/revised_at", json!("2026-05-01T09:30:00")),
        ("/booking/revised_at", Value::Null),
        ("/booking/currency", json!("EURO")),
        ("/booking/currency", json!("eur")),
        ("/booking/total", json!(270.0)),
        ("/booking/total", json!("-1.00")),
        ("/booking/total", json!("+1.00")),
        ("/booking/total", json!("1_000")),
        ("/booking/total", json!("1.005")),
        ("/booking/total", json!("9999999999")),
        ("/booking/commission", json!("")),
        ("/booking/notes", json!("x".repeat(4001))),
        ("/booking/extras", json!({})),
        ("/booking/extras/0/amount", json!(20)),
        ("/booking/extras/0/price", json!("20.00")),
        ("/booking/taxes/0/name", json!("")),
        ("/booking/taxes/0/included", json!("yes")),
        ("/booking/payment/collected_by", json!("bank")),
        ("/booking/payment/card_number", json!("4111111111111111")),
        ("/booking/payment/chargeable_from", json!("soon")),
        ("/booking/booker/name", json!(" ")),
        ("/booking/booker/email", json!("nobody")),
        ("/booking/booker/country", json!("Germany")),
        ("/booking/rooms", json!(many)),
        ("/booking/rooms", json!({})),
        ("/booking/rooms/0/arrival", json!("2026-7-10")),
        ("/booking/rooms/0/departure", json!("2026-07-10")),
        ("/booking/rooms/0/departure", json!("2028-07-11")),
        ("/booking/rooms/0/adults", json!(0)),
        ("/booking/rooms/0/adults", json!("2")),
        ("/booking/rooms/0/children", json!(51)),
        ("/booking/rooms/0/color", json!("red")),
        ("/booking/rooms/0/nights", json!([night])),
        ("/booking/rooms/0/nights/0/date", json!("2026-07-13")),
        ("/booking/rooms/0/nights/1/date", json!("2026-07-10")),
        ("/booking/rooms/0/nights/0/price", json!("-80.00")),
        ("/booking/rooms/0/nights/0/tax", json!("1.00")),
    ];
    for (pointer, value) in cases {
        let error = read(&with(pointer, value.clone())).expect_err(&format!("{pointer} = {value}"));
        assert!(
            error.0.starts_with(&format!("{pointer}: ")),
            "{pointer} = {value}: {error}"
        );
    }
}

#[test]
fn two_rooms_cannot_share_an_id() {
    let room = example()["booking"]["rooms"][0].clone();
    let error = read(&with("/booking/rooms", json!([room, room]))).unwrap_err();
    assert!(error.0.starts_with("/booking/rooms/1/id: "), "{error}");
}

#[test]
fn anything_else_is_refused_without_a_panic() {
    for raw in [
        "",
        "{",
        "[]",
        "null",
        "7",
        r#"{"event":"booking.new"}"#,
        r#"{"event":"booking.new","booking":[]}"#,
    ] {
        assert!(reader().read(raw).is_err(), "{raw}");
    }
    assert!(reader().read(&"[".repeat(100_000)).is_err());
}
