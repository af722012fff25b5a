//! Card data must not be kept: this takes it out of a message before the message is stored.

use serde_json::Value;

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
/// Fields that people write into; a number alone in any other field may be an id.
const FREE_TEXT: [&str; 6] = ["notes", "note", "remarks", "comment", "comments", "message"];

const PAN_DIGITS: std::ops::RangeInclusive<usize> = 13..=19;

/// The message without card fields and with card numbers in free text masked but for their last four
/// digits. `None` when it is not JSON.
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
        Value::String(text) if is_free_text(key, text) => {
            if let Some(masked) = mask(text) {
                *text = masked;
            }
        }
        _ => {}
    }
}

fn is_free_text(key: &str, text: &str) -> bool {
    FREE_TEXT.contains(&key) || (text.contains(char::is_whitespace) && !key.contains("phone"))
}

/// `None` when there is no card number in it: digits in groups, of a card's length, with a good check digit.
fn mask(text: &str) -> Option<String> {
    let mut chars: Vec<char> = text.chars().collect();
    let mut found = false;
    let mut at = 0;
    while at < chars.len() {
        if !chars.get(at).is_some_and(char::is_ascii_digit) {
            at += 1;
            continue;
        }
        let places = digits_from(&chars, at);
        let digits: Vec<u32> = places
            .iter()
            .filter_map(|place| chars.get(*place)?.to_digit(10))
            .collect();
        if PAN_DIGITS.contains(&digits.len()) && is_card_number(&digits) {
            found = true;
            for place in places.iter().take(places.len() - 4) {
                if let Some(c) = chars.get_mut(*place) {
                    *c = '*';
                }
            }
        }
        at = places.last().map_or(at, |last| *last) + 1;
    }
    found.then(|| chars.into_iter().collect())
}

/// Places of the digits from here on, as long as at most one blank or hyphen parts them.
fn digits_from(chars: &[char], start: usize) -> Vec<usize> {
    let mut places = vec![start];
    let mut at = start + 1;
    while let Some(c) = chars.get(at) {
        let parted = matches!(c, ' ' | '-') && chars.get(at + 1).is_some_and(char::is_ascii_digit);
        if c.is_ascii_digit() {
            places.push(at);
        } else if !parted {
            break;
        }
        at += 1;
    }
    places
}

/// The Luhn check of ISO/IEC 7812, for issuers of payment cards (first digit 2 to 6).
fn is_card_number(digits: &[u32]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| match at % 2 {
            0 => *digit,
            _ => digit * 2 / 10 + digit * 2 % 10,
        })
        .sum();
    sum.is_multiple_of(10) && digits.first().is_some_and(|first| (2..=6).contains(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn card_fields_go_at_any_depth() {
        let raw = r#"{"a":{"guarantee":{"cvv":"123"},"b":[{"Card_Number":"4111111111111111","c":1}]}}"#;
        assert_eq!(json(raw).as_deref(), Some(r#"{"a":{"b":[{"c":1}]}}"#));
        assert_eq!(json("{"), None);
    }

    #[test]
    fn numbers_in_free_text_are_masked_and_ids_are_not() {
        let raw =
            r#"{"code":"4111111111111111","notes":"4111111111111111","text":"pay 4111 1111-1111 1111 now"}"#;
        let kept: Value = serde_json::from_str(&json(raw).unwrap()).unwrap();
        assert_eq!(kept["code"], "4111111111111111");
        assert_eq!(kept["notes"], "************1111");
        assert_eq!(kept["text"], "pay **** ****-**** 1111 now");
    }

    #[test]
    fn other_numbers_stay() {
        for text in [
            "call +49 171 555 0100",
            "room 4111 1111 1111 1112",
            "2026-05-01 2026-05-02",
        ] {
            assert_eq!(mask(text), None, "{text}");
        }
    }
}
