//! `/v1/audit-log`: what of all that happens is written down, with whom and from where.

use crate::support::{Caller, Server, booking, room};
use innkeep_domain::Role;
use innkeep_domain::audit::{NewEntry, Phase, chain, refused, verify};
use innkeep_domain::due::due;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

async fn trail(caller: &Caller<'_>, query: &str) -> Vec<Value> {
    let path = format!("/v1/audit-log?limit=200{query}");
    caller.get(&path).await.is(200).items().to_vec()
}

fn told(entries: &[Value]) -> Vec<(&str, &str)> {
    entries
        .iter()
        .map(|e| (e["operation"].as_str().unwrap(), e["phase"].as_str().unwrap()))
        .collect()
}

#[tokio::test]
async fn a_change_of_rights_is_told_from_its_start_to_its_result() {
    let server = Server::start().await;
    let owner = server.caller(&server.adler, Role::Owner);
    let user = server.adler.of_role(Role::FrontDesk).user_id;
    let path = format!("/v1/users/{user}");
    let request = owner.request(Method::PUT, &path);
    let request = request
        .header("x-request-id", "promotion-1")
        .json(&json!({ "role": "manager" }));
    owner.send(request).await.is(200);
    let entries = trail(&owner, "&operation=change_user").await;
    assert_eq!(
        told(&entries),
        [("change_user", "done"), ("change_user", "started")]
    );
    let done = &entries[0];
    let actor = format!("user:{}", server.adler.of_role(Role::Owner).user_id);
    assert_eq!(done["actor"], actor);
    assert_eq!(done["address"], "127.0.0.1");
    assert_eq!(done["request_id"], "promotion-1");
    assert_eq!(
        (&done["status"], &done["subject_id"]),
        (&json!(200), &json!(user))
    );
    let change = &done["changes"][0];
    assert_eq!(change["event"], "user.changed");
    assert_eq!(
        (&change["data"]["from"], &change["data"]["to"]),
        (&json!("front_desk"), &json!("manager"))
    );
}

#[tokio::test]
async fn what_is_refused_is_told_too() {
    let server = Server::start().await;
    let owner = server.caller(&server.adler, Role::Owner);
    let desk = server.caller(&server.adler, Role::FrontDesk);
    let user = server.adler.of_role(Role::Owner).user_id;
    let path = format!("/v1/users/{user}");
    desk.put(&path, &json!({ "role": "manager" }))
        .await
        .problem(403, "missing_permission");
    owner
        .post("/v1/api-keys", &json!({ "name": "", "scopes": [] }))
        .await;
    desk.get("/v1/users").await.problem(403, "missing_permission");
    let entries = trail(&owner, "").await;
    let refused = [
        ("list_users", "refused"),
        ("create_api_key", "refused"),
        ("create_api_key", "started"),
        ("change_user", "refused"),
    ];
    assert_eq!(told(&entries), refused);
    assert_eq!(
        entries[0]["actor"],
        format!("user:{}", server.adler.of_role(Role::FrontDesk).user_id)
    );
    assert_eq!(entries[1]["status"], 400);
}

#[tokio::test]
async fn a_look_at_personal_data_is_told_and_the_trail_holds_none_of_it() {
    let server = Server::start().await;
    let (owner, desk) = (
        server.caller(&server.adler, Role::Owner),
        server.caller(&server.adler, Role::FrontDesk),
    );
    let new = json!({ "last_name": "Canary", "email": "canary@example.com", "phone": "+49 30 1234567" });
    let guest = desk.post("/v1/guests", &new).await.is(201).id().to_owned();
    let path = format!("/v1/guests/{guest}");
    desk.patch(&path, &json!({ "notes": "Canary sings" }))
        .await
        .is(200);
    let found = desk.get(&path).await.is(200);
    desk.get("/v1/guests?email=canary@example.com").await.is(200);
    desk.get(&format!("/v1/guests/{}", uuid::Uuid::now_v7()))
        .await
        .problem(404, "not_found");
    let known = ("if-none-match", found.header("etag").unwrap());
    desk.with_header(Method::GET, &path, known, &Value::Null)
        .await
        .is(304);
    let entries = trail(&owner, "").await;
    let expected = [
        ("list_guests", "read"),
        ("get_guest", "read"),
        ("change_guest", "done"),
        ("change_guest", "started"),
        ("create_guest", "done"),
        ("create_guest", "started"),
    ];
    assert_eq!(told(&entries), expected);
    assert_eq!(entries[1]["subject_id"], json!(guest));
    assert_eq!(entries[4]["subject_id"], json!(guest));
    let text = Value::Array(entries).to_string().to_lowercase();
    assert!(!text.contains("canary") && !text.contains("1234567"), "{text}");
}

