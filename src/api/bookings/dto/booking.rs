//! A booking, its booker, and the channel it came from.

use super::reservation::Reservation;
use crate::api::money::Money;
use chrono::{DateTime, NaiveDate, Utc};
use innkeep_domain::booking::entity;
use innkeep_domain::channel::revision;
use poem_openapi::{Enum, Object};
use uuid::Uuid;

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

/// The booking on the channel that sent it; extras, taxes and payment as sent, which change no total here.
#[derive(Object)]
struct ChannelLink {
    connection_id: Uuid,
    /// The channel's own id of the booking.
    reference: String,
    revision: String,
    /// Breakfast, parking, a fee for cancelling.
    extras: Vec<ChannelCharge>,
    taxes: Vec<ChannelCharge>,
    #[oai(skip_serializing_if_is_none)]
    payment: Option<ChannelPayment>,
}

#[derive(Object)]
struct ChannelCharge {
    name: String,
    amount: Money,
    /// Is it in the total already? Absent: the channel does not say.
    #[oai(skip_serializing_if_is_none)]
    included: Option<bool>,
}

/// Who takes the guest's money. Card data is never kept.
#[derive(Object)]
struct ChannelPayment {
    #[oai(skip_serializing_if_is_none)]
    collected_by: Option<Collector>,
    /// The channel pays by a virtual card, which is there and not here.
    virtual_card: bool,
    /// When that card can be charged, both days included.
    #[oai(skip_serializing_if_is_none)]
    chargeable_from: Option<NaiveDate>,
    #[oai(skip_serializing_if_is_none)]
    chargeable_until: Option<NaiveDate>,
}

#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
enum Collector {
    Channel,
    Property,
}

/// Who booked.
#[derive(Object)]
#[oai(deny_unknown_fields)]
pub(super) struct Booker {
    name: String,
    #[oai(skip_serializing_if_is_none, validator(max_length = 320))]
    email: Option<String>,
    #[oai(skip_serializing_if_is_none, validator(max_length = 64))]
    phone: Option<String>,
    /// ISO 3166-1 alpha-2.
    #[oai(skip_serializing_if_is_none, validator(pattern = "^[A-Z]{2}$"))]
    country: Option<String>,
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
            channel: b.channel.map(|link| ChannelLink::new(link, &currency)),
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

impl ChannelLink {
    fn new(l: entity::ChannelLink, currency: &str) -> Self {
        let revision::Particulars {
            extras,
            taxes,
            payment,
        } = l.particulars;
        let charge = |c: revision::Charge| ChannelCharge {
            name: c.name,
            amount: Money::new(c.amount, currency),
            included: c.included,
        };
        Self {
            connection_id: l.connection_id,
            reference: l.reference,
            revision: l.revision,
            extras: extras.into_iter().map(charge).collect(),
            taxes: taxes.into_iter().map(charge).collect(),
            payment: (payment != revision::Payment::default()).then(|| payment.into()),
        }
    }
}

impl From<revision::Payment> for ChannelPayment {
    fn from(p: revision::Payment) -> Self {
        let card = p.virtual_card;
        Self {
            collected_by: p.collected_by.map(|who| match who {
                revision::Collector::Channel => Collector::Channel,
                revision::Collector::Property => Collector::Property,
            }),
            virtual_card: card.is_some(),
            chargeable_from: card.and_then(|c| c.chargeable_from),
            chargeable_until: card.and_then(|c| c.chargeable_until),
        }
    }
}
