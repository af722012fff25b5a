//! Units for stays, by hand.

use super::{
    action, assert_verified, assign, book, check_in, in_house, last_event, next_business_date, property,
    says, segments, unit,
};
use crate::support::{Server, unknown};
use innkeep_domain::Role;
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn a_unit_has_one_stay_a_night_and_says_whose() {
    let server = Server::start().await;
    let single = unit(&server, "SGL-1").await;
    let first = book(&server, "SGL", 3, 2).await;
    let second = book(&server, "SGL", 4, 2).await;
    let after = book(&server, "SGL", 5, 1).await;
    let done = assign(&server, &first, &single).await.is(200);
    assert_eq!(done.body["segments"][0]["unit_id"], json!(single));
    assert_eq!(done.body["missing"], json!([]));
    let taken = assign(&server, &second, &single)
        .await
        .problem(409, "unit_taken")
        .at("/unit_id");
    says(&taken, &first.reference);
    says(&taken, "from 2027-01-07 to 2027-01-09");
    assign(&server, &after, &single).await.is(200);
    // The same again changes nothing.
    assign(&server, &first, &single).await.is(200);
    assert_verified(&server).await;
}

/// Wherever a reservation is shown, its units are; and another unit is another version of it.
#[tokio::test]
async fn a_stay_shows_where_it_sleeps() {
    let server = Server::start().await;
    let manager = server.manager();
    let (one, two) = (unit(&server, "DBL-1").await, unit(&server, "DBL-2").await);
    let (stay, other) = (book(&server, "DBL", 3, 3).await, book(&server, "DBL", 3, 1).await);
    let path = format!("/v1/reservations/{}", stay.id);
    let read = manager.get(&path).await.is(200);
    assert_eq!(read.body["segments"], json!([]));
    assign(&server, &stay, &one).await.is(200);
    let moved = json!({ "unit_id": two, "from": "2027-01-09" });
    let done = manager.post(&action(&stay, "assign-unit"), &moved).await.is(200);
    assign(&server, &other, &two).await.is(200);
    let segment = |unit: &str, name: &str, from: &str, to: &str| json!({ "unit_id": unit, "unit_name": name, "from": from, "to": to, "locked": false });
    let segments = json!([
        segment(&one, "DBL-1", "2027-01-07", "2027-01-09"),
        segment(&two, "DBL-2", "2027-01-09", "2027-01-10"),
    ]);
    assert_eq!(done.body["segments"], segments);
    let known = ("if-none-match", read.header("etag").unwrap());
    let now = manager.with_header(Method::GET, &path, known, &Value::Null).await;
    assert_eq!(now.is(200).body["segments"], segments);
    let list = manager.get("/v1/bookings").await.is(200);
    let shown: Vec<&Value> = list
        .items()
        .iter()
        .map(|b| &b["reservations"][0]["segments"])
        .collect();
    let theirs = json!([segment(&two, "DBL-2", "2027-01-07", "2027-01-08")]);
    assert_eq!(shown, [&segments, &theirs]);
    // A preview, and then the change itself, say what becomes of the units.
    let shorter = json!({ "departure": "2027-01-09" });
    for verb in ["preview-amend", "amend"] {
        let amended = manager.post(&action(&stay, verb), &shorter).await.is(200);
        assert_eq!(amended.body["before"]["segments"], segments, "{verb}");
        let left = json!([segment(&one, "DBL-1", "2027-01-07", "2027-01-09")]);
        assert_eq!(amended.body["after"]["segments"], left, "{verb}");
    }
    let gone = manager.act(&action(&stay, "cancel")).await.is(200);
    assert_eq!(gone.body["segments"], json!([]));
    let (from, to) = ("2027-01-07", "2027-01-08");
    let version = manager
        .get(&format!("/v1/reservations/{}", other.id))
        .await
        .is(200);
    manager
        .post(
            &action(&other, "unassign-unit"),
            &json!({ "from": from, "to": to }),
        )
        .await
        .is(200);
    let plan = json!({ "from": from, "to": to });
    manager
        .post(&property(&server, "/actions/assign-units"), &plan)
        .await
        .is(200);
    let after = manager
        .get(&format!("/v1/reservations/{}", other.id))
        .await
        .is(200);
    assert_eq!(
        (
            version.body["version"].as_i64().map(|v| v + 2),
            after.body["segments"][0]["from"].as_str()
        ),
        (after.body["version"].as_i64(), Some(from))
    );
    assert_verified(&server).await;
}

