//! RatePlans: prices and booking rules. What is told of a night in an overlay replaces what was told of it.

use chrono::{Datelike, NaiveDate};
use roxmltree::Node;

use super::hotel::{Hotel, Night};
use super::message::{Error, Warning, element, elements, period};

const WEEK: [&str; 7] = ["Mon", "Tue", "Weds", "Thur", "Fri", "Sat", "Sun"];

pub(crate) fn take(hotel: &mut Hotel, code: &str, root: Node<'_, '_>) -> Result<Vec<Warning>, Error> {
    let missing = || Error(321, "RatePlans are missing".to_owned());
    let plans = element(root, "RatePlans").ok_or_else(missing)?;
    if plans.attribute("HotelCode") != Some(code) {
        return Err(Error(392, "another hotel".to_owned()));
    }
    let mut after = hotel.plans.clone();
    std::mem::swap(&mut hotel.plans, &mut after);
    let mut warnings = Vec::new();
    for plan in elements(plans, "RatePlan") {
        if let Err(error) = overlay(hotel, plan, &mut warnings) {
            hotel.plans = after;
            return Err(error);
        }
    }
    if std::mem::take(&mut hotel.asks.rate_plans) {
        warnings.push(Warning::send("ALPINEBITS_SEND_RATEPLANS"));
    }
    hotel.asking(&mut warnings);
    Ok(warnings)
}

fn overlay(hotel: &mut Hotel, plan: Node<'_, '_>, warnings: &mut Vec<Warning>) -> Result<(), Error> {
    let need = |name: &str| {
        let missing = || Error(321, format!("{name} is missing"));
        plan.attribute(name).map(str::to_owned).ok_or_else(missing)
    };
    let code = need("RatePlanCode")?;
    match plan.attribute("RatePlanNotifType") {
        Some("Overlay") if !hotel.can("OTA_HotelRatePlanNotif_accept_overlay") => {
            return Err(Error(450, "overlays are not taken here".to_owned()));
        }
        Some("Overlay") => {}
        Some(_) => hotel.plans.retain(|(known, _, _), _| *known != code),
        None => return Err(Error(321, "RatePlanNotifType is missing".to_owned())),
    }
    if plan.attribute("RatePlanNotifType") == Some("Remove") {
        return Ok(());
    }
    if need("CurrencyCode")? != hotel.spec.currency {
        return Err(Error(320, "another currency than the hotel's".to_owned()));
    }
    for at in element(plan, "BookingRules")
        .into_iter()
        .flat_map(|list| elements(list, "BookingRule"))
    {
        rule(hotel, &code, at)?;
    }
    for at in element(plan, "Rates")
        .into_iter()
        .flat_map(|list| elements(list, "Rate"))
    {
        if let Some(category) = at.attribute("InvTypeCode") {
            if hotel.knows(category) {
                rate(hotel, (&code, category), at)?;
            } else {
                warnings.push(Warning::not_taken(category, "this category is not known here"));
            }
        }
    }
    Ok(())
}

fn rate(hotel: &mut Hotel, (plan, category): (&str, &str), at: Node<'_, '_>) -> Result<(), Error> {
    let amount = element(at, "BaseByGuestAmts").and_then(|list| element(list, "BaseByGuestAmt"));
    let price = amount
        .and_then(|one| one.attribute("AmountAfterTax"))
        .map(str::to_owned);
    let guests = amount.and_then(|one| one.attribute("NumberOfGuests")?.parse().ok());
    for night in period(at)? {
        let cell = hotel
            .plans
            .entry((plan.to_owned(), category.to_owned(), night))
            .or_default();
        cell.price.clone_from(&price);
        cell.guests = guests;
    }
    Ok(())
}

/// For one category, or without one for all of the hotel's.
fn rule(hotel: &mut Hotel, plan: &str, at: Node<'_, '_>) -> Result<(), Error> {
    let categories = match at.attribute("Code") {
        Some(code) => vec![code.to_owned()],
        None => hotel.categories().map(str::to_owned).collect(),
    };
    for night in period(at)? {
        let said = said(at, night)?;
        for category in &categories {
            if !hotel.knows(category) {
                continue;
            }
            let cell = hotel
                .plans
                .entry((plan.to_owned(), category.clone(), night))
                .or_default();
            *cell = Night {
                price: cell.price.take(),
                guests: cell.guests,
                ..said.clone()
            };
        }
    }
    Ok(())
}

fn said(at: Node<'_, '_>, night: NaiveDate) -> Result<Night, Error> {
    let mut said = Night::default();
    let lengths = element(at, "LengthsOfStay");
    for length in lengths
        .into_iter()
        .flat_map(|list| elements(list, "LengthOfStay"))
    {
        let time = length.attribute("Time").and_then(|text| text.parse().ok());
        let time = time.ok_or_else(|| Error(320, "Time is no number".to_owned()))?;
        match length.attribute("MinMaxMessageType") {
            Some("SetMinLOS") => said.min_stay_arrival = time,
            Some("SetForwardMinStay") => said.min_stay_through = time,
            Some("SetMaxLOS") => said.max_stay = time,
            _ => return Err(Error(320, "MinMaxMessageType is not known here".to_owned())),
        }
    }
    let day = usize::try_from(night.weekday().num_days_from_monday()).unwrap_or_default();
    let day = WEEK.get(day).copied().unwrap_or_default();
    let allowed = |name| {
        let days = element(at, "DOW_Restrictions").and_then(|all| element(all, name));
        let flag = days.and_then(|days| days.attribute(day));
        flag.is_none_or(|flag| ["1", "true"].contains(&flag))
    };
    said.arrival = allowed("ArrivalDaysOfWeek");
    said.departure = allowed("DepartureDaysOfWeek");
    let status = element(at, "RestrictionStatus").and_then(|status| status.attribute("Status"));
    said.open = status != Some("Close");
    Ok(said)
}
