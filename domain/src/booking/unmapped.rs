//! Rooms that a channel sold under a code that is mapped to nothing: they take no stock, and an alert says so, until
//! somebody says what they are.

use super::channel;
use super::entity::{Booking, Reservation};
use super::store;
use crate::channel::connection::Connection;
use crate::channel::mapping::Mapping;
use crate::channel::revision::ChannelRoom;
use crate::db::TenantTx;
use crate::error::Result;
use crate::principal::Principal;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Rooms that get their types with one mapping; more are left for the next.
const MOST_ROOMS: i64 = 1000;

/// What stands for nothing in `booking`, whose first reservations are these rooms.
pub(super) async fn note(
    tx: &mut TenantTx,
    connection_id: Uuid,
    booking: &Booking,
    rooms: &[ChannelRoom],
) -> Result<()> {
    let all: Vec<Uuid> = booking.reservations.iter().map(|r| r.id).collect();
    forget(tx, connection_id, &all).await?;
    let sold = booking.reservations.iter().zip(rooms);
    let unmapped: Vec<(Uuid, &str, Option<&str>)> = sold
        .filter(|(r, _)| waits(r))
        .filter_map(|(r, room)| Some((r.id, room.room_type.as_deref()?, room.rate_plan.as_deref())))
        .collect();
    if unmapped.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = unmapped.iter().map(|u| u.0).collect();
    let room_types: Vec<String> = unmapped.iter().map(|u| u.1.to_owned()).collect();
    let rate_plans: Vec<Option<String>> = unmapped.iter().map(|u| u.2.map(str::to_owned)).collect();
    sqlx::query!(
        "insert into channel_unmapped (tenant_id, connection_id, reservation_id, room_type, rate_plan)
         select $1, $2, u.* from unnest($3::uuid[], $4::text[], $5::text[]) as u",
        tx.t(),
        connection_id,
        &ids,
        &room_types,
        &rate_plans as &[Option<String>]
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What is mapped now gets its rooms, beyond what there is if need be: it is sold.
pub async fn follow_mapping(
    tx: &mut TenantTx,
    who: &Principal,
    connection: &Connection,
    now: DateTime<Utc>,
) -> Result<()> {
    let mapping = Mapping::read(tx, connection.id).await?;
    let codes: Vec<String> = mapping.rooms.values().cloned().collect();
    let rows = sqlx::query!(
        "select u.reservation_id, r.booking_id, u.room_type, u.rate_plan from channel_unmapped u
         join reservation r on r.tenant_id = $1 and r.id = u.reservation_id
         where u.tenant_id = $1 and u.connection_id = $2 and u.room_type = any($3)
         order by r.booking_id, r.id limit $4",
        tx.t(),
        connection.id,
        &codes,
        MOST_ROOMS
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut bookings: BTreeMap<Uuid, BTreeMap<Uuid, Product>> = BTreeMap::new();
    for row in rows {
        if let Some(unit_type) = mapping.unit_type(&row.room_type) {
            let rate_plan = row.rate_plan.as_deref().and_then(|code| mapping.rate_plan(code));
            let rooms = bookings.entry(row.booking_id).or_default();
            rooms.insert(row.reservation_id, (unit_type, rate_plan));
        }
    }
    for id in bookings.keys() {
        store::lock(tx, *id).await?;
    }
    lock_stock(tx, bookings.values().flatten()).await?;
    for (id, products) in bookings {
        give_rooms(tx, who, connection, (id, &products), now).await?;
    }
    Ok(())
}

/// Of all the bookings at once, in the order of whoever sells.
async fn lock_stock(tx: &mut TenantTx, rooms: impl Iterator<Item = (&Uuid, &Product)>) -> Result<()> {
    let (reservations, unit_types): (Vec<Uuid>, Vec<Uuid>) = rooms
        .map(|(reservation, (unit_type, _))| (*reservation, *unit_type))
        .unzip();
    sqlx::query!(
        "select i.night from unnest($2::uuid[], $3::uuid[]) as u (reservation_id, unit_type_id)
         join reservation_night n on n.tenant_id = $1 and n.reservation_id = u.reservation_id
         join inventory i on i.tenant_id = $1 and i.unit_type_id = u.unit_type_id and i.night = n.night
         order by i.unit_type_id, i.night for update of i",
        tx.t(),
        &reservations,
        &unit_types
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(())
}

/// Unit type, and rate plan as far as it is known.
type Product = (Uuid, Option<Uuid>);

async fn give_rooms(
    tx: &mut TenantTx,
    who: &Principal,
    connection: &Connection,
    (id, products): (Uuid, &BTreeMap<Uuid, Product>),
    now: DateTime<Utc>,
) -> Result<()> {
    let channel = Principal::channel(tx.tenant(), connection.id);
    let before = store::get(tx, &channel, id).await?;
    let mut after = before.clone();
    for reservation in after.reservations.iter_mut().filter(|r| waits(r)) {
        if let Some((unit_type, rate_plan)) = products.get(&reservation.id) {
            reservation.unit_type_id = Some(*unit_type);
            reservation.rate_plan_id = reservation.rate_plan_id.or(*rate_plan);
            let nights = reservation.nights.iter_mut();
            nights.for_each(|night| night.unit_type_id = Some(*unit_type));
            reservation.version += 1;
        }
    }
    let known: Vec<Uuid> = products.keys().copied().collect();
    forget(tx, connection.id, &known).await?;
    if after.reservations == before.reservations {
        return Ok(()); // it was moved by hand, or cancelled
    }
    after.version += 1;
    after.updated_at = now;
    channel::mapped(tx, who, connection, (&before, &mut after), now).await
}

/// In a house that does not know where.
fn waits(reservation: &Reservation) -> bool {
    reservation.status.occupies() && reservation.unit_type_id.is_none()
}

async fn forget(tx: &mut TenantTx, connection_id: Uuid, reservations: &[Uuid]) -> Result<()> {
    sqlx::query!(
        "delete from channel_unmapped where tenant_id = $1 and connection_id = $2 and reservation_id = any($3)",
        tx.t(),
        connection_id,
        reservations
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
