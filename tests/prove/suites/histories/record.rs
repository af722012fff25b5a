//! Many clients at one house, and everything they asked and were answered.

use super::history::{Entry, NIGHTS, Op, Sold, Span};
use crate::harness::tally::booking;
use crate::harness::wire::{Reply, Wire, request};
use crate::harness::world::World;
use anyhow::{Context, bail};
use innkeep_domain::testing::House;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

pub async fn record(
    world: &World,
    house: &House,
    clients: usize,
    operations: usize,
    seed: u64,
) -> anyhow::Result<Vec<Entry>> {
    let shared = Arc::new(Shared {
        house: house.clone(),
        token: world.log_in(house).await?,
        begun: Instant::now(),
        left: AtomicUsize::new(operations),
        reservations: Mutex::default(),
        entries: Mutex::default(),
    });
    let mut tasks = Vec::new();
    for number in 0..clients {
        let client = Client {
            shared: shared.clone(),
            number,
            wire: world.wire().await?,
            dice: StdRng::seed_from_u64(seed * 1000 + number as u64),
        };
        tasks.push(tokio::spawn(client.work()));
    }
    for task in tasks {
        task.await??;
    }
    let mut entries = std::mem::take(&mut *locked(&shared.entries));
    entries.sort_by_key(|e| e.called);
    Ok(entries)
}

/// What all clients share: the bookings made so far, and everything that was asked and answered.
struct Shared {
    house: House,
    token: String,
    begun: Instant,
    left: AtomicUsize,
    /// The one reservation of each booking, in the order of the answers.
    reservations: Mutex<Vec<String>>,
    entries: Mutex<Vec<Entry>>,
}

const MOST_TRIES: usize = 20;
const PAUSE: Duration = Duration::from_millis(100);

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Client {
    shared: Arc<Shared>,
    number: usize,
    wire: Wire,
    dice: StdRng,
}

