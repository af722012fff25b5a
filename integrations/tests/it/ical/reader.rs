use super::{calendar, dates, event, here, nights, read};
use chrono::{DateTime, NaiveDate};
use chrono_tz::Tz;
use innkeep_domain::channel::feed::{Dates, Feed, NamedStay, Nights, Seen, Sighting, patience};
use innkeep_integrations::ical::Unreadable;

/// As Booking.com's: its own escaping, no names, an organizer.
const BOOKING: &[&str] = &[
    "PRODID:-//admin.booking.com\\\\\\, b.v.//NONSGML v1.0//EN",
    "METHOD:PUBLISH",
    "BEGIN:VEVENT",
    "DTSTAMP:20270301T215142Z",
    "DTSTART;VALUE=DATE:20270310",
    "DTEND;VALUE=DATE:20270312",
    "UID:00000000000000000000000000000001@booking.com",
    "SUMMARY:CLOSED - Not available",
    "ORGANIZER:mailto:noreply@booking.com",
    "END:VEVENT",
    "BEGIN:VEVENT",
    "DTSTART;VALUE=DATE:20270312",
    "DTEND;VALUE=DATE:20270315",
    "UID:00000000000000000000000000000002@booking.com",
    "END:VEVENT",
];

/// As Airbnb's: a reservation with a folded description, a block, a parameter on PRODID, no DTSTAMP.
const AIRBNB: &[&str] = &[
    "PRODID;X-RICAL-TZSOURCE=TZINFO:-//Airbnb Inc//Hosting Calendar 0.8.8//EN",
    "BEGIN:VEVENT",
    "DTEND;VALUE=DATE:20270312",
    "DTSTART;VALUE=DATE:20270310",
    "UID:1418fb94e984-000000000000000000000000000",
    " 00001@airbnb.com",
    "DESCRIPTION:Reservation URL: https://www.airbnb.com/hosting/reservations/de",
    " tails/HMABCDEF12\\nPhone Number (Last 4 Digits): 0000",
    "SUMMARY:Reserved",
    "END:VEVENT",
    "BEGIN:VEVENT",
    "DTEND;VALUE=DATE:20270313",
    "DTSTART;VALUE=DATE:20270312",
    "UID:7f662ec65913-00000000000000000000000000000002@airbnb.com",
    "SUMMARY:Airbnb (Not available)",
    "END:VEVENT",
];

#[test]
fn nights_of_neighbours_are_one_run() {
    let reading = read(&calendar(BOOKING)).unwrap();
    assert!(reading.stays.is_empty());
    assert_eq!(reading.closed, nights(&[("0310", "0315")]));
}

#[test]
fn reservations_with_a_uid_of_their_own_are_stays() {
    let reading = read(&calendar(AIRBNB)).unwrap();
    let stay = NamedStay {
        dates: dates("0310", "0312"),
        code: Some("HMABCDEF12".into()),
    };
    let uid = "1418fb94e984-00000000000000000000000000000001@airbnb.com".to_owned();
    assert_eq!(reading.stays.into_iter().collect::<Vec<_>>(), [(uid, stay)]);
    assert_eq!(reading.closed, nights(&[("0312", "0313")]));
}

#[test]
fn form_does_not_matter() {
    let expected = read(&calendar(BOOKING)).unwrap();
    let crlf = calendar(BOOKING);
    let lower = |text: &str| {
        text.replace("BEGIN:", "begin:")
            .replace("DTSTART;VALUE=DATE", "Dtstart")
    };
    for text in [
        crlf.replace("\r\n", "\n"),
        format!("\u{feff}{crlf}"),
        format!("\r\n{crlf}\r\n \r\n"),
        crlf.trim_end().to_owned(),
        crlf.replace("DTSTART", "DTST\r\n ART")
            .replace("0310", "03\r\n\t10"),
        crlf.replace("UID:", "a line that is none\r\nX-LONG;P=\"a:b;c\":d:e\r\nUID:"),
        lower(&crlf),
        crlf.replace("20270310", "2027-03-10"),
    ] {
        assert_eq!(read(&text).as_ref(), Ok(&expected), "{text}");
    }
    // Not every feed is UTF-8.
    let mut latin = crlf.into_bytes();
    latin.splice(40..40, *b"\xe9");
    assert_eq!(
        innkeep_integrations::ical::read(&latin, here(Tz::UTC)),
        Ok(expected)
    );
}

