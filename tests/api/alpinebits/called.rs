//! A portal that we call, too.

use super::sale::Sale;
use crate::support::{booking, room};
use serde_json::{Value, json};

#[tokio::test]
async fn the_portal_believes_what_is_true_whatever_is_sold_where() {
    let sale = Sale::start().await;
    let house = &sale.server.adler;
    sale.until("told at first", async || {
        sale.doubles(4).await.0.is_number() && sale.doubles(4).await.1.is_object()
    })
    .await;
    let free = sale.doubles(4).await.0.as_i64().unwrap();
    // Sold here.
    let manager = sale.server.manager();
    manager
        .post("/v1/bookings", &booking(house, &[room(house, "DBL", 4, 1)]))
        .await
        .is(201);
    sale.until("one fewer", async || sale.doubles(4).await.0 == json!(free - 1))
        .await;
    // Sold there, and told back.
    let sold = sale.act("/reservations", &sale.stay(4)).await;
    sale.until("two fewer", async || sale.doubles(4).await.0 == json!(free - 2))
        .await;
    assert_eq!(sale.bookings().await.len(), 2);
    let acknowledged = async || sale.get("/reservations").await["reservations"][0]["acknowledged"] == true;
    sale.until("acknowledged", acknowledged).await;
    // And cancelled there.
    let id = sold["id"].as_str().unwrap();
    sale.act(&format!("/reservations/{id}/cancel"), &json!({})).await;
    sale.until("free again", async || sale.doubles(4).await.0 == json!(free - 1))
        .await;
    let status = sale.status().await;
    assert_eq!(
        (&status["alarmed"], &status["parked"]),
        (&json!(0), &json!(0)),
        "{status}"
    );
}

#[tokio::test]
async fn prices_and_closures_are_told() {
    let sale = Sale::start().await;
    let house = &sale.server.adler;
    sale.until("told at first", async || {
        sale.doubles(6).await.1["price"].is_string()
    })
    .await;
    let night = house.night(6).to_string();
    let entry = |more: Value| {
        let mut entry = json!({ "unit_type_id": house.unit_type("DBL"), "rate_plan_id": house.base_plan,
                                "from": night, "to": night });
        entry
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        entry
    };
    let change = json!({
        "prices": [entry(json!({ "price": { "amount": "222.00", "currency": "EUR" } }))],
        "restrictions": [entry(json!({ "min_stay_arrival": 3, "closed_to_arrival": true }))],
    });
    let path = format!("/v1/properties/{}/ari", house.property_id);
    let manager = sale.server.manager();
    manager.patch(&path, &change).await.is(200);
    sale.until("changed", async || {
        let said = sale.doubles(6).await.1;
        said["price"] == "222.00" && said["min_stay_arrival"] == 3 && said["arrival"] == false
    })
    .await;
    let close = json!({ "restrictions": [entry(json!({ "stop_sell": true }))] });
    manager.patch(&path, &close).await.is(200);
    sale.until("closed", async || sale.doubles(6).await.1["open"] == false)
        .await;
}

#[tokio::test]
async fn a_portal_that_we_call_may_push_too() {
    let sale = Sale::start().await;
    sale.until("told at first", async || {
        sale.doubles(4).await.1["price"].is_string()
    })
    .await;
    let url = format!("http://{}/alpinebits", sale.server.address);
    let push = json!({ "url": url, "user": sale.log_in.0, "password": sale.log_in.1 });
    sale.portal(json!({ "push": push })).await;
    let sold = sale.act("/reservations", &sale.stay(4)).await;
    assert_eq!(sold["acknowledged"], true);
    sale.until("applied", async || sale.bookings().await.len() == 1)
        .await;
}

#[tokio::test]
async fn a_cancellation_of_what_nobody_heard_of_is_kept_and_alerted() {
    let sale = Sale::start().await;
    let priced = async || sale.doubles(4).await.1["price"].is_string();
    sale.until("told at first", priced).await;
    let manager = sale.server.manager();
    manager.act(&sale.path("actions/pause")).await.is(200);
    let id = sale.act("/reservations", &sale.stay(4)).await["id"].clone();
    let cancel = format!("/reservations/{}/cancel", id.as_str().unwrap());
    sale.act(&cancel, &json!({})).await;
    manager.act(&sale.path("actions/resume")).await.is(200);
    let acknowledged = async || {
        let all = sale.get("/reservations").await["reservations"].clone();
        all[0]["status"] == "Cancelled" && all[0]["acknowledged"] == true
    };
    sale.until("acknowledged", acknowledged).await;
    let alerts = manager.get("/v1/alerts").await.is(200);
    let kinds: Vec<_> = alerts.items().iter().map(|alert| alert["kind"].clone()).collect();
    assert_eq!(kinds, [json!("unknown_cancellation")]);
}

#[tokio::test]
async fn a_portal_that_lost_everything_is_told_everything_once() {
    let sale = Sale::start().await;
    let told = async || sale.doubles(4).await.0.is_number() && sale.doubles(100).await.1["price"].is_string();
    sale.until("told at first", told).await;
    sale.act("/forget", &json!({})).await;
    let house = &sale.server.adler;
    sale.server
        .manager()
        .post("/v1/bookings", &booking(house, &[room(house, "DBL", 4, 1)]))
        .await
        .is(201);
    let again = async || {
        let (free, plan) = sale.doubles(100).await;
        free.is_number() && plan["price"].is_string()
    };
    sale.until("told again", again).await;
    let alerts = sale.server.manager().get("/v1/alerts").await.is(200);
    assert!(alerts.items().is_empty(), "{:?}", alerts.items());
}

#[tokio::test]
async fn an_address_needs_a_log_in_and_codes_are_of_one_plan() {
    let sale = Sale::start().await;
    let manager = sale.server.manager();
    for key in [json!("secret"), json!(":secret"), Value::Null] {
        let mut new = sale.connection();
        new["api_key"] = key;
        manager
            .post("/v1/channel-connections", &new)
            .await
            .problem(422, "missing_field");
    }
    let house = &sale.server.adler;
    let double = house.unit_type("DBL");
    let rate = |plan| json!({ "unit_type_id": double, "rate_plan_id": plan, "external_id": "STD" });
    let mapping = json!({ "rooms": [{ "unit_type_id": double, "external_id": "DZ" }],
                          "rates": [rate(house.base_plan), rate(house.derived_plan)] });
    manager
        .put(&sale.path("mappings"), &mapping)
        .await
        .problem(422, "mapped_twice");
}
