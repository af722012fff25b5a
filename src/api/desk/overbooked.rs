//! `/v1/properties/{id}/overbooked`: the worklist of who has to sleep elsewhere.

use crate::api::{ApiResult, Auth, Tag};
use crate::app::Shared;
use chrono::{DateTime, NaiveDate, Utc};
use innkeep_domain::desk::overbooked;
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

pub struct Overbooked;

#[derive(Object)]
struct OverbookedWorklist {
    nights: Vec<ShortNight>,
    /// Confirmed stays on those nights, latest booked first.
    stays: Vec<ConcernedStay>,
    /// Units that a channel's calendar holds on those nights: sold there, by all that is known.
    calendars: Vec<HoldingCalendar>,
    /// There is more than is shown: ask for fewer nights.
    truncated: bool,
}

/// A night of a unit type with more stays than units.
#[derive(Object)]
struct ShortNight {
    unit_type_id: Uuid,
    date: NaiveDate,
    stays: i32,
    /// Units that are neither out of order nor out of service.
    units: i32,
    /// Sold beyond the limit.
    forced: i32,
}

#[derive(Object)]
struct HoldingCalendar {
    /// The calendar connection.
    connection_id: Uuid,
    name: String,
    unit_id: Uuid,
    date: NaiveDate,
}

#[derive(Object)]
struct ConcernedStay {
    reservation_id: Uuid,
    booking_id: Uuid,
    reference: String,
    guest_name: String,
    booked_at: DateTime<Utc>,
    arrival: NaiveDate,
    departure: NaiveDate,
    #[oai(skip_serializing_if_is_none)]
    unit_type_id: Option<Uuid>,
    /// Other unit types of the property that are free for the whole stay.
    upgrades: Vec<Elsewhere>,
    /// Unit types of your other properties that are free for the whole stay.
    walks: Vec<Elsewhere>,
}

#[derive(Object)]
struct Elsewhere {
    property_id: Uuid,
    property_name: String,
    unit_type_id: Uuid,
    unit_type_name: String,
    /// Units free on the fullest night of the stay.
    free: i32,
}

#[OpenApi(prefix_path = "/v1/properties", tag = "Tag::Desk")]
impl Overbooked {
    /// List overbooked nights
    ///
    /// Where more is sold than can be slept in, whose stays these are, and where else they could sleep.
    #[oai(path = "/:id/overbooked", method = "get", operation_id = "list_overbooked")]
    async fn get(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        id: Path<Uuid>,
        /// The first night.
        from: Query<NaiveDate>,
        /// The day after the last night, at most 100 nights on.
        to: Query<NaiveDate>,
    ) -> ApiResult<Json<OverbookedWorklist>> {
        let mut tx = app.db.begin_for(&auth.0).await?;
        let found = overbooked::worklist(&mut tx, &auth.0, id.0, from.0, to.0).await?;
        Ok(Json(OverbookedWorklist {
            nights: found.nights.into_iter().map(ShortNight::from).collect(),
            stays: found.stays.into_iter().map(ConcernedStay::from).collect(),
            calendars: (found.calendars.into_iter()).map(HoldingCalendar::from).collect(),
            truncated: found.truncated,
        }))
    }
}

impl From<overbooked::ShortNight> for ShortNight {
    fn from(n: overbooked::ShortNight) -> Self {
        Self {
            unit_type_id: n.unit_type_id,
            date: n.night,
            stays: n.stays,
            units: n.units,
            forced: n.forced,
        }
    }
}

impl From<overbooked::Holding> for HoldingCalendar {
    fn from(h: overbooked::Holding) -> Self {
        Self {
            connection_id: h.connection_id,
            name: h.name,
            unit_id: h.unit_id,
            date: h.night,
        }
    }
}

impl From<overbooked::Concerned> for ConcernedStay {
    fn from(s: overbooked::Concerned) -> Self {
        Self {
            reservation_id: s.reservation_id,
            booking_id: s.booking_id,
            reference: s.reference,
            guest_name: s.guest_name,
            booked_at: s.booked_at,
            arrival: s.arrival,
            departure: s.departure,
            unit_type_id: s.unit_type_id,
            upgrades: s.upgrades.into_iter().map(Elsewhere::from).collect(),
            walks: s.walks.into_iter().map(Elsewhere::from).collect(),
        }
    }
}

impl From<overbooked::Elsewhere> for Elsewhere {
    fn from(e: overbooked::Elsewhere) -> Self {
        Self {
            property_id: e.property_id,
            property_name: e.property_name,
            unit_type_id: e.unit_type_id,
            unit_type_name: e.unit_type_name,
            free: e.free,
        }
    }
}
