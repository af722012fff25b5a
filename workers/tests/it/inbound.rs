//! What becomes of a channel's bookings.

use crate::world::{World, now, revision};
use chrono::Duration;
use innkeep_domain::booking::channel::Outcome;
use innkeep_domain::booking::store::get;
use innkeep_domain::channel::change::set_state;
use innkeep_domain::channel::inbox;
use innkeep_domain::channel::revision::RevisionStatus::{Cancelled, Modified, New};
use innkeep_domain::channel::revision::{ChannelRevision, NO_CURRENCY};
use innkeep_domain::due::due;
use innkeep_domain::ports::channel::RawMessage;
use rust_decimal::{Decimal, dec};

#[tokio::test]
async fn a_revision_is_applied_once() {
    let (world, _) = World::in_step(10).await;
    let new = revision(&world.house, "B1", 1, New, &[("DBL", 1, 2)]);
    assert_eq!(world.apply(&new).await.outcome, Outcome::Created);
    assert_eq!(world.apply(&new).await.outcome, Outcome::AlreadyKnown);
    assert_eq!(world.stock("DBL", 1).await, (1, 0));
    world.assert_sound().await;
}

#[tokio::test]
async fn a_modification_replaces_the_whole_booking() {
    let (world, _) = World::in_step(10).await;
    world
        .apply(&revision(
            &world.house,
            "B1",
            1,
            New,
            &[("DBL", 1, 2), ("SGL", 1, 2)],
        ))
        .await;
    let moved = revision(&world.house, "B1", 2, Modified, &[("DBL", 2, 2)]);
    assert_eq!(world.apply(&moved).await.outcome, Outcome::Modified);
    assert_eq!(world.stock("DBL", 1).await.0, 0);
    assert_eq!(world.stock("DBL", 3).await.0, 1);
    assert_eq!(
        world.stock("SGL", 1).await.0,
        0,
        "the room that is missing was cancelled"
    );
    world.assert_sound().await;
}

#[tokio::test]
async fn a_cancellation_may_come_first_and_what_is_older_stays_away() {
    let (world, _) = World::in_step(10).await;
    let applied = world
        .apply(&revision(&world.house, "B1", 2, Cancelled, &[]))
        .await;
    assert_eq!(applied.outcome, Outcome::Cancelled);
    let late = world
        .apply(&revision(&world.house, "B1", 1, New, &[("DBL", 1, 1)]))
        .await;
    assert_eq!(late.outcome, Outcome::AlreadyKnown);
    assert_eq!(world.stock("DBL", 1).await.0, 0);
    world.assert_sound().await;
}

#[tokio::test]
async fn a_cancelled_booking_may_come_back() {
    let (world, _) = World::in_step(10).await;
    world
        .apply(&revision(&world.house, "B1", 1, New, &[("DBL", 1, 1)]))
        .await;
    world
        .apply(&revision(&world.house, "B1", 2, Cancelled, &[]))
        .await;
    assert_eq!(world.stock("DBL", 1).await.0, 0);
    world
        .apply(&revision(&world.house, "B1", 3, Modified, &[("DBL", 1, 1)]))
        .await;
    assert_eq!(world.stock("DBL", 1).await.0, 1);
    world.assert_sound().await;
}

#[tokio::test]
async fn what_is_sold_elsewhere_is_taken_beyond_stock_and_alarmed() {
    let (world, _) = World::in_step(10).await;
    world
        .apply(&revision(&world.house, "B1", 1, New, &[("STE", 1, 1)]))
        .await;
    let second = world
        .apply(&revision(&world.house, "B2", 1, New, &[("STE", 1, 1)]))
        .await;
    assert_eq!(second.overbooked, [world.house.night(1)]);
    assert_eq!(world.stock("STE", 1).await, (2, 1));
    assert_eq!(world.open_alerts().await, ["overbooked"]);
    world
        .apply(&revision(&world.house, "B2", 2, Cancelled, &[]))
        .await;
    assert_eq!(
        world.stock("STE", 1).await,
        (1, 0),
        "forced falls as soon as it can"
    );
    assert!(world.open_alerts().await.is_empty());
    world.assert_sound().await;
}

#[tokio::test]
async fn an_unmapped_room_is_taken_without_stock_and_alarmed() {
    let (world, _) = World::in_step(10).await;
    let applied = world
        .apply(&revision(&world.house, "B1", 1, New, &[("???", 1, 1)]))
        .await;
    assert_eq!((applied.outcome, applied.unmapped), (Outcome::Created, 1));
    assert_eq!(world.open_alerts().await, ["unmapped"]);
    world
        .apply(&revision(&world.house, "B1", 2, Modified, &[("DBL", 1, 1)]))
        .await;
    assert!(world.open_alerts().await.is_empty());
    world.assert_sound().await;
}

