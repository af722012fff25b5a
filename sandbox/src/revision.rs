//! Booking revisions: each is a full snapshot that waits in the feed until it is acknowledged.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::clock;

/// Beyond this the oldest acknowledged revisions are forgotten.
const MAX_REVISIONS: usize = 50_000;
const MAX_WEBHOOK_NOTES: usize = 100;

#[derive(Debug, Clone)]
pub(crate) struct Revision {
    pub(crate) id: String,
    pub(crate) booking_id: String,
    pub(crate) property_id: String,
    pub(crate) status: String,
    pub(crate) attributes: Map<String, Value>,
    inserted_at: DateTime<Utc>,
    /// For how long it has waited, whatever the clock shows.
    since: Instant,
    acks: Vec<DateTime<Utc>>,
    lost_acks: u32,
    webhooks: Vec<Value>,
}

impl Revision {
    /// As the feed and the single read show it.
    pub(crate) fn view(&self) -> Value {
        json!({ "type": "booking_revision", "id": self.id, "attributes": self.attributes })
    }

    pub(crate) fn is_acknowledged(&self) -> bool {
        !self.acks.is_empty()
    }

    /// With what only the sandbox knows.
    fn inside_view(&self) -> Value {
        json!({
            "revision_id": self.id,
            "booking_id": self.booking_id,
            "property_id": self.property_id,
            "status": self.status,
            "inserted_at": clock::rfc3339(self.inserted_at),
            "acks": self.acks.len(),
            "acked_at": self.acks.iter().map(|at| clock::rfc3339(*at)).collect::<Vec<_>>(),
            "lost_acks": self.lost_acks,
            "webhooks": self.webhooks,
            "attributes": self.attributes,
        })
    }
}

/// The last snapshot of a booking.
#[derive(Debug, Clone)]
pub(crate) struct Booking {
    pub(crate) property_id: String,
    pub(crate) status: String,
    pub(crate) attributes: Map<String, Value>,
}

#[derive(Default)]
pub(crate) struct Ledger {
    revisions: BTreeMap<u64, Revision>,
    sequence_of: HashMap<String, u64>,
    bookings: BTreeMap<String, Booking>,
    last_inserted_at: DateTime<Utc>,
    last: u64,
    /// How wrong the clock is.
    pub(crate) skew: TimeDelta,
    /// What was not acknowledged by then leaves the feed.
    pub(crate) expiry: Option<Duration>,
}

impl Ledger {
    /// Stamps the snapshot with fresh ids and a strictly later `inserted_at`, and puts it into the feed.
    pub(crate) fn publish(
        &mut self,
        property_id: &str,
        booking_id: &str,
        mut attributes: Map<String, Value>,
    ) -> Revision {
        let id = Uuid::new_v4().to_string();
        let inserted_at = (clock::now() + self.skew).max(self.last_inserted_at + TimeDelta::microseconds(1));
        self.last_inserted_at = inserted_at;
        attributes.remove("revision_id");
        attributes.insert("id".to_owned(), json!(id));
        attributes.insert("booking_id".to_owned(), json!(booking_id));
        attributes.insert("property_id".to_owned(), json!(property_id));
        attributes.insert("inserted_at".to_owned(), json!(clock::inserted_at(inserted_at)));
        let status = attributes
            .get("status")
            .and_then(Value::as_str)
            .unwrap_or("new")
            .to_owned();
        let booking = Booking {
            property_id: property_id.to_owned(),
            status: status.clone(),
            attributes: attributes.clone(),
        };
        self.bookings.insert(booking_id.to_owned(), booking);
        let revision = Revision {
            id,
            booking_id: booking_id.to_owned(),
            property_id: property_id.to_owned(),
            status,
            attributes,
            inserted_at,
            since: Instant::now(),
            acks: Vec::new(),
            lost_acks: 0,
            webhooks: Vec::new(),
        };
        self.keep(revision.clone());
        revision
    }

    fn keep(&mut self, revision: Revision) {
        self.last += 1;
        self.sequence_of.insert(revision.id.clone(), self.last);
        self.revisions.insert(self.last, revision);
        if self.revisions.len() > MAX_REVISIONS {
            let oldest = self
                .revisions
                .iter()
                .find(|(_, revision)| revision.is_acknowledged());
            if let Some(sequence) = oldest.map(|(sequence, _)| *sequence)
                && let Some(gone) = self.revisions.remove(&sequence)
            {
                self.sequence_of.remove(&gone.id);
            }
        }
    }

    pub(crate) fn booking(&self, id: &str) -> Option<&Booking> {
        self.bookings.get(id)
    }

    pub(crate) fn bookings(&self) -> impl Iterator<Item = &Booking> {
        self.bookings.values()
    }

    pub(crate) fn find(&self, id: &str) -> Option<&Revision> {
        self.revisions.get(self.sequence_of.get(id)?)
    }

    fn find_mut(&mut self, id: &str) -> Option<&mut Revision> {
        self.revisions.get_mut(self.sequence_of.get(id)?)
    }

    /// Oldest first.
    pub(crate) fn all(&self, property_id: Option<&str>) -> Vec<&Revision> {
        let mine = |revision: &&Revision| property_id.is_none_or(|id| id == revision.property_id);
        self.revisions.values().filter(mine).collect()
    }

    /// Oldest first.
    pub(crate) fn unacknowledged(&self, property_id: Option<&str>) -> Vec<&Revision> {
        let mine = |revision: &&Revision| property_id.is_none_or(|id| id == revision.property_id);
        self.revisions
            .values()
            .filter(|revision| !revision.is_acknowledged())
            .filter(|revision| self.expiry.is_none_or(|most| revision.since.elapsed() < most))
            .filter(mine)
            .collect()
    }

    /// False when there is no such revision. Acknowledging again is harmless, and counted.
    pub(crate) fn acknowledge(&mut self, id: &str, lost: bool) -> bool {
        let Some(revision) = self.find_mut(id) else {
            return false;
        };
        if lost {
            revision.lost_acks += 1;
        } else {
            revision.acks.push(clock::now());
        }
        true
    }

    pub(crate) fn note_webhook(&mut self, id: &str, note: Value) {
        if let Some(revision) = self
            .find_mut(id)
            .filter(|revision| revision.webhooks.len() < MAX_WEBHOOK_NOTES)
        {
            revision.webhooks.push(note);
        }
    }

    pub(crate) fn inside_views(&self, property_id: Option<&str>) -> Vec<Value> {
        let mine = |revision: &&Revision| property_id.is_none_or(|id| id == revision.property_id);
        self.revisions
            .values()
            .filter(mine)
            .map(Revision::inside_view)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inserted_at_grows_even_when_the_clock_does_not() {
        let mut ledger = Ledger {
            last_inserted_at: clock::now() + TimeDelta::hours(1),
            ..Ledger::default()
        };
        let first = ledger.publish("hotel", "booking", Map::new()).inserted_at;
        let second = ledger.publish("hotel", "booking", Map::new()).inserted_at;
        assert_eq!(second - first, TimeDelta::microseconds(1));
    }
}
