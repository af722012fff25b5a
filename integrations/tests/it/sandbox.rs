//! The adapter against the sandbox, which read the documentation on its own: a misreading shows here.

use crate::server::{access, impatient};
use innkeep_domain::channel::revision::{ChannelRevision, RevisionStatus};
use innkeep_domain::ports::channel::{Access, AvailabilityRange, Protocol, RateFields, RateRange};
use innkeep_integrations::channex;
use rust_decimal::Decimal;
use serde_json::{Value, json};

const DOUBLE: &str = "22222222-0000-4000-8000-000000000001";
const PLAN: &str = "33333333-0000-4000-8000-000000000001";

struct Sandbox {
    access: Access,
    client: reqwest::Client,
    protocol: Protocol,
}

impl Sandbox {
    /// One hotel with one room type and one plan in it.
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let access = access(format!("http://{}", listener.local_addr().unwrap()));
        let options = innkeep_sandbox::Options::default();
        tokio::spawn(innkeep_sandbox::serve(listener, options, std::future::pending()));
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let sandbox = Self {
            protocol: channex::protocol(impatient(&access.base_url)),
            access,
            client,
        };
        let plans = json!([{"id": PLAN, "title": "Flexible"}]);
        let hotel = json!({"title": "Hotel", "currency": "EUR",
            "room_types": [{"id": DOUBLE, "title": "Double", "rate_plans": plans}]});
        let url = format!(
            "{}/sandbox/properties/{}",
            sandbox.access.base_url, sandbox.access.property
        );
        assert!(
            sandbox
                .client
                .put(url)
                .json(&hotel)
                .send()
                .await
                .unwrap()
                .status()
                .is_success()
        );
        sandbox
    }

    async fn act(&self, path: &str, body: Value) -> Value {
        let url = format!("{}/sandbox/{path}", self.access.base_url);
        let answer = self.client.post(url).json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
        answer.json().await.unwrap()
    }

    /// Reads the only message waiting and acknowledges it.
    async fn take(&self) -> ChannelRevision {
        let feed = self.protocol.feed.clone().unwrap();
        let messages = feed.unacknowledged(&self.access).await.unwrap();
        let [message] = messages.as_slice() else {
            panic!("{messages:?}")
        };
        feed.acknowledge(&self.access, &message.message_id).await.unwrap();
        let revision = self.protocol.reader.read(&message.raw).unwrap();
        assert_eq!(revision.revision, message.message_id);
        revision
    }

    async fn tell(&self, price: Decimal, availability: i32) -> (usize, usize) {
        let (from, last) = ("2027-01-01".parse().unwrap(), "2027-01-09".parse().unwrap());
        let rooms = [AvailabilityRange {
            room: DOUBLE.into(),
            from,
            last,
            availability,
        }];
        let fields = RateFields {
            price: Some(price),
            min_stay_arrival: Some(1),
            min_stay_through: Some(1),
            max_stay: Some(0),
            closed_to_arrival: Some(false),
            closed_to_departure: Some(false),
            stop_sell: Some(false),
        };
        let rates = [RateRange {
            rate: PLAN.into(),
            from,
            last,
            fields,
        }];
        let sink = self.protocol.sink.clone().unwrap();
        let availability = sink.push_availability(&self.access, &rooms).await.unwrap();
        let rate = sink.push_rates(&self.access, &rates).await.unwrap();
        (availability.rejected.len(), rate.rejected.len())
    }
}

#[tokio::test]
async fn what_is_told_is_sold_and_comes_back() {
    let sandbox = Sandbox::start().await;
    assert_eq!(sandbox.tell(Decimal::ONE_HUNDRED, 2).await, (0, 0));
    let room = json!({"room_type_id": DOUBLE, "rate_plan_id": PLAN, "checkin_date": "2027-01-08",
        "checkout_date": "2027-01-10", "adults": 2, "children": 1, "infants": 0});
    let hotel = format!("properties/{}/bookings", sandbox.access.property);
    let sold = sandbox.act(&hotel, json!({"rooms": [room]})).await;
    let new = sandbox.take().await;
    assert_eq!(Some(new.booking_ref.as_str()), sold["booking_id"].as_str());
    assert_eq!((new.status, new.total), (RevisionStatus::New, Decimal::from(200)));
    let first = new.rooms.first().unwrap();
    assert_eq!((first.nights.len(), first.adults, first.children), (2, 2, 1));
    assert_eq!(
        (first.room_type.as_deref(), first.rate_plan.as_deref()),
        (Some(DOUBLE), Some(PLAN))
    );
    sandbox
        .act(
            &format!("bookings/{}/cancel", new.booking_ref),
            json!({"without_rooms": true}),
        )
        .await;
    let cancelled = sandbox.take().await;
    assert_eq!(
        (cancelled.status, cancelled.rooms.len()),
        (RevisionStatus::Cancelled, 0)
    );
    assert_eq!(cancelled.booking_ref, new.booking_ref);
    assert!(cancelled.revised_at > new.revised_at);
    let feed = sandbox.protocol.feed.clone().unwrap();
    assert!(feed.unacknowledged(&sandbox.access).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_is_told_can_be_read_back() {
    let sandbox = Sandbox::start().await;
    assert_eq!(sandbox.tell(Decimal::ONE_HUNDRED, 2).await, (0, 0));
    let source = sandbox.protocol.source.clone().unwrap();
    let nights = |from: &str, last: &str| (from.parse().unwrap(), last.parse().unwrap());
    let (from, last) = nights("2027-01-08", "2027-01-10");
    let units = source.availability(&sandbox.access, from, last).await.unwrap();
    let units: Vec<i32> = units[DOUBLE].values().copied().collect();
    assert_eq!(units, [2, 2, 0], "never told of the last");
    let rates = source.rates(&sandbox.access, from, last).await.unwrap();
    let told = RateFields {
        price: Some(Decimal::ONE_HUNDRED),
        min_stay_arrival: Some(1),
        min_stay_through: Some(1),
        max_stay: Some(0),
        closed_to_arrival: Some(false),
        closed_to_departure: Some(false),
        stop_sell: Some(false),
    };
    assert_eq!(rates[PLAN][&from], told);
    let mut nowhere = sandbox.access.clone();
    nowhere.property = "99999999-0000-4000-8000-000000000001".into();
    let refused = source.availability(&nowhere, from, last).await.unwrap_err();
    assert!(!refused.is_fault(), "{refused}");
}

#[tokio::test]
async fn what_it_rejects_is_reported() {
    let sandbox = Sandbox::start().await;
    assert_eq!(sandbox.tell(-Decimal::ONE, 2).await, (0, 1));
}
