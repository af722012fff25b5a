//! Automatic assignment: every arrival of some days gets a unit, if there is one.

use super::needs;
use super::plan::{Guest, Slot, plan};
use super::segment::{self, Segment};
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::event::{self, NewEvent};
use crate::principal::{Permission, Principal};
use crate::property::{self, Unit, unit};
use chrono::{DateTime, Days, NaiveDate, Utc};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap, HashSet};
use uuid::Uuid;

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
    write(tx, property_id, &changes).await?;
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

struct StayRow {
    id: Uuid,
    booking_id: Uuid,
    reference: String,
    arrival: NaiveDate,
    departure: NaiveDate,
    needs: Option<Value>,
    types: Vec<Option<Uuid>>,
}

async fn arrivals(
    tx: &mut TenantTx,
    property_id: Uuid,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<Vec<StayRow>> {
    let most = i64::try_from(MOST_STAYS).unwrap_or(i64::MAX) + 1;
    let stays = sqlx::query_as!(
        StayRow,
        r#"select r.id, r.booking_id, b.reference, r.arrival, r.departure, r.needs,
                  array(select distinct n.unit_type_id from reservation_night n
                        where n.tenant_id = $1 and n.reservation_id = r.id) as "types!: Vec<Option<Uuid>>"
           from reservation r join booking b on b.tenant_id = $1 and b.id = r.booking_id
           where r.tenant_id = $1 and r.property_id = $2 and r.arrival >= $3 and r.arrival < $4
             and r.status = 'confirmed'
           order by r.arrival, r.id limit $5"#,
        tx.t(),
        property_id,
        from,
        to,
        most
    )
    .fetch_all(&mut **tx)
    .await?;
    if stays.len() > MOST_STAYS {
        let detail = format!("more than {MOST_STAYS} stays arrive then: take fewer days");
        return Err(Refusal::invalid("too_many_stays", detail).at("/to").into());
    }
    Ok(stays)
}

/// The units and what is in them.
struct World {
    units: Vec<Unit>,
    index: HashMap<Uuid, usize>,
    /// Segments of the stays to plan.
    own: HashMap<Uuid, Vec<Segment>>,
    /// Everything else.
    others: Vec<(usize, NaiveDate, NaiveDate)>,
}

impl World {
    async fn read(tx: &mut TenantTx, units: Vec<Unit>, stays: &[StayRow]) -> Result<Self> {
        let index: HashMap<Uuid, usize> = units.iter().enumerate().map(|(i, u)| (u.id, i)).collect();
        let first = stays.iter().map(|s| s.arrival).min().unwrap_or_default();
        let last = stays.iter().map(|s| s.departure).max().unwrap_or_default();
        let ids: Vec<Uuid> = units.iter().map(|u| u.id).collect();
        let (mut own, mut others) = (HashMap::<Uuid, Vec<Segment>>::new(), Vec::new());
        // Around the stays too: how tight a gap is counts the neighbours.
        let around = (first - Days::new(30), last + Days::new(30));
        let planning: HashSet<Uuid> = stays.iter().map(|s| s.id).collect();
        for row in all_segments(tx, &ids, around).await? {
            let planned = row.reservation_id.filter(|id| planning.contains(id));
            match (planned, index.get(&row.unit_id)) {
                (Some(id), _) => own.entry(id).or_default().push(row.segment()),
                (None, Some(slot)) => others.push((*slot, row.from_night, row.to_night)),
                (None, None) => {}
            }
        }
        Ok(Self {
            units,
            index,
            own,
            others,
        })
    }

    fn segments(&self, id: Uuid) -> &[Segment] {
        self.own.get(&id).map(Vec::as_slice).unwrap_or_default()
    }

    /// What is to be planned: stays without a unit, the bare rest of a stay, and stays that may move.
    fn guests(&self, stays: &[StayRow]) -> Result<(Vec<Guest>, Outcome)> {
        let (mut guests, mut outcome) = (Vec::new(), Outcome::default());
        for stay in stays {
            let segments = self.segments(stay.id);
            let nights = stay.arrival.iter_days().take_while(|d| *d < stay.departure);
            let bare = segment::runs(nights.filter(|d| !segments.iter().any(|s| s.covers(*d))));
            let whole = (stay.arrival, stay.departure);
            let (spans, only, at) = match segments {
                [] => (vec![whole], None, None),
                [one] if bare.is_empty() && !one.locked => {
                    (vec![whole], None, self.index.get(&one.unit_id).copied())
                }
                [.., last] => (bare, self.index.get(&last.unit_id).copied(), None),
            };
            let [Some(unit_type_id)] = stay.types[..] else {
                let unmapped = stay.types.contains(&None);
                let code = if unmapped {
                    "unmapped"
                } else {
                    "several_unit_types"
                };
                if at.is_none() && !spans.is_empty() {
                    outcome.unassigned.push(stay.unplaced(code));
                }
                continue;
            };
            for span in spans {
                guests.push(Guest {
                    id: stay.id,
                    booking_id: stay.booking_id,
                    unit_type_id,
                    span,
                    needs: needs::parse(stay.needs.clone())?,
                    only,
                    at,
                    near: Vec::new(),
                });
            }
        }
        self.siblings(stays, &mut guests);
        Ok((guests, outcome))
    }

    /// Rooms of the same booking that stay where they are.
    fn siblings(&self, stays: &[StayRow], guests: &mut [Guest]) {
        let movable: HashSet<Uuid> = guests.iter().filter(|g| g.at.is_some()).map(|g| g.id).collect();
        let mut by_booking: HashMap<Uuid, Vec<usize>> = HashMap::new();
        for stay in stays.iter().filter(|s| !movable.contains(&s.id)) {
            let slots = self
                .segments(stay.id)
                .iter()
                .filter_map(|s| self.index.get(&s.unit_id));
            by_booking.entry(stay.booking_id).or_default().extend(slots);
        }
        for guest in guests {
            guest.near = by_booking.get(&guest.booking_id).cloned().unwrap_or_default();
        }
    }

    fn slots(&self, guests: &[Guest]) -> Vec<Slot> {
        let slot = |unit: &Unit| Slot {
            unit: unit.clone(),
            fixed: Vec::new(),
        };
        let mut slots: Vec<Slot> = self.units.iter().map(slot).collect();
        for (at, from, to) in &self.others {
            slots[*at].fixed.push((*from, *to));
        }
        let movable: HashSet<Uuid> = guests.iter().filter(|g| g.at.is_some()).map(|g| g.id).collect();
        for (id, segments) in &self.own {
            if movable.contains(id) {
                continue;
            }
            for s in segments {
                if let Some(at) = self.index.get(&s.unit_id) {
                    slots[*at].fixed.push((s.from, s.to));
                }
            }
        }
        slots
    }
}

impl StayRow {
    fn unplaced(&self, code: &'static str) -> Unplaced {
        Unplaced {
            reservation_id: self.id,
            reference: self.reference.clone(),
            code,
        }
    }
}

struct SegmentRow {
    reservation_id: Option<Uuid>,
    unit_id: Uuid,
    from_night: NaiveDate,
    to_night: NaiveDate,
    locked: bool,
}

impl SegmentRow {
    fn segment(&self) -> Segment {
        Segment {
            unit_id: self.unit_id,
            from: self.from_night,
            to: self.to_night,
            locked: self.locked,
        }
    }
}

async fn all_segments(
    tx: &mut TenantTx,
    units: &[Uuid],
    (from, to): (NaiveDate, NaiveDate),
) -> Result<Vec<SegmentRow>> {
    Ok(sqlx::query_as!(
        SegmentRow,
        "select reservation_id, unit_id, from_night, to_night, locked from stay_segment
         where tenant_id = $1 and unit_id = any($2) and to_night > $3 and from_night < $4 order by from_night",
        tx.t(),
        units,
        from,
        to
    )
    .fetch_all(&mut **tx)
    .await?)
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
        let unit_id = world.units[slot].id;
        let (from, to) = guest.span;
        let placed = Placed {
            reservation_id: guest.id,
            reference: stay.reference.clone(),
            unit_id,
            from,
            to,
        };
        let kept = || match guest.at {
            Some(_) => Vec::new(),
            None => world.segments(guest.id).to_vec(),
        };
        let segments = out.entry(guest.id).or_insert_with(kept);
        let locked = segments.iter().any(|s| s.locked);
        segments.push(Segment {
            unit_id,
            from,
            to,
            locked,
        });
        match guest.at {
            Some(_) => outcome.moved.push(placed),
            None => outcome.assigned.push(placed),
        }
    }
    out
}

/// First everybody out, then everybody in: stays may change places.
async fn write(tx: &mut TenantTx, property_id: Uuid, changes: &BTreeMap<Uuid, Vec<Segment>>) -> Result<()> {
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
    segment::insert(tx, property_id, &owners, &segments).await
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
