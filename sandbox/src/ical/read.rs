//! What a hotel's calendar takes, read by RFC 5545 as far as a platform needs it.

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate};

use super::Dates;

/// Every night of it; or why it is none.
pub(super) fn nights(text: &str) -> Result<BTreeSet<NaiveDate>, String> {
    let text = text.replace("\r\n", "\n").replace("\n ", "").replace("\n\t", "");
    let mut lines = text.lines().map(str::trim_end);
    if lines.next() != Some("BEGIN:VCALENDAR") {
        return Err("is no calendar".to_owned());
    }
    let (mut taken, mut event, mut ended) = (BTreeSet::new(), None, false);
    for line in lines {
        match line {
            "BEGIN:VEVENT" => event = Some((None, None)),
            "END:VEVENT" => {
                let dates = event.take().and_then(|(from, to)| dates(from?, to));
                let dates = dates.ok_or("has an event without dates")?;
                taken.extend(dates.nights());
            }
            "END:VCALENDAR" => ended = true,
            _ => {
                let (name, value) = line.split_once(':').unwrap_or((line, ""));
                let name = name.split(';').next().unwrap_or_default();
                match (name, &mut event) {
                    ("DTSTART", Some((from, _))) => *from = date(value),
                    ("DTEND", Some((_, to))) => *to = date(value),
                    _ => {}
                }
            }
        }
    }
    if ended {
        Ok(taken)
    } else {
        Err("breaks off".to_owned())
    }
}

/// Without an end it is one night.
fn dates(from: NaiveDate, to: Option<NaiveDate>) -> Option<Dates> {
    let to = to.or_else(|| from.checked_add_days(Days::new(1)))?;
    let dates = Dates { from, to };
    dates.make_sense().then_some(dates)
}

fn date(value: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(value.get(..8)?, "%Y%m%d").ok()
}
