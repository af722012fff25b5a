//! `/v1/properties/{id}/arrivals`, `/departures`, `/in-house`, `/stay-overs`.

use super::Needs;
use crate::api::bookings::dto::ReservationStatus;
use crate::api::page::{Page, Window};
use crate::api::units::Cleanliness;
use crate::api::{ApiResult, Auth, Tag};
use crate::app::Shared;
use chrono::{DateTime, NaiveDate, Utc};
use innkeep_domain::desk::lists::{self, List};
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

pub struct Lists;

/// A stay as the desk sees it.
#[derive(Object)]
struct DeskStay {
    reservation_id: Uuid,
    booking_id: Uuid,
    reference: String,
    status: ReservationStatus,
    /// The stay's guest, or else who booked.
    guest_name: String,
    adults: i32,
    children: i32,
    arrival: NaiveDate,
    departure: NaiveDate,
    #[oai(skip_serializing_if_is_none)]
    unit_type_id: Option<Uuid>,
    /// Absent = none assigned.
    #[oai(skip_serializing_if_is_none)]
    unit: Option<DeskUnit>,
    needs: Needs,
    #[oai(skip_serializing_if_is_none)]
    checked_in_at: Option<DateTime<Utc>>,
    #[oai(skip_serializing_if_is_none)]
    checked_out_at: Option<DateTime<Utc>>,
}

#[derive(Object)]
struct DeskUnit {
    id: Uuid,
    name: String,
    cleanliness: Cleanliness,
}

/// What every list asks for.
struct Ask {
    list: List,
    property_id: Uuid,
    date: Option<NaiveDate>,
    limit: Option<u32>,
    cursor: Option<String>,
}

async fn answer(auth: &Auth, app: &Shared, ask: Ask) -> ApiResult<Json<Page<DeskStay>>> {
    let window = Window::parse(ask.limit, ask.cursor.as_deref())?;
    let mut tx = app.db.begin_for(&auth.0).await?;
    let rows = lists::list(
        &mut tx,
        &auth.0,
        ask.list,
        ask.property_id,
        ask.date,
        window.after,
        window.rows(),
    )
    .await?;
    Ok(Json(window.page(rows, |l| l.reservation_id, DeskStay::from)))
}

#[OpenApi(prefix_path = "/v1/properties", tag = "Tag::Desk")]
impl Lists {
    /// Who arrives
    ///
    /// Stays that arrive on the day: expected, or come already.
    #[oai(path = "/:id/arrivals", method = "get", operation_id = "list_arrivals")]
    async fn arrivals(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        id: Path<Uuid>,
        /// The business date if absent.
        date: Query<Option<NaiveDate>>,
        limit: Query<Option<u32>>,
        cursor: Query<Option<String>>,
    ) -> ApiResult<Json<Page<DeskStay>>> {
        let ask = Ask {
            list: List::Arrivals,
            property_id: id.0,
            date: date.0,
            limit: limit.0,
            cursor: cursor.0,
        };
        answer(&auth, &app, ask).await
    }

    /// Who departs
    ///
    /// Stays that depart on the day, gone ones included.
    #[oai(path = "/:id/departures", method = "get", operation_id = "list_departures")]
    async fn departures(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        id: Path<Uuid>,
        /// The business date if absent.
        date: Query<Option<NaiveDate>>,
        limit: Query<Option<u32>>,
        cursor: Query<Option<String>>,
    ) -> ApiResult<Json<Page<DeskStay>>> {
        let ask = Ask {
            list: List::Departures,
            property_id: id.0,
            date: date.0,
            limit: limit.0,
            cursor: cursor.0,
        };
        answer(&auth, &app, ask).await
    }

    /// Who is here
    ///
    /// Guests in house who are still here on the day; today also those who should have left.
    #[oai(path = "/:id/in-house", method = "get", operation_id = "list_in_house")]
    async fn in_house(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        id: Path<Uuid>,
        /// The business date if absent.
        date: Query<Option<NaiveDate>>,
        limit: Query<Option<u32>>,
        cursor: Query<Option<String>>,
    ) -> ApiResult<Json<Page<DeskStay>>> {
        let ask = Ask {
            list: List::InHouse,
            property_id: id.0,
            date: date.0,
            limit: limit.0,
            cursor: cursor.0,
        };
        answer(&auth, &app, ask).await
    }

    /// Who stays on
    ///
    /// Guests in house who came before the day and leave after it.
    #[oai(path = "/:id/stay-overs", method = "get", operation_id = "list_stay_overs")]
    async fn stay_overs(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        id: Path<Uuid>,
        /// The business date if absent.
        date: Query<Option<NaiveDate>>,
        limit: Query<Option<u32>>,
        cursor: Query<Option<String>>,
    ) -> ApiResult<Json<Page<DeskStay>>> {
        let ask = Ask {
            list: List::StayOvers,
            property_id: id.0,
            date: date.0,
            limit: limit.0,
            cursor: cursor.0,
        };
        answer(&auth, &app, ask).await
    }
}

impl From<lists::Line> for DeskStay {
    fn from(l: lists::Line) -> Self {
        let unit = |u: lists::AtUnit| DeskUnit {
            id: u.id,
            name: u.name,
            cleanliness: u.cleanliness.into(),
        };
        Self {
            reservation_id: l.reservation_id,
            booking_id: l.booking_id,
            reference: l.reference,
            status: l.status.into(),
            guest_name: l.guest_name,
            adults: l.adults,
            children: l.children,
            arrival: l.arrival,
            departure: l.departure,
            unit_type_id: l.unit_type_id,
            unit: l.unit.map(unit),
            needs: l.needs.into(),
            checked_in_at: l.checked_in_at,
            checked_out_at: l.checked_out_at,
        }
    }
}
