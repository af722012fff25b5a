//! Reservations in our words. They were sold already: what the rules let through is taken.

use crate::ota::element::Element;
use crate::ota::refusal::Refusal;
use crate::ota::reservation::{self, SHORT};
use crate::text::clean;
use chrono::{Days, NaiveDate};
use innkeep_domain::channel::revision::{
    Booker, ChannelRevision, ChannelRoom, Charge, NO_CURRENCY, Particulars, RevisionStatus,
};
use rust_decimal::Decimal;

/// A `HotelReservation`; none if it is a question and not a booking. `currency` is the hotel's, for bookings that name
/// none. Cancellations may carry nothing but their id: of their rooms nothing is read.
pub fn revision(at: Element<'_>, currency: &str) -> Result<Option<ChannelRevision>, Refusal> {
    let status = match at.get("ResStatus") {
        Some("Reserved") => RevisionStatus::New,
        Some("Modify") => RevisionStatus::Modified,
        Some("Cancelled") => RevisionStatus::Cancelled,
        _ => return Ok(None),
    };
    let id = at.need_child("UniqueID")?;
    let booking_ref = id.need("ID")?.to_owned();
    let cancelled = status == RevisionStatus::Cancelled;
    let stamp = at
        .get("LastModifyDateTime")
        .or(at.get("CreateDateTime"))
        .unwrap_or_default();
    let guest = at.at(&["ResGuests", "ResGuest"]);
    let customer = guest.and_then(reservation::customer);
    let booker = customer.map(reservation::booker).unwrap_or_default();
    let stays = at.list("RoomStays", "RoomStay").filter(|_| !cancelled);
    let stays: Vec<Element<'_>> = stays.collect();
    let rooms: Vec<ChannelRoom> = stays
        .iter()
        .zip(1..)
        .map(|(stay, position)| room(*stay, position, &booker))
        .collect::<Result<_, _>>()?;
    let stated = stays
        .iter()
        .find_map(|stay| stay.child("Total")?.get("CurrencyCode"));
    Ok(Some(ChannelRevision {
        // Redelivered unchanged, a message has the same three.
        revision: format!("{}/{booking_ref}/{stamp}", id.need("Type")?),
        revised_at: reservation::revised_at(
            status,
            at.instant("LastModifyDateTime"),
            at.instant("CreateDateTime"),
        ),
        status,
        code: booking_ref.clone(),
        sold_by: seller(at).unwrap_or_else(|| "AlpineBits".to_owned()),
        currency: stated
            .unwrap_or(if cancelled { NO_CURRENCY } else { currency })
            .to_owned(),
        total: rooms.iter().map(|room| room.amount).sum::<Decimal>() + services(at)?,
        commission: commission(&stays)?,
        particulars: particulars(at),
        notes: notes(at),
        booking_ref,
        booker,
        rooms,
    }))
}

fn seller(at: Element<'_>) -> Option<String> {
    let mut ids = at
        .child("ResGlobalInfo")?
        .list("HotelReservationIDs", "HotelReservationID");
    ids.find_map(|id| clean(id.get("ResID_Source")?, SHORT))
}

fn notes(at: Element<'_>) -> Option<String> {
    let comments = at.child("ResGlobalInfo")?.list("Comments", "Comment");
    reservation::lines(comments.filter_map(|one| one.child("Text")))
}

/// Services come on top of the rooms, unless they are in their price.
fn services(at: Element<'_>) -> Result<Decimal, Refusal> {
    let mut sum = Decimal::ZERO;
    for service in at
        .list("Services", "Service")
        .filter(|service| !service.flag("Inclusive"))
    {
        if let Some(total) = service.at(&["ServiceDetails", "Total"]) {
            sum += total.amount("AmountAfterTax")?.unwrap_or_default();
        }
    }
    Ok(sum)
}

