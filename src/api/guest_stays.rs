//! `/v1/reservations/{id}/guests` and `/v1/guests/{id}/stays`: who stays where.

use crate::api::page::{Page, Window};
use crate::api::{ApiResult, Auth, Body, Changed, Once, Tag, write};
use crate::app::Shared;
use chrono::{DateTime, NaiveDate, Utc};
use innkeep_domain::guest::stay;
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Enum, Object, OpenApi};
use uuid::Uuid;

pub struct GuestStays;

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct NewStayGuests {
    /// All of them; exactly one is primary, unless there is none at all.
    #[oai(validator(max_items = 100))]
    guests: Vec<NewStayGuest>,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct NewStayGuest {
    guest_id: Uuid,
    role: StayRole,
    /// When the registration form was filled in.
    registered_at: Option<DateTime<Utc>>,
    registration: Option<Registration>,
}

#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
enum StayRole {
    /// In whose name the stay is.
    Primary,
    Accompanying,
}

/// What the registration form asks beyond the profile.
#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct Registration {
    /// ISO 3166-1 alpha-2.
    #[oai(skip_serializing_if_is_none)]
    nationality: Option<String>,
    #[oai(skip_serializing_if_is_none)]
    purpose: Option<String>,
    #[oai(skip_serializing_if_is_none)]
    coming_from: Option<String>,
    #[oai(skip_serializing_if_is_none)]
    going_to: Option<String>,
    #[oai(skip_serializing_if_is_none)]
    vehicle_plate: Option<String>,
}

/// One guest of a reservation.
#[derive(Object)]
struct StayGuest {
    guest_id: Uuid,
    #[oai(skip_serializing_if_is_none)]
    first_name: Option<String>,
    last_name: String,
    vip: bool,
    /// For the front desk to see and decide; no booking is refused by itself.
    blacklisted: bool,
    role: StayRole,
    #[oai(skip_serializing_if_is_none)]
    registered_at: Option<DateTime<Utc>>,
    registration: Registration,
}

/// A reservation in which the guest stays or stayed.
#[derive(Object)]
struct GuestStay {
    reservation_id: Uuid,
    booking_id: Uuid,
    /// Of the booking.
    reference: String,
    property_id: Uuid,
    #[oai(skip_serializing_if_is_none)]
    unit_type_id: Option<Uuid>,
    arrival: NaiveDate,
    departure: NaiveDate,
    /// Of the reservation: `confirmed`, `in_house`, `departed`, `cancelled`, ...
    status: String,
    role: StayRole,
}

#[OpenApi(prefix_path = "/v1", tag = "Tag::Guests")]
impl GuestStays {
    /// List the guests of a reservation
    #[oai(
        path = "/reservations/:id/guests",
        method = "get",
        operation_id = "list_reservation_guests"
    )]
    async fn list(&self, auth: Auth, app: Data<&Shared>, id: Path<Uuid>) -> ApiResult<Json<Page<StayGuest>>> {
        let mut tx = app.db.begin_for(&auth.0).await?;
        let all = stay::list(&mut tx, &auth.0, id.0).await?;
        Ok(Json(Page::all(all, StayGuest::from)))
    }

    /// Replace the guests of a reservation
    ///
    /// The whole list, with what the registration form asks. The booking's booker stays as it is.
    #[oai(
        path = "/reservations/:id/guests",
        method = "put",
        operation_id = "set_reservation_guests"
    )]
    async fn set(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        body: Body<NewStayGuests>,
    ) -> ApiResult<Changed<Page<StayGuest>>> {
        let guests = body.0.guests.into_iter().map(Into::into).collect();
        write(&app, &auth.0, &once, "set_reservation_guests", async |tx| {
            let set = stay::set(tx, &auth.0, id.0, guests, app.now()).await?;
            Ok(Changed::new(&Page::all(set, StayGuest::from)))
        })
        .await
    }

    /// List a guest's stays
    ///
    /// The one booked last comes first.
    #[oai(path = "/guests/:id/stays", method = "get", operation_id = "list_guest_stays")]
    async fn stays(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        id: Path<Uuid>,
        limit: Query<Option<u32>>,
        cursor: Query<Option<String>>,
    ) -> ApiResult<Json<Page<GuestStay>>> {
        let window = Window::parse(limit.0, cursor.0.as_deref())?;
        let mut tx = app.db.begin_for(&auth.0).await?;
        let rows = stay::of_guest(&mut tx, &auth.0, id.0, window.after, window.rows()).await?;
        Ok(Json(window.page(rows, |s| s.reservation_id, GuestStay::from)))
    }
}

impl From<StayRole> for stay::Role {
    fn from(role: StayRole) -> Self {
        match role {
            StayRole::Primary => Self::Primary,
            StayRole::Accompanying => Self::Accompanying,
        }
    }
}

impl From<stay::Role> for StayRole {
    fn from(role: stay::Role) -> Self {
        match role {
            stay::Role::Primary => Self::Primary,
            stay::Role::Accompanying => Self::Accompanying,
        }
    }
}

impl From<NewStayGuest> for stay::NewEntry {
    fn from(n: NewStayGuest) -> Self {
        Self {
            guest_id: n.guest_id,
            role: n.role.into(),
            registered_at: n.registered_at,
            registration: n.registration.map(Into::into).unwrap_or_default(),
        }
    }
}

impl From<Registration> for stay::Registration {
    fn from(r: Registration) -> Self {
        Self {
            nationality: r.nationality,
            purpose: r.purpose,
            coming_from: r.coming_from,
            going_to: r.going_to,
            vehicle_plate: r.vehicle_plate,
        }
    }
}

impl From<stay::Registration> for Registration {
    fn from(r: stay::Registration) -> Self {
        Self {
            nationality: r.nationality,
            purpose: r.purpose,
            coming_from: r.coming_from,
            going_to: r.going_to,
            vehicle_plate: r.vehicle_plate,
        }
    }
}

impl From<stay::Entry> for StayGuest {
    fn from(e: stay::Entry) -> Self {
        Self {
            guest_id: e.guest_id,
            first_name: e.first_name,
            last_name: e.last_name,
            vip: e.vip,
            blacklisted: e.blacklisted,
            role: e.role.into(),
            registered_at: e.registered_at,
            registration: e.registration.into(),
        }
    }
}

impl From<stay::Stay> for GuestStay {
    fn from(s: stay::Stay) -> Self {
        Self {
            reservation_id: s.reservation_id,
            booking_id: s.booking_id,
            reference: s.reference,
            property_id: s.property_id,
            unit_type_id: s.unit_type_id,
            arrival: s.arrival,
            departure: s.departure,
            status: s.status,
            role: s.role.into(),
        }
    }
}
