//! `histories`: many clients book, amend, cancel and read the same few nights, and everything asked and answered is
//! written down. A checker then finds out whether one client after the other could have got the same answers.

mod checker;
mod forge;
mod history;
mod record;
mod small;

use crate::harness::verdict::{Scale, Verdict};
use crate::harness::world::World;
use checker::explain;
use history::{Entry, NIGHTS, UNITS};
use innkeep_domain::testing::Plan;
use rand::SeedableRng;
use rand::rngs::StdRng;
use record::record;

const PLAN: Plan = Plan {
    unit_types: &[("A", UNITS[0] as usize), ("B", UNITS[1] as usize)],
    nights: NIGHTS as u64 + 4,
    ..Plan::HOTEL
};

pub async fn run(scale: Scale) -> anyhow::Result<Verdict> {
    let (clients, histories, operations) = scale.of((16, 2, 600), (32, 20, 5_000));
    let mut verdict = Verdict::default();
    check_checker(&mut verdict, scale)?;
    let names: Vec<&'static str> = (0..histories).map(|i| &*format!("house-{i}").leak()).collect();
    let plans: Vec<Plan> = names.into_iter().map(|name| Plan { name, ..PLAN }).collect();
    let mut world = World::new(&plans).await?;
    world.serve(false).await?;
    let (mut asked, mut without_order) = (0, 0);
    let mut lies = Lies::default();
    for (i, house) in world.houses.clone().into_iter().enumerate() {
        let history = record(&world, &house, clients, operations, i as u64).await?;
        asked += history.len();
        without_order += usize::from(!explain(&history)?);
        // Five more searches each.
        if i < 2 {
            lies.tell(&history)?;
        }
    }
    verdict.figure(format!(
        "{histories} histories, {clients} clients, {asked} operations"
    ));
    verdict.none(without_order, "histories without a serial order");
    let noticed = lies.told - lies.believed.len();
    verdict.figure(format!("{noticed} of {} forged ones noticed", lies.told));
    verdict.demand(lies.told >= 8, "too few lies found a place");
    verdict.demand(lies.believed.is_empty(), format!("believed: {:?}", lies.believed));
    let (holds, said) = world.verify().await?;
    verdict.demand(holds, said);
    Ok(verdict)
}

fn check_checker(verdict: &mut Verdict, scale: Scale) -> anyhow::Result<()> {
    let count = scale.of(500, 5_000);
    let (differ, ordered) = small::compare(&mut StdRng::seed_from_u64(7), count)?;
    verdict.figure(format!(
        "{count} small ones as a search through all orders decides"
    ));
    verdict.demand(
        differ == 0,
        format!("the checker is wrong about {differ} small histories"),
    );
    verdict.demand(
        (count / 4..count * 9 / 10).contains(&ordered),
        "small histories are all alike",
    );
    Ok(())
}

#[derive(Default)]
struct Lies {
    told: usize,
    believed: Vec<&'static str>,
}

impl Lies {
    fn tell(&mut self, history: &[Entry]) -> anyhow::Result<()> {
        for (name, forged) in forge::lies(history) {
            self.told += 1;
            if explain(&forged)? {
                self.believed.push(name);
            }
        }
        Ok(())
    }
}