/// What else was sold with the rooms. All of it is in the total: on top of the rooms, or in their price.
fn particulars(at: Element<'_>) -> Particulars {
    let charge = |service: Element<'_>| {
        let details = service.child("ServiceDetails")?;
        let described = reservation::said(details.at(&["ServiceDescription", "Text"]), SHORT);
        Some(Charge {
            name: described.or_else(|| clean(service.get("ServiceInventoryCode")?, SHORT))?,
            amount: details.child("Total")?.amount("AmountAfterTax").ok()??,
            included: Some(true),
        })
    };
    let services = at.list("Services", "Service");
    let (taxes, extras): (Vec<_>, Vec<_>) =
        services.partition(|service| service.get("ServiceCategoryCode") == Some("TOURISTTAX"));
    Particulars {
        extras: extras.into_iter().filter_map(charge).collect(),
        taxes: taxes.into_iter().filter_map(charge).collect(),
        ..Particulars::default()
    }
}

/// In money, or as a part of the room's price.
fn commission(stays: &[Element<'_>]) -> Result<Option<Decimal>, Refusal> {
    let mut sum = None;
    for stay in stays {
        let Some(told) = stay.at(&["RatePlans", "RatePlan", "Commission"]) else {
            continue;
        };
        let payable = reservation::amount(told.child("CommissionPayableAmount"), "Amount")?;
        let part = told.number("Percent")?.map(Decimal::from);
        let share = part.map(|percent| Ok::<_, Refusal>(amount(*stay)? * percent / Decimal::ONE_HUNDRED));
        if let Some(own) = payable.or(share.transpose()?) {
            sum = Some(sum.unwrap_or_default() + own);
        }
    }
    Ok(sum)
}

fn amount(stay: Element<'_>) -> Result<Decimal, Refusal> {
    let total = reservation::amount(stay.child("Total"), "AmountAfterTax")?;
    Ok(total.unwrap_or_default())
}

/// Rooms have no ids: the same place in the list is taken for the same room.
fn room(stay: Element<'_>, position: usize, booker: &Booker) -> Result<ChannelRoom, Refusal> {
    let (arrival, departure) = reservation::time_span(stay)?;
    let mut nights = nights(stay, departure)?;
    nights.retain(|(night, _)| (arrival..departure).contains(night));
    let (adults, children) = reservation::people(stay)?;
    Ok(ChannelRoom {
        room_ref: Some(position.to_string()),
        room_type: reservation::code(stay, &["RoomTypes", "RoomType"], "RoomTypeCode"),
        rate_plan: reservation::code(stay, &["RatePlans", "RatePlan"], "RatePlanCode"),
        arrival,
        departure,
        nights,
        amount: amount(stay)?,
        adults,
        children,
        guest_name: reservation::known(&booker.name),
    })
}

/// Prices by night, where a message has them (2024-10): from the day it takes effect, until it expires.
fn nights(stay: Element<'_>, departure: NaiveDate) -> Result<Vec<(NaiveDate, Decimal)>, Refusal> {
    let mut nights = Vec::new();
    for rate in stay
        .list("RoomRates", "RoomRate")
        .flat_map(|one| one.list("Rates", "Rate"))
    {
        let Some(from) = rate.date("EffectiveDate")? else {
            continue;
        };
        let mut price = Decimal::ZERO;
        for base in rate.all("Base") {
            price += base.amount("AmountAfterTax")?.unwrap_or_default();
        }
        let last = match rate.date("ExpireDate")? {
            Some(last) if rate.flag("ExpireDateExclusiveInd") => last.pred_opt().unwrap_or(last).max(from),
            Some(last) => last,
            None => from,
        };
        let days = std::iter::successors(Some(from), |day| day.checked_add_days(Days::new(1)));
        nights.extend(
            days.take_while(|day| *day <= last && *day < departure)
                .map(|day| (day, price)),
        );
    }
    nights.sort();
    nights.dedup_by_key(|(night, _)| *night);
    Ok(nights)
}
