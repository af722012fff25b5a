//! `remote-products`, `set-up` and `test`.

use super::World;
use innkeep_domain::Role;
use reqwest::Method;
use serde_json::{Value, json};

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[tokio::test]
async fn a_house_the_channel_never_heard_of_is_set_up_there_and_only_once() {
    let world = World::start().await;
    let connection = world.connect(None).await;
    let set_up = format!("{connection}/actions/set-up");
    let done = world.manager().act(&set_up).await.is(200).body;
    assert_eq!(done["property_created"], true);
    // Three unit types; the base plan has a price for each, and the derived one follows it.
    assert_eq!(
        (&done["rooms_created"], &done["rates_created"]),
        (&json!(3), &json!(6))
    );
    assert_eq!(
        (&done["rooms_found"], &done["rates_found"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(done["webhook_registered"], true);
    let property = text(&done["external_property"]);
    let read = world.manager().get(&connection).await.is(200).body;
    assert_eq!(read["external_property"], property);

    let rooms = world.listed("room_types", property).await;
    let single = rooms
        .iter()
        .find(|r| r["attributes"]["title"] == "Type SGL")
        .unwrap();
    assert_eq!(single["attributes"]["count_of_rooms"], 2);
    assert_eq!(single["attributes"]["occ_adults"], 4);
    let rates = world.listed("rate_plans", property).await;
    assert_eq!((rooms.len(), rates.len()), (3, 6));
    assert!(rates.iter().all(|r| r["attributes"]["currency"] == "EUR"));
    let hooks = world.listed("webhooks", property).await;
    assert_eq!(hooks.len(), 1);
    let url = text(&hooks[0]["attributes"]["callback_url"]);
    let path = url.strip_prefix("http://localhost:8080").unwrap();
    assert!(path.starts_with("/hooks/channels/"), "{path}");
    assert_eq!(hooks[0]["attributes"]["send_data"], false);
    world
        .server
        .nobody()
        .post(path, &json!({ "event": "booking_new" }))
        .await
        .is(202);

    let mappings = world
        .manager()
        .get(&format!("{connection}/mappings"))
        .await
        .is(200)
        .body;
    assert_eq!(mappings["rooms"].as_array().unwrap().len(), 3);
    assert_eq!(mappings["rates"].as_array().unwrap().len(), 6);
    let status = world
        .manager()
        .get(&format!("{connection}/sync-status"))
        .await
        .is(200)
        .body;
    assert_eq!(
        status["waiting"], 6,
        "availability and rates of three unit types are to be told"
    );

    let again = world.manager().act(&set_up).await.is(200).body;
    for field in ["rooms_created", "rates_created", "rooms_found", "rates_found"] {
        assert_eq!(again[field], 0, "{field}");
    }
    assert_eq!(
        (&again["property_created"], &again["webhook_registered"]),
        (&json!(false), &json!(false))
    );
    assert_eq!(world.listed("room_types", property).await.len(), 3);
    assert_eq!(world.listed("webhooks", property).await.len(), 1);
}

#[tokio::test]
async fn what_broke_off_half_way_goes_on_and_takes_what_is_there() {
    let world = World::start().await;
    let property = world.hotel("EUR", &[("type  dbl", "BEST RATE", 4)]).await;
    let connection = world.connect(Some(&property)).await;
    let set_up = format!("{connection}/actions/set-up");
    let faults = json!({ "error_rate": 1.0 });
    world.ask(Method::PUT, "/sandbox/faults", &faults).await;
    world.manager().act(&set_up).await.problem(409, "channel_failed");
    world.ask(Method::PUT, "/sandbox/faults", &json!({})).await;
    let done = world.manager().act(&set_up).await.is(200).body;
    assert_eq!(
        (&done["rooms_found"], &done["rooms_created"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(
        (&done["rates_found"], &done["rates_created"]),
        (&json!(1), &json!(5))
    );
    assert_eq!(world.listed("room_types", &property).await.len(), 3);
    assert_eq!(world.listed("rate_plans", &property).await.len(), 6);
}

#[tokio::test]
async fn another_currency_is_seen_before_anything_is_made() {
    let world = World::start().await;
    let property = world.hotel("USD", &[]).await;
    let connection = world.connect(Some(&property)).await;
    world
        .manager()
        .act(&format!("{connection}/actions/set-up"))
        .await
        .problem(409, "wrong_currency");
    assert!(world.listed("room_types", &property).await.is_empty());
    let probe = world
        .manager()
        .act(&format!("{connection}/actions/test"))
        .await
        .is(200)
        .body;
    assert_eq!(probe["reachable"], true);
    assert_eq!(
        probe["problems"],
        json!([{ "code": "wrong_currency", "external_id": "USD" }])
    );
}

#[tokio::test]
async fn a_test_says_what_is_mapped_and_not_there() {
    let world = World::start().await;
    let property = world.hotel("EUR", &[("Type SGL", "Best rate", 4)]).await;
    let connection = world.connect(Some(&property)).await;
    let house = &world.server.adler;
    let mapping = json!({
        "rooms": [{ "unit_type_id": house.unit_type("SGL"), "external_id": "gone" }],
        "rates": [{ "unit_type_id": house.unit_type("SGL"), "rate_plan_id": house.base_plan, "external_id": "lost" }],
    });
    world
        .manager()
        .put(&format!("{connection}/mappings"), &mapping)
        .await
        .is(200);
    let probe = world
        .manager()
        .act(&format!("{connection}/actions/test"))
        .await
        .is(200)
        .body;
    let expected = json!([{ "code": "unknown_room", "external_id": "gone" },
                          { "code": "unknown_rate", "external_id": "lost" }]);
    assert_eq!(probe["problems"], expected);
}

#[tokio::test]
async fn the_wizard_suggests_by_name_and_by_the_only_one_of_its_size() {
    let world = World::start().await;
    let rooms = [("TYPE sgl", "best rate", 4), ("Penthouse", "Best rate", 9)];
    let property = world.hotel("EUR", &rooms).await;
    let connection = world.connect(Some(&property)).await;
    let products = format!("{connection}/remote-products");
    let house = &world.server.adler;
    let seen = world.manager().get(&products).await.is(200).body;
    assert_eq!(
        (&seen["currency"], &seen["title"]),
        (&json!("EUR"), &json!("Adler"))
    );
    let (named, other) = (&seen["rooms"][0], &seen["rooms"][1]);
    assert_eq!(named["suggested_unit_type_id"], json!(house.unit_type("SGL")));
    assert_eq!(
        named["rates"][0]["suggested_rate_plan_id"],
        json!(house.base_plan)
    );
    assert_eq!(
        other["suggested_unit_type_id"],
        Value::Null,
        "nothing here sleeps nine"
    );
    assert_eq!(seen["unmapped_unit_types"].as_array().unwrap().len(), 3);
    let mapping = json!({
        "rooms": [{ "unit_type_id": house.unit_type("STE"), "external_id": named["external_id"] }], "rates": [],
    });
    world
        .manager()
        .put(&format!("{connection}/mappings"), &mapping)
        .await
        .is(200);
    let seen = world.manager().get(&products).await.is(200).body;
    assert_eq!(seen["rooms"][0]["unit_type_id"], json!(house.unit_type("STE")));
    assert_eq!(seen["rooms"][0]["suggested_unit_type_id"], Value::Null);
    // Whoever may only look may look, and no more.
    let desk = world.server.caller(house, Role::FrontDesk);
    desk.get(&products).await.problem(403, "missing_permission");
    world
        .manager()
        .get("/v1/channel-connections/01890000-0000-7000-8000-000000000000/remote-products")
        .await
        .problem(404, "not_found");
}
