//! One value of `POST /restrictions`: rates and rules for a rate plan.

use rust_decimal::Decimal;
use serde_json::Value;

use super::{Problems, Span, text};
use crate::money;
use crate::property::{Property, RatePlan};

/// Only what the value mentions; everything else stays as it was told before.
#[derive(Debug, Clone, Default)]
pub(crate) struct RestrictionChange {
    pub(crate) rates: Vec<(u8, Decimal)>,
    pub(crate) min_stay_arrival: Option<i64>,
    pub(crate) min_stay_through: Option<i64>,
    pub(crate) max_stay: Option<i64>,
    pub(crate) closed_to_arrival: Option<bool>,
    pub(crate) closed_to_departure: Option<bool>,
    pub(crate) stop_sell: Option<bool>,
}

pub(crate) fn parse(
    property: &Property,
    value: &Value,
) -> Result<(String, Span, RestrictionChange), Problems> {
    let mut problems = Problems::default();
    let rate_plan_id = text(value, "rate_plan_id");
    let plan = property.rate_plan(rate_plan_id);
    if plan.is_none() {
        problems.add("rate_plan_id", "is invalid");
    }
    let span = Span::parse(value, &mut problems);
    // `min_stay` is the older name that means both readings at once.
    let min_stay = problems.integer(value, "min_stay", 1);
    let change = RestrictionChange {
        rates: rates(value, plan, &property.spec.currency, &mut problems),
        min_stay_arrival: problems.integer(value, "min_stay_arrival", 1).or(min_stay),
        min_stay_through: problems.integer(value, "min_stay_through", 1).or(min_stay),
        max_stay: problems.integer(value, "max_stay", 0),
        closed_to_arrival: problems.boolean(value, "closed_to_arrival"),
        closed_to_departure: problems.boolean(value, "closed_to_departure"),
        stop_sell: problems.boolean(value, "stop_sell"),
    };
    problems.none_or()?;
    let span = span.ok_or_else(|| Problems::one("date", "is invalid"))?;
    Ok((rate_plan_id.to_owned(), span, change))
}

/// `rate` is the price of the plan's own occupancy, `rates` lists several.
fn rates(
    value: &Value,
    plan: Option<&RatePlan>,
    currency: &str,
    problems: &mut Problems,
) -> Vec<(u8, Decimal)> {
    let mut found = Vec::new();
    if let Some(rate) = problems.field(value, "rate")
        && let Some(amount) = positive(rate, currency, "rate", problems)
    {
        found.push((plan.map_or(0, |plan| plan.occupancy), amount));
    }
    let Some(listed) = problems.field(value, "rates") else {
        return found;
    };
    let Some(listed) = listed.as_array() else {
        problems.add("rates", "is invalid");
        return found;
    };
    for option in listed {
        let occupancy = option
            .get("occupancy")
            .and_then(Value::as_u64)
            .and_then(|number| u8::try_from(number).ok());
        let amount = positive(
            option.get("rate").unwrap_or(&Value::Null),
            currency,
            "rates",
            problems,
        );
        match (occupancy, amount) {
            (Some(occupancy), Some(amount)) if occupancy > 0 => found.push((occupancy, amount)),
            (_, Some(_)) => problems.add("rates", "is invalid"),
            (_, None) => {}
        }
    }
    found
}

fn positive(value: &Value, currency: &str, field: &str, problems: &mut Problems) -> Option<Decimal> {
    let amount = money::parse(value, currency);
    match amount {
        None => problems.add(field, "is invalid"),
        Some(amount) if amount <= Decimal::ZERO => problems.add(field, "must be greater than 0"),
        Some(_) => return amount,
    }
    None
}
