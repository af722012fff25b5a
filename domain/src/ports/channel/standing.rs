//! Channels that are told what became of the bookings they sold.

use super::{Access, ChannelError};
use async_trait::async_trait;
use chrono::{DateTime, Utc};

/// Whether a booking of the channel's stands here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The channel's id of the booking.
    pub booking_ref: String,
    pub cancelled: bool,
    /// When the booking came here, and when this became of it.
    pub created_at: DateTime<Utc>,
    pub changed_at: DateTime<Utc>,
}

/// What the channel said to one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    Taken,
    /// In its own words.
    Refused(String),
    /// Nothing: it is told again.
    Nothing,
}

#[async_trait]
pub trait StandingSink: Send + Sync {
    /// What the channel said to each, in their order. `None`: it does not want to know of any.
    async fn tell(&self, access: &Access, all: &[Standing]) -> Result<Option<Vec<Heard>>, ChannelError>;
}
