//! Automatic assignment: every arrival of some days gets a unit, if there is one.

mod world;

use super::plan::{Guest, plan};
use super::segment::{self, Segment};
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::event::{self, NewEvent};
use crate::principal::{Permission, Principal};
use crate::property::{self, unit};
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;
use world::{StayRow, World, arrivals};

/// Longest range of arrivals, in days.
pub const MOST_DAYS: i64 = 100;
/// Most stays planned at once.
pub const MOST_STAYS: usize = 2000;

#[derive(Debug, Clone, Default)]
pub struct Outcome {
    pub assigned: Vec<Placed>,
    /// Had a unit and gave way for another stay.
    pub moved: Vec<Placed>,
    pub unassigned: Vec<Unplaced>,
}

#[derive(Debug, Clone)]
pub struct Placed {
    pub reservation_id: Uuid,
    pub reference: String,
    pub unit_id: Uuid,
    pub from: NaiveDate,
    pub to: NaiveDate,
}

#[derive(Debug, Clone)]
pub struct Unplaced {
    pub reservation_id: Uuid,
    pub reference: String,
    /// `no_unit`: none that fits is free throughout; `unmapped`: the channel's room is mapped to nothing;
    /// `several_unit_types`: its nights take different types, so it has to be split by hand.
    pub code: &'static str,
}

/// Assigns units to confirmed stays that arrive in `[from, to)`: one unit a stay, needs met, wishes weighed. Locked
/// stays, guests in house and maintenance are not touched; a stay that has a unit moves only if another one gets a
/// unit by it.
pub async fn assign_units(
    tx: &mut TenantTx,
    who: &Principal,
    property_id: Uuid,
    (from, to): (NaiveDate, NaiveDate),
    now: DateTime<Utc>,
) -> Result<Outcome> {
    who.require(Permission::WriteBookings)?;
    property::get(tx, property_id).await?;
    if from >= to || (to - from).num_days() > MOST_DAYS {
        let detail = format!("`to` is after `from`, at most {MOST_DAYS} days");
        return Err(Refusal::invalid("invalid_range", detail).at("/to").into());
    }
    lock_bookings(tx, property_id, from, to).await?;
    let mut units = unit::of_property(tx, property_id).await?;
    let mut ids: Vec<Uuid> = units.iter().map(|u| u.id).collect();
    ids.sort_unstable();
    let locked = unit::lock_units(tx, &ids).await?;
    units.retain(|u| locked.iter().any(|l| l.id == u.id));
    let stays = arrivals(tx, property_id, from, to).await?;
    let world = World::read(tx, units, &stays).await?;
    let (guests, mut outcome) = world.guests(&stays)?;
    let slots = world.slots(&guests);
    let made = plan(&slots, &guests);
    let changes = changes(&world, &guests, &made, &stays, &mut outcome);
    write(tx, property_id, &changes, now).await?;
    for placed in outcome.assigned.iter().chain(&outcome.moved) {
        log(tx, who, property_id, &stays, placed, now).await?;
    }
    if !changes.is_empty() {
        crate::jobs::kick(tx).await?;
    }
    Ok(outcome)
}

/// In the order of their ids; a change of one of them waits until the plan is written.
async fn lock_bookings(tx: &mut TenantTx, property_id: Uuid, from: NaiveDate, to: NaiveDate) -> Result<()> {
    sqlx::query_scalar!(
        "select b.id from booking b where b.tenant_id = $1 and b.id in (
             select r.booking_id from reservation r where r.tenant_id = $1 and r.property_id = $2
               and r.arrival >= $3 and r.arrival < $4 and r.status = 'confirmed')
         order by b.id for update",
        tx.t(),
        property_id,
        from,
        to
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(())
}

/// The new segments of every stay that changes, by reservation; the outcome is told.
fn changes(
    world: &World,
    guests: &[Guest],
    made: &[Option<usize>],
    stays: &[StayRow],
    outcome: &mut Outcome,
) -> BTreeMap<Uuid, Vec<Segment>> {
    let mut out: BTreeMap<Uuid, Vec<Segment>> = BTreeMap::new();
    let by_id: HashMap<Uuid, &StayRow> = stays.iter().map(|s| (s.id, s)).collect();
    for (guest, slot) in guests.iter().zip(made) {
        let Some(stay) = by_id.get(&guest.id) else {
            continue;
        };
        let Some(slot) = *slot else {
            outcome.unassigned.push(stay.unplaced("no_unit"));
            continue;
        };
        if guest.at == Some(slot) {
            continue;
        }
        let unit = &world.units[slot];
        let (from, to) = guest.span;
        let placed = Placed {
            reservation_id: guest.id,
            reference: stay.reference.clone(),
            unit_id: unit.id,
            from,
            to,
        };
        let kept = || match guest.at {
            Some(_) => Vec::new(),
            None => world.segments(guest.id).to_vec(),
        };
        let segments = out.entry(guest.id).or_insert_with(kept);
        let locked = segments.iter().any(|s| s.locked);
        segments.push(Segment::new(unit, guest.span, locked));
        match guest.at {
            Some(_) => outcome.moved.push(placed),
            None => outcome.assigned.push(placed),
        }
    }
    out
}

/// First everybody out, then everybody in: stays may change places. Versions rise: a stay's units are part of it.
async fn write(
    tx: &mut TenantTx,
    property_id: Uuid,
    changes: &BTreeMap<Uuid, Vec<Segment>>,
    now: DateTime<Utc>,
) -> Result<()> {
    let ids: Vec<Uuid> = changes.keys().copied().collect();
    sqlx::query!(
        "delete from stay_segment where tenant_id = $1 and reservation_id = any($2)",
        tx.t(),
        &ids
    )
    .execute(&mut **tx)
    .await?;
    let (mut owners, mut segments) = (Vec::new(), Vec::new());
    for (id, own) in changes {
        for s in segment::joined(own.clone()) {
            owners.push(*id);
            segments.push(s);
        }
    }
    segment::insert(tx, property_id, &owners, &segments).await?;
    sqlx::query!(
        "with stays as (
             update reservation set version = version + 1 where tenant_id = $1 and id = any($2)
             returning booking_id)
         update booking set version = version + 1, updated_at = $3
         where tenant_id = $1 and id in (select booking_id from stays)",
        tx.t(),
        &ids,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn log(
    tx: &mut TenantTx,
    who: &Principal,
    property_id: Uuid,
    stays: &[StayRow],
    placed: &Placed,
    now: DateTime<Utc>,
) -> Result<()> {
    let Some(stay) = stays.iter().find(|s| s.id == placed.reservation_id) else {
        return Ok(());
    };
    let event = NewEvent {
        kind: "reservation.unit_assigned",
        property_id: Some(property_id),
        subject_id: stay.booking_id,
        actor: &who.actor,
        data: json!({
            "reference": stay.reference,
            "reservation_id": stay.id,
            "unit_id": placed.unit_id,
            "from": placed.from,
            "to": placed.to,
            "automatic": true,
        }),
        at: now,
    };
    event::append(tx, event).await
}
