//! A channel's revision becomes a booking. It is already sold there, so it is never refused for lack of stock or of a
//! mapping: taken, alarmed, and every channel is told the truth at once.

use super::cancel::mark_dirty;
use super::entity::{Booking, BookingStatus, ChannelLink, Night, Reservation, Status, new_reference};
use super::save::save;
use super::sell::spans;
use super::store;
use super::unmapped;
use crate::alert;
use crate::channel::connection::Connection;
use crate::channel::dirty;
use crate::channel::mapping::Mapping;
use crate::channel::revision::{ChannelRevision, ChannelRoom, NO_CURRENCY, RevisionStatus};
use crate::channel::standing;
use crate::db::TenantTx;
use crate::desk::segment;
use crate::error::Result;
use crate::event::{self, NewEvent};
use crate::ids::new_id;
use crate::inventory::{self, Delta, Stock};
use crate::money;
use crate::principal::Principal;
use crate::property;
use crate::rates::stay::Stay;
use chrono::{DateTime, NaiveDate, Utc};
use iso_currency::Currency;
use rust_decimal::Decimal;
use serde_json::json;
use std::collections::BTreeMap;
use uuid::Uuid;

/// What became of a revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Created,
    Modified,
    Cancelled,
    /// This revision, or a newer one of the same booking, was applied before.
    AlreadyKnown,
}

#[derive(Debug, Clone)]
pub struct Applied {
    pub booking_id: Uuid,
    pub outcome: Outcome,
    /// Nights that are now sold beyond what there is.
    pub overbooked: Vec<NaiveDate>,
    /// Rooms whose channel id is mapped to nothing.
    pub unmapped: usize,
}

/// Applies one revision as a full replacement of the booking: a room that is missing was cancelled, a booking that
/// was cancelled may come back, and a modification or cancellation may be the first thing we see.
pub async fn apply(
    tx: &mut TenantTx,
    who: &Principal,
    connection: &Connection,
    revision: &ChannelRevision,
    now: DateTime<Utc>,
) -> Result<Applied> {
    let known = store::lock_by_channel(tx, connection.id, &revision.booking_ref).await?;
    if let Some(known) = &known
        && is_old(known, revision)
    {
        let applied = Applied {
            booking_id: known.id,
            outcome: Outcome::AlreadyKnown,
            overbooked: vec![],
            unmapped: 0,
        };
        return Ok(applied);
    }
    let before = match &known {
        Some(known) => Some(store::get(tx, who, known.id).await?),
        None => None,
    };
    let mapping = Mapping::read(tx, connection.id).await?;
    let mut after = replace(before.as_ref(), connection, revision, &mapping, now)?;
    let property = property::get(tx, connection.property_id).await?;
    segment::follow(&mut after, property.business_date);
    let overbooked = change_stock(tx, connection, before.as_ref(), &after).await?;
    save(tx, before.as_ref(), &after).await?;
    unmapped::note(tx, connection.id, &after, &revision.rooms).await?;
    standing::overtaken(tx, connection.id, &after, &revision.booking_ref, now).await?;
    let unmapped = raise_alerts(tx, &after, &overbooked, now).await?;
    if before.is_some() || after.currency != property.currency {
        say_currency(tx, &after, &property.currency, now).await?;
    }
    if before.is_none() && revision.status == RevisionStatus::Cancelled && revision.rooms.is_empty() {
        say_unknown(tx, connection, revision, &after, now).await?;
    }
    let outcome = match (&before, revision.status) {
        (_, RevisionStatus::Cancelled) => Outcome::Cancelled,
        (None, _) => Outcome::Created,
        (Some(_), _) => Outcome::Modified,
    };
    log(tx, who, &outcome, before.as_ref(), &after, now).await?;
    Ok(Applied {
        booking_id: after.id,
        outcome,
        overbooked,
        unmapped,
    })
}

/// An older revision never overwrites a newer one; without a time of revision the order of arrival counts.
fn is_old(known: &store::Known, revision: &ChannelRevision) -> bool {
    if known.revision.as_deref() == Some(revision.revision.as_str()) {
        return true;
    }
    matches!((known.revised_at, revision.revised_at), (Some(ours), Some(theirs)) if theirs < ours)
}

