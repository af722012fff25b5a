//! Channels that are told everything at once: when, and what the shadow says then.

use crate::world::{MANNER, World, now};
use chrono::{DateTime, Utc};
use innkeep_domain::channel::closure::{self, Closure};
use innkeep_domain::channel::connection::full_sync;
use innkeep_domain::channel::diff::Value;
use innkeep_domain::channel::dirty::Kind;
use innkeep_domain::channel::push::{self, Call, Manner, Next};
use innkeep_domain::ports::channel::{ChannelError, PushReport, Rejected, Season, Telling};

/// Nights of the horizon, for each of three unit types.
const ALL: usize = 1500;

fn manner(changes: bool, seasons: bool) -> Manner {
    Manner {
        telling: Some(Telling {
            changes,
            whole: true,
            seasons,
        }),
        ..MANNER
    }
}

fn cells(call: &Call) -> usize {
    call.ranges.iter().map(|range| range.cells.len()).sum()
}

impl World {
    /// The next call that tells availability; rates are accepted on the way.
    async fn availability(&self, manner: Manner, at: DateTime<Utc>) -> Option<Box<Call>> {
        loop {
            match self.next_by(manner, at).await {
                Next::Call(call) if call.kind == Kind::Availability => return Some(call),
                Next::Call(call) => self.answer_at(&call, PushReport::default(), at).await,
                Next::Again => {}
                _ => return None,
            }
        }
    }

