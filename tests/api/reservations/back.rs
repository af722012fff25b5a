//! Stays that nobody slept, and stays that come back.

use super::{Stay, amount, night_passes, sound, stock};
use crate::support::{Server, booking, room};
use chrono::Duration;
use innkeep_domain::booking::hold;
use serde_json::{Value, json};

#[tokio::test]
async fn a_guest_who_did_not_come_frees_the_nights_and_may_come_back() {
    let server = Server::start().await;
    let stay = Stay::book(&server, "STE", 1, 2).await;
    let early = stay.act("no-show", &Value::Null).await.problem(409, "too_early");
    assert!(early.text.contains("2027-01-05"), "{}", early.text);
    night_passes(&server, 1).await;
    let gone = stay.act("no-show", &Value::Null).await.is(200).body;
    assert_eq!(
        (&gone["status"], amount(&gone["fee"])),
        (&json!("no_show"), "0.00")
    );
    assert_eq!(stock(&server, "STE", 1).await, (0, 0));
    stay.act("no-show", &Value::Null)
        .await
        .problem(409, "wrong_state");
    assert_eq!(amount(&stay.booking().await["total"]), "0.00");
    let back = stay.act("reinstate", &Value::Null).await.is(200).body;
    assert_eq!(
        (&back["status"], amount(&back["total"])),
        (&json!("confirmed"), "400.00")
    );
    assert_eq!(amount(&stay.booking().await["total"]), "400.00");
    assert_eq!(stock(&server, "STE", 1).await, (1, 0));
    sound(&server).await;
}

#[tokio::test]
async fn a_cancelled_stay_comes_back_if_its_nights_are_free() {
    let server = Server::start().await;
    let stay = Stay::book(&server, "STE", 3, 2).await;
    stay.act("reinstate", &Value::Null)
        .await
        .problem(409, "wrong_state");
    stay.act("cancel", &Value::Null).await.is(200);
    assert_eq!(stay.booking().await["status"], "cancelled");
    let other = Stay::book(&server, "STE", 4, 1).await;
    stay.act("reinstate", &Value::Null)
        .await
        .problem(409, "no_availability");
    other.act("cancel", &Value::Null).await.is(200);
    stay.act("reinstate", &Value::Null).await.is(200);
    assert_eq!(stay.booking().await["status"], "confirmed");
    let third = Stay::book(&server, "DBL", 4, 1).await;
    third.act("cancel", &Value::Null).await.is(200);
    night_passes(&server, 10).await;
    third
        .act("reinstate", &Value::Null)
        .await
        .problem(409, "past_departure");
    sound(&server).await;
}

#[tokio::test]
async fn forced_back_the_house_is_overbooked_and_knows_it() {
    let server = Server::start().await;
    let stay = Stay::book(&server, "STE", 3, 1).await;
    stay.act("cancel", &Value::Null).await.is(200);
    let other = Stay::book(&server, "STE", 3, 1).await;
    stay.act("force-reinstate", &json!({ "reason": "our mistake" }))
        .await
        .is(200);
    assert_eq!(stock(&server, "STE", 3).await, (2, 0));
    sound(&server).await;
    other.act("cancel", &Value::Null).await.is(200);
    assert_eq!(stock(&server, "STE", 3).await, (1, 0));
    sound(&server).await;
}

/// What is cancelled gives its promo code's use back; what comes back takes it again, if it is still there.
#[tokio::test]
async fn a_promo_code_counts_the_bookings_that_are_on() {
    let server = Server::start().await;
    let (house, manager) = (&server.adler, server.manager());
    let codes = format!("/v1/properties/{}/promo-codes", house.property_id);
    let code =
        json!({ "code": "SPRING", "name": "Spring", "kind": "percent", "value": "10", "usage_limit": 1 });
    manager.post(&codes, &code).await.is(201);
    let used = async || manager.get(&codes).await.is(200).items()[0]["used"].clone();
    let with_code = |from| {
        let mut new = booking(house, &[room(house, "DBL", from, 1), room(house, "DBL", from, 1)]);
        new["promo_code"] = json!("spring");
        new
    };
    let first = Stay::made(
        &server,
        &manager.post("/v1/bookings", &with_code(3)).await.is(201),
    );
    // One room of two is still the same booking.
    first.act("cancel", &Value::Null).await.is(200);
    assert_eq!(used().await, 1);
    let whole = format!("/v1/bookings/{}/actions/cancel", first.booking);
    manager.act(&whole).await.is(200);
    assert_eq!(used().await, 0);
    sound(&server).await;
    let mut second = with_code(4);
    second["hold_minutes"] = json!(30);
    let second = manager.post("/v1/bookings", &second).await.is(201);
    first
        .act("reinstate", &Value::Null)
        .await
        .problem(409, "promo_code_used_up");
    let forced = json!({ "reason": "we promised" });
    first.act("force-reinstate", &forced).await.is(200);
    assert_eq!(used().await, 2);
    sound(&server).await;
    // The hold ends by itself.
    let mut tx = server.app.db.begin(house.tenant).await.unwrap();
    let later = server.app.clock.now() + Duration::minutes(31);
    assert!(hold::end_expired(&mut tx, later).await.unwrap());
    tx.commit().await.unwrap();
    let ended = manager
        .get(&format!("/v1/bookings/{}", second.id()))
        .await
        .is(200);
    assert_eq!(
        (used().await, &ended.body["status"]),
        (json!(1), &json!("cancelled"))
    );
    sound(&server).await;
}
