//! Expedia's bookings in our words. The samples are ours, in the forms that Expedia documented.

use super::{broken, day, keep_none, nights};
use innkeep_domain::channel::revision::{ChannelRevision, Collector, RevisionStatus, VirtualCard};
use innkeep_integrations::expedia;
use proptest::prelude::*;
use rust_decimal::{Decimal, dec};

const RETRIEVAL: &str = include_str!("expedia/retrieval.xml");
const NOTIFICATION: &str = include_str!("expedia/notification.xml");
const CANCELLED: &str = include_str!("expedia/cancelled.xml");

fn read(text: &str) -> Vec<ChannelRevision> {
    let all = expedia::read(text.as_bytes()).unwrap();
    all.into_iter().collect::<Result<_, _>>().unwrap()
}

/// The same message in the form of a change.
fn changed() -> String {
    NOTIFICATION
        .replace("OTA_HotelResNotifRQ", "OTA_HotelResModifyNotifRQ")
        .replace("HotelReservations>", "HotelResModifies>")
        .replace("<HotelReservation ", "<HotelResModify ")
        .replace("</HotelReservation>", "</HotelResModify>")
}

#[test]
fn bookings_that_were_asked_for() {
    let all = read(RETRIEVAL);
    let [booked, changed, cancelled] = all.as_slice() else {
        panic!()
    };
    assert_eq!(
        (booked.booking_ref.as_str(), booked.status),
        ("800000001", RevisionStatus::New)
    );
    assert_eq!(booked.revision, "Book/800000001/2027-01-05T09:30:47Z");
    assert_eq!(
        (booked.sold_by.as_str(), booked.currency.as_str()),
        ("Hotels.com", "EUR")
    );
    assert_eq!(booked.booker.name, "John Example");
    assert_eq!(booked.booker.phone.as_deref(), Some("+1 514 5550100"));
    assert_eq!(booked.notes.as_deref(), Some("2 Queen\nLate check-in"));
    let [room] = booked.rooms.as_slice() else { panic!() };
    assert_eq!(
        (room.room_type.as_deref(), room.rate_plan.as_deref()),
        (Some("965645"), Some("956589"))
    );
    assert_eq!(
        (room.arrival, room.departure),
        (day("2027-12-24"), day("2027-12-26"))
    );
    assert_eq!((room.adults, room.children), (2, 2));
    assert_eq!(
        room.nights,
        [(day("2027-12-24"), dec!(190)), (day("2027-12-25"), dec!(190))]
    );

    assert_eq!(
        (changed.status, changed.sold_by.as_str()),
        (RevisionStatus::Modified, "Expedia")
    );
    assert!(changed.particulars.taxes.is_empty());
    assert_eq!(
        (cancelled.status, cancelled.rooms.len()),
        (RevisionStatus::Cancelled, 0)
    );
    assert_eq!(cancelled.currency, "XXX");
}

#[test]
fn a_notified_booking() {
    let booking = read(NOTIFICATION).remove(0);
    assert_eq!(
        (booking.booking_ref.as_str(), booking.status),
        ("800000004", RevisionStatus::New)
    );
    assert_eq!(booking.revision, "22000001");
    assert_eq!(
        booking.revised_at.unwrap().to_rfc3339(),
        "2027-01-05T19:21:00+00:00"
    );
    assert_eq!(
        (booking.sold_by.as_str(), booking.currency.as_str()),
        ("Hotels.com", "CAD")
    );
    assert_eq!(booking.commission, Some(dec!(80)));
    assert_eq!(booking.booker.phone.as_deref(), Some("+1 321 5550101"));
    assert_eq!(booking.notes.as_deref(), Some("1 king bed\nNon-Smoking"));
    let [room] = booking.rooms.as_slice() else {
        panic!()
    };
    assert_eq!(
        (room.room_type.as_deref(), room.rate_plan.as_deref()),
        (Some("50292"), Some("113712A"))
    );
    assert_eq!((room.adults, room.children), (2, 2));
    assert_eq!(
        room.nights,
        [(day("2027-05-31"), dec!(200)), (day("2027-06-01"), dec!(200))]
    );

    let change = read(&changed()).remove(0);
    assert_eq!(change.status, RevisionStatus::Modified);
    assert_eq!(change.rooms, booking.rooms);
}

