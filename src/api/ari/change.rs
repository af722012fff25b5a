//! The body of a bulk change, and what it means to the domain.

use crate::api::money::Money;
use crate::api::patch;
use crate::api::weekday::Weekday;
use chrono::NaiveDate;
use innkeep_domain::inventory::Closing;
use innkeep_domain::rates::ari::{Change, PriceEntry, Range, RestrictionEntry, Restrictions, StockEntry};
use poem_openapi::Object;
use poem_openapi::types::MaybeUndefined;
use uuid::Uuid;

/// At most 500 entries and 100,000 nights in all.
#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct AriChange {
    #[oai(default)]
    prices: Vec<PriceChange>,
    #[oai(default)]
    restrictions: Vec<RestrictionChange>,
    #[oai(default)]
    availability: Vec<AvailabilityChange>,
}

/// A price for every night of a range; only base plans have their own.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct PriceChange {
    rate_plan_id: Uuid,
    unit_type_id: Uuid,
    from: NaiveDate,
    /// The last night.
    to: NaiveDate,
    /// Absent or empty: every day.
    #[oai(default)]
    weekdays: Vec<Weekday>,
    price: Money,
}

/// Absent = leave, null = clear (a derived plan then inherits), value = set.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct RestrictionChange {
    rate_plan_id: Uuid,
    unit_type_id: Uuid,
    from: NaiveDate,
    /// The last night.
    to: NaiveDate,
    /// Absent or empty: every day.
    #[oai(default)]
    weekdays: Vec<Weekday>,
    min_stay_arrival: MaybeUndefined<i32>,
    min_stay_through: MaybeUndefined<i32>,
    max_stay: MaybeUndefined<i32>,
    closed_to_arrival: MaybeUndefined<bool>,
    closed_to_departure: MaybeUndefined<bool>,
    stop_sell: MaybeUndefined<bool>,
}

/// Counts of units; absent = leave.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct AvailabilityChange {
    unit_type_id: Uuid,
    from: NaiveDate,
    /// The last night.
    to: NaiveDate,
    /// Absent or empty: every day.
    #[oai(default)]
    weekdays: Vec<Weekday>,
    /// Units taken off sale.
    blocked: Option<i32>,
    /// Units that may be sold beyond capacity.
    overbooking_limit: Option<i32>,
}

impl AriChange {
    pub fn parse(self) -> Change {
        Change {
            prices: self.prices.into_iter().map(PriceChange::parse).collect(),
            restrictions: self
                .restrictions
                .into_iter()
                .map(RestrictionChange::parse)
                .collect(),
            availability: self
                .availability
                .into_iter()
                .map(AvailabilityChange::parse)
                .collect(),
        }
    }
}

impl PriceChange {
    fn parse(self) -> PriceEntry {
        PriceEntry {
            rate_plan_id: self.rate_plan_id,
            unit_type_id: self.unit_type_id,
            range: range(self.from, self.to, &self.weekdays),
            price: self.price.decimal(),
            currency: self.price.currency,
        }
    }
}

impl RestrictionChange {
    fn parse(self) -> RestrictionEntry {
        RestrictionEntry {
            rate_plan_id: self.rate_plan_id,
            unit_type_id: self.unit_type_id,
            range: range(self.from, self.to, &self.weekdays),
            set: Restrictions {
                min_stay_arrival: patch::change(self.min_stay_arrival),
                min_stay_through: patch::change(self.min_stay_through),
                max_stay: patch::change(self.max_stay),
                closed_to_arrival: patch::change(self.closed_to_arrival),
                closed_to_departure: patch::change(self.closed_to_departure),
                stop_sell: patch::change(self.stop_sell),
            },
        }
    }
}

impl AvailabilityChange {
    fn parse(self) -> StockEntry {
        StockEntry {
            unit_type_id: self.unit_type_id,
            range: range(self.from, self.to, &self.weekdays),
            set: Closing {
                blocked: self.blocked,
                overbooking_limit: self.overbooking_limit,
            },
        }
    }
}

fn range(from: NaiveDate, to: NaiveDate, weekdays: &[Weekday]) -> Range {
    Range {
        from,
        to,
        weekdays: weekdays.iter().map(|d| (*d).into()).collect(),
    }
}
