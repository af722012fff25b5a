//! What messages mean to us.

use super::sample;
use chrono::NaiveDate;
use innkeep_domain::channel::revision::{NO_CURRENCY, RevisionStatus};
use innkeep_integrations::alpinebits::action::Side;
use innkeep_integrations::alpinebits::receive;
use innkeep_integrations::alpinebits::verdict::Agreed;
use innkeep_integrations::alpinebits::version::Version;
use rust_decimal::dec;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

#[test]
fn reservations_become_revisions() {
    let agreed = Agreed::all(Version::V2022_10);
    let all =
        receive::guest_requests(sample::guest_requests.as_bytes(), Side::Answer, &agreed, "CHF").unwrap();
    let [question, changed, cancelled] = all.as_slice() else {
        panic!("{}", all.len())
    };
    assert_eq!((question.id.as_str(), question.kind.as_str()), ("q-1", "14"));
    assert!(question.revision.is_none(), "a question is no booking");

    let booking = changed.revision.as_ref().unwrap();
    assert_eq!(booking.booking_ref, "r-1");
    assert_eq!(booking.revision, "14/r-1/2026-11-03T10:00:00+01:00");
    assert_eq!(
        booking.revised_at.unwrap().to_rfc3339(),
        "2026-11-03T09:00:00+00:00"
    );
    assert_eq!(booking.status, RevisionStatus::Modified);
    assert_eq!(booking.sold_by, "portal.example");
    assert_eq!((booking.currency.as_str(), booking.total), ("EUR", dec!(400)));
    assert_eq!(booking.commission, Some(dec!(30.05)));
    assert_eq!(booking.notes.as_deref(), Some("We come late."));
    let booker = &booking.booker;
    assert_eq!(
        (booker.name.as_str(), booker.country.as_deref()),
        ("Otto Booker", Some("DE"))
    );
    assert_eq!(
        (booker.phone.as_deref(), booker.email.as_deref()),
        (Some("+390002"), Some("otto@example.com"))
    );
    let [double, single] = booking.rooms.as_slice() else {
        panic!()
    };
    assert_eq!(double.room_type.as_deref(), Some("DBL"));
    assert_eq!(double.rate_plan.as_deref(), Some("BAR-HB"));
    assert_eq!(
        (double.arrival, double.departure),
        (day("2027-02-01"), day("2027-02-04"))
    );
    assert_eq!((double.adults, double.children), (3, 1));
    assert_eq!(double.amount, dec!(300.50));
    assert_eq!((single.rate_plan.as_deref(), single.adults), (None, 1));

    let cancelled = cancelled.revision.as_ref().unwrap();
    assert_eq!(
        (cancelled.status, cancelled.rooms.len()),
        (RevisionStatus::Cancelled, 0)
    );
    assert_eq!(
        (cancelled.currency.as_str(), cancelled.total),
        (NO_CURRENCY, dec!(0))
    );
}

#[test]
fn nights_and_services_of_2024_are_read() {
    let agreed = Agreed::all(Version::V2024_10);
    let all = receive::guest_requests(
        sample::guest_requests_2024.as_bytes(),
        Side::Request,
        &agreed,
        "EUR",
    )
    .unwrap();
    let booking = all[0].revision.as_ref().unwrap();
    assert_eq!(booking.status, RevisionStatus::New);
    assert_eq!(booking.total, dec!(360));
    let nights = [
        ("2027-02-01", dec!(100)),
        ("2027-02-02", dec!(100)),
        ("2027-02-03", dec!(120)),
    ];
    assert_eq!(
        booking.rooms[0].nights,
        nights.map(|(night, price)| (day(night), price))
    );
    let [massage] = booking.particulars.extras.as_slice() else {
        panic!()
    };
    assert_eq!(
        (massage.name.as_str(), massage.amount, massage.included),
        ("MASSAGE", dec!(40), Some(true))
    );

    let taxed = sample::guest_requests_2024.replace("\"SPA\"", "\"TOURISTTAX\"").replace(
        "CurrencyCode=\"EUR\"/>\n          </ServiceDetails>",
        "CurrencyCode=\"EUR\"/><ServiceDescription><Text TextFormat=\"PlainText\">City tax</Text></ServiceDescription></ServiceDetails>",
    );
    let all = receive::guest_requests(taxed.as_bytes(), Side::Request, &agreed, "EUR").unwrap();
    let told = &all[0].revision.as_ref().unwrap().particulars;
    assert!(told.extras.is_empty());
    assert_eq!(
        told.taxes.iter().map(|tax| tax.name.as_str()).collect::<Vec<_>>(),
        ["City tax"]
    );
}

/// Dates far away do not become millions of nights.
#[test]
fn a_rate_without_end_costs_nothing() {
    let text =
        sample::guest_requests_2024.replace(r#"ExpireDate="2027-02-03""#, r#"ExpireDate="9999-12-31""#);
    let agreed = Agreed::all(Version::V2024_10);
    let all = receive::guest_requests(text.as_bytes(), Side::Request, &agreed, "EUR").unwrap();
    assert_eq!(all[0].revision.as_ref().unwrap().rooms[0].nights.len(), 3);
    let long = sample::guest_requests_2024.replace(r#"End="2027-02-04""#, r#"End="9999-12-31""#);
    assert!(receive::guest_requests(long.as_bytes(), Side::Request, &agreed, "EUR").is_err());
}

#[test]
fn free_rooms_and_categories_are_read() {
    let agreed = Agreed::all(Version::V2022_10);
    let (rooms, warnings) = receive::free_rooms(sample::free_rooms.as_bytes(), &agreed).unwrap();
    assert!(warnings.is_empty() && rooms.complete);
    assert_eq!(rooms.hotel_code.as_deref(), Some("H7"));
    assert_eq!(rooms.closed.len(), 2);
    let counts: Vec<(&str, u32, u32, u32)> = rooms
        .stock
        .iter()
        .map(|s| (s.category.as_str(), s.bookable, s.out_of_order, s.out_of_market))
        .collect();
    assert_eq!(counts, [("DBL", 4, 1, 2), ("DBL", 0, 0, 0), ("SGL", 0, 0, 0)]);
    assert_eq!(rooms.stock[1].period.from, rooms.stock[1].period.last);

    let (changes, _) = receive::free_rooms(sample::free_rooms_delta.as_bytes(), &agreed).unwrap();
    assert!(!changes.complete);
    assert_eq!(changes.stock[1].room.as_deref(), Some("102"));

    let categories = receive::categories(sample::inventory.as_bytes(), Side::Request, &agreed).unwrap();
    let double = &categories[0];
    assert_eq!(
        (double.code.as_str(), double.least, double.standard, double.most),
        ("DBL", 1, 2, 3)
    );
    assert_eq!(
        (double.most_children, double.rooms.as_slice()),
        (Some(2), ["101".to_owned(), "102".to_owned()].as_slice())
    );
    assert_eq!(categories[1].code, "SGL");
}
