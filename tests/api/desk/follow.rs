//! Units follow their stays: what a changed stay no longer has, its unit is free of; nobody is moved silently.

use super::{action, assert_verified, assign, book, check_in, in_house, next_business_date, segments, unit};
use crate::support::Server;
use serde_json::{Value, json};

fn spans(segments: &Value) -> Vec<String> {
    let text = |v: &Value| v.as_str().unwrap().to_owned();
    let span = |s: &Value| format!("{} {}", text(&s["from"]), text(&s["to"]));
    segments.as_array().unwrap().iter().map(span).collect()
}

#[tokio::test]
async fn a_shorter_stay_frees_its_unit_and_a_longer_one_waits_for_nights() {
    let server = Server::start().await;
    let manager = server.manager();
    let room = unit(&server, "DBL-1").await;
    let stay = book(&server, "DBL", 3, 4).await;
    assign(&server, &stay, &room).await.is(200);
    let amend = action(&stay, "amend");
    let shorter = json!({ "departure": "2027-01-09" });
    manager.post(&amend, &shorter).await.is(200);
    assert_eq!(spans(&segments(&server, &stay).await), ["2027-01-07 2027-01-09"]);
    let next = book(&server, "DBL", 5, 1).await;
    assign(&server, &next, &room).await.is(200);
    let longer = json!({ "arrival": "2027-01-06", "departure": "2027-01-10" });
    manager.post(&amend, &longer).await.is(200);
    let path = format!("/v1/reservations/{}/assignment", stay.id);
    let found = manager.get(&path).await.is(200).body;
    assert_eq!(spans(&found["segments"]), ["2027-01-07 2027-01-09"]);
    assert_eq!(
        spans(&found["missing"]),
        ["2027-01-06 2027-01-07", "2027-01-09 2027-01-10"]
    );
    assert_verified(&server).await;
    // The plan completes it in the same unit; who is in the way there, and may move, moves.
    let days = json!({ "from": "2027-01-04", "to": "2027-01-20" });
    let done = manager
        .post(&super::property(&server, "/actions/assign-units"), &days)
        .await
        .is(200);
    assert_eq!(done.body["assigned"].as_array().unwrap().len(), 2);
    assert_eq!(done.body["moved"][0]["reservation_id"], json!(next.id));
    assert_eq!(spans(&segments(&server, &stay).await), ["2027-01-06 2027-01-10"]);
    assert_verified(&server).await;
}

#[tokio::test]
async fn nights_of_another_type_lose_their_unit() {
    let server = Server::start().await;
    let stay = book(&server, "DBL", 3, 4).await;
    assign(&server, &stay, &unit(&server, "DBL-1").await)
        .await
        .is(200);
    let upgrade =
        json!({ "unit_type_id": server.adler.unit_type("STE"), "from": "2027-01-09", "keep_prices": true });
    server
        .manager()
        .post(&action(&stay, "amend"), &upgrade)
        .await
        .is(200);
    assert_eq!(spans(&segments(&server, &stay).await), ["2027-01-07 2027-01-09"]);
    let rest = json!({ "unit_id": unit(&server, "STE-1").await, "from": "2027-01-09" });
    server
        .manager()
        .post(&action(&stay, "assign-unit"), &rest)
        .await
        .is(200);
    assert_eq!(spans(&segments(&server, &stay).await).len(), 2);
    assert_verified(&server).await;
}

#[tokio::test]
async fn who_does_not_come_has_no_unit_and_who_comes_back_gets_none_silently() {
    let server = Server::start().await;
    let manager = server.manager();
    let stay = book(&server, "DBL", 0, 3).await;
    assign(&server, &stay, &unit(&server, "DBL-1").await)
        .await
        .is(200);
    manager.act(&action(&stay, "no-show")).await.is(200);
    assert_eq!(segments(&server, &stay).await, json!([]));
    manager.act(&action(&stay, "reinstate")).await.is(200);
    assert_eq!(segments(&server, &stay).await, json!([]));
    check_in(&server, &stay).await.problem(409, "no_unit");
    assert_verified(&server).await;
}

#[tokio::test]
async fn a_guest_in_house_keeps_the_unit_and_leaves_it_for_nights_given_back() {
    let server = Server::start().await;
    let manager = server.manager();
    let room = unit(&server, "DBL-1").await;
    let guest = in_house(&server, "DBL", &room, 4).await;
    next_business_date(&server).await;
    let shorter = json!({ "departure": "2027-01-06" });
    manager.post(&action(&guest, "amend"), &shorter).await.is(200);
    assert_eq!(spans(&segments(&server, &guest).await), ["2027-01-04 2027-01-06"]);
    manager
        .act(&action(&guest, "reinstate"))
        .await
        .problem(409, "wrong_state");
    let next = book(&server, "DBL", 2, 1).await;
    assign(&server, &next, &room).await.is(200);
    assert_verified(&server).await;
}
