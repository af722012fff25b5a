//! A `BookingRetrievalRS`: what Expedia answers to who asks for bookings. Attributes carry everything.

use super::{ROOM, payment};
use crate::ota::element::Element;
use crate::ota::refusal::{Code, Refusal};
use crate::ota::reservation::{self, LONG, SHORT, bounded, bounds, full_name, lines, phone, said};
use crate::text::clean;
use chrono::NaiveDate;
use innkeep_domain::channel::revision::{
    Booker, ChannelRevision, ChannelRoom, Collector, Particulars, Payment, RevisionStatus,
};
use rust_decimal::Decimal;

pub(super) fn bookings(root: Element<'_>) -> Result<Vec<Result<ChannelRevision, Refusal>>, Refusal> {
    if let Some(error) = root.child("Error") {
        let words = said(Some(error), LONG).unwrap_or_default();
        return Err(error.wrong(Code::UNABLE, format!("Expedia refused to tell: {words}")));
    }
    Ok(root.list("Bookings", "Booking").map(booking).collect())
}

fn booking(at: Element<'_>) -> Result<ChannelRevision, Refusal> {
    let id = at.need("id")?.to_owned();
    let kind = at.need("type")?;
    let status = match kind {
        "Book" => RevisionStatus::New,
        "Modify" => RevisionStatus::Modified,
        "Cancel" => RevisionStatus::Cancelled,
        _ => return Err(at.wrong(Code::INVALID_VALUE, "type is none of Book, Modify, Cancel")),
    };
    let guest = at.child("PrimaryGuest").map(booker).unwrap_or_default();
    let stay = at.need_child("RoomStay")?;
    let total = stay.child("Total");
    let of_total = |name| reservation::amount(total, name);
    let amount = of_total("amountAfterTaxes")?.unwrap_or_default();
    let (seller, collector) = at.get("source").map(payment::seller).unzip();
    let rooms = match status {
        RevisionStatus::Cancelled => Vec::new(),
        _ => vec![room(stay, amount, &guest)?],
    };
    Ok(ChannelRevision {
        // Repeated until it is confirmed, a message has the same three.
        revision: format!("{kind}/{id}/{}", at.get("createDateTime").unwrap_or_default()),
        revised_at: at.instant("createDateTime"),
        status,
        code: id.clone(),
        booking_ref: id,
        sold_by: seller
            .and_then(|name| clean(name, SHORT))
            .unwrap_or_else(|| "Expedia".to_owned()),
        currency: currency(stay),
        total: amount,
        commission: None,
        booker: guest,
        notes: lines(at.all("SpecialRequest")),
        particulars: Particulars {
            extras: Vec::new(),
            taxes: payment::taxes(of_total("amountOfTaxes")?),
            payment: rooms
                .first()
                .map(|room| paid(stay, collector, room))
                .unwrap_or_default(),
        },
        rooms,
    })
}

fn paid(stay: Element<'_>, collector: Option<Collector>, room: &ChannelRoom) -> Payment {
    let holder = stay
        .at(&["PaymentCard", "CardHolder"])
        .and_then(|one| one.get("name"));
    payment::payment(collector, holder, room.arrival, room.departure)
}

/// Cancellations name none.
fn currency(stay: Element<'_>) -> String {
    let places = [stay.child("Total"), stay.child("PerDayRates")];
    reservation::currency(places.into_iter().flatten(), "currency")
}

fn booker(guest: Element<'_>) -> Booker {
    let name = guest.child("Name");
    let part = |which| name.and_then(|name| clean(name.get(which)?, SHORT));
    let number = guest.child("Phone");
    let of_number = |which| number.and_then(|number| number.get(which));
    Booker {
        name: full_name([part("givenName"), part("surname")]),
        email: said(guest.child("Email"), SHORT),
        phone: phone(["countryCode", "cityAreaCode", "number"].map(of_number)),
        country: None,
    }
}

fn room(stay: Element<'_>, amount: Decimal, guest: &Booker) -> Result<ChannelRoom, Refusal> {
    let dates = stay.need_child("StayDate")?;
    let missing = || dates.wrong(Code::DATES, "says no arrival and departure");
    let (arrival, departure) = dates
        .date("arrival")?
        .zip(dates.date("departure")?)
        .ok_or_else(missing)?;
    bounds(dates, arrival, departure)?;
    let people = stay.child("GuestCount");
    let count = |which| {
        people
            .map(|people| people.number(which))
            .transpose()
            .map(Option::flatten)
    };
    let mut nights = nights(stay)?;
    nights.retain(|(night, _)| (arrival..departure).contains(night));
    Ok(ChannelRoom {
        room_ref: Some(ROOM.to_owned()),
        room_type: stay.get("roomTypeID").and_then(|id| clean(id, SHORT)),
        rate_plan: stay.get("ratePlanID").and_then(|id| clean(id, SHORT)),
        arrival,
        departure,
        nights,
        amount,
        adults: bounded(count("adult")?.unwrap_or_default()),
        children: bounded(count("child")?.unwrap_or_default()),
        guest_name: reservation::known(&guest.name),
    })
}

/// With the fees for further guests and for service.
fn nights(stay: Element<'_>) -> Result<Vec<(NaiveDate, Decimal)>, Refusal> {
    reservation::nights(stay.list("PerDayRates", "PerDayRate"), "stayDate", |rate| {
        let mut price = Decimal::ZERO;
        for part in ["baseRate", "extraPersonFees", "hotelServiceFees"] {
            price += rate.amount(part)?.unwrap_or_default();
        }
        Ok(price)
    })
}
