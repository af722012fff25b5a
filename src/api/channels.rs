//! `/v1/channel-connections`: how properties are tied to sales channels, and how far those are in step.

mod cells;
mod closed_dates;
mod dto;
mod messages;
mod probe;
mod rules;
mod secrets;
mod setup;
mod status;
mod talk;

use crate::api::etag::{Found, expected};
use crate::api::page::{Page, Window};
use crate::api::reply::Accepted;
use crate::api::session::Done;
use crate::api::{ApiResult, Auth, Body, Changed, Created, Once, Tag, write};
use crate::app::{App, Shared};
use dto::{Connection, ConnectionChange, FullSync, Mappings, NewConnection, NewConnectionSecrets};
use innkeep_domain::channel::{change, connection, mapping};
use innkeep_domain::{Permission, Refusal};
use innkeep_integrations::outbound::Refused;
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::types::MaybeUndefined;
use probe::Probe;
use status::SyncStatus;
use uuid::Uuid;

pub struct Channels;

/// What stands at and below a connection.
pub type All = (
    Channels,
    cells::ChannelCells,
    closed_dates::ClosedDates,
    messages::ChannelMessages,
    rules::ChannelRules,
    secrets::ChannelSecrets,
    setup::ChannelSetUp,
    talk::ChannelTalk,
);
pub const ALL: All = (
    Channels,
    cells::ChannelCells,
    closed_dates::ClosedDates,
    messages::ChannelMessages,
    rules::ChannelRules,
    secrets::ChannelSecrets,
    setup::ChannelSetUp,
    talk::ChannelTalk,
);

#[OpenApi(prefix_path = "/v1/channel-connections", tag = "Tag::Channels")]
impl Channels {
    /// List channel connections
    #[oai(path = "/", method = "get", operation_id = "list_channel_connections")]
    async fn list(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        limit: Query<Option<u32>>,
        cursor: Query<Option<String>>,
    ) -> ApiResult<Json<Page<Connection>>> {
        let window = Window::parse(limit.0, cursor.0.as_deref())?;
        let mut tx = app.db.begin_for(&auth.0).await?;
        let rows = connection::list(&mut tx, &auth.0, window.after, window.rows()).await?;
        Ok(Json(window.page(rows, |c| c.id, Connection::from)))
    }

    /// Connect a property to a channel
    ///
    /// The answer holds secrets that are shown only this once.
    #[oai(path = "/", method = "post", operation_id = "create_channel_connection")]
    async fn create(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        body: Body<NewConnection>,
    ) -> ApiResult<Created<NewConnectionSecrets>> {
        let unknown =
            || Refusal::invalid("unknown_protocol", "no such channel protocol here").at("/protocol");
        let way = app.protocols.get(&body.0.protocol).ok_or_else(unknown)?.way;
        if let Some(address) = &body.0.base_url {
            admit(&app, address).await?;
        }
        let new = body.0.into();
        write(&app, &auth.0, &once, "create_channel_connection", async |tx| {
            let made = connection::create(tx, &auth.0, new, way, app.now()).await?;
            let (path, version) = (
                format!("/v1/channel-connections/{}", made.connection.id),
                made.connection.version,
            );
            Ok(Created::new(&NewConnectionSecrets::from(made))
                .location(path)
                .version(version))
        })
        .await
    }

    /// Read a channel connection
    #[oai(path = "/:id", method = "get", operation_id = "get_channel_connection")]
    async fn get(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        id: Path<Uuid>,
        #[oai(name = "If-None-Match")] if_none_match: Header<Option<String>>,
    ) -> ApiResult<Found<Connection>> {
        auth.0.require(Permission::ReadChannels)?;
        let mut tx = app.db.begin_for(&auth.0).await?;
        let found = connection::get(&mut tx, id.0).await?;
        Ok(Found::new(&if_none_match, found.version, found))
    }

    /// Change a channel connection
    ///
    /// Another safety buffer or markup is told to the channel at once, as far as it changes what was told. Whoever is at
    /// another `base_url` is told everything.
    #[oai(path = "/:id", method = "patch", operation_id = "change_channel_connection")]
    async fn change(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: Body<ConnectionChange>,
    ) -> ApiResult<Changed<Connection>> {
        let expected = expected(&if_match)?;
        if let MaybeUndefined::Value(address) = &body.0.base_url {
            admit(&app, address).await?;
        }
        let wanted = body.0.parse()?;
        write(&app, &auth.0, &once, "change_channel_connection", async |tx| {
            let changed = change::change(tx, &auth.0, id.0, wanted, expected, app.now()).await?;
            let version = changed.version;
            Ok(Changed::new(&Connection::from(changed)).version(version))
        })
        .await
    }

    /// Disconnect a channel
    ///
    /// Nothing is sent to it or taken from it any more, and there is no way back. Its bookings and messages stay. It is
    /// not told to stop selling: close it out before, by `closed-dates` or there.
    #[oai(path = "/:id", method = "delete", operation_id = "delete_channel_connection")]
    async fn delete(&self, auth: Auth, app: Data<&Shared>, id: Path<Uuid>) -> ApiResult<Done> {
        let mut tx = app.db.begin_for(&auth.0).await?;
        change::close(&mut tx, &auth.0, id.0, app.now()).await?;
        tx.commit().await?;
        Ok(Done::NoContent)
    }

