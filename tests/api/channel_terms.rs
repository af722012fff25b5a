//! `/v1/channel-connections/{id}`: what people decide per channel, and what they are shown of it.

use crate::support::{Answer, Caller, Server, booking, room, unknown};
use reqwest::Method;
use serde_json::{Value, json};

async fn connect(server: &Server) -> String {
    let new = json!({
        "property_id": server.adler.property_id, "protocol": "channex", "name": "Channex",
        "base_url": "http://127.0.0.1:9", "external_property": "hotel-1", "api_key": "the key",
    });
    let made = server
        .manager()
        .post("/v1/channel-connections", &new)
        .await
        .is(201);
    made.body["connection"]["id"].as_str().unwrap().to_owned()
}

/// Connected, with the double room and its rate mapped.
async fn sell_doubles(server: &Server) -> String {
    let id = connect(server).await;
    let double = server.adler.unit_type("DBL");
    let mapping = json!({
        "rooms": [{ "unit_type_id": double, "external_id": "d" }],
        "rates": [{ "unit_type_id": double, "rate_plan_id": server.adler.base_plan, "external_id": "d-bar" }],
    });
    let path = at(&id, "/mappings");
    server.manager().put(&path, &mapping).await.is(200);
    id
}

fn at(id: &str, rest: &str) -> String {
    format!("/v1/channel-connections/{id}{rest}")
}

async fn status(caller: &Caller<'_>, id: &str) -> Value {
    caller.get(&at(id, "/sync-status")).await.is(200).body
}

/// The cells of one night: availability and rate.
async fn told(server: &Server, id: &str, night: u64) -> (Value, Value) {
    let night = server.adler.night(night);
    let page = server
        .manager()
        .get(&at(id, &format!("/cells?from={night}&to={night}")))
        .await
        .is(200);
    assert_eq!(page.items().len(), 2, "{}", page.text);
    let truth = |i: usize| page.items()[i]["truth"].clone();
    (truth(0), truth(1))
}

#[tokio::test]
async fn a_connection_is_changed_by_whoever_saw_it_last() {
    let server = Server::start().await;
    let manager = server.manager();
    let path = at(&connect(&server).await, "");
    let read = manager.get(&path).await.is(200);
    assert_eq!(
        (&read.body["markup_percent"], &read.body["apply_seconds"]),
        (&json!("0"), &json!(0))
    );
    let change = json!({
        "name": "Booking", "safety_buffer": 1, "calls_per_minute": 20, "markup_percent": "12.5", "markup_amount": "2.00",
        "apply_seconds": 900, "base_url": "https://channel.example/api", "api_key": "another key",
    });
    let tag = read.header("etag").unwrap().to_owned();
    let changed = manager
        .with_header(Method::PATCH, &path, ("If-Match", &tag), &change)
        .await
        .is(200);
    for (field, value) in change.as_object().unwrap() {
        match field.as_str() {
            "api_key" => assert!(!changed.text.contains("another key")),
            "markup_amount" => assert_eq!(changed.body[field], "2"),
            _ => assert_eq!(changed.body[field], *value, "{field}"),
        }
    }
    assert_eq!(changed.body["version"], 2);
    assert_eq!(manager.get(&path).await.is(200).body, changed.body);
    let stale = manager.with_header(Method::PATCH, &path, ("If-Match", &tag), &change);
    stale.await.is(412);
}

#[tokio::test]
async fn what_a_connection_cannot_be_is_refused_and_changes_nothing() {
    let server = Server::start().await;
    let manager = server.manager();
    let path = at(&connect(&server).await, "");
    let before = (manager.get(&path).await.is(200).body, server.stored().await);
    let cases = [
        ("safety_buffer", json!(1001), 422, "out_of_range"),
        ("calls_per_minute", json!(0), 422, "out_of_range"),
        ("apply_seconds", json!(-1), 422, "out_of_range"),
        ("markup_percent", json!("-50.5"), 422, "out_of_range"),
        ("markup_percent", json!("201"), 422, "out_of_range"),
        ("markup_amount", json!("-1"), 422, "negative_price"),
        ("markup_amount", json!("0.005"), 422, "too_many_decimals"),
        ("base_url", json!("https://127.0.0.1"), 422, "address_refused"),
        ("name", json!(""), 422, "invalid_text"),
        ("name", Value::Null, 422, "cannot_be_cleared"),
        ("markup_percent", json!(12.5), 400, "invalid_body"),
        ("external_property", json!("hotel-2"), 400, "invalid_body"),
    ];
    for (field, value, code, problem) in cases {
        let answer = manager.patch(&path, &json!({ field: value })).await;
        let answer = answer.problem(code, problem);
        assert_eq!(
            answer.body["errors"][0]["pointer"],
            format!("/{field}"),
            "{}",
            answer.text
        );
    }
    assert_eq!(
        (manager.get(&path).await.is(200).body, server.stored().await),
        before
    );
    let desk = server.caller(&server.adler, innkeep_domain::Role::FrontDesk);
    let change = json!({ "name": "Mine" });
    desk.patch(&path, &change)
        .await
        .problem(403, "missing_permission");
    manager
        .patch(&at(&unknown().to_string(), ""), &change)
        .await
        .problem(404, "not_found");
}

