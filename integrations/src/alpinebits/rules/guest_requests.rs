//! GuestRequests: questions, reservations, their changes and cancellations.

use super::codes;
use super::common::{self, Period};
use crate::alpinebits::action::Action;
use crate::alpinebits::capability::Capability;
use crate::alpinebits::verdict::Agreed;
use crate::ota::element::Element;
use crate::ota::refusal::{Code, Refusal};
use std::collections::HashSet;

pub(super) fn read_request(root: Element<'_>) -> Result<(), Refusal> {
    root.list("ReadRequests", "HotelReadRequest")
        .try_for_each(common::hotel)
}

/// Reservations one may have got, or the sender's errors.
pub(super) fn list(all: Option<Element<'_>>, action: Action, agreed: &Agreed) -> Result<(), Refusal> {
    let all = all.into_iter().flat_map(|list| list.all("HotelReservation"));
    for at in all {
        identified(at)?;
        if action != Action::StatusUpdate {
            reservation(at, action, agreed)?;
        }
    }
    Ok(())
}

/// A thing is taken or refused, not both. `within` leads to the list of what was taken.
pub(super) fn acknowledged(root: Element<'_>, within: &[&'static str]) -> Result<(), Refusal> {
    let taken = root
        .at(within)
        .into_iter()
        .flat_map(|at| at.list("HotelReservations", "HotelReservation"));
    let taken: HashSet<&str> = taken.filter_map(|at| at.child("UniqueID")?.get("ID")).collect();
    let refused = root
        .list("Warnings", "Warning")
        .filter(|at| at.get("RecordID").is_some());
    for at in refused {
        if at.get("RecordID").is_some_and(|id| taken.contains(id)) {
            return Err(at.wrong(Code::UNABLE, "refuses what is acknowledged as well"));
        }
    }
    Ok(())
}

/// Cancellations have identifiers of their own type.
fn identified(at: Element<'_>) -> Result<(), Refusal> {
    let id = at.need_child("UniqueID")?;
    let cancelled = at.get("ResStatus") == Some("Cancelled");
    if cancelled != (id.get("Type") == Some("15")) {
        return Err(id.wrong(
            Code::INVALID_VALUE,
            "Type is 15 for a cancellation and 14 for everything else",
        ));
    }
    Ok(())
}

fn reservation(at: Element<'_>, action: Action, agreed: &Agreed) -> Result<(), Refusal> {
    let stays = || at.list("RoomStays", "RoomStay");
    let status = at.get("ResStatus").unwrap_or_default();
    // An enquiry may be about nothing but the person, e.g. for a newsletter.
    let enquiry = at.has("RoomStayReservation") && !at.flag("RoomStayReservation");
    match (status, enquiry) {
        ("Cancelled", _) => {}
        ("Requested", true) => at.bare(&["RoomStays"], "where no room is asked for")?,
        _ => {
            at.need_child("RoomStays")?;
        }
    }
    if status != "Cancelled" {
        at.need_child("ResGuests")?;
        at.need_child("ResGlobalInfo")?;
    }
    let binding = matches!(status, "Reserved" | "Modify");
    stays().try_for_each(|stay| room_stay(stay, binding, action, agreed))?;
    services(at)?;
    at.child("ResGlobalInfo").map_or(Ok(()), global)
}

fn room_stay(at: Element<'_>, binding: bool, action: Action, agreed: &Agreed) -> Result<(), Refusal> {
    if binding {
        at.need_child("RoomTypes")?
            .need_child("RoomType")?
            .need("RoomTypeCode")?;
        at.need_child("RatePlans")?;
        at.need_child("GuestCounts")?;
        at.need_child("Total")?;
    }
    if let Some(class) = at
        .at(&["RoomTypes", "RoomType"])
        .and_then(|kind| kind.get("RoomClassificationCode"))
        && !codes::guest_room(class)
    {
        return Err(at.wrong(Code::ROOM_TYPE, "RoomClassificationCode is not of the list GRI"));
    }
    if let Some(rates) = at.child("RoomRates") {
        let pulled = action == Action::GuestRequests;
        agreed.need(
            if pulled {
                Capability::ReadRoomRates
            } else {
                Capability::PushRoomRates
            },
            rates,
        )?;
        room_rates(rates)?;
    }
    span(at.need_child("TimeSpan")?, binding)?;
    at.child("Guarantee").map_or(Ok(()), card)
}

