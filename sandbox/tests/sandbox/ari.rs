//! Pushing and reading back.

use serde_json::{Value, json};

use crate::support::{BAR, DOUBLE, Fixture, HOTEL, count};

#[tokio::test]
async fn the_key_is_required_everywhere_but_on_the_control_api() {
    let sandbox = Fixture::start().await;
    let url = format!("{}/api/v1/properties/{HOTEL}", sandbox.base);
    let refused = sandbox.http.get(&url).send().await.unwrap();
    assert_eq!(refused.status(), 401);
    let body: Value = refused.json().await.unwrap();
    assert_eq!(
        body,
        json!({ "errors": { "code": "unauthorized", "title": "Unauthorized" } })
    );
    assert_eq!(
        sandbox.get(&format!("/api/v1/properties/{HOTEL}")).await.status,
        200
    );
    assert_eq!(sandbox.get("/api/v1/properties/none").await.status, 404);
    let control = sandbox
        .http
        .get(format!("{}/sandbox/properties", sandbox.base))
        .send()
        .await
        .unwrap();
    assert_eq!(control.status(), 200);
}

#[tokio::test]
async fn a_fixed_key_must_match() {
    let options = innkeep_sandbox::Options {
        seed: 0,
        api_key: Some("other".to_owned()),
    };
    let sandbox = Fixture::start_with(options, Value::Null).await;
    assert_eq!(
        sandbox.get(&format!("/api/v1/properties/{HOTEL}")).await.status,
        401
    );
}

#[tokio::test]
async fn values_apply_in_order_and_the_last_wins() {
    let sandbox = Fixture::start().await;
    let range = json!({ "property_id": HOTEL, "room_type_id": DOUBLE, "date_from": "2027-01-01", "date_to": "2027-01-03", "availability": 7 });
    let answer = sandbox.availability(json!([range, count("2027-01-02", 2)])).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body["data"][0]["type"], "task");
    assert_eq!(
        answer.body["meta"],
        json!({ "message": "Success", "warnings": [] })
    );
    assert_eq!(sandbox.left("2027-01-02").await, json!(2));
    sandbox.availability(json!([count("2027-01-02", 2), range])).await;
    assert_eq!(sandbox.left("2027-01-02").await, json!(7));
}

#[tokio::test]
async fn ranges_include_both_ends_and_nothing_else() {
    let sandbox = Fixture::start().await;
    sandbox.open_double("2027-02-10", "2027-02-12", 4).await;
    let path = format!(
        "/api/v1/availability?filter[property_id]={HOTEL}&filter[date][gte]=2027-02-09&filter[date][lte]=2027-02-13"
    );
    let expected =
        json!({ "2027-02-09": 0, "2027-02-10": 4, "2027-02-11": 4, "2027-02-12": 4, "2027-02-13": 0 });
    assert_eq!(sandbox.get(&path).await.body["data"][DOUBLE], expected);
    assert_eq!(sandbox.left("2027-02-13").await, Value::Null);
}

#[tokio::test]
async fn the_days_mask_thins_a_range() {
    let sandbox = Fixture::start().await;
    // 2027-03-01 is a Monday.
    let weekend = json!({
        "property_id": HOTEL, "rate_plan_id": BAR, "date_from": "2027-03-01", "date_to": "2027-03-14",
        "days": ["sa", "su"], "rate": 15000, "min_stay_arrival": 2, "stop_sell": false,
    });
    assert_eq!(
        sandbox.restrictions(json!([weekend])).await.body["meta"]["warnings"],
        json!([])
    );
    assert_eq!(sandbox.cell("2027-03-05").await["rate"], Value::Null);
    assert_eq!(sandbox.cell("2027-03-06").await["rate"], "150.00");
    assert_eq!(sandbox.cell("2027-03-14").await["min_stay_arrival"], 2);
    assert_eq!(sandbox.cell("2027-03-08").await["min_stay_arrival"], Value::Null);
}

#[tokio::test]
async fn fields_left_out_keep_their_value_and_read_back() {
    let sandbox = Fixture::start().await;
    let cell = json!({ "property_id": HOTEL, "rate_plan_id": BAR, "date": "2027-03-01" });
    let with = |field: &str, value: Value| {
        let mut cell = cell.clone();
        cell[field] = value;
        cell
    };
    let values = json!([
        with("max_stay", json!(9)),
        with("rate", json!("99.90")),
        with("closed_to_arrival", json!(true))
    ]);
    assert_eq!(
        sandbox.restrictions(values).await.body["meta"]["warnings"],
        json!([])
    );
    let path = format!(
        "/api/v1/restrictions?filter[property_id]={HOTEL}&filter[date]=2027-03-01&filter[restrictions]=rate,max_stay,closed_to_arrival,stop_sell"
    );
    let expected = json!({ "rate": "99.90", "max_stay": 9, "closed_to_arrival": true, "stop_sell": false });
    assert_eq!(sandbox.get(&path).await.body["data"][BAR]["2027-03-01"], expected);
    let missing = format!("/api/v1/restrictions?filter[property_id]={HOTEL}&filter[date]=2027-03-01");
    let refused = sandbox.get(&missing).await;
    assert_eq!(
        (refused.status, &refused.body["errors"]["details"]),
        (400, &json!(["restrictions is required"]))
    );
}

