//! `/v1/calendar-connections` and `/ical/{token}.ics`: a unit's calendars (iCal), the channel's that we read and ours
//! that it reads.

mod dto;
mod file;

use crate::api::etag::{Found, expected};
use crate::api::page::{Page, Window};
use crate::api::reply::Accepted;
use crate::api::session::Done;
use crate::api::{ApiResult, Auth, Body, Changed, Created, Once, Tag, patch, write};
use crate::app::{App, Shared};
use dto::{
    CalendarConnection, CalendarConnectionAddress, CalendarConnectionChange, CalendarReading,
    CalendarSyncStatus, NewCalendarConnection,
};
pub use file::CalendarFiles;
use innkeep_domain::channel::calendar::{self, Import, connection, link, reading, status};
use innkeep_domain::{Permission, Refusal};
use innkeep_integrations::ical;
use innkeep_integrations::outbound::{self, Refused};
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use uuid::Uuid;

pub struct Calendars;

#[OpenApi(prefix_path = "/v1/calendar-connections", tag = "Tag::Channels")]
impl Calendars {
    /// List calendar connections
    #[oai(path = "/", method = "get", operation_id = "list_calendar_connections")]
    async fn list(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        /// Of this unit only.
        unit_id: Query<Option<Uuid>>,
        limit: Query<Option<u32>>,
        cursor: Query<Option<String>>,
    ) -> ApiResult<Json<Page<CalendarConnection>>> {
        let window = Window::parse(limit.0, cursor.0.as_deref())?;
        let mut tx = app.db.begin_for(&auth.0).await?;
        let rows = connection::list(&mut tx, &auth.0, unit_id.0, window.after, window.rows()).await?;
        Ok(Json(window.page(rows, |c| c.id, CalendarConnection::from)))
    }

    /// Connect a unit to a channel by calendars
    ///
    /// For channels that speak nothing else. The channel's calendar is read about every quarter of an hour; its nights
    /// are held, so that nobody else sells them, and given free only after they have been missing for hours: calendars
    /// have no cancellations, and whole ones go missing. Nights that are taken twice are held all the same, overbooked,
    /// and raise an alert. The answer holds the path of ours, shown only this once: give it to the channel.
    ///
    /// Every event closes its nights, one that is marked as transparent (`TRANSP`) too, as Google's events of whole days
    /// are; cancelled ones close none. An event that repeats and is not over makes the calendar unreadable.
    #[oai(path = "/", method = "post", operation_id = "create_calendar_connection")]
    async fn create(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        body: Body<NewCalendarConnection>,
    ) -> ApiResult<Created<CalendarConnectionAddress>> {
        let import = match body.0.import_url {
            Some(url) => Some(admitted(&app, url).await?),
            None => None,
        };
        let new = calendar::NewCalendar {
            unit_id: body.0.unit_id,
            name: body.0.name,
            import,
        };
        write(&app, &auth.0, &once, "create_calendar_connection", async |tx| {
            let (made, token) = connection::create(tx, &auth.0, new, app.now()).await?;
            let (path, version) = (format!("/v1/calendar-connections/{}", made.id), made.version);
            Ok(Created::new(&CalendarConnectionAddress::new(made, &token))
                .location(path)
                .version(version))
        })
        .await
    }

    /// Read a calendar connection
    #[oai(path = "/:id", method = "get", operation_id = "get_calendar_connection")]
    async fn get(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        id: Path<Uuid>,
        #[oai(name = "If-None-Match")] if_none_match: Header<Option<String>>,
    ) -> ApiResult<Found<CalendarConnection>> {
        auth.0.require(Permission::ReadChannels)?;
        let mut tx = app.db.begin_for(&auth.0).await?;
        let found = connection::get(&mut tx, id.0).await?;
        Ok(Found::new(&if_none_match, found.version, found))
    }

    /// Change a calendar connection
    ///
    /// After another address what is held stays held until the new calendar has been believed. Without an address
    /// nothing is read, and what was held is given free at once.
    #[oai(path = "/:id", method = "patch", operation_id = "change_calendar_connection")]
    async fn change(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: Body<CalendarConnectionChange>,
    ) -> ApiResult<Changed<CalendarConnection>> {
        let expected = expected(&if_match)?;
        let import = match patch::change(body.0.import_url) {
            Some(Some(url)) => Some(Some(admitted(&app, url).await?)),
            Some(None) => Some(None),
            None => None,
        };
        let change = calendar::CalendarChange {
            name: patch::required(body.0.name, "/name")?,
            import,
        };
        write(&app, &auth.0, &once, "change_calendar_connection", async |tx| {
            changed(connection::change(tx, &auth.0, id.0, change, expected, app.now()).await?)
        })
        .await
    }

    /// Delete a calendar connection
    ///
    /// What it held is given free at once, and the channel cannot read our calendar any more.
    #[oai(path = "/:id", method = "delete", operation_id = "delete_calendar_connection")]
    async fn delete(&self, auth: Auth, app: Data<&Shared>, id: Path<Uuid>) -> ApiResult<Done> {
        let mut tx = app.db.begin_for(&auth.0).await?;
        connection::delete(&mut tx, &auth.0, id.0, app.now()).await?;
        tx.commit().await?;
        app.cache.invalidate(auth.0.tenant).await;
        Ok(Done::NoContent)
    }

