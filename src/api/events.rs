//! `GET /v1/events`: everything that happened, in an order that skips nothing.

use crate::api::error::ApiError;
use crate::api::page::{self, Window};
use crate::api::{ApiResult, Auth, Tag};
use crate::app::Shared;
use chrono::{DateTime, Utc};
use innkeep_domain::event::{self, Position};
use innkeep_domain::{Error, Permission};
use poem::web::Data;
use poem_openapi::param::Query;
use poem_openapi::payload::Json;
use poem_openapi::types::Any;
use poem_openapi::{Object, OpenApi};
use serde_json::Value;
use uuid::Uuid;

pub struct Events;

#[derive(Object)]
struct Event {
    /// This event's place in the log; send it as `after` to read on from here.
    id: String,
    /// `noun.verb`, past tense: `booking.created`.
    kind: String,
    #[oai(skip_serializing_if_is_none)]
    property_id: Option<Uuid>,
    /// What it happened to.
    subject_id: Uuid,
    /// `user:<id>`, `channel:<id>` or `system:<name>`.
    actor: String,
    /// Depends on `kind`.
    data: Any<Value>,
    at: DateTime<Utc>,
}

/// A stretch of the log.
#[derive(Object)]
struct EventPage {
    items: Vec<Event>,
    /// Send it as `after` to read on, now or later. Absent while the log is empty.
    #[oai(skip_serializing_if_is_none)]
    next_cursor: Option<String>,
}

#[OpenApi(prefix_path = "/v1/events", tag = "Tag::Events")]
impl Events {
    /// Read the event log
    ///
    /// Oldest first. An empty page means you are up to date: ask again later with the same `after`.
    #[oai(path = "/", method = "get", operation_id = "list_events")]
    async fn list(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        /// An event's `id` or a page's `next_cursor`; absent: from the beginning.
        after: Query<Option<String>>,
        limit: Query<Option<u32>>,
    ) -> ApiResult<Json<EventPage>> {
        auth.0.require(Permission::ReadBookings)?;
        let window = Window::<Position>::parse(limit.0, None)?;
        let unknown = || ApiError::parameter("after", "not a place in this log");
        let position = after
            .0
            .as_deref()
            .map(|a| page::read(a).ok_or_else(unknown))
            .transpose()?;
        let mut tx = app.db.begin_for(&auth.0).await?;
        let events = event::after(&mut tx, position.unwrap_or_default(), i64::from(window.limit)).await?;
        let items = events
            .into_iter()
            .map(Event::show)
            .collect::<ApiResult<Vec<_>>>()?;
        let next_cursor = items.last().map(|e| e.id.clone()).or(after.0);
        Ok(Json(EventPage { items, next_cursor }))
    }
}

impl Event {
    fn show(e: event::Event) -> ApiResult<Self> {
        let id = page::write(&e.position).ok_or_else(|| Error::internal("a position that is no JSON"))?;
        let event::Event {
            kind,
            property_id,
            subject_id,
            actor,
            data,
            at,
            ..
        } = e;
        Ok(Self {
            id,
            kind,
            property_id,
            subject_id,
            actor,
            data: Any(data),
            at,
        })
    }
}
