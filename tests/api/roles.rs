//! Who may do what: the whole table, each cell tried.

use crate::support::{Answer, Caller, Server, booking, room};
use innkeep_domain::Role::{self, Accountant, FrontDesk, Housekeeping, Manager, Owner, ReadOnly};
use serde_json::json;

const ALL: &[Role] = &[Owner, Manager, FrontDesk, Accountant, Housekeeping, ReadOnly];
const LEADING: &[Role] = &[Owner, Manager];
const SELLING: &[Role] = &[Owner, Manager, FrontDesk];
const READING: &[Role] = &[Owner, Manager, FrontDesk, Accountant, ReadOnly];

const ACCOUNTING: &[Role] = &[Owner, Manager, FrontDesk, Accountant];

const TABLE: [(&str, &[Role]); 29] = [
    ("list_properties", ALL),
    ("get_property", ALL),
    ("get_ari", ALL),
    ("list_offers", ALL),
    ("create_property", LEADING),
    ("create_rate_plan", LEADING),
    ("change_ari", LEADING),
    ("list_taxes_and_fees", ALL),
    ("create_tax_or_fee", LEADING),
    ("create_extra", LEADING),
    ("create_promo_code", LEADING),
    ("create_policy", LEADING),
    ("replace_occupancy_prices", LEADING),
    ("create_quote", SELLING),
    ("list_bookings", READING),
    ("create_booking", SELLING),
    ("list_guests", ACCOUNTING),
    ("list_duplicate_guests", ACCOUNTING),
    ("create_guest", SELLING),
    ("list_groups", READING),
    ("create_group", SELLING),
    ("release_group", SELLING),
    ("list_companies", ACCOUNTING),
    ("create_company", SELLING),
    ("get_dashboard", READING),
    ("list_alerts", READING),
    ("list_events", READING),
    ("list_channel_connections", LEADING),
    ("create_channel_connection", LEADING),
];

async fn try_it(server: &Server, caller: &Caller<'_>, operation: &str, n: usize) -> Answer {
    let house = &server.adler;
    let property = format!("/v1/properties/{}", house.property_id);
    let id = house.property_id;
    match operation {
        "list_properties" => caller.get("/v1/properties").await,
        "get_property" => caller.get(&property).await,
        "get_ari" => {
            caller
                .get(&format!("{property}/ari?from=2027-01-05&to=2027-01-06"))
                .await
        }
        "list_offers" => {
            caller
                .get(&format!(
                    "{property}/offers?arrival=2027-01-05&departure=2027-01-06"
                ))
                .await
        }
        "create_property" => {
            let new = json!({ "name": "New", "kind": "marina", "zone": "Europe/Paris", "currency": "EUR" });
            caller.post("/v1/properties", &new).await
        }
        "create_rate_plan" => {
            caller
                .post(
                    &format!("{property}/rate-plans"),
                    &json!({ "code": format!("P{n}"), "name": "P" }),
                )
                .await
        }
        "change_ari" => {
            let stock = json!({ "unit_type_id": house.unit_type("DBL"), "from": "2027-01-05", "to": "2027-01-05", "blocked": 0 });
            caller
                .patch(&format!("{property}/ari"), &json!({ "availability": [stock] }))
                .await
        }
        "list_taxes_and_fees" => caller.get(&format!("{property}/taxes-and-fees")).await,
        "create_tax_or_fee" => {
            let new = json!({ "code": format!("T{n}"), "name": "T", "kind": "fee", "charge": "per_stay", "value": "1.00", "included": false });
            caller.post(&format!("{property}/taxes-and-fees"), &new).await
        }
        "create_extra" => {
            let price = json!({ "amount": "1.00", "currency": "EUR" });
            let new = json!({ "code": format!("E{n}"), "name": "E", "charge": "per_stay", "price": price });
            caller.post(&format!("{property}/extras"), &new).await
        }
        "create_promo_code" => {
            let new = json!({ "code": format!("P{n}"), "name": "P", "kind": "amount", "value": "1.00" });
            caller.post(&format!("{property}/promo-codes"), &new).await
        }
        "create_policy" => {
            let new = json!({ "code": format!("P{n}"), "name": "P", "text": "P", "no_show": {} });
            caller.post(&format!("{property}/policies"), &new).await
        }
        "replace_occupancy_prices" => {
            let path = format!("{property}/rate-plans/{}/occupancy-prices", house.base_plan);
            caller.put(&path, &json!({ "items": [] })).await
        }
        "create_quote" => {
            let new = json!({ "property_id": id, "rooms": [room(house, "DBL", n as u64, 1)] });
            caller.post("/v1/quotes", &new).await
        }
        "list_bookings" => caller.get("/v1/bookings").await,
        "create_booking" => {
            caller
                .post(
                    "/v1/bookings",
                    &booking(house, &[room(house, "DBL", n as u64, 1)]),
                )
                .await
        }
        "list_guests" => caller.get("/v1/guests?name=l").await,
        "list_duplicate_guests" => caller.get("/v1/guests/duplicates").await,
        "create_guest" => caller.post("/v1/guests", &json!({ "last_name": "L" })).await,
        "list_groups" => caller.get("/v1/groups").await,
        "create_group" => {
            let new = json!({ "property_id": id, "code": format!("G{n}"), "name": "G", "arrival": "2027-02-05",
                "departure": "2027-02-06" });
            caller.post("/v1/groups", &new).await
        }
        "release_group" => {
            // Each who may releases one of those that the three made.
            let groups = server.manager().get("/v1/groups").await.is(200);
            let id = groups.items()[n % SELLING.len()]["id"]
                .as_str()
                .unwrap()
                .to_owned();
            caller.act(&format!("/v1/groups/{id}/actions/release")).await
        }
        "list_companies" => caller.get("/v1/companies").await,
        "create_company" => {
            let new = json!({ "kind": "company", "name": "Acme" });
            caller.post("/v1/companies", &new).await
        }
        "get_dashboard" => {
            caller
                .get(&format!(
                    "/v1/dashboard?property_id={id}&from=2027-01-05&to=2027-01-06"
                ))
                .await
        }
        "list_alerts" => caller.get("/v1/alerts").await,
        "list_events" => caller.get("/v1/events").await,
        "list_channel_connections" => caller.get("/v1/channel-connections").await,
        _ => {
            let new = json!({ "property_id": id, "protocol": "webhook", "name": "Agent" });
            caller.post("/v1/channel-connections", &new).await
        }
    }
}

#[tokio::test]
async fn each_role_may_do_what_stands_in_its_row() {
    let server = Server::start().await;
    for (operation, may) in TABLE {
        for (n, role) in Role::ALL.into_iter().enumerate() {
            let caller = server.caller(&server.adler, role);
            let before = server.stored().await;
            let answer = try_it(&server, &caller, operation, n).await;
            if may.contains(&role) {
                assert!(
                    answer.status < 300,
                    "{operation} as {}: {}",
                    role.name(),
                    answer.text
                );
            } else {
                answer.problem(403, "missing_permission");
                assert_eq!(server.stored().await, before, "{operation} as {}", role.name());
            }
        }
    }
}
