//! Upgrades: another type at the price agreed, and the unit with it.

use super::{
    Stay, action, assert_verified, assign, book, check_in, in_house, next_business_date, says, segments, unit,
};
use crate::support::{Answer, Server, booking, room, unknown};
use innkeep_domain::Role;
use serde_json::json;

async fn upgrade(server: &Server, stay: &Stay, unit: &str) -> Answer {
    let body = json!({ "unit_id": unit });
    server.manager().post(&action(stay, "upgrade"), &body).await
}

#[tokio::test]
async fn an_arriving_guest_gets_a_better_unit_at_the_price_agreed() {
    let server = Server::start().await;
    let house = &server.adler;
    let suite = unit(&server, "STE-1").await;
    let stay = book(&server, "SGL", 0, 2).await;
    assign(&server, &stay, &unit(&server, "SGL-1").await)
        .await
        .is(200);
    let up = upgrade(&server, &stay, &suite).await.is(200);
    assert_eq!(up.body["total"]["amount"], "200.00", "two nights in a single");
    assert_eq!(
        up.body["unit_type_id"],
        json!(house.unit_type("SGL")),
        "as booked"
    );
    for night in up.body["nights"].as_array().unwrap() {
        assert_eq!(night["unit_type_id"], json!(house.unit_type("STE")));
    }
    assert_eq!(up.body["segments"][0]["unit_name"], "STE-1");
    assert_eq!(up.body["segments"].as_array().unwrap().len(), 1);
    check_in(&server, &stay).await.is(200);
    // The suite is sold, the single is not.
    let sell = async |code| {
        let new = booking(house, &[room(house, code, 0, 2)]);
        server.manager().post("/v1/bookings", &new).await
    };
    sell("STE").await.problem(409, "no_availability");
    for _ in 0..2 {
        sell("SGL").await.is(201);
    }
    assert_verified(&server).await;
}

#[tokio::test]
async fn a_guest_in_house_moves_into_a_unit_that_is_free_and_clean() {
    let server = Server::start().await;
    let manager = server.manager();
    let (single, double) = (unit(&server, "SGL-1").await, unit(&server, "DBL-1").await);
    let overdue = in_house(&server, "DBL", &double, 1).await;
    let guest = in_house(&server, "SGL", &single, 4).await;
    next_business_date(&server).await;
    let before = server.stored().await;
    let refused = upgrade(&server, &guest, &double)
        .await
        .problem(409, "unit_occupied");
    says(&refused, &overdue.reference);
    manager.act(&action(&overdue, "check-out")).await.is(200);
    let dirty = server.stored().await;
    assert_ne!(dirty, before);
    upgrade(&server, &guest, &double)
        .await
        .problem(409, "unit_not_ready");
    assert_eq!(
        server.stored().await,
        dirty,
        "nothing of a refused upgrade is left"
    );
    let forced = json!({ "upgrade": { "unit_id": double }, "reason": "the heating is broken" });
    let (url, desk) = (
        action(&guest, "force-upgrade"),
        server.caller(&server.adler, Role::FrontDesk),
    );
    desk.post(&url, &forced).await.problem(403, "missing_permission");
    let moved = manager.post(&url, &forced).await.is(200);
    let names: Vec<&str> = moved.body["segments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["unit_name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["SGL-1", "DBL-1"], "slept there, sleeps here");
    assert_eq!(moved.body["total"]["amount"], "400.00");
    let left = manager.get(&format!("/v1/units/{single}")).await.is(200);
    assert_eq!(left.body["cleanliness"], "dirty");
    assert_verified(&server).await;
}

#[tokio::test]
async fn what_is_no_upgrade_says_why() {
    let server = Server::start().await;
    let manager = server.manager();
    let suite = unit(&server, "STE-1").await;
    let stay = book(&server, "DBL", 0, 2).await;
    upgrade(&server, &stay, &unknown().to_string())
        .await
        .problem(404, "not_found")
        .at("/unit_id");
    let same = unit(&server, "DBL-2").await;
    upgrade(&server, &stay, &same)
        .await
        .problem(409, "same_unit_type");
    assign(&server, &stay, &same).await.is(200);
    manager.act(&action(&stay, "lock-unit")).await.is(200);
    upgrade(&server, &stay, &suite)
        .await
        .problem(409, "assignment_locked");
    manager.act(&action(&stay, "unlock-unit")).await.is(200);
    let taken = book(&server, "STE", 1, 1).await;
    upgrade(&server, &stay, &suite)
        .await
        .problem(409, "no_availability");
    assert_eq!(segments(&server, &stay).await[0]["unit_name"], "DBL-2");
    manager.act(&action(&taken, "cancel")).await.is(200);
    manager.act(&action(&stay, "cancel")).await.is(200);
    upgrade(&server, &stay, &suite).await.problem(409, "wrong_state");
    assert_verified(&server).await;
}
