//! How a channel is told how many units are free: change by change, or everything at once.

use super::{Access, AvailabilityRange, ChannelError, PushReport};
use async_trait::async_trait;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// What a channel takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Telling {
    /// Some nights, which changes nothing of the others.
    pub changes: bool,
    /// All nights of everything at once: what is not named is not free any more.
    pub whole: bool,
    /// In such a whole, the seasons in which nothing is sold.
    pub seasons: bool,
}

impl Telling {
    /// What most channels take.
    pub const CHANGES: Self = Self {
        changes: true,
        whole: false,
        seasons: false,
    };
}

/// Nights on which nothing is sold, the last one included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Season {
    pub from: NaiveDate,
    pub last: NaiveDate,
}

/// Can be told everything at once, by each channel's leave.
#[async_trait]
pub trait WholeSink: Send + Sync {
    /// Asked before availability is told.
    async fn telling(&self, access: &Access) -> Result<Telling, ChannelError>;
    /// What stands in none of the ranges is not free. Seasons are in order and do not meet. Never split.
    async fn push_whole(
        &self,
        access: &Access,
        ranges: &[AvailabilityRange],
        seasons: &[Season],
    ) -> Result<PushReport, ChannelError>;
}
