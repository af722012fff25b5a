//! What channels answer when they have nothing to say, and when.

use chrono::{DateTime, TimeDelta, Utc};
use rand::Rng;
use rand::rngs::StdRng;

/// Half as long again as the longest that was measured.
const LONGEST_MINUTES: i64 = 330;
const EVERY_HOURS: i64 = 24 * 7;
/// Once in a story, an empty calendar for days.
const LONG: TimeDelta = TimeDelta::hours(70);

#[derive(Debug, Clone, Copy)]
enum Kind {
    /// A calendar without events, status 200.
    Empty,
    LogIn,
    Nothing,
    CutOff,
    /// Every second event.
    Half,
}

const KINDS: [Kind; 5] = [Kind::Empty, Kind::LogIn, Kind::Nothing, Kind::CutOff, Kind::Half];

pub struct Outage {
    kind: Kind,
    begin: DateTime<Utc>,
    pub end: DateTime<Utc>,
}

impl Outage {
    pub fn covers(&self, at: DateTime<Utc>) -> bool {
        self.begin <= at && at < self.end
    }

    pub fn answer(&self, body: &str) -> String {
        let (head, events) = body.split_once("BEGIN:VEVENT").unwrap_or((body, ""));
        let end = "END:VCALENDAR\r\n";
        match self.kind {
            Kind::Empty => format!("{}{end}", head.trim_end_matches(end)),
            Kind::LogIn => "<!doctype html><html><title>Log in</title></html>".to_owned(),
            Kind::Nothing => String::new(),
            Kind::CutOff => format!(
                "{head}BEGIN:VEVENT{}",
                events.get(..events.len() / 2).unwrap_or_default()
            ),
            Kind::Half => {
                let events = events.trim_end_matches(end).split("BEGIN:VEVENT").step_by(2);
                let kept: String = events.map(|event| format!("BEGIN:VEVENT{event}")).collect();
                format!("{head}{}{end}", if kept == "BEGIN:VEVENT" { "" } else { &kept })
            }
        }
    }
}

/// In order, never one beside another.
pub fn plan(begin: DateTime<Utc>, end: DateTime<Utc>, rng: &mut StdRng) -> Vec<Outage> {
    let mut all = Vec::new();
    let mut at = begin + TimeDelta::hours(30);
    while at < end {
        let long = all.len() == 3;
        let kind = if long {
            Kind::Empty
        } else {
            KINDS[rng.random_range(0..KINDS.len())]
        };
        let minutes = TimeDelta::minutes(rng.random_range(48..LONGEST_MINUTES));
        let length = if long { LONG } else { minutes };
        all.push(Outage {
            kind,
            begin: at,
            end: at + length,
        });
        at += length + TimeDelta::hours(rng.random_range(EVERY_HOURS / 2..EVERY_HOURS * 3 / 2));
    }
    all
}
