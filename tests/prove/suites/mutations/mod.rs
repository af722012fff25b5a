//! `mutations`: what keeps tenants and rights apart is broken in one place after the other - each row of the rights
//! table, each policy of row security, each tenant condition of our SQL - and a check turns red for every one.

mod policies;
mod rights;
mod statements;

use super::access_matrix::stage::Stage;
use crate::harness::verdict::{Scale, Verdict};

pub async fn run(scale: Scale) -> anyhow::Result<Verdict> {
    let mut stage = Stage::open().await?;
    let mut verdict = Verdict::default();
    policies::run(&stage, &mut verdict).await?;
    statements::run(&stage.world.database, &mut verdict).await?;
    rights::run(&mut stage, scale, &mut verdict).await?;
    Ok(verdict)
}