#[tokio::test]
async fn a_channel_that_calls_us_has_nothing_to_call() {
    let server = Server::start().await;
    let new = json!({ "property_id": server.adler.property_id, "protocol": "webhook", "name": "Agent",
                      "markup_percent": "10", "apply_seconds": 60 });
    let made = server
        .manager()
        .post("/v1/channel-connections", &new)
        .await
        .is(201);
    assert_eq!(made.body["connection"]["markup_percent"], "10");
    let path = at(made.body["connection"]["id"].as_str().unwrap(), "");
    let key = json!({ "api_key": "a key" });
    server
        .manager()
        .patch(&path, &key)
        .await
        .problem(422, "not_called");
}

#[tokio::test]
async fn buffer_and_markup_are_told_at_once_and_a_name_is_not() {
    let server = Server::start().await;
    let manager = server.manager();
    let id = sell_doubles(&server).await;
    let (units, rate) = told(&server, &id, 3).await;
    assert_eq!(
        (&units["availability"], &rate["price"]),
        (&json!(5), &json!("150.00"))
    );
    let waiting = status(&manager, &id).await["waiting"].as_i64().unwrap();
    manager
        .patch(&at(&id, ""), &json!({ "name": "Other", "apply_seconds": 5 }))
        .await
        .is(200);
    assert_eq!(status(&manager, &id).await["waiting"], waiting);
    let change = json!({ "safety_buffer": 2, "markup_percent": "10", "markup_amount": "1.50" });
    manager.patch(&at(&id, ""), &change).await.is(200);
    assert!(status(&manager, &id).await["waiting"].as_i64().unwrap() > waiting);
    let (units, rate) = told(&server, &id, 3).await;
    assert_eq!(
        (&units["availability"], &rate["price"]),
        (&json!(3), &json!("166.50"))
    );
}

#[tokio::test]
async fn a_closed_out_channel_is_told_that_nothing_is_free_while_others_sell_on() {
    let server = Server::start().await;
    let manager = server.manager();
    let id = sell_doubles(&server).await;
    let path = at(&id, "/closed-dates");
    assert_eq!(manager.get(&path).await.is(200).body, json!({ "ranges": [] }));
    let house = &server.adler;
    let double = json!(house.unit_type("DBL"));
    let waiting = status(&manager, &id).await["waiting"].as_i64().unwrap();
    let ranges = json!({ "ranges": [
        { "from": house.night(3), "to": house.night(4) },
        { "from": house.night(8), "to": house.night(8), "unit_type_id": double },
        { "from": house.night(6), "to": house.night(6), "unit_type_id": house.unit_type("STE") },
    ] });
    let set = manager.put(&path, &ranges).await.is(200);
    assert_eq!(set.body["ranges"].as_array().unwrap().len(), 3);
    assert_eq!(manager.get(&path).await.is(200).body, set.body);
    assert!(status(&manager, &id).await["waiting"].as_i64().unwrap() > waiting);
    for (night, open) in [
        (2, true),
        (3, false),
        (4, false),
        (5, true),
        (6, true),
        (7, true),
        (8, false),
        (9, true),
    ] {
        let (units, rate) = told(&server, &id, night).await;
        assert_eq!(units["availability"], if open { 5 } else { 0 }, "night {night}");
        assert_eq!(rate["stop_sell"], !open, "night {night}");
    }
    manager
        .post("/v1/bookings", &booking(house, &[room(house, "DBL", 3, 1)]))
        .await
        .is(201);
    manager.put(&path, &json!({ "ranges": [] })).await.is(200);
    assert_eq!(told(&server, &id, 3).await.0["availability"], 4);
}

