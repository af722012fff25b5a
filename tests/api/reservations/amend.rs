//! Other dates, another type, other guests.

use super::{Stay, amount, reprice, sound, stock};
use crate::support::Server;
use innkeep_domain::Role;
use serde_json::json;

#[tokio::test]
async fn dates_change_at_the_difference_and_changing_back_restores_the_total() {
    let server = Server::start().await;
    let house = &server.adler;
    let stay = Stay::book(&server, "DBL", 3, 2).await;
    reprice(&server, "DBL", "180.00").await;
    let longer = json!({ "departure": house.night(7) });
    let preview = stay.act("preview-amend", &longer).await.is(200).body;
    assert_eq!(
        (amount(&preview["difference"]), amount(&preview["after"]["total"])),
        ("360.00", "660.00")
    );
    assert_eq!(
        amount(&stay.read().await["total"]),
        "300.00",
        "a preview changes nothing"
    );
    let mut wrong = longer.clone();
    wrong["expected_total"] = json!({ "amount": "600.00", "currency": "EUR" });
    stay.act("amend", &wrong).await.problem(409, "price_changed");
    let done = stay.act("amend", &longer).await.is(200);
    assert_eq!(done.body["after"], stay.read().await);
    assert_eq!(amount(&done.body["booking_total"]), "660.00");
    assert_eq!(
        (stock(&server, "DBL", 6).await, stock(&server, "DBL", 7).await),
        ((1, 0), (0, 0))
    );
    let shorter = json!({ "departure": house.night(5) });
    let back = stay.act("amend", &shorter).await.is(200).body;
    assert_eq!(
        (amount(&back["difference"]), amount(&back["after"]["total"])),
        ("-360.00", "300.00")
    );
    assert_eq!(amount(&stay.booking().await["total"]), "300.00");
    let moved = json!({ "arrival": house.night(4), "departure": house.night(6) });
    let moved = stay.act("amend", &moved).await.is(200).body;
    assert_eq!(
        amount(&moved["after"]["total"]),
        "330.00",
        "one night as agreed, one at today's price"
    );
    assert_eq!(
        (stock(&server, "DBL", 3).await, stock(&server, "DBL", 5).await),
        ((0, 0), (1, 0))
    );
    sound(&server).await;
}

#[tokio::test]
async fn another_type_from_the_middle_of_the_stay_is_a_move() {
    let server = Server::start().await;
    let house = &server.adler;
    let stay = Stay::book(&server, "DBL", 3, 4).await;
    let to_suite = json!({ "unit_type_id": house.unit_type("STE"), "from": house.night(5) });
    let done = stay.act("amend", &to_suite).await.is(200).body;
    assert_eq!(
        (amount(&done["difference"]), amount(&done["after"]["total"])),
        ("100.00", "700.00")
    );
    let types: Vec<_> = done["after"]["nights"]
        .as_array()
        .unwrap()
        .iter()
        .map(|n| n["unit_type_id"].clone())
        .collect();
    let (dbl, ste) = (json!(house.unit_type("DBL")), json!(house.unit_type("STE")));
    assert_eq!(types, [dbl.clone(), dbl, ste.clone(), ste]);
    assert_eq!(
        (stock(&server, "DBL", 4).await, stock(&server, "STE", 4).await),
        ((1, 0), (0, 0))
    );
    assert_eq!(
        (stock(&server, "DBL", 5).await, stock(&server, "STE", 5).await),
        ((0, 0), (1, 0))
    );
    stay.act(
        "amend",
        &json!({ "unit_type_id": house.unit_type("SGL"), "from": house.night(7) }),
    )
    .await
    .problem(422, "outside_stay");
    sound(&server).await;
}

#[tokio::test]
async fn an_upgrade_keeps_the_agreed_prices() {
    let server = Server::start().await;
    let house = &server.adler;
    let stay = Stay::book(&server, "SGL", 3, 2).await;
    let upgrade = json!({ "unit_type_id": house.unit_type("STE"), "keep_prices": true });
    let done = stay.act("amend", &upgrade).await.is(200).body;
    assert_eq!(
        (amount(&done["difference"]), amount(&done["after"]["total"])),
        ("0.00", "200.00")
    );
    assert_eq!(
        done["after"]["unit_type_id"],
        json!(house.unit_type("SGL")),
        "booked and priced as before"
    );
    assert_eq!(
        (stock(&server, "SGL", 3).await, stock(&server, "STE", 3).await),
        ((0, 0), (1, 0))
    );
    let longer = stay
        .act("amend", &json!({ "departure": house.night(6) }))
        .await
        .is(200)
        .body;
    assert_eq!(
        amount(&longer["difference"]),
        "100.00",
        "one more night of what was booked"
    );
    assert_eq!(stock(&server, "STE", 5).await, (1, 0), "in the room they have");
    let back = json!({ "unit_type_id": house.unit_type("SGL") });
    let back = stay.act("amend", &back).await.is(200).body;
    assert_eq!(amount(&back["difference"]), "0.00", "a single's prices anew");
    assert_eq!(
        (stock(&server, "SGL", 3).await, stock(&server, "STE", 3).await),
        ((1, 0), (0, 0)),
        "in what was booked"
    );
    sound(&server).await;
}

#[tokio::test]
async fn a_refused_change_changes_nothing_and_says_why() {
    let server = Server::start().await;
    let house = &server.adler;
    let _other = Stay::book(&server, "STE", 5, 1).await;
    let stay = Stay::book(&server, "STE", 3, 2).await;
    let before = (stay.read().await, server.stored().await);
    let longer = json!({ "departure": house.night(6) });
    let refused = stay.act("amend", &longer).await.problem(409, "no_availability");
    assert!(
        refused.text.contains(&house.night(5).to_string()),
        "{}",
        refused.text
    );
    stay.act("amend", &json!({ "adults": 9 }))
        .await
        .problem(409, "not_bookable");
    stay.act("amend", &json!({ "departure": house.night(3) }))
        .await
        .problem(422, "departure_before_arrival");
    stay.act(
        "amend",
        &json!({ "arrival": house.night(3) - chrono::Days::new(9) }),
    )
    .await
    .problem(409, "not_bookable");
    stay.act("amend", &json!({ "unit_type_id": server.mare.unit_type("APT") }))
        .await
        .problem(404, "not_found");
    let path = format!("/v1/reservations/{}/actions/amend", stay.id);
    let manager = server.manager();
    let stale = manager.with_header(reqwest::Method::POST, &path, ("if-match", "\"7\""), &longer);
    stale.await.problem(412, "stale_version");
    assert_eq!((stay.read().await, server.stored().await), before);
    let forced = json!({ "amendment": longer, "reason": "the guest is the owner's aunt" });
    let desk = server.caller(house, Role::FrontDesk);
    stay.post(&desk, "force-amend", &forced)
        .await
        .problem(403, "missing_permission");
    stay.act("force-amend", &json!({ "amendment": longer, "reason": " " }))
        .await
        .problem(422, "invalid_text");
    stay.act("force-amend", &forced).await.is(200);
    assert_eq!(stock(&server, "STE", 5).await, (2, 0));
    let timeline = server
        .manager()
        .get(&format!("/v1/bookings/{}/timeline", stay.booking))
        .await
        .is(200)
        .body;
    assert_eq!(timeline["items"][1]["reason"], "the guest is the owner's aunt");
    sound(&server).await;
}
