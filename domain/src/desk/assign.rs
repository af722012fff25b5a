//! By hand: a stay gets a unit, loses it, keeps it; and which units it could get.

use super::check_in::obstacle;
use super::needs::{self, Needs, fits};
use super::segment::{self, Occupant, Segment};
use super::stay::{self, Desk};
use crate::booking::entity::{Reservation, Status};
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::principal::{Permission, Principal};
use crate::property::Unit;
use crate::property::unit::{self, Cleanliness};
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;
use std::collections::HashMap;
use uuid::Uuid;

#[derive(Debug, Clone)]
pub struct Assign {
    pub reservation_id: Uuid,
    pub unit_id: Uuid,
    /// Half-open; absent = from the first night that can still change, to the departure.
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
    /// Even if the unit does not have what the stay needs, or is dirty and the guest moves into it today.
    pub force: bool,
    pub reason: Option<String>,
}

/// Where a stay is, night by night.
#[derive(Debug, Clone)]
pub struct Assignment {
    pub reservation_id: Uuid,
    pub segments: Vec<Segment>,
    /// Spans of nights without a unit.
    pub missing: Vec<(NaiveDate, NaiveDate)>,
    pub needs: Needs,
}

pub async fn read(tx: &mut TenantTx, who: &Principal, reservation_id: Uuid) -> Result<Assignment> {
    let booking_id = crate::booking::store::booking_of(tx, reservation_id).await?;
    let booking = crate::booking::store::get(tx, who, booking_id).await?;
    let found = booking.reservations.iter().find(|r| r.id == reservation_id);
    show(tx, found.ok_or_else(|| Refusal::not_found("reservation"))?).await
}

async fn show(tx: &mut TenantTx, reservation: &Reservation) -> Result<Assignment> {
    let segments = segment::of(tx, reservation.id).await?;
    Ok(Assignment {
        reservation_id: reservation.id,
        missing: segment::missing(reservation, &segments),
        segments,
        needs: needs::read(tx, reservation.id).await?,
    })
}

/// Puts nights of a stay into a unit; they leave the unit they were in. Of a guest in house only nights from the
/// business date on can move. Who moves today is let in as at check-in, and the unit left is dirty.
///
/// # Errors
/// 404 for another property's unit; 409 `unit_taken` naming who has it and when, `wrong_unit_type`, `needs_not_met`
/// (unless forced, with a reason), `assignment_locked`, `wrong_state`; for a guest who moves today `unit_occupied`,
/// `unit_not_ready` (unless forced).
pub async fn assign(
    tx: &mut TenantTx,
    who: &Principal,
    cmd: Assign,
    expected: Option<i32>,
    now: DateTime<Utc>,
) -> Result<Assignment> {
    who.require(Permission::WriteBookings)?;
    let reason = stay::forced(cmd.force, cmd.reason.as_deref())?;
    let desk = Desk::open(tx, who, cmd.reservation_id, expected).await?;
    let (from, to) = span(&desk, cmd.from, cmd.to)?;
    let before = segment::of(tx, cmd.reservation_id).await?;
    // The units left too, in one order: two guests may change rooms at once.
    let mut involved: Vec<Uuid> = before.iter().map(|s| s.unit_id).collect();
    involved.push(cmd.unit_id);
    let mut units = unit::lock_units(tx, &involved).await?;
    units.retain(|u| u.id == cmd.unit_id);
    let target = units.into_iter().find(|u| u.property_id == desk.property.id);
    let target = target.ok_or_else(|| Refusal::not_found("unit").at("/unit_id"))?;
    let left = left_today(&desk, &before, target.id, (from, to))?;
    refuse(tx, &desk, &target, &before, (from, to), cmd.force).await?;
    if left.is_some()
        && let Some(why) = obstacle(tx, &target, &desk, cmd.force).await?
    {
        return Err(Refusal::conflict(why.code, why.detail).at("/unit_id").into());
    }
    let mut after = segment::carve(&before, from, to);
    let locked = before.iter().any(|s| s.locked && s.unit_id == target.id);
    after.push(Segment {
        unit_id: target.id,
        from,
        to,
        locked,
    });
    segment::replace(tx, desk.property.id, cmd.reservation_id, &segment::joined(after)).await?;
    if let Some(left) = left {
        unit::set_cleanliness(tx, who, &[left], Cleanliness::Dirty, now).await?;
    }
    let data = json!({ "unit_id": target.id, "from": from, "to": to, "forced": cmd.force, "reason": reason });
    stay::log(tx, who, &desk, "reservation.unit_assigned", data, now).await?;
    show(tx, desk.reservation()?).await
}

