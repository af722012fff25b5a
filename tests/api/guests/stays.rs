//! `/v1/reservations/{id}/guests` and `/v1/guests/{id}/stays`.

use super::{ada, add};
use crate::support::{Server, booking, events, room};
use innkeep_domain::Role;
use serde_json::{Value, json};

#[tokio::test]
async fn a_stay_lists_its_guests_and_a_guest_its_stays() {
    let server = Server::start().await;
    let house = &server.adler;
    let desk = server.caller(house, Role::FrontDesk);
    let ada = add(&desk, &ada()).await;
    let mut bad = json!({ "last_name": "Byron", "blacklist_reason": "noise" });
    bad["first_name"] = json!("Annabella");
    let mother = add(&desk, &bad).await;
    let mut reservations = Vec::new();
    for from in [3, 10] {
        let made = desk
            .post("/v1/bookings", &booking(house, &[room(house, "DBL", from, 2)]))
            .await
            .is(201);
        assert_eq!(
            made.body["booker"]["name"], "Ada Lovelace",
            "the booker stays as written"
        );
        reservations.push(made.body["reservations"][0]["id"].as_str().unwrap().to_owned());
    }
    let path = format!("/v1/reservations/{}/guests", reservations[0]);
    assert_eq!(desk.get(&path).await.is(200).items(), [] as [Value; 0]);
    let body = json!({ "guests": [
        { "guest_id": mother.id(), "role": "accompanying" },
        { "guest_id": ada.id(), "role": "primary", "registered_at": "2027-01-04T09:00:00Z",
          "registration": { "nationality": "GB", "purpose": "leisure", "vehicle_plate": "ADA 1" } },
    ] });
    let set = desk.put(&path, &body).await.is(200);
    let (first, second) = (&set.items()[0], &set.items()[1]);
    assert_eq!(
        (&first["guest_id"], &first["role"]),
        (&json!(ada.id()), &json!("primary"))
    );
    assert_eq!(first["registration"], body["guests"][1]["registration"]);
    assert_eq!(first["registered_at"], "2027-01-04T09:00:00+00:00");
    assert_eq!(
        (&second["blacklisted"], &first["blacklisted"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(desk.get(&path).await.is(200).text, set.text);
    let alone = json!({ "guests": [{ "guest_id": ada.id(), "role": "primary" }] });
    desk.put(&format!("/v1/reservations/{}/guests", reservations[1]), &alone)
        .await
        .is(200);
    let stays = desk.get(&format!("/v1/guests/{}/stays", ada.id())).await.is(200);
    let shown: Vec<_> = stays
        .items()
        .iter()
        .map(|s| (&s["reservation_id"], &s["role"], &s["status"]))
        .collect();
    let (primary, confirmed) = (json!("primary"), json!("confirmed"));
    let (newer, older) = (json!(reservations[1]), json!(reservations[0]));
    assert_eq!(
        shown,
        [(&newer, &primary, &confirmed), (&older, &primary, &confirmed)]
    );
    let said = events(&server, "reservation.guests_set").await;
    assert_eq!(said[0]["data"]["guest_ids"], json!([mother.id(), ada.id()]));
    assert_eq!(said[0]["data"]["reservation_id"], json!(reservations[0]));
    desk.put(&path, &json!({ "guests": [] })).await.is(200);
    let stays = desk
        .get(&format!("/v1/guests/{}/stays", mother.id()))
        .await
        .is(200);
    assert_eq!(stays.items().len(), 0);
}

#[tokio::test]
async fn a_list_of_guests_that_cannot_be_is_refused() {
    let server = Server::start().await;
    let house = &server.adler;
    let desk = server.caller(house, Role::FrontDesk);
    let guest = add(&desk, &ada()).await;
    let theirs = add(&server.caller(&server.mare, Role::Owner), &ada()).await;
    let made = desk
        .post("/v1/bookings", &booking(house, &[room(house, "DBL", 3, 2)]))
        .await
        .is(201);
    let path = format!(
        "/v1/reservations/{}/guests",
        made.body["reservations"][0]["id"].as_str().unwrap()
    );
    let before = server.stored().await;
    let entry = |id: &str, role: &str| json!({ "guest_id": id, "role": role });
    let mut abroad = entry(guest.id(), "primary");
    abroad["registration"] = json!({ "nationality": "British" });
    for (guests, status, code, at) in [
        (
            json!([entry(guest.id(), "accompanying")]),
            422,
            "primary_guest",
            "/guests",
        ),
        (
            json!([entry(guest.id(), "primary"), entry(guest.id(), "accompanying")]),
            422,
            "same_guest",
            "/guests/1/guest_id",
        ),
        (
            json!([entry(theirs.id(), "primary")]),
            404,
            "not_found",
            "/guests/0/guest_id",
        ),
        (json!([abroad]), 422, "invalid_country", "/guests/0/nationality"),
    ] {
        desk.put(&path, &json!({ "guests": guests }))
            .await
            .problem(status, code)
            .at(at);
    }
    assert_eq!(server.stored().await, before);
}
