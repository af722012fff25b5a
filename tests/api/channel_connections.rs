//! `/v1/channel-connections`: connecting, mapping, pausing, and what can be seen of it.

use crate::support::{Answer, Caller, Server, booking, room};
use serde_json::{Value, json};

async fn connect(server: &Server) -> Answer {
    let new = json!({
        "property_id": server.adler.property_id, "protocol": "channex", "name": "Channex",
        "base_url": "http://127.0.0.1:9", "external_property": "hotel-1", "api_key": "the key", "calls_per_minute": 60,
    });
    server.manager().post("/v1/channel-connections", &new).await
}

fn mapping(server: &Server) -> Value {
    let house = &server.adler;
    let (single, double) = (house.unit_type("SGL"), house.unit_type("DBL"));
    json!({
        "rooms": [{ "unit_type_id": single, "external_id": "s" }, { "unit_type_id": double, "external_id": "d" }],
        "rates": [{ "unit_type_id": single, "rate_plan_id": house.base_plan, "external_id": "s-bar" }],
    })
}

async fn waiting(caller: &Caller<'_>, id: &str) -> i64 {
    let status = caller
        .get(&format!("/v1/channel-connections/{id}/sync-status"))
        .await
        .is(200);
    status.body["waiting"].as_i64().unwrap()
}

#[tokio::test]
async fn a_connections_secrets_are_shown_once_and_its_key_never() {
    let server = Server::start().await;
    let made = connect(&server).await.is(201);
    assert!(
        made.body["hook_path"]
            .as_str()
            .unwrap()
            .starts_with("/hooks/channels/")
    );
    assert!(!made.text.contains("the key"));
    let id = made.body["connection"]["id"].as_str().unwrap();
    let read = server
        .manager()
        .get(&format!("/v1/channel-connections/{id}"))
        .await
        .is(200);
    assert_eq!(read.body, made.body["connection"]);
    assert_eq!(
        server
            .manager()
            .get("/v1/channel-connections")
            .await
            .is(200)
            .items(),
        [read.body]
    );
}

#[tokio::test]
async fn mapping_marks_everything_and_later_changes_mark_what_changed() {
    let server = Server::start().await;
    let manager = server.manager();
    let made = connect(&server).await.is(201);
    let id = made.body["connection"]["id"].as_str().unwrap();
    assert_eq!(waiting(&manager, id).await, 0, "nothing is sold there yet");
    let path = format!("/v1/channel-connections/{id}/mappings");
    let stored = manager.put(&path, &mapping(&server)).await.is(200);
    assert_eq!(manager.get(&path).await.is(200).body, stored.body);
    assert_eq!(
        waiting(&manager, id).await,
        4,
        "availability and rates of two unit types"
    );
    let house = &server.adler;
    let book = |code| crate::support::booking(house, &[crate::support::room(house, code, 3, 2)]);
    manager.post("/v1/bookings", &book("DBL")).await.is(201);
    assert_eq!(waiting(&manager, id).await, 5);
    manager.post("/v1/bookings", &book("STE")).await.is(201);
    assert_eq!(waiting(&manager, id).await, 5, "suites are not sold there");
}

#[tokio::test]
async fn a_booking_kicks_the_workers_where_a_channel_has_to_hear_of_it() {
    let server = Server::start().await;
    let house = &server.adler;
    let made = connect(&server).await.is(201);
    let id = made.body["connection"]["id"].as_str().unwrap();
    let path = format!("/v1/channel-connections/{id}/mappings");
    server.manager().put(&path, &mapping(&server)).await.is(200);
    for (code, kicks) in [("DBL", 1), ("STE", 0)] {
        let before = server.stored().await["apalis.jobs"];
        let new = booking(house, &[room(house, code, 3, 1)]);
        server.manager().post("/v1/bookings", &new).await.is(201);
        assert_eq!(server.stored().await["apalis.jobs"], before + kicks, "{code}");
    }
}

