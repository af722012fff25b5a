//! The one statement that sells: stock under ordered locks, booking, reservations, nights, event, dirty cells, kick.

use super::cancel::mark_dirty;
use super::change::Force;
use super::entity::{Booking, BookingStatus, Reservation};
use super::save::save;
use super::{personal, rows};
use crate::db::TenantTx;
use crate::error::Result;
use crate::event::{self, NewEvent};
use crate::group::pickup::Drawn;
use crate::inventory::{self, Delta, Stock};
use crate::principal::Principal;
use chrono::NaiveDate;
use serde_json::json;
use std::collections::BTreeSet;
use uuid::Uuid;

/// Takes the stock and writes booking, reservations, nights, event, dirty cells and kick in one statement. Stock rows
/// are locked in (unit type, night) order first; the guard is checked again on the locked row, and the table's CHECK
/// stands behind it. What is drawn of a group's block was held already: a night that takes no more than that is sold
/// even where it is oversold. Nobody is kicked where no channel has to hear of it: the sweep is soon enough for the
/// dashboard.
pub(super) async fn sell(tx: &mut TenantTx, who: &Principal, booking: &Booking, drawn: &Drawn) -> Result<()> {
    let mut delta = Delta::new();
    booking.reservations.iter().for_each(|r| r.add_to(&mut delta, 1));
    let (unit_types, nights) = inventory::cells(&delta);
    let counts: Vec<i32> = delta.values().map(|t| t.all()).collect();
    let drawn: Vec<i32> = delta
        .keys()
        .map(|cell| drawn.get(cell).copied().unwrap_or_default())
        .collect();
    let sealed = personal::of(tx, booking).await?;
    let slept = rows::nights(&booking.reservations);
    let sold = sqlx::query!(
        r#"with wanted as (
             select * from unnest($2::uuid[], $3::date[], $4::int[], $29::int[]) as w (unit_type_id, night, n, drawn)),
         locked as (
             select i.unit_type_id, i.night, w.n, w.drawn from wanted w
             join inventory i on i.tenant_id = $1 and i.unit_type_id = w.unit_type_id and i.night = w.night
             order by i.unit_type_id, i.night for update of i),
         sold as (
             update inventory i set sold = i.sold + case when $16 then 0 else l.n end,
                                    held = i.held - l.drawn + case when $16 then l.n else 0 end,
                                    forced = greatest(0, i.sold + i.held + i.out_of_order + i.blocked + l.n - l.drawn
                                                         - i.capacity - i.overbooking_limit)
             from locked l
             where i.tenant_id = $1 and i.unit_type_id = l.unit_type_id and i.night = l.night
               and (l.n <= l.drawn or i.sold + i.held + i.out_of_order + i.blocked + l.n - l.drawn
                                      <= i.capacity + i.overbooking_limit)
             returning i.unit_type_id, i.night),
         go as (select 1 where (select count(*) from sold) = (select count(*) from wanted)),
         b as (
             insert into booking (tenant_id, id, property_id, reference, status, hold_expires_at, personal, email_key,
                 phone_key, currency, total, source, company_id, agent_id, group_id, created_at, updated_at)
             select $1, $5, $6, $7, case when $16 then 'tentative' else 'confirmed' end, $17, $8, $9, $10, $13, $14,
                    $15, $11, $12, $28, $18, $18 from go),
         r as (
             insert into reservation (tenant_id, id, booking_id, property_id, unit_type_id, rate_plan_id, status,
                 arrival, departure, adults, children, children_ages, guest_name, promo_code, policy, total)
             select $1, r.id, $5, $6, r.unit_type_id, r.rate_plan_id, r.status, r.arrival, r.departure, r.adults,
                    r.children, r.children_ages, r.guest_name, r.promo_code, r.policy, r.total
             from go, jsonb_to_recordset($19) as r (id uuid, unit_type_id uuid, rate_plan_id uuid, status text,
                 arrival date, departure date, adults int, children int, children_ages int[], guest_name text,
                 promo_code text, policy jsonb, total numeric)),
         n as (
             insert into reservation_night (tenant_id, reservation_id, night, property_id, unit_type_id, price)
             select $1, n.id, n.night, $6, n.unit_type_id, n.price
             from go, unnest($20::uuid[], $30::date[], $31::uuid[], $32::numeric[])
                          as n (id, night, unit_type_id, price)),
         l as (
             insert into reservation_line (tenant_id, reservation_id, line, kind, source, code, name, night, quantity, amount,
                 included)
             select $1, l.id, l.line, l.kind, l.source, l.code, l.name, l.night, l.quantity, l.amount, l.included
             from go, jsonb_to_recordset($21) as l (id uuid, line int, kind text, source text, code text, name text, night date,
                 quantity int, amount numeric, included boolean)),
         e as (
             insert into event (tenant_id, kind, property_id, subject_id, actor, data, at)
             select $1, $22, $6, $5, $23, $24, $18 from go),
         d as (
             insert into ari_dirty (tenant_id, connection_id, kind, unit_type_id, from_night, to_night)
             select $1, m.connection_id, 'availability', s.unit_type_id, s.first, s.last + 1
             from go, (select unit_type_id, min(night) as first, max(night) as last from wanted
                       group by unit_type_id) s
             join channel_room_map m on m.tenant_id = $1 and m.unit_type_id = s.unit_type_id
             join channel_connection c on c.tenant_id = $1 and c.id = m.connection_id and c.receives_ari
             returning 1),
         k as (
             insert into apalis.jobs (id, job_type, job, status, attempts, max_attempts, run_at, priority)
             select $25, $26, $27, 'Pending', 0, 1, clock_timestamp(), 0 where exists (select from d))
         select unit_type_id, night from sold"#,
        tx.t(),
        &unit_types,
        &nights,
        &counts,
        booking.id,
        booking.property_id,
        booking.reference,
        sealed.personal,
        sealed.email_key,
        sealed.phone_key,
        booking.parties.company_id,
        booking.parties.agent_id,
        booking.currency,
        booking.total,
        booking.source,
        booking.status == BookingStatus::Tentative,
        booking.hold_expires_at,
        booking.created_at,
        rows::reservations(&booking.reservations)?,
        &slept.reservations,
        rows::lines(&booking.reservations)?,
        if booking.status == BookingStatus::Tentative { "booking.held" } else { "booking.created" },
        who.actor.to_string(),
        created(booking),
        crate::jobs::job_id(),
        crate::jobs::TENANT_CHANGED,
        crate::jobs::payload(tx.tenant())?,
        booking.parties.group_id,
        &drawn,
        &slept.dates,
        &slept.unit_types as &[Option<Uuid>],
        &slept.prices,
    )
    .fetch_all(&mut **tx)
    .await?;
    inventory::refuse_missing(
        &delta,
        sold.into_iter().map(|r| (r.unit_type_id, r.night)).collect(),
    )
}

