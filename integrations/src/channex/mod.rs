//! Channex: a channel manager with a JSON API. Availability and rates go out, booking revisions come in.

mod amount;
mod answer;
mod api;
mod ari;
mod feed;
mod identity;
mod payment;
mod read_back;
mod reader;
mod room;
mod warnings;
mod wire;

use crate::outbound::Outbound;
use innkeep_domain::ports::channel::{Protocol, Way};
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
        feed: Some(Arc::new(feed::Feed::new(api))),
        reader: Arc::new(reader::Reader),
    }
}
