//! Channex: a channel manager with a JSON API. Availability and rates go out, booking revisions come in.

mod amount;
mod answer;
mod api;
mod ari;
mod catalogue;
mod correspondence;
mod feed;
mod identity;
mod listing;
mod payment;
mod read_back;
mod reader;
mod recovery;
mod room;
mod rules;
mod warnings;
mod wire;

use crate::outbound::Outbound;
use innkeep_domain::ports::channel::{Capabilities, Protocol, Way};
use std::sync::Arc;

/// Name of the protocol, as connections store it.
pub const NAME: &str = "channex";

/// Channex with everything it can do.
pub fn protocol(outbound: Outbound) -> Protocol {
    let api = api::Api::new(outbound);
    Protocol {
        name: NAME,
        way: Way::Called,
        sink: Some(Arc::new(ari::Sink::new(api.clone()))),
        source: Some(Arc::new(read_back::Source::new(api.clone()))),
        feed: Some(Arc::new(feed::Feed::new(api.clone()))),
        reader: Arc::new(reader::Reader),
        more: Capabilities {
            catalogue: Some(Arc::new(catalogue::Shelf::new(api.clone()))),
            recovery: Some(Arc::new(recovery::Revisions::new(api.clone()))),
            correspondence: Some(Arc::new(correspondence::Desk::new(api.clone()))),
            rules: Some(Arc::new(rules::Rules::new(api))),
            ..Capabilities::default()
        },
    }
}
