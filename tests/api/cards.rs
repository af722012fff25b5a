//! Card numbers that people write into text: answered masked, and stored nowhere.

use crate::support::{Server, booking, room};
use innkeep_domain::Role;
use serde_json::json;

const CARD: &str = "4111 1111 1111 1111";
const MASKED: &str = "**** **** **** 1111";

#[tokio::test]
async fn a_card_number_is_masked_wherever_text_is_taken() {
    let server = Server::start().await;
    let house = &server.adler;
    let desk = server.caller(house, Role::FrontDesk);
    let manager = server.manager();
    let said = format!("card {CARD} 12/30");
    let masked = format!("card {MASKED} 12/30");
    let guest = json!({ "last_name": said, "notes": said, "preferences": [said], "blacklist_reason": said,
                        "phone": "+49 171 5550100" });
    let guest = desk.post("/v1/guests", &guest).await.is(201).body;
    for text in [
        &guest["last_name"],
        &guest["notes"],
        &guest["preferences"][0],
        &guest["blacklist_reason"],
    ] {
        assert_eq!(*text, masked);
    }
    assert_eq!(guest["phone"], "+49 171 5550100");
    let company = json!({ "kind": "company", "name": said, "notes": said });
    let company = desk.post("/v1/companies", &company).await.is(201).body;
    assert_eq!(
        (&company["name"], &company["notes"]),
        (&json!(masked), &json!(masked))
    );
    let mut new = booking(house, &[room(house, "SGL", 3, 2)]);
    new["notes"] = json!(said);
    new["booker"]["name"] = json!(said);
    new["rooms"][0]["guest_name"] = json!(said);
    let made = manager.post("/v1/bookings", &new).await.is(201).body;
    for text in [
        &made["notes"],
        &made["booker"]["name"],
        &made["reservations"][0]["guest_name"],
    ] {
        assert_eq!(*text, masked);
    }
    let path = format!("/v1/bookings/{}", made["id"].as_str().unwrap());
    let edited = json!({ "notes": format!("and {said}") });
    let edited = manager.patch(&path, &edited).await.is(200).body;
    assert_eq!(edited["notes"], format!("and {masked}"));
    let unit = manager
        .get(&format!("/v1/properties/{}/units", house.property_id))
        .await
        .is(200);
    let repair = json!({ "unit_id": unit.items()[0]["id"], "kind": "out_of_service", "reason": said,
                         "from": "2027-01-06", "to": "2027-01-08" });
    let path = format!("/v1/properties/{}/maintenance", house.property_id);
    let repair = manager.post(&path, &repair).await.is(201).body;
    assert_eq!(repair["reason"], masked);
    assert_eq!(server.database.holding(CARD).await.unwrap(), Vec::<String>::new());
    assert_eq!(
        server.database.holding(MASKED).await.unwrap(),
        ["company", "event", "guest", "maintenance", "reservation"]
    );
}
