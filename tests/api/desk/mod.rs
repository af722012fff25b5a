//! The front desk: `/v1/units`, the desk's actions on `/v1/reservations`, its lists under `/v1/properties`.

mod assignment;
mod automatic;
mod calendar;
mod channel;
mod follow;
mod housekeeping;
mod isolation;
mod lists;
mod maintenance;
mod stays;
mod units;
mod upgrades;
mod verified;

use crate::support::{Answer, Server, booking, room};
use innkeep_domain::verify;
use serde_json::{Value, json};

/// A confirmed stay.
struct Stay {
    id: String,
    reference: String,
}

async fn book(server: &Server, code: &str, from: u64, nights: u64) -> Stay {
    let new = booking(&server.adler, &[room(&server.adler, code, from, nights)]);
    let made = server.manager().post("/v1/bookings", &new).await.is(201);
    Stay {
        id: made.body["reservations"][0]["id"].as_str().unwrap().to_owned(),
        reference: made.body["reference"].as_str().unwrap().to_owned(),
    }
}

/// The id of a unit of the hotel: `SGL-1`, `SGL-2`, `DBL-1` to `DBL-5`, `STE-1`.
async fn unit(server: &Server, name: &str) -> String {
    let units = server.manager().get(&property(server, "/units")).await.is(200);
    let found = units.items().iter().find(|u| u["name"] == name).unwrap();
    found["id"].as_str().unwrap().to_owned()
}

fn property(server: &Server, path: &str) -> String {
    format!("/v1/properties/{}{path}", server.adler.property_id)
}

fn action(stay: &Stay, name: &str) -> String {
    format!("/v1/reservations/{}/actions/{name}", stay.id)
}

async fn assign(server: &Server, stay: &Stay, unit: &str) -> Answer {
    let body = json!({ "unit_id": unit });
    server.manager().post(&action(stay, "assign-unit"), &body).await
}

async fn check_in(server: &Server, stay: &Stay) -> Answer {
    server.manager().act(&action(stay, "check-in")).await
}

/// A stay of `code` in the unit, checked in today.
async fn in_house(server: &Server, code: &str, unit: &str, nights: u64) -> Stay {
    let stay = book(server, code, 0, nights).await;
    assign(server, &stay, unit).await.is(200);
    check_in(server, &stay).await.is(200);
    stay
}

async fn segments(server: &Server, stay: &Stay) -> Value {
    let path = format!("/v1/reservations/{}/assignment", stay.id);
    server.manager().get(&path).await.is(200).body["segments"].clone()
}

/// The night audit, as far as the desk sees it.
async fn next_business_date(server: &Server) {
    let mut conn = server.database.superuser().await.unwrap();
    sqlx::query("update property set business_date = business_date + 1")
        .execute(&mut conn)
        .await
        .unwrap();
}

#[track_caller]
fn says(answer: &Answer, words: &str) {
    let detail = answer.body["detail"].as_str().unwrap();
    assert!(detail.contains(words), "{detail}");
}

async fn assert_verified(server: &Server) {
    let mut tx = server.app.db.begin(server.adler.tenant).await.unwrap();
    assert_eq!(verify::tenant(&mut tx, server.app.clock.now()).await.unwrap(), []);
}

/// The last event of a kind. From the table: readers of the log wait for transactions that run beside them, and other
/// tests do.
async fn last_event(server: &Server, kind: &str) -> Value {
    let mut conn = server.database.superuser().await.unwrap();
    sqlx::query_scalar("select data from event where kind = $1 order by xid desc, seq desc limit 1")
        .bind(kind)
        .fetch_one(&mut conn)
        .await
        .unwrap()
}
