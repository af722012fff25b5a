//! What a stay costs beside its nights: occupancy, taxes and fees, extras, promo codes, policies.

use crate::support::{Caller, Server, booking, room};
use innkeep_domain::Role;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::Executor;

struct Desk<'a> {
    caller: Caller<'a>,
    at: String,
    base: String,
}

impl<'a> Desk<'a> {
    fn new(server: &'a Server) -> Self {
        Self {
            caller: server.manager(),
            at: format!("/v1/properties/{}", server.adler.property_id),
            base: server.adler.base_plan.to_string(),
        }
    }

    async fn add(&self, what: &str, body: Value) -> Value {
        self.caller
            .post(&format!("{}/{what}", self.at), &body)
            .await
            .is(201)
            .body
    }

    async fn change(&self, what: &str, id: &Value, body: Value) -> Value {
        let path = format!("{}/{what}/{}", self.at, id.as_str().unwrap());
        self.caller.patch(&path, &body).await.is(200).body
    }

    async fn search(&self, query: &str) -> Value {
        let path = format!("{}/offers?{query}", self.at);
        self.caller.get(&path).await.is(200).body
    }

    /// The offer of a unit type under the base plan.
    async fn offer(&self, unit_type: &Value, query: &str) -> Value {
        let found = self.search(query).await;
        let items = found["items"].as_array().unwrap().clone();
        let mine = |o: &Value| o["unit_type_id"] == *unit_type && o["rate_plan_id"] == self.base.as_str();
        items.into_iter().find(mine).unwrap()
    }
}

fn percent(code: &str, value: &str, included: bool, of: &str) -> Value {
    json!({ "code": code, "name": code, "kind": "tax", "charge": "percent", "value": value, "included": included, "percent_of": of })
}

#[tokio::test]
async fn a_plan_is_sold_within_its_advance_window() {
    let server = Server::start().await;
    let (desk, house) = (Desk::new(&server), &server.adler);
    let set = json!({ "min_advance_days": 3, "max_advance_days": 20, "name": "Early" });
    let changed = desk.change("rate-plans", &json!(desk.base), set).await;
    assert_eq!(
        (&changed["name"], &changed["version"]),
        (&json!("Early"), &json!(2))
    );
    let dbl = json!(house.unit_type("DBL"));
    for (from, reason) in [
        (2, Some("booked_too_late")),
        (3, None),
        (20, None),
        (21, Some("booked_too_early")),
    ] {
        let (arrival, departure) = (house.night(from), house.night(from + 1));
        let offer = desk
            .offer(&dbl, &format!("arrival={arrival}&departure={departure}"))
            .await;
        assert_eq!(offer["reasons"][0]["code"].as_str(), reason, "{from}");
        let asked = desk
            .caller
            .post("/v1/bookings", &booking(house, &[room(house, "DBL", from, 1)]))
            .await;
        match reason {
            Some(_) => asked.problem(409, "not_bookable"),
            None => asked.is(201),
        };
    }
    let path = format!("{}/rate-plans/{}", desk.at, desk.base);
    let cases = [
        (json!({ "min_advance_days": 21 }), "empty_window"),
        (json!({ "max_advance_days": 731 }), "out_of_range"),
        (json!({ "name": null }), "cannot_be_cleared"),
    ];
    for (bad, code) in cases {
        desk.caller.patch(&path, &bad).await.problem(422, code);
    }
    let stale = desk
        .caller
        .with_header(
            Method::PATCH,
            &path,
            ("if-match", "\"1\""),
            &json!({ "name": "X" }),
        )
        .await;
    stale.problem(412, "stale_version");
    let cleared = desk
        .change(
            "rate-plans",
            &json!(desk.base),
            json!({ "min_advance_days": null }),
        )
        .await;
    assert!(cleared.get("min_advance_days").is_none());
}

