//! `/v1/reservations`: one unit stay, from its confirmation to its end.

mod dto;

use crate::api::bookings::Reservation;
use crate::api::etag::{Found, expected};
use crate::api::{ApiResult, Auth, Body, Changed, Once, Tag, write};
use crate::app::Shared;
pub use dto::Reason;
use dto::{Amended, Amendment, CancellationFee, ForcedAmendment};
use innkeep_domain::booking::amend::{self, amend};
use innkeep_domain::booking::cancel::{What, cancel};
use innkeep_domain::booking::change::Force;
use innkeep_domain::booking::{entity, settle, store};
use innkeep_domain::db::TenantTx;
use innkeep_domain::{Principal, property};
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path};
use poem_openapi::payload::Json;
use uuid::Uuid;

pub struct Reservations;

#[OpenApi(prefix_path = "/v1/reservations", tag = "Tag::Selling")]
impl Reservations {
    /// Read a reservation
    #[oai(path = "/:id", method = "get", operation_id = "get_reservation")]
    async fn get(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        id: Path<Uuid>,
        #[oai(name = "If-None-Match")] if_none_match: Header<Option<String>>,
    ) -> ApiResult<Found<Reservation>> {
        let mut tx = app.db.begin_for(&auth.0).await?;
        let (found, currency) = find(&mut tx, &auth.0, id.0).await?;
        let version = found.version;
        Ok(Found::new(
            &if_none_match,
            version,
            Reservation::show(found, &currency),
        ))
    }

