//! Requests that fit the document, built of one side's things; each id in them is a slot that can be filled with
//! another's.

use super::document::{Document, Operation};
use serde_json::{Map, Value, json};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt::Write;
use uuid::Uuid;

/// One id of each kind, by the last segment of its collection's path: `"rate-plans"`.
pub type Things = BTreeMap<String, String>;

/// Optional fields without which a body says nothing.
const ALSO: [(&str, &str); 6] = [
    ("percent", "WashBy"),
    ("prices", "AriChange"),
    ("rooms", "NewBooking"),
    ("rooms", "NewQuote"),
    ("role", "UserChange"),
    ("role", "NewInvitation"),
];

/// The kind of thing that a field names.
pub fn kind(field: &str) -> Option<&'static str> {
    Some(match field.trim_end_matches('s').strip_suffix("_id")? {
        "property" => "properties",
        "unit_type" => "unit-types",
        "rate_plan" | "parent" => "rate-plans",
        "unit" => "units",
        "guest" | "other" | "subject" => "guests",
        "company" | "agent" => "companies",
        "group" => "groups",
        "quote" => "quotes",
        "extra" => "extras",
        "policy" => "policies",
        "role" => "roles",
        "assignee" => "users",
        "tenant" => "tenants",
        _ => return None,
    })
}

/// Where an id stands in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    Path(String),
    Query(String),
    /// A JSON pointer.
    Body(String),
}

#[derive(Debug, Clone)]
pub struct Slot {
    pub place: Place,
    pub kind: String,
}

/// What is sent, but for who sends it.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    /// With the parameters' names still in it.
    pattern: String,
    ids: BTreeMap<String, String>,
    query: BTreeMap<String, String>,
    pub body: Option<Value>,
    pub slots: Vec<Slot>,
}

impl Request {
    pub fn path(&self) -> String {
        let mut path = self.pattern.clone();
        for (name, id) in &self.ids {
            path = path.replace(&format!("{{{name}}}"), id);
        }
        for (i, (name, value)) in self.query.iter().enumerate() {
            let _ = write!(path, "{}{name}={value}", if i == 0 { '?' } else { '&' });
        }
        path
    }

    /// The same with another id in one place.
    pub fn with(&self, place: &Place, id: &str) -> Self {
        let mut other = self.clone();
        match place {
            Place::Path(name) => drop(other.ids.insert(name.clone(), id.to_owned())),
            Place::Query(name) => drop(other.query.insert(name.clone(), id.to_owned())),
            Place::Body(pointer) => {
                if let Some(value) = other.body.as_mut().and_then(|b| b.pointer_mut(pointer)) {
                    *value = id.into();
                }
            }
        }
        other
    }

    /// With one more parameter behind the `?`.
    pub fn asking(&self, name: &str, value: &str) -> Self {
        self.with(&Place::Query(name.to_owned()), value)
    }
}

pub struct Maker<'a> {
    pub document: &'a Document,
    pub things: &'a Things,
    /// Stands in every text that this side writes.
    pub word: &'a str,
    /// The first day of stays.
    pub arrival: chrono::NaiveDate,
    serial: Cell<u32>,
}

impl<'a> Maker<'a> {
    pub fn new(
        document: &'a Document,
        things: &'a Things,
        word: &'a str,
        arrival: chrono::NaiveDate,
    ) -> Self {
        let serial = Cell::new(0);
        Self {
            document,
            things,
            word,
            arrival,
            serial,
        }
    }

    /// The plain request first, then one more for each optional id that its body takes.
    pub fn requests(&self, operation: &Operation) -> Vec<Request> {
        let Some(schema) = &operation.body else {
            return vec![self.request(operation, None, &[])];
        };
        let mut optional = Vec::new();
        self.optional_ids(schema, &mut Vec::new(), &mut optional);
        let ways = std::iter::once(Vec::new()).chain(optional);
        ways.map(|way| self.request(operation, Some(schema), &way))
            .collect()
    }

    /// The plain one.
    pub fn plain(&self, operation: &Operation) -> Request {
        self.request(operation, operation.body.as_ref(), &[])
    }

    fn request(&self, operation: &Operation, schema: Option<&Value>, way: &[String]) -> Request {
        let mut slots = Vec::new();
        let mut ids = BTreeMap::new();
        for (name, kind) in operation.path_ids() {
            ids.insert(name.to_owned(), self.thing(kind));
            slots.push(Slot {
                place: Place::Path(name.to_owned()),
                kind: kind.to_owned(),
            });
        }
        let mut query = BTreeMap::new();
        for parameter in &operation.query {
            let names = kind(&parameter.name).filter(|_| parameter.schema["format"] == "uuid");
            if let Some(kind) = names {
                slots.push(Slot {
                    place: Place::Query(parameter.name.clone()),
                    kind: kind.to_owned(),
                });
            }
            if parameter.required || names.is_some() {
                let value = self.value(&parameter.name, &parameter.schema, &[]);
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                query.insert(parameter.name.clone(), text);
            }
        }
        let body = schema.map(|schema| self.value("", schema, way));
        if let Some(body) = &body {
            body_slots(body, "", &mut slots);
        }
        Request {
            method: operation.method.clone(),
            pattern: operation.path.clone(),
            ids,
            query,
            body,
            slots,
        }
    }