#[tokio::test]
async fn a_sale_is_not_slowed_down_but_looking_at_it_is_told() {
    let server = Server::start().await;
    let owner = server.caller(&server.adler, Role::Owner);
    let body = booking(&server.adler, &[room(&server.adler, "DBL", 3, 1)]);
    let booked = owner.post("/v1/bookings", &body).await.is(201).id().to_owned();
    assert!(trail(&owner, "").await.is_empty());
    owner.get(&format!("/v1/bookings/{booked}")).await.is(200);
    assert_eq!(
        told(&trail(&owner, "&phase=read&operation=get_booking").await),
        [("get_booking", "read")]
    );
}

#[tokio::test]
async fn who_logs_in_is_told() {
    let server = Server::start().await;
    let owner = server.adler.of_role(Role::Owner);
    let body = json!({ "email": owner.email, "password": innkeep_domain::testing::House::PASSWORD });
    server.nobody().post("/v1/auth/login", &body).await.is(200);
    let caller = server.caller(&server.adler, Role::Owner);
    let entries = trail(&caller, &format!("&actor=user:{}", owner.user_id)).await;
    assert_eq!(told(&entries), [("log_in", "done")]);
}

#[tokio::test]
async fn the_trail_is_of_one_tenant_for_those_who_may_and_filtered() {
    let server = Server::start().await;
    let (owner, other) = (
        server.caller(&server.adler, Role::Owner),
        server.caller(&server.mare, Role::Owner),
    );
    owner.get("/v1/users").await.is(200);
    let looked = trail(&owner, "").await;
    assert_eq!(told(&looked), [("list_users", "read")]);
    assert!(trail(&other, "").await.is_empty());
    // Who looks at the trail stands in it.
    assert_eq!(told(&trail(&owner, "").await)[0], ("list_audit_log", "read"));
    let desk = server.caller(&server.adler, Role::FrontDesk);
    desk.get("/v1/audit-log").await.problem(403, "missing_permission");
    for (nothing, query) in [
        ("another actor", "&actor=user:nobody".to_owned()),
        ("another subject", format!("&subject_id={}", uuid::Uuid::now_v7())),
        ("later", "&from=2100-01-01T00:00:00Z".to_owned()),
        ("earlier", "&until=2000-01-01T00:00:00Z".to_owned()),
        ("another phase", "&phase=failed".to_owned()),
    ] {
        assert!(trail(&owner, &query).await.is_empty(), "{nothing}");
    }
    owner
        .get("/v1/audit-log?phase=whatever")
        .await
        .problem(400, "invalid_parameter");
    let first = owner.get("/v1/audit-log?limit=2").await.is(200);
    let cursor = first.body["next_cursor"].as_str().unwrap().to_owned();
    let second = owner
        .get(&format!("/v1/audit-log?limit=2&cursor={cursor}"))
        .await
        .is(200);
    assert_ne!(first.items()[1]["id"], second.items()[0]["id"]);
}

