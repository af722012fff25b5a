//! What a guest is known by in other records, and how it is taken out of text and documents.

use crate::channel::revision::Booker;
use crate::guest::entity::Guest;
use crate::text;
use serde_json::Value;
use std::collections::BTreeSet;

/// Stands where something was.
pub const ERASED: &str = "(erased)";
/// Shorter ones stand in other words too.
const SHORTEST: usize = 3;
/// What people write of a stay, in the log.
const FREE: [&str; 5] = ["reason", "note", "notes", "needs", "guest_name"];

/// Names, addresses and numbers that point to one person, as lower-case texts.
#[derive(Default)]
pub struct Words {
    /// Those that point to nobody else: addresses, telephone and document numbers.
    own: BTreeSet<String>,
    names: BTreeSet<String>,
}

impl Words {
    pub fn add_guest(&mut self, guest: &Guest) {
        let p = &guest.personal;
        self.add_own(p.email.as_deref());
        self.add_phone(p.phone.as_deref());
        self.add_own(p.document.as_ref().map(|d| d.number.as_str()));
        let first = guest.first_name.as_deref().unwrap_or_default();
        for name in [
            format!("{first} {}", guest.last_name),
            format!("{} {first}", guest.last_name),
            format!("{}, {first}", guest.last_name),
            guest.last_name.clone(),
        ] {
            self.add_name(&name);
        }
    }

    /// As whom somebody booked.
    pub fn add_booker(&mut self, booker: &Booker) {
        self.add_name(&booker.name);
        self.add_own(booker.email.as_deref());
        self.add_phone(booker.phone.as_deref());
    }

    pub fn add_name(&mut self, name: &str) {
        let name = text::folded(name);
        if name.chars().count() >= SHORTEST && name != ERASED {
            self.names.insert(name);
        }
    }

    fn add_own(&mut self, value: Option<&str>) {
        let value = value.map(text::folded).filter(|v| v.chars().count() >= SHORTEST);
        if let Some(value) = value {
            self.own.insert(value);
        }
    }

    fn add_phone(&mut self, phone: Option<&str>) {
        self.add_own(phone);
        self.add_own(phone.map(text::normal_phone).as_deref());
    }

    pub fn own(&self) -> Vec<String> {
        self.own.iter().cloned().collect()
    }

    /// Is this name the guest's?
    pub fn is_name(&self, name: &str) -> bool {
        self.names.contains(&text::folded(name))
    }

    /// Does a text of the guest's own records name the guest?
    pub fn stand_in(&self, text: &str) -> bool {
        let text = text::folded(text);
        let mut words = self.own.iter().chain(&self.names);
        words.any(|word| text.contains(word.as_str()))
    }

    /// Does any text point to the guest? A single name is not enough: others have it too.
    pub fn are_meant(&self, text: &str) -> bool {
        let text = text::folded(text);
        let full = self.names.iter().filter(|name| name.contains(' '));
        self.own
            .iter()
            .chain(full)
            .any(|word| text.contains(word.as_str()))
    }

    /// Takes them out of an event's data, with whatever people wrote there. Says whether anything changed.
    pub fn take_out(&self, data: &mut Value) -> bool {
        match data {
            Value::Object(fields) => {
                let free = fields.get("field").and_then(Value::as_str);
                let free = free.is_some_and(|field| FREE.contains(&field));
                let each = fields.iter_mut().map(|(key, value)| {
                    let written =
                        FREE.contains(&key.as_str()) || (free && matches!(key.as_str(), "before" | "after"));
                    if written {
                        blank(value)
                    } else {
                        self.take_out(value)
                    }
                });
                each.fold(false, |any, one| any | one)
            }
            Value::Array(items) => items
                .iter_mut()
                .fold(false, |any, item| any | self.take_out(item)),
            Value::String(text) if self.stand_in(text) => blank(data),
            _ => false,
        }
    }

    /// A channel's message without the guest, such that it can still be applied; what is not JSON is lost, and the
    /// empty message that stands for it is parked.
    pub fn out_of_message(&self, raw: &str) -> String {
        let Ok(mut message) = serde_json::from_str(raw) else {
            return "{}".to_owned();
        };
        self.leave(&mut message);
        message.to_string()
    }

