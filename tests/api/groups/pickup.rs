//! Bookings of a group.

use super::{act, allot, assert_sound, group, nights, range, stock};
use crate::support::{Answer, Server, booking, events, room, unknown};
use serde_json::{Value, json};

/// Books a double for the group, or tries to.
async fn pick_up(server: &Server, group: &str, code: &str, from: u64, length: u64) -> Answer {
    let house = &server.adler;
    let mut new = booking(house, &[room(house, code, from, length)]);
    new["group_id"] = json!(group);
    server.manager().post("/v1/bookings", &new).await
}

async fn view(server: &Server, id: &str) -> Answer {
    server.manager().get(&format!("/v1/groups/{id}")).await.is(200)
}

#[tokio::test]
async fn a_booking_of_the_group_takes_from_its_block_first_and_then_what_is_free() {
    let server = Server::start().await;
    let house = &server.adler;
    let made = group(&server).await;
    let id = made.id();
    allot(&server.manager(), id, &[range(&server, "DBL", 10, 11, 2)])
        .await
        .is(200);
    // One night more than the block has.
    let first = pick_up(&server, id, "DBL", 10, 3).await.is(201);
    assert_eq!(first.body["group_id"], json!(id));
    assert_eq!(stock(&server, "DBL", 10).await, (3, 1, 1));
    assert_eq!(stock(&server, "DBL", 12).await, (4, 0, 1));
    let shown = view(&server, id).await;
    assert_eq!(nights(&shown), [[2, 1, 1], [2, 1, 1], [0, 1, 0]]);
    assert_eq!(shown.body["bookings"][0]["reference"], first.body["reference"]);
    for _ in 0..2 {
        pick_up(&server, id, "DBL", 10, 1).await.is(201);
    }
    assert_eq!(nights(&view(&server, id).await)[0], [2, 3, 0], "beyond the block");
    assert_eq!(stock(&server, "DBL", 10).await, (2, 0, 3));
    assert_sound(&server).await;
    // Two are free for anybody, and then it is full for the group too.
    for _ in 0..2 {
        let other = booking(house, &[room(house, "DBL", 10, 1)]);
        server.manager().post("/v1/bookings", &other).await.is(201);
    }
    let before = server.stored().await;
    pick_up(&server, id, "DBL", 10, 2)
        .await
        .problem(409, "no_availability");
    assert_eq!(server.stored().await, before);
    assert_eq!(
        nights(&view(&server, id).await)[1],
        [2, 1, 1],
        "nothing was drawn"
    );
    let said = events(&server, "group.picked_up").await;
    let drawn: Vec<_> = said.iter().map(|e| e["data"]["out_of_block"].clone()).collect();
    assert_eq!(drawn, [json!(2), json!(1), json!(0)]);
    assert_sound(&server).await;
}

/// The block is there even when nothing else is, and what is cancelled does not return to it.
#[tokio::test]
async fn the_last_units_are_the_groups_and_a_cancelled_stay_is_free_for_all() {
    let server = Server::start().await;
    let (manager, house) = (server.manager(), &server.adler);
    let made = group(&server).await;
    let id = made.id();
    allot(&manager, id, &[range(&server, "STE", 10, 11, 1)])
        .await
        .is(200);
    let other = booking(house, &[room(house, "STE", 10, 2)]);
    manager
        .post("/v1/bookings", &other)
        .await
        .problem(409, "no_availability");
    let picked = pick_up(&server, id, "STE", 10, 2).await.is(201);
    assert_eq!(stock(&server, "STE", 10).await, (0, 0, 1));
    // Never less than what was picked up.
    let kept = allot(&manager, id, &[]).await.is(200);
    assert_eq!(nights(&kept), [[1, 1, 0], [1, 1, 0]]);
    manager
        .act(&format!("/v1/bookings/{}/actions/cancel", picked.id()))
        .await
        .is(200);
    assert_eq!(nights(&view(&server, id).await), [[1, 0, 0], [1, 0, 0]]);
    assert_eq!(stock(&server, "STE", 10).await, (1, 0, 0));
    manager.post("/v1/bookings", &other).await.is(201);
    assert_sound(&server).await;
}

#[tokio::test]
async fn a_held_booking_of_the_group_keeps_what_the_block_gave() {
    let server = Server::start().await;
    let (manager, house) = (server.manager(), &server.adler);
    let made = group(&server).await;
    allot(&manager, made.id(), &[range(&server, "STE", 10, 10, 1)])
        .await
        .is(200);
    let mut new = booking(house, &[room(house, "STE", 10, 1)]);
    new["group_id"] = json!(made.id());
    new["hold_minutes"] = json!(30);
    let held = manager.post("/v1/bookings", &new).await.is(201);
    assert_eq!(stock(&server, "STE", 10).await, (0, 1, 0));
    assert_eq!(nights(&view(&server, made.id()).await), [[1, 1, 0]]);
    assert_sound(&server).await;
    manager
        .act(&format!("/v1/bookings/{}/actions/confirm", held.id()))
        .await
        .is(200);
    assert_eq!(stock(&server, "STE", 10).await, (0, 0, 1));
    assert_sound(&server).await;
}

