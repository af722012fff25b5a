//! Holds a JSON body against its schema in the document, and names everything that does not fit at once:
//! poem-openapi stops at the first field, does not always name it, and takes a number for text.

use crate::api::error::Place;
use serde_json::Value;

/// Nobody mends more at once.
const MOST: usize = 20;

/// What the document says: the schemas of bodies, and the methods each path takes.
#[derive(Default)]
pub struct Shapes {
    schemas: Value,
    /// Path templates, and the methods each takes.
    methods: Vec<(String, Vec<String>)>,
}

impl Shapes {
    pub fn new(document: &Value) -> Self {
        let paths = document["paths"].as_object().into_iter().flatten();
        let taken = |p: &Value| {
            p.as_object()
                .into_iter()
                .flatten()
                .map(|(m, _)| m.to_uppercase())
                .collect()
        };
        Self {
            schemas: document["components"]["schemas"].clone(),
            methods: paths.map(|(path, p)| (path.clone(), taken(p))).collect(),
        }
    }

    /// The methods a path takes, as the `Allow` header of a 405 lists them.
    pub fn allowed(&self, path: &str) -> Option<String> {
        let fits = |template: &str| {
            let (mut a, mut b) = (template.split('/'), path.split('/'));
            loop {
                match (a.next(), b.next()) {
                    (None, None) => return true,
                    (Some(t), Some(p)) if t == p || t.starts_with('{') => {}
                    _ => return false,
                }
            }
        };
        let (_, methods) = self.methods.iter().find(|(template, _)| fits(template))?;
        Some(methods.join(", "))
    }

    /// Where the value differs from the schema of this name. Patterns are left to the DTO's own validators.
    pub fn misfits(&self, schema: &str, value: &Value) -> Vec<Place> {
        let mut places = Vec::new();
        self.walk(&self.schemas[schema], value, "", &mut places);
        places.truncate(MOST);
        places
    }

    fn walk(&self, schema: &Value, value: &Value, at: &str, out: &mut Vec<Place>) {
        if let Some(name) = schema["$ref"].as_str().and_then(|r| r.rsplit('/').next()) {
            return self.walk(&self.schemas[name], value, at, out);
        }
        for part in schema["allOf"].as_array().into_iter().flatten() {
            self.walk(part, value, at, out);
        }
        match schema["type"].as_str() {
            Some("object") => self.object(schema, value, at, out),
            Some("array") => self.array(schema, value, at, out),
            Some("string") => string(schema, value, at, out),
            Some("integer") if !value.is_i64() && !value.is_u64() => {
                wrong(at, "expected a whole number", out)
            }
            Some("boolean") if !value.is_boolean() => wrong(at, "expected true or false", out),
            _ => {}
        }
    }