/// Nights are told before taxes, the total after them.
#[test]
fn nights_and_taxes_make_the_total() {
    for booking in read(RETRIEVAL).into_iter().chain(read(NOTIFICATION)) {
        let taxes: Decimal = booking.particulars.taxes.iter().map(|tax| tax.amount).sum();
        assert_eq!(nights(&booking) + taxes, booking.total, "{}", booking.booking_ref);
    }
}

#[test]
fn a_cancellation_is_known_by_the_bookings_id_and_not_by_ours() {
    let cancelled = read(CANCELLED).remove(0);
    assert_eq!(
        (cancelled.booking_ref.as_str(), cancelled.status),
        ("800000004", RevisionStatus::Cancelled)
    );
    assert_eq!(
        (cancelled.revision.as_str(), cancelled.booker.name.as_str()),
        ("22000003", "Etienne Example")
    );
}

#[test]
fn who_collects_and_when_expedias_card_can_be_charged() {
    let payments = |text| {
        read(text)
            .into_iter()
            .map(|booking| booking.particulars.payment)
            .collect::<Vec<_>>()
    };
    let all = payments(RETRIEVAL);
    let card = VirtualCard {
        chargeable_from: Some(day("2027-12-24")),
        chargeable_until: Some(day("2028-01-25")),
    };
    assert_eq!(
        (all[0].collected_by, all[0].virtual_card),
        (Some(Collector::Channel), Some(card))
    );
    assert_eq!(
        (all[1].collected_by, all[1].virtual_card),
        (Some(Collector::Property), None)
    );
    let notified = payments(NOTIFICATION);
    assert_eq!(
        (notified[0].collected_by, notified[0].virtual_card),
        (Some(Collector::Property), None)
    );
}

#[test]
fn no_card_is_kept() {
    for text in [RETRIEVAL, NOTIFICATION] {
        let secrets = [
            "4111111111111111",
            "5555555555554444",
            "4327",
            "1228",
            "0629",
            "secret",
        ];
        keep_none(&read(text), &secrets);
    }
}

#[test]
fn refusals_are_passed_on_and_other_messages_refused() {
    let refused = r#"<BookingRetrievalRS xmlns="http://www.expediaconnect.com/EQC/BR/2014/01"><Error code="1001">Authentication failed</Error></BookingRetrievalRS>"#;
    let error = expedia::read(refused.as_bytes()).unwrap_err().to_string();
    assert!(
        error.ends_with("Expedia refused to tell: Authentication failed"),
        "{error}"
    );
    expedia::read(b"<AvailRateUpdateRS/>").unwrap_err();
    let ping = r#"<Envelope><Body><OTA_PingRQ EchoToken="1"/></Body></Envelope>"#;
    assert!(read(ping).is_empty());
    expedia::read(b"<Envelope><Body/></Envelope>").unwrap_err();
    // One that cannot be read hides no other.
    let wrong = RETRIEVAL.replace(
        "arrival=\"2027-02-24\" departure=\"2027-02-25\"",
        "arrival=\"2027-02-24\"",
    );
    let all = expedia::read(wrong.as_bytes()).unwrap();
    assert_eq!(
        all.iter().map(Result::is_ok).collect::<Vec<_>>(),
        [true, false, true]
    );
}

proptest! {
    /// Whatever is broken or missing is refused or left out; nothing panics.
    #[test]
    fn no_message_breaks_the_reader(cut in 0_usize..5000, length in 0_usize..60, with in "[<>/=\"0-9a-z -]{0,6}") {
        for text in [RETRIEVAL, NOTIFICATION, CANCELLED] {
            let changed = broken(text, cut, length, &with);
            let _ = expedia::read(changed.as_bytes());
        }
    }
}
