//! `/v1/bookings` and `/v1/reservations`.

mod idempotency;
mod quotes;

use crate::support::{Answer, Server, booking, room};
use reqwest::Method;
use serde_json::{Value, json};

/// What `/ari` says of one night of a unit type.
async fn stock(server: &Server, code: &str, night: u64) -> Value {
    let house = &server.adler;
    let night = house.night(night);
    let path = format!("/v1/properties/{}/ari?from={night}&to={night}", house.property_id);
    let ari = server.manager().get(&path).await.is(200).body;
    let id = json!(house.unit_type(code));
    let types = ari["unit_types"].as_array().unwrap().clone();
    types.into_iter().find(|u| u["unit_type_id"] == id).unwrap()["nights"][0].clone()
}

#[tokio::test]
async fn a_booking_freezes_its_prices_and_takes_its_nights() {
    let server = Server::start().await;
    let house = &server.adler;
    let mut new = booking(house, &[room(house, "SGL", 3, 2), room(house, "DBL", 3, 1)]);
    new["notes"] = json!("late arrival");
    new["rooms"][0]["children_ages"] = json!([4]);
    let made = server.manager().post("/v1/bookings", &new).await.is(201);
    assert_eq!(
        made.header("location"),
        Some(format!("/v1/bookings/{}", made.id()).as_str())
    );
    assert_eq!(
        (&made.body["status"], &made.body["source"]),
        (&json!("confirmed"), &json!("direct"))
    );
    assert_eq!(
        made.body["total"],
        json!({ "amount": "350.00", "currency": "EUR" })
    );
    assert_eq!(
        made.body["reservations"][0]["nights"].as_array().unwrap().len(),
        2
    );
    assert_eq!(stock(&server, "SGL", 3).await["sold"], 1);
    assert_eq!(
        stock(&server, "SGL", 5).await["sold"],
        0,
        "the departure day is not slept"
    );
    let read = server
        .manager()
        .get(&format!("/v1/bookings/{}", made.id()))
        .await
        .is(200);
    assert_eq!(read.body, made.body);
    let reservation = made.body["reservations"][0]["id"].as_str().unwrap();
    let read = server
        .manager()
        .get(&format!("/v1/reservations/{reservation}"))
        .await
        .is(200);
    assert_eq!(read.body, made.body["reservations"][0]);
}

#[tokio::test]
async fn all_rooms_or_none() {
    let server = Server::start().await;
    let house = &server.adler;
    let before = server.stored().await;
    let two_suites = booking(
        house,
        &[
            room(house, "SGL", 3, 1),
            room(house, "STE", 3, 1),
            room(house, "STE", 3, 1),
        ],
    );
    server
        .manager()
        .post("/v1/bookings", &two_suites)
        .await
        .problem(409, "no_availability");
    assert_eq!(server.stored().await, before);
    assert_eq!(stock(&server, "SGL", 3).await["sold"], 0);
}

#[tokio::test]
async fn a_cancelled_booking_gives_its_nights_back_once() {
    let server = Server::start().await;
    let house = &server.adler;
    let manager = server.manager();
    let made = manager
        .post("/v1/bookings", &booking(house, &[room(house, "STE", 3, 2)]))
        .await
        .is(201);
    manager
        .post("/v1/bookings", &booking(house, &[room(house, "STE", 4, 1)]))
        .await
        .problem(409, "no_availability");
    let cancel = format!("/v1/bookings/{}/actions/cancel", made.id());
    manager
        .with_header(Method::POST, &cancel, ("if-match", "\"7\""), &Value::Null)
        .await
        .problem(412, "stale_version");
    let done = manager
        .with_header(Method::POST, &cancel, ("if-match", "\"1\""), &Value::Null)
        .await
        .is(200);
    assert_eq!(
        (&done.body["status"], done.header("etag")),
        (&json!("cancelled"), Some("\"2\""))
    );
    manager.act(&cancel).await.problem(409, "wrong_state");
    assert_eq!(stock(&server, "STE", 3).await["sold"], 0);
    manager
        .post("/v1/bookings", &booking(house, &[room(house, "STE", 4, 1)]))
        .await
        .is(201);
}

