//! What a channel believes is not what it accepted.

use crate::world::{World, now};
use chrono::{DateTime, Duration, NaiveDate, Utc};
use innkeep_domain::channel::dirty::Kind;
use innkeep_domain::channel::drift::{self, Found, Question, Told};
use innkeep_domain::channel::inbox;
use innkeep_domain::channel::push::Next;
use innkeep_domain::ports::channel::{Believed, ChannelError, PushReport, RateFields, Rejected};
use innkeep_domain::testing::Plan;
use rust_decimal::dec;
use std::collections::BTreeSet;

const EVERY: Duration = Duration::seconds(300);

/// Long enough after what was told at [`now`].
fn later() -> DateTime<Utc> {
    now() + Duration::seconds(30)
}

async fn ask(world: &World, at: DateTime<Utc>) -> Option<Question> {
    let mut tx = world.db.begin(world.house.tenant).await.unwrap();
    let question = drift::take(&mut tx, world.connection.id, EVERY, 0.5, at)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    question
}

async fn find<T: Told>(world: &World, question: &Question, said: &Believed<T>) -> Found {
    let mut tx = world.db.begin(world.house.tenant).await.unwrap();
    drift::find(&mut tx, question, said).await.unwrap()
}

/// What the channel would say if it had forgotten nothing: every unit of every type is free.
fn units(question: &Question) -> Believed<i32> {
    let of_type = |code: &str, capacity: i32| {
        let nights = question.from.iter_days().take_while(|d| *d <= question.last);
        (code.to_owned(), nights.map(|night| (night, capacity)).collect())
    };
    let types = Plan::HOTEL.unit_types.iter();
    types.map(|(code, units)| of_type(code, *units as i32)).collect()
}

