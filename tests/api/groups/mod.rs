//! `/v1/groups`. The hotel has five doubles and one suite.

mod pickup;

use crate::support::{Answer, Caller, Server, booking, events, room, unknown};
use innkeep_domain::{Role, verify};
use reqwest::Method;
use serde_json::{Value, json};

/// A group of the hotel, from the 10th night after the business date to the 14th.
async fn group(server: &Server) -> Answer {
    let house = &server.adler;
    let new = json!({ "property_id": house.property_id, "code": "WED", "name": "Wedding", "status": "definite",
        "arrival": house.night(10), "departure": house.night(14), "cutoff": house.night(5) });
    server.manager().post("/v1/groups", &new).await.is(201)
}

/// So many units of a type on the nights `from..=last`.
fn range(server: &Server, code: &str, from: u64, last: u64, units: i32) -> Value {
    let house = &server.adler;
    json!({ "unit_type_id": house.unit_type(code), "from": house.night(from), "to": house.night(last), "units": units })
}

async fn allot(caller: &Caller<'_>, id: &str, ranges: &[Value]) -> Answer {
    let path = format!("/v1/groups/{id}/allotment");
    caller.put(&path, &json!({ "allotment": ranges })).await
}

async fn act(server: &Server, id: &str, action: &str, body: &Value) -> Answer {
    let path = format!("/v1/groups/{id}/actions/{action}");
    match body {
        Value::Null => server.manager().act(&path).await,
        body => server.manager().post(&path, body).await,
    }
}

/// `[allotted, picked_up, remaining]` by night, of a view with one unit type.
fn nights(view: &Answer) -> Vec<[i64; 3]> {
    let nights = view.body["nights"].as_array().unwrap().iter();
    let field = |n: &Value, f: &str| n[f].as_i64().unwrap();
    nights
        .map(|n| [field(n, "allotted"), field(n, "picked_up"), field(n, "remaining")])
        .collect()
}

/// Of one night: (free, held, sold).
async fn stock(server: &Server, code: &str, night: u64) -> (i64, i64, i64) {
    let house = &server.adler;
    let night = house.night(night);
    let path = format!("/v1/properties/{}/ari?from={night}&to={night}", house.property_id);
    let ari = server.manager().get(&path).await.is(200).body;
    let id = json!(house.unit_type(code));
    let of_type = ari["unit_types"]
        .as_array()
        .unwrap()
        .iter()
        .find(|u| u["unit_type_id"] == id);
    let night = &of_type.unwrap()["nights"][0];
    let field = |f: &str| night[f].as_i64().unwrap();
    (field("free"), field("held"), field("sold"))
}

async fn assert_sound(server: &Server) {
    let mut tx = server.app.db.begin(server.adler.tenant).await.unwrap();
    assert_eq!(verify::tenant(&mut tx, server.app.clock.now()).await.unwrap(), []);
}

#[tokio::test]
async fn a_group_is_kept_as_said_and_changed() {
    let server = Server::start().await;
    let manager = server.manager();
    let made = group(&server).await;
    let path = format!("/v1/groups/{}", made.id());
    assert_eq!(made.header("location"), Some(path.as_str()));
    let read = manager.get(&path).await.is(200);
    assert_eq!(
        (&read.body["nights"], &read.body["bookings"]),
        (&json!([]), &json!([]))
    );
    for (field, said) in made.body.as_object().unwrap() {
        assert_eq!(&read.body[field], said, "{field}");
    }
    let change = json!({ "status": "tentative", "cutoff": null, "notes": "buffet" });
    manager
        .with_header(Method::PATCH, &path, ("if-match", "\"3\""), &change)
        .await
        .problem(412, "stale_version");
    let changed = manager.patch(&path, &change).await.is(200);
    assert_eq!(
        (&changed.body["status"], &changed.body["cutoff"]),
        (&json!("tentative"), &Value::Null)
    );
    assert_eq!(changed.header("etag"), Some("\"2\""));
    let house = &server.adler;
    let again = json!({ "property_id": house.property_id, "code": "WED", "name": "Another",
        "arrival": house.night(1), "departure": house.night(2) });
    manager
        .post("/v1/groups", &again)
        .await
        .problem(409, "code_taken");
    let list = manager.get("/v1/groups?status=tentative").await.is(200);
    assert_eq!(list.items().len(), 1);
    assert_eq!(
        manager
            .get("/v1/groups?status=released")
            .await
            .is(200)
            .items()
            .len(),
        0
    );
}

