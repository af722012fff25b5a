//! Supplements: the first element of each says what it is, those after it what it costs in a period.

use super::{Notif, descriptions};
use crate::alpinebits::capability::Capability;
use crate::alpinebits::rules::common::{self, Period};
use crate::alpinebits::verdict::Agreed;
use crate::ota::element::Element;
use crate::ota::refusal::{Code, Refusal};
use std::collections::HashSet;

/// What only the element without dates says.
const STATIC: [&str; 4] = [
    "AddToBasicRateIndicator",
    "MandatoryIndicator",
    "ChargeTypeCode",
    "Description",
];

pub(super) fn check(plan: Element<'_>, notif: Notif, agreed: &Agreed) -> Result<(), Refusal> {
    let Some(list) = plan.child("Supplements") else {
        return Ok(());
    };
    agreed.need(Capability::Supplements, list)?;
    let mut known = HashSet::new();
    let mut periods = Vec::new();
    for at in list.all("Supplement") {
        let name = (at.need("InvType")?, at.need("InvCode")?);
        if at.has("Start") || at.has("End") {
            if notif == Notif::Full && !known.contains(&name) {
                return Err(at.wrong(Code::MISSING, "no supplement of this InvCode was told before"));
            }
            let needs = prerequisite(at)?;
            periods.push(((name, needs), dated(at)?, at));
        } else {
            static_supplement(at)?;
            if !known.insert(name) {
                return Err(at.wrong(Code::INVALID_VALUE, "the supplement stands here twice"));
            }
        }
    }
    match common::overlap(periods) {
        Some(at) => Err(at.wrong(Code::DATES, "meets another period of the same supplement")),
        None => Ok(()),
    }
}

fn static_supplement(at: Element<'_>) -> Result<(), Refusal> {
    at.bare(&["Amount"], "in a supplement without dates")?;
    for name in ["AddToBasicRateIndicator", "MandatoryIndicator", "ChargeTypeCode"] {
        at.need(name)?;
    }
    descriptions(at)
}

fn dated(at: Element<'_>) -> Result<Period, Refusal> {
    at.bare(&STATIC, "in a supplement with dates")?;
    at.amount("Amount")?;
    Period::need(at, "Start", "End")
}

/// Days of the week as seven digits from Monday, or a category.
fn prerequisite(at: Element<'_>) -> Result<Option<(&str, &str)>, Refusal> {
    let Some(needs) = at.child("PrerequisiteInventory") else {
        return Ok(None);
    };
    let (kind, code) = (needs.need("InvType")?, needs.need("InvCode")?);
    if kind == "ALPINEBITSDOW" && !(code.len() == 7 && code.bytes().all(|day| matches!(day, b'0' | b'1'))) {
        return Err(needs.wrong(
            Code::INVALID_VALUE,
            "InvCode is not seven digits, 1 or 0, from Monday to Sunday",
        ));
    }
    Ok(Some((kind, code)))
}
