//! `recover`: bookings that the channel thinks we have.

use super::World;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// A guest books at the channel, and somebody else with our key acknowledges it: the feed will not show it again.
async fn lost(world: &World, property: &str) -> Value {
    let rooms = world.listed("room_types", property).await;
    let rates = world.listed("rate_plans", property).await;
    let stay = json!({ "force": true, "price_per_night": "80.00", "rooms": [{
        "room_type_id": rooms[0]["id"], "rate_plan_id": rates[0]["id"],
        "checkin_date": world.server.adler.night(3), "checkout_date": world.server.adler.night(5), "adults": 2 }] });
    let path = format!("/sandbox/properties/{property}/bookings");
    let (status, sold) = world.ask(Method::POST, &path, &stay).await;
    assert_eq!(status, 201, "{sold}");
    let revision = sold["revision_id"].as_str().unwrap();
    let path = format!("/api/v1/booking_revisions/{revision}/ack");
    assert_eq!(world.ask(Method::POST, &path, &Value::Null).await.0, 200);
    sold
}

/// The day on which the channel took it.
async fn day(world: &World, property: &str) -> String {
    let all = world.listed("booking_revisions", property).await;
    all[0]["attributes"]["inserted_at"].as_str().unwrap()[..10].to_owned()
}

#[tokio::test]
async fn a_lost_booking_is_found_by_its_day_taken_in_once_and_sold() {
    let world = World::start().await;
    let property = world.hotel("EUR", &[("Type DBL", "Best rate", 4)]).await;
    let connection = world.connect(Some(&property)).await;
    world
        .manager()
        .act(&format!("{connection}/actions/set-up"))
        .await
        .is(200);
    let sold = lost(&world, &property).await;
    let day = day(&world, &property).await;
    let recover = format!("{connection}/actions/recover");
    let far = json!({ "from": "2020-01-01", "to": "2020-01-31" });
    let none = world.manager().post(&recover, &far).await.is(202).body;
    assert_eq!((&none["listed"], &none["missing"]), (&json!(0), &json!(0)));
    let days = json!({ "from": day, "to": day });
    let found = world.manager().post(&recover, &days).await.is(202).body;
    assert_eq!((&found["listed"], &found["missing"]), (&json!(1), &json!(1)));
    let again = world.manager().post(&recover, &days).await.is(202).body;
    assert_eq!((&again["listed"], &again["missing"]), (&json!(1), &json!(0)));

    let stop = CancellationToken::new();
    world.server.work(stop.clone());
    let _stop = stop.drop_guard();
    let path = format!("/v1/bookings?property_id={}", world.server.adler.property_id);
    let begun = Instant::now();
    let booking = loop {
        let all = world.manager().get(&path).await.is(200);
        if let Some(booking) = all.items().first() {
            break booking.clone();
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "it is not applied");
        tokio::task::yield_now().await;
    };
    assert_eq!(booking["status"], "confirmed");
    assert_eq!(
        booking["reservations"][0]["arrival"],
        json!(world.server.adler.night(3))
    );
    assert!(sold["booking_id"].is_string());
}

#[tokio::test]
async fn days_are_few_and_in_order_and_not_every_channel_can_be_asked() {
    let world = World::start().await;
    let connection = world.connect(Some("hotel-1")).await;
    let recover = format!("{connection}/actions/recover");
    for (from, to) in [("2027-01-02", "2027-01-01"), ("2027-01-01", "2027-02-01")] {
        let days = json!({ "from": from, "to": to });
        world
            .manager()
            .post(&recover, &days)
            .await
            .problem(422, "out_of_range");
    }
    let new =
        json!({ "property_id": world.server.adler.property_id, "protocol": "webhook", "name": "Agent" });
    let made = world
        .manager()
        .post("/v1/channel-connections", &new)
        .await
        .is(201);
    let id = made.body["connection"]["id"].as_str().unwrap();
    let days = json!({ "from": "2027-01-01", "to": "2027-01-31" });
    let path = format!("/v1/channel-connections/{id}/actions/recover");
    world
        .manager()
        .post(&path, &days)
        .await
        .problem(409, "nothing_to_recover");
    let path = format!("/v1/channel-connections/{id}/actions/set-up");
    world.manager().act(&path).await.problem(409, "nothing_to_map");
}
