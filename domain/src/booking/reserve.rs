//! `reserve`: sell units that are free, at the price and under the restrictions of their nights. One read, one write.

use super::entity::{Booking, Reservation, Status, new_reference};
use crate::channel::revision::Booker;
use crate::db::TenantTx;
use crate::error::{Error, Refusal, Result};
use crate::ids::new_id;
use crate::inventory::{self, Delta};
use crate::money;
use crate::principal::{Permission, Principal};
use crate::property;
use crate::rates::ari::RateRow;
use crate::rates::stay::{NightRate, Reason, Stay, check};
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde_json::json;
use std::collections::BTreeSet;
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
}

#[derive(Debug, Clone)]
pub struct NewRoom {
    pub unit_type_id: Uuid,
    pub rate_plan_id: Uuid,
    pub stay: Stay,
    pub adults: i32,
    pub children: i32,
    pub guest_name: Option<String>,
}

/// Sells all rooms or none.
///
/// # Errors
/// 404 for ids of another property or tenant; 422 for guests or text out of range; 409 `not_bookable` when a
/// restriction forbids the stay, `no_availability` when a night is full, `price_changed` when the total differs.
pub async fn reserve(tx: &mut TenantTx, who: &Principal, new: NewBooking, now: DateTime<Utc>) -> Result<Booking> {
    who.require(Permission::WriteBookings)?;
    check_input(&new)?;
    let booking_id = new_id();
    let priced = price_rooms(tx, &new, booking_id).await?;
    let total: Decimal = priced.reservations.iter().map(|r| r.total).sum();
    if let Some((expected, currency)) = &new.expected_total
        && (*expected != total || *currency != priced.currency)
    {
        let detail = format!("the price is {total} {} now", priced.currency);
        return Err(Refusal::conflict("price_changed", detail).at("/expected_total").into());
    }
    let booking = Booking {
        id: booking_id,
        property_id: new.property_id,
        reference: new_reference(&mut rand::rng()),
        cancelled: false,
        booker: new.booker,
        notes: new.notes,
        currency: priced.currency,
        total,
        commission: None,
        source: "direct".into(),
        channel: None,
        reservations: priced.reservations,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    sell(tx, who, &booking).await?;
    Ok(booking)
}

fn check_input(new: &NewBooking) -> Result<(), Refusal> {
    if new.rooms.is_empty() || new.rooms.len() > MOST_ROOMS {
        return Err(Refusal::invalid("out_of_range", format!("1 to {MOST_ROOMS} rooms")).at("/rooms"));
    }
    property::name(&new.booker.name, "/booker/name")?;
    for (field, text) in [("email", &new.booker.email), ("phone", &new.booker.phone)] {
        if let Some(text) = text {
            property::name(text, &format!("/booker/{field}"))?;
        }
    }
    if new.notes.as_ref().is_some_and(|n| n.chars().count() > LONGEST_NOTES) {
        return Err(Refusal::invalid("too_long", format!("at most {LONGEST_NOTES} characters")).at("/notes"));
    }
    for (i, room) in new.rooms.iter().enumerate() {
        if room.adults < 1 || room.children < 0 || room.adults > 100 || room.children > 100 {
            let detail = "at least one adult, at most 100 guests";
            return Err(Refusal::invalid("out_of_range", detail).at(format!("/rooms/{i}/adults")));
        }
        if let Some(name) = &room.guest_name {
            property::name(name, &format!("/rooms/{i}/guest_name"))?;
        }
    }
    Ok(())
}

struct Priced {
    currency: String,
    reservations: Vec<Reservation>,
}

async fn price_rooms(tx: &mut TenantTx, new: &NewBooking, booking_id: Uuid) -> Result<Priced> {
    let rows = read_nights(tx, new).await?;
    let mut by_room: Vec<Vec<QuoteRow>> = new.rooms.iter().map(|_| Vec::new()).collect();
    for row in rows {
        let room = usize::try_from(row.room).ok().and_then(|i| by_room.get_mut(i));
        room.ok_or_else(|| Error::internal("a quote row for no room"))?.push(row);
    }
    let mut reservations = Vec::with_capacity(new.rooms.len());
    let mut currency = None;
    for (i, (room, rows)) in new.rooms.iter().zip(by_room).enumerate() {
        let (code, reservation) = price_room(new, booking_id, i, room, &rows)?;
        currency = Some(code);
        reservations.push(reservation);
    }
    let currency = currency.ok_or_else(|| Error::internal("no rooms"))?;
    Ok(Priced { currency, reservations })
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
        return Err(Refusal::not_found("property, unit type or rate plan").at(format!("/rooms/{index}")).into());
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
        return Err(Refusal::conflict("not_bookable", detail).at(format!("/rooms/{index}")).into());
    }
    let nights: Vec<_> = room.stay.nights().zip(nights).filter_map(|(d, n)| Some((d, n.price?))).collect();
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

/// Takes the stock and writes booking, reservations, nights, event, dirty cells and kick in one statement. Stock rows
/// are locked in (unit type, night) order first; the guard is checked again on the locked row, and the table's CHECK
/// stands behind it.
async fn sell(tx: &mut TenantTx, who: &Principal, booking: &Booking) -> Result<()> {
    let mut delta = Delta::new();
    booking.reservations.iter().for_each(|r| r.add_to(&mut delta, 1));
    let (unit_types, nights, counts) = inventory::columns(&delta);
    let r = ReservationColumns::of(&booking.reservations);
    let sold = sqlx::query!(
        r#"with wanted as (
             select * from unnest($2::uuid[], $3::date[], $4::int[]) as w (unit_type_id, night, n)),
         locked as (
             select i.unit_type_id, i.night, w.n from wanted w
             join inventory i on i.tenant_id = $1 and i.unit_type_id = w.unit_type_id and i.night = w.night
             order by i.unit_type_id, i.night for update of i),
         sold as (
             update inventory i set sold = i.sold + l.n from locked l
             where i.tenant_id = $1 and i.unit_type_id = l.unit_type_id and i.night = l.night
               and i.sold + i.held + i.out_of_order + i.blocked + l.n <= i.capacity + i.overbooking_limit
             returning i.unit_type_id, i.night),
         go as (select 1 where (select count(*) from sold) = (select count(*) from wanted)),
         b as (
             insert into booking (tenant_id, id, property_id, reference, status, booker_name, booker_email,
                 booker_phone, booker_country, notes, currency, total, source, created_at, updated_at)
             select $1, $5, $6, $7, 'confirmed', $8, $9, $10, $11, $12, $13, $14, $15, $16, $16 from go),
         r as (
             insert into reservation (tenant_id, id, booking_id, property_id, unit_type_id, rate_plan_id, status,
                 arrival, departure, adults, children, guest_name, total)
             select $1, r.id, $5, $6, r.unit_type_id, r.rate_plan_id, 'confirmed', r.arrival, r.departure, r.adults,
                    r.children, r.guest_name, r.total
             from go, unnest($17::uuid[], $18::uuid[], $19::uuid[], $20::date[], $21::date[], $22::int[], $23::int[],
                             $24::text[], $25::numeric[])
                  as r (id, unit_type_id, rate_plan_id, arrival, departure, adults, children, guest_name, total)),
         n as (
             insert into reservation_night (tenant_id, reservation_id, night, property_id, price)
             select $1, n.id, n.night, $6, n.price
             from go, unnest($26::uuid[], $27::date[], $28::numeric[]) as n (id, night, price)),
         e as (
             insert into event (tenant_id, kind, property_id, subject_id, actor, data, at)
             select $1, 'booking.created', $6, $5, $29, $30, $16 from go),
         d as (
             insert into ari_dirty (tenant_id, connection_id, kind, unit_type_id, from_night, to_night)
             select $1, m.connection_id, 'availability', s.unit_type_id, s.first, s.last + 1
             from go, (select unit_type_id, min(night) as first, max(night) as last from wanted
                       group by unit_type_id) s
             join channel_room_map m on m.tenant_id = $1 and m.unit_type_id = s.unit_type_id
             join channel_connection c on c.tenant_id = $1 and c.id = m.connection_id and c.receives_ari),
         k as (
             insert into apalis.jobs (id, job_type, job, status, attempts, max_attempts, run_at, priority)
             select $31, $32, $33, 'Pending', 0, 1, now(), 0 from go)
         select unit_type_id, night from sold"#,
        tx.t(),
        &unit_types,
        &nights,
        &counts,
        booking.id,
        booking.property_id,
        booking.reference,
        booking.booker.name,
        booking.booker.email,
        booking.booker.phone,
        booking.booker.country,
        booking.notes,
        booking.currency,
        booking.total,
        booking.source,
        booking.created_at,
        &r.ids,
        &r.unit_types,
        &r.plans,
        &r.arrivals,
        &r.departures,
        &r.adults,
        &r.children,
        &r.guests as &[Option<String>],
        &r.totals,
        &r.night_of,
        &r.nights,
        &r.prices,
        who.actor.to_string(),
        created(booking),
        crate::jobs::job_id(),
        crate::jobs::TENANT_CHANGED,
        crate::jobs::payload(tx.tenant())?,
    )
    .fetch_all(&mut **tx)
    .await?;
    if sold.len() == delta.len() {
        return Ok(());
    }
    let got: BTreeSet<(Uuid, NaiveDate)> = sold.into_iter().map(|r| (r.unit_type_id, r.night)).collect();
    let full: BTreeSet<String> =
        delta.keys().filter(|k| !got.contains(k)).map(|(_, night)| night.to_string()).collect();
    let detail = format!("nothing is free on {}", full.into_iter().collect::<Vec<_>>().join(", "));
    Err(Refusal::conflict("no_availability", detail).into())
}

