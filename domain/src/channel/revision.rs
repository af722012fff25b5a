//! A channel's booking message, in one shape for all protocols: always a full snapshot of the booking.

use crate::private::private;
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

private!(ChannelRevision[booking_ref], Booker, ChannelRoom);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevisionStatus {
    New,
    Modified,
    Cancelled,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct ChannelRevision {
    /// The channel's stable id of the booking; with the connection it is the booking's key.
    pub booking_ref: String,
    pub revision: String,
    /// Orders revisions of one booking; without it the order of arrival counts.
    pub revised_at: Option<DateTime<Utc>>,
    pub status: RevisionStatus,
    /// The code a guest can read out, e.g. `BDC-3333333333`.
    pub code: String,
    /// Who sold it behind the channel, e.g. `BookingCom`.
    pub sold_by: String,
    pub currency: String,
    /// As sent; not always the sum of the rooms.
    pub total: Decimal,
    pub commission: Option<Decimal>,
    pub booker: Booker,
    pub notes: Option<String>,
    /// A cancellation may carry none.
    pub rooms: Vec<ChannelRoom>,
    #[serde(default)]
    pub particulars: Particulars,
}

/// A currency nobody named, or none that we can read: `XXX` of ISO 4217.
pub const NO_CURRENCY: &str = "XXX";

/// What a channel says of the booking beyond its rooms and total, as sent: shown to people, reckoned with by nobody.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Particulars {
    /// Breakfast, parking, a fee for cancelling.
    pub extras: Vec<Charge>,
    pub taxes: Vec<Charge>,
    pub payment: Payment,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Charge {
    pub name: String,
    /// In the booking's currency.
    pub amount: Decimal,
    /// Is it in the total already? `None`: the channel does not say.
    pub included: Option<bool>,
}

/// Who takes the guest's money. Never a card's number, holder or code.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Payment {
    pub collected_by: Option<Collector>,
    /// The channel pays by a virtual card.
    pub virtual_card: Option<VirtualCard>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Collector {
    Channel,
    Property,
}

/// When it can be charged, both days included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct VirtualCard {
    pub chargeable_from: Option<NaiveDate>,
    pub chargeable_until: Option<NaiveDate>,
}

impl Particulars {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Booker {
    pub name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct ChannelRoom {
    /// The channel's id of this room within the booking, if it has one.
    pub room_ref: Option<String>,
    /// The channel's room type id; `None` = unmapped on their side.
    pub room_type: Option<String>,
    pub rate_plan: Option<String>,
    pub arrival: NaiveDate,
    pub departure: NaiveDate,
    /// Price of each night as sent; a night that is not listed costs nothing extra.
    pub nights: Vec<(NaiveDate, Decimal)>,
    pub amount: Decimal,
    pub adults: i32,
    pub children: i32,
    pub guest_name: Option<String>,
}
