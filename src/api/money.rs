//! `{"amount": "123.45", "currency": "EUR"}`: the amount is a decimal in a string, never a float.

use poem_openapi::Object;
use rust_decimal::Decimal;

/// An amount of money.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(deny_unknown_fields)]
pub struct Money {
    /// With the currency's decimal places.
    pub amount: Decimal,
    /// ISO 4217.
    #[oai(validator(pattern = "^[A-Z]{3}$"))]
    pub currency: String,
}

impl Money {
    pub fn new(amount: Decimal, currency: &str) -> Self {
        Self {
            amount,
            currency: currency.to_owned(),
        }
    }
}
