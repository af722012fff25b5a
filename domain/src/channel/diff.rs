//! The difference between truth and shadow, as the fewest ranges that cover exactly the cells that differ. Pure.

use crate::ports::channel::{AvailabilityRange, RateFields, RateRange};
use chrono::{Days, NaiveDate};
use uuid::Uuid;

/// What a cell says.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Free(i32),
    Rate(RateFields),
}

/// One (product, night): what is true, and what the channel last accepted (`None` = unknown).
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// The channel's id of the product.
    pub external: String,
    pub unit_type_id: Uuid,
    /// Nil for availability.
    pub rate_plan_id: Uuid,
    pub night: NaiveDate,
    pub truth: Value,
    pub accepted: Option<Value>,
}

/// Neighbouring nights of one product that are told the same thing.
#[derive(Debug, Clone, PartialEq)]
pub struct Range {
    pub external: String,
    pub from: NaiveDate,
    /// Included.
    pub last: NaiveDate,
    /// Only what differs.
    pub told: Value,
    pub cells: Vec<Cell>,
}

/// What a channel has to be told.
#[derive(Debug, Default, PartialEq)]
pub struct Difference {
    pub ranges: Vec<Range>,
    /// Differ, and there is no word for it: a closed night that lost its price. Nothing is said.
    pub wordless: Vec<Cell>,
}

/// Cells must be sorted by product and night. Each is in at most one range, so that the order of ranges does not matter
/// and a refusal names its cells. Nights that do not differ are never covered, even between two that do.
pub fn ranges(cells: Vec<Cell>) -> Difference {
    let mut out = Difference::default();
    for cell in cells {
        let Some(told) = difference(&cell) else { continue };
        if told == Value::Rate(RateFields::default()) {
            out.wordless.push(cell);
            continue;
        }
        match out.ranges.last_mut() {
            Some(r) if r.is_of(&cell) && r.last + Days::new(1) == cell.night && r.told == told => {
                r.last = cell.night;
                r.cells.push(cell);
            }
            _ => out.ranges.push(Range {
                external: cell.external.clone(),
                from: cell.night,
                last: cell.night,
                told,
                cells: vec![cell],
            }),
        }
    }
    out
}

fn difference(cell: &Cell) -> Option<Value> {
    match (&cell.truth, &cell.accepted) {
        (truth, Some(accepted)) if truth == accepted => None,
        (Value::Rate(truth), Some(Value::Rate(accepted))) => Some(Value::Rate(changed(truth, accepted))),
        (truth, _) => Some(truth.clone()),
    }
}

fn changed(truth: &RateFields, accepted: &RateFields) -> RateFields {
    fn only<T: PartialEq + Copy>(truth: Option<T>, accepted: Option<T>) -> Option<T> {
        truth.filter(|t| accepted != Some(*t))
    }
    RateFields {
        price: only(truth.price, accepted.price),
        min_stay_arrival: only(truth.min_stay_arrival, accepted.min_stay_arrival),
        min_stay_through: only(truth.min_stay_through, accepted.min_stay_through),
        max_stay: only(truth.max_stay, accepted.max_stay),
        closed_to_arrival: only(truth.closed_to_arrival, accepted.closed_to_arrival),
        closed_to_departure: only(truth.closed_to_departure, accepted.closed_to_departure),
        stop_sell: only(truth.stop_sell, accepted.stop_sell),
    }
}

impl Range {
    /// One rate plan of the channel may be several products of ours.
    fn is_of(&self, cell: &Cell) -> bool {
        let own = self.cells.last().map(|last| last.unit_type_id);
        self.external == cell.external && own == Some(cell.unit_type_id)
    }
    pub fn availability(&self) -> Option<AvailabilityRange> {
        let Value::Free(availability) = self.told else {
            return None;
        };
        Some(AvailabilityRange {
            room: self.external.clone(),
            from: self.from,
            last: self.last,
            availability,
        })
    }
    pub fn rate(&self) -> Option<RateRange> {
        let Value::Rate(fields) = &self.told else {
            return None;
        };
        Some(RateRange {
            rate: self.external.clone(),
            from: self.from,
            last: self.last,
            fields: fields.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(offset: u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2027, 1, 1).unwrap() + Days::new(offset)
    }
    fn cell(product: u8, night: u64, truth: i32, accepted: Option<i32>) -> Cell {
        Cell {
            external: format!("room-{product}"),
            unit_type_id: Uuid::from_u128(u128::from(product)),
            rate_plan_id: Uuid::nil(),
            night: day(night),
            truth: Value::Free(truth),
            accepted: accepted.map(Value::Free),
        }
    }

    #[test]
    fn only_changed_fields_of_a_rate_are_told() {
        let fields = |min, stop| RateFields {
            min_stay_arrival: Some(min),
            stop_sell: Some(stop),
            ..Default::default()
        };
        let mut c = cell(1, 0, 0, None);
        c.truth = Value::Rate(fields(2, false));
        c.accepted = Some(Value::Rate(fields(1, false)));
        let told = RateFields {
            min_stay_arrival: Some(2),
            ..Default::default()
        };
        assert_eq!(ranges(vec![c]).ranges[0].told, Value::Rate(told));
    }

    #[test]
    fn a_closed_night_that_loses_its_price_is_not_spoken_of() {
        let fields = |price: Option<i32>| RateFields {
            price: price.map(Into::into),
            stop_sell: Some(true),
            ..Default::default()
        };
        let mut c = cell(1, 0, 0, None);
        c.truth = Value::Rate(fields(None));
        c.accepted = Some(Value::Rate(fields(Some(120))));
        let found = ranges(vec![c.clone()]);
        assert_eq!((found.ranges, found.wordless), (vec![], vec![c]));
    }

    proptest! {
        /// Ranges cover exactly the differing cells with the true value, and no two neighbours could be one.
        #[test]
        fn ranges_are_exact_and_minimal(
            cells in prop::collection::btree_map((0u8..3, 0u64..40), (0i32..3, prop::option::of(0i32..3)), 0..80)
        ) {
            let cells: Vec<Cell> = cells.into_iter().map(|((p, n), (t, a))| cell(p, n, t, a)).collect();
            let out = ranges(cells.clone()).ranges;
            let mut covered = Vec::new();
            for r in &out {
                for night in r.from.iter_days().take_while(|d| *d <= r.last) {
                    covered.push((r.external.clone(), night, r.told.clone()));
                }
            }
            let expected: Vec<_> = cells.iter().filter(|c| c.accepted.as_ref() != Some(&c.truth))
                .map(|c| (c.external.clone(), c.night, c.truth.clone())).collect();
            prop_assert_eq!(covered, expected);
            for pair in out.windows(2) {
                let joinable = pair[0].external == pair[1].external && pair[0].told == pair[1].told
                    && pair[0].last + Days::new(1) == pair[1].from;
                prop_assert!(!joinable);
            }
        }
    }
}
