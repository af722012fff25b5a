//! A Booking Notification: one OTA message (2003A) in a SOAP envelope. Expedia repeats it until it is answered, with the
//! same `RequestId`.

use super::{ROOM, payment};
use crate::ota::element::Element;
use crate::ota::refusal::{Code, Refusal};
use crate::ota::reservation::{self, SHORT, booker, code, customer, lines, name, people, said, time_span};
use crate::text::clean;
use chrono::NaiveDate;
use innkeep_domain::channel::revision::{
    Booker, ChannelRevision, ChannelRoom, Collector, NO_CURRENCY, Particulars, Payment, RevisionStatus,
};
use rust_decimal::Decimal;

pub(super) fn bookings(envelope: Element<'_>) -> Result<Vec<Result<ChannelRevision, Refusal>>, Refusal> {
    let body = envelope.need_child("Body")?;
    let message = body.children().next();
    let message = message.ok_or_else(|| body.wrong(Code::MISSING, "is empty"))?;
    let booking = match message.name() {
        "OTA_HotelResNotifRQ" => {
            let one = message.list("HotelReservations", "HotelReservation").next();
            stay_told(message, one, RevisionStatus::New)
        }
        "OTA_HotelResModifyNotifRQ" => {
            let one = message.list("HotelResModifies", "HotelResModify").next();
            stay_told(message, one, RevisionStatus::Modified)
        }
        "OTA_CancelRQ" => cancelled(message),
        "OTA_PingRQ" => return Ok(Vec::new()),
        _ => return Err(message.wrong(Code::UNABLE, "is no notification of a booking")),
    };
    Ok(vec![booking])
}

/// Globally unique, and the same when the message is repeated.
fn request(message: Element<'_>) -> Result<String, Refusal> {
    Ok(message.need("EchoToken")?.to_owned())
}

/// The booking's id among those of both sides.
fn id(at: Element<'_>) -> Result<String, Refusal> {
    let found = at.all("UniqueID").find(|id| id.get("Type") == Some("14"));
    let missing = || at.wrong(Code::MISSING, "UniqueID of type 14 is missing");
    Ok(found.ok_or_else(missing)?.need("ID")?.to_owned())
}

fn seller(message: Element<'_>) -> (String, Option<Collector>) {
    let told = message
        .at(&["POS", "Source", "RequestorID"])
        .and_then(|one| one.get("ID"));
    let (name, collector) = told.map(payment::seller).unzip();
    let name = name.and_then(|name| clean(name, SHORT));
    (name.unwrap_or_else(|| "Expedia".to_owned()), collector)
}

fn stay_told(
    message: Element<'_>,
    booking: Option<Element<'_>>,
    status: RevisionStatus,
) -> Result<ChannelRevision, Refusal> {
    let at = booking.ok_or_else(|| message.wrong(Code::MISSING, "has no booking"))?;
    let booking_ref = id(at)?;
    let guest = at.at(&["ResGuests", "ResGuest"]).and_then(customer);
    let guest = guest.map(booker).unwrap_or_default();
    let no_room = || at.wrong(Code::MISSING, "RoomStay is missing");
    let stay = at.list("RoomStays", "RoomStay").next().ok_or_else(no_room)?;
    let total = stay.need_child("Total")?;
    let amount = total.amount("AmountAfterTax")?;
    let amount = amount.ok_or_else(|| total.wrong(Code::MISSING, "AmountAfterTax is missing"))?;
    let room = room(stay, amount, &guest)?;
    let (sold_by, collector) = seller(message);
    let taxes = reservation::amount(total.child("Taxes"), "Amount")?;
    Ok(ChannelRevision {
        revision: request(message)?,
        revised_at: reservation::revised_at(
            status,
            at.instant("LastModifyDateTime"),
            at.instant("CreateDateTime"),
        ),
        status,
        code: booking_ref.clone(),
        booking_ref,
        sold_by,
        currency: reservation::currency([total], "CurrencyCode"),
        total: amount,
        commission: commission(stay, &room.nights)?,
        booker: guest,
        notes: lines(
            stay.list("SpecialRequests", "SpecialRequest")
                .filter_map(|one| one.child("Text")),
        ),
        particulars: Particulars {
            extras: Vec::new(),
            taxes: payment::taxes(taxes),
            payment: paid(stay, collector, &room),
        },
        rooms: vec![room],
    })
}

