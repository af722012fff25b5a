//! What a portal is to hear of its bookings, as rows.

use crate::world::{World, now, revision};
use chrono::Duration;
use innkeep_domain::booking::cancel::{What, cancel};
use innkeep_domain::channel::revision::RevisionStatus;
use innkeep_domain::channel::standing;
use innkeep_domain::due::due;
use innkeep_domain::ports::channel::{Heard, Standing};
use uuid::Uuid;

impl World {
    /// A portal's booking, cancelled by the house.
    async fn cancelled_here(&self) -> Uuid {
        let mut tx = self.db.begin(self.house.tenant).await.unwrap();
        sqlx::query("update channel_connection set protocol = 'alpinebits'")
            .execute(&mut *tx)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let sold = revision(&self.house, "r-1", 1, RevisionStatus::New, &[("DBL", 3, 2)]);
        let booking = self.apply(&sold).await.booking_id;
        let mut tx = self.db.begin(self.house.tenant).await.unwrap();
        cancel(
            &mut tx,
            &self.house.owner(),
            What::Booking(booking),
            None,
            None,
            now(),
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
        booking
    }

    async fn to_tell(&self, seconds: i64) -> Vec<Standing> {
        let mut tx = self.db.begin(self.house.tenant).await.unwrap();
        let at = now() + Duration::seconds(seconds);
        let told = standing::due(&mut tx, self.connection.id, at).await.unwrap();
        tx.commit().await.unwrap();
        told
    }

    async fn heard(&self, told: &[Standing], heard: Option<&[Heard]>) {
        let mut tx = self.db.begin(self.house.tenant).await.unwrap();
        standing::heard(&mut tx, &self.connection, told, heard, now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn what_has_no_answer_is_told_again_later_each_time() {
    let world = World::connected(100).await;
    world.cancelled_here().await;
    let first = world.to_tell(0).await;
    assert_eq!(
        (first.len(), first[0].cancelled, first[0].booking_ref.as_str()),
        (1, true, "r-1")
    );
    assert_eq!(world.to_tell(9).await, []);
    assert_eq!(world.to_tell(10).await, first);
    assert_eq!(world.to_tell(29).await, []);
    world.heard(&first, Some(&[Heard::Nothing])).await;
    assert_eq!(world.to_tell(30).await, first);
    world.heard(&first, Some(&[Heard::Taken])).await;
    assert_eq!(world.to_tell(9999).await, []);
    let mut tx = world.db.begin(world.house.tenant).await.unwrap();
    let due = due(&mut tx, now() + Duration::days(1)).await.unwrap();
    assert!(due.standings.is_empty());
}

#[tokio::test]
async fn the_portals_next_word_counts_instead() {
    let world = World::connected(100).await;
    world.cancelled_here().await;
    let back = revision(&world.house, "r-1", 2, RevisionStatus::Modified, &[("DBL", 4, 2)]);
    world.apply(&back).await;
    assert_eq!(world.to_tell(0).await, []);
}

#[tokio::test]
async fn what_changes_while_it_is_told_is_told_too() {
    let world = World::connected(100).await;
    let booking = world.cancelled_here().await;
    let mut told = world.to_tell(0).await;
    told[0].changed_at -= Duration::seconds(1); // as if it had been read before
    world.heard(&told, Some(&[Heard::Taken])).await;
    let still = world.to_tell(60).await;
    assert_eq!(still.len(), 1);
    world
        .heard(&still, Some(&[Heard::Refused("never sold".into())]))
        .await;
    assert_eq!(world.to_tell(9999).await, []);
    assert_eq!(world.open_alerts().await, ["standing_untold"]);
    assert_ne!(booking, Uuid::nil());
}

#[tokio::test]
async fn other_channels_have_no_word_for_it() {
    let world = World::connected(100).await;
    let sold = revision(&world.house, "r-1", 1, RevisionStatus::New, &[("DBL", 3, 2)]);
    let booking = world.apply(&sold).await.booking_id;
    let mut tx = world.db.begin(world.house.tenant).await.unwrap();
    cancel(
        &mut tx,
        &world.house.owner(),
        What::Booking(booking),
        None,
        None,
        now(),
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(world.to_tell(0).await, []);
}

/// As of one that the portal refuses: its guest may still count on the room.
#[tokio::test]
async fn a_person_hears_of_what_no_answer_comes_to() {
    let world = World::connected(100).await;
    world.cancelled_here().await;
    for tries in 1..8 {
        assert_eq!(world.to_tell(tries * 10_000).await.len(), 1);
        assert_eq!(world.open_alerts().await, [""; 0], "after {tries}");
    }
    let told = world.to_tell(90_000).await;
    assert_eq!(world.open_alerts().await, ["standing_untold"]);
    world.heard(&told, Some(&[Heard::Taken])).await;
    assert_eq!(world.open_alerts().await, [""; 0]);
}
