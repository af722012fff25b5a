//! `/v1/properties/{id}/ari`: bulk changes and reading them back.

use crate::support::{Caller, Server};
use chrono::NaiveDate;
use serde_json::{Value, json};

struct Desk<'a> {
    caller: Caller<'a>,
    path: String,
    unit_type: Value,
    base: Value,
    derived: Value,
}

impl<'a> Desk<'a> {
    fn of(server: &'a Server) -> Self {
        let house = &server.adler;
        Self {
            caller: server.manager(),
            path: format!("/v1/properties/{}/ari", house.property_id),
            unit_type: json!(house.unit_type("DBL")),
            base: json!(house.base_plan),
            derived: json!(house.derived_plan),
        }
    }

    /// An entry for the doubles under a plan, with `more` fields.
    fn entry(&self, plan: &Value, from: &str, to: &str, more: Value) -> Value {
        let mut entry =
            json!({ "unit_type_id": self.unit_type, "rate_plan_id": plan, "from": from, "to": to });
        entry
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        entry
    }

    async fn change(&self, body: Value) -> crate::support::Answer {
        self.caller.patch(&self.path, &body).await
    }

    /// The doubles' nights under a plan, by date.
    async fn rates(&self, plan: &Value, from: &str, to: &str) -> Vec<Value> {
        let ari = self
            .caller
            .get(&format!("{}?from={from}&to={to}", self.path))
            .await
            .is(200)
            .body;
        let types = ari["unit_types"].as_array().unwrap().clone();
        let doubles = types
            .iter()
            .find(|u| u["unit_type_id"] == self.unit_type)
            .unwrap();
        let plans = doubles["rate_plans"].as_array().unwrap().clone();
        let plan = plans.into_iter().find(|p| p["rate_plan_id"] == *plan).unwrap();
        plan["nights"].as_array().unwrap().clone()
    }
}

fn euros(amount: &str) -> Value {
    json!({ "price": { "amount": amount, "currency": "EUR" } })
}

#[tokio::test]
async fn a_weekday_mask_touches_only_its_days_and_derived_prices_follow() {
    let server = Server::start().await;
    let desk = Desk::of(&server);
    let mut weekend = euros("180.00");
    weekend["weekdays"] = json!(["fri", "sat"]);
    let body = json!({ "prices": [desk.entry(&desk.base, "2027-01-04", "2027-01-31", weekend)] });
    assert_eq!(desk.change(body).await.is(200).body["cells"], 8);
    let amounts = |nights: Vec<Value>| -> Vec<String> {
        nights
            .iter()
            .map(|n| n["price"]["amount"].as_str().unwrap().to_owned())
            .collect()
    };
    let week = amounts(desk.rates(&desk.base, "2027-01-04", "2027-01-10").await);
    assert_eq!(
        week,
        [
            "150.00", "150.00", "150.00", "150.00", "180.00", "180.00", "150.00"
        ]
    );
    let derived = amounts(desk.rates(&desk.derived, "2027-01-07", "2027-01-08").await);
    assert_eq!(derived, ["135.00", "162.00"]);
}

#[tokio::test]
async fn where_entries_overlap_the_last_one_wins() {
    let server = Server::start().await;
    let desk = Desk::of(&server);
    let body = json!({ "prices": [
        desk.entry(&desk.base, "2027-01-04", "2027-01-08", euros("200.00")),
        desk.entry(&desk.base, "2027-01-06", "2027-01-06", euros("250.00")),
    ]});
    desk.change(body).await.is(200);
    let nights = desk.rates(&desk.base, "2027-01-05", "2027-01-07").await;
    let amounts: Vec<_> = nights.iter().map(|n| &n["price"]["amount"]).collect();
    assert_eq!(amounts, ["200.00", "250.00", "200.00"]);
}

#[tokio::test]
async fn absent_leaves_null_clears_and_a_derived_plan_then_inherits() {
    let server = Server::start().await;
    let desk = Desk::of(&server);
    let set = |plan: &Value, more: Value| json!({ "restrictions": [desk.entry(plan, "2027-01-04", "2027-01-04", more)] });
    desk.change(set(
        &desk.base,
        json!({ "min_stay_arrival": 3, "stop_sell": true }),
    ))
    .await
    .is(200);
    desk.change(set(&desk.derived, json!({ "min_stay_arrival": 2 })))
        .await
        .is(200);
    let night = |plan| desk.rates(plan, "2027-01-04", "2027-01-04");
    let own = night(&desk.derived).await[0].clone();
    assert_eq!(
        (&own["min_stay_arrival"], &own["stop_sell"]),
        (&json!(2), &json!(true)),
        "overrides and inherits"
    );
    desk.change(set(&desk.derived, json!({ "min_stay_arrival": null })))
        .await
        .is(200);
    assert_eq!(
        night(&desk.derived).await[0]["min_stay_arrival"],
        3,
        "cleared, so inherited"
    );
    desk.change(set(&desk.base, json!({ "min_stay_arrival": null })))
        .await
        .is(200);
    let base = night(&desk.base).await[0].clone();
    assert_eq!(
        (&base["min_stay_arrival"], &base["stop_sell"]),
        (&Value::Null, &json!(true)),
        "absent = leave"
    );
    assert_eq!(base["price"]["amount"], "150.00");
}

