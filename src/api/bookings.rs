//! `/v1/bookings`: a booking has one booker; its reservations are the unit stays.

pub mod dto;

use crate::api::etag::{Found, expected};
use crate::api::page::{Page, Window};
use crate::api::{ApiResult, Auth, Body, Changed, Created, Once, Tag, write};
use crate::app::Shared;
use chrono::NaiveDate;
use dto::{BookingChange, BookingStatus, ForcedBooking, NewBooking, Reason, Timeline};
use innkeep_domain::booking::cancel::{What, cancel};
use innkeep_domain::booking::change::Force;
use innkeep_domain::booking::edit::edit;
use innkeep_domain::booking::reserve::{force_reserve, reserve};
use innkeep_domain::booking::store::{self, Filter};
use innkeep_domain::booking::timeline::timeline;
use innkeep_domain::booking::{entity, hold};
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use uuid::Uuid;

pub use dto::{Booking, Reservation, TimelineEntry};

pub struct Bookings;

#[OpenApi(prefix_path = "/v1", tag = "Tag::Selling")]
impl Bookings {
    /// Book
    ///
    /// Sells all rooms or none; with `hold_minutes` it keeps them until confirmed. 409: `not_bookable` (a restriction
    /// forbids it), `no_availability`, `price_changed`, `promo_code_not_applicable`, `promo_code_used_up`, `quote_expired`,
    /// `quote_used`.
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

    /// Book against restrictions and stock
    ///
    /// The house may be overbooked afterwards. A night without a price is still not sold.
    #[oai(
        path = "/bookings/actions/force-book",
        method = "post",
        operation_id = "force_booking"
    )]
    async fn force(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        body: Body<ForcedBooking>,
    ) -> ApiResult<Created<Booking>> {
        let (new, force) = body.0.parse()?;
        write(&app, &auth.0, &once, "force_booking", async |tx| {
            let made = force_reserve(tx, &auth.0, new, &force, app.now()).await?;
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
        let mut tx = app.db.begin_for(&auth.0).await?;
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
        let mut tx = app.db.begin_for(&auth.0).await?;
        let found = store::get(&mut tx, &auth.0, id.0).await?;
        Ok(Found::new(&if_none_match, found.version, found))
    }

    /// Change a booking
    ///
    /// Who it came through, and its notes. Stays, prices and stock are changed by actions.
    #[oai(path = "/bookings/:id", method = "patch", operation_id = "change_booking")]
    async fn change(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: Body<BookingChange>,
    ) -> ApiResult<Changed<Booking>> {
        let (change, version) = (body.0.into(), expected(&if_match)?);
        write(&app, &auth.0, &once, "change_booking", async |tx| {
            let changed = edit(tx, &auth.0, id.0, change, version, app.now()).await?;
            let version = changed.version;
            Ok(Changed::new(&Booking::from(changed)).version(version))
        })
        .await
    }

    /// Cancel a booking
    ///
    /// Its nights are free at once, here and on every channel; the fee of the terms the guest agreed to is due.
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
            changed(cancel(tx, &auth.0, What::Booking(id.0), version, None, app.now()).await?)
        })
        .await
    }

    /// Cancel a booking without its fees
    #[oai(
        path = "/bookings/:id/actions/force-cancel",
        method = "post",
        operation_id = "force_cancel_booking"
    )]
    async fn force_cancel(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: Body<Reason>,
    ) -> ApiResult<Changed<Booking>> {
        let (version, force) = (expected(&if_match)?, Force::from(body.0));
        write(&app, &auth.0, &once, "force_cancel_booking", async |tx| {
            let what = What::Booking(id.0);
            changed(cancel(tx, &auth.0, what, version, Some(&force), app.now()).await?)
        })
        .await
    }

    /// Confirm a hold
    ///
    /// Sells what it kept, at the price it was held at. 409: `not_held`, `hold_expired`.
    #[oai(
        path = "/bookings/:id/actions/confirm",
        method = "post",
        operation_id = "confirm_booking"
    )]
    async fn confirm(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
    ) -> ApiResult<Changed<Booking>> {
        let version = expected(&if_match)?;
        write(&app, &auth.0, &once, "confirm_booking", async |tx| {
            changed(hold::confirm(tx, &auth.0, id.0, version, app.now()).await?)
        })
        .await
    }

    /// A booking's history
    ///
    /// Every change with who made it, and each field before and after; oldest first, the newest 500.
    #[oai(
        path = "/bookings/:id/timeline",
        method = "get",
        operation_id = "get_timeline"
    )]
    async fn timeline(&self, auth: Auth, app: Data<&Shared>, id: Path<Uuid>) -> ApiResult<Json<Timeline>> {
        let mut tx = app.db.begin_for(&auth.0).await?;
        let entries = timeline(&mut tx, &auth.0, id.0).await?;
        Ok(Json(Timeline::from(entries)))
    }
}

fn changed(booking: entity::Booking) -> ApiResult<Changed<Booking>> {
    let version = booking.version;
    Ok(Changed::new(&Booking::from(booking)).version(version))
}
