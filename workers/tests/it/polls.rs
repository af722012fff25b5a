//! When a channel's feed is read.

use crate::world::{World, now};
use chrono::Duration;
use innkeep_domain::channel::inbox;

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
        inbox::poll_worked(&mut tx, id, lease, asked + Duration::seconds(20))
            .await
            .unwrap();
        let again = inbox::take_poll(&mut tx, id, asked).await.unwrap();
        assert!(again.is_some(), "asked for after {seconds} s");
        inbox::poll_worked(&mut tx, id, again, asked + Duration::seconds(20))
            .await
            .unwrap();
        assert_eq!(inbox::take_poll(&mut tx, id, asked).await.unwrap(), None);
    }
}
