//! `certification`: what Channex asks of a PMS before it lets it near hotels, as fourteen scenarios. Each is something
//! that happens in the house, done through Innkeep's API; judged is what the channel's journal then holds: how many
//! calls, and exactly which bodies.
//!
//! The published scenarios name dates of one November. Here day 1 is the first of a month to come, and so on.
//!
//! | | scenario | what happens in the house |
//! |---|---|---|
//! | 1 | full sync | a house with 500 nights of prices, higher at weekends, is mapped: one call for availability, one for rates |
//! | 2 | single date, single rate | Twin BAR, day 22: 333.00 |
//! | 3 | single date, several rates | Twin BAR day 21: 333.00; Double BAR day 25: 444.00; Double B&B day 29: 456.23 |
//! | 4 | several dates, several rates | Twin BAR 1-10: 241.00; Double BAR 10-16: 312.66; Double B&B 1-20: 111.00 |
//! | 5 | minimum stay | Twin BAR day 23: 3; Double BAR day 25: 2; Double B&B day 15: 5 |
//! | 6 | stop sell | Twin BAR day 14; Double BAR day 16; Double B&B day 20 |
//! | 7 | several restrictions | arrival, departure, longest and shortest stay of four rates over ranges |
//! | 8 | half a year | Twin BAR 432.00, 2 nights at least; Double BAR 342.00, 3 nights; for 152 nights |
//! | 9 | availability, single date | Twin day 21: 8 to 7; Double day 25: 1 to 0 |
//! | 10 | availability, several dates | Twin 10-16: 3; Double 17-24: 4 |
//! | 11 | receive bookings | a guest books, changes, cancels at the channel; each revision is acknowledged once |
//! | 12 | limits | ten calls of a kind in 60 s and never an eleventh; after a 429, silence |
//! | 13 | only what changed | the same value again, and time passing, are not told |
//! | 14 | availability follows bookings | a stay is booked here and cancelled: one call each |

mod bookings;
mod limits;
mod stage;
mod values;

use crate::harness::verdict::{Scale, Verdict};
use crate::harness::world::World;
use innkeep_domain::testing::Plan;
use serde_json::{Value, json};
use stage::{Journalled, Stage};
use std::time::Duration;
use values::{Product, Told, availability, rates};

/// Only the staff of it is needed: the house itself is made through the API.
const PLAN: Plan = Plan {
    unit_types: &[("ONE", 1)],
    nights: 1,
    ..Plan::HOTEL
};

/// What happens, and what the channel must then have been told: one call of each named kind, no other.
struct Scenario {
    name: &'static str,
    change: Value,
    availability: Vec<Value>,
    rates: Vec<Value>,
}

pub async fn run(scale: Scale) -> anyhow::Result<Verdict> {
    let mut world = World::new(&[PLAN]).await?;
    world.set("INNKEEP_READ_BACK_SECONDS", "3");
    world.start_sandbox().await?;
    world.serve(true).await?;
    let mut verdict = Verdict::default();
    let stage = Stage::furnish(&world, "Test Property - Innkeep", 10).await?;
    full_sync(&stage, &mut verdict).await?;
    let mut carried = 1;
    for scenario in scenarios(&stage) {
        play(&stage, &scenario, &mut verdict).await?;
        carried += 1;
    }
    bookings::received(&stage, &mut verdict).await?;
    only_changes(&stage, scale, &mut verdict).await?;
    bookings::followed(&stage, &mut verdict).await?;
    limits::kept(&world, scale, &mut verdict).await?;
    carried += 4;
    verdict.figure(format!("{carried} scenarios"));
    verdict.demand(carried == 14, "not all fourteen were played");
    let all = stage.calls(0).await?;
    verdict.figure(format!("{} calls for all but 12", all.len()));
    let refused = all.iter().filter(|c| c.status != 200 || c.warnings > 0).count();
    verdict.none(refused, "of them refused or warned about");
    let (holds, said) = world.verify().await?;
    verdict.demand(holds, said);
    Ok(verdict)
}

