//! `coalescing`: what is told is the least that must be said. Pure, for random cells; in calls, against the sandbox: all
//! there is in two, a burst in one, and never more than a channel allows.

mod calls;
mod least;

use crate::harness::verdict::{Scale, Verdict};

pub async fn run(scale: Scale) -> anyhow::Result<Verdict> {
    let mut verdict = Verdict::default();
    least::run(scale.of(5_000, 500_000), &mut verdict);
    calls::run(scale, &mut verdict).await?;
    Ok(verdict)
}
