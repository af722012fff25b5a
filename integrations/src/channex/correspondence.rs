//! Guests' messages and reviews at Channex, and what the house answers.

use super::answer;
use super::api::Api;
use super::identity::attributes;
use super::listing::{self, count, id, instant, related};
use crate::text::clean;
use async_trait::async_trait;
use innkeep_domain::ports::channel::{
    Access, ChannelError, Correspondence, RemoteConversation, RemoteMessage, RemoteReview, Sender,
};
use serde_json::{Value, json};

/// The newest five hundred of each.
const PAGES: usize = 5;
const LONGEST_NAME: usize = 200;
/// What OTAs take is shorter.
const LONGEST_TEXT: usize = 20_000;

pub(super) struct Desk {
    api: Api,
}

impl Desk {
    pub(super) fn new(api: Api) -> Self {
        Self { api }
    }

    async fn of_property(&self, access: &Access, what: &str) -> Result<Vec<Value>, ChannelError> {
        let query = [("filter[property_id]", access.property.as_str())];
        let mut found = listing::all(&self.api, access, &[what], &query, PAGES).await?;
        // A key may see several properties.
        found.retain(|entry| related(entry, "property").is_none_or(|of| of == access.property));
        Ok(found)
    }

    async fn post(&self, access: &Access, path: &[&str], body: &Value) -> Result<Value, ChannelError> {
        let body =
            serde_json::to_vec(body).map_err(|error| answer::ours("invalid_request", error.to_string()))?;
        self.api.post(access, path, body).await
    }
}

#[async_trait]
impl Correspondence for Desk {
    async fn conversations(&self, access: &Access) -> Result<Vec<RemoteConversation>, ChannelError> {
        let threads = self.of_property(access, "message_threads").await?;
        Ok(threads.iter().filter_map(conversation).collect())
    }

    async fn messages(
        &self,
        access: &Access,
        conversation: &str,
    ) -> Result<Vec<RemoteMessage>, ChannelError> {
        let path = ["message_threads", conversation, "messages"];
        let found = listing::all(&self.api, access, &path, &[], PAGES).await?;
        Ok(found.iter().filter_map(message).collect())
    }

    async fn answer(&self, access: &Access, conversation: &str, text: &str) -> Result<String, ChannelError> {
        let path = ["message_threads", conversation, "messages"];
        let body = json!({ "message": { "message": text } });
        let answer = self.post(access, &path, &body).await?;
        let made = answer.get("data").and_then(id);
        made.ok_or_else(|| ChannelError::Unknown("messages: no id in the answer".to_owned()))
    }

    async fn reviews(&self, access: &Access) -> Result<Vec<RemoteReview>, ChannelError> {
        let found = self.of_property(access, "reviews").await?;
        Ok(found.iter().filter_map(review).collect())
    }

    async fn reply(&self, access: &Access, review: &str, text: &str) -> Result<(), ChannelError> {
        let body = json!({ "reply": { "reply": text } });
        self.post(access, &["reviews", review, "reply"], &body)
            .await
            .map(drop)
    }
}

fn conversation(entry: &Value) -> Option<RemoteConversation> {
    Some(RemoteConversation {
        id: id(entry)?,
        title: listing::text(entry, "title", LONGEST_NAME).unwrap_or_default(),
        booking: related(entry, "booking"),
        provider: listing::text(entry, "provider", LONGEST_NAME),
        closed: attributes(entry)
            .get("is_closed")
            .and_then(Value::as_bool)
            .unwrap_or(false),
        messages: count(entry, "message_count").unwrap_or(0),
        last_message_at: instant(entry, "last_message_received_at"),
    })
}

fn message(entry: &Value) -> Option<RemoteMessage> {
    let sender = match attributes(entry).get("sender").and_then(Value::as_str) {
        Some("guest") => Sender::Guest,
        Some("property") => Sender::Property,
        _ => Sender::System,
    };
    Some(RemoteMessage {
        id: id(entry)?,
        sender,
        text: long(entry, "message").unwrap_or_default(),
        at: instant(entry, "inserted_at")?,
    })
}

fn review(entry: &Value) -> Option<RemoteReview> {
    let score = attributes(entry)
        .get("overall_score")
        .filter(|score| score.is_number());
    Some(RemoteReview {
        id: id(entry)?,
        booking: related(entry, "booking"),
        provider: listing::text(entry, "ota", LONGEST_NAME),
        guest_name: listing::text(entry, "guest_name", LONGEST_NAME),
        text: long(entry, "content"),
        reply: long(entry, "reply"),
        score: score.map(Value::to_string),
        received_at: instant(entry, "received_at").or_else(|| instant(entry, "inserted_at"))?,
    })
}

/// People's words, with their line breaks.
fn long(entry: &Value, key: &str) -> Option<String> {
    clean(attributes(entry).get(key)?.as_str()?, LONGEST_TEXT)
}
