//! A second, plain reading of calendars, only for well-formed ones: what the judge goes by.

use anyhow::Context;
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};

pub struct Plain {
    pub nights: BTreeSet<NaiveDate>,
    /// Every event, by UID: first night, day of departure.
    pub events: BTreeMap<String, (NaiveDate, NaiveDate)>,
}

pub fn read(body: &str) -> anyhow::Result<Plain> {
    let unfolded = body.replace("\r\n ", "");
    let mut plain = Plain {
        nights: BTreeSet::new(),
        events: BTreeMap::new(),
    };
    for event in unfolded.split("BEGIN:VEVENT\r\n").skip(1) {
        let of = |name: &str| {
            event
                .lines()
                .find_map(|line| line.strip_prefix(name))
                .context("no such line")
        };
        let day = |name: &str| anyhow::Ok(NaiveDate::parse_from_str(of(name)?, "%Y%m%d")?);
        let (from, to) = (day("DTSTART;VALUE=DATE:")?, day("DTEND;VALUE=DATE:")?);
        plain
            .nights
            .extend(from.iter_days().take_while(|night| *night < to));
        plain.events.insert(of("UID:")?.to_owned(), (from, to));
    }
    Ok(plain)
}

/// What an importer that goes by UIDs would have cancelled between two states.
pub fn gone_by_uid(before: &Plain, after: &Plain, today: NaiveDate) -> usize {
    let future = before.events.iter().filter(|(_, (_, to))| *to > today);
    future.filter(|(uid, _)| !after.events.contains_key(*uid)).count()
}
