//! What a channel is told.

use crate::world::{World, now};
use chrono::Duration;
use innkeep_domain::booking::cancel::{What, cancel};
use innkeep_domain::channel::diff::{Range, Value};
use innkeep_domain::channel::dirty::Kind;
use innkeep_domain::channel::push::{self, Call, Next};
use innkeep_domain::channel::revision::RevisionStatus;
use innkeep_domain::ports::channel::{ChannelError, PushReport, Rejected};

#[tokio::test]
async fn a_new_connection_is_told_everything_in_exactly_two_calls() {
    let (world, calls) = World::in_step(10).await;
    assert_eq!(calls, 2);
    let status = world.status().await;
    // 3 unit types x 500 days, availability and one rate plan each.
    assert_eq!((status.converged, status.in_flight, status.waiting), (3000, 0, 0));
}

#[tokio::test]
async fn a_sale_tells_exactly_its_nights() {
    let (world, _) = World::in_step(10).await;
    world.sell("DBL", 3, 2).await;
    let call = world.call(now()).await;
    assert_eq!((call.kind, call.ranges.len()), (Kind::Availability, 1));
    let range = &call.ranges[0];
    assert_eq!(
        (range.from, range.last),
        (world.house.night(3), world.house.night(4))
    );
    assert_eq!(range.told, Value::Free(4));
    world.answer(&call, PushReport::default()).await;
    assert!(matches!(world.next(now()).await, Next::Nothing));
}

