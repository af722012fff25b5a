//! How the built-in types of XML Schema are written.

use chrono::{NaiveDate, NaiveTime};

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Base {
    String,
    Uri,
    Language,
    Boolean,
    Integer,
    Decimal,
    Date,
    DateTime,
    Time,
}

impl Base {
    /// Blanks around a value count in strings only.
    pub(super) fn collapsed(self, value: &str) -> &str {
        if self == Self::String {
            return value;
        }
        value.trim_matches([' ', '\t', '\n', '\r'])
    }

    pub(super) fn takes(self, value: &str) -> bool {
        match self {
            Self::String => true,
            Self::Uri => !value.contains([' ', '<', '>', '"']),
            Self::Language => language(value),
            Self::Boolean => ["true", "false", "1", "0"].contains(&value),
            Self::Integer => digits(unsigned(value)),
            Self::Decimal => decimal(unsigned(value)),
            Self::Date => dated(value),
            Self::DateTime => value
                .split_once('T')
                .is_some_and(|(date, time)| day(date) && timed(time)),
            Self::Time => timed(value),
        }
    }
}

fn unsigned(value: &str) -> &str {
    value.strip_prefix(['+', '-']).unwrap_or(value)
}

fn digits(value: &str) -> bool {
    !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit())
}

fn decimal(value: &str) -> bool {
    let (whole, part) = value.split_once('.').unwrap_or((value, ""));
    let optional = |text: &str| text.is_empty() || digits(text);
    optional(whole) && optional(part) && !(whole.is_empty() && part.is_empty())
}

/// `en`, `de-AT`.
fn language(value: &str) -> bool {
    value.split('-').enumerate().all(|(index, part)| {
        let fits = |c: char| c.is_ascii_alphabetic() || (index > 0 && c.is_ascii_digit());
        (1..=8).contains(&part.len()) && part.chars().all(fits)
    })
}

/// Digits stand where the form has a `0`, everything else stands as it is.
fn formed(value: &str, form: &str) -> bool {
    let alike = |(found, wanted): (u8, u8)| {
        if wanted == b'0' {
            found.is_ascii_digit()
        } else {
            found == wanted
        }
    };
    value.len() == form.len() && value.bytes().zip(form.bytes()).all(alike)
}

/// A day of the calendar, with four digits of year.
fn day(value: &str) -> bool {
    formed(value, "0000-00-00") && value.parse::<NaiveDate>().is_ok()
}

fn dated(value: &str) -> bool {
    value.is_char_boundary(10) && value.len() >= 10 && {
        let (date, offset) = value.split_at(10);
        day(date) && shifted(offset)
    }
}

/// `15:00:00`, with parts of seconds and an offset if there are any; `24:00:00` is the end of the day.
fn timed(value: &str) -> bool {
    if !value.is_char_boundary(8) || value.len() < 8 {
        return false;
    }
    let (clock, rest) = value.split_at(8);
    let known = formed(clock, "00:00:00") && !clock.ends_with("60") && clock.parse::<NaiveTime>().is_ok();
    let offset = match rest.strip_prefix('.') {
        None => rest,
        Some(part) => {
            let after = part.trim_start_matches(|c: char| c.is_ascii_digit());
            if after.len() == part.len() {
                return false;
            }
            after
        }
    };
    (known || clock == "24:00:00") && shifted(offset)
}

/// Nothing, `Z`, or up to fourteen hours.
fn shifted(offset: &str) -> bool {
    match offset.strip_prefix(['+', '-']) {
        None => offset.is_empty() || offset == "Z",
        Some(by) => formed(by, "00:00") && (by <= "13:59" || by == "14:00") && &by[3..] <= "59",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(base: Base, right: &[&str], wrong: &[&str]) {
        for value in right {
            assert!(base.takes(base.collapsed(value)), "{base:?} takes {value}");
        }
        for value in wrong {
            assert!(!base.takes(base.collapsed(value)), "{base:?} refuses {value}");
        }
    }

    #[test]
    fn values_are_written_as_the_types_say() {
        let days = ["2024-02-29", " 2026-01-31\n", "2026-01-31Z", "2026-01-31+14:00"];
        check(
            Base::Date,
            &days,
            &[
                "2026-02-29",
                "2026-1-31",
                "26-01-31",
                "2026-01-31+15:00",
                "2026-01-31x",
                "",
            ],
        );
        let instants = [
            "2026-01-31T10:00:00",
            "2026-01-31T23:59:59.25+02:00",
            "2026-01-31T24:00:00Z",
        ];
        check(
            Base::DateTime,
            &instants,
            &[
                "2026-01-31",
                "2026-01-31 10:00:00",
                "2026-01-31T10:00",
                "2026-01-31T25:00:00",
            ],
        );
        check(
            Base::Time,
            &["00:00:00", "10:30:00.1"],
            &["10:30", "10:60:00", "10:30:60", "10:30:00.", "ü0:00:00"],
        );
        check(Base::Boolean, &["true", "0", " 1 "], &["TRUE", "yes", ""]);
        check(Base::Integer, &["0", "-12", "+7"], &["1.0", "", "-", "1 2"]);
        check(
            Base::Decimal,
            &["0", ".5", "5.", "-1.25"],
            &[".", "", "1,5", "1e3", "1.2.3"],
        );
        check(
            Base::Language,
            &["de", "de-AT"],
            &["", "deutschland", "de_AT", "d1"],
        );
        check(Base::Uri, &["https://example.com/ü?a=b"], &["a b"]);
        check(Base::String, &[" anything "], &[]);
    }
}