#[tokio::test]
async fn prices_follow_the_guests_and_derived_plans_follow_them() {
    let server = Server::start().await;
    let (desk, house) = (Desk::new(&server), &server.adler);
    let path = format!("{}/rate-plans/{}/occupancy-prices", desk.at, desk.base);
    let dbl = json!(house.unit_type("DBL"));
    let item = json!({ "unit_type_id": dbl, "included_adults": 2, "missing_adult": "20.00", "extra_adult": "30.00",
        "children": [{ "from_age": 0, "to_age": 11, "amount": "9.99" }], "standard_places": 3, "extra_bed": "5.00" });
    let set = desk.caller.put(&path, &json!({ "items": [item] })).await.is(200);
    assert_eq!(desk.caller.get(&path).await.is(200).items(), set.items());
    let dates = "arrival=2027-01-10&departure=2027-01-11";
    for (guests, price) in [
        ("adults=2", "150.00"),
        ("adults=1", "130.00"),
        ("adults=3", "180.00"),
        ("adults=2&children_ages=4,11", "174.98"),
        ("adults=1&children_ages=12", "150.00"),
    ] {
        let found = desk.search(&format!("{dates}&{guests}")).await;
        let items = found["items"].as_array().unwrap();
        let of = |plan: &str| {
            items
                .iter()
                .find(|o| o["unit_type_id"] == dbl && o["rate_plan_id"] == plan)
                .unwrap()
        };
        assert_eq!(of(&desk.base)["total"]["amount"], price, "{guests}");
        if price == "174.98" {
            let derived = of(&house.derived_plan.to_string());
            assert_eq!(
                derived["total"]["amount"], "157.48",
                "ten percent off 174.98 is 157.482"
            );
        }
    }
    let overlapping = json!([{ "from_age": 0, "to_age": 5, "amount": "1.00" }, { "from_age": 5, "to_age": 9, "amount": "2.00" }]);
    for (field, bad, at) in [
        ("children", overlapping, "/items/0/children/1"),
        ("extra_adult", json!("1.001"), "/items/0/extra_adult"),
        ("included_adults", json!(0), "/items/0/included_adults"),
    ] {
        let mut wrong = item.clone();
        wrong[field] = bad;
        let answer = desk.caller.put(&path, &json!({ "items": [wrong] })).await;
        assert_eq!(
            (answer.status, answer.body["errors"][0]["pointer"].as_str()),
            (422, Some(at))
        );
    }
    let twice = desk.caller.put(&path, &json!({ "items": [item, item] })).await;
    twice.problem(422, "duplicate");
    let derived = path.replace(&desk.base, &house.derived_plan.to_string());
    desk.caller
        .put(&derived, &json!({ "items": [item] }))
        .await
        .problem(422, "price_is_derived");
    desk.caller.put(&path, &json!({ "items": [] })).await.is(200);
    assert_eq!(
        desk.offer(&dbl, &format!("{dates}&adults=1")).await["total"]["amount"],
        "150.00"
    );
}

