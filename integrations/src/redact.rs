//! Card data must not be kept: this takes it out of a message before the message is stored.

use innkeep_domain::cards;
use serde_json::Value;
use std::borrow::Cow;

/// Objects and fields that hold card data, whatever is in them.
const CARD_FIELDS: [&str; 11] = [
    "guarantee",
    "card",
    "credit_card",
    "creditcard",
    "payment_card",
    "card_number",
    "cardnumber",
    "cardholder_name",
    "cvv",
    "cvc",
    "pan",
];
/// What numbers of others stand in: a number in any other field may be a card's.
const IDS: [&str; 5] = ["code", "reference", "ref", "revision", "token"];

/// The message without card fields and with card numbers in what people write masked but for their
/// last four digits. `None` when it is not JSON.
pub fn json(raw: &str) -> Option<String> {
    let mut value: Value = serde_json::from_str(raw).ok()?;
    value_in_place(&mut value);
    Some(value.to_string())
}

/// The same for a message that is already parsed.
pub fn value_in_place(value: &mut Value) {
    walk(value, "");
}

fn walk(value: &mut Value, key: &str) {
    match value {
        Value::Object(fields) => {
            fields.retain(|key, _| !CARD_FIELDS.contains(&key.to_ascii_lowercase().as_str()));
            for (key, value) in fields.iter_mut() {
                walk(value, key);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| walk(item, key)),
        Value::String(text) if !is_id(key) => {
            if let Cow::Owned(masked) = cards::masked(text) {
                *text = masked;
            }
        }
        Value::Number(number) if !is_id(key) => {
            if let Cow::Owned(masked) = cards::masked(&number.to_string()) {
                *value = Value::String(masked);
            }
        }
        _ => {}
    }
}

fn is_id(key: &str) -> bool {
    let last = key.rsplit('_').next().unwrap_or_default();
    last == "id" || IDS.contains(&last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn card_fields_go_at_any_depth() {
        let raw = r#"{"a":{"guarantee":{"cvv":"123"},"b":[{"Card_Number":"4111111111111111","c":1}]}}"#;
        assert_eq!(json(raw).as_deref(), Some(r#"{"a":{"b":[{"c":1}]}}"#));
        assert_eq!(json("{"), None);
    }

    #[test]
    fn card_numbers_are_masked_and_ids_are_not() {
        let raw = r#"{"code":"4111111111111111","notes":"4111111111111111","text":"pay 4111 1111-1111 1111 now",
                "remark":4111111111111111,"booking_id":4111111111111111,"amount":12345}"#;
        let kept: Value = serde_json::from_str(&json(raw).unwrap()).unwrap();
        assert_eq!(kept["code"], "4111111111111111");
        assert_eq!(kept["notes"], "************1111");
        assert_eq!(kept["remark"], "************1111", "written as a number");
        assert_eq!(
            (&kept["booking_id"], &kept["amount"]),
            (&json!(4_111_111_111_111_111_i64), &json!(12345))
        );
        assert_eq!(kept["text"], "pay **** ****-**** 1111 now");
    }
}
