//! `reserve`: sell units that are free, at the price and under the restrictions of their nights, or as quoted. Reads
//! (`price`), then one write (`sell`).

use super::change::Force;
use super::entity::{Booking, BookingStatus, Parties, Reservation, Status, new_reference};
use super::hold;
use super::price::{Ask, Priced, price};
use super::quote;
use super::sell::{oversell, sell};
use crate::channel::revision::Booker;
use crate::db::TenantTx;
use crate::desk::needs::Needs;
use crate::error::{Refusal, Result};
use crate::group::pickup::{self, Drawn};
use crate::ids::new_id;
use crate::principal::{Permission, Principal};
use crate::private::private;
use crate::property;
use crate::rates::extra::{Chosen, MOST_CHOSEN, MOST_OF_ONE};
use crate::rates::promo;
use crate::rates::stay::Stay;
use crate::text;
use chrono::{DateTime, Duration, Utc};
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

private!(NewBooking, NewRoom);

/// Most units in one booking.
pub const MOST_ROOMS: usize = 50;

#[derive(Clone)]
pub struct NewBooking {
    pub property_id: Uuid,
    pub booker: Booker,
    pub notes: Option<String>,
    pub basket: Basket,
    /// What the guest was shown: refused when the price is another by now.
    pub expected_total: Option<(Decimal, String)>,
    /// Keeps the units for so long instead of selling them.
    pub hold_minutes: Option<i32>,
    /// Takes first what is kept for the group.
    pub group_id: Option<Uuid>,
}

/// Rooms at today's price, or at a quote's.
#[derive(Debug, Clone)]
pub enum Basket {
    Rooms {
        rooms: Vec<NewRoom>,
        promo_code: Option<String>,
    },
    Quote(Uuid),
}

#[derive(Clone)]
pub struct NewRoom {
    pub unit_type_id: Uuid,
    pub rate_plan_id: Uuid,
    pub stay: Stay,
    pub adults: i32,
    pub children_ages: Vec<i32>,
    pub guest_name: Option<String>,
    pub extras: Vec<Chosen>,
}

impl NewRoom {
    fn ask(&self, promo_code: Option<&str>, unrestricted: bool) -> Ask {
        Ask {
            unit_type_id: self.unit_type_id,
            rate_plan_id: self.rate_plan_id,
            stay: self.stay,
            adults: self.adults,
            children_ages: self.children_ages.clone(),
            extras: self.extras.clone(),
            promo_code: promo_code.map(str::to_owned),
            sold_extras: None,
            kept: BTreeMap::new(),
            sold: None,
            unrestricted,
        }
    }

    fn reservation(
        &self,
        booking_id: Uuid,
        property_id: Uuid,
        status: Status,
        priced: Priced,
        promo_code: Option<&str>,
    ) -> Reservation {
        Reservation {
            id: new_id(),
            booking_id,
            property_id,
            unit_type_id: Some(self.unit_type_id),
            rate_plan_id: Some(self.rate_plan_id),
            status,
            arrival: self.stay.arrival(),
            departure: self.stay.departure(),
            adults: self.adults,
            children: i32::try_from(self.children_ages.len()).unwrap_or(i32::MAX),
            children_ages: self.children_ages.clone(),
            guest_name: self.guest_name.clone(),
            nights: priced.nights,
            lines: priced.lines,
            promo_code: promo_code.map(str::to_owned),
            policy: priced.policy,
            fee: Decimal::ZERO,
            total: priced.total,
            channel_room_ref: None,
            segments: Vec::new(),
            needs: Needs::default(),
            checked_in: None,
            checked_out: None,
            version: 1,
        }
    }
}

/// Sells all rooms or none; or holds them until they are confirmed (`hold::confirm`) or the time has passed.
///
/// # Errors
/// 404 for ids of another property or tenant; 422 for guests or text out of range; 409 `not_bookable` when a
/// restriction forbids the stay, `no_availability` when a night is full, `price_changed` when the total differs,
/// `promo_code_not_applicable`, `promo_code_used_up`, `quote_expired`, `quote_used`.
pub async fn reserve(
    tx: &mut TenantTx,
    who: &Principal,
    new: NewBooking,
    now: DateTime<Utc>,
) -> Result<Booking> {
    let (booking, drawn) = prepare(tx, who, new, false, now).await?;
    sell(tx, who, &booking, &drawn).await?;
    Ok(booking)
}

/// The same against restrictions and stock, for an operator with a reason: the house may be overbooked afterwards.
pub async fn force_reserve(
    tx: &mut TenantTx,
    who: &Principal,
    new: NewBooking,
    force: &Force,
    now: DateTime<Utc>,
) -> Result<Booking> {
    Force::check(Some(force), who)?;
    let (booking, drawn) = prepare(tx, who, new, true, now).await?;
    oversell(tx, who, &booking, &drawn, force).await?;
    Ok(booking)
}

