//! Rates: the first says what holds for all of them, those after it what a category costs in a period.

use super::Notif;
use crate::alpinebits::rules::common::{self, Period};
use crate::ota::element::Element;
use crate::ota::refusal::{Code, Refusal};
use innkeep_domain::money;

const WEEK: [&str; 7] = ["Mon", "Tue", "Weds", "Thur", "Fri", "Sat", "Sun"];
const ADULT: &str = "10";
const CHILD: &str = "8";

/// Whose rates these are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::alpinebits::rules) enum Kind {
    Plan(Notif),
    /// What prices are calculated from.
    Base,
}

/// The plan's currency is one of ISO 4217, and no rate has another.
pub(in crate::alpinebits::rules) fn currency(plan: Element<'_>) -> Result<(), Refusal> {
    let code = plan.need("CurrencyCode")?;
    if money::currency(code).is_err() {
        return Err(plan.wrong(Code::INVALID_VALUE, "CurrencyCode is not of ISO 4217"));
    }
    let amounts = plan
        .list("Rates", "Rate")
        .flat_map(|rate| rate.list("BaseByGuestAmts", "BaseByGuestAmt"));
    for at in amounts {
        if at.get("CurrencyCode").is_some_and(|own| own != code) {
            return Err(at.wrong(Code::INVALID_VALUE, "CurrencyCode is not the plan's"));
        }
    }
    Ok(())
}

pub(in crate::alpinebits::rules) fn check(plan: Element<'_>, kind: Kind) -> Result<(), Refusal> {
    let all: Vec<Element<'_>> = plan.list("Rates", "Rate").collect();
    let is_static = |at: &Element<'_>| !["Start", "End", "InvTypeCode"].iter().any(|name| at.has(name));
    let (first, dated) = match all.split_first() {
        Some((first, rest)) if is_static(first) => (Some(*first), rest),
        _ => (None, all.as_slice()),
    };
    match (first, all.first()) {
        (Some(first), _) => static_rate(first)?,
        (None, Some(at)) if kind != Kind::Plan(Notif::Overlay) => {
            return Err(at.wrong(
                Code::MISSING,
                "the first rate says what holds for all, and has no dates",
            ));
        }
        _ => {}
    }
    let mut periods = Vec::new();
    for at in dated {
        let period = dated_rate(*at, kind)?;
        let category = at.need("InvTypeCode")?;
        periods.extend(days(*at).into_iter().map(|day| ((category, day), period, *at)));
    }
    match common::overlap(periods) {
        Some(at) => Err(at.wrong(Code::DATES, "meets another rate of the same category")),
        None => Ok(()),
    }
}

/// The days of the week it is for; without any of them it is for all.
fn days(at: Element<'_>) -> Vec<&'static str> {
    if !WEEK.iter().any(|day| at.has(day)) {
        return WEEK.to_vec();
    }
    WEEK.into_iter().filter(|day| at.flag(day)).collect()
}

fn static_rate(at: Element<'_>) -> Result<(), Refusal> {
    at.bare(&["AdditionalGuestAmounts"], "in the rate that has no dates")?;
    at.need("RateTimeUnit")?;
    at.need("UnitMultiplier")?;
    let amounts: Vec<Element<'_>> = at.need_child("BaseByGuestAmts")?.all("BaseByGuestAmt").collect();
    let [only] = amounts.as_slice() else {
        return Err(at.wrong(Code::INVALID_VALUE, "one BaseByGuestAmt says what prices are for"));
    };
    only.need("Type")?;
    only.bare(
        &["NumberOfGuests", "AgeQualifyingCode", "AmountAfterTax"],
        "in the rate that has no dates",
    )?;
    let meals = at.need_child("MealsIncluded")?;
    meals.need("MealPlanIndicator")?;
    meals.need("MealPlanCodes")?;
    Ok(())
}

fn dated_rate(at: Element<'_>, kind: Kind) -> Result<Period, Refusal> {
    at.bare(
        &["RateTimeUnit", "UnitMultiplier", "MealsIncluded"],
        "in a rate with dates",
    )?;
    at.need("InvTypeCode")?;
    let period = Period::need(at, "Start", "End")?;
    let amounts: Vec<Element<'_>> = at.list("BaseByGuestAmts", "BaseByGuestAmt").collect();
    // A change may take prices back; everything else tells them.
    if amounts.is_empty() && kind != Kind::Plan(Notif::Overlay) {
        return Err(at.wrong(Code::MISSING, "BaseByGuestAmt is missing"));
    }
    for amount in &amounts {
        amount.bare(&["Type"], "in a rate with dates")?;
        amount.need("NumberOfGuests")?;
        amount.need("AmountAfterTax")?;
        amount.amount("AmountAfterTax")?;
        let age = amount.get("AgeQualifyingCode").map(str::trim);
        if age.is_some_and(|age| age != ADULT) || (age.is_none() && kind != Kind::Base) {
            return Err(amount.wrong(Code::INVALID_VALUE, "AgeQualifyingCode must be 10"));
        }
    }
    common::once(
        amounts.iter().map(|one| (one.get("NumberOfGuests"), *one)),
        "a price for as many guests",
    )?;
    additional(at)?;
    Ok(period)
}

/// One amount for further adults, and amounts for children of ages that do not meet.
fn additional(rate: Element<'_>) -> Result<(), Refusal> {
    let all = || rate.list("AdditionalGuestAmounts", "AdditionalGuestAmount");
    let mut ages: Vec<(u32, u32, Element<'_>)> = Vec::new();
    for at in all() {
        at.need("Amount")?;
        at.amount("Amount")?;
        match at.need("AgeQualifyingCode")?.trim() {
            ADULT => at.bare(&["MinAge", "MaxAge"], "for an adult")?,
            CHILD => ages.push(children(at)?),
            _ => return Err(at.wrong(Code::INVALID_VALUE, "AgeQualifyingCode must be 8 or 10")),
        }
    }
    let adults = all().filter(|at| at.get("AgeQualifyingCode").map(str::trim) == Some(ADULT));
    common::once(adults.map(|at| ((), at)), "an amount for further adults")?;
    ages.sort_by_key(|(from, to, _)| (*from, *to));
    let meeting = ages.windows(2).find_map(|pair| match pair {
        [(_, to, _), (from, _, at)] if from < to => Some(*at),
        _ => None,
    });
    meeting.map_or(Ok(()), |at| {
        Err(at.wrong(Code::INVALID_VALUE, "meets the ages of another amount"))
    })
}

/// From an age up to below another; one of them may be open.
fn children(at: Element<'_>) -> Result<(u32, u32, Element<'_>), Refusal> {
    if !at.has("MinAge") && !at.has("MaxAge") {
        return Err(at.wrong(
            Code::MISSING,
            "neither MinAge nor MaxAge says of which age the child is",
        ));
    }
    let from = at.number("MinAge")?.unwrap_or(0);
    let to = at.number("MaxAge")?.unwrap_or(u32::MAX);
    if from >= to {
        return Err(at.wrong(Code::INVALID_VALUE, "MinAge is not below MaxAge"));
    }
    Ok((from, to, at))
}
