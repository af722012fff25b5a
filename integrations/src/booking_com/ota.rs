//! A `HotelReservation` or `HotelResModify` of Booking.com's OTA (2003B): amounts are whole minor units with their
//! `DecimalPlaces`, nights stand in the room's rates, and no element says when the guest comes or goes.

use super::{SELLER, payment, plan, revision};
use crate::ota::element::Element;
use crate::ota::refusal::{Code, Refusal};
use crate::ota::reservation::{self, SHORT, booker, bounds, code, customer, lines, name, people, said};
use crate::text::clean;
use chrono::{Days, NaiveDate};
use innkeep_domain::channel::revision::{
    ChannelRevision, ChannelRoom, Charge, Particulars, RevisionStatus, VirtualCard,
};
use rust_decimal::Decimal;

/// After taxes where they are included, else before them.
const AMOUNTS: [&str; 2] = ["AmountAfterTax", "AmountBeforeTax"];
/// More than any currency has.
const MOST_PLACES: u32 = 4;

/// `changed`: from the queue of changes and cancellations. A cancellation says so, or it has no rooms.
pub(super) fn reservation(at: Element<'_>, changed: bool) -> Result<ChannelRevision, Refusal> {
    let about = at.need_child("ResGlobalInfo")?;
    let id = about.list("HotelReservationIDs", "HotelReservationID").next();
    let id = id.ok_or_else(|| about.wrong(Code::MISSING, "HotelReservationID is missing"))?;
    let booking_ref = id.need("ResID_Value")?.to_owned();
    let stays: Vec<Element<'_>> = at.list("RoomStays", "RoomStay").collect();
    let called_off = at
        .get("ResStatus")
        .is_some_and(|status| status.starts_with("Cancel"));
    let status = match changed {
        _ if called_off => RevisionStatus::Cancelled,
        true if stays.is_empty() => RevisionStatus::Cancelled,
        true => RevisionStatus::Modified,
        false => RevisionStatus::New,
    };
    let rooms: Vec<ChannelRoom> = match status {
        RevisionStatus::Cancelled => Vec::new(),
        _ => stays
            .iter()
            .map(|stay| room(at, *stay))
            .collect::<Result<_, _>>()?,
    };
    let total = about.child("Total");
    let commission = about.at(&["TotalCommissions", "CommissionPayableAmount"]);
    Ok(ChannelRevision {
        revision: revision(at, &booking_ref),
        revised_at: at.instant("LastModifyDateTime"),
        status,
        code: booking_ref.clone(),
        sold_by: SELLER.to_owned(),
        currency: currency(total, &stays),
        total: total.map(of_total).transpose()?.unwrap_or_default(),
        commission: commission.map(|one| minor(one, "Amount")).transpose()?.flatten(),
        booker: customer(about).map(booker).unwrap_or_default(),
        notes: notes(at, about),
        particulars: particulars(at, about, &stays),
        booking_ref,
        rooms,
    })
}

fn currency(total: Option<Element<'_>>, stays: &[Element<'_>]) -> String {
    let of_rooms = stays.iter().filter_map(|stay| stay.child("Total"));
    reservation::currency(total.into_iter().chain(of_rooms), "CurrencyCode")
}

/// In minor units where it has `DecimalPlaces`, else a decimal.
fn minor(at: Element<'_>, attribute: &str) -> Result<Option<Decimal>, Refusal> {
    let told = at.amount(attribute)?;
    let Some((amount, places)) = told.zip(at.number("DecimalPlaces")?) else {
        return Ok(told);
    };
    if places > MOST_PLACES || amount.scale() > 0 {
        return Err(at.wrong(Code::INVALID_VALUE, format!("{attribute} is not in minor units")));
    }
    let whole = Decimal::new(1, places);
    Ok(Some(amount * whole))
}

fn of_total(total: Element<'_>) -> Result<Decimal, Refusal> {
    for attribute in AMOUNTS {
        if let Some(amount) = minor(total, attribute)? {
            return Ok(amount);
        }
    }
    Err(total.wrong(Code::MISSING, "has no amount"))
}

fn notes(at: Element<'_>, about: Element<'_>) -> Option<String> {
    let of_booking = about.list("Comments", "Comment");
    let of_rooms = at.list("RoomStays", "RoomStay").flat_map(|stay| {
        let comments = stay.list("Comments", "Comment");
        comments.chain(stay.list("SpecialRequests", "SpecialRequest"))
    });
    lines(of_booking.chain(of_rooms).filter_map(|one| one.child("Text")))
}

