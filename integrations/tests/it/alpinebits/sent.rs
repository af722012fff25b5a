//! What we send is right by the same rules, and means what we meant.

use chrono::{DateTime, Days, NaiveDate};
use innkeep_domain::ports::channel::{AvailabilityRange, Season};
use innkeep_integrations::alpinebits::action::{Action, Side};
use innkeep_integrations::alpinebits::capability::{Capabilities, Capability};
use innkeep_integrations::alpinebits::receive::{self, GuestRequest};
use innkeep_integrations::alpinebits::send;
use innkeep_integrations::alpinebits::verdict::{Agreed, answer, check};
use innkeep_integrations::alpinebits::version::Version;
use innkeep_integrations::ota::answer::{Answer, Notice};
use innkeep_integrations::ota::document::Document;
use proptest::prelude::*;

fn ranges(told: &[(u8, i32)]) -> Vec<AvailabilityRange> {
    let mut from = NaiveDate::from_ymd_opt(2027, 1, 1).unwrap();
    let mut all = Vec::new();
    for (nights, availability) in told {
        let last = from + Days::new(u64::from(*nights));
        all.push(AvailabilityRange {
            room: "D&<\"".to_owned(),
            from,
            last,
            availability: *availability,
        });
        from = last + Days::new(1);
    }
    all
}

proptest! {
    #[test]
    fn free_rooms_mean_what_was_meant(told in prop::collection::vec((0u8..30, -2i32..9), 0..20), complete: bool) {
        let all = ranges(&told);
        for version in Version::ALL {
            let agreed = Agreed::all(version);
            let sent = match complete {
                true => send::complete_set("H&7", &all, &[], &agreed),
                false => send::free_rooms("H&7", &all, &agreed),
            };
            if all.is_empty() && !complete {
                prop_assert!(sent.is_err());
                continue;
            }
            let (read, warnings) = receive::free_rooms(sent.unwrap().as_bytes(), &agreed).unwrap();
            prop_assert!(warnings.is_empty());
            prop_assert_eq!(read.complete, complete);
            prop_assert_eq!(read.hotel_code.as_deref(), Some("H&7"));
            let back: Vec<_> = read.stock.iter().map(|s| (s.period.from, s.period.last, s.bookable)).collect();
            let meant: Vec<_> =
                all.iter().map(|r| (r.from, r.last, u32::try_from(r.availability).unwrap_or(0))).collect();
            prop_assert_eq!(back, meant);
        }
    }
}

/// Seasons before everything else, and nothing said of rooms on their nights.
#[test]
fn closing_seasons_are_told_first_and_leave_out_their_nights() {
    let day = |day| NaiveDate::from_ymd_opt(2027, 1, day).unwrap();
    let seasons = [(3, 5), (20, 31)].map(|(from, last)| Season {
        from: day(from),
        last: day(last),
    });
    let all = ranges(&[(1, 2), (9, 0), (17, 3)]);
    for version in Version::ALL {
        let agreed = Agreed::all(version);
        let sent = send::complete_set("H7", &all, &seasons, &agreed).unwrap();
        let (read, warnings) = receive::free_rooms(sent.as_bytes(), &agreed).unwrap();
        assert!(read.complete && warnings.is_empty(), "{warnings:?}");
        let closed: Vec<_> = read.closed.iter().map(|p| (p.from, p.last)).collect();
        assert_eq!(closed, [(day(3), day(5)), (day(20), day(31))]);
        let told: Vec<_> = read
            .stock
            .iter()
            .map(|s| (s.period.from, s.period.last, s.bookable))
            .collect();
        assert_eq!(
            told,
            [(day(1), day(2), 2), (day(6), day(12), 0), (day(13), day(19), 3)]
        );
        let unasked = Agreed {
            capabilities: Capabilities::all().without(Capability::ClosingSeasons),
            version,
        };
        assert!(send::complete_set("H7", &all, &seasons, &unasked).is_err());
    }
}

#[test]
fn what_would_be_refused_is_not_sent() {
    let agreed = Agreed::all(Version::V2024_10);
    let mut all = ranges(&[(3, 1), (3, 2)]);
    all[1].from = all[0].last;
    assert!(send::free_rooms("H7", &all, &agreed).is_err(), "overlap");
    all[1].room = "more-than-eight".to_owned();
    assert!(send::free_rooms("H7", &all, &agreed).is_err(), "code");
    assert!(send::complete_set("", &[], &[], &agreed).is_err(), "hotel");
}

#[test]
fn requests_and_acknowledgments_are_right() {
    let since = DateTime::from_timestamp(1_800_000_000, 0);
    let request = |id: &str, kind: &str| GuestRequest {
        kind: kind.to_owned(),
        id: id.to_owned(),
        revision: None,
    };
    for version in Version::ALL {
        let agreed = Agreed::all(version);
        for since in [None, since] {
            let text = send::read("H7", since, &agreed).unwrap();
            assert_eq!(
                text.contains(r#"Start="2027-01-15T08:00:00Z""#),
                since.is_some(),
                "{text}"
            );
        }
        let taken = [request("a", "14"), request("b", "15")];
        let refused = [("c".to_owned(), "no <such> room".to_owned())];
        let text = send::acknowledge(&taken, &refused, &agreed).unwrap();
        assert!(text.contains(r#"<UniqueID Type="15" ID="b"/>"#), "{text}");
        assert!(
            text.contains(r#"<Warning Type="3" Code="450" RecordID="c">no &lt;such&gt; room</Warning>"#),
            "{text}"
        );
        send::acknowledge(&[], &refused, &agreed).unwrap();
        send::acknowledge(&taken, &[], &agreed).unwrap();
        assert!(send::acknowledge(&taken, &[("a".to_owned(), "both".to_owned())], &agreed).is_err());
    }
}

/// Whatever the verdict, the answer to it is a right one, and says it.
#[test]
fn answers_are_right_and_read_back() {
    let refusal = check(
        b"<no/>",
        Action::FreeRooms,
        Side::Request,
        &Agreed::all(Version::V2024_10),
    )
    .unwrap_err();
    let verdicts = [Ok(Vec::new()), Ok(vec![Notice::advisory("late")]), Err(refusal)];
    let answers: Vec<Answer> = verdicts.into_iter().map(answer).collect();
    assert!(matches!(
        answers.as_slice(),
        [Answer::Success(_), Answer::Success(_), Answer::Errors(_)]
    ));
    let simple = [
        Action::FreeRooms,
        Action::Inventory,
        Action::Info,
        Action::RatePlans,
        Action::Acknowledgments,
        Action::Activities,
    ];
    for version in Version::ALL {
        for action in simple {
            for said in &answers {
                let text = send::answer(action, said);
                check(text.as_bytes(), action, Side::Answer, &Agreed::all(version))
                    .unwrap_or_else(|r| panic!("{text}: {r}"));
                let document = Document::read(text.as_bytes()).unwrap();
                assert_eq!(&Answer::read(document.root()).unwrap(), said);
            }
        }
    }
}