#[tokio::test]
async fn with_its_last_reservation_the_booking_is_cancelled() {
    let server = Server::start().await;
    let house = &server.adler;
    let manager = server.manager();
    let two = booking(house, &[room(house, "DBL", 3, 1), room(house, "DBL", 3, 1)]);
    let made = manager.post("/v1/bookings", &two).await.is(201);
    let path = format!("/v1/bookings/{}", made.id());
    for (i, status) in ["confirmed", "cancelled"].into_iter().enumerate() {
        let id = made.body["reservations"][i]["id"].as_str().unwrap();
        let done = manager
            .act(&format!("/v1/reservations/{id}/actions/cancel"))
            .await
            .is(200);
        assert_eq!(done.body["status"], "cancelled");
        assert_eq!(manager.get(&path).await.is(200).body["status"], status);
        assert_eq!(stock(&server, "DBL", 3).await["sold"], 1 - i);
    }
}

#[tokio::test]
async fn bookings_are_listed_and_filtered() {
    let server = Server::start().await;
    let house = &server.adler;
    let manager = server.manager();
    let mut ids = Vec::new();
    for from in [3, 10, 20] {
        let made = manager
            .post("/v1/bookings", &booking(house, &[room(house, "DBL", from, 2)]))
            .await
            .is(201);
        ids.push(made.id().to_owned());
    }
    manager
        .act(&format!("/v1/bookings/{}/actions/cancel", ids[1]))
        .await
        .is(200);
    let listed = async |query: &str| -> Vec<String> {
        let page = manager.get(&format!("/v1/bookings?{query}")).await.is(200);
        page.items()
            .iter()
            .map(|b| b["id"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(listed("").await, ids);
    assert_eq!(listed("status=cancelled").await, ids[1..2]);
    assert_eq!(
        listed(&format!("departing_after={}", house.night(12))).await,
        ids[2..]
    );
    assert_eq!(
        listed(&format!("property_id={}", house.property_id)).await.len(),
        3
    );
    manager
        .get("/v1/bookings?status=lost")
        .await
        .problem(400, "invalid_parameter")
        .at("status");
}

/// Exactly as many as there are rooms, whoever comes at once; over HTTP and in one process.
#[tokio::test]
async fn the_last_rooms_are_sold_once() {
    let server = Server::start().await;
    let house = &server.adler;
    let manager = server.manager();
    let body = booking(house, &[room(house, "SGL", 30, 2)]);
    let attempts = (0..12).map(|_| manager.post("/v1/bookings", &body));
    let answers = futures_util::future::join_all(attempts).await;
    let (sold, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|a| a.status == 201);
    assert_eq!(sold.len(), 2);
    for answer in refused {
        answer.problem(409, "no_availability");
    }
    assert_eq!(stock(&server, "SGL", 30).await["free"], 0);
}

/// A change, its event and its kick are one transaction.
#[tokio::test]
async fn a_booking_leaves_an_event() {
    let server = Server::start().await;
    let house = &server.adler;
    let before = server.stored().await;
    let made = server
        .manager()
        .post("/v1/bookings", &booking(house, &[room(house, "DBL", 3, 1)]))
        .await
        .is(201);
    let after = server.stored().await;
    let grown: Vec<_> = after
        .iter()
        .filter(|(t, n)| **n > before[*t])
        .map(|(t, n)| (t.as_str(), n - before[t]))
        .collect();
    let expected = [
        ("booking", 1),
        ("event", 1),
        ("reservation", 1),
        ("reservation_night", 1),
    ];
    assert_eq!(grown, expected);
    let events = current_events(&server).await;
    let last = events.items().last().unwrap().clone();
    assert_eq!(
        (&last["kind"], &last["subject_id"]),
        (&json!("booking.created"), &made.body["id"])
    );
    let after = format!(
        "/v1/events?after={}",
        events.body["next_cursor"].as_str().unwrap()
    );
    assert_eq!(
        server.manager().get(&after).await.is(200).items().len(),
        0,
        "up to date"
    );
}

/// The log shows a transaction once every older one has ended, in any database of the server: other tests' too.
async fn current_events(server: &Server) -> Answer {
    let mut tx = server.app.db.begin(server.adler.tenant).await.unwrap();
    let all: i64 = sqlx::query_scalar("select count(*) from event")
        .fetch_one(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    loop {
        let events = server.manager().get("/v1/events?limit=200").await.is(200);
        if events.items().len() as i64 == all {
            return events;
        }
        tokio::task::yield_now().await;
    }
}
