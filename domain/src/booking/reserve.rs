//! `reserve`: sell units that are free, at the price and under the restrictions of their nights. One read (`price`),
//! one write (`sell`).

use super::entity::{Booking, BookingStatus, Parties, Reservation, Status, new_reference};
use super::hold;
use super::price::{Ask, Priced, price};
use super::sell::sell;
use crate::channel::revision::Booker;
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::group::pickup;
use crate::ids::new_id;
use crate::principal::{Permission, Principal};
use crate::property;
use crate::rates::stay::Stay;
use chrono::{DateTime, Duration, Utc};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Most units in one booking.
pub const MOST_ROOMS: usize = 50;
pub const LONGEST_NOTES: usize = 4000;

#[derive(Debug, Clone)]
pub struct NewBooking {
    pub property_id: Uuid,
    pub booker: Booker,
    pub notes: Option<String>,
    pub rooms: Vec<NewRoom>,
    /// What the guest was shown: refused when the price is another by now.
    pub expected_total: Option<(Decimal, String)>,
    /// Keeps the units for so long instead of selling them.
    pub hold_minutes: Option<i32>,
    /// Takes first what is kept for the group.
    pub group_id: Option<Uuid>,
}

#[derive(Debug, Clone)]
pub struct NewRoom {
    pub unit_type_id: Uuid,
    pub rate_plan_id: Uuid,
    pub stay: Stay,
    pub adults: i32,
    pub children_ages: Vec<i32>,
    pub guest_name: Option<String>,
}

impl NewRoom {
    fn ask(&self) -> Ask {
        Ask {
            unit_type_id: self.unit_type_id,
            rate_plan_id: self.rate_plan_id,
            stay: self.stay,
            adults: self.adults,
            children_ages: self.children_ages.clone(),
            kept: BTreeMap::new(),
            sold: None,
            unrestricted: false,
        }
    }

    fn reservation(
        &self,
        booking_id: Uuid,
        property_id: Uuid,
        status: Status,
        priced: Priced,
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
            promo_code: None,
            policy: priced.policy,
            fee: Decimal::ZERO,
            total: priced.total,
            channel_room_ref: None,
            version: 1,
        }
    }
}

/// Sells all rooms or none; or holds them until they are confirmed (`hold::confirm`) or the time has passed.
///
/// # Errors
/// 404 for ids of another property or tenant; 422 for guests or text out of range; 409 `not_bookable` when a
/// restriction forbids the stay, `no_availability` when a night is full, `price_changed` when the total differs.
pub async fn reserve(
    tx: &mut TenantTx,
    who: &Principal,
    new: NewBooking,
    now: DateTime<Utc>,
) -> Result<Booking> {
    who.require(Permission::WriteBookings)?;
    check_input(&new)?;
    let booking_id = new_id();
    let asks: Vec<Ask> = new.rooms.iter().map(NewRoom::ask).collect();
    let priced = price(tx, new.property_id, &asks).await?;
    let currency = priced.first().map(|p| p.currency.clone()).unwrap_or_default();
    let total: Decimal = priced.iter().map(|p| p.total).sum();
    if let Some((expected, code)) = &new.expected_total
        && (*expected != total || *code != currency)
    {
        let detail = format!("the price is {total} {currency} now");
        return Err(Refusal::conflict("price_changed", detail)
            .at("/expected_total")
            .into());
    }
    let hold_expires_at = new.hold_minutes.map(|m| now + Duration::minutes(i64::from(m)));
    let status = if hold_expires_at.is_some() {
        Status::Tentative
    } else {
        Status::Confirmed
    };
    let rooms = new.rooms.iter().zip(priced);
    let reservations = rooms
        .map(|(room, priced)| room.reservation(booking_id, new.property_id, status, priced))
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
    if let Some(group_id) = new.group_id {
        booking.parties = pickup::draw(tx, who, group_id, &booking, now).await?;
    }
    sell(tx, who, &booking).await?;
    Ok(booking)
}

fn check_input(new: &NewBooking) -> Result<(), Refusal> {
    if new.rooms.is_empty() || new.rooms.len() > MOST_ROOMS {
        return Err(Refusal::invalid("out_of_range", format!("1 to {MOST_ROOMS} rooms")).at("/rooms"));
    }
    if new
        .hold_minutes
        .is_some_and(|m| !(1..=hold::LONGEST_MINUTES).contains(&m))
    {
        let detail = format!("1 to {} minutes", hold::LONGEST_MINUTES);
        return Err(Refusal::invalid("out_of_range", detail).at("/hold_minutes"));
    }
    property::name(&new.booker.name, "/booker/name")?;
    for (field, text) in [("email", &new.booker.email), ("phone", &new.booker.phone)] {
        if let Some(text) = text {
            property::name(text, &format!("/booker/{field}"))?;
        }
    }
    if new
        .notes
        .as_ref()
        .is_some_and(|n| n.chars().count() > LONGEST_NOTES)
    {
        return Err(Refusal::invalid("too_long", format!("at most {LONGEST_NOTES} characters")).at("/notes"));
    }
    for (i, room) in new.rooms.iter().enumerate() {
        if room.adults < 1 || room.adults > 100 || room.children_ages.len() > 100 {
            let detail = "at least one adult, at most 100 guests";
            return Err(Refusal::invalid("out_of_range", detail).at(format!("/rooms/{i}/adults")));
        }
        if room.children_ages.iter().any(|age| !(0..=17).contains(age)) {
            let detail = "a child is 0 to 17 years old";
            return Err(Refusal::invalid("out_of_range", detail).at(format!("/rooms/{i}/children_ages")));
        }
        if let Some(name) = &room.guest_name {
            property::name(name, &format!("/rooms/{i}/guest_name"))?;
        }
    }
    Ok(())
}
