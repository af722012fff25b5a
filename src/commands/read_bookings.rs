//! What Innkeep understands of another system's message, without a connection or a database.

use crate::config::Seller;
use anyhow::Context;
use innkeep_domain::channel::revision::ChannelRevision;
use innkeep_integrations::{booking_com, expedia};
use std::path::Path;

/// The bookings as JSON, and in words which could not be read.
pub(super) fn read(seller: Seller, file: &Path) -> anyhow::Result<(String, Vec<String>)> {
    let message = std::fs::read(file).with_context(|| format!("reading {}", file.display()))?;
    let all = match seller {
        Seller::BookingCom => booking_com::read(&message),
        Seller::Expedia => expedia::read(&message),
    };
    let (mut read, mut unread) = (Vec::<ChannelRevision>::new(), Vec::new());
    for booking in all.with_context(|| format!("{}", file.display()))? {
        match booking {
            Ok(booking) => read.push(booking),
            Err(refusal) => unread.push(refusal.to_string()),
        }
    }
    Ok((serde_json::to_string_pretty(&read)? + "\n", unread))
}
