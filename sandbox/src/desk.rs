//! What guests write to a hotel through an OTA, and what it answers: message threads and reviews.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::clock;

const MAX_THREADS: usize = 10_000;
const MAX_MESSAGES: usize = 1_000;
const MAX_REVIEWS: usize = 10_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sender {
    Guest,
    Property,
}

#[derive(Debug, Clone)]
pub(crate) struct Message {
    id: String,
    sender: Sender,
    text: String,
    at: DateTime<Utc>,
}

struct Thread {
    property_id: String,
    booking_id: Option<String>,
    title: String,
    provider: String,
    messages: Vec<Message>,
    at: DateTime<Utc>,
}

struct Review {
    property_id: String,
    booking_id: Option<String>,
    guest_name: String,
    content: String,
    score: f64,
    provider: String,
    reply: Option<String>,
    at: DateTime<Utc>,
}

/// A guest begins to write.
pub(crate) struct Opening {
    pub(crate) property_id: String,
    pub(crate) booking_id: Option<String>,
    pub(crate) title: String,
    pub(crate) provider: String,
    pub(crate) message: String,
}

/// A guest was there.
pub(crate) struct Opinion {
    pub(crate) property_id: String,
    pub(crate) booking_id: Option<String>,
    pub(crate) guest_name: String,
    pub(crate) content: String,
    pub(crate) score: f64,
    pub(crate) provider: String,
}

/// Its times are those of the channel's clock, which callers read.
#[derive(Default)]
pub(crate) struct Desk {
    threads: BTreeMap<String, Thread>,
    reviews: BTreeMap<String, Review>,
}

impl Desk {
    /// The thread's id; `None` when there is no room for another.
    pub(crate) fn open(&mut self, opening: Opening, at: DateTime<Utc>) -> Option<String> {
        if self.threads.len() >= MAX_THREADS {
            return None;
        }
        let id = Uuid::new_v4().to_string();
        let thread = Thread {
            property_id: opening.property_id,
            booking_id: opening.booking_id,
            title: opening.title,
            provider: opening.provider,
            messages: Vec::new(),
            at,
        };
        self.threads.insert(id.clone(), thread);
        self.write(&id, (Sender::Guest, &opening.message), at)?;
        Some(id)
    }

    pub(crate) fn write(
        &mut self,
        thread: &str,
        (sender, text): (Sender, &str),
        at: DateTime<Utc>,
    ) -> Option<Message> {
        let thread = self.threads.get_mut(thread)?;
        if thread.messages.len() >= MAX_MESSAGES {
            return None;
        }
        let message = Message {
            id: Uuid::new_v4().to_string(),
            sender,
            text: text.to_owned(),
            at,
        };
        thread.messages.push(message.clone());
        Some(message)
    }

    pub(crate) fn property_of(&self, thread: &str) -> Option<String> {
        Some(self.threads.get(thread)?.property_id.clone())
    }

    /// Newest first.
    pub(crate) fn threads(&self, property_id: Option<&str>) -> Vec<Value> {
        let chosen = self.threads.iter();
        let chosen = chosen.filter(|(_, t)| property_id.is_none_or(|id| id == t.property_id));
        let mut chosen: Vec<_> = chosen.collect();
        chosen.sort_by_key(|(_, t)| std::cmp::Reverse(t.at));
        chosen.into_iter().map(|(id, t)| thread_view(id, t)).collect()
    }

    /// Newest first.
    pub(crate) fn messages(&self, thread: &str) -> Option<Vec<Value>> {
        let messages = &self.threads.get(thread)?.messages;
        Some(messages.iter().rev().map(|m| message_view(thread, m)).collect())
    }

    /// `None` when there is no room for another.
    pub(crate) fn review(&mut self, opinion: Opinion, at: DateTime<Utc>) -> Option<String> {
        if self.reviews.len() >= MAX_REVIEWS {
            return None;
        }
        let id = Uuid::new_v4().to_string();
        let review = Review {
            property_id: opinion.property_id,
            booking_id: opinion.booking_id,
            guest_name: opinion.guest_name,
            content: opinion.content,
            score: opinion.score,
            provider: opinion.provider,
            reply: None,
            at,
        };
        self.reviews.insert(id.clone(), review);
        Some(id)
    }

    pub(crate) fn reviews(&self, property_id: Option<&str>) -> Vec<Value> {
        let chosen = self.reviews.iter();
        let chosen = chosen.filter(|(_, r)| property_id.is_none_or(|id| id == r.property_id));
        let mut chosen: Vec<_> = chosen.collect();
        chosen.sort_by_key(|(_, r)| std::cmp::Reverse(r.at));
        chosen.into_iter().map(|(id, r)| review_view(id, r)).collect()
    }

    /// `None`: unknown; false: it was replied to before.
    pub(crate) fn reply(&mut self, review: &str, text: &str) -> Option<bool> {
        let review = self.reviews.get_mut(review)?;
        let first = review.reply.is_none();
        review.reply.get_or_insert_with(|| text.to_owned());
        Some(first)
    }
}

fn thread_view(id: &str, thread: &Thread) -> Value {
    let last = thread.messages.last();
    let mut relationships =
        json!({ "property": { "data": { "id": thread.property_id, "type": "property" } } });
    if let Some(booking) = &thread.booking_id {
        relationships["booking"] = json!({ "data": { "id": booking, "type": "booking" } });
    }
    json!({
        "type": "message_thread",
        "id": id,
        "attributes": {
            "title": thread.title,
            "is_closed": false,
            "provider": thread.provider,
            "message_count": thread.messages.len(),
            "last_message": last.map(attributes),
            "last_message_received_at": last.map(|m| clock::inserted_at(m.at)),
            "inserted_at": clock::inserted_at(thread.at),
            "updated_at": clock::inserted_at(last.map_or(thread.at, |m| m.at)),
        },
        "relationships": relationships,
    })
}

pub(crate) fn message_view(thread: &str, message: &Message) -> Value {
    json!({
        "type": "message",
        "id": message.id,
        "attributes": attributes(message),
        "relationships": { "message_thread": { "data": { "id": thread, "type": "message_thread" } } },
    })
}

fn attributes(message: &Message) -> Value {
    let sender = match message.sender {
        Sender::Guest => "guest",
        Sender::Property => "property",
    };
    json!({ "message": message.text, "sender": sender, "attachments": [],
            "inserted_at": clock::inserted_at(message.at), "updated_at": clock::inserted_at(message.at) })
}

fn review_view(id: &str, review: &Review) -> Value {
    let mut relationships =
        json!({ "property": { "data": { "id": review.property_id, "type": "property" } } });
    if let Some(booking) = &review.booking_id {
        relationships["booking"] = json!({ "data": { "id": booking, "type": "booking" } });
    }
    json!({
        "type": "review",
        "id": id,
        "attributes": {
            "id": id, "content": review.content, "guest_name": review.guest_name, "is_hidden": false,
            "is_replied": review.reply.is_some(), "reply": review.reply, "ota": review.provider,
            "overall_score": review.score, "scores": [], "tags": [],
            "received_at": clock::inserted_at(review.at), "inserted_at": clock::inserted_at(review.at),
            "updated_at": clock::inserted_at(review.at),
        },
        "relationships": relationships,
    })
}
