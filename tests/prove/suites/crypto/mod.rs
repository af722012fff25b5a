//! `crypto`: sealed values open in their own place only; keys change under writers and nothing becomes unreadable; of an
//! erased guest nothing is left but what tax law asks for.

mod erase;
mod rotation;
mod swaps;

use crate::harness::verdict::{Scale, Verdict};
use crate::harness::world::World;
use innkeep_domain::testing::Plan;

pub async fn run(scale: Scale) -> anyhow::Result<Verdict> {
    let mut verdict = Verdict::default();
    let mut world = World::new(&[Plan::HOTEL, Plan::HOST]).await?;
    swaps::run(&world, scale, &mut verdict).await?;
    rotation::run(&world, scale, &mut verdict).await?;
    erase::run(&mut world, &mut verdict).await?;
    let (sound, said) = world.verify().await?;
    verdict.demand(sound, said);
    Ok(verdict)
}