/// The channel may have applied a call that ended without an answer. When the truth then returns to what was accepted
/// before, the cell must still be told: the channel may believe something else.
#[tokio::test]
async fn a_call_without_an_answer_is_told_again_even_if_the_truth_returned() {
    let (world, _) = World::in_step(10).await;
    let booking = world.sell("STE", 1, 1).await;
    let call = world.call(now()).await;
    let mut tx = world.db.begin(world.house.tenant).await.unwrap();
    push::failed(&mut tx, &call, &ChannelError::Unknown("timed out".into()), now())
        .await
        .unwrap();
    cancel(
        &mut tx,
        &world.house.owner(),
        What::Booking(booking.id),
        None,
        None,
        now(),
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    assert!(matches!(world.next(now()).await, Next::Wait(_)), "back-off first");
    let again = world.call(now() + Duration::seconds(2)).await;
    assert_eq!(again.ranges[0].told, Value::Free(1));
}

/// Killed between the call and its answer: the same, without anybody noting a failure.
#[tokio::test]
async fn a_call_that_was_never_heard_of_again_is_told_again() {
    let (world, _) = World::in_step(10).await;
    let booking = world.sell("STE", 1, 1).await;
    drop(world.call(now()).await);
    let mut tx = world.db.begin(world.house.tenant).await.unwrap();
    cancel(
        &mut tx,
        &world.house.owner(),
        What::Booking(booking.id),
        None,
        None,
        now(),
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(world.call(now()).await.ranges[0].told, Value::Free(1));
}

/// The channel may apply a dead sender's call after its successor's, and would then believe the older value for ever.
#[tokio::test]
async fn what_was_told_since_a_dead_senders_call_is_told_once_more() {
    let (world, _) = World::in_step(10).await;
    let at = |seconds| now() + Duration::seconds(seconds);
    world.sell("STE", 1, 1).await;
    drop(world.call(at(1)).await);
    let successors = world.call(at(2)).await;
    world.answer_at(&successors, PushReport::default(), at(3)).await;
    assert!(
        matches!(world.next(at(5)).await, Next::Nothing),
        "it may yet be applied"
    );
    assert!(world.due(at(5)).await.is_empty());
    assert_eq!(world.due(at(7)).await, [world.connection.id]);
    let again = world.call(at(7)).await;
    assert_eq!(again.ranges, ranges_unknown(&successors));
    world.answer_at(&again, PushReport::default(), at(8)).await;
    assert!(matches!(world.next(at(60)).await, Next::Nothing), "once");
}

/// The same ranges, of which it is not known what the channel accepted.
fn ranges_unknown(call: &Call) -> Vec<Range> {
    let mut ranges = call.ranges.clone();
    ranges
        .iter_mut()
        .flat_map(|r| &mut r.cells)
        .for_each(|c| c.accepted = None);
    ranges
}

#[tokio::test]
async fn what_the_channel_rejects_is_alarmed_in_its_words_and_the_rest_converges() {
    let world = World::connected(10).await;
    let call = world.call(now()).await;
    let rejected = vec![Rejected {
        range: 0,
        reason: "room type is gone".into(),
    }];
    world
        .answer(
            &call,
            PushReport {
                rejected,
                ..PushReport::default()
            },
        )
        .await;
    world.drain().await;
    let status = world.status().await;
    assert_eq!((status.alarmed, status.in_flight), (500, 0));
    assert_eq!(status.alarms[0].reason, "room type is gone");
    assert_eq!(world.open_alerts().await, ["cell_rejected"]);
}

#[tokio::test]
async fn the_channels_limit_holds_and_the_changes_coalesce() {
    let (world, _) = World::in_step(2).await; // one of its two availability calls is used up
    world.sell("DBL", 1, 1).await;
    let call = world.call(now()).await;
    world.answer(&call, PushReport::default()).await;
    world.sell("DBL", 1, 1).await;
    world.sell("DBL", 1, 1).await;
    assert!(matches!(world.next(now()).await, Next::Wait(until) if until == now() + Duration::seconds(60)));
    let call = world.call(now() + Duration::seconds(61)).await;
    assert_eq!(call.ranges.len(), 1);
    assert_eq!(call.ranges[0].told, Value::Free(2));
}

/// The channel lowers its own count when it sells, and may not raise it when it cancels. If both reach us before our
/// next call, the truth is what it was; but the channel believes otherwise and must hear it.
#[tokio::test]
async fn the_channel_that_sold_is_always_told_the_absolute_count() {
    let (world, _) = World::in_step(10).await;
    let r = |n, status| crate::world::revision(&world.house, "B1", n, status, &[("STE", 2, 1)]);
    world.apply(&r(1, RevisionStatus::New)).await;
    world.apply(&r(2, RevisionStatus::Cancelled)).await;
    let call = world.call(now()).await;
    assert_eq!(call.ranges.len(), 1);
    assert_eq!(call.ranges[0].told, Value::Free(1));
}

/// A booking that arrives while a call is in flight must not be forgotten when that call is answered.
#[tokio::test]
async fn an_answer_does_not_hide_what_the_channel_did_meanwhile() {
    let (world, _) = World::in_step(10).await;
    world.sell("DBL", 2, 1).await;
    let call = world.call(now()).await;
    let r = |n, status| crate::world::revision(&world.house, "B1", n, status, &[("DBL", 2, 1)]);
    world.apply(&r(1, RevisionStatus::New)).await;
    world.apply(&r(2, RevisionStatus::Cancelled)).await;
    world.answer(&call, PushReport::default()).await;
    assert_eq!(world.call(now()).await.ranges[0].told, Value::Free(4));
}

#[tokio::test]
async fn a_paused_connection_is_told_nothing_and_everything_when_it_resumes() {
    use innkeep_domain::channel::connection::set_state;
    let (world, _) = World::in_step(10).await;
    let id = world.connection.id;
    let set = async |active| {
        let mut tx = world.db.begin(world.house.tenant).await.unwrap();
        set_state(&mut tx, &world.house.owner(), id, active, now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
    };
    set(false).await;
    world.sell("DBL", 2, 1).await;
    assert!(matches!(world.next(now()).await, Next::Nothing));
    set(true).await;
    assert_eq!(world.call(now()).await.ranges[0].told, Value::Free(4));
}