fn replace(
    before: Option<&Booking>,
    connection: &Connection,
    revision: &ChannelRevision,
    mapping: &Mapping,
    now: DateTime<Utc>,
) -> Result<Booking> {
    let booking_id = before.map_or_else(new_id, |b| b.id);
    let cancelled = revision.status == RevisionStatus::Cancelled;
    let mut old: Vec<Reservation> = before.map(|b| b.reservations.clone()).unwrap_or_default();
    let mut reservations = Vec::new();
    for room in &revision.rooms {
        let same = |r: &Reservation| room.room_ref.is_some() && r.channel_room_ref == room.room_ref;
        let kept = old.iter().position(same).map(|i| old.remove(i));
        reservations.push(reservation(
            booking_id, connection, kept, room, cancelled, mapping, revision,
        )?);
    }
    for mut gone in old {
        if gone.status == Status::Confirmed {
            gone.status = Status::Cancelled;
            gone.version += 1;
        }
        reservations.push(gone);
    }
    Ok(Booking {
        id: booking_id,
        property_id: connection.property_id,
        reference: before.map_or_else(|| new_reference(&mut rand::rng()), |b| b.reference.clone()),
        status: BookingStatus::of(&reservations),
        hold_expires_at: None,
        booker: revision.booker.clone(),
        notes: revision.notes.clone(),
        currency: currency(before, revision),
        total: revision.total,
        commission: revision.commission,
        source: revision.sold_by.clone(),
        channel: Some(ChannelLink {
            connection_id: connection.id,
            reference: revision.booking_ref.clone(),
            revision: revision.revision.clone(),
            revised_at: revision.revised_at,
            particulars: revision.particulars.clone(),
        }),
        parties: before.map(|b| b.parties).unwrap_or_default(),
        reservations,
        version: before.map_or(1, |b| b.version + 1),
        created_at: before.map_or(now, |b| b.created_at),
        updated_at: now,
    })
}

/// A cancellation may not name one: then it stays what it was.
fn currency(before: Option<&Booking>, revision: &ChannelRevision) -> String {
    match before {
        Some(known) if revision.currency == NO_CURRENCY => known.currency.clone(),
        _ => revision.currency.clone(),
    }
}

fn reservation(
    booking_id: Uuid,
    connection: &Connection,
    kept: Option<Reservation>,
    room: &ChannelRoom,
    cancelled: bool,
    mapping: &Mapping,
    revision: &ChannelRevision,
) -> Result<Reservation> {
    let currency = money::sold_in(&revision.currency);
    let stay = Stay::new(room.arrival, room.departure)?;
    let prices = prices(room, stay.nights(), currency);
    let unit_type_id = room.room_type.as_deref().and_then(|id| mapping.unit_type(id));
    let status = match kept.as_ref().map(|r| r.status) {
        // A guest who is here, or was, is not moved by a channel's message; the front desk decides.
        Some(settled @ (Status::InHouse | Status::Departed)) => settled,
        _ if cancelled => Status::Cancelled,
        _ => Status::Confirmed,
    };
    let kept = kept.as_ref();
    Ok(Reservation {
        id: kept.map_or_else(new_id, |r| r.id),
        booking_id,
        property_id: connection.property_id,
        unit_type_id,
        rate_plan_id: room.rate_plan.as_deref().and_then(|id| mapping.rate_plan(id)),
        status,
        arrival: room.arrival,
        departure: room.departure,
        adults: room.adults,
        children: room.children,
        children_ages: Vec::new(),
        guest_name: room.guest_name.clone(),
        nights: prices
            .into_iter()
            .map(|(date, price)| Night {
                date,
                unit_type_id,
                price,
            })
            .collect(),
        lines: Vec::new(),
        promo_code: None,
        policy: None,
        fee: Decimal::ZERO,
        total: money::round(room.amount, currency),
        channel_room_ref: room.room_ref.clone(),
        segments: kept.map(|r| r.segments.clone()).unwrap_or_default(),
        needs: kept.map(|r| r.needs.clone()).unwrap_or_default(),
        checked_in: kept.and_then(|r| r.checked_in),
        checked_out: kept.and_then(|r| r.checked_out),
        version: kept.map_or(1, |r| r.version + 1),
    })
}

/// What each night costs. Nights that the channel names no price of share what remains of the room's amount: a stay that
/// is shortened must not lose all it cost.
fn prices(
    room: &ChannelRoom,
    nights: impl Iterator<Item = NaiveDate>,
    currency: Currency,
) -> BTreeMap<NaiveDate, Decimal> {
    let told: BTreeMap<NaiveDate, Decimal> = room.nights.iter().copied().collect();
    let (priced, unpriced): (Vec<_>, Vec<_>) = nights.partition(|night| told.contains_key(night));
    let mut prices: BTreeMap<_, _> = priced
        .into_iter()
        .filter_map(|night| Some((night, *told.get(&night)?)))
        .collect();
    let rest = room.amount - prices.values().sum::<Decimal>();
    let shares = money::split(
        rest.max(Decimal::ZERO),
        &vec![Decimal::ONE; unpriced.len()],
        currency,
    );
    prices.extend(unpriced.into_iter().zip(shares));
    prices
}

