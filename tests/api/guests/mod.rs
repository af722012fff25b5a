//! `/v1/guests`.

mod erase;
mod merge;
mod stays;

use crate::support::{Answer, Caller, Server};
use innkeep_domain::Role;
use reqwest::Method;
use serde_json::{Value, json};

fn ada() -> Value {
    json!({
        "first_name": "Ada", "last_name": "Lovelace", "email": "Ada@Example.com", "phone": "+44 (0)20 7946 0018",
        "language": "en-GB", "country": "GB", "birth_date": "1985-12-10",
        "address": { "street": "12 St James's Square", "city": "London", "country": "GB" },
        "document": { "kind": "passport", "number": "X1234567", "issuing_country": "GB", "expires": "2030-01-01" },
        "preferences": ["high floor"], "notes": "likes engines",
    })
}

/// Adds a guest; later names go on where the test needs them.
async fn add(caller: &Caller<'_>, body: &Value) -> Answer {
    caller.post("/v1/guests", body).await.is(201)
}

fn names(answer: &Answer) -> Vec<&str> {
    let items = answer.items().iter();
    items
        .map(|g| g["first_name"].as_str().unwrap_or_default())
        .collect()
}

#[tokio::test]
async fn a_guest_is_kept_as_said_and_changed_field_by_field() {
    let server = Server::start().await;
    let desk = server.caller(&server.adler, Role::FrontDesk);
    let made = add(&desk, &ada()).await;
    let path = format!("/v1/guests/{}", made.id());
    assert_eq!(made.header("location"), Some(path.as_str()));
    for (field, said) in ada().as_object().unwrap() {
        assert_eq!(&made.body[field], said, "{field}");
    }
    assert_eq!(
        (&made.body["masked"], &made.body["blacklisted"]),
        (&json!(false), &json!(false))
    );
    assert_eq!(desk.get(&path).await.is(200).body, made.body);
    let change = json!({ "email": null, "vip": true, "blacklist_reason": "left without paying" });
    desk.with_header(Method::PATCH, &path, ("if-match", "\"7\""), &change)
        .await
        .problem(412, "stale_version");
    let changed = desk
        .with_header(Method::PATCH, &path, ("if-match", "\"1\""), &change)
        .await
        .is(200);
    assert_eq!(changed.header("etag"), Some("\"2\""));
    assert_eq!(changed.body["email"], Value::Null);
    assert_eq!(
        (&changed.body["vip"], &changed.body["blacklisted"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(changed.body["phone"], made.body["phone"]);
    let cleared = desk
        .patch(&path, &json!({ "blacklist_reason": null }))
        .await
        .is(200);
    assert_eq!(cleared.body["blacklisted"], false);
    let same = desk.patch(&path, &json!({ "vip": true })).await.is(200);
    assert_eq!(same.body["version"], cleared.body["version"], "nothing changed");
    desk.get("/v1/guests?email=ada@example.com").await.is(200);
}

#[tokio::test]
async fn guests_are_found_by_email_phone_and_the_beginning_of_the_name() {
    let server = Server::start().await;
    let desk = server.caller(&server.adler, Role::FrontDesk);
    let made = add(&desk, &ada()).await;
    for (first, last) in [("Bo", "Lovegood"), ("Al", "Lovelace"), ("Cy", "Ångström")] {
        add(&desk, &json!({ "first_name": first, "last_name": last })).await;
    }
    let find = async |query: &str| desk.get(&format!("/v1/guests?{query}")).await.is(200);
    assert_eq!(names(&find("email=ada%40EXAMPLE.com").await), ["Ada"]);
    assert_eq!(names(&find("phone=00442079460018").await), ["Ada"]);
    assert_eq!(names(&find("email=ada%40example.co").await), [""; 0]);
    assert_eq!(names(&find("name=LOVE").await), ["Bo", "Ada", "Al"]);
    assert_eq!(names(&find("name=lovelace%20a").await), ["Ada", "Al"]);
    assert_eq!(names(&find("name=lovelace%20ad").await), ["Ada"]);
    assert_eq!(names(&find("name=%C3%85ngs").await), ["Cy"]);
    assert_eq!(names(&find("name=x").await), [""; 0]);
    let mut all = Vec::new();
    let mut query = "limit=3".to_owned();
    loop {
        let page = find(&query).await;
        all.extend(names(&page).into_iter().map(str::to_owned));
        match page.body["next_cursor"].as_str() {
            Some(cursor) => query = format!("limit=3&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(all, ["Bo", "Ada", "Al", "Cy"]);
    let moved = json!({ "email": "countess@example.com", "phone": null });
    desk.patch(&format!("/v1/guests/{}", made.id()), &moved)
        .await
        .is(200);
    assert_eq!(names(&find("email=ada%40example.com").await), [""; 0]);
    assert_eq!(names(&find("phone=00442079460018").await), [""; 0]);
    assert_eq!(names(&find("email=countess%40example.com").await), ["Ada"]);
    desk.get("/v1/guests?email=a@b&phone=12345")
        .await
        .problem(400, "invalid_parameter");
}

#[tokio::test]
async fn what_cannot_be_is_refused_and_named() {
    let server = Server::start().await;
    let desk = server.caller(&server.adler, Role::FrontDesk);
    let before = server.stored().await;
    for (field, value, code, at) in [
        ("last_name", json!(" "), "invalid_text", "/last_name"),
        ("email", json!("ada"), "invalid_email", "/email"),
        ("phone", json!("call me"), "invalid_phone", "/phone"),
        ("country", json!("gb"), "invalid_country", "/country"),
        ("language", json!("English"), "invalid_language", "/language"),
        ("birth_date", json!("2027-01-05"), "out_of_range", "/birth_date"),
        ("notes", json!("x".repeat(4001)), "too_long", "/notes"),
        ("preferences", json!(["ok", ""]), "invalid_text", "/preferences/1"),
        (
            "document",
            json!({ "kind": "library", "number": "1" }),
            "unknown_kind",
            "/document/kind",
        ),
    ] {
        let mut body = ada();
        body[field] = value;
        desk.post("/v1/guests", &body).await.problem(422, code).at(at);
    }
    let mut body = ada();
    body["company_id"] = json!(crate::support::unknown());
    desk.post("/v1/guests", &body)
        .await
        .problem(404, "not_found")
        .at("/company_id");
    assert_eq!(server.stored().await, before);
}

#[tokio::test]
async fn without_the_right_to_write_birth_date_and_document_number_are_masked() {
    let server = Server::start().await;
    let made = add(&server.manager(), &ada()).await;
    let accountant = server.caller(&server.adler, Role::Accountant);
    let path = format!("/v1/guests/{}", made.id());
    for shown in [
        accountant.get(&path).await.is(200).body,
        accountant.get("/v1/guests?name=love").await.is(200).items()[0].clone(),
        accountant
            .get("/v1/guests?email=ada@example.com")
            .await
            .is(200)
            .items()[0]
            .clone(),
    ] {
        assert_eq!(
            (&shown["masked"], &shown["birth_date"]),
            (&json!(true), &Value::Null)
        );
        assert_eq!(
            (&shown["document"]["number"], &shown["document"]["kind"]),
            (&json!("*****"), &json!("passport"))
        );
        assert_eq!(shown["email"], "Ada@Example.com");
    }
}

/// What the database, its backups and its readers see: the name, and nothing else of the person.
#[tokio::test]
async fn nothing_personal_but_the_name_is_stored_in_clear() {
    let server = Server::start().await;
    let desk = server.caller(&server.adler, Role::FrontDesk);
    let once = ("idempotency-key", "guest-1");
    let made = desk
        .with_header(Method::POST, "/v1/guests", once, &ada())
        .await
        .is(201);
    let path = format!("/v1/guests/{}", made.id());
    desk.patch(&path, &json!({ "blacklist_reason": "broke the engine" }))
        .await
        .is(200);
    let again = desk
        .with_header(Method::POST, "/v1/guests", once, &ada())
        .await
        .is(201);
    assert_eq!(again.text, made.text, "the kept answer opens again");
    let mut conn = server.database.superuser().await.unwrap();
    let mut stored = String::new();
    for table in [
        "guest",
        "guest_key",
        "event",
        "idempotency_key",
        "reservation_guest",
    ] {
        let sql = format!("select coalesce(string_agg(t::text, ' '), '') from {table} t");
        stored += &sqlx::query_scalar::<_, String>(sqlx::AssertSqlSafe(sql))
            .fetch_one(&mut conn)
            .await
            .unwrap();
    }
    assert!(stored.contains("Lovelace"));
    let lower = stored.to_lowercase();
    for secret in [
        "ada@example.com",
        "7946",
        "2079460018",
        "1985-12-10",
        "st james",
        "x1234567",
        "high floor",
        "engine",
    ] {
        assert!(!lower.contains(secret), "{secret}");
    }
}

/// A row's sealed part does not open in another row: an error, not somebody else's data and not an empty guest.
#[tokio::test]
async fn a_sealed_profile_copied_to_another_guest_is_an_error() {
    let server = Server::start().await;
    let desk = server.caller(&server.adler, Role::FrontDesk);
    let made = add(&desk, &ada()).await;
    let other = add(&desk, &json!({ "last_name": "Byron" })).await;
    let mut conn = server.database.superuser().await.unwrap();
    sqlx::query(
        "update guest set personal = (select personal from guest where id = $1::uuid) where id = $2::uuid",
    )
    .bind(made.id())
    .bind(other.id())
    .execute(&mut conn)
    .await
    .unwrap();
    desk.get(&format!("/v1/guests/{}", other.id()))
        .await
        .problem(500, "internal_error");
}
