//! The open webhook's way out: what a seller's endpoint is posted, signed, and what its answers mean.

use crate::server::{Answer, Asked, Channel, impatient, reply};
use chrono::{DateTime, Utc};
use innkeep_domain::clock::Clock;
use innkeep_domain::ports::channel::{
    Access, AriSink, AvailabilityRange, ChannelError, PushReport, RateFields, RateRange, Rejected,
};
use innkeep_integrations::open_webhook;
use innkeep_integrations::standard_webhooks::{Headers, verify};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const SECRET: &str = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
const SECOND: &str = "whsec_QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVoxMjM0NTY=";

fn now() -> DateTime<Utc> {
    "2027-01-04T10:00:00Z".parse().unwrap()
}

struct Seller {
    channel: Channel,
    sink: Arc<dyn AriSink>,
    access: Access,
}

async fn seller(answer: Answer, secrets: &[&str]) -> Seller {
    let channel = Channel::answering(answer).await;
    let outbound = impatient(&channel.access.base_url);
    let protocol = open_webhook::protocol(outbound, Clock::fixed(now()));
    assert!(protocol.name == "webhook" && protocol.feed.is_none());
    let access = Access {
        base_url: format!("{}innkeep?hotel=7", channel.access.base_url),
        api_key: String::new(),
        signing_secrets: secrets.iter().map(|&s| s.to_owned()).collect(),
        property: "hotel-7".into(),
        currency: "EUR".into(),
    };
    Seller {
        sink: protocol.sink.unwrap(),
        channel,
        access,
    }
}

fn two() -> Vec<AvailabilityRange> {
    let range = |room: &str, availability| AvailabilityRange {
        room: room.into(),
        from: "2027-02-01".parse().unwrap(),
        last: "2027-02-03".parse().unwrap(),
        availability,
    };
    vec![range("DBL", 2), range("STE", -1)]
}

async fn pushed(answer: Answer) -> Result<PushReport, ChannelError> {
    let seller = seller(answer, &[SECRET]).await;
    seller.sink.push_availability(&seller.access, &two()).await
}

fn header(asked: &Asked, name: &str) -> String {
    let lines = asked.head.lines().filter_map(|line| line.split_once(": "));
    let found = lines.into_iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
    found.unwrap().1.trim().to_owned()
}

/// Against each secret by itself: while two are valid, a message carries both signatures.
#[tokio::test]
async fn a_change_is_posted_signed_with_every_valid_secret() {
    let seller = seller(reply(204, ""), &[SECRET, SECOND]).await;
    let report = seller.sink.push_availability(&seller.access, &two()).await;
    assert_eq!(report, Ok(PushReport::default()));
    let asked = seller.channel.last();
    assert!(
        asked.line().starts_with("POST /innkeep?hotel=7 "),
        "{}",
        asked.line()
    );
    let (id, stamp, signature) = (
        header(&asked, "webhook-id"),
        header(&asked, "webhook-timestamp"),
        header(&asked, "webhook-signature"),
    );
    for secret in [SECRET, SECOND] {
        let headers = Headers {
            id: Some(&id),
            timestamp: Some(&stamp),
            signature: Some(&signature),
        };
        assert_eq!(
            verify(&[secret.to_owned()], headers, asked.body.as_bytes(), now()),
            Ok(())
        );
    }
    let expected = json!({
        "type": "ari.availability", "id": id, "timestamp": "2027-01-04T10:00:00Z", "property": "hotel-7",
        "values": [
            { "room_type": "DBL", "from": "2027-02-01", "to": "2027-02-03", "availability": 2 },
            { "room_type": "STE", "from": "2027-02-01", "to": "2027-02-03", "availability": 0 },
        ],
    });
    assert_eq!(asked.json(), expected);
}

