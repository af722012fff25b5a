//! BaseRates: what a category costs, asked for by whoever calculates prices.

use super::common::{self, Period};
use super::rate_plans::rates;
use crate::alpinebits::capability::Capability;
use crate::alpinebits::verdict::Agreed;
use crate::ota::element::Element;
use crate::ota::refusal::{Code, Refusal};

/// Each of hotel, dates and plans once; without dates it asks for what has changed.
pub(super) fn request(root: Element<'_>, agreed: &Agreed) -> Result<(), Refusal> {
    let plan = root.need_child("RatePlans")?.need_child("RatePlan")?;
    common::once(plan.children().map(|at| (at.name(), at)), "the element")?;
    common::hotel(plan.need_child("HotelRef")?)?;
    for one in plan.list("RatePlanCandidates", "RatePlanCandidate") {
        if !one.has("RatePlanCode") && !one.has("RatePlanID") {
            return Err(one.wrong(
                Code::MISSING,
                "neither RatePlanCode nor RatePlanID says which plan it is",
            ));
        }
    }
    let Some(dates) = plan.child("DateRange") else {
        return agreed.need(Capability::BaseRatesDeltas, plan);
    };
    match (dates.has("Start"), dates.has("End")) {
        (true, true) => Period::need(dates, "Start", "End").map(drop),
        (false, false) => Err(dates.wrong(Code::MISSING, "Start and End are missing")),
        _ => Ok(()),
    }
}

/// Plans with nothing but their rates, or an error.
pub(super) fn answer(root: Element<'_>) -> Result<(), Refusal> {
    let Some(plans) = root.child("RatePlans") else {
        return Ok(());
    };
    common::hotel(plans)?;
    for plan in plans.all("RatePlan") {
        plan.need("RatePlanCode")?;
        rates::currency(plan)?;
        rates::check(plan, rates::Kind::Base)?;
    }
    common::once(
        plans.all("RatePlan").map(|at| (at.get("RatePlanCode"), at)),
        "the plan",
    )
}
