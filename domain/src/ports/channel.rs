//! What Innkeep asks of a sales channel. Adapters live in `integrations`, fakes in `testing`.

mod catalogue;
mod correspondence;
mod rules;
mod showcase;
mod standing;
mod telling;

use crate::channel::revision::ChannelRevision;
use crate::private::private;
use async_trait::async_trait;
pub use catalogue::*;
use chrono::NaiveDate;
pub use correspondence::*;
pub use rules::*;
use rust_decimal::Decimal;
pub use showcase::*;
pub use standing::*;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;
pub use telling::*;

private!(RawMessage[message_id]);

/// How to reach one property on one channel. `Debug` leaves what is secret out.
#[derive(Clone)]
pub struct Access {
    pub base_url: String,
    pub api_key: String,
    /// What our messages are signed with, for a channel that signs its own; more than one while they are changed.
    pub signing_secrets: Vec<String>,
    /// The channel's own id of the property.
    pub property: String,
    /// ISO 4217; of all prices.
    pub currency: String,
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Access")
            .field("base_url", &self.base_url)
            .field("property", &self.property)
            .finish_non_exhaustive()
    }
}

/// Absolute availability of one channel room over nights `from..=last` (channels include the last night).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AvailabilityRange {
    /// The channel's room type id.
    pub room: String,
    pub from: NaiveDate,
    pub last: NaiveDate,
    pub availability: i32,
}

/// What of a rate is told; `None` = unchanged, not sent. A cleared restriction is told as its neutral value
/// (min stay 1, max stay 0, not closed).
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct RateFields {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Decimal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_stay_arrival: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_stay_through: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_stay: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_to_arrival: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_to_departure: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_sell: Option<bool>,
}

/// Price and restrictions of one channel rate plan over nights `from..=last`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateRange {
    /// The channel's rate plan id.
    pub rate: String,
    pub from: NaiveDate,
    pub last: NaiveDate,
    pub fields: RateFields,
}

/// All that is true of one rate of a room over neighbouring nights, changed or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NightsRange {
    /// The channel's rate plan id, and whether that plan is one of other rooms too.
    pub rate: String,
    pub shared: bool,
    /// The channel's room type id.
    pub room: String,
    /// Whom the price is for: as many as the room takes.
    pub guests: i32,
    /// ISO 4217.
    pub currency: String,
    pub from: NaiveDate,
    /// From the first on, without a gap.
    pub nights: Vec<RateFields>,
}

/// The channel answered. An answer is not yet success: rejected ranges come with HTTP 200.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PushReport {
    pub rejected: Vec<Rejected>,
    pub task_ids: Vec<String>,
    /// The channel lost what it knew and asks to be told everything.
    pub asks_for_all: bool,
    /// It asks which categories and rooms there are.
    pub asks_for_inventory: bool,
}

/// One of the ranges sent was not taken, in the channel's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// Index into the ranges of the call.
    pub range: usize,
    pub reason: String,
}

/// Why a call brought no answer to rely on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChannelError {
    /// Never arrived: nothing can have been applied.
    #[error("not reachable: {0}")]
    Unreachable(String),
    /// No answer in time, or a broken one: it may or may not have been applied.
    #[error("no answer: {0}")]
    Unknown(String),
    #[error("asked to wait {}s", .wait.as_secs())]
    Throttled { wait: Duration },
    /// 5xx: the channel's fault; nothing may be assumed applied.
    #[error("channel failed with {status}: {detail}")]
    Server { status: u16, detail: String },
    /// 4xx: repeating the same call will not help; someone must fix the connection or the mapping.
    #[error("channel refused with {status} {code}: {detail}")]
    Refused {
        status: u16,
        code: String,
        detail: String,
    },
}

impl ChannelError {
    /// Does this speak against the channel's health (and count in the circuit breaker)?
    pub fn is_fault(&self) -> bool {
        !matches!(self, Self::Refused { .. })
    }
}

/// A booking message as the channel sent it, to be stored before anything is done about it.
#[derive(Clone, PartialEq, Eq)]
pub struct RawMessage {
    /// Unique per connection: the same message delivered twice has the same id.
    pub message_id: String,
    /// The message, without what we must not keep (card fields).
    pub raw: String,
}

