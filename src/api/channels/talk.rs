//! What guests write through a channel, and what the house answers: conversations and reviews.

use crate::api::page::{Page, Window};
use crate::api::reply::Accepted;
use crate::api::{ApiResult, Auth, Body, Once, Tag, write};
use crate::app::Shared;
use chrono::{DateTime, Utc};
use innkeep_domain::channel::correspondence as talk;
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Enum, Object, OpenApi};
use uuid::Uuid;

pub struct ChannelTalk;

#[derive(Object)]
struct ChannelConversation {
    id: Uuid,
    /// Mostly the guest's name.
    title: String,
    /// The OTA.
    #[oai(skip_serializing_if_is_none)]
    provider: Option<String>,
    /// The booking that it is about.
    #[oai(skip_serializing_if_is_none)]
    booking_id: Option<Uuid>,
    closed: bool,
    #[oai(skip_serializing_if_is_none)]
    last_message_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
enum Sender {
    Guest,
    Property,
    System,
}

/// What became of something the house wrote; `received` is what it did not write.
#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
enum LetterState {
    Received,
    Queued,
    Sent,
    Refused,
}

#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
enum ReplyState {
    None,
    Queued,
    Sent,
    Refused,
}

#[derive(Object)]
struct GuestMessage {
    id: Uuid,
    sender: Sender,
    text: String,
    at: DateTime<Utc>,
    state: LetterState,
    /// Why it is not sent yet, or was refused, in the channel's words.
    #[oai(skip_serializing_if_is_none)]
    detail: Option<String>,
}

#[derive(Object)]
struct ChannelReview {
    id: Uuid,
    /// The OTA.
    #[oai(skip_serializing_if_is_none)]
    provider: Option<String>,
    #[oai(skip_serializing_if_is_none)]
    booking_id: Option<Uuid>,
    #[oai(skip_serializing_if_is_none)]
    guest_name: Option<String>,
    #[oai(skip_serializing_if_is_none)]
    text: Option<String>,
    /// Out of ten, as the channel writes it.
    #[oai(skip_serializing_if_is_none)]
    score: Option<String>,
    received_at: DateTime<Utc>,
    #[oai(skip_serializing_if_is_none)]
    reply: Option<String>,
    reply_state: ReplyState,
    /// Why the reply is not sent yet, or was refused, in the channel's words.
    #[oai(skip_serializing_if_is_none)]
    detail: Option<String>,
}

/// 1 to 4,000 characters; card numbers are masked.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct GuestAnswer {
    #[oai(validator(min_length = 1, max_length = 4000))]
    text: String,
}

