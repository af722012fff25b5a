//! What a channel manager keeps from single ones of its channels: rules beside the one truth that it is told.

use super::{Access, ChannelError};
use async_trait::async_trait;
use chrono::{NaiveDate, Weekday};
use std::collections::BTreeSet;

/// What the rule's channels see of the units that are free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// None.
    CloseOut,
    /// So many less; never below none.
    Offset(u32),
    /// So many at most.
    AtMost(u32),
}

/// Channels and rooms by the channel manager's ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AvailabilityRule {
    pub title: String,
    pub effect: Effect,
    pub channels: BTreeSet<String>,
    pub rooms: BTreeSet<String>,
    pub from: NaiveDate,
    /// The last night; without one it never ends.
    pub last: Option<NaiveDate>,
    pub weekdays: Weekdays,
}

/// Days of a week, Monday first. None of them and all of them are the same: every day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Weekdays(Vec<Weekday>);

impl Weekdays {
    pub fn days(&self) -> &[Weekday] {
        &self.0
    }
}

impl FromIterator<Weekday> for Weekdays {
    fn from_iter<T: IntoIterator<Item = Weekday>>(days: T) -> Self {
        let mut days: Vec<Weekday> = days.into_iter().collect();
        days.sort_by_key(Weekday::num_days_from_monday);
        days.dedup();
        if days.len() == 7 {
            days.clear();
        }
        Self(days)
    }
}

/// Keeps such rules. What it keeps and we cannot read is not listed, and left alone.
#[async_trait]
pub trait AvailabilityRules: Send + Sync {
    /// Each with the channel manager's id of it.
    async fn list(&self, access: &Access) -> Result<Vec<(String, AvailabilityRule)>, ChannelError>;
    async fn create(&self, access: &Access, rule: &AvailabilityRule) -> Result<(), ChannelError>;
    async fn replace(&self, access: &Access, id: &str, rule: &AvailabilityRule) -> Result<(), ChannelError>;
    async fn delete(&self, access: &Access, id: &str) -> Result<(), ChannelError>;
}