fn room(reservation: Element<'_>, stay: Element<'_>) -> Result<ChannelRoom, Refusal> {
    let nights = nights(stay)?;
    let none = || {
        stay.wrong(
            Code::DATES,
            "has no RoomRate, so it is not known when the guest comes",
        )
    };
    let (first, last) = nights.first().zip(nights.last()).ok_or_else(none)?;
    let after = last.0.checked_add_days(Days::new(1)).ok_or_else(none)?;
    let (arrival, departure) = (first.0, after);
    bounds(stay, arrival, departure)?;
    let (adults, children) = people(stay)?;
    Ok(ChannelRoom {
        room_ref: stay.get("IndexNumber").and_then(|number| clean(number, SHORT)),
        room_type: code(stay, &["RoomTypes", "RoomType"], "RoomTypeCode"),
        // Nights may have different plans: that of the first is taken for the room's.
        rate_plan: plans(stay).next().map(|(id, _)| id),
        arrival,
        departure,
        amount: match stay.child("Total") {
            Some(total) => of_total(total)?,
            None => nights.iter().map(|(_, price)| price).sum(),
        },
        nights,
        adults,
        children,
        guest_name: guest(reservation, stay),
    })
}

fn rates(stay: Element<'_>) -> impl Iterator<Item = Element<'_>> {
    stay.list("RoomRates", "RoomRate")
}

/// One rate for each night of a room.
fn nights(stay: Element<'_>) -> Result<Vec<(NaiveDate, Decimal)>, Refusal> {
    reservation::nights(rates(stay), "EffectiveDate", |rate| {
        let total = rate.at(&["Rates", "Rate", "Total"]);
        Ok(total.map(of_total).transpose()?.unwrap_or_default())
    })
}

fn plans(stay: Element<'_>) -> impl Iterator<Item = (String, bool)> {
    rates(stay)
        .filter_map(|rate| rate.get("RatePlanCode"))
        .map(plan::read)
}

/// Who sleeps in this room: the guest it names by number.
fn guest(reservation: Element<'_>, stay: Element<'_>) -> Option<String> {
    let number = stay.list("ResGuestRPHs", "ResGuestRPH").next()?.get("RPH")?;
    let mut guests = reservation.list("ResGuests", "ResGuest");
    let found = guests.find(|guest| guest.get("ResGuestRPH") == Some(number))?;
    reservation::known(&name(customer(found)?))
}

/// What is written wrongly here is left out: it must not cost the booking.
fn particulars(at: Element<'_>, about: Element<'_>, stays: &[Element<'_>]) -> Particulars {
    let card = reservation::payment_card(about)
        .and_then(virtual_card)
        .or_else(|| {
            let mut plans = stays.iter().flat_map(|stay| plans(*stay));
            plans.any(|(_, by_card)| by_card).then(VirtualCard::default)
        });
    Particulars {
        extras: at.list("Services", "Service").filter_map(extra).collect(),
        taxes: stays.iter().flat_map(|stay| taxes(*stay)).collect(),
        payment: payment(card),
    }
}

/// Only a virtual card has a day from which it is sold for, or a day on which it ends.
fn virtual_card(card: Element<'_>) -> Option<VirtualCard> {
    let day = |name| card.date(name).ok().flatten();
    let (from, until) = (day("EffectiveDate"), day("VCCExpirationDate"));
    (from.is_some() || until.is_some()).then_some(VirtualCard {
        chargeable_from: from,
        chargeable_until: until,
    })
}

fn extra(service: Element<'_>) -> Option<Charge> {
    let fees = service.at(&["ServiceDetails", "Fees"])?.all("Fee");
    let amounts: Vec<Decimal> = fees
        .filter_map(|fee| minor(fee, "Amount").ok().flatten())
        .collect();
    Some(Charge {
        name: addon(service.get("ServiceInventoryCode")?),
        amount: amounts.iter().sum(),
        included: None,
    })
}

/// As the guest sees them.
fn taxes(stay: Element<'_>) -> impl Iterator<Item = Charge> {
    let all = stay.at(&["PriceDetails", "GuestView"]).into_iter();
    all.flat_map(|view| view.list("Taxes", "Tax")).filter_map(|tax| {
        Some(Charge {
            name: said(tax.at(&["TaxDescription", "Text"]), SHORT)?,
            amount: minor(tax, "Amount").ok()??,
            included: tax.get("Type").map(|kind| kind == "Inclusive"),
        })
    })
}

/// The addons of Booking.com's list by their number.
fn addon(number: &str) -> String {
    let name = match number.trim() {
        "1" => "Breakfast",
        "2" => "Continental breakfast",
        "3" => "American breakfast",
        "4" => "Buffet breakfast",
        "5" => "Full English breakfast",
        "6" => "Lunch",
        "7" => "Dinner",
        "8" => "Half board",
        "9" => "Full board",
        "20" => "WiFi",
        "21" => "Internet",
        "22" => "Parking space",
        "23" => "Extra bed",
        "24" => "Baby cot",
        other => return format!("Addon {}", clean(other, SHORT).unwrap_or_default()),
    };
    name.to_owned()
}
