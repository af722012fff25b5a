//! Booking.com's reservations in our words. The samples are ours, in the forms that Booking.com documents and its server
//! was seen to send.

use super::{broken, day, keep_none, nights};
use innkeep_domain::channel::revision::{ChannelRevision, Collector, RevisionStatus, VirtualCard};
use innkeep_integrations::booking_com;
use proptest::prelude::*;
use rust_decimal::{Decimal, dec};

const RESERVATIONS: &str = include_str!("booking_com/reservations.xml");
const NEW: &str = include_str!("booking_com/ota_new.xml");
const CHANGED: &str = include_str!("booking_com/ota_changed.xml");

fn read(text: &str) -> Vec<ChannelRevision> {
    let all = booking_com::read(text.as_bytes()).unwrap();
    all.into_iter().filter_map(Result::ok).collect()
}

#[test]
fn a_booking_of_two_rooms_with_dates_of_their_own() {
    let all = read(RESERVATIONS);
    let booking = all.first().unwrap();
    assert_eq!(
        (booking.booking_ref.as_str(), booking.status),
        ("700000001", RevisionStatus::New)
    );
    assert_eq!(booking.sold_by, "BookingCom");
    assert_eq!((booking.currency.as_str(), booking.total), ("EUR", dec!(310.50)));
    assert_eq!(booking.commission, Some(dec!(46.50)));
    assert_eq!(
        booking.notes.as_deref(),
        Some("A quiet room, please.\nLate, after ten.")
    );
    let booker = &booking.booker;
    assert_eq!(
        (booker.name.as_str(), booker.country.as_deref()),
        ("Željko Пример", Some("PT"))
    );
    let [double, single] = booking.rooms.as_slice() else {
        panic!()
    };
    assert_eq!(double.room_ref.as_deref(), Some("600000001"));
    assert_eq!(
        (double.room_type.as_deref(), double.rate_plan.as_deref()),
        (Some("100000101"), Some("4000001"))
    );
    assert_eq!(
        (double.arrival, double.departure),
        (day("2027-03-22"), day("2027-03-24"))
    );
    assert_eq!(
        double.nights,
        [(day("2027-03-22"), dec!(110)), (day("2027-03-23"), dec!(110))]
    );
    assert_eq!((double.adults, double.children), (2, 1));
    assert_eq!(double.guest_name.as_deref(), Some("박하나"));
    assert_eq!((single.arrival, single.amount), (day("2027-03-23"), dec!(60.5)));
    assert_eq!(
        (single.adults, single.children, single.guest_name.as_deref()),
        (1, 0, None)
    );
}

/// Booking.com's server was seen to keep this sum in all of its messages.
#[test]
fn rooms_and_addons_make_the_total() {
    let all = read(RESERVATIONS);
    let booking = all.first().unwrap();
    let extras: Decimal = booking.particulars.extras.iter().map(|extra| extra.amount).sum();
    assert_eq!(nights(booking) + extras, booking.total);
    let [parking] = booking.particulars.extras.as_slice() else {
        panic!()
    };
    assert_eq!((parking.name.as_str(), parking.included), ("Parking", Some(true)));
}

#[test]
fn a_plan_that_booking_com_pays_is_noted_and_no_card_is_kept() {
    for text in [RESERVATIONS, NEW, CHANGED] {
        let secrets = [
            "4111111111111111",
            "5555555555554444",
            "04/2029",
            "0328",
            "\"720\"",
        ];
        keep_none(&read(text), &secrets);
    }
    let payment = |text| read(text).remove(0).particulars.payment;
    assert_eq!(payment(RESERVATIONS).collected_by, Some(Collector::Channel));
    assert_eq!(payment(RESERVATIONS).virtual_card, Some(VirtualCard::default()));
    let card = VirtualCard {
        chargeable_from: Some(day("2027-03-22")),
        chargeable_until: Some(day("2028-03-01")),
    };
    assert_eq!(payment(NEW).virtual_card, Some(card));
    assert_eq!(payment(CHANGED).virtual_card, Some(VirtualCard::default()));
}

#[test]
fn what_cannot_be_read_hides_nothing_else() {
    let all = booking_com::read(RESERVATIONS.as_bytes()).unwrap();
    let [_, cancelled, wrong] = all.as_slice() else {
        panic!()
    };
    let cancelled = cancelled.as_ref().unwrap();
    assert_eq!(
        (cancelled.status, cancelled.rooms.len()),
        (RevisionStatus::Cancelled, 0)
    );
    let refusal = wrong.as_ref().unwrap_err().to_string();
    assert_eq!(
        refusal,
        "reservations/reservation[3]/room: a stay has from 1 to 730 nights"
    );
}

