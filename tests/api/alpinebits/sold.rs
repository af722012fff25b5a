//! What a portal sold becomes a booking, whatever comes how often.

use super::{PUSH, Portal, Sold, published, push};
use crate::support::Server;
use innkeep_domain::channel::{connection, inbox};
use innkeep_domain::verify;
use innkeep_integrations::alpinebits;
use serde_json::{Value, json};

/// Applies what was stored, as a worker does. Returns the messages' own texts.
async fn process(portal: &Portal<'_>) -> Vec<String> {
    let (server, now) = (portal.server, portal.server.app.now());
    let mut texts = Vec::new();
    loop {
        let mut tx = server.app.db.begin(server.adler.tenant).await.unwrap();
        let connection = connection::get(&mut tx, portal.connection.parse().unwrap())
            .await
            .unwrap();
        let Some(message) = inbox::next(&mut tx, connection.id, now).await.unwrap() else {
            return texts;
        };
        let reader = server.app.protocols.get(alpinebits::NAME).unwrap().reader.clone();
        let applied = inbox::process(&mut tx, &connection, &message, &*reader, now)
            .await
            .unwrap();
        let asked = reader.question(message.raw()).is_some();
        assert!(applied.is_some() || asked, "parked: {}", message.raw());
        tx.commit().await.unwrap();
        texts.push(message.raw().to_owned());
    }
}

async fn is_sound(server: &Server) {
    let mut tx = server.app.db.begin(server.adler.tenant).await.unwrap();
    assert_eq!(verify::tenant(&mut tx, server.app.clock.now()).await.unwrap(), []);
}

/// Arrival and state of each room of the only booking, by arrival.
async fn stays(portal: &Portal<'_>) -> Vec<(String, String)> {
    let [booking]: [Value; 1] = portal.bookings().await.try_into().unwrap();
    let path = format!("/v1/bookings/{}", booking["id"].as_str().unwrap());
    let booking = portal.server.manager().get(&path).await.is(200).body;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let all = booking["reservations"].as_array().unwrap().iter();
    let mut all: Vec<_> = all.map(|r| (text(&r["arrival"]), text(&r["status"]))).collect();
    all.sort();
    all
}

fn pair(arrival: &str, status: &str) -> (String, String) {
    (arrival.to_owned(), status.to_owned())
}

#[tokio::test]
async fn a_reservation_is_acknowledged_once_it_is_stored_and_stored_once() {
    let server = Server::start().await;
    let portal = Portal::new(&server).await;
    for _ in 0..2 {
        let answer = portal.says(PUSH, &push(&[Sold::default()])).await.is(200);
        assert_eq!(
            answer.header("content-type"),
            Some("application/xml; charset=utf-8")
        );
        assert!(
            answer.text.contains("<Success/>") && !answer.text.contains("Warning"),
            "{}",
            answer.text
        );
        assert!(
            answer.text.contains("<UniqueID Type=\"14\" ID=\"r-1\"/>"),
            "{}",
            answer.text
        );
        assert_eq!(server.stored().await["inbox"], 1);
    }
    process(&portal).await;
    portal.says(PUSH, &push(&[Sold::default()])).await.is(200);
    assert_eq!(process(&portal).await.len(), 0);
    let [booking]: [Value; 1] = portal.bookings().await.try_into().unwrap();
    assert_eq!(booking["booker"]["name"], "Otto Booker");
    assert_eq!(booking["total"]["amount"], "200.50");
    assert_eq!(stays(&portal).await, [pair("2027-02-01", "confirmed")]);
    is_sound(&server).await;
}

#[tokio::test]
async fn changes_replace_and_cancellations_give_back() {
    let server = Server::start().await;
    let portal = Portal::new(&server).await;
    let two = [
        ("DZ", "2027-02-01", "2027-02-03"),
        ("EZ", "2027-02-01", "2027-02-03"),
    ];
    let changed = [("DZ", "2027-02-10", "2027-02-12")];
    let steps = [
        (
            Sold {
                rooms: &two,
                ..Sold::default()
            },
            2,
        ),
        (
            Sold {
                status: "Modify",
                changed: "2027-01-03T11:00:00Z",
                rooms: &changed,
                ..Sold::default()
            },
            1,
        ),
        // Older than what is known: no news.
        (
            Sold {
                status: "Modify",
                changed: "2027-01-03T10:30:00Z",
                rooms: &two,
                ..Sold::default()
            },
            1,
        ),
        (
            Sold {
                status: "Cancelled",
                changed: "2027-01-03T12:00:00Z",
                ..Sold::default()
            },
            0,
        ),
        // Cancelled is not for ever.
        (
            Sold {
                status: "Modify",
                changed: "2027-01-03T13:00:00Z",
                rooms: &two,
                ..Sold::default()
            },
            2,
        ),
    ];
    for (step, (sold, live)) in steps.iter().enumerate() {
        portal.says(PUSH, &push(std::slice::from_ref(sold))).await.is(200);
        assert_eq!(process(&portal).await.len(), 1, "step {step}");
        let now = stays(&portal).await;
        let confirmed = now.iter().filter(|(_, status)| status == "confirmed").count();
        assert_eq!(confirmed, *live, "step {step}: {now:?}");
        is_sound(&server).await;
    }
}

