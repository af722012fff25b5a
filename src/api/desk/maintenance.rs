//! `/v1/properties/{id}/maintenance`: units that are not to be slept in for a while.

use crate::api::etag::{Found, expected};
use crate::api::page::{Page, Window};
use crate::api::{ApiResult, Auth, Body, Changed, Created, Once, Tag, patch, write};
use crate::app::Shared;
use chrono::{DateTime, NaiveDate, Utc};
use innkeep_domain::booking::change::Force;
use innkeep_domain::desk::maintenance as domain;
use poem::web::Data;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::types::MaybeUndefined;
use poem_openapi::{Enum, Object, OpenApi};
use uuid::Uuid;

pub struct Maintenance;

#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
pub enum MaintenanceKind {
    /// Not sold; channels are told.
    OutOfOrder,
    /// Sold, but nobody is put there.
    OutOfService,
}

#[derive(Object)]
#[oai(rename = "Maintenance")]
struct Piece {
    id: Uuid,
    property_id: Uuid,
    unit_id: Uuid,
    kind: MaintenanceKind,
    reason: String,
    /// The first night.
    from: NaiveDate,
    /// The day after the last night; closing moves it to the business date.
    to: NaiveDate,
    #[oai(skip_serializing_if_is_none)]
    closed_at: Option<DateTime<Utc>>,
    version: i32,
    created_at: DateTime<Utc>,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct NewMaintenance {
    unit_id: Uuid,
    kind: MaintenanceKind,
    reason: String,
    /// The first night, not before the business date.
    from: NaiveDate,
    /// The day after the last night.
    to: NaiveDate,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct ForcedMaintenance {
    maintenance: NewMaintenance,
    /// Why it cannot wait: 1 to 200 characters.
    reason: String,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct MaintenanceChange {
    reason: MaybeUndefined<String>,
    /// Only before it has begun.
    from: MaybeUndefined<NaiveDate>,
    to: MaybeUndefined<NaiveDate>,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct ForcedMaintenanceChange {
    change: MaintenanceChange,
    /// Why it cannot wait: 1 to 200 characters.
    reason: String,
}

impl NewMaintenance {
    fn parse(self) -> domain::NewMaintenance {
        domain::NewMaintenance {
            unit_id: self.unit_id,
            kind: self.kind.parse(),
            reason: self.reason,
            from: self.from,
            to: self.to,
        }
    }
}

impl MaintenanceChange {
    fn parse(self) -> ApiResult<domain::MaintenanceChange> {
        Ok(domain::MaintenanceChange {
            reason: patch::required(self.reason, "/reason")?,
            from: patch::required(self.from, "/from")?,
            to: patch::required(self.to, "/to")?,
        })
    }
}

#[OpenApi(prefix_path = "/v1/properties", tag = "Tag::Desk")]
impl Maintenance {
    /// List maintenance
    #[oai(path = "/:id/maintenance", method = "get", operation_id = "list_maintenance")]
    async fn list(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        id: Path<Uuid>,
        /// Closed ones too.
        closed: Query<Option<bool>>,
        limit: Query<Option<u32>>,
        cursor: Query<Option<String>>,
    ) -> ApiResult<Json<Page<Piece>>> {
        let window = Window::parse(limit.0, cursor.0.as_deref())?;
        let mut tx = app.db.begin_for(&auth.0).await?;
        let closed = closed.0.unwrap_or(false);
        let rows = domain::list(&mut tx, &auth.0, id.0, closed, window.after, window.rows()).await?;
        Ok(Json(window.page(rows, |m| m.id, Piece::from)))
    }

    /// Take a unit out
    ///
    /// 409: `unit_taken` (it says which stay is there), `no_availability` (sold out).
    #[oai(
        path = "/:id/maintenance",
        method = "post",
        operation_id = "create_maintenance"
    )]
    async fn create(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        body: Body<NewMaintenance>,
    ) -> ApiResult<Created<Piece>> {
        let new = body.0.parse();
        write(&app, &auth.0, &once, "create_maintenance", async |tx| {
            created(domain::create(tx, &auth.0, id.0, new, None, app.now()).await?)
        })
        .await
    }

    /// Take a unit out whatever is sold
    ///
    /// Nights that are sold out are overbooked then. 409 `unit_taken`.
    #[oai(
        path = "/:id/maintenance/actions/force-create",
        method = "post",
        operation_id = "force_maintenance"
    )]
    async fn force_create(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        body: Body<ForcedMaintenance>,
    ) -> ApiResult<Created<Piece>> {
        let (new, reason) = (body.0.maintenance.parse(), body.0.reason);
        let force = Force { reason };
        write(&app, &auth.0, &once, "force_maintenance", async |tx| {
            created(domain::create(tx, &auth.0, id.0, new, Some(&force), app.now()).await?)
        })
        .await
    }

