//! Complaints about one value, per field, in Channex's words.

use std::collections::BTreeMap;

use serde_json::{Value, json};

const NULL: &str = "Should be a non null value or not existed field";

#[derive(Debug, Default)]
pub(crate) struct Problems(BTreeMap<String, Vec<String>>);

impl Problems {
    pub(crate) fn one(field: &str, complaint: &str) -> Self {
        let mut problems = Self::default();
        problems.add(field, complaint);
        problems
    }

    pub(crate) fn add(&mut self, field: &str, complaint: &str) {
        self.0
            .entry(field.to_owned())
            .or_default()
            .push(complaint.to_owned());
    }

    pub(crate) fn none_or(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }

    /// The warning as sent: the refused value, echoed, with the complaints under `warning`.
    pub(crate) fn attach_to(self, value: &Value) -> Value {
        let mut echo = value.as_object().cloned().unwrap_or_default();
        echo.insert("warning".to_owned(), json!(self.0));
        Value::Object(echo)
    }

    /// The field if it is there; an explicit null is a complaint, not an absence.
    pub(crate) fn field<'a>(&mut self, value: &'a Value, field: &str) -> Option<&'a Value> {
        match value.get(field) {
            Some(Value::Null) => {
                self.add(field, NULL);
                None
            }
            other => other,
        }
    }

    pub(crate) fn integer(&mut self, value: &Value, field: &str, least: i64) -> Option<i64> {
        let found = self.field(value, field)?;
        match found.as_i64() {
            None => self.add(field, "is invalid"),
            Some(number) if number < least => {
                self.add(field, &format!("must be greater than or equal to {least}"));
            }
            Some(number) => return Some(number),
        }
        None
    }

    pub(crate) fn boolean(&mut self, value: &Value, field: &str) -> Option<bool> {
        let found = self.field(value, field)?;
        let flag = found.as_bool();
        if flag.is_none() {
            self.add(field, "is invalid");
        }
        flag
    }
}
