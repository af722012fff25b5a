//! Writing a booking that changed.

use super::entity::{Booking, Reservation};
use super::{personal, rows};
use crate::channel::revision::Particulars;
use crate::db::TenantTx;
use crate::desk::segment;
use crate::error::Result;
use sqlx::types::Json;
use uuid::Uuid;

/// Writes a booking as it is now: a new one whole, of one that was read and locked what differs from `before`.
/// Reservations that are no longer in it stay as they are in the table, so cancelled ones must be among them.
pub(super) async fn save(tx: &mut TenantTx, before: Option<&Booking>, b: &Booking) -> Result<()> {
    save_booking(tx, b).await?;
    let changed = b.reservations.iter().map(|after| {
        let before = before.and_then(|b| b.reservation(after.id).ok());
        (before, after)
    });
    let changed: Vec<_> = changed
        .filter(|(before, after)| *before != Some(*after))
        .collect();
    let part = |same: fn(&Reservation, &Reservation) -> bool| {
        let differ = |(before, after): &(Option<&Reservation>, &Reservation)| {
            before.is_none_or(|before| !same(before, after))
        };
        let part = changed.iter().filter(|pair| differ(pair));
        part.map(|(_, after)| *after).collect::<Vec<_>>()
    };
    save_reservations(tx, b, &part(|_, _| false)).await?;
    save_nights(tx, b, &part(|b, a| b.nights == a.nights)).await?;
    save_lines(tx, &part(|b, a| b.lines == a.lines)).await?;
    for stay in part(|b, a| b.segments == a.segments) {
        segment::replace(tx, b.property_id, stay.id, &stay.segments).await?;
    }
    Ok(())
}

async fn save_booking(tx: &mut TenantTx, b: &Booking) -> Result<()> {
    let link = b.channel.as_ref();
    let sealed = personal::of(tx, b).await?;
    let particulars = link.map(|l| &l.particulars).filter(|p| !p.is_empty()).map(Json);
    sqlx::query!(
        "insert into booking (tenant_id, id, property_id, reference, status, hold_expires_at, personal, email_key,
             phone_key, currency, total, commission, source, connection_id, channel_ref, channel_revision,
             channel_revised_at, particulars, company_id, agent_id, group_id, version, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
             $23, $24)
         on conflict (tenant_id, id) do update set
             status = excluded.status, hold_expires_at = excluded.hold_expires_at,
             personal = excluded.personal, email_key = excluded.email_key, phone_key = excluded.phone_key,
             booker_name = null, booker_email = null, booker_phone = null, booker_country = null, notes = null,
             currency = excluded.currency, total = excluded.total, commission = excluded.commission,
             channel_revision = excluded.channel_revision, channel_revised_at = excluded.channel_revised_at,
             particulars = excluded.particulars,
             company_id = excluded.company_id, agent_id = excluded.agent_id, group_id = excluded.group_id,
             version = excluded.version, updated_at = excluded.updated_at",
        tx.t(),
        b.id,
        b.property_id,
        b.reference,
        b.status.name(),
        b.hold_expires_at,
        sealed.personal,
        sealed.email_key,
        sealed.phone_key,
        b.currency,
        b.total,
        b.commission,
        b.source,
        link.map(|l| l.connection_id),
        link.map(|l| l.reference.as_str()),
        link.map(|l| l.revision.as_str()),
        link.and_then(|l| l.revised_at),
        particulars as Option<Json<&Particulars>>,
        b.parties.company_id,
        b.parties.agent_id,
        b.parties.group_id,
        b.version,
        b.created_at,
        b.updated_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn save_reservations(tx: &mut TenantTx, b: &Booking, stays: &[&Reservation]) -> Result<()> {
    if stays.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into reservation (tenant_id, id, booking_id, property_id, unit_type_id, rate_plan_id, status, arrival,
             departure, adults, children, children_ages, guest_name, promo_code, policy, fee, total,
             channel_room_ref, needs, checked_in_at, checked_in_on, checked_out_at, checked_out_on, version)
         select $1, r.id, $2, $3, r.unit_type_id, r.rate_plan_id, r.status, r.arrival, r.departure, r.adults,
                r.children, r.children_ages, r.guest_name, r.promo_code, r.policy, r.fee, r.total,
                r.channel_room_ref, r.needs, r.checked_in_at, r.checked_in_on, r.checked_out_at, r.checked_out_on,
                r.version
         from jsonb_to_recordset($4) as r (id uuid, unit_type_id uuid, rate_plan_id uuid, status text, arrival date,
              departure date, adults int, children int, children_ages int[], guest_name text, promo_code text,
              policy jsonb, fee numeric, total numeric, channel_room_ref text, needs jsonb, checked_in_at timestamptz,
              checked_in_on date, checked_out_at timestamptz, checked_out_on date, version int)
         on conflict (tenant_id, id) do update set
             unit_type_id = excluded.unit_type_id, rate_plan_id = excluded.rate_plan_id, status = excluded.status,
             arrival = excluded.arrival, departure = excluded.departure, adults = excluded.adults,
             children = excluded.children, children_ages = excluded.children_ages,
             guest_name = excluded.guest_name, promo_code = excluded.promo_code, policy = excluded.policy,
             fee = excluded.fee, total = excluded.total, channel_room_ref = excluded.channel_room_ref,
             needs = excluded.needs, checked_in_at = excluded.checked_in_at, checked_in_on = excluded.checked_in_on,
             checked_out_at = excluded.checked_out_at, checked_out_on = excluded.checked_out_on,
             version = excluded.version",
        tx.t(),
        b.id,
        b.property_id,
        rows::reservations(stays.iter().copied())?
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn save_nights(tx: &mut TenantTx, b: &Booking, stays: &[&Reservation]) -> Result<()> {
    if stays.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = stays.iter().map(|r| r.id).collect();
    let nights = rows::nights(stays.iter().copied());
    sqlx::query!(
        "delete from reservation_night n where tenant_id = $1 and reservation_id = any($2)
           and not exists (select from unnest($3::uuid[], $4::date[]) as k (id, night)
                           where k.id = n.reservation_id and k.night = n.night)",
        tx.t(),
        &ids,
        &nights.reservations,
        &nights.dates
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "insert into reservation_night (tenant_id, reservation_id, night, property_id, unit_type_id, price)
         select $1, n.id, n.night, $2, n.unit_type_id, n.price
         from unnest($3::uuid[], $4::date[], $5::uuid[], $6::numeric[]) as n (id, night, unit_type_id, price)
         on conflict (tenant_id, reservation_id, night) do update set
             unit_type_id = excluded.unit_type_id, price = excluded.price",
        tx.t(),
        b.property_id,
        &nights.reservations,
        &nights.dates,
        &nights.unit_types as &[Option<Uuid>],
        &nights.prices
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn save_lines(tx: &mut TenantTx, stays: &[&Reservation]) -> Result<()> {
    if stays.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = stays.iter().map(|r| r.id).collect();
    sqlx::query!(
        "delete from reservation_line where tenant_id = $1 and reservation_id = any($2)",
        tx.t(),
        &ids
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "insert into reservation_line (tenant_id, reservation_id, line, kind, source, code, name, night, quantity, amount,
             included)
         select $1, l.id, l.line, l.kind, l.source, l.code, l.name, l.night, l.quantity, l.amount, l.included
         from jsonb_to_recordset($2) as l (id uuid, line int, kind text, source text, code text, name text, night date,
              quantity int, amount numeric, included boolean)",
        tx.t(),
        rows::lines(stays.iter().copied())?
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