#[tokio::test]
async fn two_clerks_at_once_and_one_gets_the_unit() {
    let server = Server::start().await;
    let suite = unit(&server, "DBL-3").await;
    for night in 0..5 {
        let first = book(&server, "DBL", 10 + 3 * night, 2).await;
        let second = book(&server, "DBL", 11 + 3 * night, 1).await;
        let (a, b) = tokio::join!(assign(&server, &first, &suite), assign(&server, &second, &suite));
        let mut statuses = [a.status, b.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409], "{} {}", a.text, b.text);
        let loser = if a.status == 409 { a } else { b };
        loser.problem(409, "unit_taken");
    }
    assert_verified(&server).await;
}

/// Whatever the code does: the table refuses.
#[tokio::test]
async fn the_table_itself_keeps_two_out_of_a_unit() {
    let server = Server::start().await;
    let single = unit(&server, "SGL-1").await;
    let (first, second) = (book(&server, "SGL", 3, 2).await, book(&server, "SGL", 4, 2).await);
    assign(&server, &first, &single).await.is(200);
    assign(&server, &second, &unit(&server, "SGL-2").await)
        .await
        .is(200);
    let mut conn = server.database.superuser().await.unwrap();
    let moved = sqlx::query("update stay_segment set unit_id = $1::uuid where reservation_id = $2::uuid")
        .bind(&single)
        .bind(&second.id)
        .execute(&mut conn)
        .await;
    let error = moved.unwrap_err().into_database_error().unwrap();
    assert_eq!(error.constraint(), Some("stay_segment_one_in_unit"));
}

#[tokio::test]
async fn a_stay_is_split_and_each_night_has_one_unit() {
    let server = Server::start().await;
    let manager = server.manager();
    let (one, two) = (unit(&server, "DBL-1").await, unit(&server, "DBL-2").await);
    let stay = book(&server, "DBL", 3, 5).await;
    assign(&server, &stay, &one).await.is(200);
    let part = json!({ "unit_id": two, "from": "2027-01-09", "to": "2027-01-10" });
    manager.post(&action(&stay, "assign-unit"), &part).await.is(200);
    let nights = |s: &Value| format!("{} {}", s["from"].as_str().unwrap(), s["to"].as_str().unwrap());
    let all = segments(&server, &stay).await;
    let spans: Vec<String> = all.as_array().unwrap().iter().map(nights).collect();
    assert_eq!(
        spans,
        [
            "2027-01-07 2027-01-09",
            "2027-01-09 2027-01-10",
            "2027-01-10 2027-01-12"
        ]
    );
    let back = json!({ "unit_id": one, "from": "2027-01-09", "to": "2027-01-10" });
    manager.post(&action(&stay, "assign-unit"), &back).await.is(200);
    assert_eq!(segments(&server, &stay).await.as_array().unwrap().len(), 1);
    let outside = json!({ "unit_id": one, "from": "2027-01-06" });
    manager
        .post(&action(&stay, "assign-unit"), &outside)
        .await
        .problem(422, "outside_stay");
    let gap = json!({ "from": "2027-01-08", "to": "2027-01-09" });
    let left = manager.post(&action(&stay, "unassign-unit"), &gap).await.is(200);
    assert_eq!(left.body["missing"], json!([gap]));
    assert_verified(&server).await;
}

