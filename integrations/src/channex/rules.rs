//! Channex's availability rules (`channel_availability_rules`).

use super::answer;
use super::api::Api;
use super::identity::attributes;
use super::listing::{self, count, id, text};
use crate::text::clean;
use async_trait::async_trait;
use chrono::{NaiveDate, Weekday};
use innkeep_domain::ports::channel::{Access, AvailabilityRule, AvailabilityRules, ChannelError, Effect};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const PATH: &str = "channel_availability_rules";
/// Of a hundred rules each.
const PAGES: usize = 3;
const LONGEST_TITLE: usize = 255;
/// As Channex writes them.
const DAYS: [(&str, Weekday); 7] = [
    ("mo", Weekday::Mon),
    ("tu", Weekday::Tue),
    ("we", Weekday::Wed),
    ("th", Weekday::Thu),
    ("fr", Weekday::Fri),
    ("sa", Weekday::Sat),
    ("su", Weekday::Sun),
];

pub(super) struct Rules {
    api: Api,
}

impl Rules {
    pub(super) fn new(api: Api) -> Self {
        Self { api }
    }
}

#[async_trait]
impl AvailabilityRules for Rules {
    async fn list(&self, access: &Access) -> Result<Vec<(String, AvailabilityRule)>, ChannelError> {
        let query = [("filter[property_id]", access.property.as_str())];
        let entries = listing::all(&self.api, access, &[PATH], &query, PAGES).await?;
        Ok(entries.iter().filter_map(|e| Some((id(e)?, read(e)?))).collect())
    }

    async fn create(&self, access: &Access, rule: &AvailabilityRule) -> Result<(), ChannelError> {
        let made = self.api.post(access, &[PATH], written(access, rule)?).await;
        made.map(drop)
    }

    async fn replace(&self, access: &Access, id: &str, rule: &AvailabilityRule) -> Result<(), ChannelError> {
        let changed = self.api.put(access, &[PATH, id], written(access, rule)?).await;
        changed.map(drop)
    }

    async fn delete(&self, access: &Access, id: &str) -> Result<(), ChannelError> {
        self.api.delete(access, &[PATH, id]).await.map(drop)
    }
}

/// All fields, so that what a rule had before does not stay.
fn written(access: &Access, rule: &AvailabilityRule) -> Result<Vec<u8>, ChannelError> {
    let (kind, value) = match rule.effect {
        Effect::CloseOut => ("close_out", None),
        Effect::Offset(units) => ("availability_offset", Some(units)),
        Effect::AtMost(units) => ("max_availability", Some(units)),
    };
    // Every day is all of them: a rule without days would hold on none.
    let chosen = rule.weekdays.days();
    let days = DAYS
        .iter()
        .filter(|(_, day)| chosen.is_empty() || chosen.contains(day));
    let days: Vec<&str> = days.map(|(name, _)| *name).collect();
    let rule = json!({
        "title": rule.title, "type": kind, "value": value, "affected_channels": rule.channels,
        "affected_room_types": rule.rooms, "days": days, "start_date": rule.from, "end_date": rule.last,
        "property_id": access.property,
    });
    let body = serde_json::to_vec(&json!({ "channel_availability_rule": rule }));
    body.map_err(|error| answer::ours("invalid_request", error.to_string()))
}

fn read(entry: &Value) -> Option<AvailabilityRule> {
    let given = attributes(entry);
    let effect = match (given.get("type")?.as_str()?, count(entry, "value")) {
        ("close_out", _) => Effect::CloseOut,
        ("availability_offset", Some(units)) => Effect::Offset(units),
        ("max_availability", Some(units)) => Effect::AtMost(units),
        _ => return None,
    };
    let date = |key: &str| -> Option<NaiveDate> { given.get(key)?.as_str()?.parse().ok() };
    let days = given.get("days").and_then(Value::as_array).into_iter().flatten();
    let days = days.filter_map(|day| DAYS.iter().find(|(name, _)| day == name));
    Some(AvailabilityRule {
        title: text(entry, "title", LONGEST_TITLE)?,
        effect,
        channels: ids(given, "affected_channels"),
        rooms: ids(given, "affected_room_types"),
        from: date("start_date")?,
        last: date("end_date"),
        weekdays: days.map(|(_, day)| *day).collect(),
    })
}

fn ids(given: &Value, key: &str) -> BTreeSet<String> {
    let all = given.get(key).and_then(Value::as_array).into_iter().flatten();
    all.filter_map(|id| clean(id.as_str()?, 200)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access() -> Access {
        Access {
            base_url: String::new(),
            api_key: String::new(),
            signing_secrets: Vec::new(),
            property: "hotel".to_owned(),
            currency: "EUR".to_owned(),
        }
    }

    #[test]
    fn what_is_written_reads_the_same() {
        let rule = AvailabilityRule {
            title: "August is ours".to_owned(),
            effect: Effect::Offset(2),
            channels: ["a".to_owned(), "b".to_owned()].into(),
            rooms: ["twin".to_owned()].into(),
            from: "2027-08-01".parse().unwrap(),
            last: "2027-08-31".parse().ok(),
            weekdays: [Weekday::Fri, Weekday::Sat].into_iter().collect(),
        };
        let body: Value = serde_json::from_slice(&written(&access(), &rule).unwrap()).unwrap();
        let body = &body["channel_availability_rule"];
        assert_eq!(
            (&body["property_id"], &body["days"]),
            (&json!("hotel"), &json!(["fr", "sa"]))
        );
        assert_eq!(read(&json!({ "attributes": body })), Some(rule));
    }

    #[test]
    fn a_rule_for_every_day_without_an_end_and_one_of_a_kind_nobody_knows() {
        let mut rule = json!({ "title": "t", "type": "close_out", "value": null, "start_date": "2027-01-01",
            "days": ["mo", "tu", "we", "th", "fr", "sa", "su"], "affected_channels": ["a"], "affected_room_types": [] });
        let known = read(&rule).unwrap();
        assert_eq!((known.effect, known.last), (Effect::CloseOut, None));
        assert!(known.weekdays.days().is_empty());
        let body: Value = serde_json::from_slice(&written(&access(), &known).unwrap()).unwrap();
        assert_eq!(
            body["channel_availability_rule"]["days"], rule["days"],
            "all are named"
        );
        rule["type"] = json!("max_availability");
        assert_eq!(read(&rule), None, "without a value");
        rule["type"] = json!("surcharge");
        assert_eq!(read(&rule), None);
    }
}