#[tokio::test]
async fn two_years_in_one_request() {
    let server = Server::start().await;
    let desk = Desk::of(&server);
    let last = "2027-01-04".parse::<NaiveDate>().unwrap() + chrono::Days::new(729);
    let whole =
        json!({ "prices": [desk.entry(&desk.base, "2027-01-04", &last.to_string(), euros("99.00"))] });
    assert_eq!(desk.change(whole).await.is(200).body["cells"], 730);
    assert_eq!(
        desk.rates(&desk.base, "2027-01-04", &last.to_string())
            .await
            .len(),
        730
    );
    let beyond = last + chrono::Days::new(1);
    let before = server.stored().await;
    let longer =
        json!({ "prices": [desk.entry(&desk.base, "2027-01-04", &beyond.to_string(), euros("98.00"))] });
    desk.change(longer)
        .await
        .problem(422, "range_too_long")
        .at("/prices/0");
    assert_eq!(server.stored().await, before);
    let path = format!("{}?from=2027-01-04&to={beyond}", desk.path);
    desk.caller.get(&path).await.problem(422, "range_too_long");
}

#[tokio::test]
async fn blocked_units_are_not_free_and_never_below_what_is_sold() {
    let server = Server::start().await;
    let desk = Desk::of(&server);
    let stock = |more: Value| {
        let mut entry = json!({ "unit_type_id": desk.unit_type, "from": "2027-01-04", "to": "2027-01-06" });
        entry
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        json!({ "availability": [entry] })
    };
    desk.change(stock(json!({ "blocked": 4 }))).await.is(200);
    let room = crate::support::room(&server.adler, "DBL", 1, 1);
    let one = crate::support::booking(&server.adler, &[room]);
    desk.caller.post("/v1/bookings", &one).await.is(201);
    desk.caller
        .post("/v1/bookings", &one)
        .await
        .problem(409, "no_availability");
    desk.change(stock(json!({ "blocked": 5 })))
        .await
        .problem(409, "no_availability");
    desk.change(stock(json!({ "blocked": 4, "overbooking_limit": 1 })))
        .await
        .is(200);
    desk.caller.post("/v1/bookings", &one).await.is(201);
    desk.change(stock(json!({ "blocked": -1 })))
        .await
        .problem(422, "out_of_range")
        .at("/availability/0/blocked");
}

/// One bad entry among good ones: nothing of the request is stored.
#[tokio::test]
async fn the_whole_change_or_nothing() {
    let server = Server::start().await;
    let desk = Desk::of(&server);
    let good = desk.entry(&desk.base, "2027-01-04", "2027-01-05", euros("1.00"));
    let cases = [
        (
            desk.entry(&desk.base, "2027-01-05", "2027-01-04", euros("9.00")),
            422,
            "to_before_from",
            "/prices/1",
        ),
        (
            desk.entry(&desk.base, "2027-01-04", "2027-01-05", euros("-9.00")),
            422,
            "negative_price",
            "/prices/1/price/amount",
        ),
        (
            desk.entry(&desk.base, "2027-01-04", "2027-01-05", euros("9.005")),
            422,
            "too_many_decimals",
            "/prices/1/price/amount",
        ),
        (
            desk.entry(&desk.derived, "2027-01-04", "2027-01-05", euros("9.00")),
            422,
            "price_is_derived",
            "/prices/1/rate_plan_id",
        ),
    ];
    let before = server.stored().await;
    for (bad, status, code, pointer) in cases {
        desk.change(json!({ "prices": [good, bad] }))
            .await
            .problem(status, code)
            .at(pointer);
    }
    let dollars = json!({ "price": { "amount": "9.00", "currency": "USD" } });
    let dollars = desk.entry(&desk.base, "2027-01-04", "2027-01-05", dollars);
    desk.change(json!({ "prices": [good, dollars] }))
        .await
        .problem(422, "foreign_currency")
        .at("/prices/1/price/currency");
    assert_eq!(server.stored().await, before);
    assert_eq!(
        desk.rates(&desk.base, "2027-01-04", "2027-01-04").await[0]["price"]["amount"],
        "150.00"
    );
}