/// From arrival to departure, or for enquiries any nights in a window.
fn span(at: Element<'_>, binding: bool) -> Result<(), Refusal> {
    if let Some(window) = at.child("StartDateWindow") {
        Period::need(window, "EarliestDate", "LatestDate")?;
        at.bare(&["Start", "End"], "beside a window")?;
    } else {
        let stay = Period::need(at, "Start", "End")?;
        if stay.from == stay.last {
            return Err(at.wrong(Code::DATES, "the departure is not after the arrival"));
        }
    }
    if binding {
        at.bare(&["StartDateWindow"], "in a reservation")?;
    }
    Ok(())
}

fn room_rates(at: Element<'_>) -> Result<(), Refusal> {
    for rate in at.all("RoomRate").flat_map(|one| one.list("Rates", "Rate")) {
        if rate.has("ExpireDate") {
            Period::need(rate, "EffectiveDate", "ExpireDate")?;
        }
    }
    Ok(())
}

/// Readable or encrypted, not both, and never with half of what decrypting needs.
fn card(guarantee: Element<'_>) -> Result<(), Refusal> {
    let path = ["GuaranteesAccepted", "GuaranteeAccepted", "PaymentCard"];
    let Some(card) = guarantee.at(&path) else {
        return Ok(());
    };
    let number = card.need_child("CardNumber")?;
    let (plain, encrypted) = (number.child("PlainText").is_some(), number.has("EncryptedValue"));
    if plain == encrypted {
        return Err(number.wrong(
            Code::INVALID_VALUE,
            "the number is either PlainText or EncryptedValue",
        ));
    }
    if encrypted != number.has("EncryptionMethod") {
        return Err(number.wrong(Code::MISSING, "EncryptionMethod stands beside EncryptedValue"));
    }
    let month = card
        .get("ExpireDate")
        .and_then(|date| date.get(..2)?.parse::<u32>().ok());
    if !month.is_some_and(|month| (1..=12).contains(&month)) {
        return Err(card.wrong(Code::INVALID_VALUE, "ExpireDate is not month and year"));
    }
    Ok(())
}

/// Every service once, and none that a room names is missing.
fn services(at: Element<'_>) -> Result<(), Refusal> {
    let all = || {
        at.list("Services", "Service")
            .filter_map(|one| Some((one.get("ServiceRPH")?, one)))
    };
    common::once(all(), "a service of the same ServiceRPH")?;
    let known: HashSet<&str> = all().map(|(number, _)| number).collect();
    let named = at
        .list("RoomStays", "RoomStay")
        .flat_map(|stay| stay.list("ServiceRPHs", "ServiceRPH"));
    for one in named {
        if !one.get("RPH").is_some_and(|number| known.contains(number)) {
            return Err(one.wrong(Code::INVALID_VALUE, "no service has this RPH"));
        }
    }
    Ok(())
}

fn global(at: Element<'_>) -> Result<(), Refusal> {
    common::hotel(at.need_child("BasicPropertyInfo")?)?;
    let comments = || at.list("Comments", "Comment");
    common::once(
        comments().map(|one| (one.get("Name"), one)),
        "a comment of the same Name",
    )?;
    for one in comments() {
        match one.get("Name") {
            Some("included services") => one.bare(&["Text"], "in this comment")?,
            Some("customer comment") => one.bare(&["ListItem"], "in this comment")?,
            _ => {}
        }
        one.all("ListItem").try_for_each(common::language)?;
    }
    Ok(())
}
