//! `/v1/quotes`, and what is booked of them.

use crate::support::{Server, booking, room};
use serde_json::json;

#[tokio::test]
async fn a_quote_is_booked_once_at_its_price_while_it_holds() {
    let server = Server::start().await;
    let (manager, house) = (server.manager(), &server.adler);
    let ask =
        json!({ "property_id": house.property_id, "rooms": [room(house, "DBL", 3, 2)], "valid_minutes": 60 });
    let quote = manager.post("/v1/quotes", &ask).await.is(201);
    let path = quote.header("location").unwrap().to_owned();
    assert_eq!(quote.body["total"]["amount"], "300.00");
    assert_eq!(quote.body["expires_at"], "2027-01-04T11:00:00+00:00");
    assert_eq!(manager.get(&path).await.is(200).body, quote.body);
    let price = json!({ "prices": [{ "unit_type_id": house.unit_type("DBL"), "rate_plan_id": house.base_plan,
        "from": house.night(3), "to": house.night(4), "price": { "amount": "999.00", "currency": "EUR" } }] });
    manager
        .patch(&format!("/v1/properties/{}/ari", house.property_id), &price)
        .await
        .is(200);
    let mut new = booking(house, &[]);
    new.as_object_mut().unwrap().remove("rooms");
    new["quote_id"] = json!(quote.id());
    server.app.clock.advance(chrono::Duration::minutes(59));
    let manager = server.manager();
    let made = manager.post("/v1/bookings", &new).await.is(201);
    assert_eq!(made.body["total"], quote.body["total"]);
    assert_eq!(
        made.body["reservations"][0]["nights"],
        quote.body["rooms"][0]["nights"]
    );
    assert_eq!(manager.get(&path).await.is(200).body["booking_id"], made.id());
    manager
        .post("/v1/bookings", &new)
        .await
        .problem(409, "quote_used")
        .at("/quote_id");
    let second = manager.post("/v1/quotes", &ask).await.is(201);
    assert_eq!(second.body["total"]["amount"], "1998.00");
    server.app.clock.advance(chrono::Duration::minutes(60));
    // The first token has expired as well.
    let manager = server.manager();
    new["quote_id"] = json!(second.id());
    manager
        .post("/v1/bookings", &new)
        .await
        .problem(409, "quote_expired")
        .at("/quote_id");
}

#[tokio::test]
async fn a_quote_keeps_no_unit_and_a_failed_booking_does_not_use_it() {
    let server = Server::start().await;
    let (manager, house) = (server.manager(), &server.adler);
    let suite = room(house, "STE", 3, 1);
    let quote = json!({ "property_id": house.property_id, "rooms": [suite] });
    let quote = manager.post("/v1/quotes", &quote).await.is(201);
    let sold = manager
        .post("/v1/bookings", &booking(house, &[suite]))
        .await
        .is(201);
    let mut new = booking(house, &[]);
    new.as_object_mut().unwrap().remove("rooms");
    new["quote_id"] = json!(quote.id());
    manager
        .post("/v1/bookings", &new)
        .await
        .problem(409, "no_availability");
    manager
        .act(&format!("/v1/bookings/{}/actions/cancel", sold.id()))
        .await
        .is(200);
    manager.post("/v1/bookings", &new).await.is(201);
}

#[tokio::test]
async fn a_booking_is_of_rooms_or_of_a_quote() {
    let server = Server::start().await;
    let (manager, house) = (server.manager(), &server.adler);
    let rooms = booking(house, &[room(house, "DBL", 3, 1)]);
    let mut none = rooms.clone();
    none.as_object_mut().unwrap().remove("rooms");
    let mut both = rooms.clone();
    both["quote_id"] = json!(crate::support::unknown());
    for body in [none, both] {
        manager
            .post("/v1/bookings", &body)
            .await
            .problem(422, "one_of")
            .at("/rooms");
    }
    for minutes in [0, 1441] {
        let ask = json!({ "property_id": house.property_id, "rooms": [room(house, "DBL", 3, 1)], "valid_minutes": minutes });
        manager
            .post("/v1/quotes", &ask)
            .await
            .problem(422, "out_of_range")
            .at("/valid_minutes");
    }
    // Another property's quote is unknown here, and so is another tenant's.
    let mare = &server.mare;
    let host = server.caller(mare, innkeep_domain::Role::Owner);
    let theirs = json!({ "property_id": mare.property_id, "rooms": [room(mare, "APT", 3, 1)] });
    let theirs = host.post("/v1/quotes", &theirs).await.is(201);
    let mut new = booking(house, &[]);
    new.as_object_mut().unwrap().remove("rooms");
    new["quote_id"] = json!(theirs.id());
    manager
        .post("/v1/bookings", &new)
        .await
        .problem(404, "not_found")
        .at("/quote_id");
}
