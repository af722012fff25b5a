//! What cancelling or not coming costs, as terms a reservation freezes.

use crate::money;
use iso_currency::Currency;
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
    pub fn cancellation_fee(
        &self,
        total: Decimal,
        nights: &[Decimal],
        currency: Currency,
        hours_before: i64,
    ) -> Decimal {
        let reached = self
            .cancellation
            .iter()
            .filter(|t| i64::from(t.hours_before) >= hours_before);
        let tier = reached.min_by_key(|t| t.hours_before);
        tier.map_or(Decimal::ZERO, |t| t.penalty.of(total, nights, currency))
    }

    pub fn no_show_fee(&self, total: Decimal, nights: &[Decimal], currency: Currency) -> Decimal {
        self.no_show.of(total, nights, currency)
    }
}

impl Penalty {
    fn of(self, total: Decimal, nights: &[Decimal], currency: Currency) -> Decimal {
        let fee = match self {
            Self::Nothing => Decimal::ZERO,
            Self::Percent(p) => total * p / Decimal::ONE_HUNDRED,
            Self::Nights(n) => nights.iter().take(usize::try_from(n).unwrap_or(0)).sum(),
            Self::Amount(a) => a,
        };
        money::round(fee.clamp(Decimal::ZERO, total.max(Decimal::ZERO)), currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal::dec;

    fn policy() -> Policy {
        let tier = |hours_before, penalty| Tier {
            hours_before,
            penalty,
        };
        Policy {
            code: "FLEX".into(),
            name: "Flexible".into(),
            text: "Free until a week before".into(),
            cancellation: vec![
                tier(168, Penalty::Amount(dec!(20))),
                tier(48, Penalty::Nights(1)),
                tier(24, Penalty::Percent(dec!(90))),
            ],
            no_show: Penalty::Percent(dec!(100)),
            deposit_percent: dec!(30),
        }
    }

    #[test]
    fn the_last_tier_that_has_begun_counts() {
        let nights = [dec!(80), dec!(120.55)];
        let fee = |hours| policy().cancellation_fee(dec!(210.55), &nights, Currency::EUR, hours);
        assert_eq!(fee(169), dec!(0));
        assert_eq!((fee(168), fee(49)), (dec!(20.00), dec!(20.00)));
        assert_eq!((fee(48), fee(25)), (dec!(80.00), dec!(80.00)));
        assert_eq!(fee(24), dec!(189.50), "189.495, half up");
        assert_eq!(fee(-40), dec!(189.50), "after arrival as well");
    }

    #[test]
    fn never_more_than_the_total_and_never_less_than_nothing() {
        let nights = [dec!(80), dec!(80)];
        let of = |penalty| Penalty::of(penalty, dec!(100), &nights, Currency::EUR);
        assert_eq!(of(Penalty::Amount(dec!(500))), dec!(100.00));
        assert_eq!(of(Penalty::Nights(9)), dec!(100.00));
        assert_eq!(of(Penalty::Percent(dec!(100))), dec!(100.00));
        assert_eq!(of(Penalty::Nothing), dec!(0.00));
        assert_eq!(policy().no_show_fee(dec!(-5), &nights, Currency::EUR), dec!(0));
    }
}
