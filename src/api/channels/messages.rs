//! `/v1/channel-connections/{id}/messages`: the inbox, as people see it.

use crate::api::page::{Page, Window};
use crate::api::{ApiResult, Auth, Changed, Once, Tag, write};
use crate::app::Shared;
use chrono::{DateTime, Utc};
use innkeep_domain::channel::inspect::{self, Entry};
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Enum, Object, OpenApi};
use uuid::Uuid;

pub struct ChannelMessages;

/// A booking message that the channel sent.
#[derive(Object)]
struct ChannelMessage {
    id: String,
    /// The channel's own id of it, or one made of what it sent.
    message_id: String,
    received_at: DateTime<Utc>,
    state: String,
    attempts: i32,
    /// What became of it, or why nothing did.
    #[oai(skip_serializing_if_is_none)]
    detail: Option<String>,
    #[oai(skip_serializing_if_is_none)]
    processed_at: Option<DateTime<Utc>>,
    /// When the channel heard that we have it.
    #[oai(skip_serializing_if_is_none)]
    acknowledged_at: Option<DateTime<Utc>>,
    /// Until when it has to hear; absent for one that did not wait. `sync-status` says it of all that wait now.
    #[oai(skip_serializing_if_is_none)]
    deadline: Option<DateTime<Utc>>,
}

#[derive(Object)]
struct ChannelMessageText {
    message: ChannelMessage,
    /// As the channel sent it, without card data.
    text: String,
}

#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
enum MessageState {
    /// Not applied yet.
    Received,
    Processed,
    /// Nobody could read it, or a rule refused it: a person must look.
    Parked,
    /// A guest asks, and nothing is sold: a person answers, at the channel or by mail.
    Asked,
}

#[OpenApi(prefix_path = "/v1/channel-connections", tag = "Tag::Channels")]
impl ChannelMessages {
    /// List booking messages
    ///
    /// Newest first; kept 90 days, parked and asked ones until they are settled.
    #[oai(
        path = "/:id/messages",
        method = "get",
        operation_id = "list_channel_messages"
    )]
    async fn list(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        id: Path<Uuid>,
        state: Query<Option<MessageState>>,
        limit: Query<Option<u32>>,
        cursor: Query<Option<String>>,
    ) -> ApiResult<Json<Page<ChannelMessage>>> {
        let window = Window::<i64>::parse(limit.0, cursor.0.as_deref())?;
        let state = state.0.map(MessageState::name);
        let mut tx = app.db.begin_for(&auth.0).await?;
        let rows = inspect::list(&mut tx, &auth.0, id.0, state, window.after, window.rows()).await?;
        Ok(Json(window.page(rows, |m| m.id, ChannelMessage::from)))
    }

    /// Read a booking message
    ///
    /// It speaks of guests; looking at it is written into the audit trail.
    #[oai(
        path = "/:id/messages/:message_id",
        method = "get",
        operation_id = "get_channel_message"
    )]
    async fn get(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        id: Path<Uuid>,
        message_id: Path<String>,
    ) -> ApiResult<Json<ChannelMessageText>> {
        let message = number(&message_id);
        let mut tx = app.db.begin_for(&auth.0).await?;
        let found = inspect::read(&mut tx, &auth.0, id.0, message).await?;
        Ok(Json(ChannelMessageText {
            message: found.entry.into(),
            text: found.raw,
        }))
    }

    /// Try a parked message again
    ///
    /// As if it had just come: after what stood in its way is gone.
    #[oai(
        path = "/:id/messages/:message_id/actions/replay",
        method = "post",
        operation_id = "replay_channel_message"
    )]
    async fn replay(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        message_id: Path<String>,
    ) -> ApiResult<Changed<ChannelMessage>> {
        let message = number(&message_id);
        write(&app, &auth.0, &once, "replay_channel_message", async |tx| {
            let again = inspect::replay(tx, &auth.0, id.0, message, app.now()).await?;
            Ok(Changed::new(&ChannelMessage::from(again)))
        })
        .await
    }

    /// Say that a message was dealt with
    ///
    /// A person has answered what a guest asks, or has done what a parked message is about. It is `processed` then.
    #[oai(
        path = "/:id/messages/:message_id/actions/settle",
        method = "post",
        operation_id = "settle_channel_message"
    )]
    async fn settle(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        message_id: Path<String>,
    ) -> ApiResult<Changed<ChannelMessage>> {
        let message = number(&message_id);
        write(&app, &auth.0, &once, "settle_channel_message", async |tx| {
            let settled = inspect::settle(tx, &auth.0, id.0, message, app.now()).await?;
            Ok(Changed::new(&ChannelMessage::from(settled)))
        })
        .await
    }
}

/// What is no number is nobody's id, and takes as long to be told so.
fn number(id: &str) -> i64 {
    id.parse().unwrap_or(-1)
}

impl MessageState {
    fn name(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Processed => "processed",
            Self::Parked => "parked",
            Self::Asked => "asked",
        }
    }
}

impl From<Entry> for ChannelMessage {
    fn from(m: Entry) -> Self {
        Self {
            id: m.id.to_string(),
            message_id: m.message_id,
            received_at: m.received_at,
            state: m.state,
            attempts: m.attempts,
            detail: m.detail,
            processed_at: m.processed_at,
            acknowledged_at: m.acknowledged_at,
            deadline: m.deadline_at,
        }
    }
}
