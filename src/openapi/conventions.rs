//! What every operation can answer by convention, added to the document: problems by status, the security
//! requirement, the `Idempotency-Key` parameter, and what request bodies refuse and allow.

use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Operations that need no credential, in order. A test compares this list with the document.
#[cfg(test)]
pub const OPEN: &[&str] = &[
    "accept_invitation",
    "begin_passkey_log_in",
    "exchange_alpinebits",
    "forgot_password",
    "get_liveness",
    "get_readiness",
    "issue_token",
    "log_in",
    "log_in_operator",
    "log_in_with_passkey",
    "log_out",
    "read_channel_ari",
    "read_unit_calendar",
    "receive_channel_message",
    "refresh",
    "register",
    "reset_password",
    "verify_email",
    "verify_second_factor",
];

/// Reads that ask what a channel may not be in a state to answer.
const ASKS_A_CHANNEL: &[&str] = &[
    "get_channel_availability_rules",
    "list_remote_products",
    "read_channel_ari",
];

/// Unsafe by method, but no answer is kept of them: repeating them changes nothing, or they belong to no tenant and
/// answer with secrets that are shown once.
const REPEATABLE: &[&str] = &[
    "begin_passkey_enrolment",
    "change_password",
    "confirm_totp",
    "delete_calendar_connection",
    "delete_role",
    "disable_account",
    "disable_totp",
    "enable_account",
    "enrol_totp",
    "export_guest",
    "finish_passkey_enrolment",
    "remove_passkey",
    "remove_user",
    "replace_recovery_codes",
    "resume_tenant",
    "revoke_session",
    "suspend_tenant",
    "switch_tenant",
    "test_channel_connection",
];

/// Fields of changes that always have a value: `null` is refused (`patch::required`). Every other optional field of a
/// request takes it, for "none" in a change and for "not given" elsewhere; poem-openapi says so of neither.
const KEPT: &[(&str, &[&str])] = &[
    ("CalendarConnectionChange", &["name"]),
    ("CompanyChange", &["active", "name"]),
    ("ExtraChange", &["active", "name", "price"]),
    ("GroupChange", &["arrival", "code", "departure", "name", "status"]),
    ("GuestChange", &["last_name", "preferences", "vip"]),
    ("HousekeepingTaskChange", &["date", "done", "title"]),
    ("MaintenanceChange", &["from", "reason", "to"]),
    (
        "PolicyChange",
        &[
            "active",
            "cancellation",
            "deposit_percent",
            "name",
            "no_show",
            "text",
        ],
    ),
    ("PromoCodeChange", &["active", "name"]),
    ("PropertyChange", &["check_in", "check_out", "name", "zone"]),
    ("RatePlanChange", &["name"]),
    ("RoleChange", &["name", "permissions"]),
    ("TaxFeeChange", &["active", "name", "value"]),
    ("UnitChange", &["features", "name", "position"]),
    ("UnitTypeChange", &["active", "max_occupancy", "name"]),
];

/// Media type of every refusal.
const PROBLEM: &str = "application/problem+json";

pub fn complete(document: &mut Value) {
    for name in asked_for(document) {
        request_schema(&name, &mut document["components"]["schemas"][&name]);
    }
    document["components"]["schemas"]["Problem"] = problem_schema();
    let naming = naming(document);
    let Some(paths) = document["paths"].as_object_mut() else {
        return;
    };
    for (path, operations) in paths {
        for (method, operation) in operations.as_object_mut().into_iter().flatten() {
            let id = operation["operationId"].as_str().unwrap_or_default();
            let names = naming.contains(id);
            operation_conventions(path, method, names, operation);
        }
    }
}

fn operations(document: &Value) -> impl Iterator<Item = &Value> {
    let paths = document["paths"].as_object().into_iter().flat_map(|p| p.values());
    paths.filter_map(Value::as_object).flat_map(|p| p.values())
}

