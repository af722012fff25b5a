//! The one statement that sells: stock under ordered locks, booking, reservations, nights, event, dirty cells, kick.

use super::entity::{Booking, Reservation};
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::inventory::{self, Delta};
use crate::principal::Principal;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde_json::json;
use std::collections::BTreeSet;
use uuid::Uuid;

/// Takes the stock and writes booking, reservations, nights, event, dirty cells and kick in one statement. Stock rows
/// are locked in (unit type, night) order first; the guard is checked again on the locked row, and the table's CHECK
/// stands behind it.
pub(super) async fn sell(tx: &mut TenantTx, who: &Principal, booking: &Booking) -> Result<()> {
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
             select $31, $32, $33, 'Pending', 0, 1, clock_timestamp(), 0 from go)
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
    let full: BTreeSet<String> = delta
        .keys()
        .filter(|k| !got.contains(k))
        .map(|(_, night)| night.to_string())
        .collect();
    let detail = format!(
        "nothing is free on {}",
        full.into_iter().collect::<Vec<_>>().join(", ")
    );
    Err(Refusal::conflict("no_availability", detail).into())
}

/// The event's data: what a projection needs to know which nights changed.
fn created(booking: &Booking) -> serde_json::Value {
    json!({ "reference": booking.reference, "nights": spans(&booking.reservations) })
}

/// `[{"from","to"}]` of the stays, half-open.
pub(super) fn spans(reservations: &[Reservation]) -> Vec<serde_json::Value> {
    let all: BTreeSet<(NaiveDate, NaiveDate)> =
        reservations.iter().map(|r| (r.arrival, r.departure)).collect();
    all.into_iter()
        .map(|(from, to)| json!({ "from": from, "to": to }))
        .collect()
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