/// Its id is all that counts.
fn cancelled(message: Element<'_>) -> Result<ChannelRevision, Refusal> {
    let booking_ref = id(message)?;
    let (sold_by, _) = seller(message);
    Ok(ChannelRevision {
        revision: request(message)?,
        revised_at: message.instant("TimeStamp"),
        status: RevisionStatus::Cancelled,
        code: booking_ref.clone(),
        booking_ref,
        sold_by,
        currency: NO_CURRENCY.to_owned(),
        total: Decimal::ZERO,
        commission: None,
        booker: Booker {
            name: message.child("Verification").map(name).unwrap_or_default(),
            ..Booker::default()
        },
        notes: None,
        particulars: Particulars::default(),
        rooms: Vec::new(),
    })
}

fn paid(stay: Element<'_>, collector: Option<Collector>, room: &ChannelRoom) -> Payment {
    let card = reservation::payment_card(stay);
    let holder = said(card.and_then(|card| card.child("CardHolderName")), SHORT);
    payment::payment(collector, holder.as_deref(), room.arrival, room.departure)
}

fn room(stay: Element<'_>, amount: Decimal, guest: &Booker) -> Result<ChannelRoom, Refusal> {
    let (arrival, departure) = time_span(stay)?;
    let (adults, children) = people(stay)?;
    let mut nights = nights(stay)?;
    nights.retain(|(night, _)| (arrival..departure).contains(night));
    Ok(ChannelRoom {
        room_ref: Some(ROOM.to_owned()),
        room_type: code(stay, &["RoomTypes", "RoomType"], "RoomTypeCode"),
        rate_plan: code(stay, &["RatePlans", "RatePlan"], "RatePlanCode"),
        arrival,
        departure,
        nights,
        amount,
        adults,
        children,
        guest_name: reservation::known(&guest.name),
    })
}

/// One rate for each night, before taxes, with what further guests and fees cost.
fn nights(stay: Element<'_>) -> Result<Vec<(NaiveDate, Decimal)>, Refusal> {
    let rates = stay.list("RoomRates", "RoomRate");
    let rates = rates.flat_map(|one| one.list("Rates", "Rate"));
    reservation::nights(rates, "EffectiveDate", price)
}

fn price(rate: Element<'_>) -> Result<Decimal, Refusal> {
    let guests = rate.list("AdditionalGuestAmounts", "AdditionalGuestAmount");
    let before_tax = rate
        .child("Base")
        .into_iter()
        .chain(guests.filter_map(|one| one.child("Amount")));
    let fees = rate
        .list("Fees", "Fee")
        .filter(|fee| fee.get("Type") != Some("Inclusive"));
    let mut price = Decimal::ZERO;
    for part in before_tax
        .map(|at| at.amount("AmountBeforeTax"))
        .chain(fees.map(|at| at.amount("Amount")))
    {
        price += part?.unwrap_or_default();
    }
    Ok(price)
}

/// Told as a part of each night (0.2000 is a fifth), for bookings that the guest pays at the hotel.
fn commission(stay: Element<'_>, nights: &[(NaiveDate, Decimal)]) -> Result<Option<Decimal>, Refusal> {
    let mut sum = None;
    for plan in stay.list("RatePlans", "RatePlan") {
        let part = reservation::amount(plan.child("Commission"), "Percent")?;
        let (Some(part), Some(night)) = (part, plan.date("EffectiveDate")?) else {
            continue;
        };
        let price = nights
            .iter()
            .find(|(day, _)| *day == night)
            .map(|(_, price)| *price);
        sum = Some(sum.unwrap_or_default() + price.unwrap_or_default() * part);
    }
    Ok(sum)
}
