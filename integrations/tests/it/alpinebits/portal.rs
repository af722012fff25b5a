//! The client against the sandbox's portal, which read the standard on its own: a misreading shows here.

mod told;

use crate::server::impatient;
use chrono::NaiveDate;
use innkeep_domain::channel::revision::{ChannelRevision, RevisionStatus};
use innkeep_domain::clock::Clock;
use innkeep_domain::ports::channel::{
    Access, AvailabilityRange, ChannelError, NightsRange, Protocol, PushReport, RateFields,
};
use innkeep_integrations::alpinebits;
use rust_decimal::{Decimal, dec};
use serde_json::{Value, json};

struct Portal {
    access: Access,
    base: String,
    client: reqwest::Client,
    protocol: Protocol,
}

impl Portal {
    /// The hotel `H7` with doubles `DZ` and singles `EZ`; `spec` says what differs.
    async fn start(spec: Value) -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let options = innkeep_sandbox::Options::default();
        tokio::spawn(innkeep_sandbox::serve(listener, options, std::future::pending()));
        let portal = Self {
            access: Access {
                base_url: format!("{base}/alpinebits"),
                api_key: "hotel:secret".into(),
                property: "H7".into(),
                currency: "EUR".into(),
                signing_secrets: Vec::new(),
            },
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
            protocol: alpinebits::protocol(impatient(&base)),
            base,
        };
        portal.is(spec).await;
        portal
    }

    async fn is(&self, spec: Value) {
        let mut hotel = json!({ "user": "hotel", "password": "secret", "categories": ["DZ", "EZ"] });
        hotel
            .as_object_mut()
            .unwrap()
            .extend(spec.as_object().unwrap().clone());
        let url = format!("{}/sandbox/alpinebits/hotels/H7", self.base);
        let answer = self.client.put(url).json(&hotel).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }

    async fn get(&self, path: &str) -> Value {
        let url = format!("{}/sandbox/alpinebits/hotels/H7{path}", self.base);
        self.client.get(url).send().await.unwrap().json().await.unwrap()
    }

    async fn act(&self, path: &str, body: Value) -> Value {
        let url = format!("{}/sandbox/alpinebits/hotels/H7{path}", self.base);
        let answer = self.client.post(url).json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
        answer.json().await.unwrap()
    }

    async fn calendar(&self) -> Value {
        self.get("/calendar?from=2027-01-01&to=2027-01-09").await
    }

    async fn tell_rooms(&self, room: &str, availability: i32) -> Result<PushReport, ChannelError> {
        let range = AvailabilityRange {
            room: room.into(),
            from: day(2),
            last: day(4),
            availability,
        };
        let sink = self.protocol.sink.clone().unwrap();
        sink.push_availability(&self.access, &[range]).await
    }

    async fn tell_nights(&self, ranges: &[NightsRange]) -> Result<PushReport, ChannelError> {
        let sink = self.protocol.sink.clone().unwrap();
        sink.push_nights(&self.access, ranges).await
    }

    /// Reads what waits and acknowledges it.
    async fn take(&self) -> Vec<ChannelRevision> {
        let feed = self.protocol.feed.clone().unwrap();
        let messages = feed.unacknowledged(&self.access).await.unwrap();
        for message in &messages {
            feed.acknowledge(&self.access, &message.message_id).await.unwrap();
        }
        let read = |raw: &str| self.protocol.reader.read(raw).unwrap();
        messages.iter().map(|message| read(&message.raw)).collect()
    }

    async fn actions(&self) -> Vec<(String, String)> {
        let calls = self.get("/calls").await["calls"].as_array().unwrap().clone();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let pair = |call: &Value| (text(&call["action"]), text(&call["version"]));
        calls.iter().map(pair).collect()
    }
}

fn day(number: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2027, 1, number).unwrap()
}

fn open(price: Decimal) -> RateFields {
    RateFields {
        price: Some(price),
        min_stay_arrival: Some(1),
        min_stay_through: Some(1),
        max_stay: Some(0),
        closed_to_arrival: Some(false),
        closed_to_departure: Some(false),
        stop_sell: Some(false),
    }
}

fn nights(room: &str, nights: Vec<RateFields>) -> NightsRange {
    NightsRange {
        rate: "STD".into(),
        shared: true,
        room: room.into(),
        guests: 2,
        currency: "EUR".into(),
        from: day(2),
        nights,
    }
}

/// With everything that restricts, first and last.
fn various() -> Vec<RateFields> {
    let restricted = RateFields {
        min_stay_arrival: Some(3),
        min_stay_through: Some(2),
        max_stay: Some(7),
        closed_to_arrival: Some(true),
        closed_to_departure: Some(true),
        ..open(dec!(80.50))
    };
    let closed = RateFields {
        stop_sell: Some(true),
        ..open(dec!(90))
    };
    vec![
        restricted.clone(),
        open(dec!(90)),
        closed,
        open(dec!(90)),
        restricted,
    ]
}

