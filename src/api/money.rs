//! `{"amount": "123.45", "currency": "EUR"}`: the amount is a decimal in a string, never a float.

use innkeep_domain::error::Refusal;
use innkeep_domain::money;
use poem_openapi::Object;
use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use poem_openapi::types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type};
use rust_decimal::Decimal;
use serde_json::Value;
use std::borrow::Cow;

/// Plain digits: no exponent, no sign but minus.
const FORM: &str = r"^-?[0-9]{1,12}(\.[0-9]{1,3})?$";

/// An amount of money.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(deny_unknown_fields)]
pub struct Money {
    /// With at most the currency's decimal places.
    pub amount: Amount,
    /// ISO 4217.
    #[oai(validator(pattern = "^[A-Z]{3}$"))]
    pub currency: String,
}

impl Money {
    /// With exactly the currency's decimal places; a stored amount carries those of its column.
    pub fn new(amount: Decimal, currency: &str) -> Self {
        let amount = match money::currency(currency) {
            Ok(known) => money::round(amount, known),
            Err(_) => amount,
        };
        Self {
            amount: Amount(amount),
            currency: currency.to_owned(),
        }
    }
    pub fn decimal(&self) -> Decimal {
        self.amount.0
    }
    /// The amount, if it is in the currency the property sells in.
    pub fn of(&self, currency: &str, at: &str) -> Result<Decimal, Refusal> {
        if self.currency == currency {
            return Ok(self.amount.0);
        }
        let detail = format!("this property sells in {currency}");
        Err(Refusal::invalid("foreign_currency", detail).at(format!("{at}/currency")))
    }
}

/// A decimal number in a JSON string; a JSON number is refused, for it may have been a float on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount(pub Decimal);

impl Amount {
    /// With exactly the currency's decimal places.
    pub fn of(amount: Decimal, currency: &str) -> Self {
        Money::new(amount, currency).amount
    }
}

impl Type for Amount {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "string_decimal".into()
    }
    fn schema_ref() -> MetaSchemaRef {
        let schema = MetaSchema::new_with_format("string", "decimal");
        MetaSchemaRef::Inline(Box::new(MetaSchema {
            pattern: Some(FORM.to_owned()),
            ..schema
        }))
    }
    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl ParseFromJSON for Amount {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        match value.unwrap_or_default() {
            Value::String(text) => match read(&text) {
                Some(amount) => Ok(Self(amount)),
                None => Err(ParseError::custom(format!(
                    "`{text}` is not a decimal number such as 123.45"
                ))),
            },
            other => Err(ParseError::expected_type(other)),
        }
    }
}

impl ToJSON for Amount {
    fn to_json(&self) -> Option<Value> {
        Some(self.0.to_string().into())
    }
}

/// `FORM`, by hand.
fn read(text: &str) -> Option<Decimal> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, "0"));
    let right =
        |part: &str, most| (1..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    if !right(whole, 12) || !right(decimals, 3) {
        return None;
    }
    Decimal::from_str_exact(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal::dec;
    use serde_json::json;

    #[test]
    fn amounts_have_the_places_of_their_currency() {
        let shown = |amount, currency| Money::new(amount, currency).to_json().unwrap()["amount"].clone();
        assert_eq!(shown(dec!(72.000), "EUR"), "72.00");
        assert_eq!(shown(dec!(0), "EUR"), "0.00");
        assert_eq!(shown(dec!(1200.000), "JPY"), "1200");
        assert_eq!(shown(dec!(1.5), "KWD"), "1.500");
    }

    #[test]
    fn an_amount_is_text_in_plain_digits() {
        let parse = |amount: Value| {
            Money::parse_from_json(Some(json!({"amount": amount, "currency": "EUR"})))
                .map(|m| m.decimal())
                .ok()
        };
        assert_eq!(parse(json!("80.00")), Some(dec!(80.00)));
        assert_eq!(parse(json!("-0.5")), Some(dec!(-0.5)));
        for bad in [
            json!(80.0),
            json!(80),
            json!("1e3"),
            json!("+1"),
            json!(".5"),
            json!("1."),
            json!(""),
            json!("NaN"),
        ] {
            assert_eq!(parse(bad.clone()), None, "{bad}");
        }
    }
}
