//! By hand: a stay gets a unit, loses it, keeps it.

use super::check_in::obstacle;
use super::needs::{Needs, fits};
use super::segment::{self, Occupant, Segment};
use crate::booking::change::{Change, Force, Said};
use crate::booking::entity::{Booking, Reservation, Status};
use crate::booking::store;
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::inventory::Stock;
use crate::principal::Principal;
use crate::property::Unit;
use crate::property::unit::{self, Cleanliness};
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;
use uuid::Uuid;

#[derive(Debug, Clone)]
pub struct Assign {
    pub reservation_id: Uuid,
    pub unit_id: Uuid,
    /// Half-open; absent = from the first night that can still change, to the departure.
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
}

/// Where a stay is, night by night.
#[derive(Debug, Clone)]
pub struct Assignment {
    pub reservation_id: Uuid,
    pub segments: Vec<Segment>,
    /// Spans of nights without a unit.
    pub missing: Vec<(NaiveDate, NaiveDate)>,
    pub needs: Needs,
    /// The reservation's.
    pub version: i32,
}

impl Assignment {
    fn of(booking: &Booking, reservation_id: Uuid) -> Result<Self> {
        let stay = booking.reservation(reservation_id)?;
        Ok(Self {
            reservation_id,
            segments: stay.segments.clone(),
            missing: segment::missing(stay),
            needs: stay.needs.clone(),
            version: stay.version,
        })
    }
}

pub async fn read(tx: &mut TenantTx, who: &Principal, reservation_id: Uuid) -> Result<Assignment> {
    let booking = store::get_by_reservation(tx, who, reservation_id).await?;
    Assignment::of(&booking, reservation_id)
}

/// Puts nights of a stay into a unit; they leave the unit they were in. Of a guest in house only nights from the
/// business date on can move. Who moves today is let in as at check-in, and the unit left is dirty. `force` takes a
/// unit that does not have what the stay needs, or that is dirty and the guest moves into it today.
///
/// # Errors
/// 404 for another property's unit; 409 `unit_taken` naming who has it and when, `wrong_unit_type`, `needs_not_met`
/// (unless forced), `assignment_locked`, `wrong_state`; for a guest who moves today `unit_occupied`, `unit_not_ready`
/// (unless forced).
pub async fn assign(
    tx: &mut TenantTx,
    who: &Principal,
    cmd: Assign,
    force: Option<&Force>,
    expected: Option<i32>,
    now: DateTime<Utc>,
) -> Result<Assignment> {
    Force::check(force, who)?;
    let mut change = Change::of_reservation(tx, who, cmd.reservation_id, expected).await?;
    let (stay, today) = (change.before.reservation(cmd.reservation_id)?, change.today());
    let span = span(stay, today, (cmd.from, cmd.to))?;
    // The units left too, in one order: two guests may change rooms at once.
    let mut involved: Vec<Uuid> = stay.segments.iter().map(|s| s.unit_id).collect();
    involved.push(cmd.unit_id);
    let units = unit::lock_units(tx, &involved).await?;
    let wanted = |u: &Unit| u.id == cmd.unit_id && u.property_id == stay.property_id;
    let target = units.into_iter().find(wanted);
    let target = target.ok_or_else(|| Refusal::not_found("unit").at("/unit_id"))?;
    let left = left_today(stay, today, target.id, span);
    refuse(tx, stay, &target, span, force).await?;
    if left.is_some()
        && let Some(why) = obstacle(tx, &target, stay, today, force).await?
    {
        return Err(Refusal::conflict(why.code, why.detail).at("/unit_id").into());
    }
    let mut after = segment::carve(&stay.segments, span);
    let locked = stay.segments.iter().any(|s| s.locked && s.unit_id == target.id);
    after.push(Segment::new(&target, span, locked));
    change.after.reservation_mut(cmd.reservation_id)?.segments = segment::joined(after);
    let (id, (from, to)) = (cmd.reservation_id, span);
    let said = Said::new("reservation.unit_assigned", force)
        .with(json!({ "reservation_id": id, "unit_id": target.id, "from": from, "to": to }));
    let booking = change.commit(tx, who, Stock::Guarded, &said, now).await?;
    if let Some(left) = left {
        unit::set_cleanliness(tx, who, &[left], Cleanliness::Dirty, now).await?;
    }
    Assignment::of(&booking, id)
}

/// Which nights: within the stay, and none that a guest in house has slept already.
pub(super) fn span(
    stay: &Reservation,
    today: NaiveDate,
    (from, to): (Option<NaiveDate>, Option<NaiveDate>),
) -> Result<(NaiveDate, NaiveDate), Refusal> {
    let first = match stay.status {
        Status::Tentative | Status::Confirmed => stay.arrival,
        Status::InHouse => stay.arrival.max(today),
        other => {
            let detail = format!("a reservation that is {} gets no unit", other.name());
            return Err(Refusal::conflict("wrong_state", detail));
        }
    };
    let (from, to) = (from.unwrap_or(first), to.unwrap_or(stay.departure));
    if from < first || to > stay.departure || from >= to {
        let detail = format!(
            "nights from {first}, before {}; `to` is after `from`",
            stay.departure
        );
        return Err(Refusal::invalid("outside_stay", detail).at("/from"));
    }
    Ok((from, to))
}

