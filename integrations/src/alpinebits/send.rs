//! Messages that we send. Each is held against the same schema and rules as what comes in, before it goes out.

use super::action::{Action, Side};
use super::receive::GuestRequest;
use super::verdict::{self, Agreed};
use crate::ota::answer::{Answer, Notice, Type};
use crate::ota::refusal::{Code, Refusal};
use crate::ota::tag::Tag;
use chrono::{DateTime, SecondsFormat, Utc};
use innkeep_domain::ports::channel::{AvailabilityRange, Season};

/// Version attributes of OTA 2015A, by message.
const FREE_ROOMS: &str = "4";
const READ: &str = "1.001";
const REPORT: &str = "1.000";

/// Absolute counts of each category, as changes of what was told before.
pub fn free_rooms(
    hotel_code: &str,
    ranges: &[AvailabilityRange],
    agreed: &Agreed,
) -> Result<String, Refusal> {
    let inventories = Tag::new("Inventories")
        .with("HotelCode", hotel_code)
        .children(ranges.iter().map(inventory));
    let message = Tag::message(Action::FreeRooms.root(Side::Request), FREE_ROOMS).child(inventories);
    checked(&message, Action::FreeRooms, agreed)
}

/// A complete set: absolute counts of each category, and nothing else is free. Closing seasons come first; what is told
/// of their nights is that the house is closed, and nothing more. Without anything it says that nothing is known any more.
pub fn complete_set(
    hotel_code: &str,
    ranges: &[AvailabilityRange],
    seasons: &[Season],
    agreed: &Agreed,
) -> Result<String, Refusal> {
    let open: Vec<_> = ranges.iter().flat_map(|range| outside(range, seasons)).collect();
    let mut inventories = Tag::new("Inventories")
        .with("HotelCode", hotel_code)
        .children(seasons.iter().map(closing_season))
        .children(open.iter().map(inventory));
    if open.is_empty() && seasons.is_empty() {
        inventories = inventories.child(Tag::new("Inventory"));
    }
    let set = Tag::new("UniqueID")
        .with("Type", "16")
        .with("ID", "1")
        .with("Instance", "CompleteSet");
    let message = Tag::message(Action::FreeRooms.root(Side::Request), FREE_ROOMS)
        .child(set)
        .child(inventories);
    checked(&message, Action::FreeRooms, agreed)
}

fn closing_season(season: &Season) -> Tag {
    let control = Tag::new("StatusApplicationControl")
        .with("Start", season.from)
        .with("End", season.last)
        .with("AllInvCode", true);
    Tag::new("Inventory").child(control)
}

/// What of the range is in no season, which are in order.
fn outside(range: &AvailabilityRange, seasons: &[Season]) -> Vec<AvailabilityRange> {
    let mut parts = Vec::new();
    let mut rest = Some(range.from);
    for season in seasons.iter().filter(|season| season.last >= range.from) {
        let Some(from) = rest.filter(|from| *from <= range.last) else {
            break;
        };
        let last = season.from.pred_opt().map(|before| before.min(range.last));
        parts.extend(last.filter(|last| from <= *last).map(|last| (from, last)));
        rest = season.last.succ_opt();
    }
    parts.extend(
        rest.filter(|from| *from <= range.last)
            .map(|from| (from, range.last)),
    );
    let part = |(from, last)| AvailabilityRange {
        from,
        last,
        ..range.clone()
    };
    parts.into_iter().map(part).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveDate;

    #[test]
    fn nothing_is_said_of_rooms_on_nights_of_a_season() {
        let day = |day| NaiveDate::from_ymd_opt(2027, 1, day).unwrap_or_default();
        let season = |(from, last)| Season {
            from: day(from),
            last: day(last),
        };
        let left = |from, last, seasons: &[(u32, u32)]| {
            let range = AvailabilityRange {
                room: "DZ".to_owned(),
                from: day(from),
                last: day(last),
                availability: 0,
            };
            let seasons: Vec<Season> = seasons.iter().copied().map(season).collect();
            let parts = outside(&range, &seasons);
            parts
                .iter()
                .map(|part| (part.from, part.last))
                .collect::<Vec<_>>()
        };
        let days = |all: &[(u32, u32)]| all.iter().map(|(a, b)| (day(*a), day(*b))).collect::<Vec<_>>();
        assert_eq!(left(3, 9, &[]), days(&[(3, 9)]));
        assert_eq!(left(3, 9, &[(1, 2), (10, 12)]), days(&[(3, 9)]));
        assert_eq!(left(3, 9, &[(1, 3), (5, 6), (9, 12)]), days(&[(4, 4), (7, 8)]));
        assert_eq!(left(3, 9, &[(3, 9)]), days(&[]));
        assert_eq!(left(3, 9, &[(1, 20)]), days(&[]));
    }
}
