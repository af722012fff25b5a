//! Check-in, check-out, walk-ins.

use super::{
    action, assert_verified, assign, book, check_in, in_house, last_event, next_business_date, property,
    says, unit,
};
use crate::support::{Server, booking, room};
use innkeep_domain::Role;
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn a_guest_comes_and_goes() {
    let server = Server::start().await;
    let manager = server.manager();
    let single = unit(&server, "SGL-1").await;
    let stay = book(&server, "SGL", 0, 2).await;
    assign(&server, &stay, &single).await.is(200);
    let come = check_in(&server, &stay).await.is(200);
    assert_eq!(
        (&come.body["status"], come.header("etag")),
        (&json!("in_house"), Some("\"3\""))
    );
    manager
        .act(&action(&stay, "cancel"))
        .await
        .problem(409, "wrong_state");
    let gone = manager.act(&action(&stay, "check-out")).await.is(200);
    assert_eq!(gone.body["status"], "departed");
    // Leaving early shortens nothing.
    assert_eq!(gone.body["departure"], json!(server.adler.night(2)));
    let used = manager.get(&format!("/v1/units/{single}")).await.is(200);
    assert_eq!(used.body["cleanliness"], "dirty");
    manager
        .act(&action(&stay, "check-out"))
        .await
        .problem(409, "wrong_state");
    // Who has left is not let in again: when they came would be forgotten, and could be undone.
    check_in(&server, &stay).await.problem(409, "wrong_state");
    let event = last_event(&server, "reservation.checked_in").await;
    assert_eq!(
        event["nights"],
        json!([{ "from": "2027-01-04", "to": "2027-01-06" }])
    );
    assert_eq!(event["reference"], json!(stay.reference));
    let event = last_event(&server, "reservation.checked_out").await;
    assert_eq!(
        (&event["early"], &event["unit_id"]),
        (&json!(true), &json!(single))
    );
    assert_verified(&server).await;
}

#[tokio::test]
async fn nobody_is_let_in_on_another_day_or_without_a_unit() {
    let server = Server::start().await;
    let tomorrow = book(&server, "SGL", 1, 1).await;
    let early = check_in(&server, &tomorrow).await.problem(409, "not_today");
    says(&early, "the business date is 2027-01-04");
    let today = book(&server, "SGL", 0, 1).await;
    let homeless = check_in(&server, &today).await.problem(409, "no_unit");
    says(&homeless, "SGL-1, SGL-2");
    next_business_date(&server).await;
    check_in(&server, &today).await.problem(409, "not_today");
    // Who comes a day late is still let in.
    let late = book(&server, "DBL", 1, 2).await;
    assign(&server, &late, &unit(&server, "DBL-1").await)
        .await
        .is(200);
    next_business_date(&server).await;
    check_in(&server, &late).await.is(200);
}

#[tokio::test]
async fn a_dirty_unit_is_forced_with_a_reason() {
    let server = Server::start().await;
    let manager = server.manager();
    let single = unit(&server, "SGL-1").await;
    manager
        .act(&format!("/v1/units/{single}/actions/mark-dirty"))
        .await
        .is(200);
    let stay = book(&server, "SGL", 0, 1).await;
    assign(&server, &stay, &single).await.is(200);
    let refused = check_in(&server, &stay).await.problem(409, "unit_not_ready");
    says(&refused, "unit SGL-1 is dirty");
    says(&refused, "free and clean: SGL-2");
    let url = action(&stay, "force-check-in");
    manager
        .post(&url, &json!({ "reason": " " }))
        .await
        .problem(422, "invalid_text")
        .at("/reason");
    let force = json!({ "reason": "drops the bags only" });
    let desk = server.caller(&server.adler, Role::FrontDesk);
    desk.post(&url, &force).await.problem(403, "missing_permission");
    let come = manager.post(&url, &force).await.is(200);
    let timeline = format!(
        "/v1/bookings/{}/timeline",
        come.body["booking_id"].as_str().unwrap()
    );
    let said = manager.get(&timeline).await.is(200);
    let last = said.body["items"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["reason"], "drops the bags only");
    assert_eq!(
        last["text"],
        "manager checked the guest in: status confirmed -> in_house"
    );
}

#[tokio::test]
async fn a_walk_in_is_forced_into_a_dirty_unit_but_never_oversells() {
    let server = Server::start().await;
    let (house, manager) = (&server.adler, server.manager());
    let suite = unit(&server, "STE-1").await;
    manager
        .act(&format!("/v1/units/{suite}/actions/mark-dirty"))
        .await
        .is(200);
    let new = json!({ "booking": booking(house, &[room(house, "STE", 0, 2)]), "unit_id": suite });
    let url = property(&server, "/walk-ins/actions/force-create");
    let forced = json!({ "walk_in": new, "reason": "it rains" });
    let desk = server.caller(house, Role::FrontDesk);
    desk.post(&url, &forced).await.problem(403, "missing_permission");
    let made = manager.post(&url, &forced).await.is(201);
    let stay = &made.body["reservations"][0];
    assert_eq!(
        (&stay["status"], &stay["segments"][0]["unit_name"]),
        (&json!("in_house"), &json!("STE-1"))
    );
    manager.post(&url, &forced).await.problem(409, "no_availability");
    assert_verified(&server).await;
}

