//! The OpenAPI document: what poem-openapi knows of the code, mended once so that validators and client generators
//! accept it, and completed with the answers that come from conventions instead of handlers.

mod conventions;
pub mod webhooks;

use crate::api::{Everything, everything};
use crate::rights::{self, Needs, TABLE};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use poem::endpoint::make_sync;
use poem::http::header;
use poem::web::Html;
use poem::{Endpoint, IntoResponse, Response};
use poem_openapi::OpenApiService;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

const ABOUT: &str = "\
Innkeep: properties, prices, bookings and channels, in step.

Conventions: JSON in lower_snake_case; unknown fields are refused; dates are `YYYY-MM-DD`, instants RFC 3339 UTC, money
`{\"amount\": \"123.45\", \"currency\": \"EUR\"}`. Lists take `limit` and `cursor`. PATCH: absent = leave, null = clear.
Every error is `application/problem+json` with a stable `code`. Send `Idempotency-Key` with unsafe requests to make
repeating them safe for 72 hours, and `If-Match` with the `ETag` you saw to change only that version.";

pub fn service() -> OpenApiService<Everything, ()> {
    OpenApiService::new(everything(), "Innkeep", env!("CARGO_PKG_VERSION"))
        .description(ABOUT)
        .server("/")
}

/// The finished document; keys are sorted, so that it only changes when the API does.
pub fn document() -> serde_json::Result<Value> {
    document_of(TABLE)
}

/// The document of an installation with another rights table.
pub fn document_of(table: &[(&str, Needs)]) -> serde_json::Result<Value> {
    let spec = service().webhooks::<webhooks::Pushed>().spec();
    let mut document: Value = serde_json::from_str(&spec)?;
    document["openapi"] = "3.0.3".into();
    // What 3.1 calls `webhooks` is an extension in 3.0.
    if let Some(webhooks) = document.as_object_mut().and_then(|d| d.remove("webhooks")) {
        document["x-webhooks"] = webhooks;
    }
    mend(&mut document);
    conventions::complete(&mut document);
    document["paths"]["/alpinebits"]["post"]["requestBody"]["content"] = form();
    rights::describe(&mut document, table);
    Ok(document)
}

/// What the code reads by itself, because it may be packed as a whole.
fn form() -> Value {
    let text = |description: &str| json!({"type": "string", "description": description});
    let fields = json!({
        "action": text("For example `OTA_Ping:Handshaking`."),
        "request": text("The message, in XML."),
    });
    let schema = json!({"type": "object", "required": ["action", "request"], "properties": fields});
    json!({"multipart/form-data": {"schema": schema}})
}

/// As `innkeep openapi` prints it and as it is committed: pretty, sorted, one newline at the end.
pub fn text() -> serde_json::Result<String> {
    Ok(serde_json::to_string_pretty(&sorted(document()?))? + "\n")
}

/// poem-openapi's own names for formats become OpenAPI's, and media types lose the charset that JSON does not have.
fn mend(value: &mut Value) {
    match value {
        Value::Object(map) => {
            if let Some(Value::String(format)) = map.get_mut("format")
                && let Some(standard) = format.strip_prefix("naive-")
            {
                *format = standard.to_owned();
            }
            if let Some(json) = map.remove("application/json; charset=utf-8") {
                map.insert("application/json".into(), json);
            }
            map.values_mut().for_each(mend);
        }
        Value::Array(items) => items.iter_mut().for_each(mend),
        _ => {}
    }
}

/// serde_json keeps keys in order of insertion when any crate of the build asks for that.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.into_iter().map(|(k, v)| (k, sorted(v))).collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(entries.into_iter().collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}

/// `/openapi.json`.
pub fn endpoint(text: String) -> impl Endpoint {
    make_sync(move |_| {
        Response::builder()
            .content_type("application/json")
            .body(text.clone())
    })
}

/// `/docs`: the bundled Swagger UI over the finished document.
pub fn docs(text: &str) -> impl Endpoint + use<> {
    let page = OpenApiService::new((), "Innkeep", "").swagger_ui_html();
    // The page carries its document inline; ours takes the place of the unfinished one.
    let page = match (page.find("let spec = "), page.find("let oauth2RedirectUrl")) {
        (Some(from), Some(to)) if from < to => {
            // Inside a script element `</` could end it.
            let text = text.replace("</", "<\\/");
            format!("{}let spec = {text};\n    {}", &page[..from], &page[to..])
        }
        _ => page,
    };
    let policy = policy(&page);
    make_sync(move |_| Html(page.clone()).with_header(header::CONTENT_SECURITY_POLICY, policy.clone()))
}

