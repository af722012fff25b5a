//! Offers: who may stay at all, free nights, and children who stay free.

use super::{Notif, stay};
use crate::alpinebits::capability::Capability;
use crate::alpinebits::rules::common;
use crate::alpinebits::verdict::Agreed;
use crate::ota::element::Element;
use crate::ota::refusal::{Code, Refusal};

const ADULT: &str = "10";
const CHILD: &str = "8";

/// The first offer is the plan's rule; after it one of free nights and one for families may follow.
pub(super) fn check(plan: Element<'_>, notif: Notif, agreed: &Agreed) -> Result<(), Refusal> {
    let all: Vec<Element<'_>> = plan.list("Offers", "Offer").collect();
    let Some((first, rest)) = all.split_first() else {
        let missing = || plan.wrong(Code::MISSING, "the offer with the plan's rule is missing");
        return if notif == Notif::Full {
            Err(missing())
        } else {
            Ok(())
        };
    };
    first.bare(&["Discount", "Guests"], "in the offer with the plan's rule")?;
    rule(first.need_child("OfferRules")?.need_child("OfferRule")?, agreed)?;
    for at in rest {
        at.bare(&["OfferRules"], "in an offer with a discount")?;
        let discount = at.need_child("Discount")?;
        match at.child("Guests") {
            Some(guests) => family(*at, discount, guests, agreed)?,
            None => free_nights(*at, discount, agreed)?,
        }
    }
    let kinds = rest.iter().map(|at| (at.child("Guests").is_some(), *at));
    common::once(kinds, "an offer of the same kind")
}

fn rule(at: Element<'_>, agreed: &Agreed) -> Result<(), Refusal> {
    let (least, most) = ("MinAdvancedBookingOffset", "MaxAdvancedBookingOffset");
    if at.has(least) || at.has(most) {
        agreed.need(Capability::OfferBookingOffset, at)?;
    }
    ordered(
        at,
        (least, stay::offset(at, least)?),
        (most, stay::offset(at, most)?),
    )?;
    if at.child("LengthsOfStay").is_some() || at.child("DOW_Restrictions").is_some() {
        agreed.need(Capability::OfferDowLos, at)?;
    }
    stay::lengths(at)?;
    let guests = || at.all("Occupancy");
    common::once(
        guests().map(|one| (one.get("AgeQualifyingCode"), one)),
        "an occupancy of the same age",
    )?;
    if !guests().any(|one| one.get("AgeQualifyingCode") == Some(ADULT)) {
        return Err(at.wrong(Code::MISSING, "the occupancy of adults is missing"));
    }
    for one in guests() {
        for (least, most) in [("MinAge", "MaxAge"), ("MinOccupancy", "MaxOccupancy")] {
            ordered(one, (least, one.number(least)?), (most, one.number(most)?))?;
        }
    }
    Ok(())
}

fn ordered(
    at: Element<'_>,
    (least, from): (&str, Option<u32>),
    (most, to): (&str, Option<u32>),
) -> Result<(), Refusal> {
    match (from, to) {
        (Some(from), Some(to)) if from > to => {
            Err(at.wrong(Code::INVALID_VALUE, format!("{least} is more than {most}")))
        }
        _ => Ok(()),
    }
}

/// Of so many nights so many are free: fewer than all; the pattern says which.
fn free_nights(at: Element<'_>, discount: Element<'_>, agreed: &Agreed) -> Result<(), Refusal> {
    agreed.need(Capability::FreeNightsOffers, at)?;
    let count = |name: &str| {
        discount.need(name)?;
        Ok::<u32, Refusal>(discount.number(name)?.unwrap_or_default())
    };
    let (required, free) = (count("NightsRequired")?, count("NightsDiscounted")?);
    if free >= required {
        return Err(discount.wrong(
            Code::INVALID_VALUE,
            "NightsDiscounted is not below NightsRequired",
        ));
    }
    let Some(pattern) = discount.get("DiscountPattern") else {
        return Ok(());
    };
    let counted = |of: usize| u32::try_from(of).ok();
    let ones = pattern.bytes().filter(|night| *night == b'1').count();
    if counted(pattern.len()) != Some(required) || counted(ones) != Some(free) {
        return Err(discount.wrong(Code::INVALID_VALUE, "DiscountPattern is not of these nights"));
    }
    Ok(())
}

fn family(
    at: Element<'_>,
    discount: Element<'_>,
    guests: Element<'_>,
    agreed: &Agreed,
) -> Result<(), Refusal> {
    agreed.need(Capability::FamilyOffers, at)?;
    discount.bare(
        &["NightsRequired", "NightsDiscounted", "DiscountPattern"],
        "in an offer for families",
    )?;
    let guest = guests.need_child("Guest")?;
    if guest.get("AgeQualifyingCode").map(str::trim) != Some(CHILD) {
        return Err(guest.wrong(Code::INVALID_VALUE, "AgeQualifyingCode must be 8"));
    }
    Ok(())
}
