//! `/v1/properties/{id}/calendar`.

use super::{action, assign, book, in_house, property, unit};
use crate::support::{Server, unknown};
use reqwest::Method;
use serde_json::{Value, json};

fn named<'a>(all: &'a Value, key: &str, name: &str) -> &'a Value {
    all.as_array().unwrap().iter().find(|v| v[key] == name).unwrap()
}

#[tokio::test]
async fn the_chart_shows_who_has_what() {
    let server = Server::start().await;
    let manager = server.manager();
    let suite = unit(&server, "STE-1").await;
    let guest = in_house(&server, "STE", &suite, 2).await;
    manager.act(&action(&guest, "lock-unit")).await.is(200);
    let waiting = book(&server, "DBL", 1, 2).await;
    let broken = json!({ "unit_id": unit(&server, "SGL-1").await, "kind": "out_of_order", "reason": "leak",
                         "from": "2027-01-05", "to": "2027-01-06" });
    manager
        .post(&property(&server, "/maintenance"), &broken)
        .await
        .is(201);
    let url = property(&server, "/calendar?from=2027-01-05&to=2027-01-08");
    let chart = manager.get(&url).await.is(200).body;
    assert_eq!(chart["business_date"], "2027-01-04");
    let types = &chart["unit_types"];
    let codes: Vec<&Value> = types.as_array().unwrap().iter().map(|t| &t["code"]).collect();
    assert_eq!(codes, ["DBL", "SGL", "STE"]);
    let stay = &named(&named(types, "code", "STE")["units"], "name", "STE-1")["stays"][0];
    assert_eq!(
        (&stay["reservation_id"], &stay["reference"]),
        (&json!(guest.id), &json!(guest.reference))
    );
    assert_eq!(
        (&stay["status"], &stay["locked"]),
        (&json!("in_house"), &json!(true))
    );
    assert_eq!(
        (&stay["from"], &stay["guest_name"]),
        (&json!("2027-01-04"), &json!("Ada Lovelace"))
    );
    let single = named(types, "code", "SGL");
    assert_eq!(
        named(&single["units"], "name", "SGL-1")["maintenance"][0]["reason"],
        "leak"
    );
    let night =
        json!({ "date": "2027-01-05", "free": 1, "price": { "amount": "100.00", "currency": "EUR" } });
    assert_eq!(single["nights"][0], night);
    assert_eq!(single["nights"].as_array().unwrap().len(), 3);
    assert_eq!(chart["unassigned"].as_array().unwrap().len(), 1);
    assert_eq!(chart["unassigned"][0]["reservation_id"], json!(waiting.id));
    assign(&server, &waiting, &unit(&server, "DBL-1").await)
        .await
        .is(200);
    assert_eq!(manager.get(&url).await.is(200).body["unassigned"], json!([]));
}

#[tokio::test]
async fn an_unchanged_chart_is_not_sent_again() {
    let server = Server::start().await;
    let manager = server.manager();
    let url = property(&server, "/calendar?from=2027-01-04&to=2027-02-04");
    let first = manager.get(&url).await.is(200);
    let tag = first.header("etag").unwrap().to_owned();
    let same = manager
        .with_header(Method::GET, &url, ("if-none-match", &tag), &Value::Null)
        .await
        .is(304);
    assert!(same.text.is_empty());
    assert_eq!(same.header("etag"), Some(tag.as_str()));
    book(&server, "DBL", 1, 2).await;
    let changed = manager
        .with_header(Method::GET, &url, ("if-none-match", &tag), &Value::Null)
        .await
        .is(200);
    assert_ne!(changed.header("etag"), Some(tag.as_str()));
}

#[tokio::test]
async fn it_is_compressed_for_who_takes_that() {
    let server = Server::start().await;
    let manager = server.manager();
    let url = property(&server, "/calendar?from=2027-01-04&to=2027-03-04");
    let plain = manager.get(&url).await.is(200);
    assert_eq!(plain.header("content-encoding"), None);
    let request = manager
        .request(Method::GET, &url)
        .header("accept-encoding", "gzip");
    let answer = request.send().await.unwrap();
    assert_eq!(answer.headers()["content-encoding"], "gzip");
    assert_eq!(answer.headers()["vary"], "accept-encoding");
    let packed = answer.bytes().await.unwrap();
    assert_eq!(packed[..2], [0x1f, 0x8b]);
    assert!(
        packed.len() * 4 < plain.text.len(),
        "{} of {}",
        packed.len(),
        plain.text.len()
    );
}

#[tokio::test]
async fn a_hundred_days_at_most() {
    let server = Server::start().await;
    let manager = server.manager();
    for range in ["from=2027-01-04&to=2027-01-04", "from=2027-01-04&to=2027-04-15"] {
        let url = property(&server, &format!("/calendar?{range}"));
        manager.get(&url).await.problem(422, "invalid_range").at("to");
    }
    let nowhere = format!(
        "/v1/properties/{}/calendar?from=2027-01-04&to=2027-01-05",
        unknown()
    );
    manager.get(&nowhere).await.problem(404, "not_found");
}

/// 100 units, 60 days, everything taken: one answer. Prints how long it took.
#[tokio::test]
async fn a_large_house_fits_one_answer() {
    let server = Server::start().await;
    let manager = server.manager();
    let names: Vec<String> = (0..100).map(|n| format!("T{n}")).collect();
    let units = json!({ "unit_type_id": server.adler.unit_type("DBL"), "names": names });
    manager.post(&property(&server, "/units"), &units).await.is(201);
    let rooms: Vec<Value> = (0..50)
        .map(|_| crate::support::room(&server.adler, "DBL", 1, 3))
        .collect();
    let mut room_blocks = Vec::new();
    for block in 0..20_u64 {
        let mut rooms = rooms.clone();
        for room in &mut rooms {
            room["arrival"] = json!(server.adler.night(1 + 3 * block));
            room["departure"] = json!(server.adler.night(4 + 3 * block));
        }
        room_blocks.push(crate::support::booking(&server.adler, &rooms));
    }
    for block in &room_blocks {
        manager.post("/v1/bookings", block).await.is(201);
    }
    let days = json!({ "from": "2027-01-04", "to": "2027-03-20" });
    let started = std::time::Instant::now();
    let done = manager
        .post(&property(&server, "/actions/assign-units"), &days)
        .await
        .is(200);
    println!("1000 stays planned and assigned in {:?}", started.elapsed());
    assert_eq!(done.body["assigned"].as_array().unwrap().len(), 1000);
    let url = property(&server, "/calendar?from=2027-01-04&to=2027-03-05");
    let started = std::time::Instant::now();
    let chart = manager.get(&url).await.is(200);
    println!(
        "60 days of 108 units and 1000 stays, {} bytes, in {:?}",
        chart.text.len(),
        started.elapsed()
    );
    let doubles = named(&chart.body["unit_types"], "code", "DBL");
    let stays: usize = doubles["units"]
        .as_array()
        .unwrap()
        .iter()
        .map(|u| u["stays"].as_array().unwrap().len())
        .sum();
    assert_eq!(stays, 1000);
}
