//! Decimal amounts with an ISO 4217 currency and its exponent.

use crate::error::Refusal;
use iso_currency::Currency;
use rust_decimal::{Decimal, RoundingStrategy};

/// No single price or total in this system is larger; keeps every sum far from the column's limit.
pub const LARGEST: Decimal = rust_decimal::dec!(999_999_999);

/// An ISO 4217 code that this installation knows, e.g. `EUR`.
pub fn currency(code: &str) -> Result<Currency, Refusal> {
    Currency::from_code(code).ok_or_else(|| {
        Refusal::invalid(
            "unknown_currency",
            format!("`{code}` is not an ISO 4217 currency"),
        )
    })
}

/// That of a booking as a channel sold it: one we do not know counts with two places, and what was sold is not lost.
pub fn sold_in(code: &str) -> Currency {
    Currency::from_code(code).unwrap_or(Currency::XXX)
}

/// Decimal places of the currency: JPY 0, EUR 2, KWD 3.
pub fn exponent(currency: Currency) -> u32 {
    currency.exponent().map_or(2, u32::from)
}

/// Half up to the currency's exponent, always carrying that many places (`80.00`, not `80`).
pub fn round(amount: Decimal, currency: Currency) -> Decimal {
    let places = exponent(currency);
    let mut rounded = amount.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero);
    rounded.rescale(places);
    rounded
}

/// Splits an amount in proportion to the weights, by largest remainder: the parts sum to the whole. Of equal remainders
/// the earlier part is raised; without any weight all weigh the same.
pub fn split(total: Decimal, weights: &[Decimal], currency: Currency) -> Vec<Decimal> {
    let places = exponent(currency);
    let scale = weights.iter().map(Decimal::scale).max().unwrap_or_default();
    let mut whole: Vec<i128> = weights.iter().map(|w| at_scale(*w, scale)).collect();
    if whole.iter().sum::<i128>() == 0 {
        whole = vec![1; weights.len()];
    }
    let (units, all) = (at_scale(total, places), whole.iter().sum::<i128>().max(1));
    let mut parts: Vec<i128> = whole.iter().map(|w| units * w / all).collect();
    let mut order: Vec<usize> = (0..whole.len()).collect();
    order.sort_by_key(|i| whole.get(*i).map(|w| -(units * w % all)));
    let missing = usize::try_from(units - parts.iter().sum::<i128>()).unwrap_or(0);
    for i in order.into_iter().take(missing) {
        if let Some(part) = parts.get_mut(i) {
            *part += 1;
        }
    }
    parts
        .into_iter()
        .map(|p| Decimal::from_i128_with_scale(p, places))
        .collect()
}

/// The amount in units of `10^-scale`.
fn at_scale(amount: Decimal, scale: u32) -> i128 {
    let mut scaled = amount;
    scaled.rescale(scale);
    scaled.mantissa()
}

/// A price someone typed: not negative, not absurd, no more decimals than the currency has.
pub fn price(amount: Decimal, currency: Currency) -> Result<Decimal, Refusal> {
    if amount.is_sign_negative() && !amount.is_zero() {
        return Err(Refusal::invalid("negative_price", "a price cannot be negative"));
    }
    if amount > LARGEST {
        return Err(Refusal::invalid(
            "price_too_large",
            format!("a price is at most {LARGEST}"),
        ));
    }
    let rounded = round(amount, currency);
    if rounded != amount {
        let (code, places) = (currency.code(), exponent(currency));
        let detail = format!("{code} has {places} decimal places; `{amount}` has more");
        return Err(Refusal::invalid("too_many_decimals", detail));
    }
    Ok(rounded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal::dec;

    #[test]
    fn a_price_has_the_places_of_its_currency() {
        let eur = currency("EUR").unwrap();
        assert_eq!(price(dec!(80), eur).unwrap().to_string(), "80.00");
        assert_eq!(price(dec!(80.001), eur).unwrap_err().code, "too_many_decimals");
        assert_eq!(
            price(dec!(80.5), currency("JPY").unwrap()).unwrap_err().code,
            "too_many_decimals"
        );
        assert_eq!(
            price(dec!(1.234), currency("KWD").unwrap()).unwrap().to_string(),
            "1.234"
        );
        assert_eq!(price(dec!(-1), eur).unwrap_err().code, "negative_price");
    }

    #[test]
    fn a_split_sums_to_the_whole_and_the_largest_remainder_comes_first() {
        let eur = currency("EUR").unwrap();
        let parts = |total, weights: &[Decimal]| split(total, weights, eur);
        assert_eq!(
            parts(dec!(1.00), &[dec!(1), dec!(1), dec!(1)]),
            [dec!(0.34), dec!(0.33), dec!(0.33)]
        );
        assert_eq!(
            parts(dec!(0.05), &[dec!(10), dec!(70.5), dec!(19.5)]),
            [dec!(0.00), dec!(0.04), dec!(0.01)]
        );
        assert_eq!(parts(dec!(0.03), &[dec!(0), dec!(0)]), [dec!(0.02), dec!(0.01)]);
        assert_eq!(parts(dec!(5), &[]), []);
        let jpy = currency("JPY").unwrap();
        assert_eq!(split(dec!(10), &[dec!(1), dec!(2)], jpy), [dec!(3), dec!(7)]);
    }

    #[test]
    fn rounds_half_up() {
        assert_eq!(round(dec!(2.345), currency("EUR").unwrap()), dec!(2.35));
        assert_eq!(round(dec!(0.5), currency("JPY").unwrap()), dec!(1));
    }
}
