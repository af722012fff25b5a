//! Numbers and alerts as JSON.

use crate::api::money::Money;
use chrono::{DateTime, NaiveDate, Utc};
use innkeep_domain::{alert, metrics};
use poem_openapi::Object;
use rust_decimal::Decimal;
use uuid::Uuid;

/// Nights `from..=to` of one property. Taxes and fees are not in the revenue.
#[derive(Object)]
pub struct Dashboard {
    property_id: Uuid,
    /// Raised when a number changes its meaning.
    definition: i32,
    business_date: NaiveDate,
    /// When these numbers were true.
    as_of: DateTime<Utc>,
    /// Room nights there are.
    rooms: i64,
    /// Room nights sold.
    sold: i64,
    room_revenue: Money,
    /// sold / rooms, e.g. `0.7500`; above 1 when overbooked.
    #[oai(skip_serializing_if_is_none)]
    occupancy: Option<Decimal>,
    /// The same without rooms that are out of order or blocked.
    #[oai(skip_serializing_if_is_none)]
    adjusted_occupancy: Option<Decimal>,
    /// room revenue / sold
    #[oai(skip_serializing_if_is_none)]
    adr: Option<Money>,
    /// room revenue / rooms
    #[oai(skip_serializing_if_is_none)]
    revpar: Option<Money>,
    days: Vec<Day>,
}

#[derive(Object)]
struct Day {
    date: NaiveDate,
    rooms: i32,
    out_of_order: i32,
    blocked: i32,
    sold: i32,
    room_revenue: Money,
}

/// What a person should look at.
#[derive(Object)]
pub struct Alert {
    id: Uuid,
    property_id: Uuid,
    /// `overbooked`, `unmapped`, `channel_refused`, `cell_rejected`, `message_parked`,
    /// `mapping_stale`, `acknowledgement_late`, `foreign_currency`, `unknown_cancellation`, `unit_taken`,
    /// `calendar_frozen`, `calendar_unread`, `inventory_refused`, `standing_untold`,
    /// `guest_question`, `channel_unreached`, `bookings_unfetched`, `full_sync_asked`.
    kind: String,
    /// The booking or connection it is about.
    subject_id: Uuid,
    detail: String,
    raised_at: DateTime<Utc>,
}

impl From<metrics::Dashboard> for Dashboard {
    fn from(d: metrics::Dashboard) -> Self {
        let money = |amount| Money::new(amount, &d.currency);
        let day = |day: metrics::Day| Day {
            date: day.night,
            rooms: day.rooms,
            out_of_order: day.out_of_order,
            blocked: day.blocked,
            sold: day.sold,
            room_revenue: money(day.room_revenue),
        };
        Self {
            property_id: d.property_id,
            definition: d.definition,
            business_date: d.business_date,
            as_of: d.as_of,
            rooms: d.rooms,
            sold: d.sold,
            room_revenue: money(d.room_revenue),
            occupancy: d.occupancy,
            adjusted_occupancy: d.adjusted_occupancy,
            adr: d.adr.map(money),
            revpar: d.revpar.map(money),
            days: d.days.into_iter().map(day).collect(),
        }
    }
}

impl From<alert::Alert> for Alert {
    fn from(a: alert::Alert) -> Self {
        let alert::Alert {
            id,
            property_id,
            kind,
            subject_id,
            detail,
            raised_at,
        } = a;
        Self {
            id,
            property_id,
            kind,
            subject_id,
            detail,
            raised_at,
        }
    }
}
