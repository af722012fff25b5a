//! What a stay costs beside its nights, and under which terms, as JSON.

use crate::api::money::{Amount, Money};
use chrono::NaiveDate;
use innkeep_domain::booking::line;
use innkeep_domain::error::Refusal;
use innkeep_domain::rates::{self, policy};
use poem_openapi::{Enum, Object};

/// What a price is counted by.
#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
pub enum Per {
    PerStay,
    PerNight,
    PerPerson,
    PerPersonNight,
}

impl Per {
    pub fn parse(self) -> rates::Per {
        match self {
            Self::PerStay => rates::Per::Stay,
            Self::PerNight => rates::Per::Night,
            Self::PerPerson => rates::Per::Person,
            Self::PerPersonNight => rates::Per::PersonNight,
        }
    }
    pub fn show(per: rates::Per) -> Self {
        match per {
            rates::Per::Stay => Self::PerStay,
            rates::Per::Night => Self::PerNight,
            rates::Per::Person => Self::PerPerson,
            rates::Per::PersonNight => Self::PerPersonNight,
        }
    }
}

/// A tax, a fee or an extra of one stay.
#[derive(Object)]
pub struct Line {
    kind: LineKind,
    /// What it is part of or taken of.
    source: LineSource,
    code: String,
    name: String,
    /// Absent = once a stay.
    #[oai(skip_serializing_if_is_none)]
    night: Option<NaiveDate>,
    /// Pieces, or persons where they are charged.
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

#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
enum LineSource {
    Room,
    Extras,
}

impl Line {
    pub fn show(l: line::Line, currency: &str) -> Self {
        Self {
            kind: match l.kind {
                line::LineKind::Extra => LineKind::Extra,
                line::LineKind::Tax => LineKind::Tax,
                line::LineKind::Fee => LineKind::Fee,
            },
            source: match l.source {
                line::LineSource::Room => LineSource::Room,
                line::LineSource::Extras => LineSource::Extras,
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
    deposit_percent: Amount,
}

/// From `hours_before` the start of check-in on the day of arrival, cancelling costs `penalty`.
#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct Tier {
    hours_before: i32,
    penalty: Penalty,
}

/// Exactly one of the fields, or none: free of charge. Never more than the stay's total.
#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct Penalty {
    /// Of the stay's total.
    #[oai(skip_serializing_if_is_none)]
    percent: Option<Amount>,
    /// The first nights' prices.
    #[oai(skip_serializing_if_is_none)]
    nights: Option<i32>,
    #[oai(skip_serializing_if_is_none)]
    amount: Option<Money>,
}

impl Policy {
    pub fn show(p: policy::Policy, currency: &str) -> Self {
        Self {
            code: p.code,
            name: p.name,
            text: p.text,
            cancellation: Tier::all(p.cancellation, currency),
            no_show: Penalty::show(p.no_show, currency),
            deposit_percent: Amount(p.deposit_percent.normalize()),
        }
    }
}

impl Tier {
    pub fn all(tiers: Vec<policy::Tier>, currency: &str) -> Vec<Self> {
        let tier = |t: policy::Tier| Self {
            hours_before: t.hours_before,
            penalty: Penalty::show(t.penalty, currency),
        };
        tiers.into_iter().map(tier).collect()
    }

    pub fn parse_all(tiers: Vec<Self>, currency: &str) -> Result<Vec<policy::Tier>, Refusal> {
        let tier = |(i, t): (usize, Self)| {
            Ok(policy::Tier {
                hours_before: t.hours_before,
                penalty: t.penalty.parse(currency, &format!("/cancellation/{i}/penalty"))?,
            })
        };
        tiers.into_iter().enumerate().map(tier).collect()
    }
}

impl Penalty {
    pub fn show(p: policy::Penalty, currency: &str) -> Self {
        let (mut percent, mut nights, mut amount) = (None, None, None);
        match p {
            policy::Penalty::Nothing => {}
            policy::Penalty::Percent(p) => percent = Some(Amount(p.normalize())),
            policy::Penalty::Nights(n) => nights = Some(n),
            policy::Penalty::Amount(a) => amount = Some(Money::new(a, currency)),
        }
        Self {
            percent,
            nights,
            amount,
        }
    }

    pub fn parse(self, currency: &str, at: &str) -> Result<policy::Penalty, Refusal> {
        match (self.percent, self.nights, self.amount) {
            (None, None, None) => Ok(policy::Penalty::Nothing),
            (Some(p), None, None) => Ok(policy::Penalty::Percent(p.0)),
            (None, Some(n), None) => Ok(policy::Penalty::Nights(n)),
            (None, None, Some(a)) => Ok(policy::Penalty::Amount(a.of(currency, &format!("{at}/amount"))?)),
            _ => Err(Refusal::invalid("one_of", "one of `percent`, `nights` and `amount`").at(at)),
        }
    }
}