#[test]
fn an_event_ends_as_it_says_or_after_a_night() {
    for (lines, from, to) in [
        (&["DTSTART:20270310"] as &[&str], "0310", "0311"),
        (&["DTSTART:20270310", "DTEND:20270310"], "0310", "0311"),
        (&["DTSTART:20270310", "DURATION:P7D"], "0310", "0317"),
        (&["DURATION:P1W", "DTSTART:20270310"], "0310", "0317"),
        (&["DTSTART:20270310", "DURATION:P1DT12H"], "0310", "0312"),
        (&["DTSTART:20270310T150000", "DURATION:PT20H"], "0310", "0311"),
        (
            &["DTSTART:20270310T150000", "DTEND:20270312T110000"],
            "0310",
            "0312",
        ),
        (
            &["DTSTART:20270310T100000", "DTEND:20270310T120000"],
            "0310",
            "0311",
        ),
        (
            &[
                "DTSTART;TZID=Europe/Berlin:20270310T150000",
                "DTEND;TZID=Europe/Berlin:20270312T110000",
            ],
            "0310",
            "0312",
        ),
        // Half past midnight in Berlin.
        (
            &["DTSTART:20270309T233000Z", "DTEND:20270311T100000Z"],
            "0310",
            "0311",
        ),
    ] {
        let reading = read(&event(lines)).unwrap();
        assert_eq!(reading.closed, nights(&[(from, to)]), "{lines:?}");
    }
}

#[test]
fn what_does_not_close_nights_is_passed_over() {
    let alarm = ["BEGIN:VALARM", "DTSTART:nonsense", "DURATION:PT5M", "END:VALARM"];
    let lines = [&["DTSTART:20270310", "DURATION:P2D"] as &[&str], &alarm].concat();
    assert_eq!(read(&event(&lines)).unwrap().closed, nights(&[("0310", "0312")]));
    let zone = [
        "BEGIN:VTIMEZONE",
        "BEGIN:STANDARD",
        "DTSTART:19701025T030000",
        "RRULE:FREQ=YEARLY",
        "END:STANDARD",
        "END:VTIMEZONE",
    ];
    let cancelled = [
        "BEGIN:VEVENT",
        "DTSTART:20270310",
        "STATUS:CANCELLED",
        "END:VEVENT",
    ];
    let reading = read(&calendar(&[&zone as &[&str], &cancelled].concat())).unwrap();
    assert!(reading.nights().is_empty());
}

/// Google keeps the cancelled events of series, and some that have no date any more.
#[test]
fn a_cancelled_event_closes_nothing_whatever_else_it_says() {
    for lines in [
        &["STATUS:CANCELLED"] as &[&str],
        &["DTSTART:20270310", "RRULE:FREQ=WEEKLY", "STATUS:CANCELLED"],
        &["STATUS:CANCELLED", "DTSTART:20270310", "RDATE:20270320"],
        &["DTSTART:soon", "STATUS:CANCELLED"],
        &["DTSTART:20270310", "DTEND:20270309", "STATUS:Cancelled"],
        &["DTSTART:20270310", "DTEND:99991231", "STATUS:CANCELLED"],
    ] {
        let reading = read(&event(lines));
        assert!(
            reading.as_ref().is_ok_and(|r| r.nights().is_empty()),
            "{lines:?}: {reading:?}"
        );
    }
    let after = read(&calendar(&[
        "BEGIN:VEVENT",
        "DTSTART:soon",
        "STATUS:CANCELLED",
        "END:VEVENT",
        "BEGIN:VEVENT",
        "DTSTART:20270310",
        "END:VEVENT",
    ]));
    assert_eq!(after.unwrap().closed, nights(&[("0310", "0311")]));
}

/// The first of March is today.
#[test]
fn an_event_that_repeated_and_is_over_closes_nothing() {
    for rule in [
        "RRULE:FREQ=WEEKLY;UNTIL=20270226",
        "RRULE:UNTIL=20270226T225959Z;FREQ=WEEKLY;BYDAY=MO",
        "rrule:freq=daily;until=20240101",
    ] {
        let lines = ["DTSTART:20230302", "DTEND:20230304", rule];
        assert!(read(&event(&lines)).unwrap().nights().is_empty(), "{rule}");
    }
    for lines in [
        // The last one departs today, which may be a night in another zone.
        &["DTSTART:20230302", "DTEND:20230304", "RRULE:UNTIL=20270227"] as &[&str],
        &["DTSTART:20230302", "DURATION:P1500D", "RRULE:UNTIL=20230401"],
        &["DTSTART:20270302", "RRULE:FREQ=WEEKLY;UNTIL=20270101"],
        &["DTSTART:20230302", "RRULE:FREQ=WEEKLY;COUNT=2"],
        &["DTSTART:20230302", "RRULE:UNTIL=20240101", "RDATE:20270320"],
        &["DTSTART:20230302", "RRULE:UNTIL=20240101", "RRULE:FREQ=DAILY"],
        &["DTSTART:20230302", "RRULE:FREQ=WEEKLY;UNTIL=once"],
    ] {
        let read = read(&event(lines));
        let repeats = matches!(
            read,
            Err(Unreadable::Broken {
                what: "an event that repeats",
                ..
            })
        );
        assert!(repeats, "{lines:?}: {read:?}");
    }
}

