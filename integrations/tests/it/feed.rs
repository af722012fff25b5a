//! Pulling revisions and acknowledging them.

use crate::server::{Answer, Channel, KEY, PROPERTY, reply};
use innkeep_domain::ports::channel::{ChannelError, RawMessage};
use serde_json::{Value, json};

fn revision(id: &str, inserted_at: &str) -> Value {
    json!({"type": "booking_revision", "id": id, "attributes": {
        "id": id, "booking_id": "b-1", "property_id": PROPERTY, "inserted_at": inserted_at,
        "guarantee": {"card_number": "411111******1111", "cvv": "***"},
        "notes": "card 4111 1111 1111 1111",
    }})
}

async fn pulled(data: Value) -> (Channel, Vec<RawMessage>) {
    let channel = Channel::answering(reply(200, json!({"data": data, "meta": {"total": 1}}))).await;
    let messages = channel
        .protocol
        .feed
        .clone()
        .unwrap()
        .unacknowledged(&channel.access)
        .await
        .unwrap();
    (channel, messages)
}

fn ids(messages: &[RawMessage]) -> Vec<&str> {
    messages
        .iter()
        .map(|message| message.message_id.as_str())
        .collect()
}

#[tokio::test]
async fn asks_for_this_property_oldest_first() {
    let (channel, messages) = pulled(json!([])).await;
    assert!(messages.is_empty());
    let asked = channel.last();
    let line = asked.line().replace("%5B", "[").replace("%5D", "]");
    assert_eq!(
        line,
        "GET /api/v1/booking_revisions/feed?filter[property_id]=p-1&order[inserted_at]=asc&pagination[limit]=100 HTTP/1.1"
    );
    assert!(asked.head.contains(&format!("user-api-key: {KEY}")));
}

#[tokio::test]
async fn messages_are_in_order_and_hold_no_card() {
    let newer = revision("rev-2", "2026-05-02T10:00:00.000001");
    let older = revision("rev-1", "2026-05-02T10:00:00.000000");
    let (_, messages) = pulled(json!([newer, older])).await;
    assert_eq!(ids(&messages), ["rev-1", "rev-2"]);
    for message in &messages {
        assert!(
            !message.raw.contains("guarantee") && !message.raw.contains("411111"),
            "{}",
            message.raw
        );
        assert!(message.raw.contains("**** **** **** 1111"), "{}", message.raw);
        let kept: Value = serde_json::from_str(&message.raw).unwrap();
        assert_eq!(kept["attributes"]["booking_id"], "b-1");
    }
}

#[tokio::test]
async fn the_id_is_the_revisions_whatever_the_type() {
    let booking =
        json!({"type": "booking", "id": "b-9", "attributes": {"id": "b-9", "revision_id": "rev-9"}});
    let nameless = json!({"type": "booking", "id": "b-8", "attributes": {}});
    let (_, messages) = pulled(json!([booking, nameless, 7])).await;
    let ids = ids(&messages);
    assert_eq!(ids.first(), Some(&"rev-9"));
    assert!(
        ids.iter().skip(1).all(|id| id.starts_with("unidentified-")),
        "{ids:?}"
    );
    assert_ne!(ids.get(1), ids.get(2));
}

#[tokio::test]
async fn other_properties_bookings_are_left_alone() {
    let mut other = revision("rev-3", "2026-05-02T10:00:00");
    other["attributes"]["property_id"] = json!("p-2");
    let (_, messages) = pulled(json!([other, revision("rev-4", "2026-05-02T10:00:00")])).await;
    assert_eq!(ids(&messages), ["rev-4"]);
}

#[tokio::test]
async fn a_page_without_data_is_no_answer() {
    for body in [
        json!({"meta": {}}),
        json!({"data": {"id": 1}}),
        json!({"data": null}),
    ] {
        let channel = Channel::answering(reply(200, body)).await;
        let feed = channel.protocol.feed.clone().unwrap();
        let error = feed.unacknowledged(&channel.access).await.unwrap_err();
        assert!(matches!(error, ChannelError::Unknown(_)), "{error:?}");
    }
}

#[tokio::test]
async fn acknowledging_posts_and_gone_is_fine() {
    let ok = Channel::answering(reply(200, json!({"meta": {"message": "Success"}}))).await;
    let feed = ok.protocol.feed.clone().unwrap();
    feed.acknowledge(&ok.access, "rev-1").await.unwrap();
    assert_eq!(
        ok.last().line(),
        "POST /api/v1/booking_revisions/rev-1/ack HTTP/1.1"
    );
    feed.acknowledge(&ok.access, "../x?y").await.unwrap();
    assert_eq!(
        ok.last().line(),
        "POST /api/v1/booking_revisions/..%2Fx%3Fy/ack HTTP/1.1"
    );
    let gone = Channel::answering(reply(404, json!({"errors": {"code": "resource_not_found"}}))).await;
    gone.feed().acknowledge(&gone.access, "rev-1").await.unwrap();
    assert_eq!(gone.asked.lock().unwrap().len(), 1);
    gone.feed()
        .acknowledge(&gone.access, "unidentified-00")
        .await
        .unwrap();
    assert_eq!(gone.asked.lock().unwrap().len(), 1);
    let broken = Channel::answering(reply(500, "")).await;
    assert!(broken.feed().acknowledge(&broken.access, "rev-1").await.is_err());
    let silent = Channel::answering(Answer::Hang).await;
    let error = silent
        .feed()
        .acknowledge(&silent.access, "rev-1")
        .await
        .unwrap_err();
    assert!(matches!(error, ChannelError::Unknown(_)));
}