async fn repair(world: &World, question: &Question, kind: Kind, found: &Found) {
    let mut tx = world.db.begin(world.house.tenant).await.unwrap();
    drift::repair(&mut tx, question, kind, &found.drift, later())
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

fn night(world: &World, n: u64) -> NaiveDate {
    world.house.night(n)
}

#[tokio::test]
async fn a_channel_that_remembers_is_left_alone() {
    let (world, _) = World::in_step(10).await;
    let question = ask(&world, later()).await.unwrap();
    assert_eq!(question.from, night(&world, 0));
    assert!(question.last >= night(&world, 499));
    let found = find(&world, &question, &units(&question)).await;
    assert!(found.drift.is_empty() && found.unknown.is_empty(), "{found:?}");
    assert!(ask(&world, later()).await.is_none(), "asked again at once");
    assert!(ask(&world, later() + EVERY).await.is_some());
}

#[tokio::test]
async fn what_it_forgot_is_told_anew_and_nothing_else() {
    let (world, _) = World::in_step(10).await;
    let question = ask(&world, later()).await.unwrap();
    let mut said = units(&question);
    said.get_mut("DBL").unwrap().insert(night(&world, 3), 9);
    let found = find(&world, &question, &said).await;
    let [drift] = found.drift.as_slice() else {
        panic!("{found:?}")
    };
    assert_eq!((drift.night, drift.sold_perhaps), (night(&world, 3), false));
    repair(&world, &question, Kind::Availability, &found).await;
    let call = world.call(later()).await;
    let [range] = call.ranges.as_slice() else {
        panic!("{:?}", call.ranges)
    };
    assert_eq!((range.from, range.last), (night(&world, 3), night(&world, 3)));
    let status = world.status().await;
    assert_eq!((status.drifted, status.drifted_at), (1, Some(later())));
}

/// The channel has fewer: it may have sold one a moment ago.
#[tokio::test]
async fn fewer_units_may_be_a_sale() {
    let (world, _) = World::in_step(10).await;
    let question = ask(&world, later()).await.unwrap();
    let mut said = units(&question);
    said.get_mut("DBL").unwrap().insert(night(&world, 3), 0);
    let found = find(&world, &question, &said).await;
    assert!(found.drift.len() == 1 && found.drift[0].sold_perhaps, "{found:?}");
    let mut tx = world.db.begin(world.house.tenant).await.unwrap();
    assert!(
        !drift::heard_all(&mut tx, &question).await.unwrap(),
        "nobody has listened"
    );
    let id = world.connection.id;
    let asked = later() + Duration::seconds(1);
    let lease = inbox::take_poll(&mut tx, id, asked).await.unwrap();
    assert!(lease.is_some());
    assert!(
        !drift::heard_all(&mut tx, &question).await.unwrap(),
        "it was asked and has not answered"
    );
    let down = ChannelError::Unreachable("no route".into());
    inbox::poll_failed(&mut tx, &world.connection, &down, false, asked)
        .await
        .unwrap();
    assert!(!drift::heard_all(&mut tx, &question).await.unwrap());
    inbox::poll_worked(&mut tx, id, lease, None, asked).await.unwrap();
    assert!(
        !drift::heard_all(&mut tx, &question).await.unwrap(),
        "it has more"
    );
    inbox::poll_worked(&mut tx, id, lease, Some(asked), asked)
        .await
        .unwrap();
    assert!(drift::heard_all(&mut tx, &question).await.unwrap());
}

/// What was told after the question, or a moment before it, is not held against the channel.
#[tokio::test]
async fn what_is_on_its_way_is_no_drift() {
    let (world, _) = World::in_step(10).await;
    let soon = ask(&world, now() + Duration::seconds(5)).await.unwrap();
    let nothing = units(&soon)
        .into_keys()
        .map(|code| (code, [(night(&world, 0), 99)].into()));
    let nothing: Believed<i32> = nothing.collect();
    assert!(find(&world, &soon, &nothing).await.drift.is_empty());
    let question = ask(&world, later() + EVERY).await.unwrap();
    assert_eq!(find(&world, &question, &nothing).await.drift.len(), 3);
}

#[tokio::test]
async fn rates_drift_too() {
    let (world, _) = World::in_step(10).await;
    let question = ask(&world, later()).await.unwrap();
    let fields = RateFields {
        price: Some(dec!(1)),
        ..RateFields::default()
    };
    let said: Believed<RateFields> = [("DBL-BAR".to_owned(), [(night(&world, 7), fields)].into())].into();
    let found = find(&world, &question, &said).await;
    assert_eq!(found.drift.len(), 1);
    assert_eq!(found.unknown.len(), 2, "the others it does not know");
    repair(&world, &question, Kind::Rates, &found).await;
    let call = world.call(later()).await;
    assert_eq!((call.kind, call.ranges.len()), (Kind::Rates, 1));
}

#[tokio::test]
async fn what_the_channel_does_not_know_any_more_is_an_alert() {
    let (world, _) = World::in_step(10).await;
    let question = ask(&world, later()).await.unwrap();
    for (unknown, alerts) in [
        (
            BTreeSet::from(["DBL".to_owned()]),
            vec!["mapping_stale".to_owned()],
        ),
        (BTreeSet::new(), vec![]),
    ] {
        let mut tx = world.db.begin(world.house.tenant).await.unwrap();
        drift::done(&mut tx, &question, &unknown, later()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(world.open_alerts().await, alerts);
    }
}

/// Refused cells are told again with the next reading, and the alert ends when they are taken.
#[tokio::test]
async fn what_was_refused_is_tried_again() {
    let (world, _) = World::in_step(10).await;
    world.sell("DBL", 3, 1).await;
    let call = world.call(now()).await;
    let refused = PushReport {
        rejected: vec![Rejected {
            range: 0,
            reason: "no".into(),
        }],
        ..PushReport::default()
    };
    world.answer(&call, refused).await;
    assert_eq!(world.open_alerts().await, ["cell_rejected"]);
    assert!(matches!(world.next(later()).await, Next::Nothing));
    let question = ask(&world, later()).await.unwrap();
    let mut tx = world.db.begin(world.house.tenant).await.unwrap();
    drift::tell_refused(&mut tx, &question).await.unwrap();
    tx.commit().await.unwrap();
    let call = world.call(later()).await;
    assert_eq!(call.ranges.len(), 1);
    world.answer_at(&call, PushReport::default(), later()).await;
    assert!(world.open_alerts().await.is_empty());
    assert_eq!(world.status().await.alarmed, 0);
}