#[tokio::test]
async fn the_unit_is_of_the_type_sold_and_of_this_house() {
    let server = Server::start().await;
    let stay = book(&server, "SGL", 3, 1).await;
    let double = unit(&server, "DBL-1").await;
    let wrong = assign(&server, &stay, &double)
        .await
        .problem(409, "wrong_unit_type");
    says(&wrong, "2027-01-07");
    assign(&server, &stay, &unknown().to_string())
        .await
        .problem(404, "not_found")
        .at("/unit_id");
}

#[tokio::test]
async fn needs_are_met_or_forced_with_a_reason() {
    let server = Server::start().await;
    let manager = server.manager();
    let (one, two) = (unit(&server, "DBL-1").await, unit(&server, "DBL-2").await);
    let features = json!({ "features": ["accessible", "sea_view"] });
    manager
        .patch(&format!("/v1/units/{two}"), &features)
        .await
        .is(200);
    let stay = book(&server, "DBL", 3, 1).await;
    let path = format!("/v1/reservations/{}/needs", stay.id);
    let needs = json!({ "features": ["accessible"], "preferences": ["sea_view"] });
    let set = manager.patch(&path, &needs).await.is(200);
    assert_eq!((&set.body, set.header("etag")), (&needs, Some("\"2\"")));
    let refused = assign(&server, &stay, &one).await.problem(409, "needs_not_met");
    says(&refused, "DBL-1 lacks accessible");
    let list = manager
        .get(&format!("/v1/reservations/{}/assignable-units", stay.id))
        .await
        .is(200);
    let first = &list.items()[0];
    assert_eq!(
        (&first["unit"]["name"], &first["assignable"]),
        (&json!("DBL-2"), &json!(true))
    );
    assert_eq!(list.items().len(), 5, "only the type that was sold");
    assert_eq!(list.items()[1]["reasons"][0]["code"], "needs_not_met");
    let mut force = json!({ "assignment": { "unit_id": one }, "reason": " " });
    let url = action(&stay, "force-assign-unit");
    manager
        .post(&url, &force)
        .await
        .problem(422, "invalid_text")
        .at("/reason");
    force["reason"] = json!("the guest agreed");
    let desk = server.caller(&server.adler, Role::FrontDesk);
    desk.post(&url, &force).await.problem(403, "missing_permission");
    manager.post(&url, &force).await.is(200);
    let event = last_event(&server, "reservation.unit_assigned").await;
    assert_eq!(event["forced"], json!({ "reason": "the guest agreed" }));
    let stale = manager
        .with_header(Method::PATCH, &path, ("if-match", "\"1\""), &needs)
        .await;
    stale.problem(412, "stale_version");
    let word = json!({ "features": ["Not a word"] });
    manager
        .patch(&path, &word)
        .await
        .problem(422, "invalid_features")
        .at("/features");
}

#[tokio::test]
async fn a_vessel_needs_a_berth_that_takes_it() {
    let server = Server::start().await;
    let manager = server.manager();
    let (small, large) = (unit(&server, "SGL-1").await, unit(&server, "SGL-2").await);
    for (unit, length) in [(&small, "9.00"), (&large, "14.00")] {
        let limits = json!({ "max_length": length, "max_beam": "4.00", "max_draft": "2.00" });
        manager.patch(&format!("/v1/units/{unit}"), &limits).await.is(200);
    }
    let stay = book(&server, "SGL", 3, 1).await;
    let needs = json!({ "vessel": { "length": "12.00", "beam": "3.80", "draft": "1.90" } });
    manager
        .patch(&format!("/v1/reservations/{}/needs", stay.id), &needs)
        .await
        .is(200);
    let refused = assign(&server, &stay, &small).await.problem(409, "needs_not_met");
    says(&refused, "takes 9.00 m of length, the vessel has 12.00 m");
    assign(&server, &stay, &large).await.is(200);
}