/// Takes absolute availability and rates.
#[async_trait]
pub trait AriSink: Send + Sync {
    async fn push_availability(
        &self,
        access: &Access,
        ranges: &[AvailabilityRange],
    ) -> Result<PushReport, ChannelError>;
    async fn push_rates(&self, access: &Access, ranges: &[RateRange]) -> Result<PushReport, ChannelError>;
    /// Ranges a single call may carry; more are split.
    fn ranges_per_call(&self) -> usize;
    /// Does what is said of a night replace all that was said of it before? Then `push_nights` is called in place of
    /// `push_rates`.
    fn replaces_nights(&self) -> bool {
        false
    }
    async fn push_nights(&self, _: &Access, _: &[NightsRange]) -> Result<PushReport, ChannelError> {
        Err(ChannelError::Refused {
            status: 0,
            code: "not_spoken".to_owned(),
            detail: "this channel is told changes only".to_owned(),
        })
    }
}

/// What a channel says it believes: by its id of a room or rate, then by night. One that it does not know is missing.
pub type Believed<T> = HashMap<String, BTreeMap<NaiveDate, T>>;

/// Can be asked what it believes, for nights `from..=last`.
#[async_trait]
pub trait AriSource: Send + Sync {
    async fn availability(
        &self,
        access: &Access,
        from: NaiveDate,
        last: NaiveDate,
    ) -> Result<Believed<i32>, ChannelError>;
    async fn rates(
        &self,
        access: &Access,
        from: NaiveDate,
        last: NaiveDate,
    ) -> Result<Believed<RateFields>, ChannelError>;
}

/// Offers booking revisions to be read and acknowledged.
#[async_trait]
pub trait RevisionFeed: Send + Sync {
    /// One page of what is not acknowledged, oldest first. Empty when there is nothing left.
    async fn unacknowledged(&self, access: &Access) -> Result<Vec<RawMessage>, ChannelError>;
    async fn acknowledge(&self, access: &Access, message_id: &str) -> Result<(), ChannelError>;
}

/// Understands the channel's booking messages. Pure.
pub trait RevisionReader: Send + Sync {
    fn read(&self, raw: &str) -> Result<ChannelRevision, Unreadable>;
    /// What a guest asks for, where the message is a question: nothing is sold, and a person answers. Names nobody.
    fn question(&self, _: &str) -> Option<String> {
        None
    }
}

/// A message we cannot make sense of: parked with this reason, replayable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unreadable: {0}")]
pub struct Unreadable(pub String);

/// Who calls whom, and how the caller shows who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// We call the channel with its key; its own calls are only believed to mean that it is time to look.
    Called,
    /// It posts messages to a secret address, and signs them.
    Signs,
    /// It calls an address that all of the protocol share, with a name and a password of ours.
    LogsIn,
}

/// A channel protocol and what it can do.
#[derive(Clone)]
pub struct Protocol {
    pub name: &'static str,
    pub way: Way,
    pub sink: Option<Arc<dyn AriSink>>,
    pub source: Option<Arc<dyn AriSource>>,
    pub feed: Option<Arc<dyn RevisionFeed>>,
    pub reader: Arc<dyn RevisionReader>,
    pub more: Capabilities,
}

/// What few protocols have; absent where one does not.
#[derive(Clone, Default)]
pub struct Capabilities {
    pub whole: Option<Arc<dyn WholeSink>>,
    pub showcase: Option<Arc<dyn Showcase>>,
    pub standings: Option<Arc<dyn StandingSink>>,
    pub catalogue: Option<Arc<dyn Catalogue>>,
    pub recovery: Option<Arc<dyn Recovery>>,
    pub correspondence: Option<Arc<dyn Correspondence>>,
    pub rules: Option<Arc<dyn AvailabilityRules>>,
}

/// The protocols this installation speaks.
#[derive(Clone, Default)]
pub struct Protocols(Vec<Protocol>);

impl Protocols {
    pub fn new(all: Vec<Protocol>) -> Self {
        Self(all)
    }
    pub fn get(&self, name: &str) -> Option<&Protocol> {
        self.0.iter().find(|p| p.name == name)
    }
}