    /// An object that is the guest's (has the name, an address or a number as a field) keeps no text, and a placeholder
    /// where readers ask for a name.
    fn leave(&self, value: &mut Value) {
        match value {
            Value::Object(fields) => {
                let theirs = fields
                    .values()
                    .any(|v| v.as_str().is_some_and(|text| self.is_exactly(text)));
                for (key, value) in fields {
                    let written = FREE.contains(&key.as_str());
                    if written || (theirs && key == "name") {
                        blank(value);
                    } else if theirs && value.is_string() {
                        *value = Value::Null;
                    } else {
                        self.leave(value);
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.leave(item)),
            Value::String(text) if self.stand_in(text) => {
                blank(value);
            }
            _ => {}
        }
    }

    /// Is the text nothing but the guest's name, address or number?
    fn is_exactly(&self, text: &str) -> bool {
        let folded = text::folded(text);
        self.names.contains(&folded)
            || self.own.contains(&folded)
            || self.own.contains(&text::normal_phone(text))
    }
}

fn blank(value: &mut Value) -> bool {
    if value.is_null() || value.as_str() == Some(ERASED) {
        return false;
    }
    *value = ERASED.into();
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guest::entity::Personal;
    use crate::ids::new_id;
    use chrono::DateTime;
    use serde_json::json;

    fn ada() -> Words {
        let mut guest = Guest::blank(new_id(), DateTime::UNIX_EPOCH);
        guest.first_name = Some("Ada".into());
        guest.last_name = "Lovelace".into();
        guest.personal = Personal {
            email: Some("Ada@Example.com".into()),
            phone: Some("+44 (0)20 7946 0018".into()),
            ..Personal::default()
        };
        let mut words = Words::default();
        words.add_guest(&guest);
        words
    }

    #[test]
    fn a_guest_is_recognised_however_it_is_written() {
        let words = ada();
        for text in [
            "for ADA  lovelace",
            "Lovelace, Ada",
            "mail ada@example.com",
            "call 442079460018",
        ] {
            assert!(words.stand_in(text), "{text}");
        }
        for text in ["", "Ada", "Grace Hopper", "442079460019"] {
            assert!(!words.stand_in(text), "{text}");
        }
        assert!(words.is_name("lovelace ada") && !words.is_name("Grace Hopper"));
        assert!(words.stand_in("Mrs Lovelace") && !words.are_meant("Mrs Lovelace"));
        assert!(words.are_meant("Mrs Ada Lovelace"));
    }

    #[test]
    fn a_message_is_still_one_and_does_not_name_the_guest() {
        let raw = json!({ "event": "booking.new", "booking": {
            "id": "A-1", "total": "80.00", "notes": "needs a lift",
            "booker": { "name": "Ada L.", "email": "ADA@example.com", "phone": "020", "country": "GB" },
            "rooms": [{ "id": "1", "arrival": "2027-02-01", "adults": 1, "guest_name": "Augusta" },
                      { "id": "2", "guests": [{ "name": "Grace", "surname": "Hopper" }] }],
            "history": "asked for by Ada Lovelace" } });
        let left: Value = serde_json::from_str(&ada().out_of_message(&raw.to_string())).unwrap();
        let expected = json!({ "event": "booking.new", "booking": {
            "id": "A-1", "total": "80.00", "notes": ERASED,
            "booker": { "name": ERASED, "email": null, "phone": null, "country": null },
            "rooms": [{ "id": "1", "arrival": "2027-02-01", "adults": 1, "guest_name": ERASED },
                      { "id": "2", "guests": [{ "name": "Grace", "surname": "Hopper" }] }],
            "history": ERASED } });
        assert_eq!(left, expected);
        assert_eq!(ada().out_of_message("Ada Lovelace, two nights"), "{}");
    }

    #[test]
    fn the_log_loses_the_person_and_keeps_the_stay() {
        let mut data = json!({
            "reference": "K7PM2XQA", "nights": [{ "from": "2027-01-05", "to": "2027-01-07" }], "note": "likes tea",
            "forced": { "reason": "a friend" }, "who": "Ada Lovelace",
            "changes": [{ "field": "guest_name", "before": "Augusta", "after": null },
                        { "field": "total", "before": "100.00", "after": "90.00" }],
        });
        assert!(ada().take_out(&mut data));
        let left = json!({
            "reference": "K7PM2XQA", "nights": [{ "from": "2027-01-05", "to": "2027-01-07" }], "note": ERASED,
            "forced": { "reason": ERASED }, "who": ERASED,
            "changes": [{ "field": "guest_name", "before": ERASED, "after": null },
                        { "field": "total", "before": "100.00", "after": "90.00" }],
        });
        assert_eq!(data, left);
        assert!(!ada().take_out(&mut data));
    }
}
