//! Guests who write through the channel, and what they are answered.

use super::World;
use innkeep_domain::Role;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio_util::sync::{CancellationToken, DropGuard};

/// A hang for so long fails the test.
const PATIENCE: Duration = Duration::from_secs(30);

struct Talk {
    world: World,
    property: String,
    connection: String,
    _working: DropGuard,
}

impl Talk {
    async fn start() -> Self {
        let world = World::start().await;
        let property = world.hotel("EUR", &[("Type DBL", "Best rate", 4)]).await;
        let connection = world.connect(Some(&property)).await;
        world
            .manager()
            .act(&format!("{connection}/actions/set-up"))
            .await
            .is(200);
        let stop = CancellationToken::new();
        world.server.work(stop.clone());
        let _working = stop.drop_guard();
        Self {
            world,
            property,
            connection,
            _working,
        }
    }

    /// A guest writes; the channel's id of the thread.
    async fn write(&self, path: &str, body: Value, made: &str) -> String {
        let (status, answer) = self
            .world
            .ask(Method::POST, &format!("/sandbox{path}"), &body)
            .await;
        assert_eq!(status, 201, "{answer}");
        // Where the channel would call us is nobody here: the same call, by hand.
        let hooks = self.world.listed("webhooks", &self.property).await;
        let url = hooks[0]["attributes"]["callback_url"].as_str().unwrap();
        let hook = url.strip_prefix("http://localhost:8080").unwrap();
        let event = if made == "review_id" { "review" } else { "message" };
        self.world
            .server
            .nobody()
            .post(hook, &json!({ "event": event }))
            .await
            .is(202);
        answer[made].as_str().unwrap().to_owned()
    }