#[OpenApi(prefix_path = "/v1/channel-connections", tag = "Tag::Channels")]
impl ChannelTalk {
    /// List what guests write about through the channel
    ///
    /// The newest conversations first. Taken in as the channel tells of them, and every quarter of an hour.
    #[oai(
        path = "/:id/conversations",
        method = "get",
        operation_id = "list_channel_conversations"
    )]
    async fn conversations(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        id: Path<Uuid>,
        limit: Query<Option<u32>>,
        cursor: Query<Option<String>>,
    ) -> ApiResult<Json<Page<ChannelConversation>>> {
        let window = Window::parse(limit.0, cursor.0.as_deref())?;
        let mut tx = app.db.begin_for(&auth.0).await?;
        let rows = talk::conversations(&mut tx, &auth.0, id.0, window.after, window.rows()).await?;
        Ok(Json(window.page(rows, |c| c.id, ChannelConversation::from)))
    }

    /// List the messages of a conversation
    ///
    /// In the order in which they came here; `at` is when they were written.
    #[oai(
        path = "/:id/conversations/:conversation_id/messages",
        method = "get",
        operation_id = "list_conversation_messages"
    )]
    async fn messages(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        id: Path<Uuid>,
        conversation_id: Path<Uuid>,
        limit: Query<Option<u32>>,
        cursor: Query<Option<String>>,
    ) -> ApiResult<Json<Page<GuestMessage>>> {
        let window = Window::parse(limit.0, cursor.0.as_deref())?;
        let mut tx = app.db.begin_for(&auth.0).await?;
        let which = (id.0, conversation_id.0);
        let rows = talk::letters(&mut tx, &auth.0, which, window.after, window.rows()).await?;
        Ok(Json(window.page(rows, |m| m.id, GuestMessage::from)))
    }

    /// Answer a guest
    ///
    /// Sent in the background; the message's `state` says what became of it.
    #[oai(
        path = "/:id/conversations/:conversation_id/messages",
        method = "post",
        operation_id = "answer_conversation"
    )]
    async fn answer(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        conversation_id: Path<Uuid>,
        body: Body<GuestAnswer>,
    ) -> ApiResult<Accepted<GuestMessage>> {
        let (which, text) = ((id.0, conversation_id.0), body.0.text);
        write(&app, &auth.0, &once, "answer_conversation", async |tx| {
            let written = talk::answer(tx, &auth.0, which, &text, app.now()).await?;
            Ok(Accepted::new(&GuestMessage::from(written)))
        })
        .await
    }

    /// List guests' reviews at the channel
    ///
    /// The newest first.
    #[oai(path = "/:id/reviews", method = "get", operation_id = "list_channel_reviews")]
    async fn reviews(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        id: Path<Uuid>,
        limit: Query<Option<u32>>,
        cursor: Query<Option<String>>,
    ) -> ApiResult<Json<Page<ChannelReview>>> {
        let window = Window::parse(limit.0, cursor.0.as_deref())?;
        let mut tx = app.db.begin_for(&auth.0).await?;
        let rows = talk::reviews(&mut tx, &auth.0, id.0, window.after, window.rows()).await?;
        Ok(Json(window.page(rows, |r| r.id, ChannelReview::from)))
    }

    /// Reply to a review
    ///
    /// Sent in the background, and once: 409 `replied_already`, unless the channel refused the reply before.
    #[oai(
        path = "/:id/reviews/:review_id/actions/reply",
        method = "post",
        operation_id = "reply_to_channel_review"
    )]
    async fn reply(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        review_id: Path<Uuid>,
        body: Body<GuestAnswer>,
    ) -> ApiResult<Accepted<ChannelReview>> {
        let (which, text) = ((id.0, review_id.0), body.0.text);
        write(&app, &auth.0, &once, "reply_to_channel_review", async |tx| {
            let replied = talk::reply(tx, &auth.0, which, &text, app.now()).await?;
            Ok(Accepted::new(&ChannelReview::from(replied)))
        })
        .await
    }
}

impl From<talk::Conversation> for ChannelConversation {
    fn from(c: talk::Conversation) -> Self {
        Self {
            id: c.id,
            title: c.title,
            provider: c.provider,
            booking_id: c.booking_id,
            closed: c.closed,
            last_message_at: c.last_message_at,
        }
    }
}

impl From<talk::Letter> for GuestMessage {
    fn from(l: talk::Letter) -> Self {
        Self {
            sender: match l.sender.as_str() {
                "guest" => Sender::Guest,
                "property" => Sender::Property,
                _ => Sender::System,
            },
            state: match l.state.as_str() {
                "queued" => LetterState::Queued,
                "sent" => LetterState::Sent,
                "refused" => LetterState::Refused,
                _ => LetterState::Received,
            },
            id: l.id,
            text: l.text,
            at: l.at,
            detail: l.detail,
        }
    }
}

impl From<talk::Review> for ChannelReview {
    fn from(r: talk::Review) -> Self {
        Self {
            reply_state: match r.reply_state.as_str() {
                "queued" => ReplyState::Queued,
                "sent" => ReplyState::Sent,
                "refused" => ReplyState::Refused,
                _ => ReplyState::None,
            },
            id: r.id,
            provider: r.provider,
            booking_id: r.booking_id,
            guest_name: r.guest_name,
            text: r.text,
            score: r.score,
            received_at: r.received_at,
            reply: r.reply,
            detail: r.detail,
        }
    }
}