/// Lets the page's own scripts run, by their hashes, and nothing else.
fn policy(page: &str) -> String {
    let scripts = page.split("<script").skip(1).filter_map(|after| {
        let (_, script) = after.split_once('>')?;
        let (script, _) = script.split_once("</script>")?;
        Some(format!("'sha256-{}'", STANDARD.encode(Sha256::digest(script))))
    });
    let scripts = scripts.collect::<Vec<_>>().join(" ");
    format!(
        "default-src 'none'; script-src {scripts}; style-src 'unsafe-inline'; img-src 'self' data:; font-src data:; \
         connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use innkeep_integrations::open_webhook::ari;
    use innkeep_integrations::standard_webhooks;

    fn operations(document: &Value) -> Vec<&Value> {
        let paths = document["paths"].as_object().unwrap().values();
        paths.flat_map(|p| p.as_object().unwrap().values()).collect()
    }

    #[test]
    fn the_document_is_openapi_3_0_3_and_stable() {
        let text = text().unwrap();
        assert_eq!(text, super::text().unwrap());
        assert!(text.ends_with("}\n") && !text.contains("naive-") && !text.contains("charset"));
        let document = document().unwrap();
        assert_eq!(document["openapi"], "3.0.3");
        assert_eq!(document["servers"][0]["url"], "/");
    }

    #[test]
    fn every_operation_has_an_id_and_says_how_it_fails() {
        let document = document().unwrap();
        for operation in operations(&document) {
            let id = operation["operationId"].as_str().expect("operationId");
            let problems = operation["responses"].as_object().unwrap();
            for status in ["400", "414", "429", "431", "500", "503"] {
                assert!(problems.contains_key(status), "{id}: {status}");
            }
            let content = &problems["500"]["content"]["application/problem+json"]["schema"]["$ref"];
            assert_eq!(content, "#/components/schemas/Problem", "{id}");
        }
    }

    #[test]
    fn what_names_another_thing_by_its_id_may_not_find_it() {
        let document = document().unwrap();
        let not_found = |id: &str| {
            let operation = operations(&document).into_iter().find(|o| o["operationId"] == id);
            !operation.expect("operation")["responses"]["404"].is_null()
        };
        // In the path, in the query, in the body, deep in the body; in none of them.
        for id in ["get_booking", "get_dashboard", "switch_tenant", "create_quote"] {
            assert!(not_found(id), "{id}");
        }
        assert!(!not_found("list_properties") && !not_found("create_property"));
    }

    #[test]
    fn a_status_with_a_shape_of_its_own_can_still_be_a_problem() {
        let document = document().unwrap();
        let answer = &document["paths"]["/v1/auth/token"]["post"]["responses"]["400"]["content"];
        assert!(!answer["application/json"].is_null() && !answer["application/problem+json"].is_null());
    }

    #[test]
    fn every_path_parameter_is_named_and_described() {
        let document = document().unwrap();
        for (path, operations) in document["paths"].as_object().unwrap() {
            assert!(!path.contains(':'), "{path}");
            for operation in operations.as_object().unwrap().values() {
                let described = operation["parameters"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter(|p| p["in"] == "path");
                let described: Vec<_> = described
                    .map(|p| format!("{{{}}}", p["name"].as_str().unwrap()))
                    .collect();
                let named: Vec<_> = path.split('/').filter(|s| s.starts_with('{')).collect();
                assert_eq!(described, named, "{path}");
            }
        }
    }

    #[test]
    fn only_the_listed_operations_are_open() {
        let document = document().unwrap();
        let open = operations(&document)
            .into_iter()
            .filter(|o| o["security"].as_array().is_none_or(Vec::is_empty));
        let mut open: Vec<_> = open.map(|o| o["operationId"].as_str().unwrap()).collect();
        open.sort_unstable();
        assert_eq!(open, conventions::OPEN);
    }

    #[test]
    fn what_is_posted_to_others_is_in_the_document_with_its_signature() {
        let document = document().unwrap();
        assert!(document["webhooks"].is_null());
        let webhooks = document["x-webhooks"].as_object().unwrap();
        let names: Vec<_> = webhooks.keys().map(String::as_str).collect();
        assert_eq!(names, [ari::AVAILABILITY, ari::RATES]);
        for (name, webhook) in webhooks {
            let operation = &webhook["post"];
            let headers = operation["parameters"].as_array().unwrap().iter();
            let headers: Vec<_> = headers.map(|h| (&h["name"], &h["in"], &h["required"])).collect();
            let expected = [
                standard_webhooks::ID,
                standard_webhooks::TIMESTAMP,
                standard_webhooks::SIGNATURE,
            ];
            let expected = expected.map(|header| (json!(header), json!("header"), json!(true)));
            assert_eq!(headers, expected.each_ref().map(|(a, b, c)| (a, b, c)), "{name}");
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"]["$ref"];
            let message = schema.as_str().unwrap().rsplit('/').next().unwrap();
            let message = &document["components"]["schemas"][message]["properties"];
            assert_eq!(message["currency"].is_null(), name != ari::RATES, "{name}");
            let values = message["values"]["items"]["$ref"].as_str().unwrap();
            let value = values.rsplit('/').next().unwrap();
            let value = &document["components"]["schemas"][value]["properties"];
            assert_eq!(
                (&value["from"]["format"], value["to"].is_null()),
                (&json!("date"), false)
            );
        }
    }

    #[test]
    fn the_docs_page_carries_the_finished_document() {
        let page = OpenApiService::new((), "", "").swagger_ui_html();
        assert!(page.contains("let spec = ") && page.contains("let oauth2RedirectUrl"));
    }
}
