//! Free rooms of a portal that takes complete sets.

use super::sale::Sale;
use crate::support::{booking, room};
use serde_json::{Value, json};

const CATEGORIES: &str = "OTA_HotelInvCountNotif_accept_categories";
const DELTAS: &str = "OTA_HotelInvCountNotif_accept_deltas";
const COMPLETE_SET: &str = "OTA_HotelInvCountNotif_accept_complete_set";
const OVERLAY: &str = "OTA_HotelRatePlanNotif_accept_overlay";

impl Sale {
    /// Of each message of free rooms: is it a complete set?
    async fn sets(&self) -> Vec<bool> {
        let calls = self.get("/calls").await["calls"].clone();
        let free_rooms = |call: &&Value| call["action"] == "OTA_HotelInvCountNotif:FreeRooms";
        let calls = calls.as_array().unwrap().iter().filter(free_rooms);
        calls
            .map(|call| call["request"].as_str().unwrap().contains("CompleteSet"))
            .collect()
    }

    async fn told_at_first(&self) {
        let told = async || self.doubles(4).await.0.is_number() && self.status().await["in_flight"] == 0;
        self.until("told at first", told).await;
    }

    /// Sells a double; until the portal has heard.
    async fn sell(&self) {
        let (house, free) = (&self.server.adler, self.doubles(4).await.0.as_i64().unwrap());
        let sold = booking(house, &[room(house, "DBL", 4, 1)]);
        self.server.manager().post("/v1/bookings", &sold).await.is(201);
        let heard = async || self.doubles(4).await.0 == json!(free - 1);
        self.until("one fewer", heard).await;
    }

    /// The last night is included.
    async fn close_out(&self, ranges: &[Value]) {
        let body = json!({ "ranges": ranges });
        self.server
            .manager()
            .put(&self.path("closed-dates"), &body)
            .await
            .is(200);
    }
}

#[tokio::test]
async fn everything_is_told_at_once_and_then_what_changes() {
    let sale = Sale::start().await;
    sale.told_at_first().await;
    sale.sell().await;
    assert_eq!(sale.sets().await, [true, false]);
    let manager = sale.server.manager();
    manager.act(&sale.path("actions/full-sync")).await.is(202);
    sale.until("told again", async || sale.sets().await.len() == 3)
        .await;
    assert_eq!(sale.sets().await, [true, false, true]);
    // And no other way is there to say that something is sold here no more.
    let house = &sale.server.adler;
    let mapping =
        json!({ "rooms": [{ "unit_type_id": house.unit_type("DBL"), "external_id": "DZ" }], "rates": [] });
    manager.put(&sale.path("mappings"), &mapping).await.is(200);
    let night = house.night(4).to_string();
    let calendar = async || sale.get(&format!("/calendar?from={night}&to={night}")).await["free"].clone();
    sale.until("forgotten", async || calendar().await["EZ"][&night].is_null())
        .await;
    assert!(calendar().await["DZ"][&night].is_number());
}

#[tokio::test]
async fn what_a_portal_lost_is_told_at_once() {
    let sale = Sale::start().await;
    sale.told_at_first().await;
    sale.act("/forget", &json!({})).await;
    let house = &sale.server.adler;
    let sold = booking(house, &[room(house, "DBL", 4, 1)]);
    sale.server.manager().post("/v1/bookings", &sold).await.is(201);
    sale.until("told again", async || sale.doubles(100).await.0.is_number())
        .await;
    // By the answer to the booking's change, or to whatever was told before it.
    let whole = sale.sets().await.into_iter().filter(|complete| *complete);
    assert_eq!(whole.count(), 2);
}

#[tokio::test]
async fn a_portal_without_changes_is_told_everything_each_time() {
    let sale = Sale::at(json!({ "capabilities": [CATEGORIES, COMPLETE_SET, OVERLAY] })).await;
    sale.told_at_first().await;
    sale.sell().await;
    sale.sell().await;
    assert_eq!(sale.sets().await, [true, true, true]);
}

#[tokio::test]
async fn a_portal_without_complete_sets_is_told_changes() {
    let sale = Sale::at(json!({ "capabilities": [CATEGORIES, DELTAS, OVERLAY] })).await;
    sale.told_at_first().await;
    sale.sell().await;
    assert!(sale.sets().await.iter().all(|complete| !complete));
}

#[tokio::test]
async fn nights_on_which_all_is_closed_are_a_closing_season() {
    let sale = Sale::start().await;
    sale.told_at_first().await;
    let house = &sale.server.adler;
    let (from, to) = (house.night(10), house.night(12));
    let closed = async || {
        let calendar = sale
            .get(&format!("/calendar?from={from}&to={}", house.night(14)))
            .await;
        calendar["closed"].clone()
    };
    sale.close_out(&[
        json!({ "from": from, "to": to }),
        json!({ "unit_type_id": house.unit_type("DBL"), "from": to, "to": house.night(13) }),
    ])
    .await;
    let three = json!([from, house.night(11), to]);
    sale.until("closed", async || closed().await == three).await;
    assert_eq!(sale.doubles(11).await.0, 0);
    assert_eq!(sale.doubles(13).await.0, 0, "closed, and not the house");
    sale.until("in step", async || sale.status().await["in_flight"] == 0)
        .await;
    sale.sell().await;
    sale.close_out(&[]).await;
    sale.until("open", async || closed().await == json!([])).await;
    assert_ne!(sale.doubles(11).await.0, 0);
    assert_eq!(sale.sets().await, [true, true, false, true]);
    let status = sale.status().await;
    assert_eq!(
        (&status["alarmed"], &status["parked"]),
        (&json!(0), &json!(0)),
        "{status}"
    );
}
