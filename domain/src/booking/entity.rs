//! What a booking is, and which state may follow which.

use super::line::Line;
use crate::channel::revision::{Booker, Particulars};
use crate::desk::needs::Needs;
use crate::desk::segment::Segment;
use crate::error::{Error, Refusal, Result};
use crate::inventory::Delta;
use crate::money;
use crate::private::private;
use crate::rates::policy::Policy;
use crate::rates::stay::Stay;
use chrono::{DateTime, NaiveDate, Utc};
use rand::Rng;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

private!(Reservation[id], Booking[id]);

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

    /// Are its nights sold?
    pub fn sells(self) -> bool {
        matches!(self, Self::Confirmed | Self::InHouse | Self::Departed)
    }

    /// Does a reservation in this state keep its nights from others, sold or held?
    pub fn occupies(self) -> bool {
        self.sells() || self == Self::Tentative
    }

    /// The table of transitions; anything else is 409. A cancelled stay may come back by a channel's modification, and
    /// so may one that was reinstated by hand; a check-in or check-out may be undone on its business date.
    pub fn may_become(self, next: Self) -> bool {
        use Status::*;
        matches!(
            (self, next),
            (Tentative, Confirmed | Cancelled)
                | (Confirmed, InHouse | Cancelled | NoShow)
                | (InHouse, Departed | Confirmed)
                | (Departed, InHouse)
                | (Cancelled | NoShow, Confirmed)
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

/// One night of a stay: what it costs and which unit type it takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Night {
    pub date: NaiveDate,
    /// Differs from the reservation's after an upgrade or a move; `None` while unmapped.
    pub unit_type_id: Option<Uuid>,
    /// Inclusive taxes are in it, exclusive ones are lines.
    pub price: Decimal,
}

/// One unit stay.
#[derive(Clone, PartialEq)]
pub struct Reservation {
    pub id: Uuid,
    pub booking_id: Uuid,
    pub property_id: Uuid,
    /// As booked and priced. `None` while a channel's room is unmapped.
    pub unit_type_id: Option<Uuid>,
    pub rate_plan_id: Option<Uuid>,
    pub status: Status,
    pub arrival: NaiveDate,
    pub departure: NaiveDate,
    pub adults: i32,
    pub children: i32,
    /// One age per child; empty when a channel did not say.
    pub children_ages: Vec<i32>,
    pub guest_name: Option<String>,
    /// Every night of the stay, in order; prices in the booking's currency.
    pub nights: Vec<Night>,
    pub lines: Vec<Line>,
    pub promo_code: Option<String>,
    /// The terms the guest agreed to.
    pub policy: Option<Policy>,
    /// What a cancellation or no-show costs instead of the stay.
    pub fee: Decimal,
    /// Nights, extras and what taxes and fees add.
    pub total: Decimal,
    pub channel_room_ref: Option<String>,
    /// Where it sleeps, in order; nights may have no unit yet.
    pub segments: Vec<Segment>,
    pub needs: Needs,
    pub checked_in: Option<Moment>,
    pub checked_out: Option<Moment>,
    pub version: i32,
}

/// When something happened, and on which business date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    pub at: DateTime<Utc>,
    pub date: NaiveDate,
}

impl Reservation {
    /// What it costs as it stands: the stay, or the fee for not coming.
    pub fn due(&self) -> Decimal {
        if self.status.occupies() {
            self.total
        } else {
            self.fee
        }
    }

    /// 409 unless the stay is in this state.
    pub fn require(&self, status: Status) -> Result<(), Refusal> {
        if self.status == status {
            return Ok(());
        }
        let detail = format!("the reservation is {}, not {}", self.status.name(), status.name());
        Err(Refusal::conflict("wrong_state", detail))
    }

    /// As sold; the table's CHECK says that it has a night.
    pub fn stay(&self) -> Option<Stay> {
        Stay::new(self.arrival, self.departure).ok()
    }

    /// What cancelling costs `hours_before` check-in by the terms the guest agreed to.
    pub fn cancellation_fee(&self, hours_before: i64, currency: &str) -> Result<Decimal, Refusal> {
        let Some(policy) = &self.policy else {
            return Ok(Decimal::ZERO);
        };
        let currency = money::sold_in(currency);
        Ok(policy.cancellation_fee(self.total, &self.prices(), currency, hours_before))
    }

