//! Rate plans as a portal is told them: for whole nights, what they cost and which stays they are for. What is said of a
//! night replaces all that was said of it (an overlay).

use super::action::{Action, Side};
use super::restrictions::{Restrictions, Rules};
use super::verdict::{self, Agreed};
use crate::ota::refusal::Refusal;
use crate::ota::tag::Tag;
use chrono::{Days, NaiveDate};
use innkeep_domain::ports::channel::{NightsRange, RateFields, Rejected};
use rust_decimal::Decimal;

const VERSION: &str = "1.000";
/// Prices are for the room (25), without meals (14), for adults (10).
const PER_ROOM: &str = "25";
const NO_MEALS: &str = "14";
const ADULTS: &str = "10";
/// Nights that differ from the one before, in one message: each is a price and a rule of some dozen attributes.
const MOST_RUNS: usize = 1500;

/// A message, and which of its ranges are not told as they are, and why.
pub(super) struct Told {
    pub message: String,
    pub unsaid: Vec<Rejected>,
}

/// How many of the ranges fit into one message: one at least.
pub(super) fn fitting(ranges: &[NightsRange]) -> usize {
    let mut runs = 0;
    let fits = ranges.iter().take_while(|range| {
        let changes = range.nights.windows(2).filter(|pair| pair.first() != pair.last());
        runs += changes.count() + 1;
        runs <= MOST_RUNS
    });
    fits.count().max(1).min(ranges.len())
}

pub(super) fn rate_plans(hotel_code: &str, ranges: &[NightsRange], agreed: &Agreed) -> Result<Told, Refusal> {
    let mut plans: Vec<Plan<'_>> = Vec::new();
    let mut unsaid = Vec::new();
    for (index, range) in ranges.iter().enumerate() {
        let same = plans.iter().position(|plan| plan.code == range.rate);
        let at = same.unwrap_or_else(|| {
            plans.push(Plan::new(range));
            plans.len() - 1
        });
        if let Some(plan) = plans.get_mut(at)
            && let Some(reason) = plan.tell(range, agreed)
        {
            unsaid.push(Rejected { range: index, reason });
        }
    }
    let list = Tag::new("RatePlans")
        .with("HotelCode", hotel_code)
        .children(plans.into_iter().map(Plan::tag));
    let message = Tag::message(Action::RatePlans.root(Side::Request), VERSION)
        .child(list)
        .document();
    verdict::check(message.as_bytes(), Action::RatePlans, Side::Request, agreed)?;
    Ok(Told { message, unsaid })
}

struct Plan<'a> {
    code: &'a str,
    currency: &'a str,
    rules: Vec<Tag>,
    rates: Vec<Tag>,
}

impl<'a> Plan<'a> {
    fn new(of: &'a NightsRange) -> Self {
        Self {
            code: &of.rate,
            currency: &of.currency,
            rules: Vec::new(),
            rates: Vec::new(),
        }
    }

    /// Answers why something of it could not be said.
    fn tell(&mut self, range: &NightsRange, agreed: &Agreed) -> Option<String> {
        let rules = Rules::of(range, agreed);
        let mut unsaid = None;
        for run in runs(range, Restrictions::of) {
            let (rule, why) = run.said.rule(&rules, (run.from, run.last));
            self.rules.extend(rule);
            unsaid = unsaid.or(why);
        }
        for run in runs(range, price) {
            self.rates.push(rate(range, &run));
        }
        unsaid
    }

    fn tag(self) -> Tag {
        let rules = (!self.rules.is_empty()).then(|| Tag::new("BookingRules").children(self.rules));
        Tag::new("RatePlan")
            .with("RatePlanNotifType", "Overlay")
            .with("CurrencyCode", self.currency)
            .with("RatePlanCode", self.code)
            .children(rules)
            .child(Tag::new("Rates").child(about()).children(self.rates))
    }
}

/// What holds for every price of the plan.
fn about() -> Tag {
    Tag::new("Rate")
        .with("RateTimeUnit", "Day")
        .with("UnitMultiplier", 1)
        .child(Tag::new("BaseByGuestAmts").child(Tag::new("BaseByGuestAmt").with("Type", PER_ROOM)))
        .child(
            Tag::new("MealsIncluded")
                .with("MealPlanIndicator", true)
                .with("MealPlanCodes", NO_MEALS),
        )
}

/// Neighbouring nights of which the same is said.
struct Run<T> {
    from: NaiveDate,
    last: NaiveDate,
    said: T,
}

fn runs<T: PartialEq>(range: &NightsRange, say: impl Fn(&RateFields) -> T) -> Vec<Run<T>> {
    let mut runs: Vec<Run<T>> = Vec::new();
    for (offset, fields) in (0..).zip(&range.nights) {
        let night = range.from + Days::new(offset);
        let said = say(fields);
        match runs.last_mut() {
            Some(run) if run.said == said => run.last = night,
            _ => runs.push(Run {
                from: night,
                last: night,
                said,
            }),
        }
    }
    runs
}

/// Nothing is sold at a night that is closed: its price is taken back, whatever rules the portal understands.
fn price(fields: &RateFields) -> Option<Decimal> {
    let open = fields.stop_sell != Some(true);
    fields
        .price
        .filter(|price| open && price.is_sign_positive() && !price.is_zero())
}

fn rate(range: &NightsRange, run: &Run<Option<Decimal>>) -> Tag {
    let amount = |price: Decimal| {
        let amount = Tag::new("BaseByGuestAmt")
            .with("NumberOfGuests", range.guests)
            .with("AgeQualifyingCode", ADULTS)
            .with("AmountAfterTax", price);
        Tag::new("BaseByGuestAmts").child(amount)
    };
    Tag::new("Rate")
        .with("InvTypeCode", &range.room)
        .with("Start", run.from)
        .with("End", run.last)
        .children(run.said.map(amount))
}
