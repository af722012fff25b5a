//! What a channel is told.

use crate::world::{MANNER, World, now};
use chrono::{DateTime, Duration, Utc};
use innkeep_domain::booking::cancel::{What, cancel};
use innkeep_domain::channel::connection;
use innkeep_domain::channel::diff::{Range, Value};
use innkeep_domain::channel::dirty::Kind;
use innkeep_domain::channel::mapping::{Mapping, set_mapping};
use innkeep_domain::channel::push::{self, Call, Next};
use innkeep_domain::channel::retention;
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

async fn fail(world: &World, call: &Call, error: ChannelError, at: DateTime<Utc>) {
    let mut tx = world.db.begin(world.house.tenant).await.unwrap();
    push::failed(&mut tx, call, &error, at).await.unwrap();
    tx.commit().await.unwrap();
}

/// So may the channel apply one that its gateway gave up: after the next, which it accepted. One that it refused it does
/// not apply.
#[tokio::test]
async fn what_was_told_since_a_call_that_may_still_be_applied_is_told_once_more() {
    let at = |seconds| now() + Duration::seconds(seconds);
    let ended = |error: ChannelError| async move {
        let (world, _) = World::in_step(10).await;
        world.sell("STE", 1, 1).await;
        let first = world.call(at(1)).await;
        fail(&world, &first, error, at(1)).await;
        let Next::Wait(until) = world.next(at(1)).await else {
            panic!("nothing waits")
        };
        let second = world.call(until).await;
        world.answer_at(&second, PushReport::default(), until).await;
        (second, world.next(at(90)).await)
    };
    let gateway = ChannelError::Server {
        status: 504,
        detail: String::new(),
    };
    for error in [ChannelError::Unknown("broke off".into()), gateway] {
        let (second, Next::Call(again)) = ended(error).await else {
            panic!("nothing is told once more")
        };
        assert_eq!(again.ranges, ranges_unknown(&second));
    }
    let refused = ChannelError::Refused {
        status: 422,
        code: "no".into(),
        detail: String::new(),
    };
    assert!(matches!(ended(refused).await.1, Next::Nothing));
}

/// The answer to a call says what the old room was told. The new one has heard nothing.
#[tokio::test]
async fn an_answer_says_nothing_of_rooms_that_were_mapped_since_the_call() {
    let world = World::connected(10).await;
    let call = world.call(now()).await;
    assert_eq!(call.kind, Kind::Availability);
    world.map("DBL", "another").await;
    world.answer(&call, PushReport::default()).await;
    let told = world.call(now()).await;
    let another: Vec<&Range> = told.ranges.iter().filter(|r| r.external == "another").collect();
    assert_eq!(another.iter().map(|r| r.cells.len()).sum::<usize>(), 500);
}

/// A call is begun for rooms as they are mapped then: nobody maps them otherwise until it is on record.
#[tokio::test]
async fn nobody_maps_rooms_otherwise_while_a_call_is_begun() {
    let world = World::connected(10).await;
    let mut beginning = world.db.begin(world.house.tenant).await.unwrap();
    let connection = connection::get(&mut beginning, world.connection.id)
        .await
        .unwrap();
    let next = push::prepare(&mut beginning, &connection, MANNER, now())
        .await
        .unwrap();
    assert!(matches!(next, Next::Call(_)), "{next:?}");
    let mut tx = world.db.begin(world.house.tenant).await.unwrap();
    let mapping = Mapping::read(&mut tx, world.connection.id).await.unwrap();
    let owner = world.house.owner();
    let mapped = set_mapping(&mut tx, &owner, world.connection.id, &mapping, now());
    let waited = tokio::time::timeout(std::time::Duration::from_millis(300), mapped).await;
    assert!(waited.is_err(), "it was mapped meanwhile");
    drop(tx);
    beginning.commit().await.unwrap();
}

/// A channel that takes no rates still hears of every sale at once, and what it says of rates is not forgotten over it.
#[tokio::test]
async fn refused_rates_do_not_keep_availability_waiting() {
    let world = World::connected(100).await;
    let at = |seconds| now() + Duration::seconds(seconds);
    let units = world.call(now()).await;
    world.answer(&units, PushReport::default()).await;
    let refused = || ChannelError::Refused {
        status: 400,
        code: "no_rates".into(),
        detail: "we take none".into(),
    };
    let rates = world.call(now()).await;
    assert_eq!(rates.kind, Kind::Rates);
    fail(&world, &rates, refused(), now()).await;
    assert!(world.due(at(1)).await.is_empty(), "rates wait");
    world.sell("DBL", 3, 2).await;
    assert_eq!(world.due(at(1)).await, [world.connection.id]);
    let sale = world.call(at(1)).await;
    assert_eq!(sale.kind, Kind::Availability);
    world.answer_at(&sale, PushReport::default(), at(1)).await;
    assert_eq!(world.open_alerts().await, ["channel_refused"]);
    let status = world.status().await;
    assert_eq!((status.push_failures, status.rates_failures), (0, 1));
    let rates = world.call(at(61)).await;
    assert_eq!(rates.kind, Kind::Rates);
    world.answer_at(&rates, PushReport::default(), at(61)).await;
    assert_eq!(world.open_alerts().await, [""; 0]);
}

#[tokio::test]
async fn a_channel_that_is_not_there_for_long_is_an_alert_until_it_is() {
    let (world, _) = World::in_step(100).await;
    world.sell("DBL", 3, 2).await;
    let mut at = now();
    for failures in 1..=10 {
        assert_eq!(world.open_alerts().await, [""; 0], "after {failures}");
        let call = world.call(at).await;
        fail(&world, &call, ChannelError::Unreachable("no route".into()), at).await;
        at += Duration::minutes(2);
    }
    assert_eq!(world.open_alerts().await, ["channel_unreached"]);
    let call = world.call(at).await;
    world.answer_at(&call, PushReport::default(), at).await;
    assert_eq!(world.open_alerts().await, [""; 0]);
}

/// Whatever lost its mark is found by the hour, and nothing is told that does not differ.
#[tokio::test]
async fn a_lost_mark_and_a_refusal_are_found_again_by_the_hour() {
    let (world, _) = World::in_step(100).await;
    world.sell("DBL", 3, 2).await;
    let mut tx = world.db.begin(world.house.tenant).await.unwrap();
    sqlx::query("delete from ari_dirty")
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert!(matches!(world.next(now()).await, Next::Nothing));
    let compare = async |hours| {
        let mut tx = world.db.begin(world.house.tenant).await.unwrap();
        let at = now() + Duration::hours(hours);
        retention::compare(&mut tx, at).await.unwrap();
        tx.commit().await.unwrap();
    };
    compare(0).await;
    let call = world.call(now()).await;
    assert_eq!((call.ranges.len(), call.ranges[0].cells.len()), (1, 2));
    let rejected = vec![Rejected {
        range: 0,
        reason: "not now".into(),
    }];
    let report = PushReport {
        rejected,
        ..PushReport::default()
    };
    world.answer(&call, report).await;
    assert!(matches!(world.next(now()).await, Next::Nothing));
    compare(1).await;
    let again = world.call(now()).await;
    assert_eq!(again.ranges[0].cells.len(), 2);
    world.answer(&again, PushReport::default()).await;
    // Far ones in turns.
    let mut tx = world.db.begin(world.house.tenant).await.unwrap();
    sqlx::query("update ari_shadow set accepted = null")
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    for hour in 0..24 {
        compare(hour).await;
    }
    world.drain().await;
    assert_eq!(world.status().await.in_flight, 0);
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
