//! When a channel's feed is read.

use crate::world::{World, now};
use chrono::Duration;
use innkeep_domain::channel::inbox;
use innkeep_domain::ports::channel::ChannelError;

/// What is asked for during a poll is read by the next one at once, however long the poll takes: its own reading may have
/// been before.
#[tokio::test]
async fn a_poll_asked_for_during_a_poll_is_not_lost() {
    for seconds in [1, 3, 30] {
        let world = World::connected(10).await;
        let id = world.connection.id;
        let mut tx = world.db.begin(world.house.tenant).await.unwrap();
        let lease = inbox::take_poll(&mut tx, id, now()).await.unwrap();
        assert!(lease.is_some(), "a new connection's feed is read at once");
        let asked = now() + Duration::seconds(seconds);
        inbox::poll_now(&mut tx, id, asked).await.unwrap();
        inbox::poll_worked(&mut tx, id, lease, Some(now()), asked + Duration::seconds(20))
            .await
            .unwrap();
        let again = inbox::take_poll(&mut tx, id, asked).await.unwrap();
        assert!(again.is_some(), "asked for after {seconds} s");
        inbox::poll_worked(&mut tx, id, again, Some(asked), asked + Duration::seconds(20))
            .await
            .unwrap();
        assert_eq!(inbox::take_poll(&mut tx, id, asked).await.unwrap(), None);
    }
}

/// A person hears at once of what will not mend itself, and of anything else when it has gone on for a while; a channel
/// that wants to be left alone is.
#[tokio::test]
async fn a_feed_that_cannot_be_read_is_an_alert_until_it_can() {
    let world = World::connected(10).await;
    let fail = async |error: ChannelError, at| {
        let mut tx = world.db.begin(world.house.tenant).await.unwrap();
        inbox::poll_failed(&mut tx, &world.connection, &error, false, at)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    };
    let take = async |at| {
        let mut tx = world.db.begin(world.house.tenant).await.unwrap();
        let lease = inbox::take_poll(&mut tx, world.connection.id, at).await.unwrap();
        tx.commit().await.unwrap();
        lease
    };
    let wait = std::time::Duration::from_secs(300);
    fail(ChannelError::Throttled { wait }, now()).await;
    assert_eq!(take(now() + Duration::seconds(299)).await, None);
    assert!(take(now() + Duration::seconds(300)).await.is_some());
    for failures in 2..=10 {
        assert_eq!(world.open_alerts().await, [""; 0], "after {failures}");
        fail(ChannelError::Unreachable("no route".into()), now()).await;
    }
    assert_eq!(world.open_alerts().await, ["bookings_unfetched"]);
    let mut tx = world.db.begin(world.house.tenant).await.unwrap();
    inbox::poll_worked(&mut tx, world.connection.id, None, Some(now()), now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(world.open_alerts().await, [""; 0]);
    let refused = ChannelError::Refused {
        status: 401,
        code: "unauthorized".into(),
        detail: String::new(),
    };
    fail(refused, now()).await;
    assert_eq!(world.open_alerts().await, ["bookings_unfetched"]);
}