#[tokio::test]
async fn a_locked_stay_stays_until_it_is_unlocked() {
    let server = Server::start().await;
    let manager = server.manager();
    let (one, two) = (unit(&server, "DBL-1").await, unit(&server, "DBL-2").await);
    let stay = book(&server, "DBL", 3, 2).await;
    manager
        .act(&action(&stay, "lock-unit"))
        .await
        .problem(409, "not_assigned");
    assign(&server, &stay, &one).await.is(200);
    let locked = manager.act(&action(&stay, "lock-unit")).await.is(200);
    assert_eq!(locked.body["segments"][0]["locked"], true);
    assign(&server, &stay, &two)
        .await
        .problem(409, "assignment_locked");
    manager
        .post(&action(&stay, "unassign-unit"), &json!({}))
        .await
        .problem(409, "assignment_locked");
    manager.act(&action(&stay, "unlock-unit")).await.is(200);
    assign(&server, &stay, &two).await.is(200);
}

/// To move today is to get a key, as at check-in.
#[tokio::test]
async fn a_guest_in_house_moves_into_a_unit_that_is_free_and_clean() {
    let server = Server::start().await;
    let manager = server.manager();
    let (one, two) = (unit(&server, "DBL-1").await, unit(&server, "DBL-2").await);
    let overdue = in_house(&server, "DBL", &two, 1).await;
    let guest = in_house(&server, "DBL", &one, 4).await;
    next_business_date(&server).await;
    let refused = assign(&server, &guest, &two).await.problem(409, "unit_occupied");
    says(&refused, &overdue.reference);
    let list = manager
        .get(&format!("/v1/reservations/{}/assignable-units", guest.id))
        .await
        .is(200);
    let there = list.items().iter().find(|u| u["unit"]["id"] == two).unwrap();
    assert_eq!(
        (&there["assignable"], &there["reasons"][0]["code"]),
        (&json!(false), &json!("unit_occupied"))
    );
    // Later nights move nobody now, and the unit they are in needs no cleaning for them.
    let url = action(&guest, "assign-unit");
    let later = json!({ "unit_id": two, "from": "2027-01-06" });
    manager.post(&url, &later).await.is(200);
    assign(&server, &guest, &one).await.is(200);
    manager.act(&action(&overdue, "check-out")).await.is(200);
    assign(&server, &guest, &two)
        .await
        .problem(409, "unit_not_ready")
        .at("/unit_id");
    let force = json!({ "assignment": { "unit_id": two }, "reason": "only to leave the bags" });
    manager
        .post(&action(&guest, "force-assign-unit"), &force)
        .await
        .is(200);
    let left = manager.get(&format!("/v1/units/{one}")).await.is(200);
    assert_eq!(left.body["cleanliness"], "dirty");
    assert_verified(&server).await;
}

#[tokio::test]
async fn a_cancelled_stay_leaves_its_unit_and_a_guest_in_house_keeps_one() {
    let server = Server::start().await;
    let manager = server.manager();
    let (one, two) = (unit(&server, "DBL-1").await, unit(&server, "DBL-2").await);
    let stay = book(&server, "DBL", 0, 2).await;
    assign(&server, &stay, &one).await.is(200);
    manager.act(&action(&stay, "cancel")).await.is(200);
    assert_eq!(segments(&server, &stay).await, json!([]));
    assign(&server, &stay, &one).await.problem(409, "wrong_state");
    let guest = in_house(&server, "DBL", &one, 2).await;
    manager
        .post(&action(&guest, "unassign-unit"), &json!({}))
        .await
        .problem(409, "wrong_state");
    // Moving house today leaves a used room behind.
    assign(&server, &guest, &two).await.is(200);
    let left = manager.get(&format!("/v1/units/{one}")).await.is(200);
    assert_eq!(left.body["cleanliness"], "dirty");
    check_in(&server, &guest).await.problem(409, "wrong_state");
    assert_verified(&server).await;
}
