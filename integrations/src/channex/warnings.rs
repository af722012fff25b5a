//! Finds which of the ranges sent a warning is about. In doubt more ranges count as rejected, never fewer:
//! a range believed to be taken is not sent again.

use super::answer::complaints;
use crate::{cursor, text};
use chrono::NaiveDate;
use innkeep_domain::ports::channel::Rejected;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};

const LONGEST_REASON: usize = 500;
/// Warnings kept for a whole product or call, where each would be repeated for every range.
const KEPT: usize = 3;

/// What was sent as one value.
pub(super) struct Sent<'a> {
    pub(super) product: &'a str,
    pub(super) from: NaiveDate,
    pub(super) last: NaiveDate,
    pub(super) fields: Vec<&'static str>,
}

/// One entry per rejected range, in order. `product_key` is the name of the product's id in this call.
pub(super) fn rejections(
    warnings: &[Value],
    property: &str,
    product_key: &str,
    sent: &[Sent<'_>],
) -> Vec<Rejected> {
    let mut of_product: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, range) in sent.iter().enumerate() {
        of_product.entry(range.product).or_default().push(at);
    }
    let mut reasons = Reasons::default();
    for warning in warnings {
        let reason = reason(warning);
        let ours = text_of(warning, "property_id").is_none_or(|id| id == property);
        let product = text_of(warning, product_key).filter(|_| ours);
        let Some((product, candidates)) = product.and_then(|id| of_product.get_key_value(id)) else {
            keep(&mut reasons.of_call, reason);
            continue;
        };
        match narrow(warning, candidates, sent) {
            Some(hit) => hit.into_iter().for_each(|range| reasons.add(range, &reason)),
            None => keep(reasons.of_product.entry(product).or_default(), reason),
        }
    }
    reasons.spread(sent)
}

/// The product's ranges that the warning's dates and fields point at; `None` when its dates point nowhere.
fn narrow(warning: &Value, candidates: &[usize], sent: &[Sent<'_>]) -> Option<Vec<usize>> {
    let (from, last) = span(warning)?;
    let of = |at: &usize| sent.get(*at);
    let pick = |test: &dyn Fn(&Sent<'_>) -> bool| -> Vec<usize> {
        candidates
            .iter()
            .copied()
            .filter(|at| of(at).is_some_and(test))
            .collect()
    };
    let mut hit = pick(&|range| range.from == from && range.last == last);
    if hit.is_empty() {
        hit = pick(&|range| range.from <= last && from <= range.last);
    }
    // The same nights may be sent twice with different fields; the complaint names its fields.
    let blamed: BTreeSet<&str> = warning
        .get("warning")
        .and_then(Value::as_object)
        .map(|fields| fields.keys().map(String::as_str).collect())
        .unwrap_or_default();
    let telling = |at: &usize| of(at).is_some_and(|range| range.fields.iter().any(|f| blamed.contains(f)));
    if hit.iter().any(telling) {
        hit.retain(telling);
    }
    (!hit.is_empty()).then_some(hit)
}

fn span(warning: &Value) -> Option<(NaiveDate, NaiveDate)> {
    let date = |key| text_of(warning, key).and_then(cursor::date);
    date("date")
        .map(|night| (night, night))
        .or_else(|| date("date_from").zip(date("date_to")))
}

fn text_of<'a>(warning: &'a Value, key: &str) -> Option<&'a str> {
    warning.get(key)?.as_str()
}

/// The complaints if there are any, otherwise the warning as it came.
fn reason(warning: &Value) -> String {
    let said = warning.get("warning").map(complaints).unwrap_or_default();
    text::clean(&said, LONGEST_REASON)
        .or_else(|| text::clean(&complaints(warning), LONGEST_REASON))
        .unwrap_or_else(|| "rejected without a reason".to_owned())
}

fn keep(kept: &mut Vec<String>, reason: String) {
    if kept.len() < KEPT && !kept.contains(&reason) {
        kept.push(reason);
    }
}

#[derive(Default)]
struct Reasons<'a> {
    of_range: BTreeMap<usize, String>,
    of_product: HashMap<&'a str, Vec<String>>,
    of_call: Vec<String>,
}

impl Reasons<'_> {
    fn add(&mut self, range: usize, reason: &str) {
        let said = self.of_range.entry(range).or_default();
        if said.is_empty() {
            said.push_str(reason);
        } else if said.len() < LONGEST_REASON && !said.contains(reason) {
            said.push_str("; ");
            said.push_str(reason);
        }
    }

    fn spread(mut self, sent: &[Sent<'_>]) -> Vec<Rejected> {
        let of_product = std::mem::take(&mut self.of_product);
        let of_call = std::mem::take(&mut self.of_call);
        for (range, what) in sent.iter().enumerate() {
            let reasons = of_product.get(what.product).into_iter().flatten().chain(&of_call);
            reasons.for_each(|reason| self.add(range, reason));
        }
        self.of_range
            .into_iter()
            .map(|(range, reason)| Rejected { range, reason })
            .collect()
    }
}
