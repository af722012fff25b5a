//! `actions/export` and `actions/erase`. That nothing is left anywhere is for the proof `crypto`.

use super::{ada, add};
use crate::support::{NOW, Server, booking, room};
use innkeep_domain::Role;
use innkeep_domain::channel::{connection, inbox};
use innkeep_domain::ports::channel::RawMessage;
use innkeep_integrations::open_webhook;
use serde_json::{Value, json};
use uuid::Uuid;

/// A booking with Ada as its primary guest: its id, and its reservation's.
async fn stay(server: &Server, guest: &str, from: u64) -> (String, String) {
    let mut new = booking(&server.adler, &[room(&server.adler, "DBL", from, 2)]);
    new["booker"] = json!({ "name": "Ada Lovelace", "email": "ada@example.com" });
    new["notes"] = json!("arrives by engine");
    let made = server.manager().post("/v1/bookings", &new).await.is(201);
    let reservation = made.body["reservations"][0]["id"].as_str().unwrap().to_owned();
    let registration = json!({ "purpose": "analysis" });
    let guests =
        json!({ "guests": [{ "guest_id": guest, "role": "primary", "registration": registration }] });
    let path = format!("/v1/reservations/{reservation}/guests");
    server.manager().put(&path, &guests).await.is(200);
    (made.id().to_owned(), reservation)
}

fn reason() -> Value {
    json!({ "reason": "asked for it" })
}

#[tokio::test]
async fn an_erased_guest_is_an_id_and_a_date_and_the_booking_keeps_its_figures() {
    let server = Server::start().await;
    let manager = server.manager();
    let guest = add(&manager, &ada()).await.id().to_owned();
    let double = add(&manager, &json!({ "last_name": "Byron", "notes": "the same" })).await;
    let (path, double) = (format!("/v1/guests/{guest}"), double.id().to_owned());
    let merge = json!({ "other_id": double });
    manager
        .post(&format!("{path}/actions/merge"), &merge)
        .await
        .is(200);
    let (id, reservation) = stay(&server, &guest, 3).await;
    let erase = format!("{path}/actions/erase");
    manager
        .post(&erase, &reason())
        .await
        .problem(409, "guest_has_stays");
    let booked = format!("/v1/bookings/{id}");
    manager.act(&format!("{booked}/actions/cancel")).await.is(200);
    let before = manager.get(&booked).await.is(200).body;
    let erased = manager.post(&erase, &reason()).await.is(200).body;
    assert_eq!((&erased["id"], &erased["last_name"]), (&json!(guest), &json!("")));
    assert!(
        erased["erased_at"].is_string() && erased.get("email").is_none(),
        "{erased}"
    );
    let again = manager.post(&erase, &reason()).await.is(200).body;
    assert_eq!(again, erased);
    let other = manager.get(&format!("/v1/guests/{double}")).await.is(200).body;
    assert_eq!((&other["last_name"], other.get("notes")), (&json!(""), None));
    let after = manager.get(&booked).await.is(200).body;
    assert_eq!(after["booker"], json!({ "name": "(erased)" }));
    assert_eq!(after.get("notes"), None);
    for field in ["reference", "total", "status"] {
        assert_eq!(after[field], before[field], "{field}");
    }
    assert_eq!(
        after["reservations"][0]["nights"],
        before["reservations"][0]["nights"]
    );
    let forms = manager
        .get(&format!("/v1/reservations/{reservation}/guests"))
        .await
        .is(200);
    assert_eq!(forms.items()[0]["registration"], json!({}));
    for search in ["email=ada@example.com", "name=lovelace", "name="] {
        let found = manager.get(&format!("/v1/guests?{search}")).await.is(200);
        assert!(found.items().is_empty(), "{search}");
    }
}

#[tokio::test]
async fn an_erased_guest_is_used_no_more() {
    let server = Server::start().await;
    let manager = server.manager();
    let guest = add(&manager, &ada()).await.id().to_owned();
    let other = add(&manager, &json!({ "last_name": "Byron" }))
        .await
        .id()
        .to_owned();
    let path = format!("/v1/guests/{guest}");
    manager
        .post(&format!("{path}/actions/erase"), &reason())
        .await
        .is(200);
    manager
        .patch(&path, &json!({ "vip": true }))
        .await
        .problem(409, "guest_erased");
    let merge = json!({ "other_id": guest });
    let merging = format!("/v1/guests/{other}/actions/merge");
    manager.post(&merging, &merge).await.problem(409, "guest_erased");
    manager
        .act(&format!("{path}/actions/export"))
        .await
        .problem(409, "guest_erased");
    let made = booking(&server.adler, &[room(&server.adler, "DBL", 3, 2)]);
    let made = manager.post("/v1/bookings", &made).await.is(201).body;
    let guests = json!({ "guests": [{ "guest_id": guest, "role": "primary" }] });
    let path = format!(
        "/v1/reservations/{}/guests",
        made["reservations"][0]["id"].as_str().unwrap()
    );
    manager.put(&path, &guests).await.problem(409, "guest_erased");
}

#[tokio::test]
async fn only_who_may_erases_and_says_why() {
    let server = Server::start().await;
    let guest = add(&server.manager(), &ada()).await.id().to_owned();
    let path = format!("/v1/guests/{guest}/actions/erase");
    let desk = server.caller(&server.adler, Role::FrontDesk);
    desk.post(&path, &reason())
        .await
        .problem(403, "missing_permission");
    server
        .manager()
        .post(&path, &json!({ "reason": " " }))
        .await
        .problem(422, "invalid_text");
    let elsewhere = server.caller(&server.mare, Role::Owner);
    elsewhere.post(&path, &reason()).await.problem(404, "not_found");
    let there = server.manager().get(&format!("/v1/guests/{guest}")).await.is(200);
    assert_eq!(there.body["last_name"], "Lovelace");
}

