//! The messages of the story: one real booking made, changed and cancelled, as Channex publishes it; where those
//! samples are absent, the sandbox's own of the same shape.

use anyhow::Context;
use chrono::{Days, NaiveDate};
use serde_json::Value;
use std::path::Path;

const SAMPLES: &str = "../shared/corpora/channex/json";
const FILES: [&str; 3] = [
    "bookings-collection__19-booking-com-examples.json",
    "bookings-collection__20-booking-com-examples.json",
    "bookings-collection__21-booking-com-examples.json",
];

pub struct Messages {
    pub source: &'static str,
    pub all: Vec<Value>,
}

impl Messages {
    pub fn load() -> anyhow::Result<Self> {
        let folder = Path::new(SAMPLES);
        if FILES.iter().all(|f| folder.join(f).is_file()) {
            let all = FILES
                .iter()
                .map(|f| read(&folder.join(f)))
                .collect::<anyhow::Result<_>>()?;
            return Ok(Self {
                source: "the channel's published samples",
                all,
            });
        }
        let all = innkeep_sandbox::fixtures().context("the sandbox's own messages")?;
        Ok(Self {
            source: "the sandbox's own samples",
            all,
        })
    }

    /// Where each message's arrival goes when the first one's goes to `arrival`: a change may move the stay.
    pub fn arrivals(&self, arrival: NaiveDate) -> Vec<NaiveDate> {
        let recorded: Vec<Option<NaiveDate>> = self.all.iter().map(recorded_arrival).collect();
        let first = recorded.first().copied().flatten();
        let moved = |own: &Option<NaiveDate>| match (own, first) {
            (Some(own), Some(first)) => arrival + (*own - first),
            _ => arrival,
        };
        recorded.iter().map(moved).collect()
    }

    /// The nights worth watching: a month from the arrival on.
    pub fn window(arrival: NaiveDate) -> (NaiveDate, NaiveDate) {
        (arrival, arrival + Days::new(29))
    }
}

fn read(path: &Path) -> anyhow::Result<Value> {
    let text = std::fs::read(path).with_context(|| path.display().to_string())?;
    serde_json::from_slice(&text).with_context(|| path.display().to_string())
}

fn recorded_arrival(message: &Value) -> Option<NaiveDate> {
    let data = message.get("data").unwrap_or(message);
    data.get("attributes").unwrap_or(data)["arrival_date"]
        .as_str()?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_may_move_the_stay() {
        let message =
            |arrival: &str| serde_json::json!({ "data": { "attributes": { "arrival_date": arrival } } });
        let messages = Messages {
            source: "",
            all: vec![
                message("2020-01-10"),
                message("2020-01-12"),
                serde_json::json!({}),
            ],
        };
        let to: NaiveDate = "2027-06-01".parse().unwrap();
        assert_eq!(messages.arrivals(to), [to, to + Days::new(2), to]);
    }

    #[test]
    fn there_are_always_three_messages() {
        assert_eq!(Messages::load().unwrap().all.len(), 3);
    }
}
