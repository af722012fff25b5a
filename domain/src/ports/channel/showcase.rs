//! Channels that are told what there is to sell: room categories, and the rooms in them.

use super::{Access, ChannelError};
use crate::channel::portal::Category;
use async_trait::async_trait;

/// What a channel has taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shown {
    pub categories: u32,
    pub rooms: u32,
    /// Categories and rooms that it has no word for, or does not want.
    pub left_out: u32,
}

#[async_trait]
pub trait Showcase: Send + Sync {
    /// Replaces whatever it was shown before.
    async fn show(&self, access: &Access, categories: &[Category]) -> Result<Shown, ChannelError>;
    /// May a category be called this?
    fn can_say(&self, code: &str) -> bool;
}
