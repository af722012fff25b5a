//! Categories and rooms as a portal is told them (Inventory push).

use super::sale::Sale;
use crate::support::{booking, room};
use serde_json::{Value, json};

const PING: &str = "action_OTA_Ping";
const FREE_ROOMS: &str = "action_OTA_HotelInvCountNotif";
const RATE_PLANS: &str = "action_OTA_HotelRatePlanNotif_RatePlans";

impl Sale {
    async fn categories(&self) -> Value {
        self.get("/inventory").await["categories"].clone()
    }
}

#[tokio::test]
async fn a_house_is_set_up_at_a_portal_that_knows_none_of_its_categories() {
    let sale = Sale::at(json!({ "categories": [] })).await;
    let rejected = async || sale.status().await["alarmed"].as_i64() > Some(0);
    sale.until("rejected", rejected).await;
    let manager = sale.server.manager();
    let done = manager.act(&sale.path("actions/set-up")).await.is(200).body;
    // Singles and doubles were mapped by hand; of two plans one, for both.
    assert_eq!(
        (&done["rooms_created"], &done["rates_created"]),
        (&json!(1), &json!(4)),
        "{done}"
    );
    assert_eq!(
        (&done["unit_types_told"], &done["left_out"]),
        (&json!(3), &json!(0)),
        "{done}"
    );
    let there = sale.categories().await;
    let codes: Vec<&String> = there.as_object().unwrap().keys().collect();
    assert_eq!(codes, ["DZ", "EZ", "STE"]);
    assert_eq!(
        (
            there["DZ"]["rooms"].as_array().unwrap().len(),
            &there["DZ"]["name"]
        ),
        (5, &json!("Type DBL"))
    );
    let told = async || sale.doubles(4).await.0.is_number() && sale.status().await["alarmed"] == 0;
    sale.until("told of what it knows now", told).await;
    let again = manager.act(&sale.path("actions/set-up")).await.is(200).body;
    assert_eq!(
        (&again["rooms_created"], &again["rates_created"]),
        (&json!(0), &json!(0)),
        "{again}"
    );
}

#[tokio::test]
async fn rooms_are_told_where_they_are_wanted() {
    let capabilities = [
        "OTA_HotelInvCountNotif_accept_categories",
        "OTA_HotelInvCountNotif_accept_deltas",
        "OTA_HotelRatePlanNotif_accept_overlay",
    ];
    let sale = Sale::at(json!({ "capabilities": capabilities })).await;
    let manager = sale.server.manager();
    let done = manager.act(&sale.path("actions/set-up")).await.is(200).body;
    assert_eq!(
        (&done["unit_types_told"], &done["units_told"]),
        (&json!(3), &json!(0)),
        "{done}"
    );
    assert_eq!(sale.categories().await["DZ"]["rooms"], json!([]));
}

#[tokio::test]
async fn a_portal_that_asks_for_them_is_told() {
    let sale = Sale::start().await;
    sale.until("told at first", async || sale.doubles(4).await.0.is_number())
        .await;
    assert_eq!(sale.categories().await, Value::Null);
    sale.act("/forget", &json!({})).await;
    let house = &sale.server.adler;
    let sold = booking(house, &[room(house, "DBL", 4, 1)]);
    let manager = sale.server.manager();
    manager.post("/v1/bookings", &sold).await.is(201);
    let told = async || {
        sale.categories().await["DZ"]["rooms"]
            .as_array()
            .is_some_and(|all| all.len() == 5)
    };
    sale.until("shown", told).await;
    let alerts = manager.get("/v1/alerts").await.is(200);
    assert!(alerts.items().is_empty(), "{:?}", alerts.items());
}

#[tokio::test]
async fn a_portal_that_takes_none_says_so() {
    let sale = Sale::at(json!({ "actions": [PING, FREE_ROOMS, RATE_PLANS] })).await;
    let refused = sale.server.manager().act(&sale.path("actions/set-up")).await;
    refused.problem(409, "channel_failed");
}