/// Whatever order the revisions of three bookings arrive in, and however often: the end is that of the right order.
#[tokio::test]
async fn order_and_repetition_of_messages_do_not_matter() {
    let (world, _) = World::in_step(10).await;
    let mut messages: Vec<ChannelRevision> = Vec::new();
    for (i, booking) in ["B1", "B2", "B3"].into_iter().enumerate() {
        let from = i as u64;
        let r = |n, status, rooms: &[(&str, u64, u64)]| revision(&world.house, booking, n, status, rooms);
        messages.push(r(1, New, &[("DBL", from, 2)]));
        messages.push(r(2, Modified, &[("DBL", from + 1, 2), ("SGL", from, 1)]));
        messages.push(r(3, Cancelled, &[]));
        messages.push(r(4, Modified, &[("SGL", from + 1, 1)]));
    }
    let mut state = 7u64; // a fixed pseudo-random walk: the same order in every run
    for _ in 0..60 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let index = usize::try_from(state >> 33).unwrap() % messages.len();
        world.apply(&messages[index]).await;
    }
    for message in messages.iter().rev() {
        world.apply(message).await;
    }
    let sold: Vec<i32> = vec![
        world.stock("SGL", 1).await.0,
        world.stock("SGL", 2).await.0,
        world.stock("SGL", 3).await.0,
        world.stock("DBL", 1).await.0,
        world.stock("DBL", 2).await.0,
    ];
    assert_eq!(sold, [1, 1, 1, 0, 0]);
    world.assert_sound().await;
}

/// A cancellation may name no currency, and a booking one that nobody knows: both are taken.
#[tokio::test]
async fn no_currency_costs_a_booking() {
    let (world, _) = World::in_step(10).await;
    let mut new = revision(&world.house, "B1", 1, New, &[("DBL", 1, 2)]);
    new.currency = "ZZQ".into();
    assert_eq!(world.apply(&new).await.outcome, Outcome::Created);
    assert_eq!(world.stock("DBL", 1).await, (1, 0));
    assert_eq!(world.open_alerts().await, ["foreign_currency"]);
    let mut gone = revision(&world.house, "B1", 2, Cancelled, &[]);
    gone.currency = NO_CURRENCY.into();
    let gone = world.apply(&gone).await;
    assert_eq!(gone.outcome, Outcome::Cancelled);
    assert!(world.open_alerts().await.is_empty());
    let mut tx = world.db.begin(world.house.tenant).await.unwrap();
    let who = world.house.owner();
    let booking = innkeep_domain::booking::store::get(&mut tx, &who, gone.booking_id).await;
    assert_eq!(booking.unwrap().currency, "ZZQ");
    world.assert_sound().await;
}

/// What a paused channel posts is sold, and everybody else has to hear of it.
#[tokio::test]
async fn what_a_paused_channel_posted_is_due_and_nothing_else_of_it() {
    let (world, _) = World::in_step(10).await;
    let id = world.connection.id;
    let mut tx = world.db.begin(world.house.tenant).await.unwrap();
    set_state(&mut tx, &world.house.owner(), id, false, now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let mut tx = world.db.begin(world.house.tenant).await.unwrap();
    let nothing = due(&mut tx, now() + Duration::minutes(1)).await.unwrap();
    assert!(nothing.inboxes.is_empty(), "it is not polled");
    let posted = RawMessage {
        message_id: "m-1".into(),
        raw: "{}".into(),
    };
    inbox::receive(&mut tx, id, &[posted], now()).await.unwrap();
    let all = due(&mut tx, now() + Duration::minutes(1)).await.unwrap();
    assert_eq!((all.inboxes, all.pushes), (vec![id], vec![]));
}

/// Of three nights of which one has a price, the others share what is left of the room's.
#[tokio::test]
async fn nights_without_a_price_share_the_rest_of_the_rooms() {
    let (world, _) = World::in_step(10).await;
    let mut sold = revision(&world.house, "B1", 1, New, &[("DBL", 1, 3)]);
    let room = sold.rooms.first_mut().unwrap();
    room.amount = dec!(250.01);
    room.nights.retain(|(night, _)| *night == world.house.night(2));
    let booking = world.apply(&sold).await.booking_id;
    let mut tx = world.db.begin(world.house.tenant).await.unwrap();
    let booking = get(&mut tx, &world.house.owner(), booking).await.unwrap();
    let prices: Vec<Decimal> = booking.reservations[0].nights.iter().map(|n| n.price).collect();
    assert_eq!(prices, [dec!(80.01), dec!(90), dec!(80)]);
}

/// Sold under a code that stood for nothing: as soon as it stands for a type, the room is one of that type, and every
/// channel has fewer.
#[tokio::test]
async fn what_was_sold_unmapped_gets_its_room_with_the_mapping() {
    let (world, _) = World::in_step(10).await;
    let mut sold = revision(&world.house, "B1", 1, New, &[("DBL", 1, 2), ("SGL", 1, 2)]);
    sold.rooms.first_mut().unwrap().room_type = Some("double, old".to_owned());
    assert_eq!(world.apply(&sold).await.unmapped, 1);
    let gone = revision(&world.house, "B2", 1, New, &[("other", 1, 2)]);
    world.apply(&gone).await;
    world
        .apply(&revision(&world.house, "B2", 2, Cancelled, &[]))
        .await;
    assert_eq!(
        (world.stock("DBL", 1).await.0, world.stock("SGL", 1).await.0),
        (0, 1)
    );
    world.drain().await;
    world.map("STE", "other").await;
    assert_eq!(world.stock("STE", 1).await.0, 0, "it was cancelled");
    assert_eq!(world.open_alerts().await, ["unmapped"]);
    world.map("DBL", "double, old").await;
    assert_eq!(world.stock("DBL", 2).await.0, 1);
    assert_eq!(world.open_alerts().await, [""; 0]);
    world.map("DBL", "double, old").await;
    assert_eq!(world.stock("DBL", 2).await.0, 1, "once");
    world.assert_sound().await;
}
