use super::{nights, read};
use chrono::{DateTime, NaiveDate, Utc};
use innkeep_domain::channel::calendar::Taken;
use innkeep_domain::channel::feed::{Dates, Nights};
use innkeep_integrations::ical::write;
use proptest::prelude::*;
use uuid::Uuid;

fn taken(id: u128, from: &str, to: &str) -> Taken {
    Taken {
        id: Uuid::from_u128(id),
        dates: super::dates(from, to),
        changed_at: "2027-02-01T09:30:00Z".parse::<DateTime<Utc>>().unwrap(),
    }
}

#[test]
fn says_when_and_nothing_else() {
    let written = write("Sea, view; \"4\"\r\nEND:VCALENDAR", &[taken(7, "0310", "0312")]);
    let expected = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Innkeep//Calendar//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        "X-WR-CALNAME:Sea\\, view\\; \"4\"\\nEND:VCALENDAR",
        "BEGIN:VEVENT",
        "UID:00000000-0000-0000-0000-000000000007@innkeep",
        "DTSTAMP:20270201T093000Z",
        "DTSTART;VALUE=DATE:20270310",
        "DTEND;VALUE=DATE:20270312",
        "SUMMARY:Not available",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ];
    assert_eq!(written, expected.join("\r\n"));
}

#[test]
fn an_empty_one_is_one() {
    assert!(read(&write("", &[])).unwrap().nights().is_empty());
}

#[test]
fn the_same_is_written_the_same() {
    let all = [taken(1, "0310", "0312"), taken(2, "0312", "0313")];
    assert_eq!(write("Room 4", &all), write("Room 4", &all));
    assert_eq!(
        read(&write("Room 4", &all)).unwrap().closed,
        nights(&[("0310", "0313")])
    );
}

proptest! {
    #[test]
    fn lines_are_short_whole_and_say_the_nights(
        name in "\\PC{0,200}",
        all in prop::collection::vec((any::<u128>(), 0i32..2000, 1i32..400), 0..20),
    ) {
        let day = |offset| NaiveDate::from_num_days_from_ce_opt(740_000 + offset).unwrap();
        let all: Vec<Taken> = all.into_iter().map(|(id, from, length)| Taken {
            dates: Dates::new(day(from), day(from + length)).unwrap(),
            ..taken(id, "0310", "0312")
        }).collect();
        let written = write(&name, &all);
        let (lines, last) = written.rsplit_once("\r\n").unwrap();
        prop_assert_eq!(last, "");
        for line in lines.split("\r\n") {
            prop_assert!(line.len() <= 75, "{}", line);
            prop_assert!(!line.contains(['\r', '\n']));
        }
        let expected: Nights = all.iter().map(|taken| taken.dates).collect();
        prop_assert_eq!(read(&written).unwrap().nights(), expected);
    }
}
