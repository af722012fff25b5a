//! `/v1/bookings` and `/v1/reservations`: a booking has one booker; its reservations are the unit stays.

mod dto;

use crate::api::etag::{Found, expected};
use crate::api::page::{Page, Window};
use crate::api::{ApiResult, Auth, Body, Changed, Created, Once, Tag, write};
use crate::app::Shared;
use chrono::NaiveDate;
use dto::{Booking, BookingStatus, NewBooking, Reservation};
use innkeep_domain::booking::cancel::{What, cancel};
use innkeep_domain::booking::entity;
use innkeep_domain::booking::reserve::reserve;
use innkeep_domain::booking::store::{self, Filter};
use innkeep_domain::db::TenantTx;
use innkeep_domain::property::check_version;
use innkeep_domain::{Principal, Refusal};
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use uuid::Uuid;

pub struct Bookings;

#[OpenApi(prefix_path = "/v1", tag = "Tag::Selling")]
impl Bookings {
    /// Book
    ///
    /// Sells all rooms or none. 409: `not_bookable` (a restriction forbids it), `no_availability`, `price_changed`.
    #[oai(path = "/bookings", method = "post", operation_id = "create_booking")]
    async fn create(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        body: Body<NewBooking>,
    ) -> ApiResult<Created<Booking>> {
        let new = body.0.parse()?;
        write(&app, &auth.0, &once, "create_booking", async |tx| {
            let made = reserve(tx, &auth.0, new, app.now()).await?;
            let (path, version) = (format!("/v1/bookings/{}", made.id), made.version);
            Ok(Created::new(&Booking::from(made)).location(path).version(version))
        })
        .await
    }

    /// List bookings
    ///
    /// In the order they were made.
    #[oai(path = "/bookings", method = "get", operation_id = "list_bookings")]
    #[expect(clippy::too_many_arguments, reason = "one argument for each query parameter")]
    async fn list(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        property_id: Query<Option<Uuid>>,
        status: Query<Option<BookingStatus>>,
        /// Only bookings with a stay that departs after this day.
        departing_after: Query<Option<NaiveDate>>,
        limit: Query<Option<u32>>,
        cursor: Query<Option<String>>,
    ) -> ApiResult<Json<Page<Booking>>> {
        let window = Window::parse(limit.0, cursor.0.as_deref())?;
        let status = status.0.map(|s| s.name().to_owned());
        let filter = Filter {
            property_id: property_id.0,
            status,
            departing_after: departing_after.0,
        };
        let mut tx = app.db.begin(auth.0.tenant).await?;
        let rows = store::list(&mut tx, &auth.0, &filter, window.after, window.rows()).await?;
        Ok(Json(window.page(rows, |b| b.id, Booking::from)))
    }

    /// Read a booking
    #[oai(path = "/bookings/:id", method = "get", operation_id = "get_booking")]
    async fn get(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        id: Path<Uuid>,
        #[oai(name = "If-None-Match")] if_none_match: Header<Option<String>>,
    ) -> ApiResult<Found<Booking>> {
        let mut tx = app.db.begin(auth.0.tenant).await?;
        let found = store::get(&mut tx, &auth.0, id.0).await?;
        Ok(Found::new(&if_none_match, found.version, found))
    }

    /// Cancel a booking
    ///
    /// Its nights are free at once, here and on every channel.
    #[oai(
        path = "/bookings/:id/actions/cancel",
        method = "post",
        operation_id = "cancel_booking"
    )]
    async fn cancel(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
    ) -> ApiResult<Changed<Booking>> {
        let version = expected(&if_match)?;
        write(&app, &auth.0, &once, "cancel_booking", async |tx| {
            let what = What::Booking(id.0);
            let done = cancel(tx, &auth.0, what, version, app.now()).await?;
            let version = done.version;
            Ok(Changed::new(&Booking::from(done)).version(version))
        })
        .await
    }

    /// Read a reservation
    #[oai(path = "/reservations/:id", method = "get", operation_id = "get_reservation")]
    async fn reservation(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        id: Path<Uuid>,
        #[oai(name = "If-None-Match")] if_none_match: Header<Option<String>>,
    ) -> ApiResult<Found<Reservation>> {
        let mut tx = app.db.begin(auth.0.tenant).await?;
        let (found, currency) = find(&mut tx, &auth.0, id.0).await?;
        Ok(Found::new(
            &if_none_match,
            found.version,
            Reservation::show(found, &currency),
        ))
    }

    /// Cancel a reservation
    ///
    /// The booking's other reservations stay; with the last one the booking is cancelled.
    #[oai(
        path = "/reservations/:id/actions/cancel",
        method = "post",
        operation_id = "cancel_reservation"
    )]
    async fn cancel_reservation(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
    ) -> ApiResult<Changed<Reservation>> {
        let (id, version) = (id.0, expected(&if_match)?);
        write(&app, &auth.0, &once, "cancel_reservation", async |tx| {
            let (before, _) = find(tx, &auth.0, id).await?;
            check_version(before.version, version)?;
            let booking = cancel(tx, &auth.0, What::Reservation(id), None, app.now()).await?;
            let (after, currency) = part(booking, id)?;
            // Cancelling locked the booking only after we looked.
            check_version(after.version - 1, version)?;
            let version = after.version;
            Ok(Changed::new(&Reservation::show(after, &currency)).version(version))
        })
        .await
    }
}

/// A reservation and its booking's currency.
async fn find(tx: &mut TenantTx, who: &Principal, id: Uuid) -> ApiResult<(entity::Reservation, String)> {
    let booking_id = store::booking_of(tx, id).await?;
    part(store::get(tx, who, booking_id).await?, id)
}

fn part(booking: entity::Booking, id: Uuid) -> ApiResult<(entity::Reservation, String)> {
    let found = booking.reservations.into_iter().find(|r| r.id == id);
    Ok((
        found.ok_or_else(|| Refusal::not_found("reservation"))?,
        booking.currency,
    ))
}
