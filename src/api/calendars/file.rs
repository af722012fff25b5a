//! `GET /ical/{token}.ics`: our calendar of a unit, for whoever knows its address.

use crate::api::polled::Polled;
use crate::api::reply::header;
use crate::api::{ApiResult, Tag};
use crate::app::Shared;
use innkeep_domain::Refusal;
use innkeep_domain::channel::calendar::{self, link};
use innkeep_integrations::ical;
use poem::web::Data;
use poem::{IntoResponse, Response};
use poem_openapi::param::{Header, Path};
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, Registry};
use poem_openapi::types::Type;
use poem_openapi::{ApiResponse, OpenApi};

const CALENDAR: &str = "text/calendar; charset=utf-8";

pub struct CalendarFiles;

#[OpenApi(prefix_path = "/ical", tag = "Tag::Channels")]
impl CalendarFiles {
    /// Read a unit's calendar
    ///
    /// For a channel to import: when the unit is taken, and nothing about whom by. The path is the one given when the
    /// connection was made, or its address rotated. Send the `ETag` as `If-None-Match` to hear 304 while nothing changed.
    #[oai(path = "/:token", method = "get", operation_id = "read_unit_calendar")]
    async fn read(
        &self,
        app: Data<&Shared>,
        /// The secret, followed by `.ics`.
        token: Path<String>,
        #[oai(name = "If-None-Match")] if_none_match: Header<Option<String>>,
    ) -> ApiResult<CalendarFile> {
        let unknown = || Refusal::not_found("calendar");
        let token = token.0.strip_suffix(".ics").ok_or_else(unknown)?;
        let mut tx = app.db.begin_platform().await?;
        let found = link::find(&mut tx, token).await?;
        tx.commit().await?;
        let (tenant, connection) = found.ok_or_else(unknown)?;
        let mut tx = app.db.begin(tenant).await?;
        let shown = calendar::show(&mut tx, connection, app.now()).await?;
        tx.commit().await?;
        let text = ical::write(&shown.name, &shown.taken);
        let known = if_none_match.0.as_deref();
        Ok(CalendarFile(Polled::new(CALENDAR, text, known)))
    }
}

struct CalendarFile(Polled);

impl IntoResponse for CalendarFile {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}

impl ApiResponse for CalendarFile {
    fn meta() -> MetaResponses {
        let calendar = MetaMediaType {
            content_type: "text/calendar",
            schema: String::schema_ref(),
        };
        let response = |description, status, content| MetaResponse {
            description,
            status: Some(status),
            status_range: None,
            content,
            headers: vec![header("ETag", "Changes with the calendar.")],
        };
        MetaResponses {
            responses: vec![
                response("The calendar (RFC 5545).", 200, vec![calendar]),
                response("Unchanged since the tag named.", 304, vec![]),
            ],
        }
    }
    fn register(_: &mut Registry) {}
}