    pub fn no_show_fee(&self, currency: &str) -> Result<Decimal, Refusal> {
        let Some(policy) = &self.policy else {
            return Ok(Decimal::ZERO);
        };
        Ok(policy.no_show_fee(self.total, &self.prices(), money::sold_in(currency)))
    }

    fn prices(&self) -> Vec<Decimal> {
        self.nights.iter().map(|n| n.price).collect()
    }

    /// Adds the nights this stay occupies, `sign` times, to a change of stock.
    pub fn add_to(&self, delta: &mut Delta, sign: i32) {
        if !self.status.occupies() {
            return;
        }
        for (unit_type, date) in self.nights.iter().filter_map(|n| Some((n.unit_type_id?, n.date))) {
            let take = delta.entry((unit_type, date)).or_default();
            let counter = if self.status.sells() {
                &mut take.sold
            } else {
                &mut take.held
            };
            *counter += sign;
        }
    }
}

/// Where a booking came from, when a channel sent it.
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelLink {
    pub connection_id: Uuid,
    pub reference: String,
    pub revision: String,
    pub revised_at: Option<DateTime<Utc>>,
    pub particulars: Particulars,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BookingStatus {
    /// A hold: keeps units, is not sold yet.
    Tentative,
    Confirmed,
    /// Every reservation is.
    Cancelled,
}

impl BookingStatus {
    pub const ALL: [Self; 3] = [Self::Tentative, Self::Confirmed, Self::Cancelled];

    /// A booking stands as its stays do: what a channel cancels is on for as long as its guest is here.
    pub fn of(reservations: &[Reservation]) -> Self {
        let is = |status: Status| move |r: &Reservation| r.status == status;
        if reservations.iter().all(is(Status::Cancelled)) {
            Self::Cancelled
        } else if reservations.iter().any(is(Status::Tentative)) {
            Self::Tentative
        } else {
            Self::Confirmed
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Tentative => "tentative",
            Self::Confirmed => "confirmed",
            Self::Cancelled => "cancelled",
        }
    }

    pub fn parse(name: &str) -> Result<Self> {
        let known = Self::ALL.into_iter().find(|s| s.name() == name);
        known.ok_or_else(|| Error::internal(format!("unknown booking status `{name}`")))
    }
}

/// Through whom a booking came, beside its booker.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Parties {
    /// Whose people stay.
    pub company_id: Option<Uuid>,
    /// The travel agent who sent them.
    pub agent_id: Option<Uuid>,
    /// The group it belongs to.
    pub group_id: Option<Uuid>,
}

#[derive(Clone, PartialEq)]
pub struct Booking {
    pub id: Uuid,
    pub property_id: Uuid,
    /// Eight characters a person can read out, unique in the tenant.
    pub reference: String,
    pub status: BookingStatus,
    /// Until when a tentative booking keeps its units.
    pub hold_expires_at: Option<DateTime<Utc>>,
    pub booker: Booker,
    pub notes: Option<String>,
    pub currency: String,
    pub total: Decimal,
    pub commission: Option<Decimal>,
    /// `direct`, or who sold it: `BookingCom`.
    pub source: String,
    pub channel: Option<ChannelLink>,
    pub parties: Parties,
    pub reservations: Vec<Reservation>,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl Booking {
    /// One of its stays; 404.
    pub fn reservation(&self, id: Uuid) -> Result<&Reservation, Refusal> {
        let found = self.reservations.iter().find(|r| r.id == id);
        found.ok_or_else(|| Refusal::not_found("reservation"))
    }

    pub fn reservation_mut(&mut self, id: Uuid) -> Result<&mut Reservation, Refusal> {
        let found = self.reservations.iter_mut().find(|r| r.id == id);
        found.ok_or_else(|| Refusal::not_found("reservation"))
    }
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
                "in_house>confirmed",
                "in_house>departed",
                "departed>in_house",
                "cancelled>confirmed",
                "no_show>confirmed"
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
