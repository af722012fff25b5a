//! Tenants who do the same kind of work at the same time, and try what is not theirs.

use super::furnish;
use super::player::Player;
use crate::harness::world::World;
use innkeep_domain::testing::House;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinHandle;

/// Between two requests of one: so many at once that they meet, not so many that all of them only wait.
const PAUSE_MS: std::ops::Range<u64> = 300..900;
/// Steps with one log-in.
const STEPS: usize = 200;

#[derive(Default)]
struct Shared {
    stop: AtomicBool,
    asked: AtomicUsize,
    /// What the tenant made last, by kind.
    theirs: Mutex<BTreeMap<&'static str, String>>,
    leaks: AtomicUsize,
}

pub struct Neighbours {
    shared: Arc<Shared>,
    tasks: Vec<JoinHandle<anyhow::Result<()>>>,
}

/// What they did.
pub struct Noise {
    pub asked: usize,
    /// Times somebody was shown something of the tenant's.
    pub leaks: usize,
}

impl Neighbours {
    pub async fn move_in(world: &World, count: usize) -> anyhow::Result<Self> {
        let shared = Arc::new(Shared::default());
        let mut tasks = Vec::new();
        for i in 0..count {
            let house = furnish(world, format!("neighbour-{i}")).await?;
            tasks.push(tokio::spawn(live(world.api, house, i as u64, shared.clone())));
        }
        Ok(Self { shared, tasks })
    }

    /// What the tenant has, for them to try.
    pub fn tell<'a>(&self, things: impl Iterator<Item = (&'static str, &'a String)>) {
        let mut theirs = self.shared.theirs.lock().unwrap_or_else(PoisonError::into_inner);
        theirs.extend(things.map(|(kind, id)| (kind, id.clone())));
    }

    pub async fn move_out(self) -> anyhow::Result<Noise> {
        self.shared.stop.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.await??;
        }
        Ok(Noise {
            asked: self.shared.asked.load(Ordering::Relaxed),
            leaks: self.shared.leaks.load(Ordering::Relaxed),
        })
    }
}

/// Plays the tenant's own scripts, in an order of its own.
async fn live(api: SocketAddr, house: House, mine: u64, shared: Arc<Shared>) -> anyhow::Result<()> {
    let mut dice = StdRng::seed_from_u64(mine);
    loop {
        let mut player = Player::new(api, house.clone(), dice.random_range(0..100)).await?;
        for step in 0..STEPS {
            if shared.stop.load(Ordering::Relaxed) {
                return Ok(());
            }
            let answers = player.step(step).await?.len();
            shared.asked.fetch_add(answers, Ordering::Relaxed);
            if let Some(path) = shared.theirs(&mut dice) {
                let shown = player.look(&path).await? != 404;
                shared.leaks.fetch_add(usize::from(shown), Ordering::Relaxed);
            }
            tokio::time::sleep(Duration::from_millis(dice.random_range(PAUSE_MS))).await;
        }
    }
}

impl Shared {
    /// Where something of the tenant's would be shown.
    fn theirs(&self, dice: &mut StdRng) -> Option<String> {
        let theirs = self.theirs.lock().unwrap_or_else(PoisonError::into_inner);
        let at = dice.random_range(0..theirs.len().max(1));
        let (kind, id) = theirs.iter().nth(at)?;
        let list = match *kind {
            "property" => "properties",
            "booking" => "bookings",
            "stay" => "reservations",
            "guest" => "guests",
            "company" => "companies",
            "group" => "groups",
            "quote" => "quotes",
            "unit" => "units",
            "channel" => "channel-connections",
            _ => return None,
        };
        Some(format!("/v1/{list}/{id}"))
    }
}
