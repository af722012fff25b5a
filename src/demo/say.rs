//! What the person at the terminal reads: standard output, one line at a time.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use std::fmt::Display;
use std::io::Write;

/// A reader who has gone (`| head`) does not end the demo.
pub fn line(text: impl Display) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}");
}

pub fn blank() {
    line("");
}

/// `14:03:07.120`, UTC.
pub fn time(at: DateTime<Utc>) -> String {
    at.format("%H:%M:%S%.3f").to_string()
}

/// Milliseconds from one moment to another.
pub fn ms(from: DateTime<Utc>, to: DateTime<Utc>) -> String {
    format!("{} ms", (to - from).num_milliseconds())
}

/// `12 Jul`, or `12-14 Jul` for nights in a row; both ends are nights.
pub fn nights(first: NaiveDate, last: NaiveDate) -> String {
    if first == last {
        return first.format("%-d %b").to_string();
    }
    if first.format("%b").to_string() == last.format("%b").to_string() {
        return format!("{}-{}", first.format("%-d"), last.format("%-d %b"));
    }
    format!("{} - {}", first.format("%-d %b"), last.format("%-d %b"))
}

pub fn money(amount: Decimal, currency: &str) -> String {
    format!("{amount:.2} {currency}")
}

/// `72.5 %` of a ratio, or a dash where there is nothing to divide by.
pub fn percent(ratio: Option<Decimal>) -> String {
    ratio.map_or_else(
        || "-".to_owned(),
        |r| format!("{:.2} %", r * Decimal::ONE_HUNDRED),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal::dec;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn nights_read_as_people_say_them() {
        assert_eq!(nights(date("2027-07-12"), date("2027-07-12")), "12 Jul");
        assert_eq!(nights(date("2027-07-12"), date("2027-07-14")), "12-14 Jul");
        assert_eq!(nights(date("2027-07-31"), date("2027-08-01")), "31 Jul - 1 Aug");
    }

    #[test]
    fn ratios_are_shown_in_percent() {
        assert_eq!(percent(Some(dec!(0.0125))), "1.25 %");
        assert_eq!(percent(None), "-");
    }
}
