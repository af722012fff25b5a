//! Answers to portals that ask: which room categories there are, and what they cost.

use super::action::{Action, Side};
use super::inventory::{self, VERSION as INVENTORY};
use super::verdict::{self, Agreed};
use crate::ota::answer::{Answer, Notice};
use crate::ota::document::Document;
use crate::ota::element::Element;
use crate::ota::refusal::{Code, Kind, Refusal};
use crate::ota::tag::Tag;
use chrono::NaiveDate;
use innkeep_domain::channel::portal::{Category, Price};
use std::collections::BTreeMap;

/// Version attributes of OTA 2015A, by message.
const BASE_RATES: &str = "3.000";
/// Prices are for the room (25), without meals (14).
const PER_ROOM: &str = "25";
const NO_MEALS: &str = "14";

/// Whom messages of a connection are about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hotel {
    /// The portal's.
    pub code: String,
    pub name: String,
    /// ISO 4217.
    pub currency: String,
}

impl Hotel {
    /// By its code; where none is told, which 2022-10 allows, by its name.
    pub(super) fn is_meant(&self, at: Element<'_>) -> Result<(), Refusal> {
        let same = match at.get("HotelCode") {
            Some(code) => code == self.code,
            None => at.get("HotelName") == Some(self.name.as_str()),
        };
        let other = || at.wrong(Code::HOTEL, "the hotel is not the one of these credentials");
        same.then_some(()).ok_or_else(other)
    }
}

/// The request is for this hotel.
///
/// # Errors
/// When it is not, or not in order.
pub fn inventory_wanted(bytes: &[u8], agreed: &Agreed, hotel: &Hotel) -> Result<(), Refusal> {
    verdict::check(bytes, Action::InventoryPull, Side::Request, agreed)?;
    let document = Document::read(bytes)?;
    let mut asked = document
        .root()
        .list("HotelDescriptiveInfos", "HotelDescriptiveInfo");
    asked.try_for_each(|at| hotel.is_meant(at))
}

/// Inventory/Basic. What the standard has no room for is left out, and the answer says so.
///
/// # Errors
/// When what is told does not follow the rules.
pub fn inventory(categories: &[Category], agreed: &Agreed, hotel: &Hotel) -> Result<String, Refusal> {
    let told = inventory::told(categories, true);
    let said = || {
        Notice::advisory(format!(
            "{} categories or rooms are left out: {}",
            told.left_out,
            inventory::LIMITS
        ))
    };
    let warnings = (told.left_out > 0).then(said);
    let message = Tag::message(Action::InventoryPull.root(Side::Answer), INVENTORY)
        .children(Answer::Success(warnings.into_iter().collect()).tags())
        .child(told.contents(&hotel.code));
    checked(&message, Action::InventoryPull, agreed)
}

/// Which base rates are asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct RatesWanted {
    pub first: Option<NaiveDate>,
    pub last: Option<NaiveDate>,
    /// Codes; none = of all plans.
    pub plans: Vec<String>,
}

/// # Errors
/// When the request is not for this hotel, or not in order.
pub fn rates_wanted(bytes: &[u8], agreed: &Agreed, hotel: &Hotel) -> Result<RatesWanted, Refusal> {
    verdict::check(bytes, Action::BaseRates, Side::Request, agreed)?;
    let document = Document::read(bytes)?;
    let plan = document.root().need_child("RatePlans")?.need_child("RatePlan")?;
    hotel.is_meant(plan.need_child("HotelRef")?)?;
    let mut wanted = RatesWanted::default();
    if let Some(dates) = plan.child("DateRange") {
        wanted.first = dates.date("Start")?;
        wanted.last = dates.date("End")?;
    }
    let candidates = plan.list("RatePlanCandidates", "RatePlanCandidate");
    wanted.plans = candidates
        .filter_map(|one| one.get("RatePlanCode").or(one.get("RatePlanID")))
        .map(str::to_owned)
        .collect();
    Ok(wanted)
}

/// BaseRates: each plan with the prices of its categories, for as many guests as the room has space for.
///
/// # Errors
/// When there is nothing to tell, or what is told does not follow the rules.
pub fn base_rates(
    plans: &BTreeMap<String, Vec<Price>>,
    agreed: &Agreed,
    hotel: &Hotel,
) -> Result<String, Refusal> {
    if plans.values().all(Vec::is_empty) {
        return Err(Refusal {
            kind: Kind::Rule,
            code: Code::UNABLE,
            path: Action::BaseRates.root(Side::Request).to_owned(),
            reason: "there are no prices of what is asked for".to_owned(),
        });
    }
    let told = plans.iter().filter(|(_, prices)| !prices.is_empty());
    let list = Tag::new("RatePlans")
        .with("HotelCode", &hotel.code)
        .children(told.map(|(code, prices)| plan(code, prices, &hotel.currency)));
    let message = Tag::message(Action::BaseRates.root(Side::Answer), BASE_RATES)
        .children(Answer::Success(vec![]).tags())
        .child(list);
    checked(&message, Action::BaseRates, agreed)
}

fn plan(code: &str, prices: &[Price], currency: &str) -> Tag {
    let about = Tag::new("Rate")
        .with("RateTimeUnit", "Day")
        .with("UnitMultiplier", 1)
        .child(Tag::new("BaseByGuestAmts").child(Tag::new("BaseByGuestAmt").with("Type", PER_ROOM)))
        .child(
            Tag::new("MealsIncluded")
                .with("MealPlanIndicator", true)
                .with("MealPlanCodes", NO_MEALS),
        );
    let rate = |price: &Price| {
        let amount = Tag::new("BaseByGuestAmt")
            .with("NumberOfGuests", price.max_occupancy)
            .with("AmountAfterTax", price.amount);
        Tag::new("Rate")
            .with("InvTypeCode", &price.category)
            .with("Start", price.from)
            .with("End", price.last)
            .child(Tag::new("BaseByGuestAmts").child(amount))
    };
    Tag::new("RatePlan")
        .with("RatePlanCode", code)
        .with("CurrencyCode", currency)
        .child(Tag::new("Rates").child(about).children(prices.iter().map(rate)))
}

/// It was asked rightly: that the answer does not follow the schema is no error of the request.
pub(super) fn cannot_be_told(refusal: Refusal) -> Refusal {
    Refusal {
        kind: Kind::Rule,
        ..refusal
    }
}

fn checked(message: &Tag, action: Action, agreed: &Agreed) -> Result<String, Refusal> {
    let text = message.document();
    verdict::check(text.as_bytes(), action, Side::Answer, agreed).map_err(cannot_be_told)?;
    Ok(text)
}
