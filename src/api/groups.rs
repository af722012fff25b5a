//! `/v1/groups`: a company's or agency's event, the units kept for it, and the bookings that take from these.

mod dto;

use crate::api::etag::{Found, expected};
use crate::api::page::{Page, Window};
use crate::api::{ApiResult, Auth, Body, Changed, Created, Once, Tag, write};
use crate::app::Shared;
use dto::{ForcedAllotment, Group, GroupChange, GroupStatus, GroupView, NewAllotment, NewGroup, WashBy};
use innkeep_domain::db::TenantTx;
use innkeep_domain::group::{allotment, entity, plan, release, store};
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use uuid::Uuid;

pub struct Groups;

#[OpenApi(prefix_path = "/v1/groups", tag = "Tag::Selling")]
impl Groups {
    /// List groups
    ///
    /// In the order they were made.
    #[oai(path = "/", method = "get", operation_id = "list_groups")]
    async fn list(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        property_id: Query<Option<Uuid>>,
        status: Query<Option<GroupStatus>>,
        limit: Query<Option<u32>>,
        cursor: Query<Option<String>>,
    ) -> ApiResult<Json<Page<Group>>> {
        let window = Window::parse(limit.0, cursor.0.as_deref())?;
        let status = status.0.map(Into::into);
        let mut tx = app.db.begin_for(&auth.0).await?;
        let rows = store::list(
            &mut tx,
            &auth.0,
            property_id.0,
            status,
            window.after,
            window.rows(),
        )
        .await?;
        Ok(Json(window.page(rows, |g| g.id, Group::from)))
    }

    /// Add a group
    #[oai(path = "/", method = "post", operation_id = "create_group")]
    async fn create(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        body: Body<NewGroup>,
    ) -> ApiResult<Created<Group>> {
        let new = body.0.parse()?;
        write(&app, &auth.0, &once, "create_group", async |tx| {
            let made = plan::create(tx, &auth.0, new, app.now()).await?;
            let (path, version) = (format!("/v1/groups/{}", made.id), made.version);
            Ok(Created::new(&Group::from(made)).location(path).version(version))
        })
        .await
    }

    /// Read a group
    ///
    /// With what is allotted, picked up and remains night by night, and its bookings. Always whole: its version says
    /// nothing of bookings, which come and go without it.
    #[oai(path = "/:id", method = "get", operation_id = "get_group")]
    async fn get(&self, auth: Auth, app: Data<&Shared>, id: Path<Uuid>) -> ApiResult<Found<GroupView>> {
        let mut tx = app.db.begin_for(&auth.0).await?;
        let group = store::get(&mut tx, &auth.0, id.0).await?;
        let version = group.version;
        let view = view(&mut tx, group).await?;
        Ok(Found::new(&Header(None), version, view))
    }

    /// Change a group
    #[oai(path = "/:id", method = "patch", operation_id = "change_group")]
    async fn change(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: Body<GroupChange>,
    ) -> ApiResult<Changed<Group>> {
        let (change, version) = (body.0.parse()?, expected(&if_match)?);
        write(&app, &auth.0, &once, "change_group", async |tx| {
            let changed = plan::change(tx, &auth.0, id.0, change, version, app.now()).await?;
            let version = changed.version;
            Ok(Changed::new(&Group::from(changed)).version(version))
        })
        .await
    }

    /// Replace what is kept for a group
    ///
    /// Nobody else can sell what remains of it, here or on any channel. 409 `no_availability` when more would be kept
    /// than is free. A night never falls below what was picked up from it.
    #[oai(path = "/:id/allotment", method = "put", operation_id = "set_group_allotment")]
    async fn allot(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: Body<NewAllotment>,
    ) -> ApiResult<Changed<GroupView>> {
        let version = expected(&if_match)?;
        let ranges = body.0.parse();
        write(&app, &auth.0, &once, "set_group_allotment", async |tx| {
            let group = allotment::set(tx, &auth.0, id.0, &ranges, version, None, app.now()).await?;
            changed(tx, group).await
        })
        .await
    }

    /// Replace what is kept for a group, whatever is free
    ///
    /// Nights on which more is kept than is free are overbooked then.
    #[oai(
        path = "/:id/actions/force-allotment",
        method = "post",
        operation_id = "force_group_allotment"
    )]
    async fn force_allot(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: Body<ForcedAllotment>,
    ) -> ApiResult<Changed<GroupView>> {
        let version = expected(&if_match)?;
        let (ranges, force) = body.0.parse();
        write(&app, &auth.0, &once, "force_group_allotment", async |tx| {
            let (force, now) = (Some(&force), app.now());
            let group = allotment::set(tx, &auth.0, id.0, &ranges, version, force, now).await?;
            changed(tx, group).await
        })
        .await
    }

    /// Give part of what remains back
    ///
    /// On every night: a percentage of it, or so many units. The group stays open.
    #[oai(path = "/:id/actions/wash", method = "post", operation_id = "wash_group")]
    async fn wash(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: Body<WashBy>,
    ) -> ApiResult<Changed<GroupView>> {
        let (by, version) = (body.0.parse()?, expected(&if_match)?);
        write(&app, &auth.0, &once, "wash_group", async |tx| {
            let group = release::wash(tx, &auth.0, id.0, by, version, app.now()).await?;
            changed(tx, group).await
        })
        .await
    }

    /// Give back all that remains
    ///
    /// Happens by itself at the cutoff. The group's bookings stay; who comes now books what is free.
    #[oai(
        path = "/:id/actions/release",
        method = "post",
        operation_id = "release_group"
    )]
    async fn release(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
    ) -> ApiResult<Changed<GroupView>> {
        let version = expected(&if_match)?;
        write(&app, &auth.0, &once, "release_group", async |tx| {
            let group = release::release(tx, &auth.0, id.0, version, app.now()).await?;
            changed(tx, group).await
        })
        .await
    }

    /// Cancel a group
    ///
    /// Gives back all that remains and takes no more bookings. Those it has stay: each is cancelled on its own terms.
    #[oai(path = "/:id/actions/cancel", method = "post", operation_id = "cancel_group")]
    async fn cancel(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
    ) -> ApiResult<Changed<GroupView>> {
        let version = expected(&if_match)?;
        write(&app, &auth.0, &once, "cancel_group", async |tx| {
            let group = release::cancel(tx, &auth.0, id.0, version, app.now()).await?;
            changed(tx, group).await
        })
        .await
    }
}

async fn view(tx: &mut TenantTx, group: entity::Group) -> ApiResult<GroupView> {
    let nights = allotment::nights(tx, group.id).await?;
    let bookings = store::bookings(tx, group.id).await?;
    Ok(GroupView::new(group, nights, bookings))
}

async fn changed(tx: &mut TenantTx, group: entity::Group) -> ApiResult<Changed<GroupView>> {
    let version = group.version;
    Ok(Changed::new(&view(tx, group).await?).version(version))
}
