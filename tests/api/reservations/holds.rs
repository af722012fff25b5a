//! Holds.

use super::{Stay, amount, reprice, sound, stock};
use crate::support::{NOW, Server, booking, room};
use chrono::{DateTime, Duration, Utc};
use innkeep_domain::booking::hold;
use innkeep_domain::due::due;
use serde_json::{Value, json};

fn held(server: &Server, code: &str, minutes: i32) -> Value {
    let mut new = booking(&server.adler, &[room(&server.adler, code, 3, 2)]);
    new["hold_minutes"] = json!(minutes);
    new
}

#[tokio::test]
async fn a_hold_keeps_its_units_until_it_is_confirmed() {
    let server = Server::start().await;
    let made = server
        .manager()
        .post("/v1/bookings", &held(&server, "STE", 15))
        .await
        .is(201);
    assert_eq!(made.body["status"], "tentative");
    assert_eq!(made.body["hold_expires_at"], "2027-01-04T10:15:00+00:00");
    assert_eq!(stock(&server, "STE", 3).await, (0, 1));
    let other = booking(&server.adler, &[room(&server.adler, "STE", 4, 1)]);
    server
        .manager()
        .post("/v1/bookings", &other)
        .await
        .problem(409, "no_availability");
    reprice(&server, "STE", "999.00").await;
    let path = format!("/v1/bookings/{}/actions/confirm", made.id());
    let confirmed = server.manager().act(&path).await.is(200).body;
    assert_eq!(
        (&confirmed["status"], amount(&confirmed["total"])),
        (&json!("confirmed"), "400.00")
    );
    assert_eq!(confirmed.get("hold_expires_at"), None);
    assert_eq!(stock(&server, "STE", 3).await, (1, 0));
    server.manager().act(&path).await.problem(409, "not_held");
    sound(&server).await;
}

#[tokio::test]
async fn a_hold_whose_time_has_passed_is_not_confirmed_and_its_units_are_free_again() {
    let server = Server::start().await;
    let made = server
        .manager()
        .post("/v1/bookings", &held(&server, "STE", 15))
        .await
        .is(201);
    server.app.clock.advance(Duration::minutes(15));
    let path = format!("/v1/bookings/{}/actions/confirm", made.id());
    server.manager().act(&path).await.problem(409, "hold_expired");
    let now: DateTime<Utc> = NOW.parse().unwrap();
    for (at, ended) in [(14, false), (15, true), (15, false)] {
        let mut tx = server.app.db.begin(server.adler.tenant).await.unwrap();
        let at = now + Duration::minutes(at);
        assert_eq!(due(&mut tx, at).await.unwrap().holds, ended);
        assert_eq!(hold::end_expired(&mut tx, at).await.unwrap(), ended);
        tx.commit().await.unwrap();
    }
    let stay = Stay::made(&server, &made);
    assert_eq!(
        (&stay.booking().await["status"], &stay.read().await["status"]),
        (&json!("cancelled"), &json!("cancelled"))
    );
    assert_eq!(amount(&stay.booking().await["total"]), "0.00");
    assert_eq!(stock(&server, "STE", 3).await, (0, 0));
    server.manager().act(&path).await.problem(409, "not_held");
    sound(&server).await;
}

/// Many confirm a hold in the very moment in which it is ended: it is sold, or free, and never both.
#[tokio::test]
async fn a_hold_is_confirmed_or_ended_by_one_winner() {
    let server = Server::start().await;
    for round in 0..10 {
        let made = server
            .manager()
            .post("/v1/bookings", &held(&server, "STE", 15))
            .await
            .is(201);
        let late: DateTime<Utc> = NOW.parse::<DateTime<Utc>>().unwrap() + Duration::minutes(20);
        let path = format!("/v1/bookings/{}/actions/confirm", made.id());
        let end = async {
            let mut tx = server.app.db.begin(server.adler.tenant).await.unwrap();
            let ended = hold::end_expired(&mut tx, late).await.unwrap();
            tx.commit().await.unwrap();
            ended
        };
        let caller = server.manager();
        let (confirmed, ended) = if round % 2 == 0 {
            tokio::join!(caller.act(&path), end)
        } else {
            let (ended, confirmed) = tokio::join!(end, caller.act(&path));
            (confirmed, ended)
        };
        assert_ne!(confirmed.status == 200, ended, "{}", confirmed.text);
        sound(&server).await;
        if confirmed.status == 200 {
            server
                .manager()
                .act(&format!("/v1/bookings/{}/actions/cancel", made.id()))
                .await
                .is(200);
        }
    }
}
