//! Booking rules: which stays a plan is for.

use super::stay;
use crate::alpinebits::capability::Capability;
use crate::alpinebits::rules::common::{self, Period};
use crate::alpinebits::verdict::Agreed;
use crate::ota::element::Element;
use crate::ota::refusal::{Code, Refusal};

pub(super) fn check(plan: Element<'_>, agreed: &Agreed) -> Result<(), Refusal> {
    let all: Vec<Element<'_>> = plan.list("BookingRules", "BookingRule").collect();
    let mut periods = Vec::new();
    for at in &all {
        periods.push((at.get("Code"), rule(*at, agreed)?, *at));
    }
    let specific = all.iter().filter(|at| at.has("Code")).count();
    if specific > 0 && specific < all.len() {
        agreed.need(Capability::MixedBookingRule, plan)?;
    }
    match common::overlap(periods) {
        Some(at) => Err(at.wrong(Code::DATES, "meets another rule for the same rooms")),
        None => Ok(()),
    }
}

fn rule(at: Element<'_>, agreed: &Agreed) -> Result<Period, Refusal> {
    let period = Period::need(at, "Start", "End")?;
    if at.has("Code") != at.has("CodeContext") {
        return Err(at.wrong(Code::MISSING, "Code and CodeContext stand together"));
    }
    let level = if at.has("Code") {
        Capability::RoomTypeBookingRule
    } else {
        Capability::BookingRule
    };
    agreed.need(level, at)?;
    stay::lengths(at)?;
    for (days, capability) in [
        ("ArrivalDaysOfWeek", Capability::ArrivalDow),
        ("DepartureDaysOfWeek", Capability::DepartureDow),
    ] {
        if let Some(found) = at.at(&["DOW_Restrictions", days]) {
            agreed.need(capability, found)?;
        }
    }
    if let Some(status) = at.child("RestrictionStatus") {
        status.need("Restriction")?;
        status.need("Status")?;
    }
    Ok(period)
}
