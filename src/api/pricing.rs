//! What a stay costs beside its nights, and under which terms, as JSON.

use crate::api::money::Money;
use chrono::NaiveDate;
use innkeep_domain::booking::entity;
use innkeep_domain::rates::policy;
use poem_openapi::{Enum, Object};

/// A tax, a fee or an extra of one stay.
#[derive(Object)]
pub struct Line {
    kind: LineKind,
    code: String,
    name: String,
    /// Absent = once a stay.
    #[oai(skip_serializing_if_is_none)]
    night: Option<NaiveDate>,
    quantity: i32,
    amount: Money,
    /// Stands in the prices already and adds nothing to the total.
    included: bool,
}

#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
enum LineKind {
    Extra,
    Tax,
    Fee,
}

impl Line {
    pub fn show(l: entity::Line, currency: &str) -> Self {
        Self {
            kind: match l.kind {
                entity::LineKind::Extra => LineKind::Extra,
                entity::LineKind::Tax => LineKind::Tax,
                entity::LineKind::Fee => LineKind::Fee,
            },
            code: l.code,
            name: l.name,
            night: l.night,
            quantity: l.quantity,
            amount: Money::new(l.amount, currency),
            included: l.included,
        }
    }
}

/// What cancelling or not coming costs.
#[derive(Object)]
pub struct Policy {
    code: String,
    name: String,
    /// What the guest reads and agrees to.
    text: String,
    /// From the earliest on; before the first of them cancelling is free.
    cancellation: Vec<Tier>,
    no_show: Penalty,
    /// Percent of the total due when booking.
    deposit_percent: String,
}

/// From `hours_before` the start of check-in on the day of arrival, cancelling costs `penalty`.
#[derive(Object)]
struct Tier {
    hours_before: i32,
    penalty: Penalty,
}

/// Exactly one of the fields, or none: free of charge.
#[derive(Object)]
struct Penalty {
    /// Of the stay's total.
    #[oai(skip_serializing_if_is_none)]
    percent: Option<String>,
    /// The first nights' prices.
    #[oai(skip_serializing_if_is_none)]
    nights: Option<i32>,
    #[oai(skip_serializing_if_is_none)]
    amount: Option<Money>,
}

impl Policy {
    pub fn show(p: policy::Policy, currency: &str) -> Self {
        let tier = |t: policy::Tier| Tier {
            hours_before: t.hours_before,
            penalty: Penalty::show(t.penalty, currency),
        };
        Self {
            code: p.code,
            name: p.name,
            text: p.text,
            cancellation: p.cancellation.into_iter().map(tier).collect(),
            no_show: Penalty::show(p.no_show, currency),
            deposit_percent: p.deposit_percent.normalize().to_string(),
        }
    }
}

impl Penalty {
    fn show(p: policy::Penalty, currency: &str) -> Self {
        let (mut percent, mut nights, mut amount) = (None, None, None);
        match p {
            policy::Penalty::Nothing => {}
            policy::Penalty::Percent(p) => percent = Some(p.normalize().to_string()),
            policy::Penalty::Nights(n) => nights = Some(n),
            policy::Penalty::Amount(a) => amount = Some(Money::new(a, currency)),
        }
        Self {
            percent,
            nights,
            amount,
        }
    }
}
