//! What channels hear of groups, and the cutoff.

use crate::world::{World, now};
use chrono::{Days, NaiveDate};
use innkeep_domain::channel::diff::Value;
use innkeep_domain::group::allotment::{self, Range};
use innkeep_domain::group::entity::{Group, Status};
use innkeep_domain::group::plan::{self, NewGroup};
use innkeep_domain::group::{release, store};
use innkeep_domain::ports::channel::PushReport;
use uuid::Uuid;

async fn group(world: &World, code: &str, cutoff: Option<NaiveDate>) -> Group {
    let house = &world.house;
    let new = NewGroup {
        property_id: house.property_id,
        code: code.into(),
        name: code.into(),
        definite: true,
        arrival: house.night(10),
        departure: house.night(12),
        cutoff,
        company_id: None,
        rate_plan_id: None,
        notes: None,
    };
    let range = Range {
        unit_type_id: world.unit_type("DBL"),
        from: house.night(10),
        last: house.night(11),
        units: 2,
    };
    let mut tx = world.db.begin(house.tenant).await.unwrap();
    let made = plan::create(&mut tx, &house.owner(), new, now()).await.unwrap();
    let made = allotment::set(&mut tx, &house.owner(), made.id, &[range], None, None, now()).await;
    tx.commit().await.unwrap();
    made.unwrap()
}

async fn status(world: &World, id: Uuid) -> Status {
    let mut tx = world.db.begin(world.house.tenant).await.unwrap();
    store::get(&mut tx, &world.house.owner(), id)
        .await
        .unwrap()
        .status
}

async fn release_due(world: &World) -> usize {
    let mut released = 0;
    loop {
        let mut tx = world.db.begin(world.house.tenant).await.unwrap();
        let more = release::release_due(&mut tx, now()).await.unwrap();
        tx.commit().await.unwrap();
        if !more {
            return released;
        }
        released += 1;
    }
}

/// Sets the business date, as the night audit will.
async fn move_to(world: &World, date: NaiveDate) {
    let mut tx = world.db.begin(world.house.tenant).await.unwrap();
    sqlx::query("update property set business_date = $1")
        .bind(date)
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

/// The next call says this of the group's nights and of no other.
async fn assert_told(world: &World, free: i32) {
    let call = world.call(now()).await;
    let told: Vec<_> = call
        .ranges
        .iter()
        .map(|r| (r.from, r.last, r.told.clone()))
        .collect();
    let (from, last) = (world.house.night(10), world.house.night(11));
    assert_eq!(told, [(from, last, Value::Free(free))]);
    world.answer(&call, PushReport::default()).await;
}

#[tokio::test]
async fn channels_hear_what_is_kept_and_what_is_given_back() {
    let (world, _) = World::in_step(10).await;
    let made = group(&world, "A", None).await;
    assert_told(&world, 3).await;
    let mut tx = world.db.begin(world.house.tenant).await.unwrap();
    release::release(&mut tx, &world.house.owner(), made.id, None, now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_told(&world, 5).await;
    world.assert_sound().await;
}

#[tokio::test]
async fn at_the_cutoff_by_the_houses_business_date_what_remains_is_released() {
    let (world, _) = World::in_step(10).await;
    let cutoff = world.house.night(5);
    let due = group(&world, "DUE", Some(cutoff)).await;
    let never = group(&world, "NEVER", None).await;
    move_to(&world, cutoff - Days::new(1)).await;
    assert_eq!(release_due(&world).await, 0, "the day before");
    move_to(&world, cutoff).await;
    assert_eq!(release_due(&world).await, 1);
    assert_eq!(
        (status(&world, due.id).await, status(&world, never.id).await),
        (Status::Released, Status::Definite)
    );
    assert_eq!(release_due(&world).await, 0, "once");
}
