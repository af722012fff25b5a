use super::{calendar, event, here, read};
use innkeep_integrations::ical::{Unreadable, limits};
use proptest::prelude::*;

fn too_much(text: &str) -> &'static str {
    match read(text) {
        Err(Unreadable::TooMuch { what, .. }) => what,
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_limit_holds() {
    let properties: String = (0..80_000).map(|n| format!("X{n}:\r\n")).collect();
    assert_eq!(too_much(&event(&[&properties])), "lines");
    let huge = format!("SUMMARY:{}", "x".repeat(limits::LINE));
    assert_eq!(too_much(&event(&[&huge])), "bytes in a line");
    let folds = format!("SUMMARY:x{}", "\r\n ".repeat(limits::LINES));
    assert_eq!(too_much(&event(&[&folds])), "lines");
    let growing = format!("SUMMARY:x{}", "\r\n xxxxxxxxxxxxxxxxxxx".repeat(1000));
    assert_eq!(too_much(&event(&[&growing])), "bytes in a line");
    assert_eq!(too_much(&"x".repeat(limits::BYTES + 1)), "bytes");
    let nested = "BEGIN:VEVENT\r\n".repeat(1000);
    assert_eq!(too_much(&calendar(&[&nested])), "components inside one another");
}

#[test]
fn an_event_of_ten_thousand_years_is_none() {
    for end in [
        "DTEND:99991231",
        "DURATION:P73201D",
        "DURATION:P99999W",
        "DURATION:P400000000W",
    ] {
        let read = read(&event(&["DTSTART:20270310", end]));
        assert!(matches!(read, Err(Unreadable::Broken { .. })), "{end}: {read:?}");
    }
    let nights = read(&event(&["DTSTART:20270310", "DURATION:P73200D"]))
        .unwrap()
        .nights();
    assert_eq!(nights.iter().count(), 73_200);
}

proptest! {
    /// Whatever is sent, there is an answer.
    #[test]
    fn no_bytes_are_fatal(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let read = innkeep_integrations::ical::read(&bytes, here(chrono_tz::UTC));
        prop_assert!(read.is_err());
    }

    #[test]
    fn no_lines_are_fatal(lines in prop::collection::vec(line(), 0..40)) {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        for text in [event(&lines), calendar(&lines), lines.join("\n")] {
            if let Ok(reading) = read(&text) {
                let nights = reading.nights();
                let longest = nights.runs().iter().map(|run| (run.to() - run.from()).num_days());
                prop_assert!(longest.sum::<i64>() <= lines.len() as i64 * 73_200);
            }
        }
    }
}

fn line() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec![
        "BEGIN",
        "END",
        "DTSTART",
        "DTEND",
        "DURATION",
        "UID",
        "STATUS",
        "DESCRIPTION",
        "RRULE",
        " folded",
    ]);
    let value = prop_oneof![
        Just("VEVENT".to_owned()),
        Just("VCALENDAR".to_owned()),
        "[0-9]{8}",
        "[0-9]{8}T[0-9]{6}Z?",
        Just("CANCELLED".to_owned()),
        "FREQ=DAILY;UNTIL=[0-9]{8}",
        "[+-]?P([0-9]{1,12}[WDHMST]){0,3}",
        "\\PC{0,20}",
    ];
    (name, "(;[A-Z]=\"?[a-z:]{0,3}\"?)?", value)
        .prop_map(|(name, parameter, value)| format!("{name}{parameter}:{value}"))
}
