//! Bookings and reservations as JSON.

use crate::api::money::Money;
use crate::api::pricing::{Line, Policy};
pub use crate::api::reservations::Reason;
use crate::api::{ApiResult, patch};
use chrono::{DateTime, NaiveDate, Utc};
use innkeep_domain::Refusal;
use innkeep_domain::booking::change::Force;
use innkeep_domain::booking::reserve::Basket;
use innkeep_domain::booking::{edit, entity, reserve, timeline};
use innkeep_domain::channel::revision;
use innkeep_domain::rates::extra::Chosen;
use innkeep_domain::rates::stay::Stay;
use poem_openapi::types::MaybeUndefined;
use poem_openapi::{Enum, Object};
use serde_json::Value;
use uuid::Uuid;

#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct NewBooking {
    property_id: Uuid,
    booker: Booker,
    notes: Option<String>,
    /// 1 to 50 unit stays. Absent with a `quote_id`, required without.
    rooms: Option<Vec<NewRoom>>,
    /// Sells what a quote of this property froze, at its price, in place of `rooms`.
    quote_id: Option<Uuid>,
    /// In any case of letters. A quote carries its own.
    promo_code: Option<String>,
    /// What the guest was shown: refused with `price_changed` when the price is another by now.
    expected_total: Option<Money>,
    /// Keeps the units this long, at this price, instead of selling them: 1 to 10,080.
    hold_minutes: Option<i32>,
    /// Takes first what is kept for this group, and then what is free.
    group_id: Option<Uuid>,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct BookingChange {
    /// Whose people stay.
    company_id: MaybeUndefined<Uuid>,
    /// The travel agent who sent them.
    agent_id: MaybeUndefined<Uuid>,
    notes: MaybeUndefined<String>,
}

impl From<BookingChange> for edit::Edit {
    fn from(c: BookingChange) -> Self {
        Self {
            company_id: patch::change(c.company_id),
            agent_id: patch::change(c.agent_id),
            notes: patch::change(c.notes),
        }
    }
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct NewRoom {
    unit_type_id: Uuid,
    rate_plan_id: Uuid,
    arrival: NaiveDate,
    /// The day after the last night.
    departure: NaiveDate,
    adults: i32,
    /// 0 to 17, one for each child.
    #[oai(default, validator(max_items = 100))]
    children_ages: Vec<i32>,
    guest_name: Option<String>,
    #[oai(default, validator(max_items = 20))]
    extras: Vec<ChosenExtra>,
}

/// So many for the stay, the night or each person, as the extra is charged.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct ChosenExtra {
    extra_id: Uuid,
    /// 1 to 100.
    #[oai(default = "one")]
    quantity: i32,
}

fn one() -> i32 {
    1
}

/// Who booked.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct Booker {
    name: String,
    #[oai(skip_serializing_if_is_none, validator(max_length = 320))]
    email: Option<String>,
    #[oai(skip_serializing_if_is_none, validator(max_length = 64))]
    phone: Option<String>,
    /// ISO 3166-1 alpha-2.
    #[oai(skip_serializing_if_is_none, validator(pattern = "^[A-Z]{2}$"))]
    country: Option<String>,
}

#[derive(Object)]
pub struct Booking {
    id: Uuid,
    property_id: Uuid,
    /// Eight characters to read out, unique for you.
    reference: String,
    status: BookingStatus,
    /// Until when a tentative booking keeps its units.
    #[oai(skip_serializing_if_is_none)]
    hold_expires_at: Option<DateTime<Utc>>,
    booker: Booker,
    #[oai(skip_serializing_if_is_none)]
    notes: Option<String>,
    /// As sold; a channel's total need not be the sum of its reservations.
    total: Money,
    #[oai(skip_serializing_if_is_none)]
    commission: Option<Money>,
    /// `direct`, or who sold it.
    source: String,
    #[oai(skip_serializing_if_is_none)]
    channel: Option<ChannelLink>,
    /// Whose people stay.
    #[oai(skip_serializing_if_is_none)]
    company_id: Option<Uuid>,
    /// The travel agent who sent them.
    #[oai(skip_serializing_if_is_none)]
    agent_id: Option<Uuid>,
    /// The group it belongs to.
    #[oai(skip_serializing_if_is_none)]
    group_id: Option<Uuid>,
    reservations: Vec<Reservation>,
    version: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
pub enum BookingStatus {
    /// A hold: keeps its units until it expires.
    Tentative,
    Confirmed,
    Cancelled,
}

/// The booking on the channel that sent it.
#[derive(Object)]
struct ChannelLink {
    connection_id: Uuid,
    /// The channel's own id of the booking.
    reference: String,
    revision: String,
}

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

impl Night {
    pub fn show(n: entity::Night, currency: &str) -> Self {
        Self {
            date: n.date,
            price: Money::new(n.price, currency),
            unit_type_id: n.unit_type_id,
        }
    }
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

impl BookingStatus {
    pub fn name(self) -> &'static str {
        match self {
            Self::Tentative => "tentative",
            Self::Confirmed => "confirmed",
            Self::Cancelled => "cancelled",
        }
    }
}

impl From<entity::BookingStatus> for BookingStatus {
    fn from(status: entity::BookingStatus) -> Self {
        match status {
            entity::BookingStatus::Tentative => Self::Tentative,
            entity::BookingStatus::Confirmed => Self::Confirmed,
            entity::BookingStatus::Cancelled => Self::Cancelled,
        }
    }
}

/// A booking that an operator makes whatever the rules say.
#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct ForcedBooking {
    booking: NewBooking,
    /// 1 to 200 characters; stays in the timeline.
    reason: String,
}