/// The booking as it will be: checked, priced, its quote and promo code taken; and what it draws of its group's units.
async fn prepare(
    tx: &mut TenantTx,
    who: &Principal,
    mut new: NewBooking,
    unrestricted: bool,
    now: DateTime<Utc>,
) -> Result<(Booking, Drawn)> {
    who.require(Permission::WriteBookings)?;
    check_input(&mut new)?;
    let booking_id = new_id();
    let (rooms, promo_code) = match new.basket {
        Basket::Rooms { rooms, promo_code } => {
            let priced = price_rooms(tx, new.property_id, rooms, promo_code.as_deref(), unrestricted).await?;
            (priced, promo_code.as_deref().map(promo::normal))
        }
        Basket::Quote(id) => quote::take(tx, (new.property_id, id), booking_id, now).await?,
    };
    let currency = rooms.first().map(|(_, p)| p.currency.clone()).unwrap_or_default();
    let total: Decimal = rooms.iter().map(|(_, p)| p.total).sum();
    if let Some((expected, code)) = &new.expected_total
        && (*expected != total || *code != currency)
    {
        let detail = format!("the price is {total} {currency} now");
        return Err(Refusal::conflict("price_changed", detail)
            .at("/expected_total")
            .into());
    }
    if let Some(code) = &promo_code {
        promo::use_up(tx, new.property_id, code).await?;
    }
    let hold_expires_at = new.hold_minutes.map(|m| now + Duration::minutes(i64::from(m)));
    let status = if hold_expires_at.is_some() {
        Status::Tentative
    } else {
        Status::Confirmed
    };
    let code = promo_code.as_deref();
    let reservations = rooms
        .into_iter()
        .map(|(room, priced)| room.reservation(booking_id, new.property_id, status, priced, code))
        .collect();
    let mut booking = Booking {
        id: booking_id,
        property_id: new.property_id,
        reference: new_reference(&mut rand::rng()),
        status: if hold_expires_at.is_some() {
            BookingStatus::Tentative
        } else {
            BookingStatus::Confirmed
        },
        hold_expires_at,
        booker: new.booker,
        notes: new.notes,
        currency,
        total,
        commission: None,
        source: "direct".into(),
        channel: None,
        parties: Parties::default(),
        reservations,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let mut drawn = Drawn::new();
    if let Some(group_id) = new.group_id {
        (booking.parties, drawn) = pickup::draw(tx, who, group_id, &booking, now).await?;
    }
    Ok((booking, drawn))
}

/// Rooms as asked for, checked, each with its price.
pub(super) async fn price_rooms(
    tx: &mut TenantTx,
    property_id: Uuid,
    mut rooms: Vec<NewRoom>,
    promo_code: Option<&str>,
    unrestricted: bool,
) -> Result<Vec<(NewRoom, Priced)>> {
    check_rooms(&mut rooms)?;
    let asks: Vec<Ask> = rooms.iter().map(|r| r.ask(promo_code, unrestricted)).collect();
    let priced = price(tx, property_id, &asks).await?;
    Ok(rooms.into_iter().zip(priced).collect())
}

fn check_input(new: &mut NewBooking) -> Result<(), Refusal> {
    if new
        .hold_minutes
        .is_some_and(|m| !(1..=hold::LONGEST_MINUTES).contains(&m))
    {
        let detail = format!("1 to {} minutes", hold::LONGEST_MINUTES);
        return Err(Refusal::invalid("out_of_range", detail).at("/hold_minutes"));
    }
    let booker = &mut new.booker;
    booker.name = property::name(&booker.name, "/booker/name")?;
    for (field, text) in [("email", &mut booker.email), ("phone", &mut booker.phone)] {
        if let Some(text) = text {
            *text = property::name(text, &format!("/booker/{field}"))?;
        }
    }
    new.notes = text::notes(new.notes.as_deref(), "/notes")?;
    Ok(())
}

fn check_rooms(rooms: &mut [NewRoom]) -> Result<(), Refusal> {
    if rooms.is_empty() || rooms.len() > MOST_ROOMS {
        return Err(Refusal::invalid("out_of_range", format!("1 to {MOST_ROOMS} rooms")).at("/rooms"));
    }
    for (i, room) in rooms.iter_mut().enumerate() {
        if room.adults < 1 || room.adults > 100 || room.children_ages.len() > 100 {
            let detail = "at least one adult, at most 100 guests";
            return Err(Refusal::invalid("out_of_range", detail).at(format!("/rooms/{i}/adults")));
        }
        if room.children_ages.iter().any(|age| !(0..=17).contains(age)) {
            let detail = "a child is 0 to 17 years old";
            return Err(Refusal::invalid("out_of_range", detail).at(format!("/rooms/{i}/children_ages")));
        }
        if let Some(name) = &mut room.guest_name {
            *name = property::name(name, &format!("/rooms/{i}/guest_name"))?;
        }
        check_extras(&room.extras).map_err(|r| r.at(format!("/rooms/{i}/extras")))?;
    }
    Ok(())
}

fn check_extras(extras: &[Chosen]) -> Result<(), Refusal> {
    if extras.len() > MOST_CHOSEN || extras.iter().any(|e| !(1..=MOST_OF_ONE).contains(&e.quantity)) {
        let detail = format!("at most {MOST_CHOSEN} extras, 1 to {MOST_OF_ONE} of each");
        return Err(Refusal::invalid("out_of_range", detail));
    }
    let distinct: BTreeSet<Uuid> = extras.iter().map(|e| e.extra_id).collect();
    if distinct.len() < extras.len() {
        return Err(Refusal::invalid(
            "duplicate",
            "each extra once, with its quantity",
        ));
    }
    Ok(())
}
