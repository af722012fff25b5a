//! `GET /ical/{token}.ics`: our calendar of a unit, for whoever knows its address.

use crate::api::etag::any_tag;
use crate::api::reply::header;
use crate::api::{ApiResult, Tag};
use crate::app::Shared;
use innkeep_domain::Refusal;
use innkeep_domain::channel::calendar::{self, link};
use innkeep_integrations::ical;
use poem::http::{HeaderValue, StatusCode, header as name};
use poem::web::Data;
use poem::{IntoResponse, Response};
use poem_openapi::param::{Header, Path};
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, Registry};
use poem_openapi::types::Type;
use poem_openapi::{ApiResponse, OpenApi};
use sha2::{Digest, Sha256};
use std::fmt::Write;

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
        Ok(CalendarFile::new(
            ical::write(&shown.name, &shown.taken),
            if_none_match.0.as_deref(),
        ))
    }
}

struct CalendarFile {
    tag: String,
    /// `None`: the caller has it.
    text: Option<String>,
}

impl CalendarFile {
    fn new(text: String, known: Option<&str>) -> Self {
        let digest = Sha256::digest(&text);
        let hex = digest.iter().take(16).fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        let tag = format!("\"{hex}\"");
        let same = known.is_some_and(|known| any_tag(known, |t| t == tag));
        Self {
            tag,
            text: (!same).then_some(text),
        }
    }
}

const CALENDAR: &str = "text/calendar; charset=utf-8";

impl IntoResponse for CalendarFile {
    fn into_response(self) -> Response {
        let mut response = match self.text {
            None => StatusCode::NOT_MODIFIED.into_response(),
            Some(text) => Response::builder().content_type(CALENDAR).body(text),
        };
        let headers = response.headers_mut();
        // Kept by who read it, and asked for again each time.
        headers.insert(name::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        if let Ok(tag) = HeaderValue::from_str(&self.tag) {
            headers.insert(name::ETAG, tag);
        }
        response
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
