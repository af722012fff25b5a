//! People booking, changing their minds and cancelling, at the channel and here, while something is done to the program.

use crate::harness::channel::Channel;
use crate::harness::tally::booking;
use crate::harness::wire::{Reply, Wire, request};
use crate::harness::world::{Manager, World};
use innkeep_domain::testing::House;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Nights that are in demand.
const DEMAND: u64 = 60;

/// How long somebody at the desk tries.
const INSIST: Duration = Duration::from_secs(30);

/// What the guests of one side got done.
#[derive(Debug, Default)]
pub struct Done {
    pub booked: usize,
    pub changed: usize,
    pub cancelled: usize,
}

impl Done {
    pub fn all(&self) -> usize {
        self.booked + self.changed + self.cancelled
    }
}

/// Acts at the channel until told to stop, one every `pause`.
pub async fn at_channel(
    channel: &Channel,
    house: &House,
    pause: Duration,
    stop: &AtomicBool,
) -> anyhow::Result<Done> {
    let mut dice = StdRng::seed_from_u64(7);
    let mut done = Done::default();
    let mut bookings: Vec<String> = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let known = (!bookings.is_empty()).then(|| dice.random_range(0..bookings.len()));
        let unit_type = house.unit_types[dice.random_range(0..house.unit_types.len())].id;
        let (from, nights) = (dice.random_range(0..DEMAND), dice.random_range(1..=4));
        match (dice.random_range(0..10), known) {
            (0..2, Some(i)) => {
                let rooms = json!({ "rooms": [channel.room(unit_type, house.night(from), nights)] });
                let (status, _) = channel
                    .act(&format!("/bookings/{}/modify", bookings[i]), &rooms)
                    .await?;
                done.changed += usize::from(status < 300);
            }
            (2..4, Some(i)) => {
                let id = bookings.swap_remove(i);
                let (status, _) = channel.act(&format!("/bookings/{id}/cancel"), &json!({})).await?;
                done.cancelled += usize::from(status < 300);
            }
            _ => {
                let (status, body) = channel.sell(unit_type, house.night(from), nights).await?;
                if status == 201 {
                    done.booked += 1;
                    bookings.extend(body["booking_id"].as_str().map(str::to_owned));
                }
            }
        }
        tokio::time::sleep(pause).await;
    }
    Ok(done)
}

/// Books and cancels over the API until told to stop, one every `pause`. A refusal for lack of rooms is no fault.
pub async fn at_desk(
    world: &World,
    house: &House,
    pause: Duration,
    stop: &AtomicBool,
) -> anyhow::Result<Done> {
    let mut manager = Manager::log_in(world, house).await?;
    let mut wire = Wire::open(world.api).await?;
    let mut dice = StdRng::seed_from_u64(11);
    let (mut done, mut bookings) = (Done::default(), Vec::<String>::new());
    while !stop.load(Ordering::Relaxed) {
        let token = manager.token().await;
        if !bookings.is_empty() && dice.random_ratio(1, 4) {
            let id = bookings.swap_remove(dice.random_range(0..bookings.len()));
            let path = format!("/v1/bookings/{id}/actions/cancel");
            let reply = insist(&mut wire, world, token, &path, "").await?;
            anyhow::ensure!(reply.status == 200, "cancel: {} {}", reply.status, reply.code());
            done.cancelled += 1;
        } else {
            let unit_type = house.unit_types[dice.random_range(0..house.unit_types.len())].id;
            let body = booking(
                house,
                unit_type,
                dice.random_range(0..DEMAND),
                dice.random_range(1..=4),
                "desk",
            );
            let reply = insist(&mut wire, world, token, "/v1/bookings", &body.to_string()).await?;
            match reply.status {
                201 => {
                    done.booked += 1;
                    bookings.extend(reply.json()["id"].as_str().map(str::to_owned));
                }
                409 => {}
                status => anyhow::bail!("book: {status} {}", reply.code()),
            }
        }
        tokio::time::sleep(pause).await;
    }
    Ok(done)
}

/// Asks until it is answered, under one key: the program may be killed in between, and what it did is not done twice.
async fn insist(
    wire: &mut Wire,
    world: &World,
    token: &str,
    path: &str,
    body: &str,
) -> anyhow::Result<Reply> {
    let key = format!("idempotency-key: {}\r\n", Uuid::now_v7());
    let request = request("POST", path, token, &key, body);
    let begun = Instant::now();
    loop {
        match wire.call(&request).await {
            // The first try may be under way still, in a process that has gone.
            Ok(reply) if reply.status != 503 && reply.code() != "request_in_progress" => return Ok(reply),
            answer => anyhow::ensure!(begun.elapsed() < INSIST, "{path} is not answered: {answer:?}"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        if let Ok(fresh) = Wire::open(world.api).await {
            *wire = fresh;
        }
    }
}

/// A flag for both to look at.
pub fn flag() -> Arc<AtomicBool> {
    Arc::default()
}
