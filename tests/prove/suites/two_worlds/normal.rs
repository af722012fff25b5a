//! Answers made comparable: ids, references and tags become numbers in the order in which they first appear, times and
//! secrets become words.

use chrono::DateTime;
use std::collections::HashMap;
use uuid::Uuid;

/// Fields whose values are drawn anew each time.
const DRAWN: [&str; 4] = ["next_cursor", "request_id", "signing_secret", "hook_path"];
/// Headers that say nothing about the tenant's data.
const PASSING: [&str; 4] = ["date", "x-request-id", "content-length", "connection"];

#[derive(Default)]
pub struct Normal {
    seen: HashMap<String, usize>,
}

impl Normal {
    fn number(&mut self, kind: &str, name: &str) -> String {
        let next = self.seen.len();
        let number = self.seen.entry(name.to_owned()).or_insert(next);
        format!("<{kind} {number}>")
    }

    pub fn headers(&mut self, headers: &[(String, String)]) -> Vec<(String, String)> {
        let told = headers
            .iter()
            .filter(|(name, _)| !PASSING.contains(&name.as_str()));
        let mut told: Vec<(String, String)> = told
            .map(|(name, value)| {
                // An entity's version is the same in both worlds; other tags are made from a whole answer.
                let version = value.trim_matches('"').parse::<i32>().is_ok();
                let value = if name == "etag" && !version {
                    self.number("tag", value)
                } else {
                    self.text(value)
                };
                (name.clone(), value)
            })
            .collect();
        told.sort();
        told
    }

    /// Of a body or a header.
    pub fn text(&mut self, text: &str) -> String {
        let text = without_drawn(text);
        let mut out = String::new();
        let mut word = String::new();
        for c in text.chars() {
            if c.is_ascii_alphanumeric() || "-:.+_".contains(c) {
                word.push(c);
            } else {
                out.push_str(&self.word(&word));
                word.clear();
                out.push(c);
            }
        }
        out.push_str(&self.word(&word));
        out
    }

    fn word(&mut self, word: &str) -> String {
        let bare = word.trim_end_matches(['.', ':']);
        if DateTime::parse_from_rfc3339(bare).is_ok() {
            return format!("<time>{}", &word[bare.len()..]);
        }
        let parts = word.split_inclusive([':', '.', '+']);
        parts.map(|part| self.part(part)).collect()
    }

    /// Of `user:<id>` and the like.
    fn part(&mut self, part: &str) -> String {
        let bare = part.trim_end_matches([':', '.', '+']);
        let end = &part[bare.len()..];
        if bare.len() == 36 && Uuid::parse_str(bare).is_ok() {
            self.number("id", bare) + end
        } else if is_reference(bare) {
            self.number("reference", bare) + end
        } else {
            part.to_owned()
        }
    }
}

/// Eight letters and digits such as `K7PM2XQA`.
fn is_reference(word: &str) -> bool {
    let readable = |c: u8| (c.is_ascii_uppercase() || (b'2'..=b'9').contains(&c)) && !b"IO".contains(&c);
    word.len() == 8 && word.bytes().all(readable)
}

/// Without the values of [`DRAWN`] fields.
fn without_drawn(text: &str) -> String {
    let mut text = text.to_owned();
    for field in DRAWN {
        let name = format!("\"{field}\":\"");
        let mut from = 0;
        while let Some(at) = text[from..].find(&name) {
            let start = from + at + name.len();
            let Some(length) = text[start..].find('"') else {
                break;
            };
            text.replace_range(start..start + length, "<drawn>");
            from = start;
        }
    }
    text
}