    fn object(&self, schema: &Value, value: &Value, at: &str, out: &mut Vec<Place>) {
        let Some(fields) = value.as_object() else {
            return wrong(at, "expected an object", out);
        };
        let required = schema["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str);
        for name in required.filter(|n| fields.get(*n).is_none_or(Value::is_null)) {
            out.push(Place::new(
                join(at, name),
                "missing_field",
                "this field is required",
            ));
        }
        for (name, value) in fields {
            match schema["properties"].get(name) {
                Some(schema) if !value.is_null() => self.walk(schema, value, &join(at, name), out),
                None if schema["additionalProperties"] == false => {
                    out.push(Place::new(
                        join(at, name),
                        "unknown_field",
                        "there is no such field",
                    ));
                }
                _ => {}
            }
        }
    }

    fn array(&self, schema: &Value, value: &Value, at: &str, out: &mut Vec<Place>) {
        let Some(items) = value.as_array() else {
            return wrong(at, "expected a list", out);
        };
        length(schema, ("minItems", "maxItems"), items.len(), "items", at, out);
        for (i, item) in items.iter().enumerate() {
            self.walk(&schema["items"], item, &join(at, &i.to_string()), out);
        }
    }
}

fn string(schema: &Value, value: &Value, at: &str, out: &mut Vec<Place>) {
    let Some(text) = value.as_str() else {
        return wrong(at, "expected text", out);
    };
    length(
        schema,
        ("minLength", "maxLength"),
        text.chars().count(),
        "characters",
        at,
        out,
    );
    let invalid = |what: &str| Place::new(at.to_owned(), "invalid_value", format!("expected {what}"));
    match schema["format"].as_str() {
        Some("uuid") if text.parse::<uuid::Uuid>().is_err() => out.push(invalid("a UUID")),
        Some("date") if text.parse::<chrono::NaiveDate>().is_err() => out.push(invalid("a date, YYYY-MM-DD")),
        _ => {}
    }
    if schema["enum"].as_array().is_some_and(|all| !all.contains(value)) {
        out.push(invalid(&format!("one of {}", schema["enum"])));
    }
}

fn length(schema: &Value, limits: (&str, &str), n: usize, what: &str, at: &str, out: &mut Vec<Place>) {
    let limit = |name: &str| schema[name].as_u64().and_then(|l| usize::try_from(l).ok());
    let (least, most) = (
        limit(limits.0).unwrap_or(0),
        limit(limits.1).unwrap_or(usize::MAX),
    );
    if n < least || n > most {
        let detail = if n < least {
            format!("at least {least} {what}")
        } else {
            format!("at most {most} {what}")
        };
        out.push(Place::new(at.to_owned(), "out_of_range", detail));
    }
}

fn wrong(at: &str, detail: &str, out: &mut Vec<Place>) {
    out.push(Place::new(at.to_owned(), "wrong_type", detail));
}

/// RFC 6901.
fn join(at: &str, name: &str) -> String {
    format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn places(schema: &str, body: &Value) -> Vec<(String, String)> {
        let shapes = Shapes::new(&crate::openapi::document().unwrap());
        let places = shapes.misfits(schema, body);
        places.into_iter().map(|p| (p.pointer, p.code)).collect()
    }

    #[test]
    fn everything_wrong_is_named_at_once() {
        let body = json!({
            "property_id": "x", "bookre": 1, "rooms": [{"arrival": "2027-02-30", "adults": "two", "a/b": 1}], "notes": 5,
        });
        let mut found = places("NewBooking", &body);
        found.sort();
        let expected = [
            ("/booker", "missing_field"),
            ("/bookre", "unknown_field"),
            ("/notes", "wrong_type"),
            ("/property_id", "invalid_value"),
            ("/rooms/0/adults", "wrong_type"),
            ("/rooms/0/arrival", "invalid_value"),
            ("/rooms/0/a~1b", "unknown_field"),
            ("/rooms/0/departure", "missing_field"),
            ("/rooms/0/rate_plan_id", "missing_field"),
            ("/rooms/0/unit_type_id", "missing_field"),
        ];
        assert_eq!(found, expected.map(|(p, c)| (p.to_owned(), c.to_owned())));
    }

    #[test]
    fn a_path_knows_its_methods() {
        let shapes = Shapes::new(&crate::openapi::document().unwrap());
        assert_eq!(shapes.allowed("/v1/bookings").unwrap(), "GET, POST");
        assert_eq!(shapes.allowed("/v1/bookings/7/actions/cancel").unwrap(), "POST");
        assert_eq!(shapes.allowed("/v1/bookings/7/actions"), None);
    }

    #[test]
    fn what_is_fine_is_not_mentioned() {
        let body = json!({"name": "Seaview", "kind": "hotel", "zone": "Europe/Berlin", "currency": "EUR"});
        assert_eq!(places("NewProperty", &body), []);
        assert_eq!(places("AriChange", &json!({})), []);
        assert_eq!(
            places("AriChange", &json!([])),
            [(String::new(), "wrong_type".to_owned())]
        );
    }
}
