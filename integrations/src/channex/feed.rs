//! The feed of booking revisions that were not acknowledged yet.

use super::api::Api;
use super::{identity, payment};
use crate::redact;
use async_trait::async_trait;
use innkeep_domain::ports::channel::{Access, ChannelError, RawMessage, RevisionFeed};
use serde_json::Value;
use sha2::{Digest, Sha256};

const PAGE: &str = "100";
/// Marks ids that we made, for entries without one: they are stored and shown, and cannot be acknowledged.
const MADE_UP: &str = "unidentified-";

pub(super) struct Feed {
    api: Api,
}

impl Feed {
    pub(super) fn new(api: Api) -> Self {
        Self { api }
    }
}

#[async_trait]
impl RevisionFeed for Feed {
    async fn unacknowledged(&self, access: &Access) -> Result<Vec<RawMessage>, ChannelError> {
        let query = [
            ("filter[property_id]", access.property.as_str()),
            ("order[inserted_at]", "asc"),
            ("pagination[limit]", PAGE),
        ];
        let mut answer = self
            .api
            .get(access, &["booking_revisions", "feed"], &query)
            .await?;
        let Some(Value::Array(entries)) = answer.get_mut("data").map(Value::take) else {
            return Err(ChannelError::Unknown("the feed has no list of data".to_owned()));
        };
        Ok(messages(entries, &access.property))
    }

    async fn acknowledge(&self, access: &Access, message_id: &str) -> Result<(), ChannelError> {
        if message_id.starts_with(MADE_UP) {
            return Ok(());
        }
        let path = ["booking_revisions", message_id, "ack"];
        match self.api.post(access, &path, Vec::new()).await {
            Ok(_) => Ok(()),
            // Gone already: an earlier acknowledgement arrived although its answer did not.
            Err(ChannelError::Refused { status: 404, .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// The property's own, oldest first.
pub(super) fn messages(entries: Vec<Value>, property: &str) -> Vec<RawMessage> {
    let mut mine: Vec<Value> = entries
        .into_iter()
        .filter(|entry| is_of(entry, property))
        .collect();
    // Asked for in this order, but not always given so.
    mine.sort_by(|a, b| inserted_at(a).cmp(inserted_at(b)));
    mine.into_iter().map(message).collect()
}

/// A key may see several properties; acknowledging another one's booking would lose it there.
fn is_of(entry: &Value, property: &str) -> bool {
    let told = identity::attributes(entry)
        .get("property_id")
        .and_then(Value::as_str);
    let ours = told.is_none_or(|id| id == property);
    if !ours {
        tracing::warn!(
            property,
            other = told,
            "channel.feed shows another property's booking"
        );
    }
    ours
}

fn inserted_at(entry: &Value) -> &str {
    identity::attributes(entry)
        .get("inserted_at")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn message(mut entry: Value) -> RawMessage {
    payment::note_virtual_card(&mut entry);
    redact::value_in_place(&mut entry);
    let raw = entry.to_string();
    let message_id = identity::revision(&entry).unwrap_or_else(|| made_up(&raw));
    RawMessage { message_id, raw }
}

fn made_up(raw: &str) -> String {
    let hash = Sha256::digest(raw.as_bytes());
    let hex: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("{MADE_UP}{hex}")
}
