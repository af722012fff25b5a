//! `stay-model`: random lives of stays in a real house, held step by step against a small pure model. A difference is
//! shrunk to the shortest sequence that shows it.

mod house;
mod model;
mod ops;
mod picture;

use crate::harness::verdict::{Scale, Verdict};
use crate::harness::world::World;
use house::{Real, Tally};
use innkeep_domain::db::Db;
use ops::{Op, op};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

const STEPS: usize = 50;
/// Sequences are independent, so several run at once.
const AT_ONCE: usize = 4;

pub async fn run(scale: Scale) -> anyhow::Result<Verdict> {
    let sequences = scale.of(200, 10_000);
    let world = World::new(&[]).await?;
    let mut lanes = Vec::new();
    for lane in 0..AT_ONCE {
        let db = world.database.connect(1).await?;
        lanes.push(tokio::spawn(explore(db, lane, sequences / AT_ONCE)));
    }
    let mut verdict = Verdict::default();
    let mut differences = 0;
    let mut tally = Tally::new();
    for lane in lanes {
        let (difference, done) = lane.await??;
        for (outcome, times) in done {
            *tally.entry(outcome).or_default() += times;
        }
        if let Some(difference) = difference {
            differences += 1;
            verdict.demand(false, difference);
        }
    }
    verdict.figure(format!("{sequences} sequences of {STEPS} steps"));
    verdict.none(differences, "differences");
    if verdict.holds() {
        reached(&mut verdict, &tally);
    }
    Ok(verdict)
}

/// A proof that never got somewhere says nothing about it: each of these has to have happened.
fn reached(verdict: &mut Verdict, tally: &Tally) {
    for (what, outcome) in MUST_HAPPEN {
        let times = tally.get(&((*what).to_owned(), *outcome)).unwrap_or(&0);
        verdict.demand(*times > 0, format!("{what}: {outcome} did not happen"));
    }
    let of_guests = tally.iter().filter(|((what, _), _)| what.ends_with("in_house"));
    let with_guests: usize = of_guests.map(|(_, times)| times).sum();
    verdict.figure(format!(
        "{} kinds of outcome, {with_guests} steps with a guest in house",
        tally.len()
    ));
}

/// An operation with the state of its stay, and `done` or the refusal.
const MUST_HAPPEN: &[(&str, &str)] = &[
    ("Book", "done"),
    ("Book", "no_availability"),
    ("Hold", "done"),
    ("TimePasses", "done"),
    ("Confirm tentative", "done"),
    ("Cancel tentative", "done"),
    ("Cancel confirmed", "done"),
    ("Cancel in_house", "wrong_state"),
    ("NoShow confirmed", "done"),
    ("NoShow confirmed", "too_early"),
    ("Reinstate cancelled", "done"),
    ("Reinstate cancelled", "no_availability"),
    ("Reinstate no_show", "done"),
    ("Amend tentative", "done"),
    ("Amend confirmed", "done"),
    ("Amend confirmed", "no_availability"),
    ("Amend in_house", "done"),
    ("Amend in_house", "arrived_already"),
    ("Assign confirmed", "done"),
    ("Assign confirmed", "unit_taken"),
    ("Assign confirmed", "wrong_unit_type"),
    ("Assign confirmed", "assignment_locked"),
    ("Assign in_house", "done"),
    ("Assign in_house", "unit_taken"),
    ("Assign in_house", "unit_not_ready"),
    ("Assign in_house", "assignment_locked"),
    ("Unassign confirmed", "done"),
    ("Unassign confirmed", "assignment_locked"),
    ("Lock in_house", "done"),
    ("CheckIn confirmed", "done"),
    ("CheckIn confirmed", "not_today"),
    ("CheckIn confirmed", "no_unit"),
    ("CheckIn confirmed", "unit_occupied"),
    ("CheckIn confirmed", "unit_not_ready"),
    ("CheckIn departed", "wrong_state"),
    ("UndoCheckIn in_house", "done"),
    ("UndoCheckIn in_house", "too_late_to_undo"),
    ("CheckOut in_house", "done"),
    ("UndoCheckOut departed", "done"),
    ("UndoCheckOut departed", "too_late_to_undo"),
    ("WalkIn", "done"),
    ("WalkIn", "no_unit"),
    ("Channel none", "done"),
    ("Channel confirmed", "done"),
    ("Channel cancelled", "done"),
    ("Channel in_house", "done"),
    ("Channel departed", "done"),
    ("ChannelCancel confirmed", "done"),
    ("ChannelCancel in_house", "done"),
    ("Block", "done"),
    ("Block", "no_availability"),
    ("Block", "unit_taken"),
    ("Clean", "done"),
    ("NightPasses", "done"),
];

/// The same ones each time.
fn sequences(lane: usize, count: usize) -> anyhow::Result<Vec<Vec<Op>>> {
    let seed = [u8::try_from(lane)?; 32];
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let sequence = prop::collection::vec(op(), STEPS);
    let mut made = || sequence.new_tree(&mut runner).map(|tree| tree.current());
    let all: Result<_, _> = (0..count).map(|_| made()).collect();
    all.map_err(|reason| anyhow::anyhow!("{reason}"))
}

/// Plays sequences until one differs: then the shortest of its kind, in words.
async fn explore(db: Db, lane: usize, count: usize) -> anyhow::Result<(Option<String>, Tally)> {
    let real = Real::new(db, format!("house-{lane}")).await?;
    let mut tally = Tally::new();
    for ops in sequences(lane, count)? {
        if let Err(difference) = real.play(&ops, &mut tally).await {
            return Ok((Some(shortest(&real, ops, difference).await), tally));
        }
    }
    Ok((None, tally))
}

/// Leaves out whatever step can be, for as long as something differs without it.
async fn shortest(real: &Real, mut ops: Vec<Op>, mut difference: anyhow::Error) -> String {
    let mut at = ops.len();
    while at > 0 {
        at -= 1;
        let mut fewer = ops.clone();
        fewer.remove(at);
        if let Err(still) = real.play(&fewer, &mut Tally::new()).await {
            (ops, difference) = (fewer, still);
            at = ops.len();
        }
    }
    format!("{difference:#}; shown by {ops:?}")
}
