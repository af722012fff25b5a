//! Nights taken twice, and our own that come back.

use super::{CLOSED, RESERVED, World, claim};
use serde_json::{Value, json};

async fn worklist(world: &World, from: u64, to: u64) -> Value {
    let (property, from, to) = (world.server.mare.property_id, world.night(from), world.night(to));
    let path = format!("/v1/properties/{property}/overbooked?from={from}&to={to}");
    world.host().get(&path).await.is(200).body
}

#[tokio::test]
async fn nights_taken_twice_are_an_overbooking_and_never_lost() {
    let world = World::start().await;
    let booked = world.book(10, 2).await.is(201);
    world.side.shows(&[(RESERVED, world.night(11), world.night(14))]);
    let connection = world.connected().await;
    assert_eq!(
        connection.claims().await,
        [claim(world.night(11), world.night(14), "stay", false)]
    );
    assert_eq!(world.alerts().await, ["overbooked"]);
    let list = worklist(&world, 9, 15).await;
    assert_eq!(list["nights"].as_array().unwrap().len(), 1);
    let night = &list["nights"][0];
    assert_eq!(
        (&night["date"], &night["stays"], &night["units"], &night["forced"]),
        (&json!(world.night(11)), &json!(2), &json!(1), &json!(1))
    );
    assert_eq!(
        list["stays"][0]["booking_id"],
        booked.id(),
        "the stay that could give way"
    );
    assert_eq!(list["calendars"][0]["connection_id"], connection.id());
    world.is_sound().await;
    // Mended by hand: the next reading sees it.
    let cancel = format!("/v1/bookings/{}/actions/cancel", booked.id());
    world.host().act(&cancel).await.is(200);
    connection.read_after(15).await;
    assert_eq!(world.alerts().await, [""; 0]);
    assert_eq!(worklist(&world, 9, 15).await["nights"], json!([]));
    assert_eq!(
        (world.free(10).await, world.free(11).await, world.free(13).await),
        (1, 0, 0)
    );
    world.is_sound().await;
}

#[tokio::test]
async fn our_own_nights_that_come_back_take_nothing() {
    let world = World::start().await;
    let connection = world.connected().await;
    let booked = world.book(10, 2).await.is(201);
    let read = world.server.nobody().get(&connection.export_path).await.is(200);
    assert!(read.text.contains("BEGIN:VEVENT"));
    // The channel closes what it was told, and something of its own.
    world.side.shows(&[(CLOSED, world.night(9), world.night(12))]);
    connection.read_after(15).await;
    assert_eq!(
        connection.claims().await,
        [claim(world.night(9), world.night(10), "closed", false)]
    );
    assert_eq!(world.alerts().await, [""; 0]);
    // Cancelled here and read there: the channel may have sold it since, so it lingers, and nobody else is told.
    let cancel = format!("/v1/bookings/{}/actions/cancel", booked.id());
    world.host().act(&cancel).await.is(200);
    let second = world.connect("Second", None).await;
    let shown = world.server.nobody().get(&connection.export_path).await.is(200);
    assert!(!shown.text.contains("BEGIN:VEVENT"), "{}", shown.text);
    connection.read_after(15).await;
    assert!(
        connection
            .claims()
            .await
            .contains(&claim(world.night(10), world.night(12), "lingering", false))
    );
    assert_eq!(world.free(10).await, 0);
    let told = world.server.nobody().get(&second.export_path).await.is(200).text;
    let first = format!("DTSTART;VALUE=DATE:{}", world.night(9).format("%Y%m%d"));
    let until = format!("DTEND;VALUE=DATE:{}", world.night(10).format("%Y%m%d"));
    assert!(told.contains(&first) && told.contains(&until), "{told}");
    world.is_sound().await;
}

#[tokio::test]
async fn what_the_channel_was_not_told_is_its_own_sale() {
    let world = World::start().await;
    let connection = world.connected().await;
    world.book(10, 2).await.is(201);
    world.side.shows(&[(CLOSED, world.night(10), world.night(12))]);
    connection.read_after(15).await;
    assert_eq!(world.alerts().await, ["overbooked"]);
    world.is_sound().await;
}

#[tokio::test]
async fn a_unit_that_a_calendar_holds_gets_no_other_guest() {
    let world = World::start().await;
    let hotel = world.server.manager();
    let house = &world.server.adler;
    let property = house.property_id;
    let units = hotel
        .get(&format!("/v1/properties/{property}/units"))
        .await
        .is(200);
    let doubles: Vec<&Value> = (units.items().iter())
        .filter(|u| u["unit_type_id"] == json!(house.unit_type("DBL")))
        .collect();
    world.side.shows(&[(CLOSED, world.night(3), world.night(5))]);
    let new = json!({ "unit_id": doubles[0]["id"], "name": "Agent", "import_url": world.side.url() });
    let made = hotel.post("/v1/calendar-connections", &new).await.is(201);
    let status = format!(
        "/v1/calendar-connections/{}/sync-status",
        made.body["connection"]["id"].as_str().unwrap()
    );
    while world.server.manager().get(&status).await.is(200).body["claims"] == json!([]) {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let mut stays = Vec::new();
    for _ in 0..4 {
        let body = crate::support::booking(house, &[crate::support::room(house, "DBL", 4, 2)]);
        let booked = hotel.post("/v1/bookings", &body).await.is(201);
        stays.push(booked.body["reservations"][0]["id"].as_str().unwrap().to_owned());
    }
    let body = crate::support::booking(house, &[crate::support::room(house, "DBL", 4, 2)]);
    let fifth = hotel.post("/v1/bookings", &body).await;
    fifth.problem(409, "no_availability");
    let assign = format!("/v1/reservations/{}/actions/assign-unit", stays[0]);
    let refused = hotel.post(&assign, &json!({ "unit_id": doubles[0]["id"] })).await;
    let refused = refused.problem(409, "unit_taken");
    assert!(refused.text.contains("the calendar of Agent"), "{}", refused.text);
    let all = json!({ "from": house.night(0), "to": house.night(10) });
    let automatic = format!("/v1/properties/{property}/actions/assign-units");
    hotel.post(&automatic, &all).await.is(200);
    for stay in &stays {
        let found = hotel.get(&format!("/v1/reservations/{stay}/assignment")).await;
        assert!(found.status == 200 && !found.text.contains(doubles[0]["id"].as_str().unwrap()));
    }
}
