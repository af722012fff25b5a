//! Bodies that cannot be right: each is told its own code, and nothing is stored.

use crate::support::{Server, booking, room, unknown};
use reqwest::Method;
use serde_json::{Value, json};

struct Case {
    what: &'static str,
    path: String,
    method: Method,
    body: String,
    status: u16,
    code: &'static str,
}

/// A good booking with one thing changed.
fn spoilt(server: &Server, change: impl FnOnce(&mut Value)) -> String {
    let mut body = booking(&server.adler, &[room(&server.adler, "DBL", 3, 2)]);
    change(&mut body);
    body.to_string()
}

fn bookings(server: &Server) -> Vec<Case> {
    let case = |what, status, code, body: String| Case {
        what,
        path: "/v1/bookings".into(),
        method: Method::POST,
        body,
        status,
        code,
    };
    let with = |change: fn(&mut Value)| spoilt(server, change);
    let no = "invalid_body";
    let mut cases = vec![
        case("nothing", 400, no, String::new()),
        case("half an object", 400, no, "{\"property_id\":".into()),
        case("not JSON", 400, no, "property_id=1".into()),
        case("a list", 400, no, "[]".into()),
        case("null", 400, no, "null".into()),
        case("deep nesting", 400, no, "[".repeat(50_000)),
        case("an unknown field", 400, no, with(|b| b["colour"] = json!("red"))),
        case(
            "an unknown field inside",
            400,
            no,
            with(|b| b["rooms"][0]["price"] = json!("1.00")),
        ),
        case(
            "a missing field",
            400,
            no,
            with(|b| drop(b.as_object_mut().unwrap().remove("booker"))),
        ),
        case(
            "a number for text",
            400,
            no,
            with(|b| b["booker"]["name"] = json!(7)),
        ),
        case(
            "text for a number",
            400,
            no,
            with(|b| b["rooms"][0]["adults"] = json!("two")),
        ),
        case(
            "a fraction of a guest",
            400,
            no,
            with(|b| b["rooms"][0]["adults"] = json!(1.5)),
        ),
        case(
            "a number too large",
            400,
            no,
            with(|b| b["rooms"][0]["adults"] = json!(99_999_999_999_u64)),
        ),
        case(
            "an id that is none",
            400,
            no,
            with(|b| b["property_id"] = json!("1")),
        ),
        case(
            "29 February 2027",
            400,
            no,
            with(|b| b["rooms"][0]["arrival"] = json!("2027-02-29")),
        ),
        case(
            "the 13th month",
            400,
            no,
            with(|b| b["rooms"][0]["arrival"] = json!("2027-13-01")),
        ),
        case(
            "an instant for a date",
            400,
            no,
            with(|b| b["rooms"][0]["arrival"] = json!("2027-02-01T00:00:00Z")),
        ),
        case(
            "a country of three letters",
            400,
            no,
            with(|b| b["booker"]["country"] = json!("DEU")),
        ),
        case(
            "a price as a number",
            400,
            no,
            with(|b| b["expected_total"] = json!({ "amount": 1, "currency": "EUR" })),
        ),
        case("no rooms", 422, "out_of_range", with(|b| b["rooms"] = json!([]))),
        case(
            "nobody",
            422,
            "out_of_range",
            with(|b| b["rooms"][0]["adults"] = json!(0)),
        ),
        case(
            "minus one child",
            422,
            "out_of_range",
            with(|b| b["rooms"][0]["children_ages"] = json!([18])),
        ),
        case(
            "a booker without a name",
            422,
            "invalid_text",
            with(|b| b["booker"]["name"] = json!("  ")),
        ),
        case(
            "a NUL in a name",
            422,
            "invalid_text",
            with(|b| b["booker"]["name"] = json!("A\u{0}B")),
        ),
        case(
            "a NUL in the notes",
            422,
            "invalid_text",
            with(|b| b["notes"] = json!("A\u{0}B")),
        ),
        case(
            "a NUL in the country",
            400,
            no,
            with(|b| b["booker"]["country"] = json!("A\u{0}")),
        ),
        case(
            "endless notes",
            422,
            "too_long",
            with(|b| b["notes"] = json!("x".repeat(4001))),
        ),
        case(
            "another currency expected",
            409,
            "price_changed",
            with(|b| b["expected_total"] = json!({ "amount": "300.00", "currency": "USD" })),
        ),
        case(
            "departure before arrival",
            422,
            "departure_before_arrival",
            with(|b| b["rooms"][0]["departure"] = json!("2027-01-02")),
        ),
        case(
            "no night at all",
            422,
            "departure_before_arrival",
            with(|b| b["rooms"][0]["departure"] = b["rooms"][0]["arrival"].clone()),
        ),
        case(
            "10,000 nights",
            422,
            "stay_too_long",
            with(|b| b["rooms"][0]["departure"] = json!("2054-05-25")),
        ),
    ];
    let rooms = vec![room(&server.adler, "DBL", 3, 1); 51];
    cases.push(case(
        "51 rooms",
        422,
        "out_of_range",
        booking(&server.adler, &rooms).to_string(),
    ));
    for field in ["unit_type_id", "rate_plan_id"] {
        let body = spoilt(server, |b| b["rooms"][0][field] = json!(unknown()));
        cases.push(case("an unknown product", 404, "not_found", body));
    }
    cases.push(case(
        "an unknown property",
        404,
        "not_found",
        spoilt(server, |b| b["property_id"] = json!(unknown())),
    ));
    cases
}

