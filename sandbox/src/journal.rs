//! What was pushed, call by call: the witness when two sides disagree.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::ari::{Kind, Outcome};
use crate::clock;

const MAX_CALLS: usize = 10_000;
/// Full syncs are megabytes each; beyond this the oldest bodies go, their entries stay.
const MAX_BODY_BYTES: usize = 64 * 1024 * 1024;

struct Call {
    sequence: u64,
    at: DateTime<Utc>,
    kind: Kind,
    outcome: Outcome,
    /// `None`: never answered.
    status: Option<u16>,
    fault: Option<&'static str>,
    body: Option<String>,
}

/// One entry before it is numbered and timed.
pub(crate) struct Entry {
    pub(crate) kind: Kind,
    pub(crate) outcome: Outcome,
    pub(crate) status: Option<u16>,
    pub(crate) fault: Option<&'static str>,
    pub(crate) body: String,
}

/// Which calls to show.
pub(crate) struct Filter<'a> {
    pub(crate) property_id: Option<&'a str>,
    pub(crate) since: Since,
    pub(crate) bodies: bool,
}

pub(crate) enum Since {
    Start,
    /// After this sequence number.
    Sequence(u64),
    /// From this moment on.
    Moment(DateTime<Utc>),
}

#[derive(Default)]
pub(crate) struct Journal {
    calls: VecDeque<Call>,
    body_bytes: usize,
    last: u64,
}

impl Journal {
    pub(crate) fn record(&mut self, entry: Entry) {
        self.last += 1;
        self.body_bytes += entry.body.len();
        let Entry {
            kind,
            outcome,
            status,
            fault,
            body,
        } = entry;
        let (sequence, at, body) = (self.last, clock::now(), Some(body));
        self.calls.push_back(Call {
            sequence,
            at,
            kind,
            outcome,
            status,
            fault,
            body,
        });
        if self.calls.len() > MAX_CALLS {
            let gone = self.calls.pop_front().and_then(|call| call.body);
            self.body_bytes -= gone.map_or(0, |body| body.len());
        }
        self.shed_bodies();
    }

    fn shed_bodies(&mut self) {
        for call in &mut self.calls {
            if self.body_bytes <= MAX_BODY_BYTES {
                return;
            }
            self.body_bytes -= call.body.take().map_or(0, |body| body.len());
        }
    }

    pub(crate) fn list(&self, filter: &Filter<'_>) -> Vec<Value> {
        self.calls
            .iter()
            .filter(|call| call.matches(filter))
            .map(|call| call.view(filter.bodies))
            .collect()
    }
}

impl Call {
    fn matches(&self, filter: &Filter<'_>) -> bool {
        let recent = match filter.since {
            Since::Start => true,
            Since::Sequence(sequence) => self.sequence > sequence,
            Since::Moment(moment) => self.at >= moment,
        };
        let mine = |wanted: &str| self.outcome.property_ids.iter().any(|id| id == wanted);
        recent && filter.property_id.is_none_or(mine)
    }

    fn view(&self, with_body: bool) -> Value {
        let body = self.body.as_deref().filter(|_| with_body);
        json!({
            "sequence": self.sequence,
            "time": clock::rfc3339(self.at),
            "kind": self.kind.as_str(),
            "property_ids": self.outcome.property_ids,
            "values": self.outcome.values,
            "applied": self.outcome.applied,
            "warnings": self.outcome.warnings,
            "status": self.status,
            "fault": self.fault,
            "body": body.map(|text| serde_json::from_str(text).unwrap_or_else(|_| json!(text))),
        })
    }
}
