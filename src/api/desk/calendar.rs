//! `/v1/properties/{id}/calendar`: the tape chart in one answer.

mod tagged;

use super::maintenance::MaintenanceKind;
use crate::api::bookings::dto::ReservationStatus;
use crate::api::money::Money;
use crate::api::unit_types::UnitKind;
use crate::api::units::Cleanliness;
use crate::api::{ApiResult, Auth, Tag};
use crate::app::Shared;
use chrono::{DateTime, NaiveDate, Utc};
use innkeep_domain::desk::calendar as domain;
use poem::http::HeaderMap;
use poem::http::header::ACCEPT_ENCODING;
use poem::web::Data;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::{Object, OpenApi};
use tagged::Tagged;
use uuid::Uuid;

pub struct Calendar;

/// Units against nights.
#[derive(Object)]
struct TapeChart {
    property_id: Uuid,
    from: NaiveDate,
    /// The day after the last one.
    to: NaiveDate,
    business_date: NaiveDate,
    /// Whose prices are shown: the property's oldest base plan.
    #[oai(skip_serializing_if_is_none)]
    rate_plan_id: Option<Uuid>,
    /// By code.
    unit_types: Vec<ChartType>,
    /// Nights of expected stays and holds that have no unit.
    unassigned: Vec<ChartStay>,
}

#[derive(Object)]
struct ChartType {
    id: Uuid,
    code: String,
    name: String,
    kind: UnitKind,
    nights: Vec<ChartNight>,
    /// By position.
    units: Vec<ChartUnit>,
}

#[derive(Object)]
struct ChartNight {
    date: NaiveDate,
    /// What may still be sold.
    free: i32,
    #[oai(skip_serializing_if_is_none)]
    price: Option<Money>,
}

#[derive(Object)]
struct ChartUnit {
    id: Uuid,
    name: String,
    cleanliness: Cleanliness,
    stays: Vec<ChartStay>,
    maintenance: Vec<ChartMaintenance>,
    /// What channels' calendars hold, within the chart.
    held: Vec<ChartHeld>,
}

#[derive(Object)]
struct ChartHeld {
    /// The calendar connection, and its name.
    connection_id: Uuid,
    name: String,
    from: NaiveDate,
    to: NaiveDate,
}

/// Nights of one stay, whole even where they reach beyond the chart.
#[derive(Object)]
struct ChartStay {
    reservation_id: Uuid,
    /// Of the booking.
    reference: String,
    guest_name: String,
    status: ReservationStatus,
    #[oai(skip_serializing_if_is_none)]
    hold_expires_at: Option<DateTime<Utc>>,
    #[oai(skip_serializing_if_is_none)]
    unit_type_id: Option<Uuid>,
    from: NaiveDate,
    /// The day after the last night.
    to: NaiveDate,
    arrival: NaiveDate,
    departure: NaiveDate,
    /// The automatic assignment leaves it where it is.
    locked: bool,
}

#[derive(Object)]
struct ChartMaintenance {
    id: Uuid,
    kind: MaintenanceKind,
    reason: String,
    from: NaiveDate,
    to: NaiveDate,
}

#[OpenApi(prefix_path = "/v1/properties", tag = "Tag::Desk")]
impl Calendar {
    /// Read the tape chart
    ///
    /// Units by type, who has them, what has no unit yet, what is free and at which price. Send the `ETag` as
    /// `If-None-Match` to hear 304 while nothing changed.
    #[oai(path = "/:id/calendar", method = "get", operation_id = "get_calendar")]
    #[expect(clippy::too_many_arguments, reason = "one argument for each parameter")]
    async fn get(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        headers: &HeaderMap,
        id: Path<Uuid>,
        /// The first day.
        from: Query<NaiveDate>,
        /// The day after the last one, at most 100 days on.
        to: Query<NaiveDate>,
        #[oai(name = "If-None-Match")] if_none_match: Header<Option<String>>,
    ) -> ApiResult<Tagged<TapeChart>> {
        let mut tx = app.db.begin_for(&auth.0).await?;
        let found = domain::calendar(&mut tx, &auth.0, id.0, from.0, to.0).await?;
        let accepted = headers.get(ACCEPT_ENCODING).and_then(|v| v.to_str().ok());
        let chart = TapeChart::show(id.0, from.0, to.0, found);
        Ok(Tagged::new(&chart, if_none_match.0.as_deref(), accepted)?)
    }
}

impl TapeChart {
    fn show(property_id: Uuid, from: NaiveDate, to: NaiveDate, c: domain::Calendar) -> Self {
        let currency = c.currency;
        let unit_types = c.unit_types.into_iter();
        Self {
            property_id,
            from,
            to,
            business_date: c.business_date,
            rate_plan_id: c.rate_plan_id,
            unit_types: unit_types.map(|t| ChartType::show(t, &currency)).collect(),
            unassigned: c
                .unassigned
                .into_iter()
                .map(|s| ChartStay::show(s, false))
                .collect(),
        }
    }
}

impl ChartType {
    fn show(t: domain::TypeRows, currency: &str) -> Self {
        let night = |n: domain::TypeNight| ChartNight {
            date: n.date,
            free: n.free,
            price: n.price.map(|p| Money::new(p, currency)),
        };
        Self {
            id: t.id,
            code: t.code,
            name: t.name,
            kind: UnitKind::show(&t.kind),
            nights: t.nights.into_iter().map(night).collect(),
            units: t.units.into_iter().map(ChartUnit::from).collect(),
        }
    }
}

impl From<domain::UnitRow> for ChartUnit {
    fn from(u: domain::UnitRow) -> Self {
        let (mut stays, mut maintenance, mut held) = (Vec::new(), Vec::new(), Vec::new());
        for bar in u.bars {
            match bar {
                domain::Bar::Stay { stay, locked } => stays.push(ChartStay::show(stay, locked)),
                domain::Bar::Maintenance {
                    id,
                    kind,
                    reason,
                    from,
                    to,
                } => maintenance.push(ChartMaintenance {
                    id,
                    kind: kind.into(),
                    reason,
                    from,
                    to,
                }),
                domain::Bar::Held(h) => held.push(ChartHeld {
                    connection_id: h.connection_id,
                    name: h.name,
                    from: h.dates.from(),
                    to: h.dates.to(),
                }),
            }
        }
        Self {
            id: u.id,
            name: u.name,
            cleanliness: u.cleanliness.into(),
            stays,
            maintenance,
            held,
        }
    }
}

impl ChartStay {
    fn show(s: domain::StayBar, locked: bool) -> Self {
        Self {
            reservation_id: s.reservation_id,
            reference: s.reference,
            guest_name: s.guest_name,
            status: s.status.into(),
            hold_expires_at: s.hold_expires_at,
            unit_type_id: s.unit_type_id,
            from: s.from,
            to: s.to,
            arrival: s.arrival,
            departure: s.departure,
            locked,
        }
    }
}
