//! Amounts as Channex writes them: `"200.00"`, `200.5`, or `20000` in the currency's minor units.

use crate::cursor::Cursor;
use innkeep_domain::money;
use innkeep_domain::ports::channel::Unreadable;
use rust_decimal::Decimal;
use serde_json::Value;

/// Channex documents an integer as minor units wherever it takes one, so it is read alike here.
pub(super) fn read(at: &Cursor<'_>, currency: &str) -> Result<Decimal, Unreadable> {
    let amount = match at.value() {
        Value::String(text) => decimal(text.trim()),
        Value::Number(number) => match number.as_i64() {
            Some(minor) => Decimal::try_new(minor, places(currency)).ok(),
            None => decimal(&number.to_string()),
        },
        _ => None,
    };
    amount
        .filter(|amount| amount.abs() <= money::LARGEST)
        .ok_or_else(|| at.fail("must be an amount, as a decimal string or in minor units"))
}

fn decimal(text: &str) -> Option<Decimal> {
    text.parse().ok().or_else(|| Decimal::from_scientific(text).ok())
}

fn places(currency: &str) -> u32 {
    money::currency(currency).map_or(2, money::exponent)
}
