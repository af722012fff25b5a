//! `/v1/properties/{id}/housekeeping` and its tasks; `/v1/units/{id}/actions/mark-clean` and its like.

use crate::api::etag::expected;
use crate::api::page::{Page, Window};
use crate::api::units::{Cleanliness, Unit};
use crate::api::{ApiResult, Auth, Body, Changed, Created, Once, Tag, patch, write};
use crate::app::Shared;
use chrono::{DateTime, NaiveDate, Utc};
use innkeep_domain::desk::housekeeping as domain;
use innkeep_domain::property;
use poem::web::Data;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::types::MaybeUndefined;
use poem_openapi::{Enum, Object, OpenApi};
use uuid::Uuid;

pub struct Housekeeping;

#[derive(Object)]
struct HousekeepingDay {
    date: NaiveDate,
    /// By position.
    units: Vec<UnitDay>,
}

/// A unit on that day.
#[derive(Object)]
struct UnitDay {
    unit_id: Uuid,
    name: String,
    unit_type_id: Uuid,
    #[oai(skip_serializing_if_is_none)]
    floor: Option<String>,
    #[oai(skip_serializing_if_is_none)]
    building: Option<String>,
    #[oai(skip_serializing_if_is_none)]
    room: Option<String>,
    cleanliness: Cleanliness,
    happening: Happening,
    /// Persons who come or stay that night.
    guests: i32,
    open_tasks: Vec<HousekeepingTask>,
}

#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
enum Happening {
    Vacant,
    Arrival,
    Departure,
    /// Somebody leaves and somebody else comes.
    Turnover,
    StayOver,
    OutOfOrder,
    OutOfService,
}

#[derive(Object)]
struct HousekeepingTask {
    id: Uuid,
    property_id: Uuid,
    unit_id: Uuid,
    date: NaiveDate,
    title: String,
    /// A user of the tenant.
    #[oai(skip_serializing_if_is_none)]
    assignee_id: Option<Uuid>,
    done: bool,
    #[oai(skip_serializing_if_is_none)]
    done_at: Option<DateTime<Utc>>,
    version: i32,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct NewHousekeepingTask {
    unit_id: Uuid,
    date: NaiveDate,
    /// 1 to 200 characters.
    title: String,
    assignee_id: Option<Uuid>,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct HousekeepingTaskChange {
    date: MaybeUndefined<NaiveDate>,
    title: MaybeUndefined<String>,
    assignee_id: MaybeUndefined<Uuid>,
    done: MaybeUndefined<bool>,
}

#[OpenApi(prefix_path = "/v1/properties", tag = "Tag::Desk")]
impl Housekeeping {
    /// Read the day's work
    ///
    /// Every unit: how clean it is, what happens to it, what is to do.
    #[oai(path = "/:id/housekeeping", method = "get", operation_id = "get_housekeeping")]
    async fn day(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        id: Path<Uuid>,
        /// The business date if absent.
        date: Query<Option<NaiveDate>>,
    ) -> ApiResult<Json<HousekeepingDay>> {
        let mut tx = app.db.begin_for(&auth.0).await?;
        let (date, units) = domain::day(&mut tx, &auth.0, id.0, date.0).await?;
        let units = units.into_iter().map(UnitDay::from).collect();
        Ok(Json(HousekeepingDay { date, units }))
    }

    /// List tasks
    #[oai(
        path = "/:id/housekeeping-tasks",
        method = "get",
        operation_id = "list_housekeeping_tasks"
    )]
    #[expect(clippy::too_many_arguments, reason = "one argument for each query parameter")]
    async fn tasks(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        id: Path<Uuid>,
        date: Query<Option<NaiveDate>>,
        unit_id: Query<Option<Uuid>>,
        done: Query<Option<bool>>,
        limit: Query<Option<u32>>,
        cursor: Query<Option<String>>,
    ) -> ApiResult<Json<Page<HousekeepingTask>>> {
        let window = Window::parse(limit.0, cursor.0.as_deref())?;
        let filter = domain::TaskFilter {
            date: date.0,
            unit_id: unit_id.0,
            done: done.0,
        };
        let mut tx = app.db.begin_for(&auth.0).await?;
        let rows = domain::tasks(&mut tx, &auth.0, id.0, &filter, window.after, window.rows()).await?;
        Ok(Json(window.page(rows, |t| t.id, HousekeepingTask::from)))
    }

