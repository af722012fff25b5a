//! RatePlans: prices and what restricts them.

mod booking_rules;
mod offers;
pub(super) mod rates;
mod stay;
mod supplements;

use super::common::{self, Period};
use crate::alpinebits::capability::Capability;
use crate::alpinebits::verdict::Agreed;
use crate::ota::element::Element;
use crate::ota::refusal::{Code, Refusal};

/// What is done with a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Notif {
    /// All of it, whatever was known before.
    Full,
    /// What is named changes, the rest stays.
    Overlay,
    Remove,
}

pub(super) fn check(root: Element<'_>, agreed: &Agreed) -> Result<(), Refusal> {
    let plans = root.need_child("RatePlans")?;
    common::hotel(plans)?;
    let complete = root.child("UniqueID").is_some();
    let all: Vec<Element<'_>> = plans.all("RatePlan").collect();
    if let [only] = all.as_slice()
        && is_empty(*only)
    {
        // Everything known of the hotel's plans is to be forgotten.
        let misplaced = only.wrong(Code::UNABLE, "an empty RatePlan stands in a complete set only");
        return if complete { Ok(()) } else { Err(misplaced) };
    }
    for at in &all {
        let notif = notif(*at, agreed)?;
        if complete && notif != Notif::Full {
            return Err(at.wrong(
                Code::UNABLE,
                "a complete set changes and removes nothing: it says everything",
            ));
        }
        plan(*at, notif, agreed)?;
    }
    common::once(all.iter().map(|at| (at.get("RatePlanCode"), *at)), "the plan")
}

fn is_empty(at: Element<'_>) -> bool {
    at.children().next().is_none() && at.attributes().next().is_none()
}

fn notif(at: Element<'_>, agreed: &Agreed) -> Result<Notif, Refusal> {
    match at.need("RatePlanNotifType")? {
        "Remove" => Ok(Notif::Remove),
        "Overlay" => agreed.need(Capability::Overlay, at).map(|()| Notif::Overlay),
        _ => agreed.need(Capability::Full, at).map(|()| Notif::Full),
    }
}

fn plan(at: Element<'_>, notif: Notif, agreed: &Agreed) -> Result<(), Refusal> {
    at.need("RatePlanCode")?;
    if notif == Notif::Remove {
        return match at.children().next() {
            Some(child) => Err(child.wrong(Code::UNABLE, "must not stand in a plan that is removed")),
            None => Ok(()),
        };
    }
    rates::currency(at)?;
    kind(at, agreed)?;
    if at.has("Start") || at.has("End") {
        Period::need(at, "Start", "End")?;
    }
    booking_rules::check(at, agreed)?;
    rates::check(at, rates::Kind::Plan(notif))?;
    supplements::check(at, notif, agreed)?;
    offers::check(at, notif, agreed)?;
    descriptions(at)
}

/// A special offer, somebody's campaign, one of several versions of a plan.
fn kind(at: Element<'_>, agreed: &Agreed) -> Result<(), Refusal> {
    if at.has("RatePlanCategory") && !at.has("RatePlanType") {
        return Err(at.wrong(
            Code::MISSING,
            "RatePlanCategory stands beside RatePlanType 12 only",
        ));
    }
    if at.has("RatePlanQualifier") && !at.has("RatePlanID") {
        return Err(at.wrong(Code::MISSING, "RatePlanQualifier stands beside RatePlanID only"));
    }
    if at.has("RatePlanID") {
        agreed.need(Capability::RatePlanJoin, at)?;
    }
    Ok(())
}

/// Each kind of description once, with what belongs in it.
pub(super) fn descriptions(of: Element<'_>) -> Result<(), Refusal> {
    let all = || of.all("Description");
    common::once(
        all().map(|at| (at.get("Name"), at)),
        "a description of the same Name",
    )?;
    for at in all() {
        let foreign: &[&str] = match at.need("Name")? {
            "title" | "intro" | "description" => &["ListItem", "Image", "URL"],
            "gallery" => &["ListItem"],
            _ => &["Text", "Image", "URL"],
        };
        at.bare(foreign, "in this description")?;
        at.all("Text").try_for_each(common::language)?;
        if at.get("Name") != Some("gallery") {
            at.all("Text")
                .try_for_each(|text| text.need("Language").map(drop))?;
            common::texts(at.all("Text"))?;
        }
    }
    Ok(())
}