/// German VAT within the price, breakfast at another rate, a city tax on top; and what of it is room revenue.
#[tokio::test]
async fn taxes_and_extras_are_lines_and_included_tax_is_no_room_revenue() {
    let server = Server::start().await;
    let (desk, house) = (Desk::new(&server), &server.adler);
    desk.add("taxes-and-fees", percent("VAT7", "7", true, "room"))
        .await;
    desk.add("taxes-and-fees", percent("VAT19", "19", true, "extras"))
        .await;
    let city = json!({ "code": "CITY", "name": "City tax", "kind": "tax", "charge": "per_person_night", "value": "3.50",
        "included": false, "from_age": 18, "cap_nights": 1 });
    let city = desk.add("taxes-and-fees", city).await;
    let breakfast = json!({ "code": "BRK", "name": "Breakfast", "charge": "per_person_night", "price": { "amount": "10.00", "currency": "EUR" } });
    let breakfast = desk.add("extras", breakfast).await;
    let found = desk.search("arrival=2027-01-07&departure=2027-01-09").await;
    assert_eq!(found["extras"], json!([breakfast]));
    let mut new = booking(house, &[room(house, "SGL", 3, 2)]);
    new["rooms"][0]["children_ages"] = json!([4]);
    new["rooms"][0]["extras"] = json!([{ "extra_id": breakfast["id"] }]);
    let made = desk.caller.post("/v1/bookings", &new).await.is(201).body;
    let lines = made["reservations"][0]["lines"].as_array().unwrap();
    let shown: Vec<String> = lines
        .iter()
        .map(|l| {
            let night = l["night"].as_str().unwrap_or("-");
            format!(
                "{} {night} x{} {} {}",
                l["code"].as_str().unwrap(),
                l["quantity"],
                l["amount"]["amount"].as_str().unwrap(),
                l["included"]
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            "BRK 2027-01-07 x3 30.00 false",
            "BRK 2027-01-08 x3 30.00 false",
            "CITY 2027-01-07 x2 7.00 false",
            "VAT19 2027-01-07 x1 4.79 true",
            "VAT19 2027-01-08 x1 4.79 true",
            "VAT7 2027-01-07 x1 6.54 true",
            "VAT7 2027-01-08 x1 6.54 true",
        ]
    );
    assert_eq!(made["total"]["amount"], "267.00");
    let dashboard = format!(
        "/v1/dashboard?property_id={}&from=2027-01-07&to=2027-01-08",
        house.property_id
    );
    let dashboard = desk.caller.get(&dashboard).await.is(200).body;
    assert_eq!(dashboard["room_revenue"]["amount"], "186.92");
    // What ended is not charged, and what was sold stays as it was.
    desk.change("taxes-and-fees", &city["id"], json!({ "active": false }))
        .await;
    desk.change("extras", &breakfast["id"], json!({ "active": false }))
        .await;
    let again = desk.caller.post("/v1/bookings", &new).await;
    again.problem(404, "not_found").at("/rooms/0/extras/0/extra_id");
    new["rooms"][0]["extras"] = json!([]);
    let again = desk.caller.post("/v1/bookings", &new).await.is(201).body;
    assert_eq!(again["total"]["amount"], "200.00");
    let read = desk
        .caller
        .get(&format!("/v1/bookings/{}", made["id"].as_str().unwrap()))
        .await
        .is(200);
    assert_eq!(read.body, made);
}

#[tokio::test]
async fn what_a_tax_cannot_be_is_refused_where_it_stands() {
    let server = Server::start().await;
    let desk = Desk::new(&server);
    let good = percent("X", "7", true, "room");
    let per_stay = |set: Value| {
        let mut tax = json!({ "code": "X", "name": "X", "kind": "fee", "charge": "per_stay", "value": "4.00", "included": false });
        tax.as_object_mut()
            .unwrap()
            .extend(set.as_object().unwrap().clone());
        tax
    };
    let cases = [
        (percent("X", "100.5", true, "room"), "/value"),
        (per_stay(json!({ "value": "4.001" })), "/value"),
        (per_stay(json!({ "percent_of": "room" })), "/percent_of"),
        (per_stay(json!({ "from_age": 18 })), "/from_age"),
        (per_stay(json!({ "cap_nights": 7 })), "/cap_nights"),
        (per_stay(json!({ "charge": "percent" })), "/percent_of"),
        (
            per_stay(json!({ "valid_from": "2027-02-01", "valid_to": "2027-01-31" })),
            "/valid_to",
        ),
        (
            per_stay(json!({ "charge": "per_person", "from_age": 12, "to_age": 5 })),
            "/to_age",
        ),
    ];
    for (body, at) in cases {
        let answer = desk
            .caller
            .post(&format!("{}/taxes-and-fees", desk.at), &body)
            .await;
        assert_eq!(
            (answer.status, answer.body["errors"][0]["pointer"].as_str()),
            (422, Some(at)),
            "{body}"
        );
    }
    let made = desk.add("taxes-and-fees", good.clone()).await;
    desk.caller
        .post(&format!("{}/taxes-and-fees", desk.at), &good)
        .await
        .problem(409, "code_taken");
    let changed = desk
        .change(
            "taxes-and-fees",
            &made["id"],
            json!({ "value": "8.1", "valid_from": "2027-02-01" }),
        )
        .await;
    assert_eq!(
        (&changed["value"], &changed["version"]),
        (&json!("8.1"), &json!(2))
    );
    let dollars = json!({ "code": "E", "name": "E", "charge": "per_stay", "price": { "amount": "1.00", "currency": "USD" } });
    let refused = desk.caller.post(&format!("{}/extras", desk.at), &dollars).await;
    refused.problem(422, "foreign_currency").at("/price/currency");
}

#[tokio::test]
async fn a_promo_code_holds_where_it_may_and_as_often_as_it_may() {
    let server = Server::start().await;
    let (desk, house) = (Desk::new(&server), &server.adler);
    let promo = json!({ "code": "spring", "name": "Spring", "kind": "percent", "value": "12.5", "min_nights": 2,
        "stay_from": "2027-01-10", "rate_plan_ids": [desk.base], "usage_limit": 2 });
    let promo = desk.add("promo-codes", promo).await;
    assert_eq!((&promo["code"], &promo["used"]), (&json!("SPRING"), &json!(0)));
    let dates = "arrival=2027-01-10&departure=2027-01-12&promo_code=Spring";
    let found = desk.search(dates).await;
    for offer in found["items"].as_array().unwrap() {
        let applied = offer["rate_plan_id"] == desk.base.as_str();
        assert_eq!(offer["promo_applied"], applied);
    }
    let dbl = json!(house.unit_type("DBL"));
    assert_eq!(
        desk.offer(&dbl, dates).await["nights"][0]["price"]["amount"],
        "131.25"
    );
    let short = "arrival=2027-01-10&departure=2027-01-11&promo_code=SPRING";
    assert_eq!(desk.offer(&dbl, short).await["promo_applied"], false);
    let unknown = format!(
        "{}/offers?arrival=2027-01-10&departure=2027-01-12&promo_code=NOPE",
        desk.at
    );
    desk.caller.get(&unknown).await.problem(422, "unknown_promo_code");
    let book = |from, nights| {
        let mut new = booking(house, &[room(house, "DBL", from, nights)]);
        new["promo_code"] = json!("spring");
        new
    };
    for (from, nights) in [(6, 1), (5, 2)] {
        let refused = desk.caller.post("/v1/bookings", &book(from, nights)).await;
        refused.problem(409, "promo_code_not_applicable").at("/rooms/0");
    }
    // Three at once for the two there are.
    let (first, second, third) = (book(6, 2), book(6, 2), book(6, 2));
    let (a, b, c) = tokio::join!(
        desk.caller.post("/v1/bookings", &first),
        desk.caller.post("/v1/bookings", &second),
        desk.caller.post("/v1/bookings", &third)
    );
    let mut statuses = [a.status, b.status, c.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 201, 409]);
    let made = [a, b, c].into_iter().find(|a| a.status == 201).unwrap().body;
    assert_eq!(made["reservations"][0]["promo_code"], "SPRING");
    assert_eq!(made["total"]["amount"], "262.50");
    desk.caller
        .post("/v1/bookings", &book(6, 2))
        .await
        .problem(409, "promo_code_used_up")
        .at("/promo_code");
    let listed = desk.caller.get(&format!("{}/promo-codes", desk.at)).await.is(200);
    assert_eq!(listed.items()[0]["used"], 2);
    assert_eq!(desk.offer(&dbl, dates).await["promo_applied"], false, "used up");
    desk.change(
        "promo-codes",
        &promo["id"],
        json!({ "usage_limit": null, "booking_from": "2027-01-05" }),
    )
    .await;
    let early = desk.caller.post("/v1/bookings", &book(6, 2)).await;
    early.problem(409, "promo_code_not_applicable");
}