fn others(server: &Server) -> Vec<Case> {
    let property = format!("/v1/properties/{}", server.adler.property_id);
    let case = |what, path: &str, status, code, body: Value| Case {
        what,
        path: path.to_owned(),
        method: if path.ends_with("/ari") {
            Method::PATCH
        } else {
            Method::POST
        },
        body: body.to_string(),
        status,
        code,
    };
    let new = |zone: &str, currency: &str, kind: &str, name: &str| json!({ "name": name, "kind": kind, "zone": zone, "currency": currency });
    let ari = format!("{property}/ari");
    let price = |amount: &str, currency: &str| {
        json!({ "prices": [{ "unit_type_id": server.adler.unit_type("DBL"), "rate_plan_id": server.adler.base_plan,
            "from": "2027-01-05", "to": "2027-01-06", "price": { "amount": amount, "currency": currency } }] })
    };
    let restriction = |field: &str, value: Value| {
        json!({ "restrictions": [{ "unit_type_id": server.adler.unit_type("DBL"), "rate_plan_id": server.adler.base_plan,
            "from": "2027-01-05", "to": "2027-01-06", field: value }] })
    };
    let connection = |protocol: &str, url: &str| json!({ "property_id": server.adler.property_id, "protocol": protocol, "name": "C", "base_url": url });
    let too_many = vec![price("1.00", "EUR")["prices"][0].clone(); 501];
    vec![
        case(
            "an unknown zone",
            "/v1/properties",
            422,
            "unknown_zone",
            new("Mars/Olympus", "EUR", "hotel", "X"),
        ),
        case(
            "an unknown currency",
            "/v1/properties",
            422,
            "unknown_currency",
            new("Europe/Rome", "XYZ", "hotel", "X"),
        ),
        case(
            "an unknown kind",
            "/v1/properties",
            422,
            "unknown_kind",
            new("Europe/Rome", "EUR", "castle", "X"),
        ),
        case(
            "a name of 201",
            "/v1/properties",
            422,
            "invalid_text",
            new("Europe/Rome", "EUR", "hotel", &"x".repeat(201)),
        ),
        case(
            "a negative price",
            &ari,
            422,
            "negative_price",
            price("-0.01", "EUR"),
        ),
        case(
            "an absurd price",
            &ari,
            422,
            "price_too_large",
            price("1000000000", "EUR"),
        ),
        case(
            "a price in words",
            &ari,
            400,
            "invalid_body",
            price("cheap", "EUR"),
        ),
        case(
            "a foreign currency",
            &ari,
            422,
            "foreign_currency",
            price("1.00", "USD"),
        ),
        case(
            "an unknown weekday",
            &ari,
            400,
            "invalid_body",
            restriction("weekdays", json!(["caturday"])),
        ),
        case(
            "a minimum stay of 0",
            &ari,
            422,
            "out_of_range",
            restriction("min_stay_arrival", json!(0)),
        ),
        case(
            "501 entries",
            &ari,
            422,
            "too_many_entries",
            json!({ "prices": too_many }),
        ),
        case(
            "an unknown protocol",
            "/v1/channel-connections",
            422,
            "unknown_protocol",
            connection("telex", "https://example.org"),
        ),
        case(
            "an address of a file",
            "/v1/channel-connections",
            400,
            "invalid_body",
            connection("channex", "file:///etc/passwd"),
        ),
        case(
            "a channel without a key",
            "/v1/channel-connections",
            422,
            "missing_field",
            connection("channex", "https://example.org"),
        ),
        case(
            "a NUL in a log-in",
            "/v1/auth/login",
            401,
            "wrong_credentials",
            json!({ "email": "a\u{0}@b", "password": "x" }),
        ),
        case(
            "a NUL in a channel's key",
            "/v1/channel-connections",
            422,
            "invalid_text",
            json!({
            "property_id": server.adler.property_id, "protocol": "channex", "name": "C", "base_url": "https://example.org",
            "external_property": "x", "api_key": "a\u{0}" }),
        ),
        case(
            "unit type for 0",
            &format!("{property}/unit-types"),
            422,
            "out_of_range",
            json!({ "code": "X", "name": "X", "max_occupancy": 0 }),
        ),
        case(
            "no units",
            &format!("{property}/units"),
            400,
            "invalid_body",
            json!({ "unit_type_id": server.adler.unit_type("DBL"), "names": [] }),
        ),
        case(
            "a malformed id in the path",
            "/v1/bookings/not-an-id/actions/cancel",
            400,
            "invalid_parameter",
            Value::Null,
        ),
        case(
            "an unknown booking",
            &format!("/v1/bookings/{}/actions/cancel", unknown()),
            404,
            "not_found",
            Value::Null,
        ),
    ]
}

#[tokio::test]
async fn each_is_told_its_code_and_nothing_is_stored() {
    let server = Server::start().await;
    let manager = server.manager();
    let mut before = server.stored().await;
    let mut wrong = Vec::new();
    for case in bookings(&server).into_iter().chain(others(&server)) {
        let request = manager
            .request(case.method, &case.path)
            .header("content-type", "application/json");
        let answer = manager.send(request.body(case.body)).await;
        let code = answer.body["code"].as_str().unwrap_or_default();
        let problem = answer.header("content-type") == Some("application/problem+json");
        if (answer.status, code, problem) != (case.status, case.code, true) {
            wrong.push(format!("{}: {} {}", case.what, answer.status, answer.text));
        }
        let after = server.stored().await;
        if after != before {
            wrong.push(format!("{}: something was stored", case.what));
        }
        before = after;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