    /// An id of this kind; a new one if this side has none.
    fn thing(&self, kind: &str) -> String {
        let known = self.things.get(kind).cloned();
        known.unwrap_or_else(|| Uuid::now_v7().to_string())
    }

    /// The ways down to ids that a body may name but need not.
    fn optional_ids(&self, schema: &Value, way: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
        let schema = self.document.resolve(schema);
        if schema["type"] == "array" {
            return self.optional_ids(&schema["items"], way, found);
        }
        let required = |name: &str| {
            schema["required"]
                .as_array()
                .is_some_and(|r| r.iter().any(|n| n == name))
        };
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            way.push(name.clone());
            if kind(name).is_some() && !required(name) {
                found.push(way.clone());
            } else if way.len() < 5 {
                self.optional_ids(property, way, found);
            }
            way.pop();
        }
    }

    fn value(&self, name: &str, schema: &Value, way: &[String]) -> Value {
        let titled = schema["$ref"]
            .as_str()
            .or(schema["allOf"][0]["$ref"].as_str())
            .unwrap_or_default();
        let schema = self.document.resolve(schema);
        if let Some(known) = self.known(name, schema) {
            return known;
        }
        match schema["type"].as_str() {
            Some("object") => self.object(titled, schema, way),
            Some("array") => json!([self.value(name, &schema["items"], way)]),
            Some("integer" | "number") => schema["minimum"]
                .as_f64()
                .map_or(1, |least| 1.max(least as i64))
                .into(),
            Some("boolean") => false.into(),
            Some("string") => self.text(schema),
            _ => json!({}),
        }
    }

    fn object(&self, titled: &str, schema: &Value, way: &[String]) -> Value {
        let required = schema["required"].as_array().into_iter().flatten();
        let mut names: Vec<&str> = required.filter_map(Value::as_str).collect();
        let (next, rest) = way
            .split_first()
            .map_or((None, way), |(n, rest)| (Some(n.as_str()), rest));
        let also = ALSO.iter().filter(|(_, of)| titled.ends_with(&format!("/{of}")));
        // One id takes the place of another field: a role of one's own that of a built-in one.
        names.extend(
            also.map(|(name, _)| *name)
                .filter(|name| next != Some(&format!("{name}_id"))),
        );
        names.extend(next);
        names.dedup();
        let fields = names.into_iter().map(|name| {
            let way = if next == Some(name) { rest } else { &[] };
            (
                name.to_owned(),
                self.value(name, &schema["properties"][name], way),
            )
        });
        Value::Object(fields.collect::<Map<_, _>>())
    }

    /// What the document's types do not tell.
    fn known(&self, name: &str, schema: &Value) -> Option<Value> {
        if schema["type"] == "array" && kind(name).is_some() {
            return Some(json!([self.value(name, &schema["items"], &[])]));
        }
        if schema["format"] == "uuid" {
            return Some(self.thing(kind(name)?).into());
        }
        let day = |nights| Some(json!(self.arrival + chrono::Days::new(nights)));
        let free = schema["enum"].is_null();
        match name {
            "from" | "arrival" | "date" if schema["format"] == "date" => day(0),
            "to" => day(1),
            "departure" => day(2),
            "currency" => Some("EUR".into()),
            "charge" => Some("per_stay".into()),
            "zone" => Some("Europe/Berlin".into()),
            "email" => Some(format!("{}@{}.example", self.number(), self.word).into()),
            "code" => Some(format!("K{:05}", self.number()).into()),
            "kind" if free => Some("hotel".into()),
            "protocol" => Some("webhook".into()),
            "permissions" | "scopes" => Some(json!(["read_inventory"])),
            "names" => Some(
                (0..3)
                    .map(|_| format!("{} {}", self.word, self.number()))
                    .collect(),
            ),
            _ => None,
        }
    }

    fn text(&self, schema: &Value) -> Value {
        if let Some(first) = schema["enum"].get(0) {
            return first.clone();
        }
        match schema["format"].as_str() {
            Some("date") => json!(self.arrival),
            Some("date-time") => json!(self.arrival.and_time(chrono::NaiveTime::MIN).and_utc()),
            Some("decimal") => "5.00".into(),
            Some("uuid") => Uuid::now_v7().to_string().into(),
            _ => format!("{} {}", self.word, self.number()).into(),
        }
    }

    fn number(&self) -> u32 {
        self.serial.set(self.serial.get() + 1);
        self.serial.get()
    }
}

/// Every id in a body, by its field's name; a list of ids has one.
fn body_slots(value: &Value, at: &str, slots: &mut Vec<Slot>) {
    if let Value::Array(items) = value {
        let each = items.iter().enumerate();
        each.for_each(|(i, item)| body_slots(item, &format!("{at}/{i}"), slots));
    }
    for (field, value) in value.as_object().into_iter().flatten() {
        let pointer = format!("{at}/{field}");
        let place = match value {
            Value::String(_) => pointer.clone(),
            Value::Array(_) => format!("{pointer}/0"),
            _ => String::new(),
        };
        match kind(field) {
            Some(kind) if !place.is_empty() => slots.push(Slot {
                place: Place::Body(place),
                kind: kind.to_owned(),
            }),
            _ => body_slots(value, &pointer, slots),
        }
    }
}