    /// Read a piece of maintenance
    #[oai(
        path = "/:id/maintenance/:maintenance_id",
        method = "get",
        operation_id = "get_maintenance"
    )]
    async fn get(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        id: Path<Uuid>,
        maintenance_id: Path<Uuid>,
        #[oai(name = "If-None-Match")] if_none_match: Header<Option<String>>,
    ) -> ApiResult<Found<Piece>> {
        let mut tx = app.db.begin_for(&auth.0).await?;
        let found = domain::get(&mut tx, &auth.0, id.0, maintenance_id.0).await?;
        Ok(Found::new(&if_none_match, found.version, found))
    }

    /// Change a piece of maintenance
    ///
    /// Shortened, it gives nights back; longer, it takes more.
    #[oai(
        path = "/:id/maintenance/:maintenance_id",
        method = "patch",
        operation_id = "change_maintenance"
    )]
    #[expect(clippy::too_many_arguments, reason = "two ids in the path")]
    async fn change(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        maintenance_id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: Body<MaintenanceChange>,
    ) -> ApiResult<Changed<Piece>> {
        let change = body.0.parse()?;
        let (ids, version) = ((id.0, maintenance_id.0), expected(&if_match)?);
        write(&app, &auth.0, &once, "change_maintenance", async |tx| {
            changed(domain::change(tx, &auth.0, ids, change, None, version, app.now()).await?)
        })
        .await
    }

    /// Change a piece of maintenance whatever is sold
    #[oai(
        path = "/:id/maintenance/:maintenance_id/actions/force-change",
        method = "post",
        operation_id = "force_change_maintenance"
    )]
    #[expect(clippy::too_many_arguments, reason = "two ids in the path")]
    async fn force_change(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        maintenance_id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: Body<ForcedMaintenanceChange>,
    ) -> ApiResult<Changed<Piece>> {
        let (change, reason) = (body.0.change.parse()?, body.0.reason);
        let force = Force { reason };
        let (ids, version) = ((id.0, maintenance_id.0), expected(&if_match)?);
        write(&app, &auth.0, &once, "force_change_maintenance", async |tx| {
            changed(domain::change(tx, &auth.0, ids, change, Some(&force), version, app.now()).await?)
        })
        .await
    }

    /// Close a piece of maintenance
    ///
    /// The unit is back from the business date on.
    #[oai(
        path = "/:id/maintenance/:maintenance_id/actions/close",
        method = "post",
        operation_id = "close_maintenance"
    )]
    async fn close(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        maintenance_id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
    ) -> ApiResult<Changed<Piece>> {
        let (ids, version) = ((id.0, maintenance_id.0), expected(&if_match)?);
        write(&app, &auth.0, &once, "close_maintenance", async |tx| {
            changed(domain::close(tx, &auth.0, ids, version, app.now()).await?)
        })
        .await
    }
}

fn created(made: domain::Maintenance) -> ApiResult<Created<Piece>> {
    let path = format!("/v1/properties/{}/maintenance/{}", made.property_id, made.id);
    let version = made.version;
    Ok(Created::new(&Piece::from(made)).location(path).version(version))
}

fn changed(m: domain::Maintenance) -> ApiResult<Changed<Piece>> {
    let version = m.version;
    Ok(Changed::new(&Piece::from(m)).version(version))
}

impl MaintenanceKind {
    fn parse(self) -> domain::Kind {
        match self {
            Self::OutOfOrder => domain::Kind::OutOfOrder,
            Self::OutOfService => domain::Kind::OutOfService,
        }
    }
}

impl From<domain::Kind> for MaintenanceKind {
    fn from(kind: domain::Kind) -> Self {
        match kind {
            domain::Kind::OutOfOrder => Self::OutOfOrder,
            domain::Kind::OutOfService => Self::OutOfService,
        }
    }
}

impl From<domain::Maintenance> for Piece {
    fn from(m: domain::Maintenance) -> Self {
        Self {
            id: m.id,
            property_id: m.property_id,
            unit_id: m.unit_id,
            kind: m.kind.into(),
            reason: m.reason,
            from: m.from,
            to: m.to,
            closed_at: m.closed_at,
            version: m.version,
            created_at: m.created_at,
        }
    }
}