    /// What cancelling costs now
    #[oai(
        path = "/:id/cancellation-fee",
        method = "get",
        operation_id = "get_cancellation_fee"
    )]
    async fn fee(&self, auth: Auth, app: Data<&Shared>, id: Path<Uuid>) -> ApiResult<Json<CancellationFee>> {
        let mut tx = app.db.begin_for(&auth.0).await?;
        let (found, currency) = find(&mut tx, &auth.0, id.0).await?;
        let property = property::get(&mut tx, found.property_id).await?;
        let hours = property.hours_before_check_in(found.arrival, app.now());
        Ok(Json(CancellationFee::new(&found, hours, &currency)?))
    }

    /// Cancel a reservation
    ///
    /// The fee of the terms the guest agreed to is due. The booking's other reservations stay; with the last one the
    /// booking is cancelled.
    #[oai(
        path = "/:id/actions/cancel",
        method = "post",
        operation_id = "cancel_reservation"
    )]
    async fn cancel(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
    ) -> ApiResult<Changed<Reservation>> {
        let (id, version) = (id.0, expected(&if_match)?);
        write(&app, &auth.0, &once, "cancel_reservation", async |tx| {
            changed(
                &cancel(tx, &auth.0, What::Reservation(id), version, None, app.now()).await?,
                id,
            )
        })
        .await
    }

    /// Cancel a reservation without its fee
    #[oai(
        path = "/:id/actions/force-cancel",
        method = "post",
        operation_id = "force_cancel_reservation"
    )]
    async fn force_cancel(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: Body<Reason>,
    ) -> ApiResult<Changed<Reservation>> {
        let (id, version, force) = (id.0, expected(&if_match)?, Force::from(body.0));
        write(&app, &auth.0, &once, "force_cancel_reservation", async |tx| {
            let what = What::Reservation(id);
            changed(
                &cancel(tx, &auth.0, what, version, Some(&force), app.now()).await?,
                id,
            )
        })
        .await
    }

    /// The guest did not come
    ///
    /// From the business date of arrival on. The nights are free again; the no-show fee of the terms is due.
    #[oai(path = "/:id/actions/no-show", method = "post", operation_id = "no_show")]
    async fn no_show(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
    ) -> ApiResult<Changed<Reservation>> {
        let (id, version) = (id.0, expected(&if_match)?);
        write(&app, &auth.0, &once, "no_show", async |tx| {
            changed(
                &settle::no_show(tx, &auth.0, id, version, None, app.now()).await?,
                id,
            )
        })
        .await
    }

    /// The guest did not come, and owes no fee
    #[oai(
        path = "/:id/actions/force-no-show",
        method = "post",
        operation_id = "force_no_show"
    )]
    async fn force_no_show(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: Body<Reason>,
    ) -> ApiResult<Changed<Reservation>> {
        let (id, version, force) = (id.0, expected(&if_match)?, Force::from(body.0));
        write(&app, &auth.0, &once, "force_no_show", async |tx| {
            changed(
                &settle::no_show(tx, &auth.0, id, version, Some(&force), app.now()).await?,
                id,
            )
        })
        .await
    }

    /// Bring back a cancelled or no-show stay
    ///
    /// As it was, if its nights are still free: else 409 `no_availability`.
    #[oai(
        path = "/:id/actions/reinstate",
        method = "post",
        operation_id = "reinstate_reservation"
    )]
    async fn reinstate(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
    ) -> ApiResult<Changed<Reservation>> {
        let (id, version) = (id.0, expected(&if_match)?);
        write(&app, &auth.0, &once, "reinstate_reservation", async |tx| {
            changed(
                &settle::reinstate(tx, &auth.0, id, version, None, app.now()).await?,
                id,
            )
        })
        .await
    }

    /// Bring back a stay whatever is free
    ///
    /// The house is then overbooked on the nights that are full.
    #[oai(
        path = "/:id/actions/force-reinstate",
        method = "post",
        operation_id = "force_reinstate_reservation"
    )]
    async fn force_reinstate(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: Body<Reason>,
    ) -> ApiResult<Changed<Reservation>> {
        let (id, version, force) = (id.0, expected(&if_match)?, Force::from(body.0));
        write(&app, &auth.0, &once, "force_reinstate_reservation", async |tx| {
            changed(
                &settle::reinstate(tx, &auth.0, id, version, Some(&force), app.now()).await?,
                id,
            )
        })
        .await
    }

    /// What a change would cost
    ///
    /// Nothing is changed, and stock is not looked at.
    #[oai(
        path = "/:id/actions/preview-amend",
        method = "post",
        operation_id = "preview_amendment"
    )]
    async fn preview(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        id: Path<Uuid>,
        body: Body<Amendment>,
    ) -> ApiResult<Json<Amended>> {
        let (amendment, _) = body.0.parse();
        let mut tx = app.db.begin_for(&auth.0).await?;
        let would = amend::preview(&mut tx, &auth.0, id.0, &amendment, None).await?;
        Ok(Json(Amended::from(would)))
    }

    /// Change a stay
    ///
    /// Dates, unit type, rate, guests; a move in the middle of the stay with `from`, an upgrade with `keep_prices`.
    /// Nights that stay as agreed keep their price. 409: `wrong_state`, `not_bookable`, `no_availability` (for what it
    /// takes more than before), `price_changed`.
    #[oai(
        path = "/:id/actions/amend",
        method = "post",
        operation_id = "amend_reservation"
    )]
    async fn amend(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: Body<Amendment>,
    ) -> ApiResult<Changed<Amended>> {
        let version = expected(&if_match)?;
        let (amendment, total) = body.0.parse();
        write(&app, &auth.0, &once, "amend_reservation", async |tx| {
            let now = app.now();
            let done = amend(tx, &auth.0, id.0, &amendment, total, None, version, now).await?;
            let version = done.after.version;
            Ok(Changed::new(&Amended::from(done)).version(version))
        })
        .await
    }

    /// Change a stay against restrictions and stock
    #[oai(
        path = "/:id/actions/force-amend",
        method = "post",
        operation_id = "force_amend_reservation"
    )]
    async fn force_amend(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: Body<ForcedAmendment>,
    ) -> ApiResult<Changed<Amended>> {
        let version = expected(&if_match)?;
        let (amendment, total) = body.0.amendment.parse();
        let force = Force {
            reason: body.0.reason,
        };
        write(&app, &auth.0, &once, "force_amend_reservation", async |tx| {
            let now = app.now();
            let done = amend(tx, &auth.0, id.0, &amendment, total, Some(&force), version, now).await?;
            let version = done.after.version;
            Ok(Changed::new(&Amended::from(done)).version(version))
        })
        .await
    }
}

/// A reservation and its booking's currency.
async fn find(tx: &mut TenantTx, who: &Principal, id: Uuid) -> ApiResult<(entity::Reservation, String)> {
    let booking = store::get_by_reservation(tx, who, id).await?;
    Ok((booking.reservation(id)?.clone(), booking.currency))
}

/// The answer to a change of one of a booking's reservations.
pub fn changed(booking: &entity::Booking, id: Uuid) -> ApiResult<Changed<Reservation>> {
    let after = booking.reservation(id)?.clone();
    let version = after.version;
    Ok(Changed::new(&Reservation::show(after, &booking.currency)).version(version))
}