#[tokio::test]
async fn what_cannot_be_is_refused_and_named() {
    let server = Server::start().await;
    let (manager, house) = (server.manager(), &server.adler);
    let before = server.stored().await;
    let good = json!({ "property_id": house.property_id, "code": "X", "name": "X",
        "arrival": house.night(10), "departure": house.night(12) });
    for (field, value, status, code) in [
        ("departure", json!(house.night(10)), 422, "out_of_range"),
        ("cutoff", json!(house.night(11)), 422, "out_of_range"),
        ("status", json!("released"), 422, "use_an_action"),
        ("company_id", json!(unknown()), 404, "not_found"),
        ("rate_plan_id", json!(server.mare.base_plan), 404, "not_found"),
        ("property_id", json!(server.mare.property_id), 404, "not_found"),
        ("code", json!(""), 422, "invalid_text"),
    ] {
        let mut body = good.clone();
        body[field] = value;
        manager.post("/v1/groups", &body).await.problem(status, code);
    }
    assert_eq!(server.stored().await, before);
    let made = group(&server).await;
    for (bad, at) in [
        (range(&server, "DBL", 9, 10, 1), "/allotment/0/from"),
        (range(&server, "DBL", 10, 14, 1), "/allotment/0/to"),
        (range(&server, "DBL", 12, 11, 1), "/allotment/0/to"),
        (range(&server, "DBL", 10, 11, -1), "/allotment/0/units"),
    ] {
        allot(&manager, made.id(), &[bad])
            .await
            .problem(422, "out_of_range")
            .at(at);
    }
    let mut foreign = range(&server, "DBL", 10, 11, 1);
    foreign["unit_type_id"] = json!(server.mare.unit_type("APT"));
    allot(&manager, made.id(), &[foreign])
        .await
        .problem(404, "not_found")
        .at("/allotment/0/unit_type_id");
    for bad in [json!({}), json!({ "percent": 5, "units": 1 })] {
        act(&server, made.id(), "wash", &bad).await.problem(422, "one_of");
    }
    act(&server, made.id(), "wash", &json!({ "percent": 101 }))
        .await
        .problem(422, "out_of_range");
}

#[tokio::test]
async fn an_allotment_is_kept_from_others_until_it_is_washed_or_released() {
    let server = Server::start().await;
    let (manager, house) = (server.manager(), &server.adler);
    let made = group(&server).await;
    let id = made.id();
    let kept = allot(
        &manager,
        id,
        &[range(&server, "DBL", 10, 12, 5), range(&server, "DBL", 12, 12, 3)],
    )
    .await
    .is(200);
    assert_eq!(nights(&kept), [[5, 0, 5], [5, 0, 5], [3, 0, 3]]);
    assert_eq!(stock(&server, "DBL", 10).await, (0, 5, 0));
    assert_eq!(stock(&server, "DBL", 12).await, (2, 3, 0));
    assert_eq!(stock(&server, "DBL", 13).await, (5, 0, 0));
    let other = booking(house, &[room(house, "DBL", 10, 1)]);
    manager
        .post("/v1/bookings", &other)
        .await
        .problem(409, "no_availability");
    assert_sound(&server).await;
    // Shorter than what is kept.
    manager
        .patch(
            &format!("/v1/groups/{id}"),
            &json!({ "departure": house.night(12) }),
        )
        .await
        .problem(409, "allotment_outside");
    // Replaced as a whole.
    let less = allot(&manager, id, &[range(&server, "DBL", 10, 11, 5)])
        .await
        .is(200);
    assert_eq!(nights(&less), [[5, 0, 5], [5, 0, 5]]);
    assert_eq!(stock(&server, "DBL", 12).await, (5, 0, 0));
    let washed = act(&server, id, "wash", &json!({ "percent": 50 })).await.is(200);
    assert_eq!(nights(&washed), [[3, 0, 3], [3, 0, 3]]);
    let washed = act(&server, id, "wash", &json!({ "units": 1 })).await.is(200);
    assert_eq!(nights(&washed), [[2, 0, 2], [2, 0, 2]]);
    assert_eq!(stock(&server, "DBL", 10).await, (3, 2, 0));
    assert_sound(&server).await;
    let released = act(&server, id, "release", &Value::Null).await.is(200);
    assert_eq!(
        (&released.body["status"], nights(&released).len()),
        (&json!("released"), 0)
    );
    assert_eq!(stock(&server, "DBL", 10).await, (5, 0, 0));
    act(&server, id, "release", &Value::Null)
        .await
        .problem(409, "wrong_state");
    act(&server, id, "wash", &json!({ "units": 1 }))
        .await
        .problem(409, "wrong_state");
    allot(&manager, id, &[]).await.problem(409, "wrong_state");
    manager
        .patch(&format!("/v1/groups/{id}"), &json!({ "status": "definite" }))
        .await
        .problem(409, "wrong_state");
    assert_sound(&server).await;
    let washes = events(&server, "group.washed").await;
    let units: Vec<_> = washes.iter().map(|e| e["data"]["units"].clone()).collect();
    assert_eq!(units, [json!(4), json!(2)]);
}

