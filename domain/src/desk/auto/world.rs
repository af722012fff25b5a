//! What a plan is made from: the arrivals, the units, and what is in them.

use super::{MOST_STAYS, Outcome, Unplaced};
use crate::channel::calendar;
use crate::db::TenantTx;
use crate::desk::needs;
use crate::desk::plan::{Guest, Slot};
use crate::desk::segment::{self, Segment};
use crate::error::{Refusal, Result};
use crate::property::Unit;
use chrono::{Days, NaiveDate};
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

pub(super) struct StayRow {
    pub id: Uuid,
    pub booking_id: Uuid,
    pub reference: String,
    arrival: NaiveDate,
    departure: NaiveDate,
    needs: Option<Value>,
    types: Vec<Option<Uuid>>,
}

/// Confirmed stays that arrive in `[from, to)`.
pub(super) async fn arrivals(
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
pub(super) struct World {
    pub units: Vec<Unit>,
    index: HashMap<Uuid, usize>,
    /// Segments of the stays to plan.
    own: HashMap<Uuid, Vec<Segment>>,
    /// Everything else.
    others: Vec<(usize, NaiveDate, NaiveDate)>,
}

impl World {
    pub async fn read(tx: &mut TenantTx, units: Vec<Unit>, stays: &[StayRow]) -> Result<Self> {
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
        for held in calendar::desk::of_units(tx, &ids, around).await? {
            let slot = index.get(&held.unit_id);
            others.extend(slot.map(|slot| (*slot, held.dates.from(), held.dates.to())));
        }
        Ok(Self {
            units,
            index,
            own,
            others,
        })
    }

    pub fn segments(&self, id: Uuid) -> &[Segment] {
        self.own.get(&id).map(Vec::as_slice).unwrap_or_default()
    }

    /// What is to be planned: stays without a unit, the bare rest of a stay, and stays that may move.
    pub fn guests(&self, stays: &[StayRow]) -> Result<(Vec<Guest>, Outcome)> {
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

    pub fn slots(&self, guests: &[Guest]) -> Vec<Slot> {
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
    pub fn unplaced(&self, code: &'static str) -> Unplaced {
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
    unit_name: String,
    unit_type_id: Uuid,
    from_night: NaiveDate,
    to_night: NaiveDate,
    locked: bool,
}

impl SegmentRow {
    fn segment(&self) -> Segment {
        Segment {
            unit_id: self.unit_id,
            unit_name: self.unit_name.clone(),
            unit_type_id: self.unit_type_id,
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
        "select s.reservation_id, s.unit_id, u.name as unit_name, u.unit_type_id, s.from_night, s.to_night, s.locked
         from stay_segment s join unit u on u.tenant_id = $1 and u.id = s.unit_id
         where s.tenant_id = $1 and s.unit_id = any($2) and s.to_night > $3 and s.from_night < $4
         order by s.from_night",
        tx.t(),
        units,
        from,
        to
    )
    .fetch_all(&mut **tx)
    .await?)
}
