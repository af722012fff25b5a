//! Strict field checks: each complaint names the place and the rule.

use crate::cursor::Cursor;
use crate::text;
use chrono::{DateTime, Utc};
use innkeep_domain::money;
use innkeep_domain::ports::channel::Unreadable;
use rust_decimal::Decimal;

type Read<T> = Result<T, Unreadable>;

/// An object with no other fields than these.
pub(super) fn only(at: &Cursor<'_>, known: &[&str]) -> Read<()> {
    match at.entries()?.iter().find(|(key, _)| !known.contains(key)) {
        Some((_, unknown)) => Err(unknown.fail("is not a known field")),
        None => Ok(()),
    }
}

/// A text of 1 to `limit` characters.
pub(super) fn words(at: &Cursor<'_>, limit: usize) -> Read<String> {
    let value = at.text()?;
    if value.chars().count() > limit {
        return Err(at.fail(format!("must have at most {limit} characters")));
    }
    if value.trim().is_empty() {
        return Err(at.fail("must not be empty"));
    }
    if !value.chars().all(text::fits) {
        return Err(at.fail("must not contain control characters"));
    }
    Ok(value.trim().to_owned())
}

pub(super) fn optional_words(of: &Cursor<'_>, key: &str, limit: usize) -> Read<Option<String>> {
    of.field(key).map(|at| words(&at, limit)).transpose()
}

/// Three capitals. One that this installation does not know is taken: the booking is sold.
pub(super) fn currency(at: &Cursor<'_>) -> Read<String> {
    let code = at.text()?;
    if code.len() == 3 && code.bytes().all(|letter| letter.is_ascii_uppercase()) {
        Ok(code.to_owned())
    } else {
        Err(at.fail("must be an ISO 4217 code such as EUR"))
    }
}

/// A string such as `"80.00"` within the currency's decimals; two, if it is not known here.
pub(super) fn amount(at: &Cursor<'_>, code: &str) -> Read<Decimal> {
    let wrong = || at.fail("must be an amount as a string such as \"80.00\"");
    let text = at.text().map_err(|_| wrong())?;
    let plain = |c: char| c.is_ascii_digit() || c == '.';
    if !text.starts_with(|c: char| c.is_ascii_digit()) || !text.chars().all(plain) {
        return Err(wrong());
    }
    let amount: Decimal = text.parse().map_err(|_| wrong())?;
    money::price(amount, money::sold_in(code)).map_err(|refusal| at.fail(refusal.detail))
}

pub(super) fn yes_or_no(at: &Cursor<'_>) -> Read<bool> {
    at.value()
        .as_bool()
        .ok_or_else(|| at.fail("must be true or false"))
}

pub(super) fn country(at: &Cursor<'_>) -> Read<String> {
    let code = at.text()?;
    if code.len() == 2 && code.bytes().all(|letter| letter.is_ascii_uppercase()) {
        Ok(code.to_owned())
    } else {
        Err(at.fail("must be an ISO 3166-1 alpha-2 code such as DE"))
    }
}

pub(super) fn count(at: &Cursor<'_>, least: i32, most: i32) -> Read<i32> {
    let number = at.value().as_i64().and_then(|number| i32::try_from(number).ok());
    number
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| at.fail(format!("must be a whole number from {least} to {most}")))
}

pub(super) fn instant(at: &Cursor<'_>) -> Read<DateTime<Utc>> {
    let parsed = DateTime::parse_from_rfc3339(at.text()?);
    parsed
        .map(|at| at.to_utc())
        .map_err(|_| at.fail("must be a time like 2026-05-01T09:30:00Z"))
}