    /// How far is the calendar in step
    ///
    /// When it was read and will be, what it holds, what of that is doubtful, and why nothing is given free.
    #[oai(
        path = "/:id/sync-status",
        method = "get",
        operation_id = "get_calendar_sync_status"
    )]
    async fn sync_status(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        id: Path<Uuid>,
    ) -> ApiResult<Json<CalendarSyncStatus>> {
        let mut tx = app.db.begin_for(&auth.0).await?;
        Ok(Json(status::read(&mut tx, &auth.0, id.0).await?.into()))
    }

    /// Read the channel's calendar now
    ///
    /// At most once a minute; `sync-status` says what came of it.
    #[oai(
        path = "/:id/actions/read",
        method = "post",
        operation_id = "read_calendar_now"
    )]
    async fn read(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
    ) -> ApiResult<Accepted<CalendarReading>> {
        write(&app, &auth.0, &once, "read_calendar_now", async |tx| {
            connection::read_now(tx, &auth.0, id.0, app.now()).await?;
            Ok(Accepted::new(&CalendarReading { connection_id: id.0 }))
        })
        .await
    }

    /// The channel's last calendar is right
    ///
    /// Somebody looked: what it lacks is given free at once, and a freeze ends. Only a person can tell an empty calendar
    /// from one that is out of order.
    #[oai(
        path = "/:id/actions/believe",
        method = "post",
        operation_id = "believe_calendar"
    )]
    async fn believe(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
    ) -> ApiResult<Changed<CalendarConnection>> {
        write(&app, &auth.0, &once, "believe_calendar", async |tx| {
            changed(reading::believe(tx, &auth.0, id.0, app.now()).await?)
        })
        .await
    }

    /// Stop reading
    ///
    /// What is held stays held, and our calendar stays readable.
    #[oai(path = "/:id/actions/pause", method = "post", operation_id = "pause_calendar")]
    async fn pause(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
    ) -> ApiResult<Changed<CalendarConnection>> {
        set_state(&app, &auth, &once, "pause_calendar", id.0, false).await
    }

    /// Go on after a pause
    #[oai(
        path = "/:id/actions/resume",
        method = "post",
        operation_id = "resume_calendar"
    )]
    async fn resume(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
    ) -> ApiResult<Changed<CalendarConnection>> {
        set_state(&app, &auth, &once, "resume_calendar", id.0, true).await
    }

    /// Give our calendar a new address
    ///
    /// The old one is unknown at once; the answer holds the new one, shown only this once.
    #[oai(
        path = "/:id/actions/rotate-address",
        method = "post",
        operation_id = "rotate_calendar_address"
    )]
    async fn rotate(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
    ) -> ApiResult<Changed<CalendarConnectionAddress>> {
        write(&app, &auth.0, &once, "rotate_calendar_address", async |tx| {
            let (found, token) = link::rotate(tx, &auth.0, id.0, app.now()).await?;
            let version = found.version;
            Ok(Changed::new(&CalendarConnectionAddress::new(found, &token)).version(version))
        })
        .await
    }

    /// Take our calendar's address away
    ///
    /// Nobody can read it until it gets a new one.
    #[oai(
        path = "/:id/actions/revoke-address",
        method = "post",
        operation_id = "revoke_calendar_address"
    )]
    async fn revoke(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
    ) -> ApiResult<Changed<CalendarConnection>> {
        write(&app, &auth.0, &once, "revoke_calendar_address", async |tx| {
            changed(link::revoke(tx, &auth.0, id.0, app.now()).await?)
        })
        .await
    }
}

async fn set_state(
    app: &Shared,
    auth: &Auth,
    once: &Once,
    operation: &'static str,
    id: Uuid,
    active: bool,
) -> ApiResult<Changed<CalendarConnection>> {
    write(app, &auth.0, once, operation, async |tx| {
        changed(connection::set_active(tx, &auth.0, id, active, app.now()).await?)
    })
    .await
}

fn changed(connection: connection::CalendarConnection) -> ApiResult<Changed<CalendarConnection>> {
    let version = connection.version;
    Ok(Changed::new(&CalendarConnection::from(connection)).version(version))
}

/// 422 `address_refused` for an address that is not called. What is admitted is what is kept and read.
async fn admitted(app: &App, link: String) -> ApiResult<Import> {
    let url = ical::address(link);
    let refuse = |no: Refused| Refusal::invalid(Refused::CODE, no.to_string()).at("/import_url");
    app.outbound.admit(&url).await.map_err(refuse)?;
    let read = outbound::read(&url).map_err(refuse)?;
    let host = read
        .host_str()
        .ok_or(Refused::Malformed)
        .map_err(refuse)?
        .to_owned();
    Ok(Import { url, host })
}