/// Who tries a password on an account is told to the tenants it works in, up to a bound; of an account that does not
/// exist there is nobody to tell, and the answer is the same.
#[tokio::test]
async fn failed_log_ins_are_told_where_the_account_works() {
    const FREE: usize = 5;
    let server = Server::start().await;
    let (owner, host) = (
        server.caller(&server.adler, Role::Owner),
        server.caller(&server.mare, Role::Owner),
    );
    let tried = server.adler.of_role(Role::FrontDesk);
    let log_in = |email: &str| json!({ "email": email, "password": "not this one, surely" });
    let mut answers = Vec::new();
    for email in [tried.email.as_str(), "nobody@adler.example"] {
        let answer = server.nobody().post("/v1/auth/login", &log_in(email)).await;
        answers.push(answer.problem(401, "wrong_credentials").body);
    }
    for answer in &mut answers {
        answer["request_id"] = Value::Null;
    }
    assert_eq!(answers[0], answers[1]);
    let entries = told_of(&owner, tried.user_id, 1).await;
    let entry = &entries[0];
    assert_eq!(
        [
            &entry["operation"],
            &entry["phase"],
            &entry["actor"],
            &entry["address"]
        ],
        ["log_in", "refused", "unauthenticated", "127.0.0.1"]
    );
    assert_eq!(entry["status"], 401);
    assert!(!entry.to_string().contains(&tried.email), "{entry}");
    assert_eq!(trail(&host, "&operation=log_in").await, Vec::<Value>::new());
    // Back-off comes before the trail.
    for _ in 1..FREE + 2 {
        let again = server
            .nobody()
            .post("/v1/auth/login", &log_in(&tried.email))
            .await;
        assert!([401, 429].contains(&again.status), "{}", again.status);
    }
    let entries = told_of(&owner, tried.user_id, FREE + 1).await;
    assert_eq!(entries.len(), FREE + 1);
    // Somebody with a network for each attempt.
    let now = server.app.now();
    for _ in 0..100 {
        let entry = NewEntry {
            at: now,
            operation: "log_in",
            phase: Phase::Refused,
            status: Some(401),
            actor: "unauthenticated",
            address: None,
            request_id: "",
            subject_id: Some(tried.user_id),
            changes: json!([]),
        };
        refused::log_in(&server.app.db, tried.user_id, entry)
            .await
            .unwrap();
    }
    let entries = trail(&owner, &format!("&subject_id={}", tried.user_id)).await;
    assert_eq!(entries.len(), 100);
}

/// Once there are so many: nobody waits for them.
async fn told_of(caller: &Caller<'_>, account: Uuid, count: usize) -> Vec<Value> {
    loop {
        let entries = trail(caller, &format!("&subject_id={account}")).await;
        if entries.len() >= count {
            return entries;
        }
        tokio::task::yield_now().await;
    }
}

/// More on this in `make prove only=audit`.
#[tokio::test]
async fn the_chain_is_whole_until_somebody_touches_an_entry() {
    let server = Server::start().await;
    let owner = server.caller(&server.adler, Role::Owner);
    for _ in 0..3 {
        owner.get("/v1/users").await.is(200);
    }
    // An entry can be linked once every older transaction has ended, in any database of the server.
    let head = loop {
        let mut tx = server.app.db.begin(server.adler.tenant).await.unwrap();
        let linked = chain::extend(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        match linked {
            Some(head) if head.n == 3 => break head,
            _ => tokio::task::yield_now().await,
        }
    };
    let mut tx = server.app.db.begin(server.adler.tenant).await.unwrap();
    assert!(!due(&mut tx, server.app.clock.now()).await.unwrap().audit);
    assert!(verify::chain(&mut tx).await.unwrap().is_empty());
    assert!(verify::anchored(&mut tx, &head).await.unwrap().is_none());
    tx.commit().await.unwrap();
    // The server's own role cannot touch it; whoever can is found out.
    let touch = "update audit_entry set actor = 'user:nobody'";
    let mut tx = server.app.db.begin(server.adler.tenant).await.unwrap();
    let refused = sqlx::query(touch).execute(&mut *tx).await.unwrap_err();
    assert!(refused.to_string().contains("permission denied"), "{refused}");
    drop(tx);
    let mut superuser = server.database.superuser().await.unwrap();
    sqlx::query(touch).execute(&mut superuser).await.unwrap();
    let mut tx = server.app.db.begin(server.adler.tenant).await.unwrap();
    assert_eq!(verify::chain(&mut tx).await.unwrap().len(), 3);
}