#[tokio::test]
async fn rates_per_occupancy() {
    let sandbox = Fixture::start().await;
    let value = json!({
        "property_id": HOTEL, "rate_plan_id": BAR, "date": "2027-03-01",
        "rates": [{ "occupancy": 1, "rate": 8000 }, { "occupancy": 2, "rate": "100.00" }],
    });
    assert_eq!(
        sandbox.restrictions(json!([value])).await.body["meta"]["warnings"],
        json!([])
    );
    let cell = sandbox.cell("2027-03-01").await;
    assert_eq!(cell["rates"], json!({ "1": "80.00", "2": "100.00" }));
    assert_eq!(cell["rate"], "100.00");
}

#[tokio::test]
async fn bad_values_are_warned_about_and_good_ones_applied() {
    let sandbox = Fixture::start().await;
    let bad = json!({
        "property_id": HOTEL, "rate_plan_id": BAR, "date_from": "2027-04-03", "date_to": "2027-04-05", "booked": -1,
        "closed_to_arrival": 3, "closed_to_departure": 4, "max_stay": -2, "min_stay_arrival": -2,
        "min_stay_through": -1, "rate": "-2", "stop_sell": 123,
    });
    let good = json!({ "property_id": HOTEL, "rate_plan_id": BAR, "date": "2027-04-04", "rate": "80.00" });
    let answer = sandbox.restrictions(json!([bad, good])).await;
    assert_eq!(answer.status, 200);
    let mut expected = bad;
    expected["warning"] = json!({
        "closed_to_arrival": ["is invalid"],
        "closed_to_departure": ["is invalid"],
        "max_stay": ["must be greater than or equal to 0"],
        "min_stay_arrival": ["must be greater than or equal to 1"],
        "min_stay_through": ["must be greater than or equal to 1"],
        "rate": ["must be greater than 0"],
        "stop_sell": ["is invalid"],
    });
    assert_eq!(answer.body["meta"]["warnings"], json!([expected]));
    assert_eq!(sandbox.cell("2027-04-04").await["rate"], "80.00");
    assert_eq!(sandbox.cell("2027-04-03").await["rate"], Value::Null);
    assert_eq!(sandbox.calls().await[0]["applied"], 1);
}

#[tokio::test]
async fn what_else_is_refused_value_by_value() {
    let sandbox = Fixture::start().await;
    let value = |field: &str, wrong: Value| {
        let mut value = count("2027-05-01", 1);
        value[field] = wrong;
        value
    };
    let backwards = json!({ "property_id": HOTEL, "room_type_id": DOUBLE, "date_from": "2027-05-02", "date_to": "2027-05-01", "availability": 1 });
    let values = json!([
        value("availability", json!(-1)),
        value("availability", json!(1.5)),
        value("availability", Value::Null),
        value("room_type_id", json!("unheard of")),
        value("days", json!(["monday"])),
        value("date", json!("2027-02-30")),
        backwards,
    ]);
    let answer = sandbox.availability(values).await;
    let warnings = answer.body["meta"]["warnings"].as_array().unwrap();
    let complaint = |index: usize| {
        warnings[index]["warning"]
            .as_object()
            .unwrap()
            .keys()
            .next()
            .unwrap()
            .as_str()
    };
    let fields: Vec<&str> = (0..warnings.len()).map(complaint).collect();
    assert_eq!(
        fields,
        [
            "availability",
            "availability",
            "availability",
            "room_type_id",
            "days",
            "date",
            "date_to"
        ]
    );
    assert_eq!(answer.body["data"], json!([]));
    assert_eq!(sandbox.left("2027-05-01").await, Value::Null);
}

#[tokio::test]
async fn an_unknown_property_refuses_the_call() {
    let sandbox = Fixture::start().await;
    let mut stranger = count("2027-05-01", 1);
    stranger["property_id"] = json!("nobody");
    let answer = sandbox
        .availability(json!([count("2027-05-01", 1), stranger]))
        .await;
    assert_eq!(
        (answer.status, &answer.body["errors"]["code"]),
        (422, &json!("validation_error"))
    );
    assert_eq!(sandbox.left("2027-05-01").await, Value::Null);
}