#[tokio::test]
async fn free_rooms_are_believed_night_by_night_the_last_one_included() {
    for version in ["2024-10", "2022-10"] {
        let portal = Portal::start(json!({ "versions": [version] })).await;
        assert_eq!(portal.tell_rooms("DZ", 3).await, Ok(PushReport::default()));
        assert_eq!(portal.tell_rooms("EZ", 0).await, Ok(PushReport::default()));
        let free = &portal.calendar().await["free"];
        assert_eq!(free["DZ"]["2027-01-01"], Value::Null);
        assert_eq!(
            (&free["DZ"]["2027-01-02"], &free["DZ"]["2027-01-04"]),
            (&json!(3), &json!(3))
        );
        assert_eq!(free["DZ"]["2027-01-05"], Value::Null);
        assert_eq!(free["EZ"]["2027-01-03"], json!(0));
        let pushed = ("OTA_HotelInvCountNotif:FreeRooms".to_owned(), version.to_owned());
        let shaken = ("OTA_Ping:Handshaking".to_owned(), "2024-10".to_owned());
        assert_eq!(
            portal.actions().await,
            [shaken, pushed.clone(), pushed],
            "one handshake for both"
        );
    }
}

#[tokio::test]
async fn prices_and_restrictions_are_believed_night_by_night() {
    for version in ["2024-10", "2022-10"] {
        let portal = Portal::start(json!({ "versions": [version] })).await;
        let told = [nights("DZ", various()), nights("EZ", vec![open(dec!(70))])];
        assert_eq!(portal.tell_nights(&told).await, Ok(PushReport::default()));
        let plans = &portal.calendar().await["plans"]["STD"];
        let free = json!({ "price": "90", "guests": 2, "min_stay_arrival": 1, "min_stay_through": 1, "max_stay": 0,
                           "arrival": true, "departure": true, "open": true });
        let restricted = json!({ "price": "80.50", "guests": 2, "min_stay_arrival": 3, "min_stay_through": 2,
                                 "max_stay": 7, "arrival": false, "departure": false, "open": true });
        assert_eq!(
            (&plans["DZ"]["2027-01-02"], &plans["DZ"]["2027-01-06"]),
            (&restricted, &restricted)
        );
        assert_eq!(
            (&plans["DZ"]["2027-01-03"], &plans["DZ"]["2027-01-05"]),
            (&free, &free)
        );
        let closed = &plans["DZ"]["2027-01-04"];
        assert_eq!((&closed["open"], &closed["price"]), (&json!(false), &Value::Null));
        assert_eq!(plans["EZ"]["2027-01-02"]["price"], "70");
        assert_eq!(plans["EZ"]["2027-01-03"], Value::Null);
        // And what restricts no more is lifted.
        let lifted = [nights("DZ", vec![open(dec!(95))])];
        assert_eq!(portal.tell_nights(&lifted).await, Ok(PushReport::default()));
        let lifted = json!({ "price": "95", "guests": 2, "min_stay_arrival": 1, "min_stay_through": 1, "max_stay": 0,
                             "arrival": true, "departure": true, "open": true });
        assert_eq!(
            portal.calendar().await["plans"]["STD"]["DZ"]["2027-01-02"],
            lifted
        );
    }
}

/// A stay of at least five nights and at most three: nobody can arrive.
#[tokio::test]
async fn lengths_that_exclude_each_other_close_to_arrival() {
    let portal = Portal::start(json!({})).await;
    let fields = RateFields {
        min_stay_arrival: Some(5),
        max_stay: Some(3),
        ..open(dec!(90))
    };
    assert_eq!(
        portal.tell_nights(&[nights("DZ", vec![fields])]).await,
        Ok(PushReport::default())
    );
    let night = &portal.calendar().await["plans"]["STD"]["DZ"]["2027-01-02"];
    assert_eq!(
        (&night["arrival"], &night["max_stay"]),
        (&json!(false), &json!(3))
    );
}

