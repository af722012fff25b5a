//! `{"amount": "123.45", "currency": "EUR"}`: the amount is a decimal in a string, never a float.

use crate::api::error::{ApiError, ApiResult};
use innkeep_domain::error::Refusal;
use poem_openapi::Object;
use rust_decimal::Decimal;

/// An amount of money.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(deny_unknown_fields)]
pub struct Money {
    /// With at most the currency's decimal places.
    #[oai(validator(pattern = r"^-?[0-9]{1,12}(\.[0-9]{1,3})?$"))]
    pub amount: String,
    /// ISO 4217.
    #[oai(validator(pattern = "^[A-Z]{3}$"))]
    pub currency: String,
}

impl Money {
    pub fn new(amount: Decimal, currency: &str) -> Self {
        Self {
            amount: amount.to_string(),
            currency: currency.to_owned(),
        }
    }
    pub fn decimal(&self) -> ApiResult<Decimal> {
        decimal(&self.amount)
    }
}

/// A number written as text; the DTO's pattern has checked its form.
pub fn decimal(text: &str) -> ApiResult<Decimal> {
    let not_a_number = || Refusal::invalid("invalid_number", format!("`{text}` is not a decimal number"));
    Decimal::from_str_exact(text).map_err(|_| ApiError::from(not_a_number()))
}
