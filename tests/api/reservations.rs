//! `/v1/reservations` and holds: what happens to a stay after it was booked.

use crate::support::{Answer, Caller, NOW, Server, booking, room};
use chrono::{DateTime, Duration, Utc};
use innkeep_domain::booking::hold;
use innkeep_domain::{Role, verify};
use serde_json::{Value, json};

struct Stay<'a> {
    server: &'a Server,
    booking: String,
    id: String,
}

impl<'a> Stay<'a> {
    /// `nights` nights in a room of this type, so many nights from the business date on. A night costs 100 in a single,
    /// 150 in a double, 200 in the suite.
    async fn book(server: &'a Server, code: &str, from: u64, nights: u64) -> Self {
        let new = booking(&server.adler, &[room(&server.adler, code, from, nights)]);
        Self::made(server, &server.manager().post("/v1/bookings", &new).await.is(201))
    }

    fn made(server: &'a Server, answer: &Answer) -> Self {
        let id = answer.body["reservations"][0]["id"].as_str().unwrap().to_owned();
        Self {
            server,
            booking: answer.id().to_owned(),
            id,
        }
    }

    async fn read(&self) -> Value {
        self.server
            .manager()
            .get(&format!("/v1/reservations/{}", self.id))
            .await
            .is(200)
            .body
    }

    async fn booking(&self) -> Value {
        self.server
            .manager()
            .get(&format!("/v1/bookings/{}", self.booking))
            .await
            .is(200)
            .body
    }

    async fn post(&self, who: &Caller<'_>, action: &str, body: &Value) -> Answer {
        let path = format!("/v1/reservations/{}/actions/{action}", self.id);
        match body {
            Value::Null => who.act(&path).await,
            body => who.post(&path, body).await,
        }
    }

    async fn act(&self, action: &str, body: &Value) -> Answer {
        self.post(&self.server.manager(), action, body).await
    }
}

/// (sold, held) of a night.
async fn stock(server: &Server, code: &str, night: u64) -> (i64, i64) {
    let house = &server.adler;
    let night = house.night(night);
    let path = format!("/v1/properties/{}/ari?from={night}&to={night}", house.property_id);
    let ari = server.manager().get(&path).await.is(200).body;
    let id = json!(house.unit_type(code));
    let types = ari["unit_types"].as_array().unwrap().clone();
    let night = types.into_iter().find(|u| u["unit_type_id"] == id).unwrap()["nights"][0].clone();
    (night["sold"].as_i64().unwrap(), night["held"].as_i64().unwrap())
}

async fn sound(server: &Server) {
    let mut tx = server.app.db.begin(server.adler.tenant).await.unwrap();
    assert_eq!(verify::tenant(&mut tx).await.unwrap(), []);
}

fn amount(value: &Value) -> &str {
    value["amount"].as_str().unwrap()
}

/// All prices of a unit type become this from the first day on.
async fn reprice(server: &Server, code: &str, price: &str) {
    let house = &server.adler;
    let change = json!({ "prices": [{ "unit_type_id": house.unit_type(code), "rate_plan_id": house.base_plan,
        "from": house.night(0), "to": house.night(100), "price": { "amount": price, "currency": "EUR" } }] });
    let path = format!("/v1/properties/{}/ari", house.property_id);
    server.manager().patch(&path, &change).await.is(200);
}

async fn night_passes(server: &Server, nights: i32) {
    let mut conn = server.database.superuser().await.unwrap();
    sqlx::query("update property set business_date = business_date + $1")
        .bind(nights)
        .execute(&mut conn)
        .await
        .unwrap();
}

fn held(server: &Server, code: &str, minutes: i32) -> Value {
    let mut new = booking(&server.adler, &[room(&server.adler, code, 3, 2)]);
    new["hold_minutes"] = json!(minutes);
    new
}

#[tokio::test]
async fn a_hold_keeps_its_units_until_it_is_confirmed() {
    let server = Server::start().await;
    let made = server
        .manager()
        .post("/v1/bookings", &held(&server, "STE", 15))
        .await
        .is(201);
    assert_eq!(made.body["status"], "tentative");
    assert_eq!(made.body["hold_expires_at"], "2027-01-04T10:15:00+00:00");
    assert_eq!(stock(&server, "STE", 3).await, (0, 1));
    let other = booking(&server.adler, &[room(&server.adler, "STE", 4, 1)]);
    server
        .manager()
        .post("/v1/bookings", &other)
        .await
        .problem(409, "no_availability");
    reprice(&server, "STE", "999.00").await;
    let path = format!("/v1/bookings/{}/actions/confirm", made.id());
    let confirmed = server.manager().act(&path).await.is(200).body;
    assert_eq!(
        (&confirmed["status"], amount(&confirmed["total"])),
        (&json!("confirmed"), "400.00")
    );
    assert_eq!(confirmed.get("hold_expires_at"), None);
    assert_eq!(stock(&server, "STE", 3).await, (1, 0));
    server.manager().act(&path).await.problem(409, "not_held");
    sound(&server).await;
}