#[tokio::test]
async fn a_mapping_names_each_product_once_and_only_ones_own() {
    let server = Server::start().await;
    let manager = server.manager();
    let id = connect(&server).await.is(201).body["connection"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/v1/channel-connections/{id}/mappings");
    let with = |change: &dyn Fn(&mut Value)| {
        let mut body = mapping(&server);
        change(&mut body);
        body
    };
    let before = server.stored().await;
    let suite = json!(server.adler.unit_type("STE"));
    let cases = [
        (
            with(&|m| m["rooms"][1]["unit_type_id"] = m["rooms"][0]["unit_type_id"].clone()),
            422,
            "mapped_twice",
        ),
        (
            with(&|m| m["rooms"][1]["external_id"] = json!("s")),
            409,
            "already_mapped",
        ),
        (
            with(&|m| m["rates"][0]["unit_type_id"] = suite.clone()),
            422,
            "room_not_mapped",
        ),
        (
            with(&|m| m["rooms"][0]["unit_type_id"] = json!(server.mare.unit_type("APT"))),
            404,
            "not_found",
        ),
        (
            with(&|m| m["rates"][0]["rate_plan_id"] = json!(server.mare.base_plan)),
            404,
            "not_found",
        ),
        (
            with(&|m| m["rooms"][0]["external_id"] = json!("")),
            400,
            "invalid_body",
        ),
    ];
    for (body, status, code) in cases {
        manager.put(&path, &body).await.problem(status, code);
    }
    assert_eq!(server.stored().await, before);
}

#[tokio::test]
async fn pausing_keeps_marks_and_a_full_sync_is_rare() {
    let server = Server::start().await;
    let manager = server.manager();
    let id = connect(&server).await.is(201).body["connection"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let action = |name: &str| format!("/v1/channel-connections/{id}/actions/{name}");
    manager
        .put(
            &format!("/v1/channel-connections/{id}/mappings"),
            &mapping(&server),
        )
        .await
        .is(200);
    assert_eq!(
        manager.act(&action("pause")).await.is(200).body["state"],
        "paused"
    );
    assert_eq!(waiting(&manager, &id).await, 4);
    assert_eq!(
        manager.act(&action("resume")).await.is(200).body["state"],
        "active"
    );
    manager.act(&action("full-sync")).await.is(202);
    manager
        .act(&action("full-sync"))
        .await
        .problem(409, "full_sync_too_soon");
    server.app.clock.advance(chrono::Duration::hours(24));
    server.manager().act(&action("full-sync")).await.is(202);
}

#[tokio::test]
async fn testing_a_channel_that_is_not_there_says_so() {
    let server = Server::start().await;
    let id = connect(&server).await.is(201).body["connection"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let answer = server
        .manager()
        .act(&format!("/v1/channel-connections/{id}/actions/test"))
        .await
        .is(200);
    assert_eq!(answer.body["reachable"], false, "{}", answer.text);
}

#[tokio::test]
async fn a_channel_is_on_the_public_internet_or_where_the_operator_says() {
    let server = Server::start().await;
    let connect = async |address: &str| {
        let new = json!({
            "property_id": server.adler.property_id, "protocol": "channex", "name": "Channex", "base_url": address,
            "external_property": "hotel-1", "api_key": "the key",
        });
        server.manager().post("/v1/channel-connections", &new).await
    };
    // A name that nobody knows at the moment is judged when it is called.
    for address in [
        "https://channel.example/api",
        "https://unknown.example",
        "http://127.0.0.1:9",
    ] {
        connect(address).await.is(201);
    }
    let before = server.stored().await;
    let refused = [
        "http://channel.example",
        "https://127.0.0.1",
        "https://2130706433",
        "https://[::ffff:10.0.0.1]",
        "https://169.254.169.254/latest",
        "https://user:pass@channel.example",
        "https://channel.example:22",
        "https://localhost",
        "https://redis:6379",
        "https://inside.example",
        "https://both.example",
        "http://127.0.0.1:8",
    ];
    for address in refused {
        let answer = connect(address).await.problem(422, "address_refused");
        let answer = answer.at("/base_url");
        assert!(!answer.text.contains("10.0.0.7"), "{}", answer.text);
    }
    assert_eq!(server.stored().await, before);
}
