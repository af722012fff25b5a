//! Tenants do not see each other: another tenant's id is answered, byte for byte, like an id that does not exist.

use crate::support::{Answer, Server, booking, room, unknown};
use innkeep_domain::Role;
use reqwest::Method;
use serde_json::{Value, json};

/// Ids of the other tenant's things.
struct Theirs {
    property: String,
    booking: String,
    reservation: String,
    connection: String,
    guest: String,
    company: String,
    group: String,
    plan: String,
    /// Of pricing: path of its kind, id, and a change.
    pricing: Vec<(&'static str, String, Value)>,
    quote: String,
}

async fn theirs(server: &Server) -> Theirs {
    let host = server.caller(&server.mare, Role::Owner);
    let made = host
        .post(
            "/v1/bookings",
            &booking(&server.mare, &[room(&server.mare, "APT", 3, 2)]),
        )
        .await
        .is(201);
    let channel = json!({ "property_id": server.mare.property_id, "protocol": "webhook", "name": "Agent" });
    let guest = host
        .post("/v1/guests", &json!({ "last_name": "Roe" }))
        .await
        .is(201);
    let company = json!({ "kind": "company", "name": "Theirs" });
    let company = host.post("/v1/companies", &company).await.is(201);
    let house = &server.mare;
    let group = json!({ "property_id": house.property_id, "code": "G", "name": "G", "arrival": house.night(9),
        "departure": house.night(11) });
    let group = host.post("/v1/groups", &group).await.is(201);
    let connected = host.post("/v1/channel-connections", &channel).await.is(201);
    let at = format!("/v1/properties/{}", server.mare.property_id);
    let mut pricing = Vec::new();
    for (kind, body, change) in pricing_kinds() {
        let made = host.post(&format!("{at}/{kind}"), &body).await.is(201);
        pricing.push((kind, made.id().to_owned(), change));
    }
    let quote = json!({ "property_id": server.mare.property_id, "rooms": [room(&server.mare, "APT", 3, 1)] });
    let quote = host.post("/v1/quotes", &quote).await.is(201).id().to_owned();
    Theirs {
        plan: server.mare.base_plan.to_string(),
        pricing,
        quote,
        property: server.mare.property_id.to_string(),
        booking: made.id().to_owned(),
        reservation: made.body["reservations"][0]["id"].as_str().unwrap().to_owned(),
        guest: guest.id().to_owned(),
        company: company.id().to_owned(),
        group: group.id().to_owned(),
        connection: connected.body["connection"]["id"].as_str().unwrap().to_owned(),
    }
}

/// What hangs under a property's prices: path, body of a new one, a change.
fn pricing_kinds() -> [(&'static str, Value, Value); 4] {
    let price = json!({ "amount": "1.00", "currency": "EUR" });
    let tax = json!({ "code": "X", "name": "X", "kind": "tax", "charge": "per_stay", "value": "1.00", "included": false });
    let named = json!({ "name": "Mine now" });
    [
        ("taxes-and-fees", tax, named.clone()),
        (
            "extras",
            json!({ "code": "X", "name": "X", "charge": "per_stay", "price": price }),
            named.clone(),
        ),
        (
            "promo-codes",
            json!({ "code": "X", "name": "X", "kind": "percent", "value": "5" }),
            named.clone(),
        ),
        (
            "policies",
            json!({ "code": "X", "name": "X", "text": "X", "no_show": {} }),
            named,
        ),
    ]
}

/// Every operation that takes an id in its path: method, path with `{}` for the id, body.
fn by_path(server: &Server, theirs: &Theirs) -> Vec<(Method, String, String, Value)> {
    let (from, to) = (server.adler.night(1), server.adler.night(2));
    let ari = json!({ "prices": [{ "unit_type_id": server.adler.unit_type("SGL"), "rate_plan_id": server.adler.base_plan,
        "from": from, "to": to, "price": { "amount": "1.00", "currency": "EUR" } }] });
    let units = json!({ "unit_type_id": server.adler.unit_type("SGL"), "names": ["X"] });
    let unit_type = json!({ "code": "X", "name": "X", "max_occupancy": 1 });
    let plan = json!({ "code": "X", "name": "X" });
    let mut all = Vec::new();
    let mut add =
        |method: Method, path: &str, id: &str, body| all.push((method, path.to_owned(), id.to_owned(), body));
    let p = &theirs.property;
    add(Method::GET, "/v1/properties/{}", p, Value::Null);
    add(
        Method::PATCH,
        "/v1/properties/{}",
        p,
        json!({ "name": "Mine now" }),
    );
    add(Method::GET, "/v1/properties/{}/unit-types", p, Value::Null);
    add(Method::POST, "/v1/properties/{}/unit-types", p, unit_type);
    let theirs_type = server.mare.unit_type("APT").unwrap();
    add(
        Method::PATCH,
        &format!("/v1/properties/{{}}/unit-types/{theirs_type}"),
        p,
        json!({ "name": "Mine now" }),
    );
    add(Method::GET, "/v1/properties/{}/units", p, Value::Null);
    add(Method::POST, "/v1/properties/{}/units", p, units);
    add(Method::GET, "/v1/properties/{}/rate-plans", p, Value::Null);
    add(Method::POST, "/v1/properties/{}/rate-plans", p, plan);
    add(
        Method::GET,
        "/v1/properties/{}/ari?from=2027-01-05&to=2027-01-06",
        p,
        Value::Null,
    );
    add(Method::PATCH, "/v1/properties/{}/ari", p, ari);
    add(
        Method::GET,
        "/v1/properties/{}/offers?arrival=2027-01-05&departure=2027-01-06",
        p,
        Value::Null,
    );
    add(
        Method::GET,
        "/v1/dashboard?property_id={}&from=2027-01-05&to=2027-01-06",
        p,
        Value::Null,
    );
    add(Method::GET, "/v1/bookings?property_id={}", p, Value::Null);
    add(Method::GET, "/v1/bookings/{}", &theirs.booking, Value::Null);
    add(
        Method::POST,
        "/v1/bookings/{}/actions/cancel",
        &theirs.booking,
        Value::Null,
    );
    add(
        Method::GET,
        "/v1/reservations/{}",
        &theirs.reservation,
        Value::Null,
    );
    add(
        Method::POST,
        "/v1/reservations/{}/actions/cancel",
        &theirs.reservation,
        Value::Null,
    );
    let b = &theirs.booking;
    let because = json!({ "reason": "because" });
    add(Method::POST, "/v1/bookings/{}/actions/confirm", b, Value::Null);
    add(
        Method::POST,
        "/v1/bookings/{}/actions/force-cancel",
        b,
        because.clone(),
    );
    add(Method::GET, "/v1/bookings/{}/timeline", b, Value::Null);
    let r = &theirs.reservation;
    add(
        Method::GET,
        "/v1/reservations/{}/cancellation-fee",
        r,
        Value::Null,
    );
    add(
        Method::POST,
        "/v1/reservations/{}/actions/no-show",
        r,
        Value::Null,
    );
    add(
        Method::POST,
        "/v1/reservations/{}/actions/reinstate",
        r,
        Value::Null,
    );
    for path in [
        "/v1/reservations/{}/actions/force-cancel",
        "/v1/reservations/{}/actions/force-no-show",
        "/v1/reservations/{}/actions/force-reinstate",
    ] {
        add(Method::POST, path, r, because.clone());
    }
    let amend = json!({ "adults": 1 });
    let forced = json!({ "amendment": amend, "reason": "because" });
    add(
        Method::POST,
        "/v1/reservations/{}/actions/amend",
        r,
        amend.clone(),
    );
    add(
        Method::POST,
        "/v1/reservations/{}/actions/preview-amend",
        r,
        amend,
    );
    add(Method::POST, "/v1/reservations/{}/actions/force-amend", r, forced);
    add(
        Method::PATCH,
        "/v1/bookings/{}",
        &theirs.booking,
        json!({ "notes": "mine" }),
    );
    let guests = json!({ "guests": [] });
    add(
        Method::GET,
        "/v1/reservations/{}/guests",
        &theirs.reservation,
        Value::Null,
    );
    add(
        Method::PUT,
        "/v1/reservations/{}/guests",
        &theirs.reservation,
        guests,
    );
    let (g, o) = (&theirs.guest, &theirs.company);
    add(Method::GET, "/v1/guests/{}", g, Value::Null);
    add(Method::PATCH, "/v1/guests/{}", g, json!({ "vip": true }));
    add(Method::GET, "/v1/guests/{}/stays", g, Value::Null);
    let other = json!({ "other_id": unknown() });
    add(Method::POST, "/v1/guests/{}/actions/merge", g, other);
    add(Method::GET, "/v1/companies/{}", o, Value::Null);
    add(Method::PATCH, "/v1/companies/{}", o, json!({ "active": false }));
    let g = &theirs.group;
    add(Method::GET, "/v1/groups/{}", g, Value::Null);
    add(Method::PATCH, "/v1/groups/{}", g, json!({ "name": "Mine" }));
    add(
        Method::PUT,
        "/v1/groups/{}/allotment",
        g,
        json!({ "allotment": [] }),
    );
    add(
        Method::POST,
        "/v1/groups/{}/actions/force-allotment",
        &theirs.group,
        json!({ "allotment": [], "reason": "x" }),
    );
    add(
        Method::POST,
        "/v1/groups/{}/actions/wash",
        g,
        json!({ "units": 1 }),
    );
    add(Method::POST, "/v1/groups/{}/actions/release", g, Value::Null);
    add(Method::POST, "/v1/groups/{}/actions/cancel", g, Value::Null);
    add(Method::GET, "/v1/quotes/{}", &theirs.quote, Value::Null);
    let own = format!("/v1/properties/{}", server.adler.property_id);
    for (kind, id, change) in &theirs.pricing {
        add(Method::PATCH, &format!("{own}/{kind}/{{}}"), id, change.clone());
        add(
            Method::GET,
            &format!("/v1/properties/{{}}/{kind}"),
            p,
            Value::Null,
        );
    }
    for (kind, new, _) in pricing_kinds() {
        add(Method::POST, &format!("/v1/properties/{{}}/{kind}"), p, new);
    }
    let policy = theirs
        .pricing
        .iter()
        .find(|(kind, ..)| *kind == "policies")
        .unwrap();
    add(
        Method::GET,
        &format!("{own}/policies/{{}}"),
        &policy.1,
        Value::Null,
    );
    let plan = format!("{own}/rate-plans/{{}}");
    add(Method::PATCH, &plan, &theirs.plan, json!({ "name": "Mine now" }));
    add(
        Method::GET,
        &format!("{plan}/occupancy-prices"),
        &theirs.plan,
        Value::Null,
    );
    add(
        Method::PUT,
        &format!("{plan}/occupancy-prices"),
        &theirs.plan,
        json!({ "items": [] }),
    );
    let c = &theirs.connection;
    add(Method::GET, "/v1/channel-connections/{}", c, Value::Null);
    add(Method::GET, "/v1/channel-connections/{}/mappings", c, Value::Null);
    add(
        Method::PUT,
        "/v1/channel-connections/{}/mappings",
        c,
        json!({ "rooms": [], "rates": [] }),
    );
    add(
        Method::GET,
        "/v1/channel-connections/{}/sync-status",
        c,
        Value::Null,
    );
    for action in ["test", "full-sync", "pause", "resume"] {
        let path = match action {
            "test" => "/v1/channel-connections/{}/actions/test",
            "full-sync" => "/v1/channel-connections/{}/actions/full-sync",
            "pause" => "/v1/channel-connections/{}/actions/pause",
            _ => "/v1/channel-connections/{}/actions/resume",
        };
        add(Method::POST, path, c, Value::Null);
    }
    all
}

/// Asked under one request id, so that the answers can be compared whole.
async fn ask(server: &Server, method: &Method, path: &str, id: &str, body: &Value) -> Answer {
    let path = path.replace("{}", id);
    let caller = server.caller(&server.adler, Role::Owner);
    caller
        .with_header(method.clone(), &path, ("x-request-id", "the-same-for-both"), body)
        .await
}

#[tokio::test]
async fn another_tenants_id_is_like_one_that_does_not_exist() {
    let server = Server::start().await;
    let theirs = theirs(&server).await;
    let before = server.stored().await;
    for (method, path, id, body) in by_path(&server, &theirs) {
        let foreign = ask(&server, &method, &path, &id, &body).await;
        let missing = ask(&server, &method, &path, &unknown().to_string(), &body).await;
        assert_eq!(foreign.status, missing.status, "{method} {path}");
        assert_eq!(foreign.text, missing.text, "{method} {path}");
        assert!(
            foreign.status == 404 || path.starts_with("/v1/bookings?"),
            "{method} {path}: {}",
            foreign.text
        );
        let names = |a: &Answer| a.headers.keys().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(names(&foreign), names(&missing), "{method} {path}");
    }
    assert_eq!(server.stored().await, before);
}

/// Ids of another tenant in a body, one at a time, where all other ids are the caller's own.
#[tokio::test]
async fn another_tenants_ids_in_a_body_are_unknown_too() {
    let server = Server::start().await;
    let theirs = theirs(&server).await;
    let (ours, host) = (&server.adler, &server.mare);
    let owner = server.caller(ours, Role::Owner);
    let before = server.stored().await;
    let mut property = booking(ours, &[room(ours, "SGL", 3, 1)]);
    property["property_id"] = json!(host.property_id);
    let mut unit_type = booking(ours, &[room(ours, "SGL", 3, 1)]);
    unit_type["rooms"][0]["unit_type_id"] = json!(host.unit_type("APT"));
    let mut plan = booking(ours, &[room(ours, "SGL", 3, 1)]);
    plan["rooms"][0]["rate_plan_id"] = json!(host.base_plan);
    let all_of_theirs = booking(host, &[room(host, "APT", 10, 1)]);
    for body in [property, unit_type, plan, all_of_theirs] {
        owner.post("/v1/bookings", &body).await.problem(404, "not_found");
    }
    let channel = json!({ "property_id": host.property_id, "protocol": "webhook", "name": "Mine" });
    owner
        .post("/v1/channel-connections", &channel)
        .await
        .problem(404, "not_found");
    let units = json!({ "unit_type_id": host.unit_type("APT"), "names": ["X"] });
    owner
        .post(&format!("/v1/properties/{}/units", ours.property_id), &units)
        .await
        .problem(404, "not_found");
    assert_eq!(server.stored().await, before);
    assert!(!theirs.property.is_empty());
}

#[tokio::test]
async fn lists_hold_only_ones_own() {
    let server = Server::start().await;
    let theirs = theirs(&server).await;
    let owner = server.caller(&server.adler, Role::Owner);
    for path in [
        "/v1/properties",
        "/v1/bookings",
        "/v1/guests",
        "/v1/groups",
        "/v1/companies",
        "/v1/channel-connections",
        "/v1/alerts",
        "/v1/events?limit=200",
    ] {
        let list = owner.get(path).await.is(200).text;
        for id in [
            &theirs.property,
            &theirs.booking,
            &theirs.reservation,
            &theirs.connection,
            &theirs.guest,
            &theirs.company,
            &theirs.group,
        ] {
            assert!(!list.contains(id.as_str()), "{path} shows {id}");
        }
    }
}