/// A companion's erasure leaves the one who booked alone.
#[tokio::test]
async fn others_of_the_same_booking_stay() {
    let server = Server::start().await;
    let manager = server.manager();
    let guest = add(&manager, &ada()).await.id().to_owned();
    let (id, reservation) = stay(&server, &guest, 3).await;
    let friend = add(&manager, &json!({ "last_name": "Somerville" }))
        .await
        .id()
        .to_owned();
    let guests = json!({ "guests": [{ "guest_id": guest, "role": "primary" }, { "guest_id": friend, "role": "accompanying" }] });
    manager
        .put(&format!("/v1/reservations/{reservation}/guests"), &guests)
        .await
        .is(200);
    let export = manager
        .act(&format!("/v1/guests/{friend}/actions/export"))
        .await
        .is(200)
        .body;
    assert!(!export.to_string().contains("Lovelace"), "{export}");
    manager
        .act(&format!("/v1/bookings/{id}/actions/cancel"))
        .await
        .is(200);
    manager
        .post(&format!("/v1/guests/{friend}/actions/erase"), &reason())
        .await
        .is(200);
    let booking = manager.get(&format!("/v1/bookings/{id}")).await.is(200).body;
    assert_eq!(booking["booker"]["name"], "Ada Lovelace");
    assert_eq!(booking["notes"], "arrives by engine");
}

#[tokio::test]
async fn an_export_holds_everything_as_json_and_to_read() {
    let server = Server::start().await;
    let manager = server.manager();
    let guest = add(&manager, &ada()).await.id().to_owned();
    let (id, _) = stay(&server, &guest, 3).await;
    let export = manager
        .act(&format!("/v1/guests/{guest}/actions/export"))
        .await
        .is(200)
        .body;
    assert_eq!(export["guest"]["document"]["number"], "X1234567");
    assert_eq!(export["bookings"][0]["id"], json!(id));
    assert_eq!(export["registrations"][0]["registration"]["purpose"], "analysis");
    let kinds: Vec<&str> = export["log"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|e| e["kind"].as_str())
        .collect();
    assert_eq!(
        kinds,
        ["guest.created", "booking.created", "reservation.guests_set"]
    );
    let readable = export["readable"].as_str().unwrap();
    for line in [
        "  last name: Lovelace",
        "    number: X1234567",
        "    notes: arrives by engine",
        "      purpose: analysis",
    ] {
        assert!(
            readable.lines().any(|l| l == line),
            "{line} is not in\n{readable}"
        );
    }
    let desk = server.caller(&server.adler, Role::Accountant);
    desk.act(&format!("/v1/guests/{guest}/actions/export"))
        .await
        .problem(403, "missing_permission");
}

/// What a channel sent and nobody has applied yet is news: it loses the guest and is applied all the same.
#[tokio::test]
async fn a_message_that_waits_is_applied_without_the_guest() {
    let server = Server::start().await;
    let (manager, house, db) = (server.manager(), &server.adler, &server.app.db);
    let guest = add(&manager, &ada()).await.id().to_owned();
    let channel = json!({ "property_id": house.property_id, "protocol": "webhook", "name": "Agent" });
    let made = manager
        .post("/v1/channel-connections", &channel)
        .await
        .is(201)
        .body;
    let channel: Uuid = made["connection"]["id"].as_str().unwrap().parse().unwrap();
    let booker = json!({ "name": "Ada Lovelace", "email": "ada@example.com", "phone": "+44 20 7946 0018" });
    let messages = [
        ("theirs", booker),
        ("another's", json!({ "name": "Grace Hopper" })),
    ]
    .map(|(id, booker)| {
        let night = house.night(20);
        let raw = json!({ "event": "booking.new", "booking": {
            "id": id, "revision": "1", "revised_at": NOW, "code": "A1", "sold_by": "Agent", "currency": "EUR",
            "total": "80.00", "booker": booker, "notes": "arrives by engine",
            "rooms": [{ "id": "1", "arrival": night, "departure": house.night(21), "adults": 1,
                        "nights": [{ "date": night, "price": "80.00" }] }] } });
        RawMessage {
            message_id: id.into(),
            raw: raw.to_string(),
        }
    });
    let now = server.app.clock.now();
    let mut tx = db.begin(house.tenant).await.unwrap();
    inbox::store(&mut tx, channel, &messages, now).await.unwrap();
    tx.commit().await.unwrap();
    manager
        .post(&format!("/v1/guests/{guest}/actions/erase"), &reason())
        .await
        .is(200);
    let mut booked = Vec::new();
    let mut tx = db.begin(house.tenant).await.unwrap();
    let connection = connection::get(&mut tx, channel).await.unwrap();
    let reader = open_webhook::reader();
    while let Some(message) = inbox::next(&mut tx, channel, now).await.unwrap() {
        let applied = inbox::process(&mut tx, &connection, &message, &*reader, now)
            .await
            .unwrap();
        booked.push(applied.expect("it is readable").booking_id);
    }
    tx.commit().await.unwrap();
    let mut seen = Vec::new();
    for id in booked {
        let booking = manager.get(&format!("/v1/bookings/{id}")).await.is(200).body;
        seen.push((
            booking["booker"].clone(),
            booking["notes"].clone(),
            booking["total"].clone(),
        ));
    }
    let total = json!({ "amount": "80.00", "currency": "EUR" });
    assert_eq!(
        seen,
        [
            (json!({ "name": "(erased)" }), json!("(erased)"), total.clone()),
            (
                json!({ "name": "Grace Hopper" }),
                json!("arrives by engine"),
                total
            ),
        ]
    );
}
