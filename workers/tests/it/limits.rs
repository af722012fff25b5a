//! What is not told, or not yet.

use crate::world::{World, now};
use chrono::{DateTime, Duration, Utc};
use innkeep_domain::channel::push::Next;
use innkeep_domain::ports::channel::PushReport;
use innkeep_domain::rates::ari::{self, Change, PriceEntry, Range, RestrictionEntry, Restrictions};
use rust_decimal::{Decimal, dec};

fn at(seconds: i64) -> DateTime<Utc> {
    now() + Duration::seconds(seconds)
}

/// The channel counts a call when it arrives, which may be long after it began.
#[tokio::test]
async fn the_limit_counts_from_the_ends_of_calls() {
    let (world, _) = World::in_step(1).await;
    world.sell("DBL", 1, 1).await;
    let call = world.call(at(61)).await;
    world.answer_at(&call, PushReport::default(), at(90)).await;
    world.sell("DBL", 1, 1).await;
    assert!(matches!(world.next(at(122)).await, Next::Wait(until) if until == at(150)));
    world.call(at(150)).await;
}

/// A dead sender's call may arrive yet: it counts as if it ended now.
#[tokio::test]
async fn an_open_call_counts_as_ending_now() {
    let (world, _) = World::in_step(1).await;
    world.sell("DBL", 1, 1).await;
    drop(world.call(at(61)).await);
    assert!(matches!(world.next(at(63)).await, Next::Wait(until) if until == at(123)));
}

/// One kind's limit is no reason to keep the other waiting.
#[tokio::test]
async fn rates_are_told_while_availability_waits() {
    let (world, _) = World::in_step(1).await;
    world.sell("DBL", 1, 1).await;
    let call = world.call(at(61)).await;
    world.answer_at(&call, PushReport::default(), at(62)).await;
    world.sell("DBL", 1, 1).await;
    price(&world, dec!(77), None).await;
    let call = world.call(at(63)).await;
    assert_eq!(call.kind, innkeep_domain::channel::dirty::Kind::Rates);
}

/// Channels have no word for "no price": a closed night that loses its price is told nothing, and is in step; once it has
/// one again that is told.
#[tokio::test]
async fn a_closed_night_that_loses_its_price_is_not_spoken_of() {
    let (world, _) = World::in_step(10).await;
    price(&world, dec!(100), Some(true)).await;
    world.drain().await;
    price(&world, dec!(0), None).await;
    assert_eq!(world.due(now()).await, [world.connection.id]);
    assert!(matches!(world.next(now()).await, Next::Nothing));
    assert!(world.due(now()).await.is_empty(), "nothing is left to look at");
    price(&world, dec!(100), None).await;
    assert_eq!(world.call(now()).await.ranges.len(), 1);
}

/// Of one double room on one night.
async fn price(world: &World, price: Decimal, stop_sell: Option<bool>) {
    let night = world.house.night(3);
    let range = Range {
        from: night,
        to: night,
        weekdays: vec![],
    };
    let (rate_plan_id, unit_type_id) = (world.house.base_plan, world.unit_type("DBL"));
    let restrictions = stop_sell.map(|stop| RestrictionEntry {
        rate_plan_id,
        unit_type_id,
        range: range.clone(),
        set: Restrictions {
            stop_sell: Some(Some(stop)),
            ..Restrictions::default()
        },
    });
    let change = Change {
        prices: vec![PriceEntry {
            rate_plan_id,
            unit_type_id,
            range,
            price,
            currency: "EUR".into(),
        }],
        restrictions: restrictions.into_iter().collect(),
        availability: vec![],
    };
    let mut tx = world.db.begin(world.house.tenant).await.unwrap();
    ari::change(
        &mut tx,
        &world.house.owner(),
        world.house.property_id,
        change,
        now(),
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
}
