//! `availability-rules`: what single channels behind Channex are told less of.

use super::World;
use innkeep_domain::Role;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

/// A connected hotel with one room: the paths of its rules, the room's id.
async fn hotel(world: &World) -> (String, String, Value) {
    let property = world.hotel("EUR", &[("Type DBL", "Best rate", 4)]).await;
    let room = world.listed("room_types", &property).await[0]["id"].clone();
    let connection = world.connect(Some(&property)).await;
    (format!("{connection}/availability-rules"), property, room)
}

fn rule(title: &str, room: &Value, more: &Value) -> Value {
    let mut rule = json!({
        "title": title, "effect": "close_out", "external_rooms": [room],
        "external_channels": ["a2a767c0-187a-4476-9b23-8cceebe917d4"],
        "from": "2027-08-01", "to": "2027-08-31", "weekdays": [],
    });
    let more = more.as_object().unwrap().clone();
    rule.as_object_mut().unwrap().extend(more);
    rule
}

#[tokio::test]
async fn rules_are_made_changed_and_taken_away_there_by_their_title() {
    let world = World::start().await;
    let (rules, property, room) = hotel(&world).await;
    let august = rule("August is ours", &room, &json!({}));
    let last = rule(
        "the last two by phone",
        &room,
        &json!({ "effect": "availability_offset", "value": 2, "weekdays": ["fri", "sat"] }),
    );
    let wanted = json!({ "rules": [august, last] });
    world.manager().put(&rules, &wanted).await.is(200);
    let there = world.listed("channel_availability_rules", &property).await;
    assert_eq!(there.len(), 2);
    let named = |title: &str| there.iter().find(|r| r["attributes"]["title"] == title).unwrap();
    let told = &named("the last two by phone")["attributes"];
    assert_eq!(
        (&told["type"], &told["value"]),
        (&json!("availability_offset"), &json!(2))
    );
    assert_eq!(
        (&told["days"], &told["affected_room_types"]),
        (&json!(["fr", "sa"]), &json!([room]))
    );
    assert_eq!(world.manager().get(&rules).await.is(200).body, wanted);

    let kept = named("August is ours")["id"].clone();
    let capped = rule(
        "August is ours",
        &room,
        &json!({ "effect": "max_availability", "value": 1, "to": null }),
    );
    world
        .manager()
        .put(&rules, &json!({ "rules": [capped] }))
        .await
        .is(200);
    let there = world.listed("channel_availability_rules", &property).await;
    assert_eq!(there.len(), 1);
    assert_eq!(there[0]["id"], kept, "changed, not made anew");
    assert_eq!(there[0]["attributes"]["end_date"], Value::Null);
    let read = world.manager().get(&rules).await.is(200).body;
    assert_eq!(
        (&read["rules"][0]["value"], &read["rules"][0]["to"]),
        (&json!(1), &Value::Null)
    );
}

#[tokio::test]
async fn what_cannot_be_a_rule_is_refused_here_and_what_channex_refuses_in_its_words() {
    let world = World::start().await;
    let (rules, property, room) = hotel(&world).await;
    let valueless = rule("a", &room, &json!({ "effect": "max_availability" }));
    let twice = [rule("a", &room, &json!({})), rule("a", &room, &json!({}))];
    let backwards = rule("a", &room, &json!({ "to": "2027-07-01" }));
    let refused = async |list: &Value, code: &str, at: &str| {
        let reply = world.manager().put(&rules, &json!({ "rules": list })).await;
        reply.problem(422, code).at(at);
    };
    refused(&json!([valueless]), "invalid_value", "/rules/0/value").await;
    refused(&json!(twice), "duplicate", "/rules/1/title").await;
    refused(&json!([backwards]), "invalid_range", "/rules/0/to").await;
    let elsewhere = rule("a", &json!(Uuid::new_v4()), &json!({}));
    let reply = world
        .manager()
        .put(&rules, &json!({ "rules": [elsewhere] }))
        .await;
    let said = reply.problem(409, "channel_failed").body["detail"].to_string();
    assert!(said.contains("affected_room_types"), "{said}");
    assert!(
        world
            .listed("channel_availability_rules", &property)
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn half_of_a_list_goes_on_and_who_may_only_look_may_only_look() {
    let world = World::start().await;
    let (rules, property, room) = hotel(&world).await;
    let wanted = json!({ "rules": [rule("a", &room, &json!({})), rule("b", &room, &json!({}))] });
    world.manager().put(&rules, &wanted).await.is(200);
    let faults = json!({ "error_rate": 1.0 });
    world.ask(Method::PUT, "/sandbox/faults", &faults).await;
    let none = json!({ "rules": [] });
    world
        .manager()
        .put(&rules, &none)
        .await
        .problem(409, "channel_failed");
    world.ask(Method::PUT, "/sandbox/faults", &json!({})).await;
    world.manager().put(&rules, &none).await.is(200);
    assert!(
        world
            .listed("channel_availability_rules", &property)
            .await
            .is_empty()
    );
    let desk = world.server.caller(&world.server.adler, Role::FrontDesk);
    desk.put(&rules, &wanted).await.problem(403, "missing_permission");
}

#[tokio::test]
async fn a_channel_without_channels_of_its_own_keeps_none() {
    let world = World::start().await;
    let new =
        json!({ "property_id": world.server.adler.property_id, "protocol": "webhook", "name": "Direct" });
    let made = world
        .manager()
        .post("/v1/channel-connections", &new)
        .await
        .is(201);
    let id = made.body["connection"]["id"].as_str().unwrap();
    let rules = format!("/v1/channel-connections/{id}/availability-rules");
    world
        .manager()
        .get(&rules)
        .await
        .problem(409, "no_availability_rules");
}
