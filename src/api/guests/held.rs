//! What is held of a guest, as JSON and to read; and the wish to be forgotten.

use super::dto::Guest;
use super::outline::outline;
use crate::api::bookings::{Booking, TimelineEntry};
use crate::api::guest_stays::Registration;
use chrono::{DateTime, Utc};
use innkeep_domain::guest::{export, stay};
use poem_openapi::Object;
use poem_openapi::types::ToJSON;
use uuid::Uuid;

#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct Erase {
    /// Why, without saying who: 1 to 200 characters; stays in the log.
    pub reason: String,
}

/// Everything that is held of one guest, without others of the same bookings.
#[derive(Object)]
pub struct GuestExport {
    guest: Guest,
    /// Profiles that turned out to be the same person's.
    merged: Vec<Guest>,
    /// The company the guest travels for.
    #[oai(skip_serializing_if_is_none)]
    company: Option<String>,
    bookings: Vec<Booking>,
    registrations: Vec<FiledRegistration>,
    /// What happened to the profile and the bookings.
    log: Vec<TimelineEntry>,
    /// What channels sent.
    messages: Vec<SentMessage>,
    /// What was written through channels, both ways, reviews too.
    correspondence: Vec<SaidMessage>,
    /// The same as text, for people.
    #[oai(skip_serializing_if_is_none)]
    readable: Option<String>,
}

/// A registration form.
#[derive(Object)]
struct FiledRegistration {
    reservation_id: Uuid,
    #[oai(skip_serializing_if_is_none)]
    registered_at: Option<DateTime<Utc>>,
    registration: Registration,
}

#[derive(Object)]
struct SentMessage {
    received_at: DateTime<Utc>,
    connection_id: Uuid,
    /// As it came, without card data.
    raw: String,
}

impl From<stay::Filed> for FiledRegistration {
    fn from(f: stay::Filed) -> Self {
        Self {
            reservation_id: f.reservation_id,
            registered_at: f.registered_at,
            registration: f.registration.into(),
        }
    }
}

#[derive(Object)]
struct SaidMessage {
    at: DateTime<Utc>,
    connection_id: Uuid,
    /// `guest`, `property`, `system`, `review` or `reply`.
    sender: String,
    text: String,
}

impl From<export::Said> for SaidMessage {
    fn from(s: export::Said) -> Self {
        Self {
            at: s.at,
            connection_id: s.connection_id,
            sender: s.sender,
            text: s.text,
        }
    }
}

impl From<export::Sent> for SentMessage {
    fn from(s: export::Sent) -> Self {
        Self {
            received_at: s.received_at,
            connection_id: s.connection_id,
            raw: s.raw,
        }
    }
}

impl From<export::Export> for GuestExport {
    fn from(e: export::Export) -> Self {
        let show = |guest| Guest::show(guest, false);
        let mut export = Self {
            guest: show(e.guest),
            merged: e.merged.into_iter().map(show).collect(),
            company: e.company.map(|company| company.name),
            bookings: e.bookings.into_iter().map(Booking::from).collect(),
            registrations: e.registrations.into_iter().map(FiledRegistration::from).collect(),
            log: e.log.into_iter().map(TimelineEntry::from).collect(),
            messages: e.messages.into_iter().map(SentMessage::from).collect(),
            correspondence: e.said.into_iter().map(SaidMessage::from).collect(),
            readable: None,
        };
        export.readable = export.to_json().as_ref().map(outline);
        export
    }
}