/// The event's data: what a projection needs to know which nights changed.
pub(super) fn created(booking: &Booking) -> serde_json::Value {
    json!({ "reference": booking.reference, "nights": spans(&booking.reservations) })
}

/// `[{"from","to"}]` of the stays, half-open.
pub(super) fn spans(reservations: &[Reservation]) -> Vec<serde_json::Value> {
    let all: BTreeSet<(NaiveDate, NaiveDate)> = reservations.iter().map(|r| (r.arrival, r.departure)).collect();
    all.into_iter().map(|(from, to)| json!({ "from": from, "to": to })).collect()
}

/// Reservations as the parallel arrays one statement takes.
#[derive(Default)]
struct ReservationColumns {
    ids: Vec<Uuid>,
    unit_types: Vec<Uuid>,
    plans: Vec<Uuid>,
    arrivals: Vec<NaiveDate>,
    departures: Vec<NaiveDate>,
    adults: Vec<i32>,
    children: Vec<i32>,
    guests: Vec<Option<String>>,
    totals: Vec<Decimal>,
    night_of: Vec<Uuid>,
    nights: Vec<NaiveDate>,
    prices: Vec<Decimal>,
}

impl ReservationColumns {
    fn of(reservations: &[Reservation]) -> Self {
        let mut c = Self::default();
        for r in reservations {
            c.ids.push(r.id);
            c.unit_types.extend(r.unit_type_id);
            c.plans.extend(r.rate_plan_id);
            c.arrivals.push(r.arrival);
            c.departures.push(r.departure);
            c.adults.push(r.adults);
            c.children.push(r.children);
            c.guests.push(r.guest_name.clone());
            c.totals.push(r.total);
            for (night, price) in &r.nights {
                c.night_of.push(r.id);
                c.nights.push(*night);
                c.prices.push(*price);
            }
        }
        c
    }
}