#[tokio::test]
async fn what_the_portal_has_no_word_for_is_rejected_and_never_sold_when_closed() {
    let few = json!([
        "OTA_HotelInvCountNotif_accept_categories",
        "OTA_HotelInvCountNotif_accept_deltas",
        "OTA_HotelRatePlanNotif_accept_overlay"
    ]);
    let portal = Portal::start(json!({ "capabilities": few })).await;
    let closed = RateFields {
        stop_sell: Some(true),
        ..open(dec!(90))
    };
    let told = [
        nights("DZ", vec![open(dec!(90)), closed]),
        nights("EZ", various()),
    ];
    let report = portal.tell_nights(&told).await.unwrap();
    let rejected: Vec<usize> = report.rejected.iter().map(|one| one.range).collect();
    assert_eq!(rejected, [1]);
    assert!(
        report.rejected[0].reason.contains("booking rules"),
        "{:?}",
        report.rejected
    );
    let plans = &portal.calendar().await["plans"]["STD"];
    assert_eq!(
        (
            &plans["DZ"]["2027-01-02"]["price"],
            &plans["DZ"]["2027-01-03"]["price"]
        ),
        (&json!("90"), &Value::Null)
    );
}

#[tokio::test]
async fn without_deltas_or_overlays_a_clear_refusal_and_another_handshake() {
    let portal = Portal::start(json!({ "capabilities": ["OTA_HotelInvCountNotif_accept_categories"] })).await;
    let refused = |error: ChannelError| match error {
        ChannelError::Refused { status, code, detail } => (status, code, detail),
        other => panic!("{other}"),
    };
    let (status, code, detail) = refused(portal.tell_rooms("DZ", 3).await.unwrap_err());
    assert_eq!((status, code.as_str()), (0, "not_agreed"));
    assert!(detail.contains("accept_deltas"), "{detail}");
    let (_, _, detail) = refused(portal.tell_nights(&[nights("DZ", various())]).await.unwrap_err());
    assert!(detail.contains("accept_overlay"), "{detail}");
    portal.is(json!({})).await;
    assert_eq!(
        portal.tell_rooms("DZ", 3).await,
        Ok(PushReport::default()),
        "it was asked anew"
    );
}

#[tokio::test]
async fn a_warning_about_a_category_rejects_its_ranges_only() {
    let portal = Portal::start(json!({ "categories": ["DZ"] })).await;
    let told = [nights("DZ", various()), nights("EZ", vec![open(dec!(70))])];
    let report = portal.tell_nights(&told).await.unwrap();
    let rejected: Vec<usize> = report.rejected.iter().map(|one| one.range).collect();
    assert_eq!(rejected, [1]);
    let report = portal.tell_rooms("EZ", 3).await.unwrap();
    assert_eq!(report.rejected.len(), 1);
    assert!(!report.asks_for_all);
}

#[tokio::test]
async fn a_portal_that_lost_what_it_knew_asks_for_all_of_it() {
    let portal = Portal::start(json!({})).await;
    portal.act("/forget", json!({})).await;
    let report = portal.tell_rooms("DZ", 3).await.unwrap();
    assert_eq!((report.asks_for_all, report.rejected.len()), (true, 0));
    assert!(!portal.tell_rooms("DZ", 3).await.unwrap().asks_for_all);
}

#[tokio::test]
async fn a_wrong_password_is_a_refusal() {
    let mut portal = Portal::start(json!({})).await;
    portal.access.api_key = "hotel:guessed".into();
    let error = portal.tell_rooms("DZ", 3).await.unwrap_err();
    assert!(
        matches!(&error, ChannelError::Refused { status: 401, code, .. } if code == "unauthorized"),
        "{error}"
    );
}

#[tokio::test]
async fn what_is_sold_changed_and_cancelled_is_read_and_acknowledged() {
    let portal = Portal::start(json!({})).await;
    let stay = |departure: &str| {
        json!({ "category": "DZ", "plan": "STD", "arrival": "2027-01-02",
                                         "departure": departure, "force": true })
    };
    let sold = portal.act("/reservations", stay("2027-01-04")).await;
    let id = sold["id"].as_str().unwrap().to_owned();
    let [first] = <[ChannelRevision; 1]>::try_from(portal.take().await).unwrap();
    assert_eq!(
        (first.status, first.booking_ref.as_str()),
        (RevisionStatus::New, id.as_str())
    );
    assert_eq!(
        (first.total, first.rooms[0].room_type.as_deref()),
        (dec!(200), Some("DZ"))
    );
    assert!(portal.take().await.is_empty(), "it heard the acknowledgement");
    portal
        .act(&format!("/reservations/{id}/modify"), stay("2027-01-05"))
        .await;
    let [changed] = <[ChannelRevision; 1]>::try_from(portal.take().await).unwrap();
    assert_eq!(
        (changed.status, changed.rooms[0].departure),
        (RevisionStatus::Modified, day(5))
    );
    portal.act(&format!("/reservations/{id}/cancel"), json!({})).await;
    let [gone] = <[ChannelRevision; 1]>::try_from(portal.take().await).unwrap();
    assert_eq!(
        (gone.status, gone.booking_ref, gone.rooms.len()),
        (RevisionStatus::Cancelled, id, 0)
    );
    let all = portal.get("/reservations").await["reservations"]
        .as_array()
        .unwrap()
        .clone();
    assert!(all.iter().all(|one| one["acknowledged"] == true), "{all:?}");
}

