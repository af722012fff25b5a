//! The sandbox's page shows our calendar beside the channel's: it reads ours with a key, and sees what differs.

use super::World;
use innkeep_domain::Role;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

impl World {
    /// As the page sees it, once it is so.
    async fn beside(&self, so: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            let (status, body) = self.ask(Method::GET, "/sandbox/beside", &Value::Null).await;
            let innkeep = &body["innkeeps"][0];
            assert_eq!((status, &innkeep["error"]), (200, &Value::Null), "{body}");
            if so(&innkeep["connections"][0]) {
                return innkeep["connections"][0].clone();
            }
            assert!(begun.elapsed() < Duration::from_secs(30), "{body}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

#[tokio::test]
async fn what_differs_is_seen_until_it_is_told() {
    let world = World::start().await;
    let owner = world.server.caller(&world.server.adler, Role::Owner);
    let key = json!({ "name": "Page", "scopes": ["read_channels"] });
    let key = owner.post("/v1/api-keys", &key).await.is(201).body["key"].clone();
    let told = json!({ "url": format!("http://{}", world.server.address), "api_key": key });
    assert_eq!(
        world.ask(Method::POST, "/sandbox/beside/innkeep", &told).await.0,
        201
    );
    let connection = world.connect(None).await;
    world
        .manager()
        .act(&format!("{connection}/actions/set-up"))
        .await
        .is(200);
    // Nothing is told before workers work.
    let before = world
        .beside(|seen| seen["rooms"].as_array().is_some_and(|r| r.len() == 3))
        .await;
    let nights = before["rooms"][0]["nights"].as_array().unwrap();
    assert_eq!(nights.len(), 31);
    let free = nights.iter().filter(|n| n["innkeep"] != 0).count();
    let different = nights.iter().filter(|n| n["equal"] == false).count();
    assert!(free > 0 && free == different, "{before}");
    let stop = CancellationToken::new();
    world.server.work(stop.clone());
    let _working = stop.drop_guard();
    let told = world.beside(|seen| seen["different"] == 0).await;
    assert!(told["rooms"][0]["nights"][0]["channel"].is_i64());
    // The channel forgets what it is told.
    let faults = json!({ "silent_drop_rate": 1.0 });
    assert_eq!(world.ask(Method::PUT, "/sandbox/faults", &faults).await.0, 200);
    let house = &world.server.adler;
    let body = crate::support::booking(house, &[crate::support::room(house, "DBL", 3, 2)]);
    world.manager().post("/v1/bookings", &body).await.is(201);
    let lied_to = world.beside(|seen| seen["different"] == 2).await;
    let rooms = lied_to["rooms"].as_array().unwrap().iter();
    let mut nights = rooms.flat_map(|room| room["nights"].as_array().unwrap());
    let first = nights.find(|n| n["equal"] == false).unwrap();
    assert_eq!(first["date"], json!(house.night(3)));
    assert_eq!(
        first["innkeep"].as_i64().map(|n| n + 1),
        first["channel"].as_i64()
    );
}