impl Client {
    async fn work(mut self) -> anyhow::Result<()> {
        let one = |left: usize| left.checked_sub(1);
        let shared = self.shared.clone();
        while shared
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one)
            .is_ok()
        {
            let known = locked(&shared.reservations).len();
            match self.dice.random_range(0..10) {
                0..4 => self.book().await?,
                4..6 if known > 0 => self.cancel(known).await?,
                6..9 if known > 0 => self.amend(known).await?,
                _ => self.read().await?,
            }
        }
        Ok(())
    }

    fn span(&mut self) -> Span {
        let from = self.dice.random_range(0..NIGHTS);
        Span {
            kind: self.dice.random_range(0..2),
            from,
            to: self.dice.random_range(from + 1..=NIGHTS.min(from + 3)),
        }
    }

    /// One of the latest bookings, and the path of what may be done to it: those are the ones that still stand, and
    /// that others want too.
    fn recent(&mut self, known: usize, action: &str) -> (usize, String) {
        let booking = self.dice.random_range(known.saturating_sub(12)..known);
        let id = locked(&self.shared.reservations)[booking].clone();
        (booking, format!("/v1/reservations/{id}/actions/{action}"))
    }

    /// The answer, and when it was asked for and had. Asked to try again, they do: nothing was done, or else no order
    /// explains what follows.
    async fn call(&mut self, request: Vec<u8>) -> anyhow::Result<(Reply, u64, u64)> {
        let time = |shared: &Shared| u64::try_from(shared.begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
        for _ in 0..MOST_TRIES {
            let called = time(&self.shared);
            let reply = self.wire.call(&request).await?;
            if reply.code() != "try_again" {
                return Ok((reply, called, time(&self.shared)));
            }
            tokio::time::sleep(PAUSE).await;
        }
        bail!("asked to try again {MOST_TRIES} times")
    }

    fn post(&self, path: &str, body: &Value) -> Vec<u8> {
        request("POST", path, &self.shared.token, "", &body.to_string())
    }

    fn note(&self, op: Op, called: u64, answered: u64) {
        let client = self.number;
        locked(&self.shared.entries).push(Entry {
            op,
            client,
            called,
            answered,
        });
    }

    async fn book(&mut self) -> anyhow::Result<()> {
        let span = self.span();
        let house = &self.shared.house;
        let unit_type = house.unit_types[span.kind].id;
        let (from, nights) = (span.from as u64, (span.to - span.from) as u64);
        let body = booking(house, unit_type, from, nights, "history");
        let (reply, called, answered) = self.call(self.post("/v1/bookings", &body)).await?;
        let op = match (reply.status, reply.code().as_str()) {
            (201, _) => {
                let made = reply.json();
                let id = made["reservations"][0]["id"].as_str().context("no id")?;
                let mut reservations = locked(&self.shared.reservations);
                reservations.push(id.to_owned());
                let booking = reservations.len() - 1;
                Op::Booked { booking, span }
            }
            (409, "no_availability") => Op::Refused { span },
            _ => return unexpected(&reply),
        };
        self.note(op, called, answered);
        Ok(())
    }

    async fn cancel(&mut self, known: usize) -> anyhow::Result<()> {
        let (booking, path) = self.recent(known, "cancel");
        let plainly = request("POST", &path, &self.shared.token, "", "");
        let (reply, called, answered) = self.call(plainly).await?;
        let op = match (reply.status, reply.code().as_str()) {
            (200, _) => Op::Changed {
                booking,
                version: version(&reply.json())?,
                to: None,
            },
            (409, "wrong_state") => Op::Over { booking },
            _ => return unexpected(&reply),
        };
        self.note(op, called, answered);
        Ok(())
    }

    async fn amend(&mut self, known: usize) -> anyhow::Result<()> {
        let ((booking, path), span) = (self.recent(known, "amend"), self.span());
        let house = &self.shared.house;
        let body = json!({
            "arrival": house.night(span.from as u64),
            "departure": house.night(span.to as u64),
            "unit_type_id": house.unit_types[span.kind].id,
        });
        let (reply, called, answered) = self.call(self.post(&path, &body)).await?;
        let op = match (reply.status, reply.code().as_str()) {
            (200, _) => Op::Changed {
                booking,
                version: version(&reply.json()["after"])?,
                to: Some(span),
            },
            (409, "no_availability") => Op::Full { booking, span },
            (409, "wrong_state") => Op::Over { booking },
            _ => return unexpected(&reply),
        };
        self.note(op, called, answered);
        Ok(())
    }

    async fn read(&mut self) -> anyhow::Result<()> {
        let house = &self.shared.house;
        let (from, to) = (house.night(0), house.night(NIGHTS as u64 - 1));
        let path = format!("/v1/properties/{}/ari?from={from}&to={to}", house.property_id);
        let plainly = request("GET", &path, &self.shared.token, "", "");
        let (reply, called, answered) = self.call(plainly).await?;
        if reply.status != 200 {
            return unexpected(&reply);
        }
        let sold = sold(&self.shared.house, &reply.json())?;
        self.note(Op::Read { sold }, called, answered);
        Ok(())
    }
}

fn version(reservation: &Value) -> anyhow::Result<usize> {
    let version = reservation["version"].as_u64().context("no version")?;
    Ok(usize::try_from(version)?)
}

fn sold(house: &House, ari: &Value) -> anyhow::Result<Sold> {
    let mut sold = Sold::default();
    for (kind, of_kind) in sold.iter_mut().enumerate() {
        let id = json!(house.unit_types[kind].id);
        let types = ari["unit_types"].as_array().into_iter().flatten();
        let nights = types
            .filter(|t| t["unit_type_id"] == id)
            .flat_map(|t| t["nights"].as_array());
        for (cell, night) in of_kind.iter_mut().zip(nights.flatten()) {
            let number = night["sold"].as_i64().context("sold")?;
            *cell = i32::try_from(number)?;
        }
    }
    Ok(sold)
}

fn unexpected(reply: &Reply) -> anyhow::Result<()> {
    bail!("{} {}", reply.status, reply.json())
}
