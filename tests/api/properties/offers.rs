//! `/v1/properties/{id}/offers`: what can be booked, and why not.

use crate::support::{Server, booking, room};
use serde_json::{Value, json};

async fn offers(server: &Server, query: &str) -> Vec<Value> {
    let path = format!("/v1/properties/{}/offers?{query}", server.adler.property_id);
    server.manager().get(&path).await.is(200).items().to_vec()
}

fn reasons(offer: &Value) -> Vec<&str> {
    offer["reasons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["code"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn bookable_offers_come_first_and_cheapest_first() {
    let server = Server::start().await;
    let all = offers(&server, "arrival=2027-01-10&departure=2027-01-13&adults=2").await;
    assert_eq!(all.len(), 6, "three unit types under two plans");
    let totals: Vec<_> = all
        .iter()
        .map(|o| o["total"]["amount"].as_str().unwrap())
        .collect();
    assert_eq!(
        totals,
        ["270.00", "300.00", "405.00", "450.00", "540.00", "600.00"]
    );
    assert!(
        all.iter()
            .all(|o| o["bookable"] == true && o["nights"].as_array().unwrap().len() == 3)
    );
}

/// Every reason that dates, restrictions, guests and stock can give, each by its stable name.
#[tokio::test]
async fn each_obstacle_is_named() {
    let server = Server::start().await;
    let manager = server.manager();
    let house = &server.adler;
    let entry = |from: &str, set: Value| {
        let mut entry = json!({ "unit_type_id": house.unit_type("STE"), "rate_plan_id": house.base_plan, "from": from, "to": from });
        entry
            .as_object_mut()
            .unwrap()
            .extend(set.as_object().unwrap().clone());
        entry
    };
    let change = json!({ "restrictions": [
        entry("2027-02-01", json!({ "closed_to_arrival": true })),
        entry("2027-02-03", json!({ "closed_to_departure": true })),
        entry("2027-02-05", json!({ "min_stay_arrival": 4 })),
        entry("2027-02-10", json!({ "max_stay": 1 })),
        entry("2027-02-15", json!({ "stop_sell": true })),
        entry("2027-02-20", json!({ "min_stay_through": 5 })),
    ]});
    manager
        .patch(&format!("/v1/properties/{}/ari", house.property_id), &change)
        .await
        .is(200);
    manager
        .post("/v1/bookings", &booking(house, &[room(house, "STE", 60, 1)]))
        .await
        .is(201);
    let cases = [
        ("arrival=2027-02-01&departure=2027-02-02", "closed_to_arrival"),
        ("arrival=2027-02-02&departure=2027-02-03", "closed_to_departure"),
        ("arrival=2027-02-05&departure=2027-02-08", "min_stay"),
        ("arrival=2027-02-10&departure=2027-02-12", "max_stay"),
        ("arrival=2027-02-14&departure=2027-02-16", "stop_sell"),
        ("arrival=2027-02-19&departure=2027-02-22", "min_stay"),
        ("arrival=2027-03-05&departure=2027-03-06", "no_availability"),
        (
            "arrival=2027-01-10&departure=2027-01-11&adults=3&children_ages=4,11",
            "too_many_guests",
        ),
        ("arrival=2027-05-03&departure=2027-05-05", "no_price"),
        ("arrival=2027-01-03&departure=2027-01-05", "arrival_in_past"),
    ];
    for (query, reason) in cases {
        let all = offers(&server, query).await;
        let suite = all
            .iter()
            .find(|o| o["unit_type_name"] == "Type STE" && o["rate_plan_name"] == "Best rate");
        let suite = suite.unwrap_or_else(|| unreachable!("no offer for {query}"));
        assert!(reasons(suite).contains(&reason), "{query}: {:?}", reasons(suite));
        assert_eq!(suite["bookable"], false, "{query}");
    }
}

/// What an offer says is what a booking gets: the price, or the refusal.
#[tokio::test]
async fn an_offer_can_be_booked_at_its_price_and_a_refused_one_cannot() {
    let server = Server::start().await;
    let house = &server.adler;
    let offer = offers(&server, "arrival=2027-01-10&departure=2027-01-12").await[0].clone();
    let mut new = booking(house, &[room(house, "SGL", 6, 2)]);
    new["rooms"][0]["rate_plan_id"] = offer["rate_plan_id"].clone();
    new["expected_total"] = offer["total"].clone();
    let made = server.manager().post("/v1/bookings", &new).await.is(201);
    assert_eq!(made.body["total"], offer["total"]);
    new["expected_total"]["amount"] = json!("1.00");
    server
        .manager()
        .post("/v1/bookings", &new)
        .await
        .problem(409, "price_changed")
        .at("/expected_total");
    let past = booking(
        house,
        &[json!({
            "unit_type_id": house.unit_type("SGL"), "rate_plan_id": house.base_plan,
            "arrival": "2027-01-03", "departure": "2027-01-05", "adults": 1,
        })],
    );
    server
        .manager()
        .post("/v1/bookings", &past)
        .await
        .problem(409, "not_bookable")
        .at("/rooms/0");
}

#[tokio::test]
async fn impossible_searches_are_refused() {
    let server = Server::start().await;
    let path = |query: &str| format!("/v1/properties/{}/offers?{query}", server.adler.property_id);
    let manager = server.manager();
    let cases = [
        (
            "arrival=2027-01-10&departure=2027-01-10",
            422,
            "departure_before_arrival",
        ),
        ("arrival=2027-01-10&departure=2054-05-28", 422, "stay_too_long"),
        (
            "arrival=2027-02-29&departure=2027-03-02",
            400,
            "invalid_parameter",
        ),
        ("arrival=2027-01-10", 400, "invalid_parameter"),
        (
            "arrival=2027-01-10&departure=2027-01-11&adults=0",
            422,
            "out_of_range",
        ),
        (
            "arrival=2027-01-10&departure=2027-01-11&adults=2000000000&children_ages=1",
            422,
            "out_of_range",
        ),
        (
            "arrival=2027-01-10&departure=2027-01-11&children_ages=40",
            400,
            "invalid_parameter",
        ),
    ];
    for (query, status, code) in cases {
        manager.get(&path(query)).await.problem(status, code);
    }
}
