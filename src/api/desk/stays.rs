//! Check-in and check-out of reservations; `/v1/properties/{id}/walk-ins`.

use super::Needs;
use crate::api::bookings::dto::{Booking, NewBooking, Reservation};
use crate::api::etag::expected;
use crate::api::reservations::changed;
use crate::api::{ApiResult, Auth, Body, Changed, Created, Once, Tag, write};
use crate::app::Shared;
use innkeep_domain::desk::{check_in, check_out, walk_in};
use poem::web::Data;
use poem_openapi::param::{Header, Path};
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

pub struct Stays;

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct CheckIn {
    /// Even if the unit is dirty; say why in `reason`.
    #[oai(default)]
    force: bool,
    reason: Option<String>,
}

#[OpenApi(prefix_path = "/v1/reservations", tag = "Tag::Desk")]
impl Stays {
    /// Check in
    ///
    /// The stay needs a unit tonight that is free and clean. 409: `not_today`, `no_unit`, `unit_occupied`,
    /// `unit_not_ready`; the detail names units that would do.
    #[oai(path = "/:id/actions/check-in", method = "post", operation_id = "check_in")]
    async fn check_in(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: Body<CheckIn>,
    ) -> ApiResult<Changed<Reservation>> {
        let (cmd, version) = (body.0.parse(), expected(&if_match)?);
        write(&app, &auth.0, &once, "check_in", async |tx| {
            changed(
                check_in::check_in(tx, &auth.0, id.0, cmd, version, app.now()).await?,
                id.0,
            )
        })
        .await
    }

    /// Check out
    ///
    /// The unit is dirty from now on. Leaving early shortens nothing by itself.
    #[oai(path = "/:id/actions/check-out", method = "post", operation_id = "check_out")]
    async fn check_out(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
    ) -> ApiResult<Changed<Reservation>> {
        let version = expected(&if_match)?;
        write(&app, &auth.0, &once, "check_out", async |tx| {
            changed(
                check_out::check_out(tx, &auth.0, id.0, version, app.now()).await?,
                id.0,
            )
        })
        .await
    }

    /// Undo a check-in
    ///
    /// On the same business date.
    #[oai(
        path = "/:id/actions/undo-check-in",
        method = "post",
        operation_id = "undo_check_in"
    )]
    async fn undo_check_in(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
    ) -> ApiResult<Changed<Reservation>> {
        let version = expected(&if_match)?;
        write(&app, &auth.0, &once, "undo_check_in", async |tx| {
            changed(
                check_in::undo_check_in(tx, &auth.0, id.0, version, app.now()).await?,
                id.0,
            )
        })
        .await
    }

    /// Undo a check-out
    ///
    /// On the same business date, if nobody else is in the unit yet. The unit stays dirty.
    #[oai(
        path = "/:id/actions/undo-check-out",
        method = "post",
        operation_id = "undo_check_out"
    )]
    async fn undo_check_out(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
    ) -> ApiResult<Changed<Reservation>> {
        let version = expected(&if_match)?;
        write(&app, &auth.0, &once, "undo_check_out", async |tx| {
            changed(
                check_out::undo_check_out(tx, &auth.0, id.0, version, app.now()).await?,
                id.0,
            )
        })
        .await
    }
}

impl CheckIn {
    fn parse(self) -> check_in::CheckIn {
        check_in::CheckIn {
            force: self.force,
            reason: self.reason,
        }
    }
}

pub struct WalkIns;

/// A guest without a booking.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct WalkIn {
    /// One room, arriving on the business date.
    booking: NewBooking,
    /// A free and clean one that suits best if absent.
    unit_id: Option<Uuid>,
    needs: Option<Needs>,
    /// Even if the unit is dirty or does not have what is needed; say why in `reason`.
    #[oai(default)]
    force: bool,
    reason: Option<String>,
}

#[OpenApi(prefix_path = "/v1/properties", tag = "Tag::Desk")]
impl WalkIns {
    /// Take in a walk-in
    ///
    /// Books, assigns a unit and checks in, or does nothing of it.
    #[oai(path = "/:id/walk-ins", method = "post", operation_id = "create_walk_in")]
    async fn create(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        body: Body<WalkIn>,
    ) -> ApiResult<Created<Booking>> {
        let new = walk_in::WalkIn {
            booking: body.0.booking.parse()?,
            unit_id: body.0.unit_id,
            needs: body.0.needs.map(Needs::parse),
            check_in: check_in::CheckIn {
                force: body.0.force,
                reason: body.0.reason,
            },
        };
        write(&app, &auth.0, &once, "create_walk_in", async |tx| {
            let made = walk_in::walk_in(tx, &auth.0, id.0, new, app.now()).await?;
            let (path, version) = (format!("/v1/bookings/{}", made.id), made.version);
            Ok(Created::new(&Booking::from(made)).location(path).version(version))
        })
        .await
    }
}
