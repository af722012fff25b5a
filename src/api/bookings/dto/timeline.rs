//! A booking's history.

use chrono::{DateTime, Utc};
use innkeep_domain::booking::timeline;
use poem_openapi::Object;
use serde_json::Value;
use uuid::Uuid;

/// What happened to a booking.
#[derive(Object)]
pub struct Timeline {
    items: Vec<TimelineEntry>,
}

#[derive(Object)]
pub struct TimelineEntry {
    at: DateTime<Utc>,
    /// `user:<id>`, `channel:<id>`, `system:<name>`; left out of a guest's export.
    #[oai(skip_serializing_if_is_none)]
    actor: Option<String>,
    #[oai(skip_serializing_if_is_none)]
    actor_name: Option<String>,
    /// `booking.created`, `reservation.amended`, ...
    kind: String,
    /// One line to read.
    text: String,
    changes: Vec<FieldChange>,
    /// Why a rule was overridden.
    #[oai(skip_serializing_if_is_none)]
    reason: Option<String>,
}

#[derive(Object)]
struct FieldChange {
    #[oai(skip_serializing_if_is_none)]
    reservation_id: Option<Uuid>,
    field: String,
    before: Value,
    after: Value,
}

impl From<Vec<timeline::Entry>> for Timeline {
    fn from(entries: Vec<timeline::Entry>) -> Self {
        Self {
            items: entries.into_iter().map(TimelineEntry::from).collect(),
        }
    }
}

impl From<timeline::Entry> for TimelineEntry {
    fn from(e: timeline::Entry) -> Self {
        let change = |c: &Value| FieldChange {
            reservation_id: c["reservation_id"].as_str().and_then(|id| id.parse().ok()),
            field: c["field"].as_str().unwrap_or_default().to_owned(),
            before: c["before"].clone(),
            after: c["after"].clone(),
        };
        Self {
            text: e.text(),
            changes: e.data["changes"]
                .as_array()
                .into_iter()
                .flatten()
                .map(change)
                .collect(),
            reason: e.data["forced"]["reason"].as_str().map(str::to_owned),
            at: e.at,
            actor: Some(e.actor).filter(|a| !a.is_empty()),
            actor_name: e.actor_name,
            kind: e.kind,
        }
    }
}