#[tokio::test]
async fn a_reservation_keeps_the_terms_it_was_sold_under() {
    let server = Server::start().await;
    let (desk, house) = (Desk::new(&server), &server.adler);
    let policy = json!({ "code": "FLEX", "name": "Flexible", "text": "Free until two days before.",
        "cancellation": [{ "hours_before": 24, "penalty": { "percent": "90" } }, { "hours_before": 48, "penalty": { "nights": 1 } }],
        "no_show": { "percent": "100" }, "deposit_percent": "20" });
    let made = desk.add("policies", policy.clone()).await;
    assert_eq!(
        made["cancellation"][0]["hours_before"], 48,
        "from the earliest on"
    );
    desk.change(
        "rate-plans",
        &json!(desk.base),
        json!({ "policy_id": made["id"] }),
    )
    .await;
    let dbl = json!(house.unit_type("DBL"));
    let offer = desk.offer(&dbl, "arrival=2027-01-10&departure=2027-01-11").await;
    assert_eq!(offer["policy"]["text"], "Free until two days before.");
    let sold = desk
        .caller
        .post("/v1/bookings", &booking(house, &[room(house, "DBL", 3, 1)]))
        .await
        .is(201)
        .body;
    let frozen = sold["reservations"][0]["policy"].clone();
    assert_eq!(
        (&frozen["code"], &frozen["deposit_percent"]),
        (&json!("FLEX"), &json!("20"))
    );
    let path = format!("{}/policies/{}", desk.at, made["id"].as_str().unwrap());
    let changed = desk
        .caller
        .patch(&path, &json!({ "text": "Never free.", "cancellation": [] }))
        .await
        .is(200)
        .body;
    assert_eq!(desk.caller.get(&path).await.is(200).body, changed);
    let read = desk
        .caller
        .get(&format!("/v1/bookings/{}", sold["id"].as_str().unwrap()))
        .await
        .is(200)
        .body;
    assert_eq!(read["reservations"][0]["policy"], frozen);
    for (bad, at) in [
        (json!({ "no_show": { "percent": "10", "nights": 1 } }), "/no_show"),
        (json!({ "no_show": { "percent": "101" } }), "/no_show"),
        (json!({ "deposit_percent": "-1" }), "/deposit_percent"),
        (
            json!({ "cancellation": [{ "hours_before": -1, "penalty": {} }] }),
            "/cancellation/0/hours_before",
        ),
    ] {
        let answer = desk.caller.patch(&path, &bad).await;
        assert_eq!(
            (answer.status, answer.body["errors"][0]["pointer"].as_str()),
            (422, Some(at)),
            "{bad}"
        );
    }
}

