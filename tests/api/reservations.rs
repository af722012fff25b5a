//! `/v1/reservations` and holds: what happens to a stay after it was booked.

mod amend;
mod back;
mod holds;

use crate::support::{Answer, Caller, Server, booking, room};
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
    assert_eq!(verify::tenant(&mut tx, server.app.clock.now()).await.unwrap(), []);
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
