//! Short texts that people enter: what is acceptable, and how two spellings of one thing are told to be the same.

use crate::cards;
use crate::error::Refusal;
use crate::property::name;

pub const LONGEST_NOTES: usize = 4000;
/// RFC 5321 allows no longer path.
const LONGEST_EMAIL: usize = 254;

/// Trimmed; nothing but blanks is nothing.
pub fn short(text: Option<&str>, pointer: &str) -> Result<Option<String>, Refusal> {
    let text = text.filter(|t| !t.trim().is_empty());
    text.map(|t| name(t, pointer)).transpose()
}

/// As written, but for card numbers, which are masked.
pub fn notes(text: Option<&str>, pointer: &str) -> Result<Option<String>, Refusal> {
    if text.is_some_and(|t| t.chars().count() > LONGEST_NOTES) {
        let detail = format!("at most {LONGEST_NOTES} characters");
        return Err(Refusal::invalid("too_long", detail).at(pointer));
    }
    Ok(text.map(|t| cards::masked(t).into_owned()))
}

/// Something before and after one `@`: whether it arrives is for the mail to find out.
pub fn email(text: &str, pointer: &str) -> Result<String, Refusal> {
    let text = text.trim();
    let parts = text.split_once('@');
    let whole = parts.is_some_and(|(who, at)| !who.is_empty() && !at.is_empty() && !at.contains('@'));
    if !whole || text.len() > LONGEST_EMAIL || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(Refusal::invalid("invalid_email", "an address such as ada@example.com").at(pointer));
    }
    Ok(text.to_owned())
}

/// At least four digits, however they are grouped.
pub fn phone(text: &str, pointer: &str) -> Result<String, Refusal> {
    let text = text.trim();
    let allowed = |c: char| c.is_ascii_digit() || " +-./()".contains(c);
    if normal_phone(text).len() < 4 || text.len() > 40 || !text.chars().all(allowed) {
        return Err(Refusal::invalid("invalid_phone", "a number such as +49 30 901820").at(pointer));
    }
    Ok(text.to_owned())
}

/// ISO 3166-1 alpha-2.
pub fn country(text: &str, pointer: &str) -> Result<String, Refusal> {
    if text.len() != 2 || !text.bytes().all(|b| b.is_ascii_uppercase()) {
        return Err(Refusal::invalid("invalid_country", "two capital letters, such as DE").at(pointer));
    }
    Ok(text.to_owned())
}

/// BCP 47 in its everyday form.
pub fn language(text: &str, pointer: &str) -> Result<String, Refusal> {
    let mut parts = text.split('-');
    let first = parts.next().unwrap_or_default();
    let primary = (2..=3).contains(&first.len()) && first.bytes().all(|b| b.is_ascii_lowercase());
    let subtag = |p: &str| (2..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphanumeric());
    if !primary || text.len() > 35 || !parts.all(subtag) {
        return Err(Refusal::invalid("invalid_language", "a tag such as de or pt-BR").at(pointer));
    }
    Ok(text.to_owned())
}

/// Lower case, single blanks.
pub fn folded(text: &str) -> String {
    text.to_lowercase()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// What follows every text that begins with `prefix`, in byte order.
pub fn after_prefix(prefix: &str) -> String {
    format!("{prefix}\u{10ffff}")
}

/// Mail systems that tell case apart are rarer than people who mix it up.
pub fn normal_email(text: &str) -> String {
    text.trim().to_lowercase()
}

/// Digits only, without the ways to write an international prefix: `+49 (0)30`, `0049 30` and `49 30` are the same.
pub fn normal_phone(text: &str) -> String {
    let digits: String = text
        .replace("(0)", "")
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    digits.strip_prefix("00").unwrap_or(&digits).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_thing_are_the_same() {
        for phone in [
            "+49 (0)30 90 18 20",
            "0049-30-901820",
            "+4930901820",
            "49 30 901820",
        ] {
            assert_eq!(normal_phone(phone), "4930901820", "{phone}");
        }
        assert_eq!(normal_email(" Ada@Example.COM "), "ada@example.com");
        assert_eq!(folded("  Lovelace   ADA "), "lovelace ada");
        let end = after_prefix("lovel");
        assert!("lovelace ada" < end.as_str() && end.as_str() < "loven");
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for bad in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "a@b@c",
            "a da@example.com",
            &"a".repeat(300),
        ] {
            assert!(email(bad, "").is_err(), "{bad}");
        }
        for bad in ["", "12", "call me", "+49 30 90x", &"1".repeat(50)] {
            assert!(phone(bad, "").is_err(), "{bad}");
        }
        for bad in ["", "de", "DEU", "D1"] {
            assert!(country(bad, "").is_err(), "{bad}");
        }
        for bad in ["", "d", "DE", "de-", "de-x", "deutsch"] {
            assert!(language(bad, "").is_err(), "{bad}");
        }
        assert!(language("pt-BR", "").is_ok() && language("zh-Hant-TW", "").is_ok());
    }
}