/// Another tenant's plans, unit types and policies are unknown; so are another property's.
#[tokio::test]
async fn nothing_of_another_tenant_can_be_linked() {
    let server = Server::start().await;
    let (desk, mare) = (Desk::new(&server), &server.mare);
    let host = server.caller(mare, Role::Owner);
    let policy = json!({ "code": "P", "name": "P", "text": "P", "no_show": {} });
    let theirs = host
        .post(&format!("/v1/properties/{}/policies", mare.property_id), &policy)
        .await
        .is(201);
    let plan = format!("{}/rate-plans/{}", desk.at, desk.base);
    let linked = desk
        .caller
        .patch(&plan, &json!({ "policy_id": theirs.id() }))
        .await;
    linked.problem(404, "not_found").at("/policy_id");
    let item = json!({ "unit_type_id": mare.unit_type("APT"), "included_adults": 2 });
    let linked = desk
        .caller
        .put(&format!("{plan}/occupancy-prices"), &json!({ "items": [item] }))
        .await;
    linked.problem(404, "not_found").at("/items/0/unit_type_id");
    let promo = json!({ "code": "X", "name": "X", "kind": "percent", "value": "5", "rate_plan_ids": [mare.base_plan] });
    let linked = desk
        .caller
        .post(&format!("{}/promo-codes", desk.at), &promo)
        .await;
    linked.problem(404, "not_found").at("/rate_plan_ids/0");
    let extra = json!({ "code": "E", "name": "E", "charge": "per_stay", "price": { "amount": "1.00", "currency": "EUR" } });
    let extra = host
        .post(&format!("/v1/properties/{}/extras", mare.property_id), &extra)
        .await
        .is(201);
    let mut new = booking(&server.adler, &[room(&server.adler, "SGL", 3, 1)]);
    new["rooms"][0]["extras"] = json!([{ "extra_id": extra.id() }]);
    desk.caller
        .post("/v1/bookings", &new)
        .await
        .problem(404, "not_found")
        .at("/rooms/0/extras/0/extra_id");
}