/// The values and all that is in them, through references, each schema once.
fn parts<'a>(document: &'a Value, mut open: Vec<&'a Value>) -> Vec<&'a Value> {
    let (mut names, mut found) = (BTreeSet::new(), Vec::new());
    while let Some(value) = open.pop() {
        if let Some(name) = named(value)
            && names.insert(name)
        {
            open.push(&document["components"]["schemas"][name]);
        }
        match value {
            Value::Object(map) => open.extend(map.values()),
            Value::Array(items) => open.extend(items),
            _ => {}
        }
        found.push(value);
    }
    found
}

/// The schema a reference leads to.
fn named(value: &Value) -> Option<&str> {
    value["$ref"].as_str()?.strip_prefix("#/components/schemas/")
}

/// Names of the schemas that request bodies are made of.
fn asked_for(document: &Value) -> BTreeSet<String> {
    let bodies = operations(document).map(|o| &o["requestBody"]).collect();
    let parts = parts(document, bodies);
    parts.into_iter().filter_map(named).map(str::to_owned).collect()
}

/// Ids of the operations whose parameters or body name something by its id.
fn naming(document: &Value) -> BTreeSet<String> {
    let names = |operation: &&Value| {
        let parts = parts(
            document,
            vec![&operation["parameters"], &operation["requestBody"]],
        );
        parts.into_iter().any(|p| p["format"] == "uuid")
    };
    let ids = operations(document)
        .filter(names)
        .filter_map(|o| o["operationId"].as_str());
    ids.map(str::to_owned).collect()
}

/// Unknown fields are refused. A `default` becomes words: generators take it for "always there" and demand the field.
fn request_schema(name: &str, schema: &mut Value) {
    if schema["type"] != "object" {
        return;
    }
    schema["additionalProperties"] = false.into();
    let required = schema["required"].clone();
    let optional = |field: &String| !required.as_array().is_some_and(|r| r.iter().any(|n| n == field));
    let fields = schema["properties"].as_object_mut().into_iter().flatten();
    for (field, property) in fields.filter(|(field, _)| optional(field)) {
        let Some(property) = property.as_object_mut() else {
            continue;
        };
        let kept = KEPT.iter().find(|(change, _)| *change == name);
        if !kept.is_some_and(|(_, fields)| fields.contains(&field.as_str())) {
            nullable(property);
        }
        if let Some(default) = property.remove("default").filter(|d| *d != json!([])) {
            let said = property
                .get("description")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let said = format!("{said} Default: {default}.").trim_start().to_owned();
            property.insert("description".into(), said.into());
        }
    }
}

/// What stands beside a `$ref` is not read (OpenAPI 3.0), so that the reference moves inside.
fn nullable(property: &mut Map<String, Value>) {
    if let Some(reference) = property.remove("$ref") {
        property.insert("allOf".into(), json!([{ "$ref": reference }]));
    }
    property.insert("nullable".into(), true.into());
}

