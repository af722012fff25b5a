//! `/v1/reservations/{id}/actions/upgrade`.

use crate::api::bookings::dto::Reservation;
use crate::api::etag::expected;
use crate::api::reservations::changed;
use crate::api::{ApiResult, Auth, Body, Changed, Once, Tag, write};
use crate::app::Shared;
use chrono::NaiveDate;
use innkeep_domain::booking::change::Force;
use innkeep_domain::desk::upgrade as domain;
use poem::web::Data;
use poem_openapi::param::{Header, Path};
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

pub struct Upgrades;

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct Upgrade {
    /// Of another unit type of the property.
    unit_id: Uuid,
    /// The first night in it; the first that can still change if absent.
    from: Option<NaiveDate>,
}

impl Upgrade {
    fn parse(self, reservation_id: Uuid) -> domain::Upgrade {
        domain::Upgrade {
            reservation_id,
            unit_id: self.unit_id,
            from: self.from,
        }
    }
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct ForcedUpgrade {
    upgrade: Upgrade,
    /// 1 to 200 characters; stays in the timeline.
    reason: String,
}

#[OpenApi(prefix_path = "/v1/reservations", tag = "Tag::Desk")]
impl Upgrades {
    /// Upgrade a stay
    ///
    /// An arriving guest, or one in house, gets a unit of another type and pays what was agreed: the stay is amended and
    /// the unit assigned, or nothing of it. 409: `wrong_state`, `same_unit_type`, `not_bookable`, `no_availability`,
    /// `unit_taken`, `needs_not_met`, `assignment_locked`; for a guest in house `unit_occupied`, `unit_not_ready`.
    #[oai(
        path = "/:id/actions/upgrade",
        method = "post",
        operation_id = "upgrade_reservation"
    )]
    async fn upgrade(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: Body<Upgrade>,
    ) -> ApiResult<Changed<Reservation>> {
        let (cmd, version) = (body.0.parse(id.0), expected(&if_match)?);
        write(&app, &auth.0, &once, "upgrade_reservation", async |tx| {
            changed(
                &domain::upgrade(tx, &auth.0, cmd, None, version, app.now()).await?,
                id.0,
            )
        })
        .await
    }

    /// Upgrade a stay whatever is sold
    ///
    /// The other type may be overbooked then, and the unit dirty or without what the stay needs.
    #[oai(
        path = "/:id/actions/force-upgrade",
        method = "post",
        operation_id = "force_upgrade_reservation"
    )]
    async fn force_upgrade(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: Body<ForcedUpgrade>,
    ) -> ApiResult<Changed<Reservation>> {
        let (cmd, reason) = (body.0.upgrade.parse(id.0), body.0.reason);
        let (force, version) = (Force { reason }, expected(&if_match)?);
        write(&app, &auth.0, &once, "force_upgrade_reservation", async |tx| {
            changed(
                &domain::upgrade(tx, &auth.0, cmd, Some(&force), version, app.now()).await?,
                id.0,
            )
        })
        .await
    }
}
