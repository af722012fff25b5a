//! A JSON document as an outline that people read: what is nested stands indented under its name.

use serde_json::Value;
use std::fmt::Write;

/// `last_name` becomes `last name: Lovelace`; empty fields are left out.
pub fn outline(value: &Value) -> String {
    let mut text = String::new();
    write(&mut text, value, 0);
    text
}

fn write(text: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Object(fields) => fields
            .iter()
            .for_each(|(name, value)| field(text, name, value, depth)),
        Value::Array(items) => items.iter().for_each(|item| element(text, item, depth)),
        other => line(text, depth, &plain(other)),
    }
}

fn field(text: &mut String, name: &str, value: &Value, depth: usize) {
    let name = name.replace('_', " ");
    match value {
        Value::Null => {}
        Value::Array(items) if items.is_empty() => {}
        Value::Object(_) | Value::Array(_) => {
            line(text, depth, &format!("{name}:"));
            write(text, value, depth + 1);
        }
        other => line(text, depth, &format!("{name}: {}", plain(other))),
    }
}

/// The first line of a nested item carries the dash.
fn element(text: &mut String, item: &Value, depth: usize) {
    let mut inner = String::new();
    write(&mut inner, item, depth + 1);
    let at = depth * 2;
    if inner.len() > at {
        inner.replace_range(at..=at, "-");
    }
    text.push_str(&inner);
}

fn line(text: &mut String, depth: usize, words: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{:indent$}{words}", "", indent = depth * 2);
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::outline;
    use serde_json::json;

    #[test]
    fn a_document_is_read_from_top_to_bottom() {
        let value = json!({
            "guest": { "last_name": "Lovelace", "email": null, "preferences": ["quiet", "high floor"] },
            "bookings": [{ "reference": "K7PM2XQA", "total": { "amount": "80.00" } }, { "reference": "X" }],
            "messages": [],
        });
        let text = "\
bookings:
  - reference: K7PM2XQA
    total:
      amount: 80.00
  - reference: X
guest:
  last name: Lovelace
  preferences:
    - quiet
    - high floor
";
        assert_eq!(outline(&value), text);
    }
}
