//! Listings that show a calendar and read the hotel's: each oddity that was measured, and what can go wrong.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Answer, Fixture, text};

/// The days that the listings of these tests live in.
const MONDAY: &str = "2027-03-01";
const TUESDAY: &str = "2027-03-02";
const WEDNESDAY: &str = "2027-03-03";

async fn open(sandbox: &Fixture, id: &str, terms: Value) {
    let path = format!("/sandbox/ical/{id}");
    let answer = sandbox.put(&path, terms).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

fn terms(manner: &str, today: &str) -> Value {
    json!({ "manner": manner, "today": today })
}

async fn sell(sandbox: &Fixture, id: &str, arrival: &str, departure: &str) -> Answer {
    let path = format!("/sandbox/ical/{id}/bookings");
    sandbox
        .post(&path, json!({ "arrival": arrival, "departure": departure }))
        .await
}

async fn sold(sandbox: &Fixture, id: &str, arrival: &str, departure: &str) -> String {
    let answer = sell(sandbox, id, arrival, departure).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    text(&answer.body, "booking").to_owned()
}

async fn shown(sandbox: &Fixture, id: &str) -> String {
    let answer = sandbox.get(&format!("/ical/{id}.ics")).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body.as_str().unwrap().to_owned()
}

/// Of each event the dates and what else identifies it: `20270301-20270303 Reserved uid`.
fn events(calendar: &str) -> Vec<(String, String, String)> {
    let calendar = calendar.replace("\r\n ", "");
    let events = calendar.split("BEGIN:VEVENT\r\n").skip(1);
    let value = |event: &str, name: &str| {
        let line = event.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_once(':').unwrap().1.to_owned()
    };
    events
        .map(|event| {
            let dates = format!("{}-{}", value(event, "DTSTART"), value(event, "DTEND"));
            (dates, value(event, "SUMMARY"), value(event, "UID"))
        })
        .collect()
}

fn dates(calendar: &str) -> Vec<String> {
    events(calendar).into_iter().map(|(dates, ..)| dates).collect()
}

#[tokio::test]
async fn booking_shows_nights_and_nothing_but_nights() {
    let sandbox = Fixture::start().await;
    let mut terms = terms("booking", MONDAY);
    terms["blocks"] = json!([{ "from": "2027-03-20", "to": "2027-03-22" }]);
    open(&sandbox, "villa", terms.clone()).await;
    sold(&sandbox, "villa", "2027-03-01", "2027-03-05").await;
    let touching = sold(&sandbox, "villa", "2027-03-05", "2027-03-07").await;
    let monday = shown(&sandbox, "villa").await;
    assert_eq!(
        dates(&monday),
        ["20270301-20270307", "20270320-20270322"],
        "merged"
    );
    let all = events(&monday);
    assert!(
        all.iter()
            .all(|(_, summary, _)| summary == "CLOSED - Not available")
    );
    // A stay under way begins today and has another UID; a UID follows from the first night, whatever the last is.
    let cancel = format!("/sandbox/ical/villa/bookings/{touching}/cancel");
    assert_eq!(sandbox.post(&cancel, json!({})).await.status, 200);
    let split = events(&shown(&sandbox, "villa").await);
    assert_eq!(
        (split[0].0.as_str(), &split[0].2),
        ("20270301-20270305", &all[0].2)
    );
    terms["today"] = json!(WEDNESDAY);
    open(&sandbox, "villa", terms).await;
    let later = events(&shown(&sandbox, "villa").await);
    assert_eq!(later[0].0, "20270303-20270305");
    assert_ne!(later[0].2, all[0].2);
    assert_eq!(later[1], all[1]);
}

#[tokio::test]
async fn what_is_not_opened_yet_is_closed_a_night_more_each_day() {
    let sandbox = Fixture::start().await;
    for (manner, first, last) in [
        ("booking", "20280831", "20280901"),
        ("airbnb", "20280301", "20280302"),
    ] {
        let mut terms = terms(manner, MONDAY);
        terms["opened_until"] = json!("2027-12-01");
        open(&sandbox, manner, terms.clone()).await;
        assert_eq!(
            sell(&sandbox, manner, "2027-11-30", "2027-12-02").await.status,
            409
        );
        let monday = events(&shown(&sandbox, manner).await);
        assert_eq!(monday[0].0, format!("20271201-{first}"));
        terms["today"] = json!(TUESDAY);
        open(&sandbox, manner, terms).await;
        let tuesday = events(&shown(&sandbox, manner).await);
        assert_eq!(tuesday[0].0, format!("20271201-{last}"));
        assert_eq!(tuesday[0].2, monday[0].2, "the same event");
    }
}

#[tokio::test]
async fn airbnb_names_reservations_and_lets_closures_roll() {
    let sandbox = Fixture::start().await;
    let mut terms = terms("airbnb", MONDAY);
    terms["blocks"] = json!([{ "from": "2027-02-20", "to": "2027-03-10" }]);
    open(&sandbox, "flat", terms.clone()).await;
    let stay = sold(&sandbox, "flat", "2027-03-12", "2027-03-14").await;
    let monday = shown(&sandbox, "flat").await;
    let all = events(&monday);
    assert_eq!(dates(&monday), ["20270312-20270314", "20270227-20270310"]);
    assert_eq!(
        (all[0].1.as_str(), all[1].1.as_str()),
        ("Reserved", "Airbnb (Not available)")
    );
    assert!(all[0].2.starts_with("1418fb94e984-") && all[1].2.starts_with("7f662ec65913-"));
    assert!(
        monday.contains(
            "\r\nDESCRIPTION:Reservation URL: https://www.airbnb.com/hosting/reservations/de\r\n tails/HM"
        ),
        "{monday}"
    );
    assert!(monday.lines().all(|line| line.len() <= 75));
    // Moved it is the same reservation; the closure rolls on and is another one.
    let path = format!("/sandbox/ical/flat/bookings/{stay}/modify");
    let moved = json!({ "arrival": "2027-03-13", "departure": "2027-03-16" });
    assert_eq!(sandbox.post(&path, moved).await.status, 200);
    terms["today"] = json!(TUESDAY);
    open(&sandbox, "flat", terms).await;
    let tuesday = events(&shown(&sandbox, "flat").await);
    assert_eq!(
        (tuesday[0].0.as_str(), &tuesday[0].2),
        ("20270313-20270316", &all[0].2)
    );
    assert_eq!(tuesday[1].0, "20270228-20270310");
    assert_ne!(tuesday[1].2, all[1].2);
}

/// The lines of a calendar without what differs from listing to listing, each once.
fn lines(calendar: &str) -> BTreeSet<String> {
    let fixed = [
        "PRODID",
        "VERSION",
        "CALSCALE",
        "METHOD",
        "SUMMARY",
        "ORGANIZER",
        "BEGIN",
        "END",
    ];
    let lines = calendar.split("\r\n").filter(|line| !line.is_empty());
    lines
        .map(|line| match line.split_once([':', ';']) {
            _ if line.starts_with(' ') => "folded".to_owned(),
            Some((name, _)) if fixed.contains(&name) => line.to_owned(),
            Some((name, _)) => name.to_owned(),
            None => line.to_owned(),
        })
        .collect()
}

/// The names of an event's lines, in order.
fn order(calendar: &str) -> Vec<String> {
    let event = calendar.split("BEGIN:VEVENT\r\n").nth(1).unwrap();
    let event = event.split("END:VEVENT").next().unwrap();
    let name = |line: &str| line.split([':', ';']).next().unwrap().to_owned();
    let lines = event.replace("\r\n ", "");
    lines.lines().map(name).collect()
}

/// Where recorded calendars lie beside the workspace, ours look like them.
#[tokio::test]
async fn calendars_look_like_recorded_ones() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpora/ical/samples");
    let sandbox = Fixture::start().await;
    for (manner, recorded) in [
        ("booking", "booking-inprogress-day1.ics"),
        ("airbnb", "airbnb-apartment-latest.ics"),
    ] {
        let Ok(recorded) = std::fs::read_to_string(folder.join(recorded)) else {
            return;
        };
        let mut terms = terms(manner, MONDAY);
        terms["blocks"] = json!([{ "from": "2027-04-01", "to": "2027-04-02" }]);
        open(&sandbox, manner, terms).await;
        sold(&sandbox, manner, "2027-03-12", "2027-03-14").await;
        let ours = shown(&sandbox, manner).await;
        assert_eq!(lines(&ours), lines(&recorded), "{ours}");
        assert_eq!(order(&ours), order(&recorded));
    }
}

