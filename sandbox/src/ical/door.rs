//! `GET /ical/{listing}.ics`.

use poem::http::{HeaderMap, StatusCode};
use poem::web::{Data, Path};
use poem::{Response, handler};

use super::CalendarFault;
use super::write;
use crate::state::Sandbox;

#[handler]
pub(super) fn show(Data(sandbox): Data<&Sandbox>, Path(file): Path<String>, headers: &HeaderMap) -> Response {
    let world = &mut *sandbox.world();
    let (now, fault) = (world.now(), world.faults.calendar);
    let id = file.strip_suffix(".ics").unwrap_or_default();
    let listing = world.listings.get_mut(id);
    let Some(listing) = listing.filter(|_| fault != Some(CalendarFault::Vanished)) else {
        return Response::builder()
            .status(StatusCode::NOT_FOUND)
            .content_type("text/html")
            .body("<html><body><h1>404 Not Found</h1></body></html>");
    };
    listing.asked += 1;
    let shown = match (fault, listing.shown.clone()) {
        (Some(CalendarFault::Stale), Some(last)) => last,
        (Some(CalendarFault::Empty), _) => write::calendar(listing, id, true, now),
        _ => {
            let shown = write::calendar(listing, id, false, now);
            listing.shown = Some(shown.clone());
            shown
        }
    };
    let response = Response::builder().content_type("text/calendar; charset=utf-8");
    if !listing.terms.etags {
        return response.body(shown.text);
    }
    let known = headers.get("if-none-match").and_then(|tag| tag.to_str().ok());
    let response = response.header("etag", &shown.etag);
    if known == Some(shown.etag.as_str()) {
        response.status(StatusCode::NOT_MODIFIED).finish()
    } else {
        response.body(shown.text)
    }
}