/// Sells whatever is free: `forced` rises, and the reason stands in the event.
pub(super) async fn oversell(
    tx: &mut TenantTx,
    who: &Principal,
    booking: &Booking,
    drawn: &Drawn,
    force: &Force,
) -> Result<()> {
    let mut delta = Delta::new();
    booking.reservations.iter().for_each(|r| r.add_to(&mut delta, 1));
    for (cell, units) in drawn {
        delta.entry(*cell).or_default().held -= units;
    }
    inventory::change(tx, &delta, Stock::Forced).await?;
    save(tx, None, booking).await?;
    mark_dirty(tx, &delta).await?;
    let mut data = created(booking);
    data["forced"] = force.said();
    let event = NewEvent {
        kind: "booking.created",
        property_id: Some(booking.property_id),
        subject_id: booking.id,
        actor: &who.actor,
        data,
        at: booking.created_at,
    };
    event::append(tx, event).await?;
    crate::jobs::kick(tx).await
}

/// The event's data: what a projection needs to know which nights changed.
fn created(booking: &Booking) -> serde_json::Value {
    json!({ "reference": booking.reference, "nights": spans(&booking.reservations) })
}

/// `[{"from","to"}]` of the stays, half-open.
pub(crate) fn spans(reservations: &[Reservation]) -> Vec<serde_json::Value> {
    let all: BTreeSet<(NaiveDate, NaiveDate)> =
        reservations.iter().map(|r| (r.arrival, r.departure)).collect();
    all.into_iter()
        .map(|(from, to)| json!({ "from": from, "to": to }))
        .collect()
}