#[tokio::test]
async fn no_more_is_kept_than_is_free_unless_somebody_who_may_forces_it() {
    let server = Server::start().await;
    let (manager, house) = (server.manager(), &server.adler);
    manager
        .post("/v1/bookings", &booking(house, &[room(house, "STE", 11, 1)]))
        .await
        .is(201);
    let made = group(&server).await;
    let path = format!("/v1/groups/{}/allotment", made.id());
    let mut body = json!({ "allotment": [range(&server, "STE", 10, 12, 1)] });
    let force = format!("/v1/groups/{}/actions/force-allotment", made.id());
    let before = server.stored().await;
    manager.put(&path, &body).await.problem(409, "no_availability");
    body["reason"] = json!("the couple's own suite");
    let desk = server.caller(house, Role::FrontDesk);
    desk.post(&force, &body).await.problem(403, "missing_permission");
    assert_eq!(server.stored().await, before);
    let mut silent = body.clone();
    silent["reason"] = json!(" ");
    manager
        .post(&force, &silent)
        .await
        .problem(422, "invalid_text")
        .at("/reason");
    manager.post(&force, &body).await.is(200);
    assert_eq!(stock(&server, "STE", 11).await, (0, 1, 1));
    assert_sound(&server).await;
    let said = events(&server, "group.allotted").await;
    assert_eq!(said[0]["data"]["forced"]["reason"], "the couple's own suite");
    act(&server, made.id(), "cancel", &Value::Null).await.is(200);
    assert_eq!(stock(&server, "STE", 11).await, (0, 0, 1));
    act(&server, made.id(), "cancel", &Value::Null)
        .await
        .problem(409, "wrong_state");
    assert_sound(&server).await;
}

/// The invariant's own test: what is wrong on either side is found.
#[tokio::test]
async fn verify_counts_what_is_kept_for_groups() {
    let server = Server::start().await;
    let made = group(&server).await;
    allot(&server.manager(), made.id(), &[range(&server, "DBL", 10, 10, 2)])
        .await
        .is(200);
    assert_sound(&server).await;
    let mut conn = server.database.superuser().await.unwrap();
    for (wrong, right) in [
        (
            "update group_allotment set allotted = allotted + 1",
            "update group_allotment set allotted = allotted - 1",
        ),
        (
            "update inventory set held = 0 where held = 2",
            "update inventory i set held = 2 from group_allotment a
             where a.unit_type_id = i.unit_type_id and a.night = i.night",
        ),
        (
            "update stay_group set status = 'released'",
            "update stay_group set status = 'definite'",
        ),
    ] {
        sqlx::query(wrong).execute(&mut conn).await.unwrap();
        let mut tx = server.app.db.begin(server.adler.tenant).await.unwrap();
        let found = verify::tenant(&mut tx, server.app.clock.now()).await.unwrap();
        let rules: Vec<_> = found.iter().map(|f| f.rule).collect();
        assert_eq!(rules, ["sold_equals_reservations"], "{wrong}");
        drop(tx);
        sqlx::query(right).execute(&mut conn).await.unwrap();
        assert_sound(&server).await;
    }
}
