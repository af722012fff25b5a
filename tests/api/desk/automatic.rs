//! `/v1/properties/{id}/actions/assign-units`.

use super::{action, assert_verified, assign, book, property, segments, unit};
use crate::support::{Server, booking, room, unknown};
use serde_json::{Value, json};

async fn run(server: &Server) -> Value {
    let days = json!({ "from": "2027-01-04", "to": "2027-02-04" });
    let path = property(server, "/actions/assign-units");
    server.manager().post(&path, &days).await.is(200).body
}

#[tokio::test]
async fn everybody_gets_a_unit_where_units_suffice() {
    let server = Server::start().await;
    let mut stays = Vec::new();
    // Five doubles, all taken every night, in stays of different lengths.
    for lane in 0..5 {
        for (from, nights) in [(3, 1 + lane), (4 + lane, 9 - lane)] {
            stays.push(book(&server, "DBL", from, nights).await);
        }
    }
    let done = run(&server).await;
    assert_eq!(done["assigned"].as_array().unwrap().len(), stays.len(), "{done}");
    assert_eq!(done["unassigned"], json!([]));
    for stay in &stays {
        assert_eq!(segments(&server, stay).await.as_array().unwrap().len(), 1);
    }
    assert_verified(&server).await;
    let again = run(&server).await;
    assert_eq!((&again["assigned"], &again["moved"]), (&json!([]), &json!([])));
}

#[tokio::test]
async fn locked_stays_stay_and_others_make_room() {
    let server = Server::start().await;
    let manager = server.manager();
    let (one, two) = (unit(&server, "SGL-1").await, unit(&server, "SGL-2").await);
    manager
        .patch(
            &format!("/v1/units/{one}"),
            &json!({ "features": ["accessible"] }),
        )
        .await
        .is(200);
    let early = book(&server, "SGL", 3, 3).await;
    assign(&server, &early, &one).await.is(200);
    let needy = book(&server, "SGL", 4, 1).await;
    let needs = json!({ "features": ["accessible"] });
    manager
        .patch(&format!("/v1/reservations/{}/needs", needy.id), &needs)
        .await
        .is(200);
    manager.act(&action(&early, "lock-unit")).await.is(200);
    let done = run(&server).await;
    assert_eq!(done["unassigned"][0]["reservation_id"], json!(needy.id));
    assert_eq!(done["unassigned"][0]["code"], "no_unit");
    manager.act(&action(&early, "unlock-unit")).await.is(200);
    let done = run(&server).await;
    assert_eq!(done["assigned"][0]["unit_id"], json!(one));
    assert_eq!(
        (&done["moved"][0]["reservation_id"], &done["moved"][0]["unit_id"]),
        (&json!(early.id), &json!(two))
    );
    assert_verified(&server).await;
}

#[tokio::test]
async fn a_bookings_rooms_are_beside_each_other() {
    let server = Server::start().await;
    let manager = server.manager();
    let other = book(&server, "DBL", 3, 1).await;
    assign(&server, &other, &unit(&server, "DBL-2").await)
        .await
        .is(200);
    let rooms: Vec<Value> = (0..3).map(|_| room(&server.adler, "DBL", 3, 1)).collect();
    let group = manager
        .post("/v1/bookings", &booking(&server.adler, &rooms))
        .await
        .is(201);
    let done = run(&server).await;
    let mut names = Vec::new();
    for placed in done["assigned"].as_array().unwrap() {
        assert_eq!(placed["reference"], group.body["reference"]);
        let unit = manager
            .get(&format!("/v1/units/{}", placed["unit_id"].as_str().unwrap()))
            .await;
        names.push(unit.body["name"].as_str().unwrap().to_owned());
    }
    names.sort();
    assert_eq!(names, ["DBL-1", "DBL-3", "DBL-4"]);
}

#[tokio::test]
async fn ranges_have_limits_and_houses_exist() {
    let server = Server::start().await;
    let manager = server.manager();
    let path = property(&server, "/actions/assign-units");
    for (from, to) in [("2027-01-04", "2027-01-04"), ("2027-01-04", "2027-04-15")] {
        let days = json!({ "from": from, "to": to });
        manager
            .post(&path, &days)
            .await
            .problem(422, "invalid_range")
            .at("/to");
    }
    let nowhere = format!("/v1/properties/{}/actions/assign-units", unknown());
    let days = json!({ "from": "2027-01-04", "to": "2027-01-05" });
    manager.post(&nowhere, &days).await.problem(404, "not_found");
}