    async fn close_out(&self, nights: Option<(u64, u64)>) {
        let closures = nights.map(|(from, to)| Closure {
            unit_type_id: None,
            from: self.house.night(from),
            to: self.house.night(to),
        });
        let mut tx = self.db.begin(self.house.tenant).await.unwrap();
        let closures = closures.into_iter().collect();
        closure::replace(&mut tx, &self.house.owner(), self.connection.id, closures, now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    async fn seasons_are_known(&self) -> bool {
        let mut tx = self.db.begin(self.house.tenant).await.unwrap();
        let told = sqlx::query_scalar("select closed_told is not null from channel_sync");
        told.fetch_one(&mut *tx).await.unwrap()
    }

    fn season(&self, from: u64, last: u64) -> Season {
        Season {
            from: self.house.night(from),
            last: self.house.night(last),
        }
    }
}

#[tokio::test]
async fn how_a_channel_is_told_is_asked_before_it_is_told() {
    let world = World::connected(100).await;
    let unasked = Manner {
        telling: None,
        ..MANNER
    };
    assert!(matches!(world.next_by(unasked, now()).await, Next::Ask));
    let mut tx = world.db.begin(world.house.tenant).await.unwrap();
    let error = ChannelError::Unreachable("no route".into());
    push::not_asked(&mut tx, world.connection.id, &error, now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let Next::Call(rates) = world.next_by(unasked, now()).await else {
        panic!("rates are told without asking")
    };
    assert_eq!(rates.kind, Kind::Rates);
    world.answer(&rates, PushReport::default()).await;
    assert!(matches!(world.next_by(unasked, now()).await, Next::Wait(_)));
}

#[tokio::test]
async fn nothing_known_is_told_at_once_and_only_changes_after_it() {
    let world = World::connected(100).await;
    let manner = manner(true, true);
    let first = world.availability(manner, now()).await.unwrap();
    assert_eq!((first.whole.as_deref(), cells(&first)), (Some(&[][..]), ALL));
    world.answer(&first, PushReport::default()).await;
    assert!(world.availability(manner, now()).await.is_none());
    assert_eq!(
        (world.status().await.converged, world.status().await.waiting),
        (3000, 0)
    );
    world.sell("DBL", 3, 2).await;
    let change = world.availability(manner, now()).await.unwrap();
    assert_eq!((change.whole.as_deref(), cells(&change)), (None, 2));
    world.answer(&change, PushReport::default()).await;
    let mut tx = world.db.begin(world.house.tenant).await.unwrap();
    full_sync(&mut tx, &world.house.owner(), world.connection.id, now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let again = world.availability(manner, now()).await.unwrap();
    assert_eq!((again.whole.is_some(), cells(&again)), (true, ALL));
}

/// The channel may believe all of it or nothing.
#[tokio::test]
async fn without_an_answer_everything_is_told_again() {
    let world = World::connected(100).await;
    let manner = manner(true, false);
    let first = world.availability(manner, now()).await.unwrap();
    assert!(!world.seasons_are_known().await);
    let mut tx = world.db.begin(world.house.tenant).await.unwrap();
    push::failed(&mut tx, &first, &ChannelError::Unknown("timed out".into()), now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let later = now() + chrono::Duration::seconds(2);
    let again = world.availability(manner, later).await.unwrap();
    assert_eq!((again.whole.is_some(), cells(&again)), (true, ALL));
}

#[tokio::test]
async fn who_takes_no_changes_is_told_everything_for_each() {
    let world = World::connected(100).await;
    let manner = manner(false, false);
    for sold in 0..3 {
        let call = world.availability(manner, now()).await.unwrap();
        assert_eq!((call.whole.is_some(), cells(&call)), (true, ALL), "{sold}");
        world.answer(&call, PushReport::default()).await;
        assert!(world.availability(manner, now()).await.is_none());
        assert_eq!(world.status().await.in_flight, 0);
        world.sell("DBL", 3, 2).await;
    }
}

#[tokio::test]
async fn a_season_begins_and_ends_with_everything() {
    let world = World::connected(100).await;
    let manner = manner(true, true);
    let first = world.availability(manner, now()).await.unwrap();
    world.answer(&first, PushReport::default()).await;
    world.close_out(Some((10, 20))).await;
    let closed = world.availability(manner, now()).await.unwrap();
    assert_eq!(closed.whole, Some(vec![world.season(10, 19)]));
    let none = |range: &&innkeep_domain::channel::diff::Range| range.told == Value::Free(0);
    let shut: usize = closed
        .ranges
        .iter()
        .filter(none)
        .map(|range| range.cells.len())
        .sum();
    assert_eq!((shut, cells(&closed)), (30, ALL));
    world.answer(&closed, PushReport::default()).await;
    world.sell("DBL", 3, 2).await;
    let change = world.availability(manner, now()).await.unwrap();
    assert_eq!(change.whole, None, "the season goes on");
    world.answer(&change, PushReport::default()).await;
    world.close_out(None).await;
    let open = world.availability(manner, now()).await.unwrap();
    assert_eq!((open.whole.as_deref(), cells(&open)), (Some(&[][..]), ALL));
    world.answer(&open, PushReport::default()).await;
    assert!(world.availability(manner, now()).await.is_none());
    assert_eq!(world.status().await.in_flight, 0);
}

/// Nothing differs in the cells: nothing is free on any night. But what is free there tomorrow would be lost in the season.
#[tokio::test]
async fn a_season_that_ends_is_told_even_where_nothing_is_free() {
    let world = World::connected(100).await;
    let manner = manner(true, true);
    let mut tx = world.db.begin(world.house.tenant).await.unwrap();
    sqlx::query("update channel_connection set safety_buffer = 1000")
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    world.close_out(Some((10, 20))).await;
    let first = world.availability(manner, now()).await.unwrap();
    world.answer(&first, PushReport::default()).await;
    assert!(world.availability(manner, now()).await.is_none());
    world.close_out(None).await;
    let open = world.availability(manner, now()).await.unwrap();
    assert_eq!(open.whole, Some(vec![]));
}

#[tokio::test]
async fn who_took_none_of_it_has_not_taken_the_season() {
    let world = World::connected(100).await;
    let manner = manner(true, true);
    world.close_out(Some((10, 20))).await;
    let first = world.availability(manner, now()).await.unwrap();
    let rejected = (0..first.ranges.len()).map(|range| Rejected {
        range,
        reason: "no".into(),
    });
    let report = PushReport {
        rejected: rejected.collect(),
        ..PushReport::default()
    };
    world.answer(&first, report).await;
    assert!(!world.seasons_are_known().await);
}

#[tokio::test]
async fn who_knows_no_seasons_is_told_that_nothing_is_free() {
    let world = World::connected(100).await;
    let manner = manner(true, false);
    let first = world.availability(manner, now()).await.unwrap();
    world.answer(&first, PushReport::default()).await;
    world.close_out(Some((10, 20))).await;
    let closed = world.availability(manner, now()).await.unwrap();
    assert_eq!((closed.whole.as_deref(), cells(&closed)), (None, 30));
}