#[tokio::test]
async fn a_booking_comes_through_whom_its_group_comes_through() {
    let server = Server::start().await;
    let manager = server.manager();
    for (kind, field, none) in [
        ("company", "company_id", "agent_id"),
        ("travel_agent", "agent_id", "company_id"),
    ] {
        let new = json!({ "kind": kind, "name": kind });
        let company = manager.post("/v1/companies", &new).await.is(201);
        let house = &server.adler;
        let new = json!({ "property_id": house.property_id, "code": kind, "name": kind, "company_id": company.id(),
            "arrival": house.night(10), "departure": house.night(12) });
        let made = manager.post("/v1/groups", &new).await.is(201);
        let picked = pick_up(&server, made.id(), "DBL", 10, 1).await.is(201);
        assert_eq!(
            (&picked.body[field], &picked.body[none]),
            (&json!(company.id()), &Value::Null)
        );
        let path = format!("/v1/bookings/{}", picked.id());
        let edited = manager.patch(&path, &json!({ "notes": "n" })).await.is(200);
        assert_eq!(
            edited.body["group_id"],
            json!(made.id()),
            "kept by every later write"
        );
    }
    assert_sound(&server).await;
}

#[tokio::test]
async fn groups_that_are_closed_or_not_ones_own() {
    let server = Server::start().await;
    let made = group(&server).await;
    let id = made.id();
    let before = server.stored().await;
    pick_up(&server, &unknown().to_string(), "DBL", 10, 1)
        .await
        .problem(404, "not_found")
        .at("/group_id");
    let host = server.caller(&server.mare, innkeep_domain::Role::Owner);
    let mut theirs = booking(&server.mare, &[room(&server.mare, "APT", 10, 1)]);
    theirs["group_id"] = json!(id);
    host.post("/v1/bookings", &theirs)
        .await
        .problem(404, "not_found")
        .at("/group_id");
    assert_eq!(server.stored().await, before);
    act(&server, id, "release", &Value::Null).await.is(200);
    pick_up(&server, id, "DBL", 10, 1).await.is(201);
    act(&server, id, "cancel", &Value::Null).await.is(200);
    pick_up(&server, id, "DBL", 10, 1)
        .await
        .problem(409, "wrong_state")
        .at("/group_id");
    assert_eq!(
        view(&server, id).await.body["bookings"].as_array().unwrap().len(),
        1
    );
    assert_sound(&server).await;
}

/// Pick-ups that reach beyond their block, other sales, washes and cancellations over the same nights at once: nothing
/// is oversold, nobody deadlocks, and the counters are right in the end.
#[tokio::test]
async fn everybody_at_once() {
    let server = Server::start().await;
    let (manager, house) = (server.manager(), &server.adler);
    let made = group(&server).await;
    let id = made.id();
    allot(&manager, id, &[range(&server, "DBL", 11, 11, 3)])
        .await
        .is(200);
    let wash_path = format!("/v1/groups/{id}/actions/wash");
    let rooms = |from, nights| {
        booking(
            house,
            &[room(house, "DBL", from, nights), room(house, "SGL", from, nights)],
        )
    };
    let attempts = (0..24).map(|i| {
        let (manager, wash_path) = (&manager, &wash_path);
        async move {
            if i % 8 == 7 {
                return manager.post(wash_path, &json!({ "units": 1 })).await;
            }
            let mut new = rooms(10 + i % 2, 2);
            if i % 3 != 0 {
                new["group_id"] = json!(id);
            }
            let made = manager.post("/v1/bookings", &new).await;
            if made.status == 201 && i % 4 == 0 {
                return manager
                    .act(&format!("/v1/bookings/{}/actions/cancel", made.id()))
                    .await;
            }
            made
        }
    });
    for answer in futures_util::future::join_all(attempts).await {
        assert!(matches!(answer.status, 200 | 201 | 409), "{}", answer.text);
    }
    let (free, held, sold) = stock(&server, "DBL", 11).await;
    assert_eq!(free + held + sold, 5);
    assert_sound(&server).await;
}

/// What is kept for the group is its own, whoever oversold the night: held turns into sold, nothing more is taken.
#[tokio::test]
async fn a_night_that_was_oversold_does_not_keep_the_group_from_its_block() {
    let server = Server::start().await;
    let (manager, house) = (server.manager(), &server.adler);
    let made = group(&server).await;
    let id = made.id();
    allot(&manager, id, &[range(&server, "STE", 10, 11, 1)])
        .await
        .is(200);
    let other = json!({ "booking": booking(house, &[room(house, "STE", 10, 1)]), "reason": "a promise" });
    manager
        .post("/v1/bookings/actions/force-book", &other)
        .await
        .is(201);
    assert_eq!(stock(&server, "STE", 10).await, (0, 1, 1));
    pick_up(&server, id, "STE", 10, 2).await.is(201);
    assert_eq!(stock(&server, "STE", 10).await, (0, 0, 2));
    assert_eq!(stock(&server, "STE", 11).await, (0, 0, 1));
    assert_sound(&server).await;
    let before = server.stored().await;
    pick_up(&server, id, "STE", 10, 1)
        .await
        .problem(409, "no_availability");
    assert_eq!(server.stored().await, before);
}