#[tokio::test]
async fn the_last_guest_leaves_before_the_next_comes() {
    let server = Server::start().await;
    let manager = server.manager();
    let suite = unit(&server, "STE-1").await;
    let before = in_house(&server, "STE", &suite, 1).await;
    let next = book(&server, "STE", 1, 1).await;
    assign(&server, &next, &suite).await.is(200);
    next_business_date(&server).await;
    let refused = check_in(&server, &next).await.problem(409, "unit_occupied");
    says(&refused, &before.reference);
    says(&refused, "no other unit is free");
    manager.act(&action(&before, "check-out")).await.is(200);
    check_in(&server, &next).await.problem(409, "unit_not_ready");
    manager
        .act(&format!("/v1/units/{suite}/actions/mark-clean"))
        .await
        .is(200);
    check_in(&server, &next).await.is(200);
    // The room is theirs now: the other cannot come back into it.
    manager
        .act(&action(&before, "undo-check-out"))
        .await
        .problem(409, "unit_occupied");
    assert_verified(&server).await;
}

#[tokio::test]
async fn what_was_done_today_is_undone_today_only() {
    let server = Server::start().await;
    let manager = server.manager();
    let stay = in_house(&server, "DBL", &unit(&server, "DBL-1").await, 3).await;
    let back = manager.act(&action(&stay, "undo-check-in")).await.is(200);
    assert_eq!(back.body["status"], "confirmed");
    manager
        .act(&action(&stay, "undo-check-in"))
        .await
        .problem(409, "wrong_state");
    check_in(&server, &stay).await.is(200);
    manager.act(&action(&stay, "check-out")).await.is(200);
    let back = manager.act(&action(&stay, "undo-check-out")).await.is(200);
    assert_eq!(back.body["status"], "in_house");
    next_business_date(&server).await;
    manager
        .act(&action(&stay, "undo-check-in"))
        .await
        .problem(409, "too_late_to_undo");
    manager.act(&action(&stay, "check-out")).await.is(200);
    next_business_date(&server).await;
    manager
        .act(&action(&stay, "undo-check-out"))
        .await
        .problem(409, "too_late_to_undo");
    assert_verified(&server).await;
}

/// Undoing a check-in must not be a way to bring a cancelled stay back past the stock.
#[tokio::test]
async fn a_cancelled_stay_does_not_come_back_by_an_undo() {
    let server = Server::start().await;
    let stay = book(&server, "DBL", 0, 1).await;
    server.manager().act(&action(&stay, "cancel")).await.is(200);
    for undo in ["undo-check-in", "undo-check-out", "check-out"] {
        server
            .manager()
            .act(&action(&stay, undo))
            .await
            .problem(409, "wrong_state");
    }
    check_in(&server, &stay).await.problem(409, "wrong_state");
    assert_verified(&server).await;
}

#[tokio::test]
async fn a_walk_in_is_booked_housed_and_checked_in_or_nothing() {
    let server = Server::start().await;
    let house = &server.adler;
    let desk = server.caller(house, Role::FrontDesk);
    let url = property(&server, "/walk-ins");
    let suite = unit(&server, "STE-1").await;
    let new = json!({ "booking": booking(house, &[room(house, "STE", 0, 2)]) });
    desk.act(&format!("/v1/units/{suite}/actions/mark-dirty"))
        .await
        .is(200);
    let before = server.stored().await;
    desk.post(&url, &new).await.problem(409, "no_unit");
    let mut named = new.clone();
    named["unit_id"] = json!(suite);
    desk.post(&url, &named).await.problem(409, "unit_not_ready");
    let later = json!({ "booking": booking(house, &[room(house, "STE", 1, 2)]) });
    desk.post(&url, &later)
        .await
        .problem(422, "not_a_walk_in")
        .at("/booking/rooms");
    let two = [room(house, "DBL", 0, 1), room(house, "DBL", 0, 1)];
    let two = json!({ "booking": booking(house, &two) });
    desk.post(&url, &two).await.problem(422, "not_a_walk_in");
    assert_eq!(
        server.stored().await,
        before,
        "a refused walk-in leaves nothing behind"
    );
    desk.act(&format!("/v1/units/{suite}/actions/mark-inspected"))
        .await
        .is(200);
    let made = desk
        .with_header(Method::POST, &url, ("idempotency-key", "w1"), &new)
        .await
        .is(201);
    assert_eq!(made.body["reservations"][0]["status"], "in_house");
    assert_eq!(
        made.header("location"),
        Some(format!("/v1/bookings/{}", made.id()).as_str())
    );
    let again = desk
        .with_header(Method::POST, &url, ("idempotency-key", "w1"), &new)
        .await
        .is(201);
    assert_eq!(again.id(), made.id());
    desk.post(&url, &new).await.problem(409, "no_availability");
    assert_verified(&server).await;
}
