//! What generated requests may refer to, so that they get past "there is no such thing": ids of what is there, nights
//! that are on sale, and words that mean something.

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Dictionaries by name; names are the plural words of the paths.
pub type Words = BTreeMap<String, Vec<String>>;

/// How often a value comes from its dictionary, where it has one; otherwise it is made up, or taken from an answer.
const OFTEN: f64 = 0.7;

/// The dictionary of a field or parameter of this name.
const BY_NAME: [(&str, &str); 37] = [
    ("agent_id", "companies"),
    ("arrival", "first-nights"),
    ("assignee_id", "users"),
    ("base_url", "base-urls"),
    ("company_id", "companies"),
    ("country", "countries"),
    ("currency", "currencies"),
    ("cutoff", "first-nights"),
    ("date", "first-nights"),
    ("departure", "last-nights"),
    ("email", "emails"),
    ("extra_id", "extras"),
    ("from", "first-nights"),
    ("group_id", "groups"),
    ("guest_id", "guests"),
    ("iata_code", "iata-codes"),
    ("issuing_country", "countries"),
    ("language", "languages"),
    ("maintenance_id", "maintenance"),
    ("nationality", "countries"),
    ("other_id", "guests"),
    ("parent_id", "rate-plans"),
    ("plan_id", "rate-plans"),
    ("policy_id", "policies"),
    ("promo_code_id", "promo-codes"),
    ("property_id", "properties"),
    ("quote_id", "quotes"),
    ("rate_plan_id", "rate-plans"),
    ("role_id", "roles"),
    ("task_id", "housekeeping-tasks"),
    ("tax_fee_id", "taxes-and-fees"),
    ("tenant_id", "tenants"),
    ("to", "last-nights"),
    ("token", "hooks"),
    ("unit_id", "units"),
    ("unit_type_id", "unit-types"),
    ("zone", "zones"),
];

/// The dictionaries, and which parameter and field draws from which, as TOML.
pub fn toml(document: &Value, words: &Words) -> Result<String, std::fmt::Error> {
    let mut out = String::from("[dictionaries]\n");
    for (name, values) in words {
        writeln!(out, "{name} = {{ values = {} }}", json!(values))?;
    }
    let there = |name: &str| {
        let (_, dictionary) = BY_NAME.iter().find(|(n, _)| *n == name)?;
        words.contains_key(*dictionary).then_some(*dictionary)
    };
    let draw = |dictionary: &str| format!("{{ dictionary = {dictionary:?}, probability = {OFTEN} }}");
    out.push_str("[parameters]\n");
    for (place, name) in places(document) {
        if let Some(dictionary) = there(&name) {
            writeln!(out, "{place:?} = {}", draw(dictionary))?;
        }
    }
    // `{id}` is whatever the segment before it says.
    for dictionary in words.keys() {
        let before = format!("/{dictionary}/{{id}}");
        let paths = document["paths"].as_object().into_iter().flatten();
        let paths: Vec<&String> = paths
            .map(|(path, _)| path)
            .filter(|p| p.contains(&before))
            .collect();
        if !paths.is_empty() {
            let draw = draw(dictionary);
            writeln!(out, "[[operations]]\ninclude-path = {}", json!(paths))?;
            writeln!(out, "parameters = {{ \"path.id\" = {draw} }}")?;
        }
    }
    Ok(out)
}

/// Every parameter and every field of a body, as Schemathesis writes their places, with their names.
fn places(document: &Value) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    let paths = document["paths"].as_object().into_iter().flat_map(|p| p.values());
    for operation in paths.filter_map(Value::as_object).flat_map(|p| p.values()) {
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            if let (Some(place), Some(name)) = (parameter["in"].as_str(), parameter["name"].as_str()) {
                found.insert((format!("{place}.{name}"), name.to_owned()));
            }
        }
        for content in operation["requestBody"]["content"]
            .as_object()
            .into_iter()
            .flatten()
        {
            fields(document, &content.1["schema"], "body", "", &mut found);
        }
    }
    found
}

fn fields(document: &Value, schema: &Value, place: &str, name: &str, found: &mut BTreeSet<(String, String)>) {
    if let Some(at) = schema["$ref"].as_str().and_then(|r| r.strip_prefix('#')) {
        let target = document.pointer(at).unwrap_or(&Value::Null);
        return fields(document, target, place, name, found);
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        fields(document, part, place, name, found);
    }
    for (field, schema) in schema["properties"].as_object().into_iter().flatten() {
        fields(document, schema, &format!("{place}.{field}"), field, found);
    }
    if schema["type"] == "array" {
        // A list is named in the plural.
        let one = name.strip_suffix('s').unwrap_or(name);
        fields(document, &schema["items"], &format!("{place}[*]"), one, found);
    }
    if schema["type"] == "string" {
        found.insert((place.to_owned(), name.to_owned()));
    }
}