#[tokio::test]
async fn a_hold_whose_time_has_passed_is_not_confirmed_and_its_units_are_free_again() {
    let server = Server::start().await;
    let made = server
        .manager()
        .post("/v1/bookings", &held(&server, "STE", 15))
        .await
        .is(201);
    server.app.clock.advance(Duration::minutes(15));
    let path = format!("/v1/bookings/{}/actions/confirm", made.id());
    server.manager().act(&path).await.problem(409, "hold_expired");
    let now: DateTime<Utc> = NOW.parse().unwrap();
    for (at, ended) in [(14, false), (15, true), (15, false)] {
        let mut tx = server.app.db.begin(server.adler.tenant).await.unwrap();
        let at = now + Duration::minutes(at);
        assert_eq!(hold::any_expired(&mut tx, at).await.unwrap(), ended);
        assert_eq!(hold::end_expired(&mut tx, at).await.unwrap(), ended);
        tx.commit().await.unwrap();
    }
    let stay = Stay::made(&server, &made);
    assert_eq!(
        (&stay.booking().await["status"], &stay.read().await["status"]),
        (&json!("cancelled"), &json!("cancelled"))
    );
    assert_eq!(amount(&stay.booking().await["total"]), "0.00");
    assert_eq!(stock(&server, "STE", 3).await, (0, 0));
    server.manager().act(&path).await.problem(409, "not_held");
    sound(&server).await;
}

/// Many confirm a hold in the very moment in which it is ended: it is sold, or free, and never both.
#[tokio::test]
async fn a_hold_is_confirmed_or_ended_by_one_winner() {
    let server = Server::start().await;
    for round in 0..10 {
        let made = server
            .manager()
            .post("/v1/bookings", &held(&server, "STE", 15))
            .await
            .is(201);
        let late: DateTime<Utc> = NOW.parse::<DateTime<Utc>>().unwrap() + Duration::minutes(20);
        let path = format!("/v1/bookings/{}/actions/confirm", made.id());
        let end = async {
            let mut tx = server.app.db.begin(server.adler.tenant).await.unwrap();
            let ended = hold::end_expired(&mut tx, late).await.unwrap();
            tx.commit().await.unwrap();
            ended
        };
        let caller = server.manager();
        let (confirmed, ended) = if round % 2 == 0 {
            tokio::join!(caller.act(&path), end)
        } else {
            let (ended, confirmed) = tokio::join!(end, caller.act(&path));
            (confirmed, ended)
        };
        assert_ne!(confirmed.status == 200, ended, "{}", confirmed.text);
        sound(&server).await;
        if confirmed.status == 200 {
            server
                .manager()
                .act(&format!("/v1/bookings/{}/actions/cancel", made.id()))
                .await
                .is(200);
        }
    }
}

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

#[tokio::test]
async fn a_guest_who_did_not_come_frees_the_nights_and_may_come_back() {
    let server = Server::start().await;
    let stay = Stay::book(&server, "STE", 1, 2).await;
    let early = stay.act("no-show", &Value::Null).await.problem(409, "too_early");
    assert!(early.text.contains("2027-01-05"), "{}", early.text);
    night_passes(&server, 1).await;
    let gone = stay.act("no-show", &Value::Null).await.is(200).body;
    assert_eq!(
        (&gone["status"], amount(&gone["fee"])),
        (&json!("no_show"), "0.00")
    );
    assert_eq!(stock(&server, "STE", 1).await, (0, 0));
    stay.act("no-show", &Value::Null)
        .await
        .problem(409, "wrong_state");
    assert_eq!(amount(&stay.booking().await["total"]), "0.00");
    let back = stay.act("reinstate", &Value::Null).await.is(200).body;
    assert_eq!(
        (&back["status"], amount(&back["total"])),
        (&json!("confirmed"), "400.00")
    );
    assert_eq!(amount(&stay.booking().await["total"]), "400.00");
    assert_eq!(stock(&server, "STE", 1).await, (1, 0));
    sound(&server).await;
}

