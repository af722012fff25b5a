//! What cancelling or not coming costs, as terms a reservation freezes.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// The terms of a rate plan at the moment of booking.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    pub code: String,
    pub name: String,
    /// What the guest reads and agrees to.
    pub text: String,
    /// From the earliest on; before the first of them cancelling is free.
    pub cancellation: Vec<Tier>,
    pub no_show: Penalty,
    /// Percent of the total due when booking.
    pub deposit_percent: Decimal,
}

/// From `hours_before` the start of check-in on the day of arrival, cancelling costs `penalty`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tier {
    pub hours_before: i32,
    pub penalty: Penalty,
}

/// Never more than the stay's total.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum Penalty {
    Nothing,
    /// Of the stay's total.
    Percent(Decimal),
    /// The first nights' prices.
    Nights(i32),
    /// In the booking's currency.
    Amount(Decimal),
}

impl Policy {
    /// What cancelling costs `hours_before` check-in; free before the first tier.
    pub fn cancellation_fee(&self, total: Decimal, nights: &[Decimal], hours_before: i64) -> Decimal {
        let reached = self
            .cancellation
            .iter()
            .filter(|t| i64::from(t.hours_before) >= hours_before);
        let tier = reached.min_by_key(|t| t.hours_before);
        tier.map_or(Decimal::ZERO, |t| t.penalty.of(total, nights))
    }

    pub fn no_show_fee(&self, total: Decimal, nights: &[Decimal]) -> Decimal {
        self.no_show.of(total, nights)
    }
}

impl Penalty {
    fn of(self, total: Decimal, nights: &[Decimal]) -> Decimal {
        let fee = match self {
            Self::Nothing => Decimal::ZERO,
            Self::Percent(p) => total * p / Decimal::ONE_HUNDRED,
            Self::Nights(n) => nights.iter().take(usize::try_from(n).unwrap_or(0)).sum(),
            Self::Amount(a) => a,
        };
        fee.clamp(Decimal::ZERO, total.max(Decimal::ZERO))
    }
}
