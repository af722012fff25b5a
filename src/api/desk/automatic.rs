//! `/v1/properties/{id}/actions/assign-units`.

use crate::api::{ApiResult, Auth, Body, Changed, Once, Tag, write};
use crate::app::Shared;
use chrono::NaiveDate;
use innkeep_domain::desk::auto;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

pub struct AutoAssignment;

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct AssignUnits {
    /// The first day of arrivals.
    from: NaiveDate,
    /// The day after the last one, at most 100 days on.
    to: NaiveDate,
}

#[derive(Object)]
struct AssignedUnits {
    assigned: Vec<Placed>,
    /// Had another unit before and made room.
    moved: Vec<Placed>,
    unassigned: Vec<Unplaced>,
}

#[derive(Object)]
struct Placed {
    reservation_id: Uuid,
    reference: String,
    unit_id: Uuid,
    from: NaiveDate,
    to: NaiveDate,
}

#[derive(Object)]
struct Unplaced {
    reservation_id: Uuid,
    reference: String,
    /// `no_unit`: none that fits is free throughout. `unmapped`: the channel's room is mapped to nothing.
    /// `several_unit_types`: to be split by hand.
    code: String,
}

#[OpenApi(prefix_path = "/v1/properties", tag = "Tag::Desk")]
impl AutoAssignment {
    /// Assign units to all who arrive
    ///
    /// One unit for each stay; needs are met, preferences weighed, gaps kept small, a booking's rooms kept together.
    /// Locked stays and guests in house are not touched. A stay that has a unit moves only if another gets one by it.
    #[oai(
        path = "/:id/actions/assign-units",
        method = "post",
        operation_id = "assign_units"
    )]
    async fn assign(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        body: Body<AssignUnits>,
    ) -> ApiResult<Changed<AssignedUnits>> {
        let span = (body.0.from, body.0.to);
        write(&app, &auth.0, &once, "assign_units", async |tx| {
            let done = auto::assign_units(tx, &auth.0, id.0, span, app.now()).await?;
            Ok(Changed::new(&AssignedUnits::from(done)))
        })
        .await
    }
}

impl From<auto::Outcome> for AssignedUnits {
    fn from(o: auto::Outcome) -> Self {
        let unplaced = |u: auto::Unplaced| Unplaced {
            reservation_id: u.reservation_id,
            reference: u.reference,
            code: u.code.into(),
        };
        Self {
            assigned: o.assigned.into_iter().map(Placed::from).collect(),
            moved: o.moved.into_iter().map(Placed::from).collect(),
            unassigned: o.unassigned.into_iter().map(unplaced).collect(),
        }
    }
}

impl From<auto::Placed> for Placed {
    fn from(p: auto::Placed) -> Self {
        Self {
            reservation_id: p.reservation_id,
            reference: p.reference,
            unit_id: p.unit_id,
            from: p.from,
            to: p.to,
        }
    }
}