/// Which nights: within the stay, and none that a guest in house has slept already.
fn span(desk: &Desk, from: Option<NaiveDate>, to: Option<NaiveDate>) -> Result<(NaiveDate, NaiveDate)> {
    let stay = desk.reservation()?;
    let first = match stay.status {
        Status::Tentative | Status::Confirmed => stay.arrival,
        Status::InHouse => stay.arrival.max(desk.property.business_date),
        other => {
            let detail = format!("a reservation that is {} gets no unit", other.name());
            return Err(Refusal::conflict("wrong_state", detail).into());
        }
    };
    let (from, to) = (from.unwrap_or(first), to.unwrap_or(stay.departure));
    if from < first || to > stay.departure || from >= to {
        let detail = format!(
            "nights from {first}, before {}; `to` is after `from`",
            stay.departure
        );
        return Err(Refusal::invalid("outside_stay", detail).at("/from").into());
    }
    Ok((from, to))
}

/// Whatever speaks against the unit for these nights.
async fn refuse(
    tx: &mut TenantTx,
    desk: &Desk,
    target: &Unit,
    before: &[Segment],
    (from, to): (NaiveDate, NaiveDate),
    force: bool,
) -> Result<()> {
    let stay = desk.reservation()?;
    refuse_wrong_type(stay, target, from, to)?;
    let needs = needs::read(tx, stay.id).await?;
    if let Err(why) = fits(target, &needs)
        && !force
    {
        let detail = format!("unit {} {}; force it with a reason", target.name, why.detail());
        return Err(Refusal::conflict("needs_not_met", detail).at("/unit_id").into());
    }
    if before
        .iter()
        .any(|s| s.locked && s.overlaps(from, to) && s.unit_id != target.id)
    {
        let detail = "the stay is locked in its unit; unlock it first";
        return Err(Refusal::conflict("assignment_locked", detail).into());
    }
    let taken = segment::occupants(tx, &[target.id], (from, to), Some(stay.id)).await?;
    Ok(refuse_taken(target, &taken)?)
}

fn refuse_wrong_type(stay: &Reservation, unit: &Unit, from: NaiveDate, to: NaiveDate) -> Result<(), Refusal> {
    let nights = stay.nights.iter().filter(|n| n.date >= from && n.date < to);
    let wrong: Vec<String> = nights
        .filter(|n| n.unit_type_id != Some(unit.unit_type_id))
        .map(|n| n.date.to_string())
        .collect();
    if wrong.is_empty() {
        return Ok(());
    }
    let detail = format!(
        "unit {} is not of the unit type that is sold on {}; amend the stay to move it to another type",
        unit.name,
        wrong.join(", ")
    );
    Err(Refusal::conflict("wrong_unit_type", detail).at("/unit_id"))
}

fn refuse_taken(unit: &Unit, taken: &[Occupant]) -> Result<(), Refusal> {
    if taken.is_empty() {
        return Ok(());
    }
    let by: Vec<String> = taken.iter().take(5).map(Occupant::detail).collect();
    let detail = format!("unit {} has {}", unit.name, by.join("; "));
    Err(Refusal::conflict("unit_taken", detail).at("/unit_id"))
}

