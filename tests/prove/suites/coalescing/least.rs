//! Ranges for random cells, against a second reckoning: they say each difference once and nothing else, and no fewer
//! ranges could, found by trying every way to cut a product's nights.

use crate::harness::verdict::Verdict;
use chrono::{Days, NaiveDate};
use innkeep_domain::channel::diff::{Cell, Difference, Value, ranges};
use innkeep_domain::ports::channel::RateFields;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::collections::BTreeMap;
use uuid::Uuid;

type Key = (String, NaiveDate);

pub fn run(cases: usize, verdict: &mut Verdict) {
    let mut dice = StdRng::seed_from_u64(17);
    let (mut told, mut wrong) = (0, 0);
    for _ in 0..cases {
        let cells = random(&mut dice);
        let found = ranges(cells.clone());
        told += found.ranges.len();
        if let Err(why) = check(&cells, &found) {
            wrong += 1;
            if wrong <= 3 {
                verdict.demand(false, why);
            }
        }
    }
    verdict.figure(format!("{cases} random differences in {told} ranges"));
    verdict.none(wrong, "not covered exactly, or by more ranges than it takes");
}

/// Up to three products over up to forty nights with gaps; few values, so that neighbours are often alike.
fn random(dice: &mut StdRng) -> Vec<Cell> {
    let mut cells = Vec::new();
    let rates = dice.random_bool(0.7);
    for product in 0..dice.random_range(1..=3u8) {
        for night in 0..dice.random_range(1..40u64) {
            if dice.random_bool(0.1) {
                continue;
            }
            let truth = value(dice, rates);
            let accepted = match dice.random_range(0..10) {
                0..2 => None,
                2..5 => Some(truth.clone()),
                _ => Some(value(dice, rates)),
            };
            cells.push(Cell {
                external: format!("product-{product}"),
                unit_type_id: Uuid::from_u128(product.into()),
                rate_plan_id: Uuid::nil(),
                night: NaiveDate::MIN + Days::new(night),
                truth,
                accepted,
            });
        }
    }
    cells
}

/// A rate that names some of its fields, or a count.
fn value(dice: &mut StdRng, rates: bool) -> Value {
    if !rates {
        return Value::Free(dice.random_range(0..3));
    }
    let mut some = |most: i32| dice.random_bool(0.7).then(|| dice.random_range(0..most));
    let (price, min, through, max) = (some(2), some(2), some(2), some(2));
    let mut flag = || some(2).map(|n| n == 1);
    Value::Rate(RateFields {
        price: price.map(Into::into),
        min_stay_arrival: min,
        min_stay_through: through,
        max_stay: max,
        closed_to_arrival: flag(),
        closed_to_departure: flag(),
        stop_sell: flag(),
    })
}

fn check(cells: &[Cell], found: &Difference) -> Result<(), String> {
    let needed: BTreeMap<Key, Vec<String>> = cells
        .iter()
        .map(|c| {
            (
                (c.external.clone(), c.night),
                words(&c.truth, c.accepted.as_ref()),
            )
        })
        .filter(|(_, words)| !words.is_empty())
        .collect();
    let mut said: BTreeMap<Key, Vec<String>> = BTreeMap::new();
    for range in &found.ranges {
        for night in range.from.iter_days().take_while(|d| *d <= range.last) {
            let twice = said.insert((range.external.clone(), night), words(&range.told, None));
            if twice.is_some() {
                return Err(format!("{night} is told twice"));
            }
        }
    }
    if said != needed {
        return Err(format!("told {said:?} where {needed:?} was to be told"));
    }
    let least = least(&needed);
    if found.ranges.len() != least {
        return Err(format!("{} ranges where {least} would do", found.ranges.len()));
    }
    let silent =
        |c: &&Cell| c.accepted.as_ref() != Some(&c.truth) && words(&c.truth, c.accepted.as_ref()).is_empty();
    let silent: Vec<&Cell> = cells.iter().filter(silent).collect();
    if found.wordless.iter().collect::<Vec<_>>() != silent {
        return Err("what differs without a word for it is not what was found so".to_owned());
    }
    Ok(())
}

/// What has to be said so that a channel that holds `accepted` holds `truth`, field by field as text.
fn words(truth: &Value, accepted: Option<&Value>) -> Vec<String> {
    let (truth, accepted) = (fields(truth), accepted.map(fields).unwrap_or_default());
    truth
        .into_iter()
        .filter(|field| !accepted.contains(field))
        .collect()
}

fn fields(value: &Value) -> Vec<String> {
    match value {
        Value::Free(n) => vec![format!("free {n}")],
        Value::Rate(rate) => match serde_json::to_value(rate) {
            Ok(serde_json::Value::Object(fields)) => fields.iter().map(|(k, v)| format!("{k} {v}")).collect(),
            _ => Vec::new(),
        },
    }
}

/// The fewest ranges: for each night in turn, the best of all ranges that could end there.
fn least(needed: &BTreeMap<Key, Vec<String>>) -> usize {
    let all: Vec<(&Key, &Vec<String>)> = needed.iter().collect();
    let mut best = vec![0];
    for end in 0..all.len() {
        let mut fewest = usize::MAX;
        for begin in (0..=end).rev() {
            let (((product, night), words), ((other, later), _)) = (all[begin], all[end]);
            let nights = (*later - *night).num_days() as usize;
            let alike = all[begin..=end].iter().all(|(_, w)| *w == words);
            if product != other || nights != end - begin || !alike {
                break;
            }
            fewest = fewest.min(best[begin] + 1);
        }
        best.push(fewest);
    }
    best[all.len()]
}
