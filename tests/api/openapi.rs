//! `/openapi.json` and `/docs`.

use crate::support::Server;
use serde_json::Value;
use std::collections::BTreeSet;

/// Who calls these is asked for no token: they hand one out, are watched by machines, or carry a secret in the path.
const OPEN: [&str; 19] = [
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

fn operations(document: &Value) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            found.push((format!("{method} {path}"), operation.clone()));
        }
    }
    found
}

#[tokio::test]
async fn every_operation_says_who_it_is_who_may_call_it_and_how_it_fails() {
    let server = Server::start().await;
    let document = server.nobody().get("/openapi.json").await.is(200).body;
    let operations = operations(&document);
    assert!(operations.len() > 30, "{}", operations.len());
    let mut ids = BTreeSet::new();
    let mut open = BTreeSet::new();
    for (name, operation) in &operations {
        let id = operation["operationId"]
            .as_str()
            .unwrap_or_else(|| unreachable!("{name} has no id"));
        assert!(ids.insert(id.to_owned()), "{id} twice");
        let security = operation["security"].as_array().unwrap();
        if security.is_empty() {
            open.insert(id);
        }
        let secured: &[&str] = if security.is_empty() {
            &["500", "503"]
        } else {
            &["401", "403", "500", "503"]
        };
        for status in secured {
            if (id, *status) == ("get_readiness", "503") {
                continue; // says which dependency is missing, in the shape of its 200
            }
            let schema = &operation["responses"][status]["content"]["application/problem+json"]["schema"];
            assert_eq!(schema["$ref"], "#/components/schemas/Problem", "{name}: {status}");
        }
    }
    assert_eq!(open, BTreeSet::from(OPEN));
}

#[tokio::test]
async fn the_document_is_the_committed_one_and_has_a_page() {
    let server = Server::start().await;
    let served = server.nobody().get("/openapi.json").await.is(200).text;
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi/innkeep.json");
    assert_eq!(
        std::fs::read_to_string(path).unwrap(),
        served,
        "run `make openapi`"
    );
    let page = server.nobody().get("/docs").await.is(200);
    assert!(page.header("content-type").unwrap().starts_with("text/html"));
}