/// Of a change that does not say when it was made, the time of the sale says nothing: it would be older than any other.
#[tokio::test]
async fn changes_without_their_time_count_in_the_order_in_which_they_come() {
    let portal = Portal::start(json!({ "omits_last_modified": true })).await;
    let stay = json!({ "category": "DZ", "plan": "STD", "arrival": "2027-01-02", "departure": "2027-01-04",
                       "force": true });
    let sold = portal.act("/reservations", stay.clone()).await;
    let id = sold["id"].as_str().unwrap().to_owned();
    assert!(portal.take().await[0].revised_at.is_some());
    portal.act(&format!("/reservations/{id}/modify"), stay).await;
    assert_eq!(portal.take().await[0].revised_at, None);
    portal.act(&format!("/reservations/{id}/cancel"), json!({})).await;
    assert_eq!(portal.take().await[0].revised_at, None);
}

/// For bookings that were lost on the way: asked for by days, acknowledged or not.
#[tokio::test]
async fn bookings_of_some_days_are_shown_again() {
    let portal = Portal::start(json!({})).await;
    let stay = json!({ "category": "DZ", "plan": "STD", "arrival": "2027-01-02", "departure": "2027-01-04",
                       "force": true });
    portal.act("/reservations", stay).await;
    assert_eq!(portal.take().await.len(), 1);
    assert!(portal.take().await.is_empty(), "it was acknowledged");
    let recovery = portal.protocol.more.recovery.clone().unwrap();
    let today = Clock::System.now().date_naive();
    let of = async |from: NaiveDate, to: NaiveDate| {
        let messages = recovery.messages(&portal.access, from, to).await.unwrap();
        messages.len()
    };
    let yesterday = today.pred_opt().unwrap();
    assert_eq!(of(yesterday, today.succ_opt().unwrap()).await, 1);
    assert_eq!(
        of(yesterday.pred_opt().unwrap(), yesterday).await,
        0,
        "it came later"
    );
    let silent = Portal::start(json!({ "actions": ["action_OTA_Ping"] })).await;
    let recovery = silent.protocol.more.recovery.clone().unwrap();
    let error = recovery
        .messages(&silent.access, yesterday, today)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("cannot be asked"), "{error}");
}

/// A portal that looks at nothing but the version of a handshake is asked in the one before.
#[tokio::test]
async fn a_portal_that_refuses_the_newest_version_is_asked_in_the_one_before() {
    let portal = Portal::start(json!({ "versions": ["2022-10"], "strict_handshake": true })).await;
    assert_eq!(portal.tell_rooms("DZ", 3).await, Ok(PushReport::default()));
    let shaken = |version: &str| ("OTA_Ping:Handshaking".to_owned(), version.to_owned());
    let pushed = (
        "OTA_HotelInvCountNotif:FreeRooms".to_owned(),
        "2022-10".to_owned(),
    );
    assert_eq!(
        portal.actions().await,
        [shaken("2024-10"), shaken("2022-10"), pushed]
    );
}

/// Nothing is sold: it is kept for a person, and the portal hears that it is.
#[tokio::test]
async fn a_question_is_kept_as_one_and_acknowledged() {
    let portal = Portal::start(json!({})).await;
    let question = json!({ "category": "DZ", "plan": "STD", "arrival": "2027-01-02", "departure": "2027-01-04",
                           "question": true });
    portal.act("/reservations", question).await;
    let feed = portal.protocol.feed.clone().unwrap();
    let [message] = <[_; 1]>::try_from(feed.unacknowledged(&portal.access).await.unwrap()).unwrap();
    let reader = &portal.protocol.reader;
    let about = "DZ for 2, from 2027-01-02 to 2027-01-04";
    assert_eq!(reader.question(&message.raw).as_deref(), Some(about));
    assert!(reader.read(&message.raw).is_err(), "nobody can book it");
    feed.acknowledge(&portal.access, &message.message_id)
        .await
        .unwrap();
    let all = portal.get("/reservations").await["reservations"].clone();
    assert_eq!(
        (&all[0]["acknowledged"], &all[0]["refused"]),
        (&json!(true), &Value::Null)
    );
}

#[tokio::test]
async fn a_portal_without_requests_to_read_has_none() {
    let portal =
        Portal::start(json!({ "actions": ["action_OTA_Ping", "action_OTA_HotelInvCountNotif"] })).await;
    assert!(portal.take().await.is_empty());
}