/// Counts beyond all reason are many people, and rooms of a cancellation, however broken, stand in nobody's way.
#[test]
fn what_does_not_matter_costs_no_booking() {
    let many = RESERVATIONS.replace("count=\"2\"", "count=\"4294967295\"");
    assert_eq!(read(&many)[0].rooms[0].adults, 100);
    let broken = RESERVATIONS.replace("<status>modified", "<status>cancelled");
    assert_eq!(read(&broken)[2].status, RevisionStatus::Cancelled);
}

#[test]
fn a_message_delivered_again_is_the_same_revision_and_a_later_one_is_not() {
    let revision = |text: &str| read(text).remove(0).revision;
    let again = RESERVATIONS.replace("VGhpcyBpcyBhIHNhbXBsZQ==", "another answer");
    assert_eq!(revision(RESERVATIONS), revision(&again));
    assert_ne!(
        revision(RESERVATIONS),
        revision(&RESERVATIONS.replace("<status>new", "<status>modified"))
    );
    assert_ne!(revision(NEW), revision(CHANGED));
}

#[test]
fn nights_and_minor_units_of_the_ota_form() {
    let booking = read(NEW).remove(0);
    assert_eq!(
        (booking.booking_ref.as_str(), booking.status),
        ("700000004", RevisionStatus::New)
    );
    assert_eq!((booking.currency.as_str(), booking.total), ("EUR", dec!(205.50)));
    assert_eq!(booking.commission, Some(dec!(30)));
    assert_eq!(booking.booker.name, "Lisa Example");
    assert_eq!(booking.booker.country.as_deref(), Some("NL"));
    let notes = "You have received a virtual credit card.\nWake us at six.\nNon-Smoking";
    assert_eq!(booking.notes.as_deref(), Some(notes));
    let [room] = booking.rooms.as_slice() else {
        panic!()
    };
    assert_eq!(
        (room.arrival, room.departure),
        (day("2027-03-22"), day("2027-03-24"))
    );
    assert_eq!(
        room.nights,
        [(day("2027-03-22"), dec!(100)), (day("2027-03-23"), dec!(105.50))]
    );
    assert_eq!((room.adults, room.children), (2, 1));
    assert_eq!(room.guest_name.as_deref(), Some("Lisa Example"));
    let extras = &booking.particulars.extras;
    assert_eq!(
        extras
            .iter()
            .map(|one| (one.name.as_str(), one.amount))
            .collect::<Vec<_>>(),
        [("Parking space", dec!(5))]
    );
    let [tax] = booking.particulars.taxes.as_slice() else {
        panic!()
    };
    assert_eq!(
        (tax.name.as_str(), tax.amount, tax.included),
        ("City tax", dec!(5.50), Some(true))
    );
}

/// From the queue of changes: with rooms it is a change, without any a cancellation.
#[test]
fn changes_and_cancellations_of_the_ota_form() {
    let all = read(CHANGED);
    let [changed, cancelled] = all.as_slice() else {
        panic!()
    };
    assert_eq!(changed.status, RevisionStatus::Modified);
    assert_eq!((changed.currency.as_str(), changed.total), ("JPY", dec!(9000)));
    assert_eq!(
        (cancelled.booking_ref.as_str(), cancelled.status),
        ("700000005", RevisionStatus::Cancelled)
    );
}

#[test]
fn other_messages_are_refused_in_words() {
    let error = booking_com::read(b"<OTA_PingRQ/>").unwrap_err().to_string();
    assert_eq!(
        error,
        "OTA_PingRQ: is no message with reservations of Booking.com"
    );
    for text in [
        "",
        "<reservations>",
        "<!DOCTYPE x [<!ENTITY y 'z'>]><reservations>&y;</reservations>",
    ] {
        booking_com::read(text.as_bytes()).unwrap_err();
    }
    let half = NEW.replace("AmountAfterTax=\"10550\"", "AmountAfterTax=\"105.50\"");
    let all = booking_com::read(half.as_bytes()).unwrap();
    let error = all.first().unwrap().as_ref().unwrap_err().to_string();
    assert!(
        error.ends_with("Total: AmountAfterTax is not in minor units"),
        "{error}"
    );
}

proptest! {
    /// Whatever is broken or missing is refused or left out; nothing panics.
    #[test]
    fn no_message_breaks_the_reader(cut in 0_usize..4000, length in 0_usize..60, with in "[<>/=\"0-9a-z -]{0,6}") {
        for text in [RESERVATIONS, NEW, CHANGED] {
            let changed = broken(text, cut, length, &with);
            let _ = booking_com::read(changed.as_bytes());
        }
    }
}
