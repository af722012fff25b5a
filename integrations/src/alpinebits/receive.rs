//! Messages that were checked, as values.

use super::action::{Action, Side};
use super::reservation::revision;
use super::rules::free_rooms::{self, FreeRooms};
use super::rules::inventory::{self, Category};
use super::verdict::{self, Agreed};
use crate::ota::answer::Notice;
use crate::ota::document::Document;
use crate::ota::element::Element;
use crate::ota::refusal::Refusal;
use innkeep_domain::channel::revision::ChannelRevision;

/// A guest request, by the id that is acknowledged.
#[derive(Debug, Clone, PartialEq)]
pub struct GuestRequest {
    /// 14, or 15 for a cancellation.
    pub kind: String,
    pub id: String,
    /// None = a question, which is answered by a person.
    pub revision: Option<ChannelRevision>,
}

/// Free rooms that a client tells, with the warnings for it.
pub fn free_rooms(bytes: &[u8], agreed: &Agreed) -> Result<(FreeRooms, Vec<Notice>), Refusal> {
    let document = Document::read(bytes)?;
    verdict::follows_schema(document.root(), Action::FreeRooms, Side::Request, agreed)?;
    free_rooms::read(document.root(), agreed)
}

/// Room categories, pushed (a request) or pulled (an answer).
pub fn categories(bytes: &[u8], side: Side, agreed: &Agreed) -> Result<Vec<Category>, Refusal> {
    let action = match side {
        Side::Request => Action::Inventory,
        Side::Answer => Action::InventoryPull,
    };
    verdict::check(bytes, action, side, agreed)?;
    let document = Document::read(bytes)?;
    let path = [
        "HotelDescriptiveContents",
        "HotelDescriptiveContent",
        "FacilityInfo",
        "GuestRooms",
    ];
    document
        .root()
        .at(&path)
        .map_or(Ok(Vec::new()), inventory::categories)
}

/// Guest requests, pushed (a request) or pulled (an answer). `currency` is the hotel's.
pub fn guest_requests(
    bytes: &[u8],
    side: Side,
    agreed: &Agreed,
    currency: &str,
) -> Result<Vec<GuestRequest>, Refusal> {
    let (action, list) = match side {
        Side::Request => (Action::GuestRequestsPush, "HotelReservations"),
        Side::Answer => (Action::GuestRequests, "ReservationsList"),
    };
    verdict::check(bytes, action, side, agreed)?;
    let document = Document::read(bytes)?;
    let all = document.root().list(list, "HotelReservation");
    all.map(|at| guest_request(at, currency)).collect()
}

fn guest_request(at: Element<'_>, currency: &str) -> Result<GuestRequest, Refusal> {
    let id = at.need_child("UniqueID")?;
    Ok(GuestRequest {
        kind: id.need("Type")?.to_owned(),
        id: id.need("ID")?.to_owned(),
        revision: revision(at, currency)?,
    })
}
