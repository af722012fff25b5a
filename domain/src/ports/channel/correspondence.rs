//! What guests write to the house through a channel, and what the house answers.

use super::{Access, ChannelError};
use crate::private::private;
use async_trait::async_trait;
use chrono::{DateTime, Utc};

private!(RemoteConversation[id], RemoteMessage[id], RemoteReview[id]);

#[derive(Clone, PartialEq, Eq)]
pub struct RemoteConversation {
    pub id: String,
    /// Mostly the guest's name.
    pub title: String,
    /// The channel's booking, where it is about one.
    pub booking: Option<String>,
    /// The OTA.
    pub provider: Option<String>,
    pub closed: bool,
    pub messages: u32,
    pub last_message_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    Guest,
    Property,
    /// The channel itself.
    System,
}

#[derive(Clone, PartialEq, Eq)]
pub struct RemoteMessage {
    pub id: String,
    pub sender: Sender,
    pub text: String,
    pub at: DateTime<Utc>,
}

#[derive(Clone, PartialEq)]
pub struct RemoteReview {
    pub id: String,
    pub booking: Option<String>,
    pub provider: Option<String>,
    pub guest_name: Option<String>,
    pub text: Option<String>,
    pub reply: Option<String>,
    /// As the channel writes it, out of ten: `8.5`.
    pub score: Option<String>,
    pub received_at: DateTime<Utc>,
}

/// Relays messages and reviews. Lists are the newest that a few pages hold.
#[async_trait]
pub trait Correspondence: Send + Sync {
    async fn conversations(&self, access: &Access) -> Result<Vec<RemoteConversation>, ChannelError>;
    async fn messages(&self, access: &Access, conversation: &str)
    -> Result<Vec<RemoteMessage>, ChannelError>;
    /// The id of the message that was made of the text.
    async fn answer(&self, access: &Access, conversation: &str, text: &str) -> Result<String, ChannelError>;
    async fn reviews(&self, access: &Access) -> Result<Vec<RemoteReview>, ChannelError>;
    async fn reply(&self, access: &Access, review: &str, text: &str) -> Result<(), ChannelError>;
}