/// One that read the documentation on its own believes it, with the old secret and with the new one.
#[tokio::test]
async fn the_sandbox_believes_what_is_signed_with_both_secrets() {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let options = innkeep_sandbox::Options::default();
    tokio::spawn(innkeep_sandbox::serve(listener, options, std::future::pending()));
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let shop = format!("{base}/sandbox/webhook-ota/tours");
    let protocol = open_webhook::protocol(impatient(&base), Clock::System);
    let access = Access {
        base_url: format!("{shop}/push"),
        signing_secrets: vec![SECOND.to_owned(), SECRET.to_owned()],
        ..seller(reply(200, ""), &[SECRET]).await.access
    };
    let sink = protocol.sink.unwrap();
    for secret in [SECRET, SECOND] {
        let terms = json!({ "secret": secret, "hook_url": "http://127.0.0.1:9/" });
        assert_eq!(client.put(&shop).json(&terms).send().await.unwrap().status(), 200);
        assert_eq!(
            sink.push_availability(&access, &two()).await,
            Ok(PushReport::default())
        );
        let seen: Value = client.get(&shop).send().await.unwrap().json().await.unwrap();
        assert_eq!(
            (&seen["unsigned"], &seen["rooms"]["DBL"]["2027-02-03"]),
            (&json!(0), &json!(2))
        );
    }
}

#[tokio::test]
async fn of_a_rate_only_what_changed_is_posted() {
    let seller = seller(reply(200, "ok"), &[SECRET]).await;
    let range = RateRange {
        rate: "BAR".into(),
        from: "2027-02-01".parse().unwrap(),
        last: "2027-02-01".parse().unwrap(),
        fields: RateFields {
            price: Some("99.5".parse().unwrap()),
            min_stay_arrival: Some(2),
            stop_sell: Some(false),
            ..RateFields::default()
        },
    };
    let report = seller.sink.push_rates(&seller.access, &[range]).await;
    assert_eq!(report, Ok(PushReport::default()));
    let told: Value = seller.channel.last().json();
    assert_eq!(
        (&told["type"], &told["currency"]),
        (&json!("ari.rates"), &json!("EUR"))
    );
    let expected = json!([{ "rate_plan": "BAR", "from": "2027-02-01", "to": "2027-02-01", "price": "99.50",
        "min_stay_arrival": 2, "stop_sell": false }]);
    assert_eq!(told["values"], expected);
}

#[tokio::test]
async fn what_the_seller_lists_is_refused_and_the_rest_is_taken() {
    let listed = json!({ "rejected": [{ "index": 1, "reason": "no such room" }, { "index": 1 }] });
    let report = pushed(reply(200, listed)).await.unwrap();
    let one = Rejected {
        range: 1,
        reason: "no such room".into(),
    };
    assert_eq!(report.rejected, [one]);
}

/// Something was not taken, and nobody can say what: nothing counts as taken.
#[tokio::test]
async fn a_list_that_cannot_be_read_takes_nothing() {
    for rejected in [
        json!(true),
        json!([2]),
        json!([{ "index": 2 }]),
        json!([{ "index": "0" }]),
    ] {
        let answer = pushed(reply(200, json!({ "rejected": rejected }))).await;
        assert!(
            matches!(answer, Err(ChannelError::Unknown(_))),
            "{rejected}: {answer:?}"
        );
    }
}

#[tokio::test]
async fn every_other_answer_has_its_meaning() {
    let later = Answer::Reply(429, "retry-after: 7\r\n".into(), String::new());
    let wait = Duration::from_secs(7);
    assert_eq!(pushed(later).await, Err(ChannelError::Throttled { wait }));
    let broken = pushed(reply(503, "tired")).await;
    assert_eq!(
        broken,
        Err(ChannelError::Server {
            status: 503,
            detail: "tired".into()
        })
    );
    for (status, code) in [(410, "gone"), (400, "http_400"), (302, "http_302")] {
        let answer = pushed(reply(status, "")).await;
        let same = matches!(&answer, Err(ChannelError::Refused { status: s, code: c, .. }) if *s == status && c == code);
        assert!(same, "{status}: {answer:?}");
    }
    for silent in [Answer::Hang, Answer::CutShort, Answer::CloseAtOnce] {
        let answer = pushed(silent).await;
        assert!(matches!(answer, Err(ChannelError::Unknown(_))), "{answer:?}");
    }
}

#[tokio::test]
async fn nothing_leaves_unsigned() {
    for secrets in [&[][..], &["whsec_%"][..]] {
        let seller = seller(reply(200, ""), secrets).await;
        let answer = seller.sink.push_availability(&seller.access, &two()).await;
        assert!(matches!(&answer, Err(ChannelError::Refused { code, .. }) if code == "no_secret"));
        assert!(seller.channel.asked.lock().unwrap().is_empty());
    }
}
