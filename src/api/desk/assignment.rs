//! `/v1/reservations/{id}/assignment` and its actions.

use super::Needs;
use crate::api::bookings::dto::Segment;
use crate::api::etag::expected;
use crate::api::page::Page;
use crate::api::units::Unit;
use crate::api::{ApiResult, Auth, Body, Changed, Once, Tag, write};
use crate::app::Shared;
use chrono::NaiveDate;
use innkeep_domain::booking::change::Force;
use innkeep_domain::desk::{assign, candidates, needs};
use poem::web::Data;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

pub struct UnitAssignment;

/// Where a stay is, night by night.
#[derive(Object)]
struct Assignment {
    reservation_id: Uuid,
    segments: Vec<Segment>,
    /// Nights that have no unit.
    missing: Vec<Nights>,
    needs: Needs,
}

#[derive(Object)]
struct Nights {
    from: NaiveDate,
    /// The day after the last night.
    to: NaiveDate,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct AssignUnit {
    unit_id: Uuid,
    /// The first night that can still change if absent.
    from: Option<NaiveDate>,
    /// The departure if absent.
    to: Option<NaiveDate>,
}

impl AssignUnit {
    fn parse(self, reservation_id: Uuid) -> assign::Assign {
        assign::Assign {
            reservation_id,
            unit_id: self.unit_id,
            from: self.from,
            to: self.to,
        }
    }
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct ForcedAssignment {
    assignment: AssignUnit,
    /// 1 to 200 characters; stays in the timeline.
    reason: String,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct UnassignUnit {
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
}

/// A unit, and what speaks against it.
#[derive(Object)]
struct AssignableUnit {
    unit: Unit,
    assignable: bool,
    /// Why not; empty when it is assignable.
    reasons: Vec<WhyNot>,
    /// Preferences of the stay that it does not fulfil.
    unmet_preferences: u32,
}

#[derive(Object)]
struct WhyNot {
    /// As `assign-unit` would answer: `unit_taken`, `wrong_unit_type`, `needs_not_met`, `unit_occupied`,
    /// `unit_not_ready`.
    code: String,
    detail: String,
}

#[OpenApi(prefix_path = "/v1/reservations", tag = "Tag::Desk")]
impl UnitAssignment {
    /// Read a stay's units and needs
    #[oai(path = "/:id/assignment", method = "get", operation_id = "get_assignment")]
    async fn get(&self, auth: Auth, app: Data<&Shared>, id: Path<Uuid>) -> ApiResult<Json<Assignment>> {
        let mut tx = app.db.begin_for(&auth.0).await?;
        Ok(Json(assign::read(&mut tx, &auth.0, id.0).await?.into()))
    }

    /// Say what a stay needs
    ///
    /// Replaces what was said before. A unit that it has already stays, even if it does not fit any more.
    #[oai(path = "/:id/needs", method = "patch", operation_id = "set_needs")]
    async fn set_needs(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: Body<Needs>,
    ) -> ApiResult<Changed<Needs>> {
        let (new, version) = (body.0.parse(), expected(&if_match)?);
        write(&app, &auth.0, &once, "set_needs", async |tx| {
            let (needs, version) = needs::set(tx, &auth.0, id.0, new, version, app.now()).await?;
            Ok(Changed::new(&Needs::from(needs)).version(version))
        })
        .await
    }

    /// List the units a stay could get
    ///
    /// Every unit of the types that its nights take, those that can be assigned first, and why not for the others.
    #[oai(
        path = "/:id/assignable-units",
        method = "get",
        operation_id = "list_assignable_units"
    )]
    async fn assignable(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        id: Path<Uuid>,
        /// The first night that can still change if absent.
        from: Query<Option<NaiveDate>>,
        /// The departure if absent.
        to: Query<Option<NaiveDate>>,
    ) -> ApiResult<Json<Page<AssignableUnit>>> {
        let mut tx = app.db.begin_for(&auth.0).await?;
        let all = candidates::candidates(&mut tx, &auth.0, id.0, from.0, to.0).await?;
        Ok(Json(Page::all(all, AssignableUnit::from)))
    }