#[tokio::test]
async fn a_stamp_is_of_the_moment_and_a_tag_of_what_is_said() {
    let sandbox = Fixture::start().await;
    let mut terms = terms("booking", MONDAY);
    open(&sandbox, "villa", terms.clone()).await;
    sold(&sandbox, "villa", "2027-03-05", "2027-03-07").await;
    let ask = async |tag: &str| {
        let request = sandbox.http.get(format!("{}/ical/villa.ics", sandbox.base));
        request.header("if-none-match", tag).send().await.unwrap()
    };
    assert_eq!(ask("*").await.headers().get("etag"), None);
    let stamp = |text: &str| text.split("DTSTAMP:").nth(1).unwrap()[..16].to_owned();
    let first = stamp(&shown(&sandbox, "villa").await);
    let begun = Instant::now();
    while stamp(&shown(&sandbox, "villa").await) == first {
        assert!(begun.elapsed() < Duration::from_secs(10));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    terms["etags"] = json!(true);
    open(&sandbox, "villa", terms).await;
    let answer = ask("none").await;
    let tag = answer.headers()["etag"].to_str().unwrap().to_owned();
    assert_eq!(ask(&tag).await.status(), 304);
    sold(&sandbox, "villa", "2027-03-09", "2027-03-11").await;
    assert_eq!(ask(&tag).await.status(), 200);
}

#[tokio::test]
async fn calendars_go_empty_vanish_and_stand_still() {
    let sandbox = Fixture::start().await;
    open(&sandbox, "villa", terms("booking", MONDAY)).await;
    sold(&sandbox, "villa", "2027-03-05", "2027-03-07").await;
    let first = ["20270305-20270307"];
    assert_eq!(dates(&shown(&sandbox, "villa").await), first);
    sandbox.faults(json!({ "calendar": "empty" })).await;
    let empty = shown(&sandbox, "villa").await;
    assert!(empty.starts_with("BEGIN:VCALENDAR\r\n") && empty.ends_with("END:VCALENDAR\r\n"));
    assert_eq!(dates(&empty), [""; 0]);
    sandbox.faults(json!({ "calendar": "vanished" })).await;
    assert_eq!(sandbox.get("/ical/villa.ics").await.status, 404);
    sandbox.faults(json!({ "calendar": "stale" })).await;
    sold(&sandbox, "villa", "2027-03-09", "2027-03-11").await;
    assert_eq!(dates(&shown(&sandbox, "villa").await), first);
    sandbox.faults(json!({ "error_rate": 1.0 })).await;
    assert!(sandbox.get("/ical/villa.ics").await.status >= 500);
    sandbox.faults(json!({})).await;
    let now = shown(&sandbox, "villa").await;
    assert_eq!(dates(&now), ["20270305-20270307", "20270309-20270311"]);
    assert_eq!(
        sandbox
            .put("/sandbox/faults", json!({ "calendar": "lost" }))
            .await
            .status,
        400
    );
    for none in ["/ical/nobody.ics", "/ical/villa"] {
        assert_eq!(sandbox.get(none).await.status, 404);
    }
}

/// Waits until the listing has read for the first time, or again.
async fn read(sandbox: &Fixture, id: &str, times: u64) -> Value {
    let begun = Instant::now();
    loop {
        let seen = sandbox.get(&format!("/sandbox/ical/{id}")).await.body;
        if seen["times_read"].as_u64() >= Some(times) {
            return seen;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "{seen}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn what_the_hotel_closes_is_closed_here_and_only_airbnb_says_so() {
    let sandbox = Fixture::start().await;
    // Another listing stands in for the hotel.
    open(&sandbox, "hotel", terms("booking", MONDAY)).await;
    let stay = sold(&sandbox, "hotel", "2027-03-05", "2027-03-07").await;
    for (manner, echo) in [("booking", None), ("airbnb", Some("20270305-20270307"))] {
        let mut terms = terms(manner, MONDAY);
        terms["import_url"] = json!(format!("{}/ical/hotel.ics", sandbox.base));
        open(&sandbox, manner, terms).await;
        let seen = read(&sandbox, manner, 1).await;
        assert_eq!(seen["imported"], json!(["2027-03-05", "2027-03-06"]), "{seen}");
        let refused = sell(&sandbox, manner, "2027-03-06", "2027-03-08").await;
        assert_eq!(
            (refused.status, &refused.body["reasons"][0]),
            (409, &json!("2027-03-06 is imported"))
        );
        let told = dates(&shown(&sandbox, manner).await);
        assert_eq!(told.first().map(String::as_str), echo);
    }
    let path = format!("/sandbox/ical/hotel/bookings/{stay}/cancel");
    sandbox.post(&path, json!({})).await;
    let read_now = async || sandbox.post("/sandbox/ical/airbnb/refresh", json!({})).await;
    // What cannot be read changes nothing; what can be opens at once what it lacks.
    sandbox.faults(json!({ "outage": true })).await;
    let seen = read_now().await.body;
    assert_eq!(
        (&seen["last_error"], &seen["imported"][0]),
        (&json!("the hotel answered 503"), &json!("2027-03-05"))
    );
    sandbox.faults(json!({})).await;
    assert_eq!(read_now().await.body["imported"], json!([]));
    sold(&sandbox, "airbnb", "2027-03-06", "2027-03-08").await;
    assert_eq!(
        sandbox
            .post("/sandbox/ical/hotel/refresh", json!({}))
            .await
            .status,
        409
    );
}

#[tokio::test]
async fn it_reads_every_so_many_seconds() {
    let sandbox = Fixture::start().await;
    open(&sandbox, "hotel", terms("airbnb", MONDAY)).await;
    let mut terms = terms("airbnb", MONDAY);
    (terms["import_url"], terms["refresh_s"]) = (json!(format!("{}/ical/hotel.ics", sandbox.base)), json!(1));
    open(&sandbox, "flat", terms).await;
    read(&sandbox, "flat", 1).await;
    sold(&sandbox, "hotel", "2027-03-05", "2027-03-06").await;
    let seen = read(&sandbox, "flat", 3).await;
    assert_eq!(seen["imported"], json!(["2027-03-05"]));
}

#[tokio::test]
async fn guests_book_move_and_cancel_there_by_themselves() {
    let sandbox = Fixture::start().await;
    assert_eq!(
        sandbox
            .send(sandbox.http.delete(format!("{}/sandbox/state", sandbox.base)))
            .await
            .status,
        200
    );
    open(&sandbox, "flat", terms("airbnb", MONDAY)).await;
    let plan = json!({ "per_minute": 6000, "modify_share": 0.3, "cancel_share": 0.3, "seed": 7 });
    assert_eq!(sandbox.put("/sandbox/guests", plan).await.status, 200);
    let begun = Instant::now();
    loop {
        let done = sandbox.get("/sandbox/guests").await.body["done"].clone();
        let counted = |what: &str| done[what].as_u64() > Some(0);
        if ["booked", "modified", "cancelled"]
            .iter()
            .all(|what| counted(what))
        {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "{done}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(shown(&sandbox, "flat").await.contains("SUMMARY:Reserved"));
}

#[tokio::test]
async fn a_listing_is_not_sold_twice_but_by_force() {
    let sandbox = Fixture::start().await;
    open(&sandbox, "villa", terms("booking", MONDAY)).await;
    sold(&sandbox, "villa", "2027-03-05", "2027-03-07").await;
    assert_eq!(
        sell(&sandbox, "villa", "2027-03-06", "2027-03-08").await.status,
        409
    );
    assert_eq!(
        sell(&sandbox, "villa", "2027-02-27", "2027-03-02").await.status,
        409,
        "past"
    );
    assert_eq!(
        sell(&sandbox, "villa", "2027-03-08", "2027-03-08").await.status,
        422
    );
    assert_eq!(
        sell(&sandbox, "nobody", "2027-03-08", "2027-03-09").await.status,
        404
    );
    let forced = json!({ "arrival": "2027-03-06", "departure": "2027-03-08", "force": true });
    assert_eq!(
        sandbox.post("/sandbox/ical/villa/bookings", forced).await.status,
        201
    );
    let path = "/sandbox/ical/villa/calendar?from=2027-03-04&to=2027-03-09";
    let nights = &sandbox.get(path).await.body["nights"];
    assert_eq!(
        (&nights["2027-03-04"], &nights["2027-03-07"]),
        (&Value::Null, &json!("sold"))
    );
    for wrong in [
        json!({ "manner": "vrbo" }),
        json!({ "manner": "airbnb", "refresh_s": 0 }),
        json!({ "manner": "airbnb", "blocks": [{ "from": "2027-03-09", "to": "2027-03-04" }] }),
    ] {
        assert!([400, 422].contains(&sandbox.put("/sandbox/ical/wrong", wrong).await.status));
    }
}