/// Moves stock by the difference between before and after; returns the booking's nights that are overbooked.
async fn change_stock(
    tx: &mut TenantTx,
    connection: &Connection,
    before: Option<&Booking>,
    after: &Booking,
) -> Result<Vec<NaiveDate>> {
    let mut touched = Delta::new();
    let mut delta = Delta::new();
    for reservation in before.iter().flat_map(|b| &b.reservations) {
        reservation.add_to(&mut delta, -1);
        reservation.add_to(&mut touched, 1);
    }
    for reservation in &after.reservations {
        reservation.add_to(&mut delta, 1);
        reservation.add_to(&mut touched, 1);
    }
    inventory::change(tx, &delta, Stock::Forced).await?;
    let (unit_types, nights) = inventory::cells(&touched);
    dirty::forget_shadow(tx, connection.id, &unit_types, &nights).await?;
    mark_dirty(tx, &touched).await?;
    let mut kept = Delta::new();
    after.reservations.iter().for_each(|r| r.add_to(&mut kept, 1));
    let (unit_types, nights) = inventory::cells(&kept);
    inventory::overbooked(tx, &unit_types, &nights).await
}

/// Rooms of it got their types, which the channel's codes stand for now.
pub(super) async fn mapped(
    tx: &mut TenantTx,
    who: &Principal,
    connection: &Connection,
    (before, after): (&Booking, &mut Booking),
    now: DateTime<Utc>,
) -> Result<()> {
    let property = property::get(tx, connection.property_id).await?;
    segment::follow(after, property.business_date);
    let overbooked = change_stock(tx, connection, Some(before), after).await?;
    save(tx, Some(before), after).await?;
    raise_alerts(tx, after, &overbooked, now).await?;
    log(tx, who, &Outcome::Modified, Some(before), after, now).await
}

/// How many rooms are mapped to nothing.
async fn raise_alerts(
    tx: &mut TenantTx,
    booking: &Booking,
    overbooked: &[NaiveDate],
    now: DateTime<Utc>,
) -> Result<usize> {
    let rooms = booking.reservations.iter();
    let unmapped = rooms
        .filter(|r| r.status.occupies() && r.unit_type_id.is_none())
        .count();
    let subject = (booking.property_id, booking.id);
    if !overbooked.is_empty() {
        let nights: Vec<String> = overbooked.iter().map(NaiveDate::to_string).collect();
        let detail = format!(
            "{} is sold beyond what there is on {}",
            booking.reference,
            nights.join(", ")
        );
        alert::raise(tx, "overbooked", subject, &detail, now).await?;
    } else {
        alert::resolve(tx, "overbooked", booking.id, now).await?;
    }
    if unmapped > 0 {
        let detail = format!(
            "{} has {unmapped} room(s) that the channel maps to nothing here",
            booking.reference
        );
        alert::raise(tx, "unmapped", subject, &detail, now).await?;
    } else {
        alert::resolve(tx, "unmapped", booking.id, now).await?;
    }
    Ok(unmapped)
}

/// A cancellation is the first thing that is heard.
async fn say_unknown(
    tx: &mut TenantTx,
    connection: &Connection,
    revision: &ChannelRevision,
    booking: &Booking,
    now: DateTime<Utc>,
) -> Result<()> {
    let detail = format!(
        "{} cancels {}, of which nothing was heard",
        connection.name, revision.code
    );
    let subject = (booking.property_id, booking.id);
    alert::raise(tx, "unknown_cancellation", subject, &detail, now).await
}

/// Numbers are reckoned in the property's currency, and leave out what was sold in another.
async fn say_currency(tx: &mut TenantTx, booking: &Booking, ours: &str, now: DateTime<Utc>) -> Result<()> {
    const KIND: &str = "foreign_currency";
    if booking.currency == ours || booking.status == BookingStatus::Cancelled {
        return alert::resolve(tx, KIND, booking.id, now).await;
    }
    let detail = format!(
        "{} was sold in {}, and the property counts in {ours}: its amounts are kept as sent",
        booking.reference, booking.currency
    );
    alert::raise(tx, KIND, (booking.property_id, booking.id), &detail, now).await
}

async fn log(
    tx: &mut TenantTx,
    who: &Principal,
    outcome: &Outcome,
    before: Option<&Booking>,
    after: &Booking,
    now: DateTime<Utc>,
) -> Result<()> {
    let mut touched = after.reservations.clone();
    touched.extend(before.iter().flat_map(|b| b.reservations.clone()));
    let kind = match outcome {
        Outcome::Created => "booking.created",
        Outcome::Cancelled => "booking.cancelled",
        Outcome::Modified | Outcome::AlreadyKnown => "booking.modified",
    };
    let event = NewEvent {
        kind,
        property_id: Some(after.property_id),
        subject_id: after.id,
        actor: &who.actor,
        data: json!({ "reference": after.reference, "nights": spans(&touched) }),
        at: now,
    };
    event::append(tx, event).await?;
    crate::jobs::kick(tx).await
}