/// `names`: it names something by its id, which may not be there.
fn operation_conventions(path: &str, method: &str, names: bool, operation: &mut Value) {
    let secured = operation["security"].as_array().is_some_and(|s| !s.is_empty());
    let unsafe_method = method != "get";
    let log_in = path.contains("/auth/");
    let signed = path.starts_with("/hooks/");
    if !secured {
        operation["security"] = json!([]);
    }
    let mut parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
    let asks_a_channel = ASKS_A_CHANNEL.iter().any(|id| operation["operationId"] == *id);
    let repeatable = REPEATABLE.iter().any(|id| operation["operationId"] == *id);
    if secured && unsafe_method && !repeatable {
        parameters.push(idempotency_key());
    }
    let if_match = parameters.iter().any(|p| p["name"] == "If-Match");
    let has_query = parameters.iter().any(|p| p["in"] == "query");
    operation["parameters"] = parameters.into();
    let has_body = !operation["requestBody"].is_null();
    let can = [
        (
            400,
            true,
            "The request cannot be read: `invalid_body`, `invalid_parameter`.",
        ),
        (
            401,
            secured || log_in || signed,
            "Who are you: `missing_credentials`, `token_expired`, `invalid_signature`, …",
        ),
        (403, secured || log_in, "Your role may not: `missing_permission`."),
        (
            404,
            path.contains('{') || (secured && names),
            "There is no such thing, or it is not yours: `not_found`.",
        ),
        (
            409,
            (unsafe_method && (secured || log_in)) || asks_a_channel,
            "Not in the present state of things: `no_availability`, `code_taken`, …",
        ),
        (412, if_match, "Someone changed it since: `stale_version`."),
        (413, unsafe_method, "The body is too large: `body_too_large`."),
        (414, true, "The path and query are too long: `uri_too_long`."),
        (415, has_body, "Not JSON: `unsupported_media_type`."),
        (
            422,
            (secured && (unsafe_method || has_query)) || log_in || signed,
            "A rule refuses it: see `code` and `errors`.",
        ),
        (
            429,
            true,
            if log_in {
                "Too many failed attempts (`too_many_attempts`) or requests (`rate_limited`, `too_many_at_once`)."
            } else {
                "Too many requests a minute (`rate_limited`) or at once (`too_many_at_once`)."
            },
        ),
        (
            431,
            true,
            "Too many header lines, or too long ones: `headers_too_large`.",
        ),
        (500, true, "Our fault: `internal_error`."),
        (
            503,
            true,
            "Too much is going on; `Retry-After` says when to try again: `try_again`, `timed_out`.",
        ),
    ];
    for (status, possible, description) in can {
        let answer = &mut operation["responses"][status.to_string()];
        if possible && answer.is_null() {
            *answer = problem_response(status, description);
        } else if possible {
            // Handlers may have a shape of their own for it; what is refused before them has this one.
            answer["content"][PROBLEM] = json!({"schema": {"$ref": "#/components/schemas/Problem"}});
        }
    }
    // Indexing a Value makes what it looks for.
    if let Some(responses) = operation["responses"].as_object_mut() {
        responses.retain(|_, r| !r.is_null());
    }
    if let Some(fields) = operation.as_object_mut() {
        fields.retain(|_, v| !v.is_null());
    }
}

fn idempotency_key() -> Value {
    json!({
        "name": "Idempotency-Key",
        "in": "header",
        "description": "Makes repeating the request safe for 72 hours: the same request gets the first answer again.",
        "required": false,
        "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    })
}

fn problem_response(status: u16, description: &str) -> Value {
    let mut response = json!({
        "description": description,
        "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    });
    if status == 503 || status == 429 {
        let seconds = json!({"description": "Seconds.", "schema": {"type": "integer"}});
        response["headers"] = json!({ "Retry-After": seconds });
    }
    if status == 429 {
        let text = |description: &str| json!({"description": description, "schema": {"type": "string"}});
        response["headers"]["RateLimit"] =
            text("What is left of each quota (`r`), and the seconds until all of it is back (`t`).");
        response["headers"]["RateLimit-Policy"] =
            text("Each quota's requests (`q`) in so many seconds (`w`).");
    }
    response
}

/// `api::error::Problem`, which is written by serde and so unknown to poem-openapi.
fn problem_schema() -> Value {
    let text = |description: &str| json!({"type": "string", "description": description});
    json!({
        "type": "object",
        "description": "What went wrong (RFC 9457).",
        "required": ["type", "title", "status", "detail", "code", "request_id"],
        "properties": {
            "type": text("`about:blank`: `code` says which problem it is."),
            "title": text("The status in words."),
            "status": {"type": "integer", "format": "int32"},
            "detail": text("For people; may change."),
            "code": text("For programs; stable, lower_snake_case."),
            "request_id": text("Names this request in the logs."),
            "errors": {
                "type": "array",
                "description": "Where in the request the problem lies.",
                "items": {
                    "type": "object",
                    "required": ["pointer", "code", "detail"],
                    "properties": {
                        "pointer": text("JSON pointer into the body, or a parameter's name."),
                        "code": text("As above."),
                        "detail": text("As above."),
                    },
                },
            },
        },
    })
}
