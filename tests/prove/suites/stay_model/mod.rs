//! `stay-model`: random lives of stays in a real house, held step by step against a small pure model. A difference is
//! shrunk to the shortest sequence that shows it.

mod house;
mod model;

use crate::harness::verdict::{Scale, Verdict};
use crate::harness::world::World;
use anyhow::Context;
use house::Real;
use innkeep_domain::db::Db;
use model::{Amend, DAYS, Op};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};
use std::cell::{Cell, RefCell};
use tokio::runtime::Handle;

const STEPS: usize = 50;
/// Sequences are independent, so several run at once.
const AT_ONCE: usize = 4;

pub async fn run(scale: Scale) -> anyhow::Result<Verdict> {
    let sequences = scale.of(200, 10_000);
    let world = World::new(&[]).await?;
    let mut lanes = Vec::new();
    for lane in 0..AT_ONCE {
        let db = world.database.connect(2).await?;
        let runtime = tokio::runtime::Handle::current();
        let explore = move || explore(&runtime, &db, lane, sequences / AT_ONCE);
        lanes.push(tokio::task::spawn_blocking(explore));
    }
    let mut verdict = Verdict::default();
    let mut differences = 0;
    for lane in lanes {
        if let Some(difference) = lane.await?? {
            differences += 1;
            verdict.demand(false, difference);
        }
    }
    verdict.figure(format!("{sequences} sequences of {STEPS} steps"));
    verdict.none(differences, "differences");
    Ok(verdict)
}

/// Plays sequences until one differs: then the shortest of its kind, in words.
fn explore(runtime: &Handle, db: &Db, lane: usize, sequences: usize) -> anyhow::Result<Option<String>> {
    let config = Config {
        cases: u32::try_from(sequences)?,
        failure_persistence: None,
        max_shrink_iters: 300,
        ..Config::default()
    };
    let seed = [u8::try_from(lane)?; 32];
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
    let real: RefCell<Option<Real>> = RefCell::new(None);
    let houses = Cell::new(0);
    let outcome = runner.run(&prop::collection::vec(op(), STEPS), |ops| {
        let mut real = real.borrow_mut();
        let played = runtime.block_on(async {
            if real.as_ref().is_none_or(Real::is_used_up) {
                if let Some(full) = real.take() {
                    full.verify().await?;
                }
                houses.set(houses.get() + 1);
                *real = Some(Real::new(db.clone(), format!("house-{lane}-{}", houses.get())).await?);
            }
            let real = real.as_mut().context("a house")?;
            real.play(&ops).await
        });
        played.map_err(|difference| TestCaseError::fail(format!("{difference:#}")))
    });
    match outcome {
        Ok(()) => Ok(None),
        Err(TestError::Fail(why, ops)) => Ok(Some(format!("{why}; shown by {ops:?}"))),
        Err(TestError::Abort(why)) => anyhow::bail!("{why}"),
    }
}

fn op() -> impl Strategy<Value = Op> {
    let stay = || 0..12_usize;
    let span = || (0..DAYS).prop_flat_map(|from| (Just(from), 1..=(DAYS - from).min(4)));
    prop_oneof![
        6 => (0..2_usize, span(), 1..6_i32)
            .prop_map(|(kind, (from, len), adults)| Op::Book { kind, from, len, adults }),
        3 => (0..2_usize, span(), 1..60_i32)
            .prop_map(|(kind, (from, len), minutes)| Op::Hold { kind, from, len, minutes }),
        2 => stay().prop_map(|stay| Op::Confirm { stay }),
        1 => (1..40_i64).prop_map(|minutes| Op::TimePasses { minutes }),
        8 => (stay(), amend(), prop::bool::weighted(0.15))
            .prop_map(|(stay, change, force)| Op::Amend { stay, change, force }),
        3 => stay().prop_map(|stay| Op::Cancel { stay }),
        1 => stay().prop_map(|stay| Op::NoShow { stay }),
        2 => (stay(), prop::bool::weighted(0.2)).prop_map(|(stay, force)| Op::Reinstate { stay, force }),
        2 => (0..3_usize, 0..2_usize, span())
            .prop_map(|(reference, kind, (from, len))| Op::Channel { reference, kind, from, len }),
        1 => (0..3_usize).prop_map(|reference| Op::ChannelCancel { reference }),
        1 => (0..2_usize, 50..300_i64).prop_map(|(kind, price)| Op::Reprice { kind, price }),
        1 => Just(Op::NightPasses),
        1 => (0..2_usize, 0..2_usize, span())
            .prop_map(|(kind, unit, (from, len))| Op::Block { kind, unit, from, len }),
    ]
}

fn amend() -> impl Strategy<Value = Amend> {
    let dates = (prop::option::of(0..DAYS - 4), prop::option::of(1..5_usize));
    let rest = (
        prop::option::of(0..2_usize),
        prop::option::weighted(0.3, 1..6_i32),
        prop::option::weighted(0.3, 0..DAYS),
        prop::bool::weighted(0.2),
    );
    (dates, rest).prop_map(|((from, len), (kind, adults, anew, keep_prices))| Amend {
        from,
        len,
        kind,
        adults,
        anew,
        keep_prices,
    })
}
