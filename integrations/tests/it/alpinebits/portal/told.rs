//! What the portal is told of the house and of its bookings.

use super::{Portal, day};
use chrono::{DateTime, Utc};
use innkeep_domain::channel::portal::Category;
use innkeep_domain::ports::channel::{Heard, Shown, Standing};
use serde_json::{Value, json};

fn categories() -> Vec<Category> {
    let category = |code: &str, units: &[&str]| Category {
        code: code.to_owned(),
        name: format!("Type {code}"),
        kind: "room".to_owned(),
        max_occupancy: 2,
        units: units.iter().map(|unit| (*unit).to_owned()).collect(),
    };
    vec![
        category("SU", &["301", "302"]),
        category("much-too-long", &["303"]),
    ]
}

#[tokio::test]
async fn rooms_are_shown_where_they_are_wanted() {
    for (capabilities, rooms) in [
        (vec!["OTA_HotelDescriptiveContentNotif_Inventory_use_rooms"], 2),
        (vec![], 0),
    ] {
        let portal = Portal::start(json!({ "capabilities": capabilities })).await;
        let showcase = portal.protocol.more.showcase.clone().unwrap();
        let shown = showcase.show(&portal.access, &categories()).await.unwrap();
        let expected = Shown {
            categories: 1,
            rooms,
            left_out: 4 - rooms,
        };
        assert_eq!(shown, expected);
        let there = portal.get("/inventory").await["categories"]["SU"].clone();
        assert_eq!(
            there["rooms"].as_array().unwrap().len(),
            rooms as usize,
            "{there}"
        );
        assert!(showcase.can_say("SU") && !showcase.can_say("much-too-long") && !showcase.can_say(""));
    }
}

#[tokio::test]
async fn a_portal_that_lost_its_categories_asks_for_them() {
    let portal = Portal::start(json!({})).await;
    portal.act("/forget", json!({})).await;
    let report = portal.tell_rooms("DZ", 3).await.unwrap();
    assert!(report.asks_for_inventory);
    assert!(!portal.tell_rooms("DZ", 3).await.unwrap().asks_for_inventory);
}

fn cancelled(id: &str, cancelled: bool) -> Standing {
    let at: DateTime<Utc> = day(1).and_hms_opt(12, 0, 0).unwrap().and_utc();
    Standing {
        booking_ref: id.to_owned(),
        cancelled,
        created_at: at,
        changed_at: at,
    }
}

/// Each for itself, also where the portal refuses the whole.
#[tokio::test]
async fn what_became_of_bookings_is_taken_or_refused_one_by_one() {
    let portal = Portal::start(json!({})).await;
    let stay = json!({ "category": "DZ", "plan": "STD", "arrival": "2027-01-02", "departure": "2027-01-04",
                       "force": true });
    let id = portal.act("/reservations", stay).await["id"].clone();
    let id = id.as_str().unwrap();
    portal.take().await;
    let sink = portal.protocol.more.standings.clone().unwrap();
    let tell = async |all: &[Standing]| sink.tell(&portal.access, all).await.unwrap().unwrap();
    let standing = async || portal.get("/reservations").await["reservations"][0]["standing"].clone();
    let heard = tell(&[cancelled("unknown", true), cancelled(id, true)]).await;
    assert!(
        matches!(heard.as_slice(), [Heard::Refused(_), Heard::Taken]),
        "{heard:?}"
    );
    assert_eq!(standing().await, "Cancelled");
    assert_eq!(tell(&[cancelled(id, false)]).await, [Heard::Taken]);
    assert_eq!(standing().await, "Reserved");
    let heard = tell(&[cancelled("unknown", true), cancelled("nobody's", false)]).await;
    assert!(
        matches!(heard.as_slice(), [Heard::Refused(_), Heard::Refused(_)]),
        "{heard:?}"
    );
}

#[tokio::test]
async fn who_does_not_want_to_know_is_not_told() {
    let portal = Portal::start(json!({ "actions": ["action_OTA_Ping", "action_OTA_Read"] })).await;
    let sink = portal.protocol.more.standings.clone().unwrap();
    let told = sink.tell(&portal.access, &[cancelled("r-1", true)]).await;
    assert_eq!(told, Ok(None));
    assert_eq!(
        portal.get("/calls").await["calls"].as_array().map(Vec::len),
        Some(1),
        "the handshake"
    );
    assert_eq!(
        portal.get("/reservations").await["reservations"],
        Value::Array(vec![])
    );
}
