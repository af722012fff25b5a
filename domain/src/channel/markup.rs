//! What a price becomes on a channel that costs commission.

use crate::error::Refusal;
use crate::money;
use iso_currency::Currency;
use rust_decimal::{Decimal, dec};

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Markup {
    /// Of the price; -50 to 200.
    pub percent: Decimal,
    /// Added to each night, in the property's currency; not negative.
    pub amount: Decimal,
}

impl Markup {
    /// Within its limits, the amount a price of this currency.
    pub fn check(self, currency: Currency) -> Result<Self, Refusal> {
        let percent = self.percent.normalize();
        if !(dec!(-50)..=dec!(200)).contains(&percent) || percent.scale() > 3 {
            let detail = "-50 to 200 percent, at most three decimal places";
            return Err(Refusal::invalid("out_of_range", detail).at("/markup_percent"));
        }
        let amount = money::price(self.amount, currency).map_err(|no| no.at("/markup_amount"))?;
        Ok(Self {
            percent,
            amount: amount.normalize(),
        })
    }

    /// Half up to the currency's places. A night without a price keeps having none.
    pub fn told(self, price: Decimal, currency: Currency) -> Decimal {
        if self == Self::default() || price.is_zero() {
            return price;
        }
        let factor = (Decimal::ONE_HUNDRED + self.percent) / Decimal::ONE_HUNDRED;
        money::round(price * factor + self.amount, currency).min(money::LARGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn markup(percent: Decimal, amount: Decimal) -> Markup {
        Markup { percent, amount }
    }

    #[test]
    fn percent_then_amount_rounded_half_up_once() {
        let (eur, jpy) = (Currency::EUR, Currency::JPY);
        assert_eq!(markup(dec!(12.5), dec!(0)).told(dec!(80.00), eur), dec!(90.00));
        assert_eq!(markup(dec!(12.5), dec!(2)).told(dec!(80.20), eur), dec!(92.23));
        assert_eq!(markup(dec!(-50), dec!(0)).told(dec!(0.01), eur), dec!(0.01));
        assert_eq!(markup(dec!(15), dec!(0)).told(dec!(9990), jpy), dec!(11489));
        assert_eq!(markup(dec!(15), dec!(5)).told(Decimal::ZERO, eur), Decimal::ZERO);
    }

    #[test]
    fn limits() {
        let refused = |percent, amount| markup(percent, amount).check(Currency::EUR).unwrap_err();
        for percent in [dec!(-50.001), dec!(200.5), dec!(1.0001)] {
            assert_eq!(refused(percent, Decimal::ZERO).code, "out_of_range");
        }
        assert_eq!(refused(dec!(0), dec!(-1)).code, "negative_price");
        assert_eq!(refused(dec!(0), dec!(0.001)).code, "too_many_decimals");
    }

    proptest! {
        /// A price stays a price: never nothing, never more than can be stored, never more decimals than there are.
        #[test]
        fn a_price_stays_one(cents in 1i64..99_999_999_999, percent in -50_000i64..=200_000, extra in 0i64..1_000_000) {
            let of = markup(Decimal::new(percent, 3), Decimal::new(extra, 2));
            let told = of.told(Decimal::new(cents, 2), Currency::EUR);
            prop_assert!(told > Decimal::ZERO && told <= money::LARGEST);
            prop_assert_eq!(told, money::round(told, Currency::EUR));
        }
    }
}
