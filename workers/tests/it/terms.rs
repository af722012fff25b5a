//! What people decide for one channel, as the channel is told it.

use crate::world::{World, now};
use innkeep_domain::channel::change::{ConnectionChange, change};
use innkeep_domain::channel::closure::{self, Closure};
use innkeep_domain::channel::diff::Value;
use innkeep_domain::channel::dirty::Kind;
use innkeep_domain::channel::push::Next;
use innkeep_domain::ports::channel::{PushReport, RateFields};
use rust_decimal::dec;

async fn set(world: &World, to: ConnectionChange) {
    let mut tx = world.db.begin(world.house.tenant).await.unwrap();
    let who = world.house.owner();
    change(&mut tx, &who, world.connection.id, to, None, now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

/// What the next call tells: of each range the first night, how many, and what.
async fn told(world: &World) -> Option<(Kind, Vec<(usize, Value)>)> {
    let Next::Call(call) = world.next(now()).await else {
        return None;
    };
    world.answer(&call, PushReport::default()).await;
    let ranges = call.ranges.iter().map(|r| (r.cells.len(), r.told.clone()));
    Some((call.kind, ranges.collect()))
}

#[tokio::test]
async fn another_buffer_is_told_once_and_only_where_it_changes_something() {
    let (world, _) = World::in_step(10).await;
    // Two singles, five doubles, a suite: nothing is left of the suite.
    let buffer = |n| ConnectionChange {
        safety_buffer: Some(n),
        ..ConnectionChange::default()
    };
    set(&world, buffer(1)).await;
    let (kind, ranges) = told(&world).await.unwrap();
    assert_eq!(kind, Kind::Availability);
    let mut free: Vec<(usize, Value)> = ranges;
    free.sort_by_key(|(_, told)| match told {
        Value::Free(n) => *n,
        Value::Rate(_) => i32::MAX,
    });
    assert_eq!(
        free,
        [
            (500, Value::Free(0)),
            (500, Value::Free(1)),
            (500, Value::Free(4))
        ]
    );
    assert_eq!(told(&world).await, None);
    set(&world, buffer(1)).await;
    assert_eq!(told(&world).await, None);
}

#[tokio::test]
async fn a_markup_is_told_as_prices_alone() {
    let (world, _) = World::in_step(10).await;
    let markup = ConnectionChange {
        markup_percent: Some(dec!(10)),
        ..ConnectionChange::default()
    };
    set(&world, markup).await;
    let (kind, ranges) = told(&world).await.unwrap();
    assert_eq!(kind, Kind::Rates);
    for (_, told) in &ranges {
        let Value::Rate(fields) = told else {
            panic!("{told:?}")
        };
        let price = RateFields {
            price: fields.price,
            ..RateFields::default()
        };
        assert_eq!(*fields, price);
        assert!(fields.price.is_some_and(|p| p >= dec!(110)), "{fields:?}");
    }
    assert_eq!(told(&world).await, None);
}

#[tokio::test]
async fn closed_out_nights_are_told_as_nothing_free_and_no_sale() {
    let (world, _) = World::in_step(10).await;
    let close = async |closures: &[Closure]| {
        let mut tx = world.db.begin(world.house.tenant).await.unwrap();
        let (who, all) = (world.house.owner(), closures.iter().cloned().collect());
        closure::replace(&mut tx, &who, world.connection.id, all, now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
    };
    let stop = |stop_sell| {
        Value::Rate(RateFields {
            stop_sell: Some(stop_sell),
            ..RateFields::default()
        })
    };
    close(&[Closure {
        unit_type_id: Some(world.unit_type("DBL")),
        from: world.house.night(3),
        to: world.house.night(5),
    }])
    .await;
    assert_eq!(
        told(&world).await,
        Some((Kind::Availability, vec![(2, Value::Free(0))]))
    );
    assert_eq!(told(&world).await, Some((Kind::Rates, vec![(2, stop(true))])));
    assert_eq!(told(&world).await, None);
    close(&[]).await;
    assert_eq!(
        told(&world).await,
        Some((Kind::Availability, vec![(2, Value::Free(5))]))
    );
    assert_eq!(told(&world).await, Some((Kind::Rates, vec![(2, stop(false))])));
    assert_eq!(told(&world).await, None);
}

/// Whoever is at the new address has heard nothing; a call to the old one that is answered now says nothing of it.
#[tokio::test]
async fn another_address_is_told_everything_and_another_key_nothing() {
    let (world, _) = World::in_step(10).await;
    world.sell("STE", 1, 1).await;
    let call = world.call(now()).await;
    let at = |base_url: &str| ConnectionChange {
        base_url: Some(base_url.to_owned()),
        ..ConnectionChange::default()
    };
    set(&world, at("http://127.0.0.1:2")).await;
    world.answer(&call, PushReport::default()).await;
    let all = [(Kind::Availability, 1500), (Kind::Rates, 1500)];
    for expected in all {
        let (kind, ranges) = told(&world).await.unwrap();
        assert_eq!((kind, ranges.iter().map(|(n, _)| n).sum::<usize>()), expected);
    }
    assert_eq!(told(&world).await, None);
    set(&world, at("http://127.0.0.1:2")).await;
    let key = ConnectionChange {
        api_key: Some("another".to_owned()),
        ..ConnectionChange::default()
    };
    set(&world, key).await;
    assert_eq!(told(&world).await, None);
}
