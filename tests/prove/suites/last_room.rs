//! `last-room`: many at once for the last rooms. Exactly as many succeed as there are rooms; the rest are told 409
//! `no_availability`.

use crate::harness::tally::{Tally, booking};
use crate::harness::verdict::{Scale, Verdict};
use crate::harness::wire::Wire;
use crate::harness::world::World;
use innkeep_domain::testing::{House, Plan};
use std::sync::Arc;
use tokio::sync::Barrier;

const ROOMS: [usize; 3] = [1, 2, 5];
const PLAN: Plan = Plan {
    unit_types: &[("ONE", 1), ("TWO", 2), ("FIV", 5)],
    nights: 110,
    ..Plan::HOTEL
};

pub async fn run(scale: Scale) -> anyhow::Result<Verdict> {
    let (clients, rounds) = scale.of((24, 10), (64, 100));
    let mut world = World::new(&[PLAN]).await?;
    world.serve(false).await?;
    let house = world.houses[0].clone();
    let token = world.log_in(&house).await?;
    let mut wires = Vec::new();
    for _ in 0..clients {
        wires.push(world.wire().await?);
    }
    let (mut wrong, mut sold, mut refused) = (0, 0, 0);
    let mut verdict = Verdict::default();
    for round in 0..rounds {
        for (unit_type, rooms) in ROOMS.into_iter().enumerate() {
            let (back, tally) = rush(wires, &house, unit_type, round, &token).await?;
            wires = back;
            (sold, refused) = (sold + tally.sold, refused + tally.full);
            if (tally.sold, tally.full) != (rooms, clients - rooms) {
                wrong += 1;
                verdict.demand(false, format!("{rooms} rooms: {tally:?}"));
            }
        }
    }
    verdict.figure(format!(
        "{clients} clients, {} rushes, {sold} sold, {refused} refused",
        rounds * 3
    ));
    verdict.none(wrong, "rushes with too many or too few");
    let (holds, said) = world.verify().await?;
    verdict.demand(holds, said);
    Ok(verdict)
}

/// Every client asks for the same night of the same unit type at the same moment.
async fn rush(
    wires: Vec<Wire>,
    house: &House,
    unit_type: usize,
    night: u64,
    token: &str,
) -> anyhow::Result<(Vec<Wire>, Tally)> {
    let start = Arc::new(Barrier::new(wires.len()));
    let body = booking(house, house.unit_types[unit_type].id, night, 1, "rush");
    let ask = |mut wire: Wire| {
        let (start, body, token) = (start.clone(), body.clone(), token.to_owned());
        tokio::spawn(async move {
            start.wait().await;
            let reply = wire.post("/v1/bookings", &token, &body).await?;
            anyhow::Ok((wire, reply))
        })
    };
    let tasks: Vec<_> = wires.into_iter().map(ask).collect();
    let (mut back, mut tally) = (Vec::new(), Tally::default());
    for task in tasks {
        let (wire, reply) = task.await??;
        tally.count(&reply);
        back.push(wire);
    }
    Ok((back, tally))
}