    /// Add a task
    #[oai(
        path = "/:id/housekeeping-tasks",
        method = "post",
        operation_id = "create_housekeeping_task"
    )]
    async fn add(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        body: Body<NewHousekeepingTask>,
    ) -> ApiResult<Created<HousekeepingTask>> {
        let new = domain::NewTask {
            unit_id: body.0.unit_id,
            date: body.0.date,
            title: body.0.title,
            assignee_id: body.0.assignee_id,
        };
        write(&app, &auth.0, &once, "create_housekeeping_task", async |tx| {
            let made = domain::add_task(tx, &auth.0, id.0, new, app.now()).await?;
            let version = made.version;
            Ok(Created::new(&HousekeepingTask::from(made)).version(version))
        })
        .await
    }

    /// Change a task, or say that it is done
    #[oai(
        path = "/:id/housekeeping-tasks/:task_id",
        method = "patch",
        operation_id = "change_housekeeping_task"
    )]
    #[expect(clippy::too_many_arguments, reason = "two ids in the path")]
    async fn change(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        task_id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: Body<HousekeepingTaskChange>,
    ) -> ApiResult<Changed<HousekeepingTask>> {
        let change = domain::TaskChange {
            date: patch::required(body.0.date, "/date")?,
            title: patch::required(body.0.title, "/title")?,
            assignee_id: patch::change(body.0.assignee_id),
            done: patch::required(body.0.done, "/done")?,
        };
        let (ids, version) = ((id.0, task_id.0), expected(&if_match)?);
        write(&app, &auth.0, &once, "change_housekeeping_task", async |tx| {
            let changed = domain::change_task(tx, &auth.0, ids, change, version, app.now()).await?;
            let version = changed.version;
            Ok(Changed::new(&HousekeepingTask::from(changed)).version(version))
        })
        .await
    }
}

pub struct UnitCleaning;

#[OpenApi(prefix_path = "/v1/units", tag = "Tag::Desk")]
impl UnitCleaning {
    /// Mark a unit clean
    #[oai(
        path = "/:id/actions/mark-clean",
        method = "post",
        operation_id = "mark_unit_clean"
    )]
    async fn clean(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
    ) -> ApiResult<Changed<Unit>> {
        let version = expected(&if_match)?;
        write(&app, &auth.0, &once, "mark_unit_clean", async |tx| {
            let clean = property::Cleanliness::Clean;
            show(domain::mark(tx, &auth.0, id.0, clean, version, app.now()).await?)
        })
        .await
    }

    /// Mark a unit dirty
    #[oai(
        path = "/:id/actions/mark-dirty",
        method = "post",
        operation_id = "mark_unit_dirty"
    )]
    async fn dirty(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
    ) -> ApiResult<Changed<Unit>> {
        let version = expected(&if_match)?;
        write(&app, &auth.0, &once, "mark_unit_dirty", async |tx| {
            let dirty = property::Cleanliness::Dirty;
            show(domain::mark(tx, &auth.0, id.0, dirty, version, app.now()).await?)
        })
        .await
    }

    /// Mark a unit inspected
    #[oai(
        path = "/:id/actions/mark-inspected",
        method = "post",
        operation_id = "mark_unit_inspected"
    )]
    async fn inspected(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
    ) -> ApiResult<Changed<Unit>> {
        let version = expected(&if_match)?;
        write(&app, &auth.0, &once, "mark_unit_inspected", async |tx| {
            let inspected = property::Cleanliness::Inspected;
            show(domain::mark(tx, &auth.0, id.0, inspected, version, app.now()).await?)
        })
        .await
    }
}

fn show(unit: property::Unit) -> ApiResult<Changed<Unit>> {
    let version = unit.version;
    Ok(Changed::new(&Unit::from(unit)).version(version))
}

impl From<domain::UnitDay> for UnitDay {
    fn from(d: domain::UnitDay) -> Self {
        Self {
            unit_id: d.unit.id,
            name: d.unit.name,
            unit_type_id: d.unit.unit_type_id,
            floor: d.unit.floor,
            building: d.unit.building,
            room: d.unit.room,
            cleanliness: d.unit.cleanliness.into(),
            happening: d.happening.into(),
            guests: d.guests,
            open_tasks: d.open_tasks.into_iter().map(HousekeepingTask::from).collect(),
        }
    }
}

impl From<domain::Happening> for Happening {
    fn from(h: domain::Happening) -> Self {
        match h {
            domain::Happening::Vacant => Self::Vacant,
            domain::Happening::Arrival => Self::Arrival,
            domain::Happening::Departure => Self::Departure,
            domain::Happening::Turnover => Self::Turnover,
            domain::Happening::StayOver => Self::StayOver,
            domain::Happening::OutOfOrder => Self::OutOfOrder,
            domain::Happening::OutOfService => Self::OutOfService,
        }
    }
}

impl From<domain::Task> for HousekeepingTask {
    fn from(t: domain::Task) -> Self {
        Self {
            id: t.id,
            property_id: t.property_id,
            unit_id: t.unit_id,
            date: t.date,
            title: t.title,
            assignee_id: t.assignee_id,
            done: t.done_at.is_some(),
            done_at: t.done_at,
            version: t.version,
        }
    }
}
