//! Made, changed, paused and deleted; what is refused, and what others see of it.

use super::{CLOSED, OtherSide, World};
use crate::support::{Server, unknown};
use innkeep_domain::Role;
use innkeep_domain::channel::calendar::reading;
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn the_address_goes_in_and_never_comes_out() {
    let world = World::start().await;
    let connection = world.connected().await;
    let read = world.host().get(&connection.path).await.is(200);
    assert_eq!(read.body["import_host"], "127.0.0.1");
    assert_eq!(
        (&read.body["state"], &read.body["exported"], &read.body["name"]),
        (&json!("active"), &json!(true), &json!("Channel"))
    );
    let list = world.host().get("/v1/calendar-connections").await.is(200);
    assert_eq!(list.items(), std::slice::from_ref(&read.body));
    let of_villa = format!("/v1/calendar-connections?unit_id={}", world.unit("VIL-1").await);
    assert!(world.host().get(&of_villa).await.is(200).items().is_empty());
    world.side.says(404, "", "");
    connection.read_after(15).await;
    let status = connection.status().await.to_string();
    let alerts = world.host().get("/v1/alerts").await.text;
    let events = world.host().get("/v1/events?limit=200").await.text;
    for text in [read.text, list.text, status, alerts, events] {
        assert!(
            !text.contains("secret") && !text.contains("calendar/1.ics"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn only_addresses_on_the_public_internet_are_read() {
    let server = Server::start().await;
    let host = server.caller(&server.mare, Role::Owner);
    let units = format!("/v1/properties/{}/units", server.mare.property_id);
    let unit = host.get(&units).await.is(200).items()[0]["id"].clone();
    let before = server.stored().await;
    for url in [
        "http://127.0.0.1:8/x.ics",
        "https://169.254.169.254/latest",
        "https://inside.example/x.ics",
        "ftp://channel.example/x.ics",
        "webcal://inside.example/x.ics",
        "webcals://169.254.169.254/x.ics",
        "x",
    ] {
        let new = json!({ "unit_id": unit, "name": "Channel", "import_url": url });
        let answer = host.post("/v1/calendar-connections", &new).await;
        answer.problem(422, "address_refused").at("/import_url");
    }
    let new = json!({ "unit_id": unknown(), "name": "Channel" });
    let answer = host.post("/v1/calendar-connections", &new).await;
    answer.problem(404, "not_found").at("/unit_id");
    assert_eq!(server.stored().await, before);
}

/// Channels' pages hand out such links.
#[tokio::test]
async fn what_is_to_be_opened_by_a_calendar_is_read_over_https() {
    let server = Server::start().await;
    let host = server.caller(&server.mare, Role::Owner);
    let units = format!("/v1/properties/{}/units", server.mare.property_id);
    let unit = host.get(&units).await.is(200).items()[0]["id"].clone();
    let stored = async |path: &str| {
        let id = path.rsplit('/').next().unwrap().parse().unwrap();
        let mut tx = server.app.db.begin(server.mare.tenant).await.unwrap();
        let due = reading::take(&mut tx, id, server.app.clock.now()).await.unwrap();
        due.unwrap().address
    };
    let new =
        json!({ "unit_id": unit, "name": "Channel", "import_url": "webcal://channel.example/1.ics?s=1" });
    let made = host.post("/v1/calendar-connections", &new).await.is(201);
    let made = &made.body["connection"];
    assert_eq!(made["import_host"], "channel.example");
    let path = format!("/v1/calendar-connections/{}", made["id"].as_str().unwrap());
    assert_eq!(stored(&path).await, "https://channel.example/1.ics?s=1");
    let other = json!({ "import_url": "WEBCALS://channel.example:8443/2.ics" });
    host.patch(&path, &other).await.is(200);
    assert_eq!(stored(&path).await, "https://channel.example:8443/2.ics");
    let inside = json!({ "import_url": "webcal://inside.example/x.ics" });
    let answer = host.patch(&path, &inside).await;
    answer.problem(422, "address_refused").at("/import_url");
}

#[tokio::test]
async fn a_calendar_that_moved_is_read_where_it_is_and_never_inside() {
    let there = OtherSide::open().await;
    let world = World::beside(&there.address).await;
    there.shows(&[(CLOSED, world.night(5), world.night(7))]);
    world
        .side
        .says(301, &format!("location: {}\r\n", there.url()), "");
    let connection = world.connected().await;
    assert_eq!(world.free(5).await, 0);
    for place in ["https://inside.example/1.ics", "http://169.254.169.254/"] {
        world.side.says(302, &format!("location: {place}\r\n"), "");
        let status = connection.read_after(60).await;
        let said = status["last_error"].as_str().unwrap();
        assert!(said.contains("redirects to where nothing is called"), "{said}");
        assert!(
            !said.contains("inside.example") && !said.contains("169.254"),
            "{said}"
        );
        assert_eq!(world.alerts().await, ["calendar_unread"]);
        assert_eq!(world.free(5).await, 0);
    }
    assert_eq!(there.times_asked(), 1);
}

#[tokio::test]
async fn paused_it_is_not_read_and_what_it_holds_stays_held() {
    let world = World::start().await;
    world.side.shows(&[(CLOSED, world.night(5), world.night(7))]);
    let connection = world.connected().await;
    assert_eq!(connection.act("pause").await.is(200).body["state"], "paused");
    connection.act("read").await.problem(409, "wrong_state");
    let asked = world.side.times_asked();
    world.server.app.clock.advance(chrono::Duration::hours(2));
    tokio::time::sleep(std::time::Duration::from_millis(1200)).await;
    assert_eq!(world.side.times_asked(), asked);
    assert_eq!(world.free(5).await, 0);
    connection.act("resume").await.is(200);
    connection.was_read().await;
    assert_eq!(world.side.times_asked(), asked + 1);
    connection.act("read").await.problem(409, "read_too_soon");
}

#[tokio::test]
async fn without_its_calendar_nothing_is_held() {
    let world = World::start().await;
    world.side.shows(&[(CLOSED, world.night(5), world.night(7))]);
    let connection = world.connected().await;
    let stale = world
        .host()
        .with_header(
            Method::PATCH,
            &connection.path,
            ("if-match", "\"7\""),
            &json!({ "name": "X" }),
        )
        .await;
    stale.problem(412, "stale_version");
    let changed = world
        .host()
        .patch(
            &connection.path,
            &json!({ "name": "Other", "import_url": Value::Null }),
        )
        .await
        .is(200);
    assert_eq!(
        (&changed.body["name"], &changed.body["import_host"]),
        (&json!("Other"), &Value::Null)
    );
    assert_eq!(world.free(5).await, 1);
    assert_eq!(connection.claims().await, []);
    connection.act("read").await.problem(409, "wrong_state");
    world.is_sound().await;
    // And with it again.
    let again = json!({ "import_url": world.side.url() });
    world.host().patch(&connection.path, &again).await.is(200);
    connection.was_read().await;
    assert_eq!(world.free(5).await, 0);
    world.host().delete(&connection.path).await.is(204);
    assert_eq!(world.free(5).await, 1);
    world.host().get(&connection.path).await.problem(404, "not_found");
    world
        .server
        .nobody()
        .get(&connection.export_path)
        .await
        .problem(404, "not_found");
    assert_eq!(world.server.stored().await["calendar_night"], 0);
    world.is_sound().await;
}

#[tokio::test]
async fn another_tenants_connection_is_like_none() {
    let world = World::start().await;
    let connection = world.connected().await;
    let hotel = world.server.manager();
    let none = format!("/v1/calendar-connections/{}", unknown());
    let name = json!({ "name": "Mine now" });
    for (method, rest, body) in [
        (Method::GET, "", Value::Null),
        (Method::PATCH, "", name),
        (Method::DELETE, "", Value::Null),
        (Method::GET, "/sync-status", Value::Null),
        (Method::POST, "/actions/read", Value::Null),
        (Method::POST, "/actions/believe", Value::Null),
        (Method::POST, "/actions/pause", Value::Null),
        (Method::POST, "/actions/resume", Value::Null),
        (Method::POST, "/actions/rotate-address", Value::Null),
        (Method::POST, "/actions/revoke-address", Value::Null),
    ] {
        let ask = async |of: &str| {
            let path = format!("{of}{rest}");
            hotel
                .with_header(method.clone(), &path, ("x-request-id", "the-same"), &body)
                .await
        };
        let (theirs, missing) = (ask(&connection.path).await, ask(&none).await);
        assert_eq!(
            (theirs.status, &theirs.text),
            (404, &missing.text),
            "{method} {rest}"
        );
    }
    let theirs = json!({ "unit_id": world.unit("APT-1").await, "name": "Mine" });
    let answer = hotel.post("/v1/calendar-connections", &theirs).await;
    answer.problem(404, "not_found");
    assert!(
        hotel
            .get("/v1/calendar-connections")
            .await
            .is(200)
            .items()
            .is_empty()
    );
    let desk = world.server.caller(&world.server.mare, Role::FrontDesk);
    desk.act(&format!("{}/actions/read", connection.path))
        .await
        .problem(403, "missing_permission");
}

#[tokio::test]
async fn a_unit_has_so_many_connections() {
    let world = World::start().await;
    for n in 0..20 {
        world.connect(&format!("Channel {n}"), None).await;
    }
    let new = json!({ "unit_id": world.unit("APT-1").await, "name": "One more" });
    let answer = world.host().post("/v1/calendar-connections", &new).await;
    answer.problem(409, "too_many_calendars");
}