/// 1: two calls for 500 days; where neighbouring nights are alike, a value each covers them.
async fn full_sync(stage: &Stage, verdict: &mut Verdict) -> anyhow::Result<()> {
    let calls = stage.settled(0).await?;
    verdict.figure(format!("full sync of 500 days in {} calls", calls.len()));
    let (first, last) = stage.horizon();
    let (mut free, mut rated) = (Vec::new(), Vec::new());
    for product in Product::ALL {
        let runs = stage.weeks().into_iter();
        rated.extend(runs.map(|(from, to, weekend)| {
            stage.rate(product, from, to, Told::everything(product.price(weekend)))
        }));
    }
    free.push(stage.free("twin", first, last, 8));
    // The double has one left on day 25, from the beginning.
    let day = stage.day(25);
    free.push(stage.free("double", first, day.pred_opt().unwrap_or(day), 6));
    free.push(stage.free("double", day, day, 1));
    free.push(stage.free("double", day.succ_opt().unwrap_or(day), last, 6));
    judge("1 full sync", calls, free, rated, verdict);
    Ok(())
}

async fn play(stage: &Stage, scenario: &Scenario, verdict: &mut Verdict) -> anyhow::Result<()> {
    let before = stage.last_call().await?;
    stage.change(&scenario.change).await?;
    let calls = stage.settled(before).await?;
    judge(
        scenario.name,
        calls,
        scenario.availability.clone(),
        scenario.rates.clone(),
        verdict,
    );
    Ok(())
}

/// Exactly one call of each kind that has something to say, with exactly these values, in whatever order.
fn judge(
    name: &str,
    calls: Vec<Journalled>,
    availability: Vec<Value>,
    rates: Vec<Value>,
    verdict: &mut Verdict,
) {
    for (kind, wanted) in [("availability", availability), ("restrictions", rates)] {
        let of_kind: Vec<&Journalled> = calls.iter().filter(|c| c.kind == kind).collect();
        let most = usize::from(!wanted.is_empty());
        verdict.demand(
            of_kind.len() == most,
            format!("{name}: {} {kind} calls where {most} is right", of_kind.len()),
        );
        let told: Vec<Value> = of_kind.iter().flat_map(|c| c.values.clone()).collect();
        let (told, wanted) = (sorted(told), sorted(wanted));
        let differ = || format!("{name}: {kind} told {}, not {}", json!(told), json!(wanted));
        verdict.demand(told == wanted, differ());
    }
}

fn sorted(mut values: Vec<Value>) -> Vec<Value> {
    values.sort_by_key(Value::to_string);
    values
}

/// 13: the same again, and a while in which the channel is read back but nothing is told on a timer.
async fn only_changes(stage: &Stage, scale: Scale, verdict: &mut Verdict) -> anyhow::Result<()> {
    let before = stage.last_call().await?;
    stage.change(&all_at_once(&scenarios(stage))).await?;
    let again = stage.settled(before).await?;
    let values: usize = again.iter().map(|c| c.values.len()).sum();
    verdict.none(values, "values told again that had not changed");
    let before = stage.last_call().await?;
    tokio::time::sleep(Duration::from_secs(scale.of(7, 90))).await;
    verdict.none(stage.calls(before).await?.len(), "calls while nothing happened");
    Ok(())
}

/// In one change the last entry for a night wins, so the house stays as the scenarios left it.
fn all_at_once(scenarios: &[Scenario]) -> Value {
    let entries = |kind: &str| -> Vec<Value> {
        let all = scenarios.iter().filter_map(|s| s.change[kind].as_array());
        all.flatten().cloned().collect()
    };
    json!({ "prices": entries("prices"), "restrictions": entries("restrictions"),
            "availability": entries("availability") })
}

/// 2 to 10.
fn scenarios(stage: &Stage) -> Vec<Scenario> {
    let mut all = rates(stage);
    all.extend(availability(stage));
    all
}