impl ForcedBooking {
    pub fn parse(self) -> ApiResult<(reserve::NewBooking, Force)> {
        Ok((self.booking.parse()?, Force { reason: self.reason }))
    }
}

impl NewBooking {
    pub fn parse(self) -> ApiResult<reserve::NewBooking> {
        let basket = match (self.rooms, self.quote_id) {
            (Some(rooms), None) => Basket::Rooms {
                rooms: NewRoom::parse_all(rooms)?,
                promo_code: self.promo_code,
            },
            (None, Some(id)) if self.promo_code.is_none() => Basket::Quote(id),
            _ => {
                let detail = "either `rooms`, with or without a `promo_code`, or a `quote_id`";
                return Err(Refusal::invalid("one_of", detail).at("/rooms").into());
            }
        };
        let expected_total = self.expected_total.map(|m| (m.decimal(), m.currency));
        Ok(reserve::NewBooking {
            property_id: self.property_id,
            booker: self.booker.into(),
            notes: self.notes,
            basket,
            expected_total,
            hold_minutes: self.hold_minutes,
            group_id: self.group_id,
        })
    }
}

impl NewRoom {
    pub fn parse_all(rooms: Vec<Self>) -> ApiResult<Vec<reserve::NewRoom>> {
        rooms
            .into_iter()
            .enumerate()
            .map(|(i, room)| room.parse(i))
            .collect()
    }

    fn parse(self, index: usize) -> ApiResult<reserve::NewRoom> {
        let stay = Stay::new(self.arrival, self.departure);
        Ok(reserve::NewRoom {
            unit_type_id: self.unit_type_id,
            rate_plan_id: self.rate_plan_id,
            stay: stay.map_err(|r| r.at(format!("/rooms/{index}/departure")))?,
            adults: self.adults,
            children_ages: self.children_ages,
            guest_name: self.guest_name,
            extras: self.extras.into_iter().map(ChosenExtra::parse).collect(),
        })
    }
}

impl ChosenExtra {
    fn parse(self) -> Chosen {
        Chosen {
            extra_id: self.extra_id,
            quantity: self.quantity,
        }
    }
}

impl From<Booker> for revision::Booker {
    fn from(b: Booker) -> Self {
        let Booker {
            name,
            email,
            phone,
            country,
        } = b;
        Self {
            name,
            email,
            phone,
            country,
        }
    }
}

impl From<revision::Booker> for Booker {
    fn from(b: revision::Booker) -> Self {
        let revision::Booker {
            name,
            email,
            phone,
            country,
        } = b;
        Self {
            name,
            email,
            phone,
            country,
        }
    }
}

impl From<entity::Booking> for Booking {
    fn from(b: entity::Booking) -> Self {
        let currency = b.currency;
        Self {
            id: b.id,
            property_id: b.property_id,
            reference: b.reference,
            status: b.status.into(),
            hold_expires_at: b.hold_expires_at,
            booker: b.booker.into(),
            notes: b.notes,
            total: Money::new(b.total, &currency),
            commission: b.commission.map(|c| Money::new(c, &currency)),
            source: b.source,
            channel: b.channel.map(ChannelLink::from),
            company_id: b.parties.company_id,
            agent_id: b.parties.agent_id,
            group_id: b.parties.group_id,
            reservations: b
                .reservations
                .into_iter()
                .map(|r| Reservation::show(r, &currency))
                .collect(),
            version: b.version,
            created_at: b.created_at,
            updated_at: b.updated_at,
        }
    }
}

impl From<entity::ChannelLink> for ChannelLink {
    fn from(l: entity::ChannelLink) -> Self {
        Self {
            connection_id: l.connection_id,
            reference: l.reference,
            revision: l.revision,
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

/// What happened to a booking.
#[derive(Object)]
pub struct Timeline {
    items: Vec<TimelineEntry>,
}

#[derive(Object)]
struct TimelineEntry {
    at: DateTime<Utc>,
    /// `user:<id>`, `channel:<id>`, `system:<name>`.
    actor: String,
    #[oai(skip_serializing_if_is_none)]
    actor_name: Option<String>,
    /// `booking.created`, `reservation.amended`, ...
    kind: String,
    /// One line to read.
    text: String,
    changes: Vec<FieldChange>,
    /// Why a rule was overridden.
    #[oai(skip_serializing_if_is_none)]
    reason: Option<String>,
}

#[derive(Object)]
struct FieldChange {
    reservation_id: Option<Uuid>,
    field: String,
    before: Value,
    after: Value,
}

impl From<Vec<timeline::Entry>> for Timeline {
    fn from(entries: Vec<timeline::Entry>) -> Self {
        Self {
            items: entries.into_iter().map(TimelineEntry::from).collect(),
        }
    }
}

impl From<timeline::Entry> for TimelineEntry {
    fn from(e: timeline::Entry) -> Self {
        let change = |c: &Value| FieldChange {
            reservation_id: c["reservation_id"].as_str().and_then(|id| id.parse().ok()),
            field: c["field"].as_str().unwrap_or_default().to_owned(),
            before: c["before"].clone(),
            after: c["after"].clone(),
        };
        Self {
            text: e.text(),
            changes: e.data["changes"]
                .as_array()
                .into_iter()
                .flatten()
                .map(change)
                .collect(),
            reason: e.data["forced"]["reason"].as_str().map(str::to_owned),
            at: e.at,
            actor: e.actor,
            actor_name: e.actor_name,
            kind: e.kind,
        }
    }
}
