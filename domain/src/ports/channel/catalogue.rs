//! What is for sale at a channel: read to map it, made from our side, and bookings listed again by date.

use super::{Access, ChannelError, RawMessage};
use async_trait::async_trait;
use chrono::NaiveDate;

/// The hotel, as the channel has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteProperty {
    pub id: String,
    pub title: String,
    /// ISO 4217; where the channel says it.
    pub currency: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteRoom {
    pub id: String,
    pub title: String,
    /// Adults it sleeps, where the channel says it.
    pub occupancy: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteRate {
    pub id: String,
    pub title: String,
    /// Of which room, where a rate is of one.
    pub room: Option<String>,
    pub occupancy: Option<u32>,
    pub currency: Option<String>,
}

/// Everything of one property there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteProducts {
    pub property: RemoteProperty,
    pub rooms: Vec<RemoteRoom>,
    pub rates: Vec<RemoteRate>,
}

#[derive(Debug, Clone)]
pub struct NewRemoteProperty {
    pub title: String,
    pub currency: String,
    /// IANA.
    pub zone: String,
}

#[derive(Debug, Clone)]
pub struct NewRemoteRoom {
    pub title: String,
    pub units: u32,
    pub occupancy: u32,
}

#[derive(Debug, Clone)]
pub struct NewRemoteRate {
    pub title: String,
    /// The channel's room.
    pub room: String,
    pub occupancy: u32,
    pub currency: String,
}

/// Can be asked what it sells, and told to sell more. `access.property` is the channel's, but for `create_property`.
#[async_trait]
pub trait Catalogue: Send + Sync {
    async fn products(&self, access: &Access) -> Result<RemoteProducts, ChannelError>;
    /// The new property's id.
    async fn create_property(&self, access: &Access, new: &NewRemoteProperty)
    -> Result<String, ChannelError>;
    async fn create_room(&self, access: &Access, new: &NewRemoteRoom) -> Result<String, ChannelError>;
    async fn create_rate(&self, access: &Access, new: &NewRemoteRate) -> Result<String, ChannelError>;
    /// Addresses under `prefix` that the channel calls when something happens.
    async fn callbacks(&self, access: &Access, prefix: &str) -> Result<Vec<String>, ChannelError>;
    async fn call_back(&self, access: &Access, url: &str) -> Result<(), ChannelError>;
}

/// Lists booking messages again, acknowledged or not, by the day they came up at the channel (UTC, both included).
#[async_trait]
pub trait Recovery: Send + Sync {
    async fn messages(
        &self,
        access: &Access,
        from: NaiveDate,
        to: NaiveDate,
    ) -> Result<Vec<RawMessage>, ChannelError>;
}
