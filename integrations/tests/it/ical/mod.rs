//! Calendars as channels write them, as nobody should, and ours.

mod bombs;
mod corpora;
mod export;
mod fetch;
mod reader;

use chrono::NaiveDate;
use chrono_tz::Tz;
use innkeep_domain::channel::feed::{Dates, Nights, Reading};
use innkeep_domain::ports::calendar::Here;
use innkeep_integrations::ical::{self, Unreadable};

fn read(text: &str) -> Result<Reading, Unreadable> {
    ical::read(text.as_bytes(), here(Tz::Europe__Berlin))
}

/// On the first of March 2027.
fn here(zone: Tz) -> Here {
    let today = NaiveDate::from_ymd_opt(2027, 3, 1).unwrap();
    Here { zone, today }
}

/// One calendar around its lines, ended as RFC 5545 says.
fn calendar(lines: &[&str]) -> String {
    let all = [
        &["BEGIN:VCALENDAR", "VERSION:2.0"] as &[&str],
        lines,
        &["END:VCALENDAR"],
    ]
    .concat();
    all.join("\r\n") + "\r\n"
}

fn event(lines: &[&str]) -> String {
    calendar(&[&["BEGIN:VEVENT"] as &[&str], lines, &["END:VEVENT"]].concat())
}

/// `dates("0301", "0304")`: three nights of March 2027.
fn dates(from: &str, to: &str) -> Dates {
    let day = |text: &str| NaiveDate::parse_from_str(&format!("2027{text}"), "%Y%m%d").unwrap();
    Dates::new(day(from), day(to)).unwrap()
}

fn nights(runs: &[(&str, &str)]) -> Nights {
    runs.iter().map(|(from, to)| dates(from, to)).collect()
}
