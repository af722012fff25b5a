//! `/ical/{token}.ics`: our calendar of a unit, as a channel reads it.

use crate::calendar_connections::{CLOSED, World};
use reqwest::Method;
use serde_json::{Value, json};

fn events(text: &str) -> usize {
    text.matches("BEGIN:VEVENT").count()
}

#[tokio::test]
async fn it_says_when_the_unit_is_taken_and_nothing_of_whom_by() {
    let world = World::start().await;
    let connection = world.connect("Channel", None).await;
    let nobody = world.server.nobody();
    let empty = nobody.get(&connection.export_path).await.is(200);
    assert_eq!(empty.header("content-type"), Some("text/calendar; charset=utf-8"));
    assert_eq!(empty.header("cache-control"), Some("private, no-cache"));
    assert_eq!(events(&empty.text), 0);
    let booked = world.book(10, 2).await.is(201);
    let repair = json!({ "unit_id": world.unit("APT-1").await, "kind": "out_of_order", "reason": "Leaking roof",
                         "from": world.night(20), "to": world.night(23) });
    let path = format!("/v1/properties/{}/maintenance", world.server.mare.property_id);
    world.host().post(&path, &repair).await.is(201);
    let full = nobody.get(&connection.export_path).await.is(200);
    let stay = booked.body["reservations"][0]["id"].as_str().unwrap();
    let expected = format!(
        "BEGIN:VEVENT\r\nUID:{stay}@innkeep\r\nDTSTAMP:20270104T100000Z\r\nDTSTART;VALUE=DATE:20270114\r\n\
         DTEND;VALUE=DATE:20270116\r\nSUMMARY:Not available\r\nEND:VEVENT\r\n"
    );
    assert!(full.text.contains(&expected), "{}", full.text);
    assert!(
        full.text
            .contains("DTSTART;VALUE=DATE:20270124\r\nDTEND;VALUE=DATE:20270127\r\n")
    );
    assert_eq!(events(&full.text), 2);
    for secret in [
        "Ada",
        "Lovelace",
        "roof",
        booked.body["reference"].as_str().unwrap(),
    ] {
        assert!(!full.text.contains(secret), "{secret}");
    }
    // The same when nothing changed; the UID stays when a unit is found for the stay.
    assert_eq!(nobody.get(&connection.export_path).await.text, full.text);
    let tag = full.header("etag").unwrap();
    let ask = async |tag: &str| {
        let nobody = world.server.nobody();
        let header = ("if-none-match", tag);
        nobody
            .with_header(Method::GET, &connection.export_path, header, &Value::Null)
            .await
    };
    let known = ask(tag).await.is(304);
    assert_eq!((known.text.as_str(), known.header("etag")), ("", Some(tag)));
    ask(empty.header("etag").unwrap()).await.is(200);
    let assign = format!("/v1/reservations/{stay}/actions/assign-unit");
    let unit = json!({ "unit_id": world.unit("APT-1").await });
    world.host().post(&assign, &unit).await.is(200);
    let assigned = nobody.get(&connection.export_path).await.text;
    assert!(assigned.contains(&format!("UID:{stay}@innkeep")) && events(&assigned) == 2);
}

#[tokio::test]
async fn a_night_without_anything_left_is_taken_whatever_took_it() {
    let world = World::start().await;
    let connection = world.connect("Channel", None).await;
    let house = &world.server.mare;
    let closing = json!({ "availability": [{ "from": world.night(5), "to": world.night(5), "blocked": 1,
                                        "unit_type_id": house.unit_type("APT") }] });
    let path = format!("/v1/properties/{}/ari", house.property_id);
    world.host().patch(&path, &closing).await.is(200);
    let shown = world
        .server
        .nobody()
        .get(&connection.export_path)
        .await
        .is(200)
        .text;
    assert_eq!(events(&shown), 1);
    assert!(
        shown.contains("DTSTART;VALUE=DATE:20270109\r\nDTEND;VALUE=DATE:20270110\r\n"),
        "{shown}"
    );
}

#[tokio::test]
async fn a_channel_is_told_what_others_sold_and_never_its_own_words() {
    let world = World::start().await;
    world.side.shows(&[(CLOSED, world.night(5), world.night(7))]);
    let first = world.connected().await;
    let second = world.connect("Second", None).await;
    let nobody = world.server.nobody();
    let own = nobody.get(&first.export_path).await.is(200).text;
    assert_eq!(events(&own), 0, "{own}");
    let other = nobody.get(&second.export_path).await.is(200).text;
    assert_eq!(events(&other), 1);
    assert!(
        other.contains("DTSTART;VALUE=DATE:20270109\r\nDTEND;VALUE=DATE:20270111\r\n"),
        "{other}"
    );
    assert!(first.status().await["exported_at"].is_string());
}

#[tokio::test]
async fn a_new_address_ends_the_old_one_and_none_ends_them_all() {
    let world = World::start().await;
    let connection = world.connect("Channel", None).await;
    let nobody = world.server.nobody();
    nobody.get(&connection.export_path).await.is(200);
    let rotated = connection.act("rotate-address").await.is(200);
    let path = rotated.body["export_path"].as_str().unwrap().to_owned();
    assert_ne!(path, connection.export_path);
    nobody
        .get(&connection.export_path)
        .await
        .problem(404, "not_found");
    nobody.get(&path).await.is(200);
    nobody
        .get(path.trim_end_matches(".ics"))
        .await
        .problem(404, "not_found");
    let revoked = connection.act("revoke-address").await.is(200);
    assert_eq!(revoked.body["exported"], false);
    nobody.get(&path).await.problem(404, "not_found");
    nobody.get("/ical/guessed.ics").await.problem(404, "not_found");
}