    /// Assign a unit
    ///
    /// For the whole stay, or for some of its nights: a stay may be split. A guest in house who moves today leaves a
    /// dirty unit and is let in as at check-in. 409: `unit_taken` (it says who has it and when), `wrong_unit_type`,
    /// `needs_not_met`, `assignment_locked`, `unit_occupied`, `unit_not_ready`.
    #[oai(
        path = "/:id/actions/assign-unit",
        method = "post",
        operation_id = "assign_unit"
    )]
    async fn assign(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: Body<AssignUnit>,
    ) -> ApiResult<Changed<Assignment>> {
        let version = expected(&if_match)?;
        let cmd = body.0.parse(id.0);
        write(&app, &auth.0, &once, "assign_unit", async |tx| {
            changed(assign::assign(tx, &auth.0, cmd, None, version, app.now()).await?)
        })
        .await
    }

    /// Assign a unit that does not suit
    ///
    /// Even if it does not have what the stay needs, or is dirty and the guest moves into it today.
    #[oai(
        path = "/:id/actions/force-assign-unit",
        method = "post",
        operation_id = "force_assign_unit"
    )]
    async fn force_assign(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: Body<ForcedAssignment>,
    ) -> ApiResult<Changed<Assignment>> {
        let version = expected(&if_match)?;
        let (cmd, reason) = (body.0.assignment.parse(id.0), body.0.reason);
        let force = Force { reason };
        write(&app, &auth.0, &once, "force_assign_unit", async |tx| {
            changed(assign::assign(tx, &auth.0, cmd, Some(&force), version, app.now()).await?)
        })
        .await
    }

    /// Take the unit away
    #[oai(
        path = "/:id/actions/unassign-unit",
        method = "post",
        operation_id = "unassign_unit"
    )]
    async fn unassign(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: Body<UnassignUnit>,
    ) -> ApiResult<Changed<Assignment>> {
        let (span, version) = ((body.0.from, body.0.to), expected(&if_match)?);
        write(&app, &auth.0, &once, "unassign_unit", async |tx| {
            changed(assign::unassign(tx, &auth.0, id.0, span, version, app.now()).await?)
        })
        .await
    }

    /// Lock a stay in its units
    ///
    /// Neither the automatic assignment nor another assign-unit moves it.
    #[oai(path = "/:id/actions/lock-unit", method = "post", operation_id = "lock_unit")]
    async fn lock(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
    ) -> ApiResult<Changed<Assignment>> {
        let version = expected(&if_match)?;
        write(&app, &auth.0, &once, "lock_unit", async |tx| {
            changed(assign::lock(tx, &auth.0, id.0, true, version, app.now()).await?)
        })
        .await
    }

    /// Unlock a stay
    #[oai(
        path = "/:id/actions/unlock-unit",
        method = "post",
        operation_id = "unlock_unit"
    )]
    async fn unlock(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
    ) -> ApiResult<Changed<Assignment>> {
        let version = expected(&if_match)?;
        write(&app, &auth.0, &once, "unlock_unit", async |tx| {
            changed(assign::lock(tx, &auth.0, id.0, false, version, app.now()).await?)
        })
        .await
    }
}

impl From<assign::Assignment> for Assignment {
    fn from(a: assign::Assignment) -> Self {
        Self {
            reservation_id: a.reservation_id,
            segments: a.segments.into_iter().map(Segment::from).collect(),
            missing: a
                .missing
                .into_iter()
                .map(|(from, to)| Nights { from, to })
                .collect(),
            needs: a.needs.into(),
        }
    }
}

fn changed(done: assign::Assignment) -> ApiResult<Changed<Assignment>> {
    let version = done.version;
    Ok(Changed::new(&Assignment::from(done)).version(version))
}

impl From<candidates::Candidate> for AssignableUnit {
    fn from(c: candidates::Candidate) -> Self {
        let why = |w: candidates::WhyNot| WhyNot {
            code: w.code.into(),
            detail: w.detail,
        };
        Self {
            assignable: c.reasons.is_empty(),
            unit: c.unit.into(),
            reasons: c.reasons.into_iter().map(why).collect(),
            unmet_preferences: u32::try_from(c.unmet_wishes).unwrap_or(u32::MAX),
        }
    }
}