#[tokio::test]
async fn a_cancelled_stay_comes_back_if_its_nights_are_free() {
    let server = Server::start().await;
    let stay = Stay::book(&server, "STE", 3, 2).await;
    stay.act("reinstate", &Value::Null)
        .await
        .problem(409, "wrong_state");
    stay.act("cancel", &Value::Null).await.is(200);
    assert_eq!(stay.booking().await["status"], "cancelled");
    let other = Stay::book(&server, "STE", 4, 1).await;
    stay.act("reinstate", &Value::Null)
        .await
        .problem(409, "no_availability");
    other.act("cancel", &Value::Null).await.is(200);
    stay.act("reinstate", &Value::Null).await.is(200);
    assert_eq!(stay.booking().await["status"], "confirmed");
    let third = Stay::book(&server, "DBL", 4, 1).await;
    third.act("cancel", &Value::Null).await.is(200);
    night_passes(&server, 10).await;
    third
        .act("reinstate", &Value::Null)
        .await
        .problem(409, "past_departure");
    sound(&server).await;
}

#[tokio::test]
async fn forced_back_the_house_is_overbooked_and_knows_it() {
    let server = Server::start().await;
    let stay = Stay::book(&server, "STE", 3, 1).await;
    stay.act("cancel", &Value::Null).await.is(200);
    let other = Stay::book(&server, "STE", 3, 1).await;
    stay.act("force-reinstate", &json!({ "reason": "our mistake" }))
        .await
        .is(200);
    assert_eq!(stock(&server, "STE", 3).await, (2, 0));
    sound(&server).await;
    other.act("cancel", &Value::Null).await.is(200);
    assert_eq!(stock(&server, "STE", 3).await, (1, 0));
    sound(&server).await;
}

#[tokio::test]
async fn the_timeline_tells_who_did_what() {
    let server = Server::start().await;
    let house = &server.adler;
    let stay = Stay::book(&server, "DBL", 3, 2).await;
    let desk = server.caller(house, Role::FrontDesk);
    stay.post(
        &desk,
        "amend",
        &json!({ "departure": house.night(6), "guest_name": "Grace" }),
    )
    .await
    .is(200);
    stay.act("cancel", &Value::Null).await.is(200);
    let timeline = server
        .manager()
        .get(&format!("/v1/bookings/{}/timeline", stay.booking))
        .await
        .is(200)
        .body;
    let items = timeline["items"].as_array().unwrap();
    let kinds: Vec<_> = items.iter().map(|i| i["kind"].as_str().unwrap()).collect();
    assert_eq!(
        kinds,
        ["booking.created", "reservation.amended", "booking.cancelled"]
    );
    let text = items[1]["text"].as_str().unwrap();
    assert!(
        text.ends_with(
            "departure 2027-01-09 -> 2027-01-10, guest_name none -> Grace, total 300.00 -> 450.00"
        ),
        "{text}"
    );
    assert!(!text.starts_with("user:"), "a person's name: {text}");
    let change = items[1]["changes"]
        .as_array()
        .unwrap()
        .iter()
        .find(|c| c["field"] == "departure")
        .unwrap();
    assert_eq!(
        (&change["before"], &change["after"]),
        (&json!(house.night(5)), &json!(house.night(6)))
    );
    assert_eq!(change["reservation_id"], json!(stay.id));
}

#[tokio::test]
async fn a_manager_books_against_the_rules_with_a_reason() {
    let server = Server::start().await;
    let house = &server.adler;
    let _full = Stay::book(&server, "STE", 3, 1).await;
    let wanted = booking(house, &[room(house, "STE", 3, 1)]);
    let forced = json!({ "booking": wanted, "reason": "a promise by telephone" });
    let path = "/v1/bookings/actions/force-book";
    let desk = server.caller(house, Role::FrontDesk);
    desk.post(path, &forced).await.problem(403, "missing_permission");
    let made = server.manager().post(path, &forced).await.is(201);
    assert_eq!(stock(&server, "STE", 3).await, (2, 0));
    let timeline = server
        .manager()
        .get(&format!("/v1/bookings/{}/timeline", made.id()))
        .await
        .is(200)
        .body;
    assert_eq!(timeline["items"][0]["reason"], "a promise by telephone");
    let mut unpriced = wanted.clone();
    unpriced["rooms"][0] = room(house, "STE", 200, 1);
    let unpriced = json!({ "booking": unpriced, "reason": "no price there" });
    server
        .manager()
        .post(path, &unpriced)
        .await
        .problem(409, "not_bookable");
    sound(&server).await;
}
