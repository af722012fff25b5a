//! Check-in and check-out of reservations; `/v1/properties/{id}/walk-ins`.

use super::Needs;
use crate::api::bookings::dto::{Booking, NewBooking, Reservation};
use crate::api::etag::expected;
use crate::api::reservations::{Reason, changed};
use crate::api::{ApiResult, Auth, Body, Changed, Created, Once, Tag, write};
use crate::app::Shared;
use innkeep_domain::booking::change::Force;
use innkeep_domain::booking::entity;
use innkeep_domain::desk::{check_in, check_out, walk_in};
use poem::web::Data;
use poem_openapi::param::{Header, Path};
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

pub struct Stays;

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
    ) -> ApiResult<Changed<Reservation>> {
        let version = expected(&if_match)?;
        write(&app, &auth.0, &once, "check_in", async |tx| {
            changed(
                &check_in::check_in(tx, &auth.0, id.0, None, version, app.now()).await?,
                id.0,
            )
        })
        .await
    }

    /// Check in into a dirty unit
    #[oai(
        path = "/:id/actions/force-check-in",
        method = "post",
        operation_id = "force_check_in"
    )]
    async fn force_check_in(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: Body<Reason>,
    ) -> ApiResult<Changed<Reservation>> {
        let (version, force) = (expected(&if_match)?, Force::from(body.0));
        write(&app, &auth.0, &once, "force_check_in", async |tx| {
            changed(
                &check_in::check_in(tx, &auth.0, id.0, Some(&force), version, app.now()).await?,
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
                &check_out::check_out(tx, &auth.0, id.0, version, app.now()).await?,
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
                &check_in::undo_check_in(tx, &auth.0, id.0, version, app.now()).await?,
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
                &check_out::undo_check_out(tx, &auth.0, id.0, version, app.now()).await?,
                id.0,
            )
        })
        .await
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
}

impl WalkIn {
    fn parse(self) -> ApiResult<walk_in::WalkIn> {
        Ok(walk_in::WalkIn {
            booking: self.booking.parse()?,
            unit_id: self.unit_id,
            needs: self.needs.map(Needs::parse),
        })
    }
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct ForcedWalkIn {
    walk_in: WalkIn,
    /// 1 to 200 characters; stays in the timeline.
    reason: String,
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
        let new = body.0.parse()?;
        write(&app, &auth.0, &once, "create_walk_in", async |tx| {
            taken_in(walk_in::walk_in(tx, &auth.0, id.0, new, None, app.now()).await?)
        })
        .await
    }

    /// Take in a walk-in into a unit that does not suit
    ///
    /// Even if it is dirty or does not have what is needed. Nothing is oversold by it.
    #[oai(
        path = "/:id/walk-ins/actions/force-create",
        method = "post",
        operation_id = "force_walk_in"
    )]
    async fn force(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        body: Body<ForcedWalkIn>,
    ) -> ApiResult<Created<Booking>> {
        let (new, reason) = (body.0.walk_in.parse()?, body.0.reason);
        let force = Force { reason };
        write(&app, &auth.0, &once, "force_walk_in", async |tx| {
            taken_in(walk_in::walk_in(tx, &auth.0, id.0, new, Some(&force), app.now()).await?)
        })
        .await
    }
}

fn taken_in(made: entity::Booking) -> ApiResult<Created<Booking>> {
    let (path, version) = (format!("/v1/bookings/{}", made.id), made.version);
    Ok(Created::new(&Booking::from(made)).location(path).version(version))
}
