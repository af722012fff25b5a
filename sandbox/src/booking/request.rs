//! What a guest asks for, as the control API takes it.

use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StayRequest {
    /// Left out in a change: the rooms stay as they are.
    #[serde(default)]
    pub(crate) rooms: Option<Vec<RoomRequest>>,
    #[serde(default)]
    pub(crate) customer: Option<Value>,
    #[serde(default)]
    pub(crate) currency: Option<String>,
    /// Decimal string or minor units; left out: the rate the channel was told.
    #[serde(default)]
    pub(crate) price_per_night: Option<Value>,
    #[serde(default)]
    pub(crate) notes: Option<String>,
    #[serde(default)]
    pub(crate) ota_name: Option<String>,
    /// Sell whatever was told: what the OTA sold has to be taken.
    #[serde(default)]
    pub(crate) force: bool,
    /// Lower the channel's own availability at once, as auto-decrementing OTAs do on a new booking.
    #[serde(default)]
    pub(crate) decrement: bool,
    /// In a change: rooms keep their `booking_room_id` by position; Channex's sample renews them.
    #[serde(default)]
    pub(crate) keep_room_ids: bool,
}

/// Missing product ids make an unmapped room; that needs `force`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoomRequest {
    #[serde(default)]
    pub(crate) room_type_id: Option<String>,
    #[serde(default)]
    pub(crate) rate_plan_id: Option<String>,
    pub(crate) checkin_date: NaiveDate,
    /// Exclusive: the day of departure.
    pub(crate) checkout_date: NaiveDate,
    #[serde(default = "two")]
    pub(crate) adults: u8,
    #[serde(default)]
    pub(crate) children: u8,
    #[serde(default)]
    pub(crate) infants: u8,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct CancelRequest {
    /// The fee that remains as the booking's amount; the rooms go on saying what they cost.
    pub(crate) penalty: Option<Value>,
    /// Send no rooms and no amount, as some OTAs do.
    pub(crate) without_rooms: bool,
    /// Cancel what is cancelled already.
    pub(crate) again: bool,
}

fn two() -> u8 {
    2
}

impl RoomRequest {
    pub(crate) fn nights(&self) -> impl Iterator<Item = NaiveDate> + use<> {
        let end = self.checkout_date;
        self.checkin_date.iter_days().take_while(move |day| *day < end)
    }

    pub(crate) fn length(&self) -> i64 {
        (self.checkout_date - self.checkin_date).num_days()
    }
}
