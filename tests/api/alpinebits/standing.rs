//! What became of a portal's bookings here, as it is told.

use super::sale::Sale;
use serde_json::{Value, json};

const PING: &str = "action_OTA_Ping";
const FREE_ROOMS: &str = "action_OTA_HotelInvCountNotif";
const RATE_PLANS: &str = "action_OTA_HotelRatePlanNotif_RatePlans";
const READ: &str = "action_OTA_Read";

impl Sale {
    /// Sold at the portal and taken here: the portal's id, and the booking's path.
    async fn sold_there(&self) -> (String, String) {
        self.until("priced", async || self.doubles(4).await.1["price"].is_string())
            .await;
        let id = self.act("/reservations", &self.stay(4)).await["id"].clone();
        let acknowledged =
            async || self.get("/reservations").await["reservations"][0]["acknowledged"] == true;
        self.until("acknowledged", acknowledged).await;
        let booking = self.bookings().await[0]["id"].clone();
        let text = |value: Value| value.as_str().unwrap().to_owned();
        (text(id), format!("/v1/bookings/{}", text(booking)))
    }

    async fn standing(&self) -> Value {
        let all = self.get("/reservations").await["reservations"].clone();
        all.as_array().unwrap().last().unwrap()["standing"].clone()
    }

    async fn updates(&self) -> usize {
        let calls = self.get("/calls").await["calls"].clone();
        let update = |call: &&Value| call["action"] == "OTA_HotelResNotif:GuestRequests_StatusUpdate";
        calls.as_array().unwrap().iter().filter(update).count()
    }
}

#[tokio::test]
async fn a_portal_hears_that_the_house_cancelled_and_that_it_took_that_back() {
    let sale = Sale::start().await;
    let (_, booking) = sale.sold_there().await;
    let manager = sale.server.manager();
    manager.act(&format!("{booking}/actions/cancel")).await.is(200);
    sale.until("cancelled", async || sale.standing().await == "Cancelled")
        .await;
    let read = manager.get(&booking).await.is(200).body;
    let reservation = read["reservations"][0]["id"].as_str().unwrap();
    manager
        .act(&format!("/v1/reservations/{reservation}/actions/reinstate"))
        .await
        .is(200);
    sale.until("reserved", async || sale.standing().await == "Reserved")
        .await;
    assert_eq!(sale.updates().await, 2);
}

#[tokio::test]
async fn it_is_told_again_until_it_has_answered() {
    let sale = Sale::start().await;
    let (_, booking) = sale.sold_there().await;
    sale.fail(json!({ "outage": true })).await;
    sale.server
        .manager()
        .act(&format!("{booking}/actions/cancel"))
        .await
        .is(200);
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    assert_eq!(sale.standing().await, Value::Null);
    sale.fail(json!({})).await;
    sale.until("cancelled", async || sale.standing().await == "Cancelled")
        .await;
}

/// What it cancels itself it knows.
#[tokio::test]
async fn a_portals_own_word_is_not_told_back() {
    let sale = Sale::start().await;
    let (id, _) = sale.sold_there().await;
    sale.act(&format!("/reservations/{id}/cancel"), &json!({})).await;
    sale.until("cancelled here", async || {
        sale.bookings().await[0]["status"] == "cancelled"
    })
    .await;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    assert_eq!((sale.updates().await, sale.standing().await), (0, Value::Null));
}

#[tokio::test]
async fn a_portal_that_forgot_the_booking_leaves_an_alert() {
    let sale = Sale::start().await;
    let (id, booking) = sale.sold_there().await;
    sale.act(&format!("/reservations/{id}/forget"), &json!({})).await;
    let manager = sale.server.manager();
    manager.act(&format!("{booking}/actions/cancel")).await.is(200);
    let alerted = async || {
        let alerts = manager.get("/v1/alerts").await.is(200);
        alerts
            .items()
            .iter()
            .any(|alert| alert["kind"] == "standing_untold")
    };
    sale.until("alerted", alerted).await;
}

#[tokio::test]
async fn a_portal_that_does_not_want_to_know_is_not_told() {
    let sale = Sale::at(json!({ "actions": [PING, FREE_ROOMS, RATE_PLANS, READ] })).await;
    let (_, booking) = sale.sold_there().await;
    let manager = sale.server.manager();
    manager.act(&format!("{booking}/actions/cancel")).await.is(200);
    let settled = async || sale.server.stored().await["channel_standing"] == 0;
    sale.until("settled", settled).await;
    assert_eq!(sale.updates().await, 0);
    assert!(manager.get("/v1/alerts").await.is(200).items().is_empty());
}