#[tokio::test]
async fn when_nothing_is_bookable_other_dates_are_named() {
    let server = Server::start().await;
    let (desk, house) = (Desk::new(&server), &server.adler);
    // Everything is stopped from the 20th to the 23rd; two nights cannot begin from the 19th to the 23rd.
    let mut restrictions = Vec::new();
    for unit_type in &house.unit_types {
        restrictions.push(
            json!({ "unit_type_id": unit_type.id, "rate_plan_id": desk.base, "from": "2027-01-20",
            "to": "2027-01-23", "stop_sell": true }),
        );
    }
    let change = json!({ "restrictions": restrictions });
    desk.caller
        .patch(&format!("{}/ari", desk.at), &change)
        .await
        .is(200);
    let found = desk.search("arrival=2027-01-21&departure=2027-01-23").await;
    assert!(
        found["items"]
            .as_array()
            .unwrap()
            .iter()
            .all(|o| o["bookable"] == false)
    );
    let alternatives = found["alternatives"].as_array().unwrap();
    let arrivals: Vec<&str> = alternatives
        .iter()
        .map(|a| a["arrival"].as_str().unwrap())
        .collect();
    assert_eq!(
        arrivals,
        [
            "2027-01-18",
            "2027-01-24",
            "2027-01-17",
            "2027-01-25",
            "2027-01-16"
        ]
    );
    assert_eq!(alternatives[0]["departure"], "2027-01-20");
    assert_eq!(
        alternatives[0]["total"]["amount"], "180.00",
        "a single under the derived plan"
    );
    let open = desk.search("arrival=2027-01-18&departure=2027-01-20").await;
    assert_eq!(open["alternatives"], json!([]));
}

/// An extra stays at the price it was sold for, for the nights and guests there are now; a code that no longer holds
/// does not stand in the way.
#[tokio::test]
async fn an_amended_stay_keeps_its_extras_and_is_taxed_anew() {
    let server = Server::start().await;
    let (desk, house) = (Desk::new(&server), &server.adler);
    let price = |amount: &str| json!({ "amount": amount, "currency": "EUR" });
    let breakfast =
        json!({ "code": "BRK", "name": "Breakfast", "charge": "per_person_night", "price": price("10.00") });
    let breakfast = desk.add("extras", breakfast).await;
    let cleaning =
        json!({ "code": "CLEAN", "name": "Cleaning", "charge": "per_stay", "price": price("40.00") });
    let cleaning = desk.add("extras", cleaning).await;
    desk.add("taxes-and-fees", percent("TEN", "10", false, "all"))
        .await;
    let promo =
        json!({ "code": "GO", "name": "Go", "kind": "amount", "value": "20.00", "stay_to": "2027-01-08" });
    desk.add("promo-codes", promo).await;
    let mut new = booking(house, &[room(house, "SGL", 3, 2)]);
    new["rooms"][0]["extras"] =
        json!([{ "extra_id": breakfast["id"] }, { "extra_id": cleaning["id"], "quantity": 2 }]);
    new["promo_code"] = json!("GO");
    let made = desk.caller.post("/v1/bookings", &new).await.is(201).body;
    // Two nights at 80, breakfast 4 x 10, cleaning 2 x 40, and ten percent of it all.
    assert_eq!(made["total"]["amount"], "308.00");
    desk.change("extras", &breakfast["id"], json!({ "price": price("99.00") }))
        .await;
    desk.change("extras", &cleaning["id"], json!({ "active": false }))
        .await;
    let id = made["reservations"][0]["id"].as_str().unwrap();
    let path = format!("/v1/reservations/{id}/actions/amend");
    let longer = json!({ "departure": house.night(6), "adults": 3 });
    let after = desk.caller.post(&path, &longer).await.is(200).body;
    let stay = desk
        .caller
        .get(&format!("/v1/reservations/{id}"))
        .await
        .is(200)
        .body;
    // Other guests price every night anew, without the code: 3 x 100, breakfast 9 x 10, cleaning as it was.
    assert_eq!(stay["total"]["amount"], "517.00", "{after}");
    let lines = stay["lines"].as_array().unwrap();
    let of = |code: &str| lines.iter().filter(|l| l["code"] == code).collect::<Vec<_>>();
    assert_eq!((of("BRK").len(), &of("BRK")[0]["quantity"]), (3, &json!(3)));
    assert_eq!(
        (of("CLEAN").len(), &of("CLEAN")[0]["amount"]["amount"]),
        (1, &json!("80.00"))
    );
}

