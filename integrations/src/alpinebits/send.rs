//! Messages that we send. Each is held against the same schema and rules as what comes in, before it goes out.

use super::action::{Action, Side};
use super::receive::GuestRequest;
use super::verdict::{self, Agreed};
use crate::ota::answer::{Answer, Notice, Type};
use crate::ota::refusal::{Code, Refusal};
use crate::ota::tag::Tag;
use chrono::{DateTime, SecondsFormat, Utc};
use innkeep_domain::ports::channel::AvailabilityRange;

/// Version attributes of OTA 2015A, by message.
const FREE_ROOMS: &str = "4";
const READ: &str = "1.001";
const REPORT: &str = "1.000";

/// Absolute counts of each category; `complete` = and nothing else is free. Without ranges a complete set says that
/// nothing is known any more.
pub fn free_rooms(
    hotel_code: &str,
    ranges: &[AvailabilityRange],
    complete: bool,
    agreed: &Agreed,
) -> Result<String, Refusal> {
    let mut inventories = Tag::new("Inventories")
        .with("HotelCode", hotel_code)
        .children(ranges.iter().map(inventory));
    if ranges.is_empty() {
        inventories = inventories.child(Tag::new("Inventory"));
    }
    let set = || {
        Tag::new("UniqueID")
            .with("Type", "16")
            .with("ID", "1")
            .with("Instance", "CompleteSet")
    };
    let message = Tag::message(Action::FreeRooms.root(Side::Request), FREE_ROOMS)
        .children(complete.then(set))
        .child(inventories);
    checked(&message, Action::FreeRooms, agreed)
}

/// A period without counts is sold out; nobody is told of fewer rooms than none.
fn inventory(range: &AvailabilityRange) -> Tag {
    let control = Tag::new("StatusApplicationControl")
        .with("Start", range.from)
        .with("End", range.last)
        .with("InvTypeCode", &range.room);
    let counts = || {
        let count = Tag::new("InvCount")
            .with("CountType", "2")
            .with("Count", range.availability);
        Tag::new("InvCounts").child(count)
    };
    Tag::new("Inventory")
        .child(control)
        .children((range.availability > 0).then(counts))
}

/// Asks for guest requests that were not acknowledged; with `since` for all that were made after it.
pub fn read(hotel_code: &str, since: Option<DateTime<Utc>>, agreed: &Agreed) -> Result<String, Refusal> {
    let criteria = |at: DateTime<Utc>| {
        Tag::new("SelectionCriteria").with("Start", at.to_rfc3339_opts(SecondsFormat::Secs, true))
    };
    let hotel = Tag::new("HotelReadRequest")
        .with("HotelCode", hotel_code)
        .children(since.map(criteria));
    let message = Tag::message(Action::GuestRequests.root(Side::Request), READ)
        .child(Tag::new("ReadRequests").child(hotel));
    checked(&message, Action::GuestRequests, agreed)
}

/// Says which guest requests are ours now, and which we could not take (by id, with the reason).
pub fn acknowledge(
    taken: &[GuestRequest],
    refused: &[(String, String)],
    agreed: &Agreed,
) -> Result<String, Refusal> {
    let warning = |(id, reason): &(String, String)| Notice {
        kind: Type::BUSINESS_RULE,
        code: Some(Code::UNABLE.0),
        record: Some(id.clone()),
        ..Notice::advisory(reason)
    };
    let id = |one: &GuestRequest| {
        let id = Tag::new("UniqueID").with("Type", &one.kind).with("ID", &one.id);
        Tag::new("HotelReservation").child(id)
    };
    let reservations = || Tag::new("HotelReservations").children(taken.iter().map(id));
    let details = || Tag::new("NotifDetails").child(Tag::new("HotelNotifReport").child(reservations()));
    let message = Tag::message(Action::Acknowledgments.root(Side::Request), REPORT)
        .children(Answer::Success(refused.iter().map(warning).collect()).tags())
        .children((!taken.is_empty()).then(details));
    checked(&message, Action::Acknowledgments, agreed)
}

/// The answer to a message of one of the actions that are answered with success or errors and nothing else.
pub fn answer(action: Action, answer: &Answer) -> String {
    Tag::message(action.root(Side::Answer), REPORT)
        .children(answer.tags())
        .document()
}

fn checked(message: &Tag, action: Action, agreed: &Agreed) -> Result<String, Refusal> {
    let text = message.document();
    verdict::check(text.as_bytes(), action, Side::Request, agreed)?;
    Ok(text)
}