/// Safe for those that close nights; who wants a night open must not have an event in it.
#[test]
fn a_transparent_event_closes_its_nights() {
    let reading = read(&event(&["DTSTART:20270310", "TRANSP:TRANSPARENT"])).unwrap();
    assert_eq!(reading.closed, nights(&[("0310", "0311")]));
}

#[test]
fn what_is_closed_for_ever_is_held_to_the_horizon() {
    let today = here(Tz::UTC).today;
    for (from, to) in [
        ("20270310", "20991231"),
        ("19000101", "20991231"),
        ("20270310", "21000101"),
    ] {
        let lines = [format!("DTSTART:{from}"), format!("DTEND:{to}")];
        let reading = read(&event(&[&lines[0], &lines[1]])).unwrap();
        let mut feed = Feed::default();
        let sighting = Sighting {
            at: DateTime::UNIX_EPOCH,
            today,
            told: &Nights::default(),
        };
        feed.observe(Seen::Calendar(&reading), sighting);
        let first = NaiveDate::parse_from_str(from, "%Y%m%d").unwrap().max(today);
        let horizon = Dates::ahead(today, patience::HORIZON_DAYS).to();
        assert_eq!(
            feed.held().runs(),
            [Dates::new(first, horizon).unwrap()],
            "{from} {to}"
        );
    }
}

/// An event that is left out looks like a cancellation.
#[test]
fn an_event_that_cannot_be_told_makes_the_calendar_unreadable() {
    for lines in [
        &["UID:a"] as &[&str],
        &["DTSTART:20270231"],
        &["DTSTART:tomorrow"],
        &["DTSTART;VALUE=DATE"],
        &["DTSTART:20270310", "DTEND;X=\":20270312"],
        &["DTSTART:20270310T25"],
        &["DTSTART:120270310"],
        &["DTSTART:20270310", "DTEND:20270309"],
        &["DTSTART:20270310", "DTEND:"],
        &["DTSTART:20270310", "DURATION:-P1D"],
        &["DTSTART:20270310", "DURATION:P"],
        &["DTSTART:20270310", "DURATION:P3"],
        &["DTSTART:20270310", "DURATION:P4294967295W"],
        &["DTSTART:20270310", "DURATION:P99999999999D"],
        &["DTSTART:20270310", "RRULE:FREQ=WEEKLY"],
        &["DTSTART:20270310", "RDATE:20270320"],
    ] {
        let read = read(&event(lines));
        assert!(
            matches!(read, Err(Unreadable::Broken { .. })),
            "{lines:?}: {read:?}"
        );
    }
    let line = match read(&event(&["DTSTART:x"])) {
        Err(Unreadable::Broken { line, .. }) => line,
        other => panic!("{other:?}"),
    };
    assert_eq!(line, 4);
}

#[test]
fn only_a_whole_calendar_is_one() {
    let whole = calendar(BOOKING);
    for (text, expected) in [
        (String::new(), Unreadable::NoCalendar),
        ("\r\n\r\n".into(), Unreadable::NoCalendar),
        (
            "<!doctype html><title>Log in</title>".into(),
            Unreadable::NoCalendar,
        ),
        ("BEGIN:VCARD\r\nEND:VCARD\r\n".into(), Unreadable::NoCalendar),
        (
            "BEGIN:VEVENT\r\nDTSTART:20270310\r\nEND:VEVENT\r\n".into(),
            Unreadable::NoCalendar,
        ),
        (format!("<html>{whole}"), Unreadable::NoCalendar),
        (whole.replace("END:VCALENDAR\r\n", ""), Unreadable::CutOff),
    ] {
        assert_eq!(read(&text), Err(expected), "{text}");
    }
    let read = read(&calendar(&["BEGIN:VEVENT", "DTSTART:20270310"]));
    assert!(matches!(read, Err(Unreadable::Broken { .. })), "{read:?}");
}

/// Wherever a calendar breaks off, what is left of it is none.
#[test]
fn no_beginning_of_a_calendar_is_one() {
    let whole = calendar(AIRBNB);
    for end in 0..whole.len() - "R\r\n".len() {
        let part = whole.get(..end).unwrap();
        assert!(read(part).is_err(), "{part}");
    }
}

#[test]
fn the_nights_of_a_uid_that_comes_twice_are_taken() {
    let twice = [
        "BEGIN:VEVENT",
        "UID:1418fb94e984-1@airbnb.com",
        "DTSTART:20270310",
        "END:VEVENT",
        "BEGIN:VEVENT",
        "UID:1418fb94e984-1@airbnb.com",
        "DTSTART:20270320",
        "END:VEVENT",
    ];
    let reading = read(&calendar(&twice)).unwrap();
    assert_eq!(reading.stays.len(), 1);
    assert_eq!(reading.nights(), nights(&[("0310", "0311"), ("0320", "0321")]));
}