/// Check-in is at 15:00: 14:00 in UTC, on a Thursday.
#[tokio::test]
async fn a_tier_begins_on_its_hour_and_its_fee_is_rounded() {
    let server = Server::start().await;
    let (desk, house) = (Desk::new(&server), &server.adler);
    let policy = json!({ "code": "P", "name": "P", "text": "P", "no_show": {},
        "cancellation": [{ "hours_before": 48, "penalty": { "percent": "33.333" } }] });
    let policy = desk.add("policies", policy).await;
    desk.change(
        "rate-plans",
        &json!(desk.base),
        json!({ "policy_id": policy["id"] }),
    )
    .await;
    let made = desk
        .caller
        .post("/v1/bookings", &booking(house, &[room(house, "DBL", 3, 1)]))
        .await
        .is(201)
        .body;
    let path = format!(
        "/v1/reservations/{}/cancellation-fee",
        made["reservations"][0]["id"].as_str().unwrap()
    );
    let now: chrono::DateTime<chrono::Utc> = crate::support::NOW.parse().unwrap();
    let begins: chrono::DateTime<chrono::Utc> = "2027-01-05T14:00:00Z".parse().unwrap();
    server
        .app
        .clock
        .advance(begins - now - chrono::Duration::seconds(1));
    let fee = async || server.manager().get(&path).await.is(200).body["fee"]["amount"].clone();
    assert_eq!(fee().await, "0.00");
    server.app.clock.advance(chrono::Duration::seconds(1));
    assert_eq!(fee().await, "50.00", "49.9995, half up");
}

/// Tariffs are kept between searches: whatever of one changes must be seen by the very next.
#[tokio::test]
async fn the_next_search_knows_every_change() {
    let server = Server::start().await;
    let (desk, house) = (Desk::new(&server), &server.adler);
    let (dbl, base) = (json!(house.unit_type("DBL")), json!(desk.base));
    let (arrival, departure) = (house.night(5), house.night(6));
    let offer = async || {
        desk.offer(&dbl, &format!("arrival={arrival}&departure={departure}"))
            .await
    };
    let before = offer().await;
    assert_eq!(offer().await, before);

    let policy = json!({ "code": "FLEX", "name": "Flexible", "text": "Free until noon.", "cancellation": [],
        "no_show": {}, "deposit_percent": "0" });
    let policy = desk.add("policies", policy).await;
    desk.change("rate-plans", &base, json!({ "policy_id": policy["id"] }))
        .await;
    assert_eq!(
        offer().await["policy"]["text"],
        "Free until noon.",
        "a plan changed"
    );
    desk.change("policies", &policy["id"], json!({ "text": "Never." }))
        .await;
    assert_eq!(offer().await["policy"]["text"], "Never.", "a policy changed");
    let mut conn = server.database.superuser().await.unwrap();
    let rename = "update unit_type set name = 'Grand double' where code = 'DBL'";
    conn.execute(rename).await.unwrap();
    assert_eq!(
        offer().await["unit_type_name"],
        "Grand double",
        "a unit type changed"
    );

    let tax = desk
        .add("taxes-and-fees", percent("VAT", "10", false, "room"))
        .await;
    assert_eq!(offer().await["total"]["amount"], "165.00", "a tax came");
    desk.change("taxes-and-fees", &tax["id"], json!({ "active": false }))
        .await;
    assert_eq!(offer().await["total"]["amount"], "150.00", "a tax went");
    let prices = format!("{}/rate-plans/{}/occupancy-prices", desk.at, desk.base);
    let price = json!({ "unit_type_id": dbl, "included_adults": 3, "missing_adult": "20.00", "extra_adult": "0.00",
        "children": [], "extra_bed": "0.00" });
    for (items, total, why) in [
        (json!([price]), "130.00", "an occupancy price came"),
        (json!([]), "150.00", "an occupancy price went"),
    ] {
        desk.caller.put(&prices, &json!({ "items": items })).await.is(200);
        assert_eq!(offer().await["total"]["amount"], total, "{why}");
    }

    let extra = json!({ "code": "BRK", "name": "Breakfast", "charge": "per_stay", "price": { "amount": "9.00", "currency": "EUR" } });
    let extra = desk.add("extras", extra).await;
    let query = format!("arrival={arrival}&departure={departure}");
    assert_eq!(desk.search(&query).await["extras"][0]["price"]["amount"], "9.00");
    desk.change(
        "extras",
        &extra["id"],
        json!({ "price": { "amount": "9.50", "currency": "EUR" } }),
    )
    .await;
    assert_eq!(desk.search(&query).await["extras"][0]["price"]["amount"], "9.50");
}