#[tokio::test]
async fn closed_dates_are_ranges_of_ones_own_unit_types() {
    let server = Server::start().await;
    let manager = server.manager();
    let path = at(&sell_doubles(&server).await, "/closed-dates");
    let house = &server.adler;
    let (from, to) = (house.night(3), house.night(2));
    let before = server.stored().await;
    let cases = [
        (json!([{ "from": from, "to": to }]), 422, "invalid_range"),
        (
            json!([{ "from": "2027-02-01", "to": "2031-02-01" }]),
            422,
            "invalid_range",
        ),
        (
            json!([{ "from": to, "to": from, "unit_type_id": server.mare.unit_type("APT") }]),
            404,
            "not_found",
        ),
        (
            json!([{ "from": to, "to": from, "why": "x" }]),
            400,
            "invalid_body",
        ),
    ];
    for (ranges, status, code) in cases {
        manager
            .put(&path, &json!({ "ranges": ranges }))
            .await
            .problem(status, code);
    }
    assert_eq!(server.stored().await, before);
}

#[tokio::test]
async fn cells_are_read_page_by_page_and_by_state() {
    let server = Server::start().await;
    let manager = server.manager();
    let id = sell_doubles(&server).await;
    let ask = async |query: &str| manager.get(&at(&id, &format!("/cells?{query}"))).await;
    let all = ask("limit=200").await.is(200);
    assert_eq!(all.items().len(), 62, "31 nights of a unit type and of a rate");
    let first = &all.items()[0];
    assert_eq!(
        (&first["state"], first["since"].is_string()),
        (&json!("in_flight"), true)
    );
    assert_eq!(
        (&first["night"], &first["accepted"]),
        (&json!(server.adler.night(0)), &Value::Null)
    );
    let (mut cursor, mut seen) = (String::new(), Vec::new());
    loop {
        let page = ask(&format!("limit=25{cursor}")).await.is(200);
        seen.extend(page.items().to_vec());
        match page.body["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, all.items());
    assert_eq!(ask("state=converged").await.is(200).items().len(), 0);
    let other = server.adler.unit_type("STE").unwrap();
    assert_eq!(
        ask(&format!("unit_type_id={other}")).await.is(200).items().len(),
        0
    );
    let far = format!("from={}&to={}", server.adler.night(0), server.adler.night(92));
    ask(&far).await.problem(422, "range_too_long");
    accept_all(&server).await;
    let refused = ask("state=alarmed").await.is(200);
    let [cell] = refused.items() else {
        panic!("{}", refused.text)
    };
    assert_eq!(
        (&cell["reason"], &cell["night"]),
        (&json!("no such room"), &json!(server.adler.night(1)))
    );
    let rest = ask("state=converged&limit=200").await.is(200);
    assert_eq!(rest.items().len(), 61);
    assert_eq!(rest.items()[0]["accepted"], rest.items()[0]["truth"]);
}

/// As the channel's answers would leave it: everything accepted, but one night's units.
async fn accept_all(server: &Server) {
    use innkeep_domain::channel::push::{self, Manner, Next};
    use innkeep_domain::ports::channel::{PushReport, Rejected, Telling};
    let manner = Manner {
        most_ranges: 10_000,
        telling: Some(Telling::CHANGES),
    };
    let now = server.app.clock.now();
    let db = &server.app.db;
    let mut tx = db.begin(server.adler.tenant).await.unwrap();
    let who = server.adler.owner();
    let all = innkeep_domain::channel::connection::list(&mut tx, &who, None, 1)
        .await
        .unwrap();
    for alarm in [false, true] {
        while let Next::Call(call) = push::prepare(&mut tx, &all[0], manner, now).await.unwrap() {
            let rejected = Rejected {
                range: 0,
                reason: "no such room".into(),
            };
            let report = PushReport {
                rejected: if alarm { vec![rejected] } else { vec![] },
                ..PushReport::default()
            };
            push::answered(&mut tx, &call, &report, now).await.unwrap();
        }
        if !alarm {
            let night = server.adler.night(1);
            sqlx::query("update ari_shadow set accepted = null where night = $1 and rate_plan_id = $2")
                .bind(night)
                .bind(uuid::Uuid::nil())
                .execute(&mut *tx)
                .await
                .unwrap();
            sqlx::query(
                "insert into ari_dirty (tenant_id, connection_id, kind, unit_type_id, from_night, to_night)
                 select tenant_id, connection_id, 'availability', unit_type_id, night, night + 1 from ari_shadow
                 where accepted is null",
            )
            .execute(&mut *tx)
            .await
            .unwrap();
        }
    }
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn exposure_is_measured_and_what_is_not_mapped_is_named() {
    let server = Server::start().await;
    let manager = server.manager();
    let id = sell_doubles(&server).await;
    manager
        .patch(&at(&id, ""), &json!({ "apply_seconds": 60, "safety_buffer": 1 }))
        .await
        .is(200);
    let before = status(&manager, &id).await;
    assert_eq!(
        (&before["exposure"]["calls"], &before["exposure"]["exposure_ms"]),
        (&json!(0), &Value::Null)
    );
    let house = &server.adler;
    let double = house.unit_type("DBL").unwrap();
    let not = |code| json!(house.unit_type(code).unwrap());
    let unmapped = before["unmapped"]["unit_type_ids"].as_array().unwrap();
    assert!(unmapped.contains(&not("SGL")) && unmapped.contains(&not("STE")) && unmapped.len() == 2);
    let rates = before["unmapped"]["rates"].as_array().unwrap();
    assert!(
        rates
            .iter()
            .all(|r| r["unit_type_id"] == json!(double) && r["rate_plan_id"] != json!(house.base_plan))
    );
    // A hundred calls that took 1 to 100 ms, and one that was never answered.
    let mut tx = server.app.db.begin(house.tenant).await.unwrap();
    sqlx::query(
        "insert into ari_call (tenant_id, connection_id, id, kind, ranges, started_at, finished_at, outcome, oldest_mark)
         select c.tenant_id, c.id, gen_random_uuid(), 'rates', 1, $1, $1, case n when 0 then 'failed' else 'accepted' end,
                $1 - n * interval '1 ms'
         from channel_connection c, generate_series(0, 100) n",
    )
    .bind(server.app.clock.now())
    .execute(&mut *tx)
    .await
    .unwrap();
    tx.commit().await.unwrap();
    // Three of five are sold on one night, four on another: two and one left, of which one is kept back.
    for (night, rooms) in [(3, 3), (5, 4)] {
        let rooms = vec![room(house, "DBL", night, 1); rooms];
        manager
            .post("/v1/bookings", &booking(house, &rooms))
            .await
            .is(201);
    }
    let exposure = status(&manager, &id).await["exposure"].clone();
    let figures = [
        "calls",
        "push_p50_ms",
        "push_p99_ms",
        "exposure_ms",
        "cells_kept_back",
        "cells_last_unit",
    ];
    let figures: Vec<i64> = figures.iter().map(|f| exposure[f].as_i64().unwrap()).collect();
    assert_eq!(figures, [100, 51, 99, 60_099, 1, 1], "{exposure}");
}

#[tokio::test]
async fn a_disconnected_channel_keeps_its_bookings_and_nothing_else() {
    let server = Server::start().await;
    let manager = server.manager();
    let new = json!({ "property_id": server.adler.property_id, "protocol": "webhook", "name": "Agent" });
    let made = manager.post("/v1/channel-connections", &new).await.is(201);
    let id = made.body["connection"]["id"].as_str().unwrap().to_owned();
    let hook = made.body["hook_path"].as_str().unwrap().to_owned();
    manager.delete(&at(&id, "")).await.is(204);
    assert_eq!(manager.get(&at(&id, "")).await.is(200).body["state"], "closed");
    server
        .nobody()
        .post(&hook, &json!({}))
        .await
        .problem(404, "not_found");
    let closed = |answer: Answer| drop(answer.problem(409, "connection_closed"));
    closed(manager.delete(&at(&id, "")).await);
    closed(manager.patch(&at(&id, ""), &json!({ "name": "Back" })).await);
    closed(manager.act(&at(&id, "/actions/resume")).await);
    closed(
        manager
            .put(&at(&id, "/mappings"), &json!({ "rooms": [], "rates": [] }))
            .await,
    );
    closed(
        manager
            .put(&at(&id, "/closed-dates"), &json!({ "ranges": [] }))
            .await,
    );
    status(&manager, &id).await;
}
