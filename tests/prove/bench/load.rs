//! Load over HTTP: clients on kept-alive connections, each asking again as soon as it was answered.

use super::contest::{Contest, Draw};
use crate::harness::verdict::percentile;
use crate::harness::wire::{Wire, request};
use anyhow::ensure;
use innkeep_domain::testing::House;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub struct Load<'a> {
    pub api: SocketAddr,
    pub contest: &'static Contest,
    /// Each with a token.
    pub houses: &'a Arc<Vec<(House, String)>>,
}

pub struct Measured {
    pub per_second: f64,
    pub count: usize,
    pub p50: Duration,
    pub p99: Duration,
}

impl Load<'_> {
    pub async fn run(&self, clients: usize, seconds: u64) -> anyhow::Result<Measured> {
        let begun = Instant::now();
        let until = begun + Duration::from_secs(seconds);
        let client =
            |number| tokio::spawn(client(self.api, self.houses.clone(), self.contest, until, number));
        let tasks: Vec<_> = (0..clients).map(client).collect();
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
    contest: &'static Contest,
    until: Instant,
    number: usize,
) -> anyhow::Result<Vec<Duration>> {
    let mut dice = StdRng::seed_from_u64(number as u64);
    let mut wire = Wire::open(api).await?;
    let mut took = Vec::new();
    while Instant::now() < until {
        let (house, token) = &houses[dice.random_range(0..houses.len())];
        let asked = (contest.ask)(house, &Draw::random(number, contest, &mut dice));
        let begun = Instant::now();
        let reply = wire
            .call(&request(asked.method, &asked.path, token, "", &asked.body))
            .await?;
        took.push(begun.elapsed());
        ensure!(
            reply.status < 300,
            "{} {}: {} {}",
            asked.method,
            asked.path,
            reply.status,
            reply.code()
        );
    }
    Ok(took)
}