/// Whatever speaks against the unit for these nights.
async fn refuse(
    tx: &mut TenantTx,
    stay: &Reservation,
    target: &Unit,
    span: (NaiveDate, NaiveDate),
    force: Option<&Force>,
) -> Result<()> {
    refuse_wrong_type(stay, target, span)?;
    if let Err(why) = fits(target, &stay.needs)
        && force.is_none()
    {
        let detail = format!("unit {} {}; force it with a reason", target.name, why.detail());
        return Err(Refusal::conflict("needs_not_met", detail).at("/unit_id").into());
    }
    let elsewhere = |s: &&Segment| s.unit_id != target.id;
    refuse_locked(stay.segments.iter().filter(elsewhere), span)?;
    let taken = segment::taken(tx, &[target.id], span, Some(stay.id)).await?;
    Ok(refuse_taken(target, &taken)?)
}

pub(super) fn refuse_wrong_type(
    stay: &Reservation,
    unit: &Unit,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<(), Refusal> {
    let nights = stay.nights.iter().filter(|n| n.date >= from && n.date < to);
    let wrong: Vec<String> = nights
        .filter(|n| n.unit_type_id != Some(unit.unit_type_id))
        .map(|n| n.date.to_string())
        .collect();
    if wrong.is_empty() {
        return Ok(());
    }
    let detail = format!(
        "unit {} is not of the unit type that is sold on {}; upgrade or amend the stay to move it to another type",
        unit.name,
        wrong.join(", ")
    );
    Err(Refusal::conflict("wrong_unit_type", detail).at("/unit_id"))
}

pub(super) fn refuse_locked<'a>(
    mut segments: impl Iterator<Item = &'a Segment>,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<(), Refusal> {
    if segments.any(|s| s.locked && s.overlaps(from, to)) {
        let detail = "the stay is locked in its unit; unlock it first";
        return Err(Refusal::conflict("assignment_locked", detail));
    }
    Ok(())
}

pub(super) fn refuse_taken(unit: &Unit, taken: &[Occupant]) -> Result<(), Refusal> {
    if taken.is_empty() {
        return Ok(());
    }
    let by: Vec<String> = taken.iter().take(5).map(Occupant::detail).collect();
    let detail = format!("unit {} has {}", unit.name, by.join("; "));
    Err(Refusal::conflict("unit_taken", detail).at("/unit_id"))
}

/// The unit that a guest in house leaves by having this one for these nights: only tonight moves anybody now.
pub(super) fn left_today(
    stay: &Reservation,
    today: NaiveDate,
    target: Uuid,
    (from, to): (NaiveDate, NaiveDate),
) -> Option<Uuid> {
    if stay.status != Status::InHouse || today < from || today >= to {
        return None;
    }
    let here = segment::current(&stay.segments, today).map(|s| s.unit_id);
    here.filter(|u| *u != target)
}

/// Takes the unit from nights of a stay; of all that can still change by default.
pub async fn unassign(
    tx: &mut TenantTx,
    who: &Principal,
    reservation_id: Uuid,
    nights: (Option<NaiveDate>, Option<NaiveDate>),
    expected: Option<i32>,
    now: DateTime<Utc>,
) -> Result<Assignment> {
    let mut change = Change::of_reservation(tx, who, reservation_id, expected).await?;
    let today = change.today();
    let stay = change.after.reservation_mut(reservation_id)?;
    if stay.status == Status::InHouse {
        let detail = "a guest who is here has a unit; assign another one, or undo the check-in";
        return Err(Refusal::conflict("wrong_state", detail).into());
    }
    let (from, to) = span(stay, today, nights)?;
    if !stay.segments.iter().any(|s| s.overlaps(from, to)) {
        return Err(Refusal::conflict("not_assigned", "these nights have no unit").into());
    }
    refuse_locked(stay.segments.iter(), (from, to))?;
    stay.segments = segment::carve(&stay.segments, (from, to));
    let said = Said::new("reservation.unit_unassigned", None)
        .with(json!({ "reservation_id": reservation_id, "from": from, "to": to }));
    let booking = change.commit(tx, who, Stock::Guarded, &said, now).await?;
    Assignment::of(&booking, reservation_id)
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
    let mut change = Change::of_reservation(tx, who, reservation_id, expected).await?;
    let stay = change.after.reservation_mut(reservation_id)?;
    if stay.segments.is_empty() {
        return Err(Refusal::conflict("not_assigned", "the stay has no unit").into());
    }
    stay.segments.iter_mut().for_each(|s| s.locked = locked);
    let kind = if locked {
        "reservation.unit_locked"
    } else {
        "reservation.unit_unlocked"
    };
    let said = Said::new(kind, None).with(json!({ "reservation_id": reservation_id }));
    let booking = change.commit(tx, who, Stock::Guarded, &said, now).await?;
    Assignment::of(&booking, reservation_id)
}