    /// Read what is mapped to what
    #[oai(path = "/:id/mappings", method = "get", operation_id = "get_channel_mappings")]
    async fn mappings(&self, auth: Auth, app: Data<&Shared>, id: Path<Uuid>) -> ApiResult<Json<Mappings>> {
        auth.0.require(Permission::ReadChannels)?;
        let mut tx = app.db.begin_for(&auth.0).await?;
        let known = connection::get(&mut tx, id.0).await?;
        Ok(Json(mapping::Mapping::read(&mut tx, known.id).await?.into()))
    }

    /// Replace the whole mapping
    ///
    /// Everything it sells is told to the channel anew. What was sold under a code that stood for nothing and now does gets
    /// its unit type, and takes its stock. What is left out of the mapping is told nothing any more and stays on sale there
    /// as it was told last: close it out before, by `closed-dates` or there.
    #[oai(path = "/:id/mappings", method = "put", operation_id = "set_channel_mappings")]
    async fn set_mappings(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        body: Body<Mappings>,
    ) -> ApiResult<Changed<Mappings>> {
        let mapping = body.0.parse()?;
        write(&app, &auth.0, &once, "set_channel_mappings", async |tx| {
            mapping::set_mapping(tx, &auth.0, id.0, &mapping, app.now()).await?;
            Ok(Changed::new(&mapping.into()))
        })
        .await
    }

    /// How far is the channel in step
    ///
    /// And what a manager has to know besides: how long it may sell what is gone, which of its messages wait and how
    /// long they may, what it does not sell because it is not mapped.
    #[oai(
        path = "/:id/sync-status",
        method = "get",
        operation_id = "get_channel_sync_status"
    )]
    async fn sync_status(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        id: Path<Uuid>,
    ) -> ApiResult<Json<SyncStatus>> {
        let mut tx = app.db.begin_for(&auth.0).await?;
        let found = innkeep_domain::channel::status::read(&mut tx, &auth.0, id.0).await?;
        let (protocols, now) = (&app.protocols, app.now());
        let outlook =
            innkeep_domain::channel::status::outlook(&mut tx, &auth.0, id.0, protocols, now).await?;
        Ok(Json(SyncStatus::new(found, outlook, now)))
    }

    /// Can the channel be reached with these credentials, and does it know what is mapped
    #[oai(
        path = "/:id/actions/test",
        method = "post",
        operation_id = "test_channel_connection"
    )]
    async fn test(&self, auth: Auth, app: Data<&Shared>, id: Path<Uuid>) -> ApiResult<Json<Probe>> {
        auth.0.require(Permission::WriteChannels)?;
        let mut tx = app.db.begin_for(&auth.0).await?;
        let house =
            innkeep_domain::channel::setup::read(&mut tx, &auth.0, Permission::WriteChannels, id.0).await?;
        // Nobody's connection to the database waits for a channel.
        tx.commit().await?;
        Ok(Json(probe::ask(&app, &house).await?))
    }

    /// Tell the channel everything again
    ///
    /// At most once in 24 hours: channels refuse partners that do it more often.
    #[oai(
        path = "/:id/actions/full-sync",
        method = "post",
        operation_id = "full_sync_channel"
    )]
    async fn full_sync(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
    ) -> ApiResult<Accepted<FullSync>> {
        write(&app, &auth.0, &once, "full_sync_channel", async |tx| {
            connection::full_sync(tx, &auth.0, id.0, app.now()).await?;
            Ok(Accepted::new(&FullSync { connection_id: id.0 }))
        })
        .await
    }

    /// Stop sending and polling
    ///
    /// What changes meanwhile is sent after resuming. What the channel posts is taken all the same: it is sold. The channel
    /// is not told to stop selling: close it out before, by `closed-dates` or there.
    #[oai(path = "/:id/actions/pause", method = "post", operation_id = "pause_channel")]
    async fn pause(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
    ) -> ApiResult<Changed<Connection>> {
        set_state(&app, &auth, &once, "pause_channel", id.0, false).await
    }

    /// Go on after a pause
    #[oai(
        path = "/:id/actions/resume",
        method = "post",
        operation_id = "resume_channel"
    )]
    async fn resume(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
    ) -> ApiResult<Changed<Connection>> {
        set_state(&app, &auth, &once, "resume_channel", id.0, true).await
    }
}

/// 422 `address_refused` for an address that is not called.
async fn admit(app: &App, address: &str) -> ApiResult<()> {
    let admitted = app.outbound.admit(address).await;
    Ok(admitted.map_err(|no| Refusal::invalid(Refused::CODE, no.to_string()).at("/base_url"))?)
}

async fn set_state(
    app: &Shared,
    auth: &Auth,
    once: &Once,
    operation: &'static str,
    id: Uuid,
    active: bool,
) -> ApiResult<Changed<Connection>> {
    write(app, &auth.0, once, operation, async |tx| {
        let done = connection::set_state(tx, &auth.0, id, active, app.now()).await?;
        let version = done.version;
        Ok(Changed::new(&Connection::from(done)).version(version))
    })
    .await
}
