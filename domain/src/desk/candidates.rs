//! Which units a stay could get, and what speaks against the others.

use super::assign::{left_today, refuse_taken, refuse_wrong_type, span};
use super::check_in::obstacle;
use super::needs::fits;
use super::segment::{self, Occupant};
use crate::booking::entity::Reservation;
use crate::booking::store;
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::principal::Principal;
use crate::property::{self, Unit, unit};
use chrono::NaiveDate;
use std::collections::HashMap;
use uuid::Uuid;

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

impl From<Refusal> for WhyNot {
    fn from(refusal: Refusal) -> Self {
        Self {
            code: refusal.code,
            detail: refusal.detail,
        }
    }
}

/// Every unit of the types that the nights take, assignable ones first, fewest unmet wishes first.
pub async fn candidates(
    tx: &mut TenantTx,
    who: &Principal,
    reservation_id: Uuid,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
) -> Result<Vec<Candidate>> {
    let booking = store::get_by_reservation(tx, who, reservation_id).await?;
    let today = property::get(tx, booking.property_id).await?.business_date;
    let stay = booking.reservation(reservation_id)?;
    of_span(tx, stay, today, span(stay, today, (from, to))?).await
}

pub(super) async fn of_span(
    tx: &mut TenantTx,
    stay: &Reservation,
    today: NaiveDate,
    span: (NaiveDate, NaiveDate),
) -> Result<Vec<Candidate>> {
    let (from, to) = span;
    let nights = stay.nights.iter().filter(|n| n.date >= from && n.date < to);
    let types: Vec<Option<Uuid>> = nights.map(|n| n.unit_type_id).collect();
    let mut units = unit::of_property(tx, stay.property_id).await?;
    units.retain(|u| types.contains(&Some(u.unit_type_id)));
    let ids: Vec<Uuid> = units.iter().map(|u| u.id).collect();
    let taken = segment::taken(tx, &ids, span, Some(stay.id)).await?;
    let mut moves = HashMap::new();
    for unit in &units {
        if left_today(stay, today, unit.id, span).is_some()
            && let Some(why) = obstacle(tx, unit, stay, today, None).await?
        {
            moves.insert(unit.id, why);
        }
    }
    let judge = |unit: Unit| {
        let mut reasons = against(stay, &unit, &taken, span);
        reasons.extend(moves.remove(&unit.id));
        Candidate {
            unmet_wishes: stay.needs.unmet_wishes(&unit),
            unit,
            reasons,
        }
    };
    let mut all: Vec<Candidate> = units.into_iter().map(judge).collect();
    all.sort_by_key(|c| (!c.reasons.is_empty(), c.unmet_wishes));
    Ok(all)
}

/// What speaks against it whatever day it is.
fn against(stay: &Reservation, unit: &Unit, taken: &[Occupant], span: (NaiveDate, NaiveDate)) -> Vec<WhyNot> {
    let mut reasons = Vec::new();
    if let Err(refusal) = refuse_wrong_type(stay, unit, span) {
        reasons.push(WhyNot::from(refusal));
    }
    if let Err(why) = fits(unit, &stay.needs) {
        reasons.push(WhyNot {
            code: "needs_not_met",
            detail: format!("unit {} {}", unit.name, why.detail()),
        });
    }
    let by: Vec<Occupant> = taken.iter().filter(|o| o.unit_id == unit.id).cloned().collect();
    if let Err(refusal) = refuse_taken(unit, &by) {
        reasons.push(WhyNot::from(refusal));
    }
    reasons
}
