//! Prices the rooms of a booking from their nights, and checks every restriction: one read for all rooms.

use super::entity::{Reservation, Status};
use super::reserve::{NewBooking, NewRoom};
use crate::db::TenantTx;
use crate::error::{Error, Refusal, Result};
use crate::ids::new_id;
use crate::money;
use crate::rates::ari::RateRow;
use crate::rates::stay::{NightRate, Reason, check};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use uuid::Uuid;

pub(super) struct Priced {
    pub currency: String,
    pub reservations: Vec<Reservation>,
}

pub(super) async fn price_rooms(tx: &mut TenantTx, new: &NewBooking, booking_id: Uuid) -> Result<Priced> {
    let rows = read_nights(tx, new).await?;
    let mut by_room: Vec<Vec<QuoteRow>> = new.rooms.iter().map(|_| Vec::new()).collect();
    for row in rows {
        let room = usize::try_from(row.room).ok().and_then(|i| by_room.get_mut(i));
        room.ok_or_else(|| Error::internal("a quote row for no room"))?
            .push(row);
    }
    let mut reservations = Vec::with_capacity(new.rooms.len());
    let mut currency = None;
    for (i, (room, rows)) in new.rooms.iter().zip(by_room).enumerate() {
        let (code, reservation) = price_room(new, booking_id, i, room, &rows)?;
        currency = Some(code);
        reservations.push(reservation);
    }
    let currency = currency.ok_or_else(|| Error::internal("no rooms"))?;
    Ok(Priced {
        currency,
        reservations,
    })
}

fn price_room(
    new: &NewBooking,
    booking_id: Uuid,
    index: usize,
    room: &NewRoom,
    rows: &[QuoteRow],
) -> Result<(String, Reservation)> {
    let Some(head) = rows.first() else {
        // One answer for an unknown property, unit type or plan, and for another tenant's.
        return Err(Refusal::not_found("property, unit type or rate plan")
            .at(format!("/rooms/{index}"))
            .into());
    };
    let currency = money::currency(&head.currency)?;
    let mut nights = vec![NightRate::default(); room.stay.len()];
    let mut departure = NightRate::default();
    for row in rows {
        let Some(rate_row) = row.rate_row() else { continue };
        let rate = rate_row.rate(currency)?;
        let offset = usize::try_from((rate_row.night - room.stay.arrival()).num_days()).unwrap_or(usize::MAX);
        match nights.get_mut(offset) {
            Some(slot) => *slot = rate,
            None => departure = rate,
        }
    }
    let mut reasons = check(room.stay, &nights, &departure);
    if room.adults + room.children > head.max_occupancy {
        reasons.push(Reason::TooManyGuests(head.max_occupancy));
    }
    if room.stay.arrival() < head.business_date {
        reasons.push(Reason::ArrivalInPast(head.business_date));
    }
    if !reasons.is_empty() {
        let detail = reasons.iter().map(Reason::detail).collect::<Vec<_>>().join("; ");
        return Err(Refusal::conflict("not_bookable", detail)
            .at(format!("/rooms/{index}"))
            .into());
    }
    let nights: Vec<_> = room
        .stay
        .nights()
        .zip(nights)
        .filter_map(|(d, n)| Some((d, n.price?)))
        .collect();
    let reservation = Reservation {
        id: new_id(),
        booking_id,
        property_id: new.property_id,
        unit_type_id: Some(room.unit_type_id),
        rate_plan_id: Some(room.rate_plan_id),
        status: Status::Confirmed,
        arrival: room.stay.arrival(),
        departure: room.stay.departure(),
        adults: room.adults,
        children: room.children,
        guest_name: room.guest_name.clone(),
        total: money::round(nights.iter().map(|(_, p)| *p).sum(), currency),
        nights,
        channel_room_ref: None,
        version: 1,
    };
    Ok((head.currency.clone(), reservation))
}

/// One night of one room; the rate's columns are NULL when the room has no price at all.
struct QuoteRow {
    room: i64,
    currency: String,
    business_date: NaiveDate,
    max_occupancy: i32,
    rate_plan_id: Uuid,
    unit_type_id: Uuid,
    night: Option<NaiveDate>,
    source_price: Option<Decimal>,
    adjust_kind: Option<String>,
    adjust_value: Option<Decimal>,
    min_stay_arrival: Option<i32>,
    min_stay_through: Option<i32>,
    max_stay: Option<i32>,
    closed_to_arrival: Option<bool>,
    closed_to_departure: Option<bool>,
    stop_sell: Option<bool>,
}

impl QuoteRow {
    fn rate_row(&self) -> Option<RateRow> {
        Some(RateRow {
            rate_plan_id: self.rate_plan_id,
            unit_type_id: self.unit_type_id,
            night: self.night?,
            source_price: self.source_price,
            adjust_kind: self.adjust_kind.clone(),
            adjust_value: self.adjust_value,
            min_stay_arrival: self.min_stay_arrival,
            min_stay_through: self.min_stay_through,
            max_stay: self.max_stay,
            closed_to_arrival: self.closed_to_arrival?,
            closed_to_departure: self.closed_to_departure?,
            stop_sell: self.stop_sell?,
        })
    }
}

/// Everything a decision needs, for all rooms, in one statement: at least one row for each room whose ids exist.
async fn read_nights(tx: &mut TenantTx, new: &NewBooking) -> Result<Vec<QuoteRow>> {
    let unit_types: Vec<Uuid> = new.rooms.iter().map(|r| r.unit_type_id).collect();
    let plans: Vec<Uuid> = new.rooms.iter().map(|r| r.rate_plan_id).collect();
    let arrivals: Vec<NaiveDate> = new.rooms.iter().map(|r| r.stay.arrival()).collect();
    let departures: Vec<NaiveDate> = new.rooms.iter().map(|r| r.stay.departure()).collect();
    Ok(sqlx::query_as!(
        QuoteRow,
        r#"select w.i - 1 as "room!", p.currency, p.business_date, u.max_occupancy,
                  rp.id as rate_plan_id, u.id as unit_type_id, e.night as "night?", e.source_price as "source_price?",
                  rp.adjust_kind, rp.adjust_value, e.min_stay_arrival as "min_stay_arrival?",
                  e.min_stay_through as "min_stay_through?", e.max_stay as "max_stay?",
                  e.closed_to_arrival as "closed_to_arrival?", e.closed_to_departure as "closed_to_departure?",
                  e.stop_sell as "stop_sell?"
           from unnest($3::uuid[], $4::uuid[], $5::date[], $6::date[]) with ordinality
                as w (unit_type_id, rate_plan_id, arrival, departure, i)
           join property p on p.tenant_id = $1 and p.id = $2
           join unit_type u on u.tenant_id = $1 and u.id = w.unit_type_id and u.property_id = $2
           join rate_plan rp on rp.tenant_id = $1 and rp.id = w.rate_plan_id and rp.property_id = $2
           left join effective_rate e on e.tenant_id = $1 and e.rate_plan_id = w.rate_plan_id
                and e.unit_type_id = w.unit_type_id and e.night between w.arrival and w.departure
           order by w.i, e.night"#,
        tx.t(),
        new.property_id,
        &unit_types,
        &plans,
        &arrivals,
        &departures
    )
    .fetch_all(&mut **tx)
    .await?)
}
