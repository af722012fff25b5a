//! What generated requests may refer to, so that they get past "there is no such thing": ids of what is there, nights
//! that are on sale, and words that mean something.

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Dictionaries by name; those of ids are named by the segment of a path.
pub type Words = BTreeMap<String, Vec<Value>>;

/// How often a value comes from its dictionary, where it has one; otherwise it is made up, or taken from an answer.
const OFTEN: f64 = 0.9;

/// The dictionary of whole numbers and decimals: entries that do not fit the field are passed over.
const NUMBERS: &str = "numbers";

/// The dictionary of a field or parameter of this name.
const BY_NAME: [(&str, &str); 51] = [
    ("agent_id", "companies"),
    ("arrival", "first-nights"),
    ("assignee_id", "users"),
    ("base_url", "base-urls"),
    ("check_in", "hours"),
    ("check_out", "hours"),
    ("code", "codes"),
    ("company_id", "companies"),
    ("country", "countries"),
    ("currency", "currencies"),
    ("cutoff", "first-nights"),
    ("date", "first-nights"),
    ("departure", "last-nights"),
    ("email", "emails"),
    ("extra_id", "extras"),
    ("first_name", "names"),
    ("from", "first-nights"),
    ("group_id", "groups"),
    ("guest_id", "guests"),
    ("guest_name", "names"),
    ("iata_code", "iata-codes"),
    ("issuing_country", "countries"),
    ("kind", "kinds"),
    ("language", "languages"),
    ("last_name", "names"),
    ("maintenance_id", "maintenance"),
    ("name", "names"),
    ("nationality", "countries"),
    ("other_id", "guests"),
    ("parent_id", "rate-plans"),
    ("password", "passwords"),
    ("permission", "permissions"),
    ("phone", "phones"),
    ("plan_id", "rate-plans"),
    ("policy_id", "policies"),
    ("promo_code", "promo-words"),
    ("promo_code_id", "promo-codes"),
    ("property_id", "properties"),
    ("protocol", "protocols"),
    ("quote_id", "quotes"),
    ("rate_plan_id", "rate-plans"),
    ("role_id", "roles"),
    ("scope", "permissions"),
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
    let draw = |dictionary: &str| format!("{{ dictionary = {dictionary:?}, probability = {OFTEN} }}");
    out.push_str("[parameters]\n");
    for (place, dictionary) in places(document) {
        if words.contains_key(dictionary) {
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

/// Every parameter and every field of a body that has a dictionary: its place, as Schemathesis writes it, and which.
fn places(document: &Value) -> BTreeSet<(String, &'static str)> {
    let mut found = BTreeSet::new();
    let paths = document["paths"].as_object().into_iter().flat_map(|p| p.values());
    for operation in paths.filter_map(Value::as_object).flat_map(|p| p.values()) {
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            if let (Some(place), Some(name)) = (parameter["in"].as_str(), parameter["name"].as_str()) {
                let place = format!("{place}.{name}");
                fields(document, &parameter["schema"], &place, name, &mut found);
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

fn fields(
    document: &Value,
    schema: &Value,
    place: &str,
    name: &str,
    found: &mut BTreeSet<(String, &'static str)>,
) {
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
    let by_name = BY_NAME.iter().find(|(n, _)| *n == name);
    let number = schema["type"] == "integer" || schema["format"] == "decimal";
    let dictionary = match by_name {
        Some((_, dictionary)) if schema["type"] == "string" => Some(*dictionary),
        _ => number.then_some(NUMBERS),
    };
    if let Some(dictionary) = dictionary {
        found.insert((place.to_owned(), dictionary));
    }
}
