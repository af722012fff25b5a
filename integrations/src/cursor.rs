//! A place in a JSON document that knows its own pointer, so that a complaint says where.

use chrono::NaiveDate;
use innkeep_domain::ports::channel::Unreadable;
use serde_json::Value;

/// Keys come from outside and end up in error texts.
const SHOWN_KEY: usize = 64;

#[derive(Clone)]
pub(crate) struct Cursor<'a> {
    value: &'a Value,
    pointer: String,
}

impl<'a> Cursor<'a> {
    pub(crate) fn root(value: &'a Value) -> Self {
        Self {
            value,
            pointer: String::new(),
        }
    }

    pub(crate) fn value(&self) -> &'a Value {
        self.value
    }

    pub(crate) fn fail(&self, why: impl std::fmt::Display) -> Unreadable {
        let at = if self.pointer.is_empty() {
            "/"
        } else {
            &self.pointer
        };
        Unreadable(format!("{at}: {why}"))
    }

    fn child(&self, key: &str, value: &'a Value) -> Self {
        let key: String = key.chars().take(SHOWN_KEY).collect();
        let key = key.replace('~', "~0").replace('/', "~1");
        Self {
            value,
            pointer: format!("{}/{key}", self.pointer),
        }
    }

    /// The field, unless it is absent or null.
    pub(crate) fn field(&self, key: &str) -> Option<Self> {
        let value = self.value.get(key).filter(|value| !value.is_null())?;
        Some(self.child(key, value))
    }

    pub(crate) fn need(&self, key: &str) -> Result<Self, Unreadable> {
        self.field(key)
            .ok_or_else(|| self.child(key, &Value::Null).fail("is missing"))
    }

    pub(crate) fn items(&self) -> Result<Vec<Self>, Unreadable> {
        let items = self
            .value
            .as_array()
            .ok_or_else(|| self.fail("must be an array"))?;
        Ok(items
            .iter()
            .enumerate()
            .map(|(at, item)| self.child(&at.to_string(), item))
            .collect())
    }

    pub(crate) fn entries(&self) -> Result<Vec<(&'a str, Self)>, Unreadable> {
        let entries = self
            .value
            .as_object()
            .ok_or_else(|| self.fail("must be an object"))?;
        Ok(entries
            .iter()
            .map(|(key, value)| (key.as_str(), self.child(key, value)))
            .collect())
    }

    pub(crate) fn text(&self) -> Result<&'a str, Unreadable> {
        self.value.as_str().ok_or_else(|| self.fail("must be a string"))
    }

    pub(crate) fn date(&self) -> Result<NaiveDate, Unreadable> {
        date(self.text()?).ok_or_else(|| self.fail("must be a date like 2026-05-31"))
    }
}

/// `2026-05-31` and nothing looser; years of four digits keep date arithmetic within bounds.
pub(crate) fn date(text: &str) -> Option<NaiveDate> {
    if text.len() != 10 {
        return None;
    }
    text.parse().ok()
}
