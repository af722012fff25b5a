//! A `reservation` of B.XML: elements without a namespace, amounts as decimals, and an empty element for what is not known.

use super::{SELLER, payment, plan, revision};
use crate::ota::element::Element;
use crate::ota::refusal::{Code, Refusal};
use crate::ota::reservation::{LONG, SHORT, bounded, bounds, country, full_name, lines, said};
use chrono::{DateTime, NaiveDate, Utc};
use innkeep_domain::channel::revision::{
    Booker, ChannelRevision, ChannelRoom, Charge, NO_CURRENCY, Particulars, RevisionStatus, VirtualCard,
};
use rust_decimal::Decimal;

pub(super) fn reservation(at: Element<'_>) -> Result<ChannelRevision, Refusal> {
    let need = |name| word(at, name).ok_or_else(|| at.wrong(Code::MISSING, format!("{name} is missing")));
    let booking_ref = need("id")?;
    let status = match need("status")?.as_str() {
        "new" => RevisionStatus::New,
        "modified" => RevisionStatus::Modified,
        "cancelled" => RevisionStatus::Cancelled,
        _ => return Err(at.wrong(Code::INVALID_VALUE, "status is none of new, modified, cancelled")),
    };
    let rooms: Vec<ChannelRoom> = match status {
        RevisionStatus::Cancelled => Vec::new(),
        _ => at.all("room").map(room).collect::<Result<_, _>>()?,
    };
    let customer = at.child("customer");
    Ok(ChannelRevision {
        revision: revision(at, &booking_ref),
        revised_at: moment(at, "modified_at").or_else(|| moment(at, "booked_at")),
        status,
        code: booking_ref.clone(),
        sold_by: SELLER.to_owned(),
        currency: word(at, "currencycode").unwrap_or_else(|| NO_CURRENCY.to_owned()),
        total: amount(at, "totalprice")?.unwrap_or_default(),
        commission: amount(at, "commissionamount")?,
        booker: customer.map(booker).unwrap_or_default(),
        notes: notes(at),
        particulars: particulars(at),
        booking_ref,
        rooms,
    })
}

/// A child's text; an empty one says nothing.
fn word(at: Element<'_>, name: &'static str) -> Option<String> {
    said(at.child(name), SHORT)
}

/// A child that is there and not empty.
fn told<'a>(at: Element<'a>, name: &'static str) -> Option<Element<'a>> {
    at.child(name).filter(|child| !child.text().trim().is_empty())
}

fn amount(at: Element<'_>, name: &'static str) -> Result<Option<Decimal>, Refusal> {
    told(at, name).map(Element::text_amount).transpose()
}

fn day(at: Element<'_>, name: &'static str) -> Result<NaiveDate, Refusal> {
    at.need_child(name)?.text_date()
}

/// `date` and `time` are those of the booking and never change; newer messages have these, with an offset.
fn moment(at: Element<'_>, name: &'static str) -> Option<DateTime<Utc>> {
    at.child(name)?.text_instant()
}

fn booker(customer: Element<'_>) -> Booker {
    Booker {
        name: full_name([word(customer, "first_name"), word(customer, "last_name")]),
        email: word(customer, "email"),
        phone: word(customer, "telephone"),
        country: word(customer, "countrycode").and_then(|code| country(&code)),
    }
}

/// What the guest wrote, for the booking and for its rooms.
fn notes(at: Element<'_>) -> Option<String> {
    let of_rooms = at.all("room").filter_map(|room| room.child("remarks"));
    let of_booking = at.child("customer").and_then(|one| one.child("remarks"));
    lines(of_booking.into_iter().chain(of_rooms))
}

fn room(at: Element<'_>) -> Result<ChannelRoom, Refusal> {
    let (arrival, departure) = (day(at, "arrival_date")?, day(at, "departure_date")?);
    bounds(at, arrival, departure)?;
    let mut nights = Vec::new();
    for price in at.all("price") {
        let night = price.date("date")?;
        let night = night.ok_or_else(|| price.wrong(Code::DATES, "date is missing"))?;
        if (arrival..departure).contains(&night) {
            nights.push((night, price.text_amount()?));
        }
    }
    nights.sort();
    let (adults, children) = people(at)?;
    Ok(ChannelRoom {
        room_ref: word(at, "roomreservation_id"),
        room_type: word(at, "id"),
        // Nights may have different plans: that of the first is taken for the room's.
        rate_plan: plans(at).next().map(|(id, _)| id),
        arrival,
        departure,
        amount: match amount(at, "totalprice")? {
            Some(total) => total,
            None => nights.iter().map(|(_, price)| price).sum(),
        },
        nights,
        adults,
        children,
        guest_name: word(at, "guest_name"),
    })
}

fn plans(room: Element<'_>) -> impl Iterator<Item = (String, bool)> {
    room.all("price")
        .filter_map(|price| price.get("rate_id"))
        .map(plan::read)
}

/// Newer messages count adults and children; older ones only say how many come.
fn people(room: Element<'_>) -> Result<(i32, i32), Refusal> {
    let (mut adults, mut children) = (0_u32, 0_u32);
    for count in room.list("guest_counts", "guest_count") {
        let number = count.number("count")?.unwrap_or_default();
        let of = if count.get("type") == Some("adult") {
            &mut adults
        } else {
            &mut children
        };
        *of = of.saturating_add(number);
    }
    if adults == 0 && children == 0 {
        let all = word(room, "numberofguests").and_then(|text| text.parse().ok());
        adults = all.unwrap_or_default();
    }
    Ok((bounded(adults), bounded(children)))
}

/// What is written wrongly here is left out: it must not cost the booking.
fn particulars(at: Element<'_>) -> Particulars {
    let addons = at.all("room").flat_map(|room| room.list("addons", "addon"));
    let charge = |addon| {
        Some(Charge {
            name: said(told(addon, "name"), LONG)?,
            amount: amount(addon, "totalprice").ok()??,
            // A room's price is that of its nights and its addons.
            included: Some(true),
        })
    };
    let mut plans = at.all("room").flat_map(plans);
    let card = plans.any(|(_, by_card)| by_card).then(VirtualCard::default);
    Particulars {
        extras: addons.filter_map(charge).collect(),
        taxes: Vec::new(),
        payment: payment(card),
    }
}
