//! Arrivals, departures, who is here; the overbooking worklist.

use super::{action, assert_verified, assign, book, in_house, next_business_date, property, unit};
use crate::support::{Answer, Server};
use innkeep_domain::Role;
use serde_json::{Value, json};

async fn list(server: &Server, name: &str) -> Answer {
    let desk = server.caller(&server.adler, Role::FrontDesk);
    desk.get(&property(server, &format!("/{name}"))).await.is(200)
}

fn ids(list: &Answer) -> Vec<&str> {
    list.items()
        .iter()
        .map(|s| s["reservation_id"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn each_stay_is_in_the_lists_of_its_day() {
    let server = Server::start().await;
    let single = unit(&server, "SGL-1").await;
    let guest = in_house(&server, "SGL", &single, 2).await;
    let expected = book(&server, "DBL", 0, 1).await;
    book(&server, "DBL", 1, 1).await;
    let arrivals = list(&server, "arrivals").await;
    assert_eq!(ids(&arrivals), [guest.id.as_str(), expected.id.as_str()]);
    let first = &arrivals.items()[0];
    assert_eq!(
        (&first["reference"], &first["guest_name"]),
        (&json!(guest.reference), &json!("Ada Lovelace"))
    );
    assert_eq!(
        (&first["unit"]["name"], &first["unit"]["cleanliness"]),
        (&json!("SGL-1"), &json!("clean"))
    );
    assert!(arrivals.items()[1].get("unit").is_none());
    assert!(!arrivals.text.contains("amount"), "no money at the desk");
    assert_eq!(ids(&list(&server, "in-house").await), [guest.id.as_str()]);
    assert!(ids(&list(&server, "stay-overs").await).is_empty());
    next_business_date(&server).await;
    assert_eq!(ids(&list(&server, "stay-overs").await), [guest.id.as_str()]);
    assert_eq!(ids(&list(&server, "departures").await), [expected.id.as_str()]);
    next_business_date(&server).await;
    assert_eq!(
        ids(&list(&server, "departures?date=2027-01-06").await)[0],
        guest.id
    );
    next_business_date(&server).await;
    // Overstays by a day: still here.
    assert_eq!(ids(&list(&server, "in-house").await), [guest.id.as_str()]);
    server.manager().act(&action(&guest, "check-out")).await.is(200);
    assert!(ids(&list(&server, "in-house").await).is_empty());
    let page = list(&server, "arrivals?date=2027-01-04&limit=1").await;
    let next = page.body["next_cursor"].as_str().unwrap();
    let rest = list(
        &server,
        &format!("arrivals?date=2027-01-04&limit=1&cursor={next}"),
    )
    .await;
    assert_eq!(
        (ids(&page), ids(&rest)),
        (vec![guest.id.as_str()], vec![expected.id.as_str()])
    );
}

/// Another house of the tenant, with two rooms.
async fn annexe(server: &Server) -> String {
    let manager = server.manager();
    let new = json!({ "name": "Annexe", "kind": "hotel", "zone": "Europe/Berlin", "currency": "EUR" });
    let house = manager.post("/v1/properties", &new).await.is(201);
    let path = format!("/v1/properties/{}", house.id());
    let new = json!({ "code": "R", "name": "Room", "max_occupancy": 2 });
    let unit_type = manager.post(&format!("{path}/unit-types"), &new).await.is(201);
    let units = json!({ "unit_type_id": unit_type.id(), "names": ["1", "2"] });
    manager.post(&format!("{path}/units"), &units).await.is(201);
    house.id().to_owned()
}

#[tokio::test]
async fn the_worklist_names_who_could_sleep_elsewhere() {
    let server = Server::start().await;
    let manager = server.manager();
    let annexe = annexe(&server).await;
    let worklist = property(&server, "/overbooked?from=2027-01-04&to=2027-01-14");
    assert_eq!(manager.get(&worklist).await.is(200).body["nights"], json!([]));
    let here = in_house(&server, "SGL", &unit(&server, "SGL-1").await, 2).await;
    let early = book(&server, "SGL", 1, 1).await;
    let broken = json!({ "unit_id": unit(&server, "SGL-2").await, "kind": "out_of_order", "reason": "fire",
                         "from": "2027-01-05", "to": "2027-01-06" });
    let broken = json!({ "maintenance": broken, "reason": "the fire brigade says so" });
    manager
        .post(&property(&server, "/maintenance/actions/force-create"), &broken)
        .await
        .is(201);
    let found = manager.get(&worklist).await.is(200).body;
    let night = json!({ "unit_type_id": server.adler.unit_type("SGL"), "date": "2027-01-05", "stays": 2, "units": 1,
                        "forced": 1 });
    assert_eq!(found["nights"], json!([night]));
    let stays: Vec<&Value> = found["stays"].as_array().unwrap().iter().collect();
    assert_eq!(stays.len(), 1, "who is in house ({}) does not give way", here.id);
    assert_eq!(stays[0]["reservation_id"], json!(early.id));
    let names = |key: &str| {
        let all = stays[0][key].as_array().unwrap().iter();
        all.map(|e| (e["unit_type_name"].as_str().unwrap(), e["free"].as_i64().unwrap()))
            .collect::<Vec<_>>()
    };
    assert_eq!(names("upgrades"), [("Type DBL", 5), ("Type STE", 1)]);
    assert_eq!(names("walks"), [("Room", 2)]);
    assert_eq!(stays[0]["walks"][0]["property_id"], json!(annexe));
    assert_verified(&server).await;
}

#[tokio::test]
async fn units_out_of_service_make_a_night_short_though_it_is_sold_by_right() {
    let server = Server::start().await;
    let manager = server.manager();
    let stay = book(&server, "STE", 3, 2).await;
    let idle = json!({ "unit_id": unit(&server, "STE-1").await, "kind": "out_of_service", "reason": "paint",
                       "from": "2027-01-08", "to": "2027-01-09" });
    manager
        .post(&property(&server, "/maintenance"), &idle)
        .await
        .is(201);
    let found = manager
        .get(&property(&server, "/overbooked?from=2027-01-04&to=2027-01-14"))
        .await
        .is(200)
        .body;
    let night = &found["nights"][0];
    assert_eq!(
        (&night["date"], &night["units"], &night["forced"]),
        (&json!("2027-01-08"), &json!(0), &json!(0))
    );
    assert_eq!(found["stays"][0]["reference"], json!(stay.reference));
    let limits = property(&server, "/overbooked?from=2027-01-04&to=2027-05-14");
    manager.get(&limits).await.problem(422, "invalid_range");
    assign(&server, &stay, &unit(&server, "STE-1").await)
        .await
        .problem(409, "unit_taken");
}
