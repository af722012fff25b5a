//! One unit stay.

use crate::api::money::Money;
use crate::api::pricing::{Line, Policy};
use chrono::NaiveDate;
use innkeep_domain::booking::entity;
use innkeep_domain::desk::segment;
use poem_openapi::{Enum, Object};
use uuid::Uuid;

/// One unit stay.
#[derive(Object)]
pub struct Reservation {
    id: Uuid,
    booking_id: Uuid,
    property_id: Uuid,
    /// Absent while a channel's room is mapped to nothing here.
    #[oai(skip_serializing_if_is_none)]
    unit_type_id: Option<Uuid>,
    #[oai(skip_serializing_if_is_none)]
    rate_plan_id: Option<Uuid>,
    status: ReservationStatus,
    arrival: NaiveDate,
    departure: NaiveDate,
    adults: i32,
    children: i32,
    /// Empty when a channel did not say.
    children_ages: Vec<i32>,
    #[oai(skip_serializing_if_is_none)]
    guest_name: Option<String>,
    nights: Vec<Night>,
    /// Where the guests sleep, in order; nights may have no unit yet.
    segments: Vec<Segment>,
    /// Taxes, fees and extras.
    lines: Vec<Line>,
    #[oai(skip_serializing_if_is_none)]
    promo_code: Option<String>,
    /// The terms the guest agreed to.
    #[oai(skip_serializing_if_is_none)]
    policy: Option<Policy>,
    /// What a cancellation or no-show costs instead of the stay.
    fee: Money,
    /// Nights, extras and what taxes and fees add.
    total: Money,
    version: i32,
}

#[derive(Object)]
pub struct Night {
    date: NaiveDate,
    price: Money,
    /// The unit type this night takes: another than booked after an upgrade or a move.
    #[oai(skip_serializing_if_is_none)]
    unit_type_id: Option<Uuid>,
}

#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
pub enum ReservationStatus {
    Tentative,
    Confirmed,
    InHouse,
    Departed,
    Cancelled,
    NoShow,
}

impl Night {
    pub fn show(n: entity::Night, currency: &str) -> Self {
        Self {
            date: n.date,
            price: Money::new(n.price, currency),
            unit_type_id: n.unit_type_id,
        }
    }
}

impl Reservation {
    pub fn show(r: entity::Reservation, currency: &str) -> Self {
        Self {
            id: r.id,
            booking_id: r.booking_id,
            property_id: r.property_id,
            unit_type_id: r.unit_type_id,
            rate_plan_id: r.rate_plan_id,
            status: r.status.into(),
            arrival: r.arrival,
            departure: r.departure,
            adults: r.adults,
            children: r.children,
            children_ages: r.children_ages,
            guest_name: r.guest_name,
            nights: r.nights.into_iter().map(|n| Night::show(n, currency)).collect(),
            segments: r.segments.into_iter().map(Segment::from).collect(),
            lines: r.lines.into_iter().map(|l| Line::show(l, currency)).collect(),
            promo_code: r.promo_code,
            policy: r.policy.map(|p| Policy::show(p, currency)),
            fee: Money::new(r.fee, currency),
            total: Money::new(r.total, currency),
            version: r.version,
        }
    }
}

impl From<entity::Status> for ReservationStatus {
    fn from(status: entity::Status) -> Self {
        match status {
            entity::Status::Tentative => Self::Tentative,
            entity::Status::Confirmed => Self::Confirmed,
            entity::Status::InHouse => Self::InHouse,
            entity::Status::Departed => Self::Departed,
            entity::Status::Cancelled => Self::Cancelled,
            entity::Status::NoShow => Self::NoShow,
        }
    }
}

/// Nights of a stay in one unit.
#[derive(Object)]
pub struct Segment {
    unit_id: Uuid,
    /// As it is called now: another name makes no new version of the reservation.
    unit_name: String,
    from: NaiveDate,
    /// The day after the last night.
    to: NaiveDate,
    /// The automatic assignment leaves it where it is.
    locked: bool,
}

impl From<segment::Segment> for Segment {
    fn from(s: segment::Segment) -> Self {
        Self {
            unit_id: s.unit_id,
            unit_name: s.unit_name,
            from: s.from,
            to: s.to,
            locked: s.locked,
        }
    }
}
