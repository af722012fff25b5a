//! 500 days of prices: summer and the turn of the year cost more, Friday and Saturday too.

use super::portfolio::{CURRENCY, HouseSpec};
use chrono::{Datelike, Days, NaiveDate, Weekday};
use innkeep_domain::channel::connection::SYNC_DAYS;
use innkeep_domain::rates::ari::{Change, PriceEntry, Range, RestrictionEntry, Restrictions};
use rust_decimal::{Decimal, dec};
use uuid::Uuid;

const WEEKEND: [Weekday; 2] = [Weekday::Fri, Weekday::Sat];
const WEEKEND_FACTOR: Decimal = dec!(1.18);

/// `types` are the stored unit types in the order of the description.
pub fn change(spec: &HouseSpec, types: &[(Uuid, &str)], plans: (Uuid, Uuid), from: NaiveDate) -> Change {
    let last = from + Days::new(SYNC_DAYS - 1);
    let mut change = Change::default();
    for (described, (unit_type_id, _)) in spec.types.iter().zip(types) {
        let product = (plans.0, *unit_type_id);
        for (first, last) in months(from, last) {
            let price = (described.price * season(first.month())).round();
            change.prices.push(entry(
                product,
                Range {
                    from: first,
                    to: last,
                    weekdays: vec![],
                },
                price,
            ));
            let weekend = Range {
                from: first,
                to: last,
                weekdays: WEEKEND.to_vec(),
            };
            change
                .prices
                .push(entry(product, weekend, (price * WEEKEND_FACTOR).round()));
        }
        if let Some(nights) = spec.second_plan.min_stay {
            change.restrictions.push(RestrictionEntry {
                rate_plan_id: plans.1,
                unit_type_id: *unit_type_id,
                range: Range {
                    from,
                    to: last,
                    weekdays: vec![],
                },
                set: Restrictions {
                    min_stay_arrival: Some(Some(nights)),
                    ..Restrictions::default()
                },
            });
        }
    }
    change
}

fn entry((rate_plan_id, unit_type_id): (Uuid, Uuid), range: Range, price: Decimal) -> PriceEntry {
    PriceEntry {
        rate_plan_id,
        unit_type_id,
        range,
        price,
        currency: CURRENCY.to_owned(),
    }
}

fn season(month: u32) -> Decimal {
    match month {
        7 | 8 => dec!(1.45),
        6 | 9 => dec!(1.25),
        4 | 5 | 10 | 12 => dec!(1.1),
        _ => dec!(1),
    }
}

/// The calendar months of a range, cut to it; both ends are nights.
fn months(from: NaiveDate, last: NaiveDate) -> Vec<(NaiveDate, NaiveDate)> {
    let mut out: Vec<(NaiveDate, NaiveDate)> = Vec::new();
    for day in from.iter_days().take_while(|d| *d <= last) {
        match out.last_mut() {
            Some(month) if day.day() != 1 => month.1 = day,
            _ => out.push((day, day)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use innkeep_domain::ids::new_id;

    #[test]
    fn months_cover_every_night_once() {
        let from: NaiveDate = "2026-12-30".parse().unwrap();
        let all = months(from, from + Days::new(40));
        assert_eq!(all.len(), 3);
        assert_eq!(all.iter().map(|(a, b)| (*b - *a).num_days() + 1).sum::<i64>(), 41);
        assert!(all.windows(2).all(|w| w[0].1 + Days::new(1) == w[1].0));
    }

    #[test]
    fn weekends_cost_more_and_the_last_entry_wins() {
        let spec = &super::super::portfolio::all()[0];
        let types: Vec<(Uuid, &str)> = spec.types.iter().map(|t| (new_id(), t.code)).collect();
        let change = change(spec, &types, (new_id(), new_id()), "2027-01-01".parse().unwrap());
        assert!(change.prices.len() < innkeep_domain::rates::ari::MOST_ENTRIES);
        assert!(
            change
                .prices
                .chunks(2)
                .all(|c| c[0].price < c[1].price && c[0].range.to == c[1].range.to)
        );
    }
}
