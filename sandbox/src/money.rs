//! Amounts as the wire writes them: decimal strings, or integers in the currency's minor units.

use rust_decimal::Decimal;
use serde_json::Value;

/// Decimal places of an ISO 4217 currency.
pub(crate) fn exponent(currency: &str) -> u32 {
    match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "VND"
        | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

/// `"200.00"` or `20000`; `None` when it is neither. A JSON float is neither: the documentation allows
/// only the two, and a sender of floats has a rounding bug in waiting.
pub(crate) fn parse(value: &Value, currency: &str) -> Option<Decimal> {
    match value {
        Value::String(text) => text.trim().parse().ok(),
        Value::Number(number) => number
            .as_i64()
            .map(|minor| Decimal::new(minor, exponent(currency))),
        _ => None,
    }
}

pub(crate) fn format(amount: Decimal, currency: &str) -> String {
    let places = exponent(currency);
    let mut rounded = amount.round_dp(places);
    rounded.rescale(places);
    rounded.to_string()
}
