//! `/v1/dashboard` and `/v1/alerts`.

use crate::support::{Server, booking, room, unknown};
use innkeep_domain::{Principal, metrics};
use serde_json::{Value, json};

fn path(server: &Server) -> String {
    let (from, to) = (server.adler.night(0), server.adler.night(9));
    format!(
        "/v1/dashboard?property_id={}&from={from}&to={to}",
        server.adler.property_id
    )
}

#[tokio::test]
async fn numbers_follow_bookings_at_once_and_agree_with_each_other() {
    let server = Server::start().await;
    let manager = server.manager();
    let empty = manager.get(&path(&server)).await.is(200).body;
    assert_eq!((&empty["rooms"], &empty["sold"]), (&json!(80), &json!(0)));
    assert_eq!(empty["adr"], Value::Null, "a ratio over nothing is absent");
    let two = booking(
        &server.adler,
        &[room(&server.adler, "SGL", 1, 2), room(&server.adler, "DBL", 1, 3)],
    );
    let made = manager.post("/v1/bookings", &two).await.is(201);
    let full = manager.get(&path(&server)).await.is(200).body;
    assert_eq!(full["sold"], 5);
    assert_eq!(
        full["room_revenue"],
        json!({ "amount": "650.00", "currency": "EUR" })
    );
    assert_eq!(full["adr"]["amount"], "130.00");
    assert_eq!(full["revpar"]["amount"], "8.13");
    assert_eq!(full["occupancy"], "0.0625");
    manager
        .act(&format!("/v1/bookings/{}/actions/cancel", made.id()))
        .await
        .is(200);
    assert_eq!(manager.get(&path(&server)).await.is(200).body["sold"], 0);
}

/// The projection and the live computation must say the same, and a cached value must not outlive a change.
#[tokio::test]
async fn the_projection_agrees_with_the_live_numbers() {
    let server = Server::start().await;
    let manager = server.manager();
    manager
        .post(
            "/v1/bookings",
            &booking(&server.adler, &[room(&server.adler, "STE", 2, 4)]),
        )
        .await
        .is(201);
    let live = manager.get(&path(&server)).await.is(200).body;
    loop {
        let mut tx = server.app.db.begin(server.adler.tenant).await.unwrap();
        let read = metrics::follow(&mut tx, server.app.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        if read == 0 {
            break;
        }
    }
    server.app.cache.invalidate(server.adler.tenant).await;
    assert_eq!(manager.get(&path(&server)).await.is(200).body, live);
    let mut tx = server.app.db.begin(server.adler.tenant).await.unwrap();
    assert_eq!(
        innkeep_domain::verify::tenant(&mut tx, server.app.clock.now())
            .await
            .unwrap(),
        []
    );
}

#[tokio::test]
async fn ranges_have_limits() {
    let server = Server::start().await;
    let id = server.adler.property_id;
    let ask = |from: &str, to: &str| format!("/v1/dashboard?property_id={id}&from={from}&to={to}");
    let manager = server.manager();
    manager
        .get(&ask("2027-01-05", "2027-01-04"))
        .await
        .problem(422, "invalid_range");
    manager
        .get(&ask("2027-01-01", "2037-01-01"))
        .await
        .problem(422, "invalid_range");
    manager
        .get(&ask("2027-02-29", "2027-03-01"))
        .await
        .problem(400, "invalid_parameter")
        .at("from");
    manager
        .get("/v1/dashboard?from=2027-01-01&to=2027-01-02")
        .await
        .problem(400, "invalid_parameter");
    let other = format!(
        "/v1/dashboard?property_id={}&from=2027-01-01&to=2027-01-02",
        unknown()
    );
    manager.get(&other).await.problem(404, "not_found");
}

#[tokio::test]
async fn alerts_are_listed_newest_first() {
    let server = Server::start().await;
    let mut tx = server.app.db.begin(server.adler.tenant).await.unwrap();
    for n in 0..3 {
        let subject = (server.adler.property_id, unknown());
        let detail = format!("alert {n}");
        innkeep_domain::alert::raise(&mut tx, "overbooked", subject, &detail, server.app.clock.now())
            .await
            .unwrap();
    }
    assert_eq!(Principal::system(tx.tenant(), "x").tenant, server.adler.tenant);
    tx.commit().await.unwrap();
    let page = server.manager().get("/v1/alerts?limit=2").await.is(200);
    let details: Vec<_> = page.items().iter().map(|a| a["detail"].clone()).collect();
    assert_eq!(details, ["alert 2", "alert 1"]);
    let next = format!(
        "/v1/alerts?limit=2&cursor={}",
        page.body["next_cursor"].as_str().unwrap()
    );
    assert_eq!(server.manager().get(&next).await.is(200).items().len(), 1);
}