/// The unit that a guest in house leaves by having this one for these nights: only tonight moves anybody now.
fn left_today(
    desk: &Desk,
    before: &[Segment],
    target: Uuid,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<Option<Uuid>> {
    let today = desk.property.business_date;
    if desk.reservation()?.status != Status::InHouse || today < from || today >= to {
        return Ok(None);
    }
    Ok(segment::current(before, today)
        .map(|s| s.unit_id)
        .filter(|u| *u != target))
}

/// Takes the unit from nights of a stay; of all that can still change by default.
pub async fn unassign(
    tx: &mut TenantTx,
    who: &Principal,
    reservation_id: Uuid,
    (from, to): (Option<NaiveDate>, Option<NaiveDate>),
    expected: Option<i32>,
    now: DateTime<Utc>,
) -> Result<Assignment> {
    who.require(Permission::WriteBookings)?;
    let desk = Desk::open(tx, who, reservation_id, expected).await?;
    if desk.reservation()?.status == Status::InHouse {
        let detail = "a guest who is here has a unit; assign another one, or undo the check-in";
        return Err(Refusal::conflict("wrong_state", detail).into());
    }
    let (from, to) = span(&desk, from, to)?;
    let before = segment::of(tx, reservation_id).await?;
    let touched: Vec<&Segment> = before.iter().filter(|s| s.overlaps(from, to)).collect();
    if touched.is_empty() {
        return Err(Refusal::conflict("not_assigned", "these nights have no unit").into());
    }
    if touched.iter().any(|s| s.locked) {
        let detail = "the stay is locked in its unit; unlock it first";
        return Err(Refusal::conflict("assignment_locked", detail).into());
    }
    let after = segment::carve(&before, from, to);
    segment::replace(tx, desk.property.id, reservation_id, &after).await?;
    let data = json!({ "from": from, "to": to });
    stay::log(tx, who, &desk, "reservation.unit_unassigned", data, now).await?;
    show(tx, desk.reservation()?).await
}

/// Locks the stay in the units it has, or unlocks it.
pub async fn lock(
    tx: &mut TenantTx,
    who: &Principal,
    reservation_id: Uuid,
    locked: bool,
    expected: Option<i32>,
    now: DateTime<Utc>,
) -> Result<Assignment> {
    who.require(Permission::WriteBookings)?;
    let desk = Desk::open(tx, who, reservation_id, expected).await?;
    let changed = sqlx::query!(
        "update stay_segment set locked = $3 where tenant_id = $1 and reservation_id = $2",
        tx.t(),
        reservation_id,
        locked
    )
    .execute(&mut **tx)
    .await?;
    if changed.rows_affected() == 0 {
        return Err(Refusal::conflict("not_assigned", "the stay has no unit").into());
    }
    let kind = if locked {
        "reservation.unit_locked"
    } else {
        "reservation.unit_unlocked"
    };
    stay::log(tx, who, &desk, kind, json!({}), now).await?;
    show(tx, desk.reservation()?).await
}

/// A unit of the stay's type, and what speaks against it.
#[derive(Debug, Clone)]
pub struct Candidate {
    pub unit: Unit,
    /// Empty = the whole span can be assigned.
    pub reasons: Vec<WhyNot>,
    pub unmet_wishes: usize,
}

#[derive(Debug, Clone)]
pub struct WhyNot {
    /// The code that `assign-unit` would answer: `unit_taken`, `wrong_unit_type`, `needs_not_met`; for a guest who
    /// would move today also `unit_occupied`, `unit_not_ready`.
    pub code: &'static str,
    pub detail: String,
}

/// Every unit of the types that the nights take, assignable ones first, fewest unmet wishes first.
pub async fn candidates(
    tx: &mut TenantTx,
    who: &Principal,
    reservation_id: Uuid,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
) -> Result<Vec<Candidate>> {
    who.require(Permission::ReadBookings)?;
    let desk = Desk::look(tx, who, reservation_id).await?;
    let (from, to) = span(&desk, from, to)?;
    of_span(tx, &desk, from, to).await
}

pub(super) async fn of_span(
    tx: &mut TenantTx,
    desk: &Desk,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<Vec<Candidate>> {
    let stay = desk.reservation()?;
    let needs = needs::read(tx, stay.id).await?;
    let nights = stay.nights.iter().filter(|n| n.date >= from && n.date < to);
    let types: Vec<Option<Uuid>> = nights.map(|n| n.unit_type_id).collect();
    let mut units = unit::of_property(tx, desk.property.id).await?;
    units.retain(|u| types.contains(&Some(u.unit_type_id)));
    let ids: Vec<Uuid> = units.iter().map(|u| u.id).collect();
    let taken = segment::occupants(tx, &ids, (from, to), Some(stay.id)).await?;
    let before = segment::of(tx, stay.id).await?;
    let mut moves = HashMap::new();
    for unit in &units {
        if left_today(desk, &before, unit.id, (from, to))?.is_some()
            && let Some(why) = obstacle(tx, unit, desk, false).await?
        {
            moves.insert(unit.id, why);
        }
    }
    let mut judge = |unit: Unit| {
        let mut reasons = Vec::new();
        if let Err(refusal) = refuse_wrong_type(stay, &unit, from, to) {
            reasons.push(WhyNot::from(refusal));
        }
        if let Err(why) = fits(&unit, &needs) {
            let detail = format!("unit {} {}", unit.name, why.detail());
            reasons.push(WhyNot {
                code: "needs_not_met",
                detail,
            });
        }
        let by: Vec<Occupant> = taken.iter().filter(|o| o.unit_id == unit.id).cloned().collect();
        if let Err(refusal) = refuse_taken(&unit, &by) {
            reasons.push(WhyNot::from(refusal));
        }
        reasons.extend(moves.remove(&unit.id));
        Candidate {
            unmet_wishes: needs.unmet_wishes(&unit),
            unit,
            reasons,
        }
    };
    let mut all: Vec<Candidate> = units.into_iter().map(&mut judge).collect();
    all.sort_by_key(|c| (!c.reasons.is_empty(), c.unmet_wishes));
    Ok(all)
}

impl From<Refusal> for WhyNot {
    fn from(refusal: Refusal) -> Self {
        Self {
            code: refusal.code,
            detail: refusal.detail,
        }
    }
}