    /// A list, once `ready` is true of it.
    async fn list(&self, path: &str, ready: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let begun = Instant::now();
        loop {
            let items = self
                .world
                .manager()
                .get(&format!("{}{path}", self.connection))
                .await
                .is(200)
                .items()
                .to_vec();
            if ready(&items) {
                return items;
            }
            assert!(begun.elapsed() < PATIENCE, "{path}: {items:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn conversation(&self) -> String {
        let found = self.list("/conversations", |all| !all.is_empty()).await;
        found[0]["id"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn a_guest_writes_is_answered_and_writes_again() {
    let talk = Talk::start().await;
    let letter = json!({ "title": "Ada Lovelace", "message": "Card 4111 1111 1111 1111. Is there a lift?" });
    let thread = talk
        .write(
            &format!("/properties/{}/threads", talk.property),
            letter,
            "thread_id",
        )
        .await;
    let id = talk.conversation().await;
    let messages = format!("/conversations/{id}/messages");
    let seen = talk.list(&messages, |all| all.len() == 1).await;
    assert_eq!(
        (&seen[0]["sender"], &seen[0]["state"]),
        (&json!("guest"), &json!("received"))
    );
    let text = seen[0]["text"].as_str().unwrap();
    assert!(text.contains("lift") && !text.contains("4111 1111"), "{text}");

    let answer = talk.world.manager();
    let path = format!("{}{messages}", talk.connection);
    let queued = answer
        .post(&path, &json!({ "text": "Yes, by the bar." }))
        .await
        .is(202)
        .body;
    assert_eq!(queued["state"], "queued");
    talk.list(&messages, |all| all.len() == 2 && all[1]["state"] == "sent")
        .await;
    let (_, there) = talk
        .world
        .ask(
            Method::GET,
            &format!("/api/v1/message_threads/{thread}/messages"),
            &Value::Null,
        )
        .await;
    let there = there["data"].as_array().unwrap().clone();
    assert_eq!(there.len(), 2, "once");
    assert_eq!(there[0]["attributes"]["message"], "Yes, by the bar.");

    talk.write(
        &format!("/threads/{thread}/messages"),
        json!({ "message": "Thanks" }),
        "thread_id",
    )
    .await;
    let all = talk.list(&messages, |all| all.len() >= 3).await;
    let senders: Vec<&str> = all.iter().map(|m| m["sender"].as_str().unwrap()).collect();
    assert_eq!(
        senders,
        ["guest", "property", "guest"],
        "ours did not come back as another"
    );
}

#[tokio::test]
async fn an_answer_that_was_applied_and_not_confirmed_is_not_sent_twice() {
    let talk = Talk::start().await;
    let letter = json!({ "title": "Ada", "message": "Hello" });
    let thread = talk
        .write(
            &format!("/properties/{}/threads", talk.property),
            letter,
            "thread_id",
        )
        .await;
    let id = talk.conversation().await;
    let messages = format!("/conversations/{id}/messages");
    talk.list(&messages, |all| all.len() == 1).await;
    let lost = json!({ "timeout_after_apply_rate": 1.0, "sever_on_timeout": true, "hang_ms": 1 });
    talk.world.ask(Method::PUT, "/sandbox/faults", &lost).await;
    let path = format!("{}{messages}", talk.connection);
    talk.world
        .manager()
        .post(&path, &json!({ "text": "Good evening" }))
        .await
        .is(202);
    talk.list(&messages, |all| all.iter().any(|m| m["detail"].is_string()))
        .await;
    talk.world.ask(Method::PUT, "/sandbox/faults", &json!({})).await;
    talk.world.server.app.clock.advance(chrono::Duration::minutes(20));
    talk.list(&messages, |all| all.iter().any(|m| m["state"] == "sent"))
        .await;
    let threads = format!("/api/v1/message_threads/{thread}/messages");
    let (_, there) = talk.world.ask(Method::GET, &threads, &Value::Null).await;
    assert_eq!(there["data"].as_array().unwrap().len(), 2, "{there}");
}

#[tokio::test]
async fn a_review_is_replied_to_once() {
    let talk = Talk::start().await;
    let review = json!({ "guest_name": "Ada", "content": "Good beds.", "score": 8.5 });
    talk.write(
        &format!("/properties/{}/reviews", talk.property),
        review,
        "review_id",
    )
    .await;
    let seen = talk.list("/reviews", |all| !all.is_empty()).await;
    assert_eq!(
        (&seen[0]["text"], &seen[0]["score"]),
        (&json!("Good beds."), &json!("8.5"))
    );
    let path = format!(
        "{}/reviews/{}/actions/reply",
        talk.connection,
        seen[0]["id"].as_str().unwrap()
    );
    let reply = json!({ "text": "Thank you." });
    talk.world.manager().post(&path, &reply).await.is(202);
    talk.world
        .manager()
        .post(&path, &reply)
        .await
        .problem(409, "replied_already");
    let seen = talk.list("/reviews", |all| all[0]["reply_state"] == "sent").await;
    assert_eq!(seen[0]["reply"], "Thank you.");
    let there = talk.world.listed("reviews", &talk.property).await;
    assert_eq!(there[0]["attributes"]["reply"], "Thank you.");
}

#[tokio::test]
async fn only_who_sees_guests_reads_what_they_write() {
    let talk = Talk::start().await;
    let house = &talk.world.server.adler;
    let path = format!("{}/conversations", talk.connection);
    talk.world
        .server
        .caller(house, Role::FrontDesk)
        .get(&path)
        .await
        .is(200);
    talk.world
        .server
        .caller(house, Role::Housekeeping)
        .get(&path)
        .await
        .problem(403, "missing_permission");
    let other = talk.world.server.caller(&talk.world.server.mare, Role::Owner);
    other.get(&path).await.problem(404, "not_found");
    let nowhere = format!("{path}/01890000-0000-7000-8000-000000000000/messages");
    talk.world
        .manager()
        .post(&nowhere, &json!({ "text": "Hello" }))
        .await
        .problem(404, "not_found");
}

#[tokio::test]
async fn a_guest_gets_what_was_written_and_is_taken_out_of_it_for_good() {
    let talk = Talk::start().await;
    let (world, property) = (&talk.world, &talk.property);
    let rooms = world.listed("room_types", property).await;
    let stay = json!({ "force": true, "price_per_night": "80.00",
        "customer": { "name": "Ada", "surname": "Lovelace", "mail": "ada@example.com" },
        "rooms": [{ "room_type_id": rooms[0]["id"], "rate_plan_id": world.listed("rate_plans", property).await[0]["id"],
                    "checkin_date": world.server.adler.night(3), "checkout_date": world.server.adler.night(5) }] });
    let path = format!("/sandbox/properties/{property}/bookings");
    let (_, sold) = world.ask(Method::POST, &path, &stay).await;
    let booking = sold["booking_id"].as_str().unwrap().to_owned();
    let letter = json!({ "title": "A.", "booking_id": booking, "message": "We come late." });
    let thread = talk
        .write(&format!("/properties/{property}/threads"), letter, "thread_id")
        .await;
    let review = json!({ "guest_name": "A.", "content": "Good beds.", "booking_id": booking });
    talk.write(&format!("/properties/{property}/reviews"), review, "review_id")
        .await;
    let id = talk.conversation().await;
    let messages = format!("/conversations/{id}/messages");
    talk.list(&messages, |all| all.len() == 1).await;
    talk.list("/reviews", |all| all.len() == 1).await;
    // The booking's message came by the feed.
    let hooks = world.listed("webhooks", property).await;
    let hook = hooks[0]["attributes"]["callback_url"].as_str().unwrap();
    let hook = hook.strip_prefix("http://localhost:8080").unwrap();
    world
        .server
        .nobody()
        .post(hook, &json!({ "event": "booking_new" }))
        .await
        .is(202);
    talk.list("/conversations", |all| all[0]["booking_id"].is_string())
        .await;

    let guest = json!({ "last_name": "Lovelace", "first_name": "Ada", "email": "ada@example.com" });
    let made = world.manager().post("/v1/guests", &guest).await.is(201);
    let path = format!("/v1/guests/{}", made.body["id"].as_str().unwrap());
    let held = world
        .manager()
        .act(&format!("{path}/actions/export"))
        .await
        .is(200)
        .body;
    let said: Vec<&str> = held["correspondence"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["text"].as_str().unwrap())
        .collect();
    assert_eq!(said, ["We come late.", "Good beds."]);

    let (status, _) = world
        .ask(
            Method::POST,
            &format!("/sandbox/bookings/{booking}/cancel"),
            &json!({}),
        )
        .await;
    assert_eq!(status, 200);
    world
        .server
        .nobody()
        .post(hook, &json!({ "event": "booking_cancellation" }))
        .await
        .is(202);
    let begun = Instant::now();
    let erase = format!("{path}/actions/erase");
    while world
        .manager()
        .post(&erase, &json!({ "reason": "asked" }))
        .await
        .status
        != 200
    {
        assert!(begun.elapsed() < PATIENCE, "it is not cancelled here");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let left = talk.list(&messages, |_| true).await;
    assert_eq!(left[0]["text"], "(erased)");
    assert_eq!(
        talk.list("/conversations", |_| true).await[0]["title"],
        "(erased)"
    );
    let review = &talk.list("/reviews", |_| true).await[0];
    assert_eq!(
        (&review["text"], &review["guest_name"]),
        (&Value::Null, &Value::Null)
    );
    // The channel has it still: it does not come back, and what a stranger writes does come in after it.
    talk.write(
        &format!("/threads/{thread}/messages"),
        json!({ "message": "It is me, Ada" }),
        "thread_id",
    )
    .await;
    let letter = json!({ "title": "Grace", "message": "Hello" });
    talk.write(&format!("/properties/{property}/threads"), letter, "thread_id")
        .await;
    talk.list("/conversations", |all| all.len() == 2).await;
    assert_eq!(talk.list(&messages, |_| true).await.len(), 1);
}