/// A room is the same as before where it stands in the same place: its number, and what the desk knows of it, stay.
#[tokio::test]
async fn a_changed_room_stays_the_same_reservation() {
    let server = Server::start().await;
    let portal = Portal::new(&server).await;
    portal.says(PUSH, &push(&[Sold::default()])).await.is(200);
    process(&portal).await;
    let rooms = [("DZ", "2027-02-02", "2027-02-04")];
    // Without a time of its change, which the standard allows.
    let modified = Sold {
        status: "Modify",
        rooms: &rooms,
        ..Sold::default()
    };
    portal.says(PUSH, &push(&[modified])).await.is(200);
    process(&portal).await;
    assert_eq!(stays(&portal).await, [pair("2027-02-02", "confirmed")]);
}

#[tokio::test]
async fn a_cancellation_may_be_the_first_that_is_heard() {
    let server = Server::start().await;
    let portal = Portal::new(&server).await;
    let gone = Sold {
        status: "Cancelled",
        ..Sold::default()
    };
    let answer = portal.says(PUSH, &push(&[gone])).await.is(200);
    assert!(
        answer.text.contains("<UniqueID Type=\"15\" ID=\"r-1\"/>"),
        "{}",
        answer.text
    );
    process(&portal).await;
    let [booking]: [Value; 1] = portal.bookings().await.try_into().unwrap();
    assert_eq!(booking["status"], "cancelled");
}

#[tokio::test]
async fn what_cannot_be_taken_is_named_and_the_rest_is_taken() {
    let server = Server::start().await;
    let portal = Portal::new(&server).await;
    let all = [
        Sold::default(),
        Sold {
            id: "r-2",
            hotel: "H8",
            ..Sold::default()
        },
        Sold {
            id: "r-3",
            rooms: &[("unknown", "2027-02-01", "2027-02-02")],
            ..Sold::default()
        },
        Sold {
            id: "r-4",
            rooms: &[("DZ", "2027-02-01", "2031-02-02")],
            ..Sold::default()
        },
        // One id, one word: nothing of it is taken.
        Sold {
            id: "r-2",
            ..Sold::default()
        },
    ];
    let answer = portal.says(PUSH, &push(&all)).await.is(200);
    let text = &answer.text;
    for id in ["r-2", "r-4"] {
        assert!(
            text.contains(&format!("Type=\"3\" Code=\"450\" RecordID=\"{id}\"")),
            "{id}: {text}"
        );
        assert!(!text.contains(&format!(" ID=\"{id}\"")), "{id}: {text}");
    }
    for id in ["r-1", "r-3"] {
        assert!(
            text.contains(&format!("<UniqueID Type=\"14\" ID=\"{id}\"/>")),
            "{id}: {text}"
        );
    }
    assert_eq!(server.stored().await["inbox"], 2);
    process(&portal).await;
    assert_eq!(portal.bookings().await.len(), 2);
    let alerts = server.manager().get("/v1/alerts").await.is(200);
    assert_eq!(alerts.items()[0]["kind"], "unmapped");
    let none = portal.says(PUSH, &push(&all[1..2])).await.is(200);
    assert!(
        none.text.contains("<Errors>") && !none.text.contains("Success"),
        "{}",
        none.text
    );
    assert_eq!(server.stored().await["inbox"], 2);
}

#[tokio::test]
async fn nothing_of_a_card_is_kept() {
    let server = Server::start().await;
    let portal = Portal::new(&server).await;
    portal.says(PUSH, &push(&[Sold::default()])).await.is(200);
    let [kept]: [String; 1] = process(&portal).await.try_into().unwrap();
    for secret in [
        "4444333322221111",
        "Otto Holder",
        "CardNumber",
        "4111 1111 1111 1111",
    ] {
        assert!(!kept.contains(secret), "{kept}");
    }
    assert!(
        kept.contains("**** **** **** 1111") && kept.contains("otto@example.com"),
        "{kept}"
    );
    assert_eq!(
        server.database.holding("4444333322221111").await.unwrap(),
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn published_reservations_are_taken() {
    let server = Server::start().await;
    let portal = Portal::calling(&server, "123").await;
    for version in ["2022-10", "2024-10"] {
        let Some(message) = published(version, "GuestRequests-Push-OTA_HotelResNotifRQ.xml") else {
            return;
        };
        let form = super::form(&[("action", PUSH), ("request", &message)]);
        let request = portal.bare().header(super::VERSION, version).body(form);
        let answer = portal.send(request).await.is(200);
        assert!(
            answer.text.contains("<UniqueID Type=\"14\" ID=\"6b34fe24ac2ff81"),
            "{version}: {}",
            answer.text
        );
        process(&portal).await;
    }
    assert!(!portal.bookings().await.is_empty());
}

/// Forgotten before the booking was applied: it is news all the same, of nobody.
#[tokio::test]
async fn what_waits_of_an_erased_guest_is_applied_without_the_guest() {
    let server = Server::start().await;
    let (portal, manager) = (Portal::new(&server).await, server.manager());
    portal.says(PUSH, &push(&[Sold::default()])).await.is(200);
    let guest = json!({ "first_name": "Otto", "last_name": "Booker", "email": "otto@example.com" });
    let guest = manager.post("/v1/guests", &guest).await.is(201);
    let erase = format!("/v1/guests/{}/actions/erase", guest.id());
    manager
        .post(&erase, &json!({ "reason": "asked by mail" }))
        .await
        .is(200);
    let [kept]: [String; 1] = process(&portal).await.try_into().unwrap();
    assert!(
        !kept.contains("Booker") && !kept.contains("otto@example.com"),
        "{kept}"
    );
    assert_eq!(stays(&portal).await, [pair("2027-02-01", "confirmed")]);
}
