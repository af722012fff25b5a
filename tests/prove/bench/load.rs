//! Load over HTTP: clients on kept-alive connections, each asking again as soon as it was answered.

use crate::harness::verdict::percentile;
use crate::harness::wire::{Wire, request};
use anyhow::ensure;
use innkeep_domain::testing::House;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Writes a request: its method, path and body.
pub type Ask = fn(&House, &mut StdRng) -> (&'static str, String, String);

pub struct Load {
    pub api: SocketAddr,
    pub houses: Arc<Vec<(House, String)>>,
    pub ask: Ask,
}

pub struct Measured {
    pub per_second: f64,
    pub count: usize,
    pub p50: Duration,
    pub p99: Duration,
}

impl Load {
    pub async fn run(&self, clients: usize, seconds: u64) -> anyhow::Result<Measured> {
        let begun = Instant::now();
        let until = begun + Duration::from_secs(seconds);
        let client = |seed| tokio::spawn(client(self.api, self.houses.clone(), self.ask, until, seed));
        let tasks: Vec<_> = (0..clients as u64).map(client).collect();
        let mut took = Vec::new();
        for task in tasks {
            took.extend(task.await??);
        }
        let per_second = took.len() as f64 / begun.elapsed().as_secs_f64();
        Ok(Measured {
            per_second,
            count: took.len(),
            p50: percentile(&took, 50.0),
            p99: percentile(&took, 99.0),
        })
    }
}

async fn client(
    api: SocketAddr,
    houses: Arc<Vec<(House, String)>>,
    ask: Ask,
    until: Instant,
    seed: u64,
) -> anyhow::Result<Vec<Duration>> {
    let mut dice = StdRng::seed_from_u64(seed);
    let mut wire = Wire::open(api).await?;
    let mut took = Vec::new();
    while Instant::now() < until {
        let (house, token) = &houses[dice.random_range(0..houses.len())];
        let (method, path, body) = ask(house, &mut dice);
        let begun = Instant::now();
        let reply = wire.call(&request(method, &path, token, "", &body)).await?;
        took.push(begun.elapsed());
        ensure!(
            reply.status < 300,
            "{method} {path}: {} {}",
            reply.status,
            reply.code()
        );
    }
    Ok(took)
}
