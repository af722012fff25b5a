//! `/v1/channel-connections/{id}/messages`: what a channel sent, as people see it.

use crate::support::{Caller, Server};
use chrono::{Duration, NaiveDate};
use innkeep_domain::Role;
use innkeep_domain::channel::{connection, deadline, inbox};
use innkeep_domain::due::due;
use innkeep_domain::ports::channel::RawMessage;
use reqwest::Method;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// A channel that posts its bookings.
struct Agent<'a> {
    server: &'a Server,
    id: Uuid,
}

impl<'a> Agent<'a> {
    async fn new(server: &'a Server) -> Self {
        let new = json!({ "property_id": server.adler.property_id, "protocol": "webhook", "name": "Agent" });
        let made = server
            .manager()
            .post("/v1/channel-connections", &new)
            .await
            .is(201);
        let id = made.body["connection"]["id"].as_str().unwrap().parse().unwrap();
        Self { server, id }
    }

    fn path(&self, rest: &str) -> String {
        format!("/v1/channel-connections/{}{rest}", self.id)
    }

    /// Stored, and not looked at yet.
    async fn sends(&self, message_id: &str, raw: &str) {
        let message = RawMessage {
            message_id: message_id.into(),
            raw: raw.into(),
        };
        let mut tx = self.server.app.db.begin(self.server.adler.tenant).await.unwrap();
        let now = self.server.app.now();
        inbox::store(&mut tx, self.id, &[message], now).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// What a worker does of what is due.
    async fn process(&self) {
        let app = &self.server.app;
        let mut tx = app.db.begin(self.server.adler.tenant).await.unwrap();
        let connection = connection::get(&mut tx, self.id).await.unwrap();
        let reader = &app.protocols.get("webhook").unwrap().reader;
        while let Some(message) = inbox::next(&mut tx, self.id, app.now()).await.unwrap() {
            let done = inbox::process(&mut tx, &connection, &message, &**reader, app.now()).await;
            done.unwrap();
        }
        tx.commit().await.unwrap();
    }

    /// What a worker does of messages that wait; whether there was anything to do.
    async fn watch(&self) -> bool {
        let app = &self.server.app;
        let mut tx = app.db.begin(self.server.adler.tenant).await.unwrap();
        let late = due(&mut tx, app.now()).await.unwrap().late;
        deadline::watch(&mut tx, &app.protocols, app.now()).await.unwrap();
        tx.commit().await.unwrap();
        late
    }

    async fn list(&self, query: &str) -> Vec<Value> {
        let path = self.path(&format!("/messages{query}"));
        self.server.manager().get(&path).await.is(200).items().to_vec()
    }
}

fn message(reference: &str, arrival: NaiveDate) -> Value {
    json!({ "event": "booking.new", "booking": {
        "id": reference, "revision": "1", "revised_at": "2027-01-04T09:59:00Z", "code": reference, "sold_by": "Agent",
        "currency": "EUR", "total": "80.00", "booker": { "name": "Grace Hopper" },
        "rooms": [{ "id": "1", "arrival": arrival, "departure": arrival + Duration::days(1), "adults": 1,
                    "nights": [{ "date": arrival, "price": "80.00" }] }],
    } })
}

async fn alerts(caller: &Caller<'_>, kind: &str) -> Vec<Value> {
    let all = caller.get("/v1/alerts").await.is(200);
    all.items()
        .iter()
        .filter(|a| a["kind"] == kind)
        .cloned()
        .collect()
}

#[tokio::test]
async fn what_came_is_listed_and_its_text_is_for_those_who_know_guests() {
    let server = Server::start().await;
    let agent = Agent::new(&server).await;
    agent
        .sends("m1", &message("A1", server.adler.night(9)).to_string())
        .await;
    agent.sends("m2", "{}").await;
    agent.process().await;
    let all = agent.list("").await;
    let states: Vec<_> = all.iter().map(|m| (&m["message_id"], &m["state"])).collect();
    assert_eq!(
        states,
        [
            (&json!("m2"), &json!("parked")),
            (&json!("m1"), &json!("processed"))
        ]
    );
    assert!(all[0]["detail"].as_str().unwrap().contains("/event: is missing"));
    assert_eq!(agent.list("?state=parked").await, all[..1]);
    let first = server
        .manager()
        .get(&agent.path("/messages?limit=1"))
        .await
        .is(200);
    let next = first.body["next_cursor"].as_str().unwrap();
    assert_eq!(agent.list(&format!("?limit=1&cursor={next}")).await, all[1..]);
    let path = agent.path(&format!("/messages/{}", all[1]["id"].as_str().unwrap()));
    let read = server.manager().get(&path).await.is(200);
    assert_eq!(read.body["message"], all[1]);
    assert!(read.body["text"].as_str().unwrap().contains("Grace Hopper"));
    let owner = server.caller(&server.adler, Role::Owner);
    let trail = owner.get("/v1/audit-log?phase=read").await.is(200);
    assert!(
        trail
            .items()
            .iter()
            .any(|e| e["operation"] == "get_channel_message"),
        "{}",
        trail.text
    );
    // Who knows channels and no guests sees that there is something, and not what.
    let key = json!({ "name": "watcher", "scopes": ["read_channels"] });
    let key = owner.post("/v1/api-keys", &key).await.is(201).body["key"]
        .as_str()
        .unwrap()
        .to_owned();
    let watcher = server.bearer(key);
    watcher.get(&agent.path("/messages")).await.is(200);
    watcher.get(&path).await.problem(403, "missing_permission");
    let desk = server.caller(&server.adler, Role::FrontDesk);
    desk.get(&path).await.is(200);
    for unknown in ["0", "x", "99999999999999999999"] {
        let path = agent.path(&format!("/messages/{unknown}"));
        server.manager().get(&path).await.problem(404, "not_found");
    }
}

#[tokio::test]
async fn a_parked_message_is_tried_again_and_the_alert_goes_with_the_last() {
    let server = Server::start().await;
    let manager = server.manager();
    let agent = Agent::new(&server).await;
    agent.sends("m1", "{}").await;
    agent.sends("m2", "[]").await;
    agent.process().await;
    assert_eq!(alerts(&manager, "message_parked").await.len(), 1);
    let replay = |m: &Value| agent.path(&format!("/messages/{}/actions/replay", m["id"].as_str().unwrap()));
    let parked = agent.list("").await;
    let again = manager.act(&replay(&parked[0])).await.is(200);
    assert_eq!(
        (&again.body["state"], &again.body["attempts"]),
        (&json!("received"), &json!(0))
    );
    manager.act(&replay(&parked[0])).await.problem(409, "wrong_state");
    assert_eq!(
        alerts(&manager, "message_parked").await.len(),
        1,
        "one is parked still"
    );
    manager.act(&replay(&parked[1])).await.is(200);
    assert_eq!(alerts(&manager, "message_parked").await.len(), 0);
    agent.process().await;
    assert_eq!(agent.list("?state=parked").await.len(), 2);
    assert_eq!(alerts(&manager, "message_parked").await.len(), 1);
    let nobody = agent.path("/messages/0/actions/replay");
    manager.act(&nobody).await.problem(404, "not_found");
    server
        .caller(&server.adler, Role::FrontDesk)
        .act(&nobody)
        .await
        .problem(403, "missing_permission");
    let key = ("Idempotency-Key", "once");
    let first = manager
        .with_header(Method::POST, &replay(&parked[0]), key, &Value::Null)
        .await
        .is(200);
    let twice = manager
        .with_header(Method::POST, &replay(&parked[0]), key, &Value::Null)
        .await
        .is(200);
    assert_eq!(first.body, twice.body);
}

#[tokio::test]
async fn what_waits_says_how_long_it_may_and_raises_an_alert_when_that_is_short() {
    let server = Server::start().await;
    let agent = Agent::new(&server).await;
    // Mid-morning in Berlin; the business date is today.
    for (id, night) in [("later", 2), ("today", 0), ("tomorrow", 1)] {
        agent
            .sends(id, &message(id, server.adler.night(night)).to_string())
            .await;
    }
    agent.sends("who knows", "{}").await;
    let left = async || {
        let status = server.manager().get(&agent.path("/sync-status")).await.is(200);
        let waiting = status.body["waiting_messages"].as_array().unwrap().clone();
        waiting
            .iter()
            .map(|w| w["minutes_left"].as_i64().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(left().await, [30, 30, 60, 1440]);
    assert!(!agent.watch().await, "nobody is late after no time");
    server.app.clock.advance(Duration::minutes(19));
    assert!(agent.watch().await);
    assert!(!agent.watch().await, "all is reckoned");
    assert_eq!(alerts(&server.manager(), "acknowledgement_late").await.len(), 0);
    server.app.clock.advance(Duration::minutes(2));
    assert!(agent.watch().await);
    let late = alerts(&server.manager(), "acknowledgement_late").await;
    assert!(
        late[0]["detail"]
            .as_str()
            .unwrap()
            .contains("Agent waits for 2 acknowledgement(s)"),
        "{late:?}"
    );
    assert!(!agent.watch().await, "said once");
    assert_eq!(left().await, [9, 9, 39, 1419]);
    server.app.clock.advance(Duration::minutes(20));
    assert_eq!(left().await[0], -11);
    let mut tx = server.app.db.begin(server.adler.tenant).await.unwrap();
    let ids: Vec<i64> = agent
        .list("")
        .await
        .iter()
        .map(|m| m["id"].as_str().unwrap().parse().unwrap())
        .collect();
    inbox::acknowledged(&mut tx, agent.id, &ids, server.app.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert!(agent.watch().await);
    assert_eq!(alerts(&server.manager(), "acknowledgement_late").await.len(), 0);
    assert!(!agent.watch().await);
    agent.process().await;
    assert_eq!(left().await, Vec::<i64>::new());
}

#[tokio::test]
async fn a_booking_keeps_what_the_channel_said_of_it_even_in_a_currency_nobody_knows() {
    let server = Server::start().await;
    let manager = server.manager();
    let agent = Agent::new(&server).await;
    let mut sent = message("A1", server.adler.night(9));
    let booking = &mut sent["booking"];
    booking["currency"] = json!("ZZQ");
    booking["commission"] = json!("12.00");
    booking["extras"] = json!([{ "name": "Breakfast", "amount": "20.00", "included": false }]);
    booking["taxes"] = json!([{ "name": "City tax", "amount": "3.00" }]);
    booking["payment"] =
        json!({ "collected_by": "channel", "virtual_card": true, "chargeable_from": "2027-01-13" });
    agent.sends("m1", &sent.to_string()).await;
    agent.process().await;
    let found = manager.get("/v1/bookings").await.is(200);
    let booking = &found.items()[0];
    let money = |amount: &str| json!({ "amount": amount, "currency": "ZZQ" });
    assert_eq!(
        (&booking["total"], &booking["commission"]),
        (&money("80.000"), &money("12.000"))
    );
    let channel = &booking["channel"];
    assert_eq!(
        channel["extras"],
        json!([{ "name": "Breakfast", "amount": money("20.00"), "included": false }])
    );
    assert_eq!(
        channel["taxes"],
        json!([{ "name": "City tax", "amount": money("3.00") }])
    );
    let payment = json!({ "collected_by": "channel", "virtual_card": true, "chargeable_from": "2027-01-13" });
    assert_eq!(channel["payment"], payment);
    assert_eq!(alerts(&manager, "foreign_currency").await.len(), 1);
    // People can still work with it.
    let id = booking["id"].as_str().unwrap();
    manager
        .act(&format!("/v1/bookings/{id}/actions/cancel"))
        .await
        .is(200);
    // Sold anew in our own currency, it says nothing more of them.
    let mut mended = message("A1", server.adler.night(9));
    mended["event"] = json!("booking.modified");
    mended["booking"]["revision"] = json!("2");
    agent.sends("m2", &mended.to_string()).await;
    agent.process().await;
    let read = manager.get(&format!("/v1/bookings/{id}")).await.is(200);
    assert_eq!(
        (&read.body["total"]["currency"], &read.body["channel"]["extras"]),
        (&json!("EUR"), &json!([]))
    );
    assert_eq!(alerts(&manager, "foreign_currency").await.len(), 0);
}

#[tokio::test]
async fn nobody_disconnects_while_bookings_wait() {
    let server = Server::start().await;
    let agent = Agent::new(&server).await;
    agent
        .sends("m1", &message("A1", server.adler.night(9)).to_string())
        .await;
    server
        .manager()
        .delete(&agent.path(""))
        .await
        .problem(409, "messages_waiting");
    agent.process().await;
    server.manager().delete(&agent.path("")).await.is(204);
    assert_eq!(agent.list("").await.len(), 1);
    let found = server.manager().get("/v1/bookings").await.is(200);
    assert_eq!(found.items()[0]["channel"]["connection_id"], json!(agent.id));
}

/// Until this one is in that state, as workers go on.
async fn reaches(agent: &Agent<'_>, message_id: &str, state: &str) {
    let begun = std::time::Instant::now();
    loop {
        let all = agent.list("").await;
        let found = all.iter().find(|m| m["message_id"] == message_id).unwrap();
        if found["state"] == state {
            return;
        }
        assert!(
            begun.elapsed().as_secs() < 30,
            "{message_id} is {}",
            found["state"]
        );
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

/// A paused connection is told nothing. What its channel posts is sold.
#[tokio::test]
async fn what_a_paused_channel_posts_is_taken() {
    let server = Server::start().await;
    let agent = Agent::new(&server).await;
    let stop = CancellationToken::new();
    server.work(stop.clone());
    let _working = stop.drop_guard();
    server.manager().act(&agent.path("/actions/pause")).await.is(200);
    agent
        .sends("m1", &message("A1", server.adler.night(9)).to_string())
        .await;
    reaches(&agent, "m1", "processed").await;
    let found = server.manager().get("/v1/bookings").await.is(200);
    assert_eq!(found.items()[0]["channel"]["reference"], "A1");
    let status = server.manager().get(&agent.path("/sync-status")).await.is(200);
    assert_eq!(status.body["state"], "paused");
}

/// Somebody else has a booking's first message in hand: its second is not applied before it, whatever comes in between.
#[tokio::test]
async fn no_message_overtakes_an_elder_one_of_its_booking() {
    let server = Server::start().await;
    let agent = Agent::new(&server).await;
    let sold = message("A1", server.adler.night(9));
    let mut gone = sold.clone();
    gone["event"] = json!("booking.cancelled");
    gone["booking"]["revision"] = json!("2");
    agent.sends("sold", &sold.to_string()).await;
    agent.sends("gone", &gone.to_string()).await;
    agent
        .sends("other", &message("A2", server.adler.night(9)).to_string())
        .await;
    let mut elsewhere = server.app.db.begin(server.adler.tenant).await.unwrap();
    sqlx::query("select id from inbox where message_id = 'sold' for update")
        .fetch_one(&mut *elsewhere)
        .await
        .unwrap();
    let stop = CancellationToken::new();
    server.work(stop.clone());
    let _working = stop.drop_guard();
    reaches(&agent, "other", "processed").await;
    reaches(&agent, "gone", "received").await;
    elsewhere.commit().await.unwrap();
    reaches(&agent, "gone", "processed").await;
    let found = server.manager().get("/v1/bookings").await.is(200);
    let states = found.items().iter();
    let states: Vec<_> = states
        .map(|b| (&b["channel"]["reference"], &b["status"]))
        .collect();
    assert!(
        states.contains(&(&json!("A1"), &json!("cancelled"))),
        "{states:?}"
    );
}
