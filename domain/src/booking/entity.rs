//! What a booking is, and which state may follow which.

use crate::channel::revision::Booker;
use crate::error::{Error, Refusal, Result};
use crate::inventory::Delta;
use chrono::{DateTime, NaiveDate, Utc};
use rand::Rng;
use rust_decimal::Decimal;
use uuid::Uuid;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    Tentative,
    Confirmed,
    InHouse,
    Departed,
    Cancelled,
    NoShow,
}

impl Status {
    pub const ALL: [Self; 6] = [
        Self::Tentative,
        Self::Confirmed,
        Self::InHouse,
        Self::Departed,
        Self::Cancelled,
        Self::NoShow,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Tentative => "tentative",
            Self::Confirmed => "confirmed",
            Self::InHouse => "in_house",
            Self::Departed => "departed",
            Self::Cancelled => "cancelled",
            Self::NoShow => "no_show",
        }
    }

    pub fn parse(name: &str) -> Result<Self> {
        let known = Self::ALL.into_iter().find(|s| s.name() == name);
        known.ok_or_else(|| Error::internal(format!("unknown reservation status `{name}`")))
    }

    /// Does a reservation in this state occupy its nights?
    pub fn occupies(self) -> bool {
        matches!(self, Self::Confirmed | Self::InHouse | Self::Departed)
    }

    /// The table of transitions; anything else is 409. A cancelled stay may come back by a channel's modification.
    pub fn may_become(self, next: Self) -> bool {
        use Status::*;
        matches!(
            (self, next),
            (Tentative, Confirmed | Cancelled)
                | (Confirmed, InHouse | Cancelled | NoShow)
                | (InHouse, Departed)
                | (Cancelled, Confirmed)
        )
    }

    pub fn to(self, next: Self) -> Result<Self, Refusal> {
        if self.may_become(next) {
            return Ok(next);
        }
        let detail = format!(
            "a reservation that is {} cannot become {}",
            self.name(),
            next.name()
        );
        Err(Refusal::conflict("wrong_state", detail))
    }
}

/// One unit stay.
#[derive(Debug, Clone, PartialEq)]
pub struct Reservation {
    pub id: Uuid,
    pub booking_id: Uuid,
    pub property_id: Uuid,
    /// `None` while a channel's room is unmapped.
    pub unit_type_id: Option<Uuid>,
    pub rate_plan_id: Option<Uuid>,
    pub status: Status,
    pub arrival: NaiveDate,
    pub departure: NaiveDate,
    pub adults: i32,
    pub children: i32,
    pub guest_name: Option<String>,
    /// One price a night, in the booking's currency.
    pub nights: Vec<(NaiveDate, Decimal)>,
    pub total: Decimal,
    pub channel_room_ref: Option<String>,
    pub version: i32,
}

impl Reservation {
    /// Adds the nights this stay occupies, `sign` times, to a change of stock.
    pub fn add_to(&self, delta: &mut Delta, sign: i32) {
        let Some(unit_type) = self.unit_type_id.filter(|_| self.status.occupies()) else {
            return;
        };
        for night in self.arrival.iter_days().take_while(|d| *d < self.departure) {
            *delta.entry((unit_type, night)).or_default() += sign;
        }
    }
}

/// Where a booking came from, when a channel sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelLink {
    pub connection_id: Uuid,
    pub reference: String,
    pub revision: String,
    pub revised_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Booking {
    pub id: Uuid,
    pub property_id: Uuid,
    /// Eight characters a person can read out, unique in the tenant.
    pub reference: String,
    pub cancelled: bool,
    pub booker: Booker,
    pub notes: Option<String>,
    pub currency: String,
    pub total: Decimal,
    pub commission: Option<Decimal>,
    /// `direct`, or who sold it: `BookingCom`.
    pub source: String,
    pub channel: Option<ChannelLink>,
    pub reservations: Vec<Reservation>,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// No I, O, 0 or 1: they are misheard and misread.
const READABLE: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// A fresh reference such as `K7PM2XQA`.
pub fn new_reference(rng: &mut impl Rng) -> String {
    (0..8)
        .map(|_| char::from(READABLE[rng.random_range(0..READABLE.len())]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_table_of_transitions_is_allowed() {
        let allowed: Vec<_> = Status::ALL
            .into_iter()
            .flat_map(|from| Status::ALL.into_iter().map(move |to| (from, to)))
            .filter(|(from, to)| from.may_become(*to))
            .map(|(from, to)| format!("{}>{}", from.name(), to.name()))
            .collect();
        assert_eq!(
            allowed,
            [
                "tentative>confirmed",
                "tentative>cancelled",
                "confirmed>in_house",
                "confirmed>cancelled",
                "confirmed>no_show",
                "in_house>departed",
                "cancelled>confirmed"
            ]
        );
    }

    #[test]
    fn references_are_readable() {
        let reference = new_reference(&mut rand::rng());
        assert_eq!(reference.len(), 8);
        assert!(!reference.contains(['I', 'O', '0', '1']));
    }
}
