//! `histories`: many clients book, amend, cancel and read the same few nights, and everything asked and answered is
//! written down. A checker then finds an order in which one client after the other would have got the same answers.

mod checker;

use crate::harness::tally::booking;
use crate::harness::verdict::{Scale, Verdict};
use crate::harness::wire::{Reply, Wire, request};
use crate::harness::world::World;
use anyhow::{Context, bail};
use checker::{Answer, Entry, NIGHTS, Op, Sold, Span, UNITS, explain};
use innkeep_domain::testing::{House, Plan};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

const PLAN: Plan = Plan {
    unit_types: &[("A", UNITS[0] as usize), ("B", UNITS[1] as usize)],
    nights: NIGHTS as u64 + 4,
    ..Plan::HOTEL
};

pub async fn run(scale: Scale) -> anyhow::Result<Verdict> {
    let (clients, histories, operations) = scale.of((16, 2, 600), (32, 20, 5_000));
    let mut verdict = Verdict::default();
    let names: Vec<&'static str> = (0..histories).map(|i| &*format!("house-{i}").leak()).collect();
    let plans: Vec<Plan> = names.into_iter().map(|name| Plan { name, ..PLAN }).collect();
    let mut world = World::new(&plans).await?;
    world.serve(false).await?;
    let (mut asked, mut without_order, mut forged, mut noticed) = (0, 0, 0, 0);
    for (i, house) in world.houses.clone().into_iter().enumerate() {
        let history = record(&world, &house, clients, operations, i as u64).await?;
        asked += history.len();
        let order = explain(&history)?;
        without_order += usize::from(!order);
        if let Some(lie) = forge(&history) {
            forged += 1;
            noticed += usize::from(!explain(&lie)?);
        }
    }
    verdict.figure(format!(
        "{histories} histories, {clients} clients, {asked} operations"
    ));
    verdict.none(without_order, "histories without a serial order");
    verdict.figure(format!("{noticed} of {forged} forged ones noticed"));
    verdict.demand(forged > 0 && noticed == forged, "a forged history found an order");
    let (holds, said) = world.verify().await?;
    verdict.demand(holds, said);
    Ok(verdict)
}

/// An early read sees nights sold that nobody had: no order allows that.
fn forge(history: &[Entry]) -> Option<Vec<Entry>> {
    let mut lie = history.to_vec();
    let read = lie.iter_mut().skip(50).find_map(|e| match &mut e.op {
        Op::Read { sold } => Some(sold),
        _ => None,
    })?;
    read[0][0] += 3;
    Some(lie)
}

/// What all clients share: the bookings made so far, and everything that was asked and answered.
struct Shared {
    house: House,
    token: String,
    begun: Instant,
    left: AtomicUsize,
    /// (booking, its reservation) in the order of the answers.
    bookings: Mutex<Vec<(String, String)>>,
    entries: Mutex<Vec<Entry>>,
}

async fn record(
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
        bookings: Mutex::default(),
        entries: Mutex::default(),
    });
    let mut tasks = Vec::new();
    for client in 0..clients {
        let dice = StdRng::seed_from_u64(seed * 1000 + client as u64);
        tasks.push(tokio::spawn(work(shared.clone(), world.wire().await?, dice)));
    }
    for task in tasks {
        task.await??;
    }
    let mut entries = std::mem::take(&mut *locked(&shared.entries));
    entries.sort_by_key(|e| e.called);
    Ok(entries)
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn work(shared: Arc<Shared>, mut wire: Wire, mut dice: StdRng) -> anyhow::Result<()> {
    let one = |left: usize| left.checked_sub(1);
    while shared
        .left
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one)
        .is_ok()
    {
        let known = locked(&shared.bookings).len();
        match dice.random_range(0..10) {
            0..4 => shared.book(&mut wire, span(&mut dice)).await?,
            4..6 if known > 0 => shared.cancel(&mut wire, recent(&mut dice, known)).await?,
            6..9 if known > 0 => {
                shared
                    .amend(&mut wire, recent(&mut dice, known), span(&mut dice))
                    .await?
            }
            _ => shared.read(&mut wire).await?,
        }
    }
    Ok(())
}

fn span(dice: &mut StdRng) -> Span {
    let from = dice.random_range(0..NIGHTS);
    Span {
        kind: dice.random_range(0..2),
        from,
        to: dice.random_range(from + 1..=NIGHTS.min(from + 3)),
    }
}

/// One of the latest bookings: those are the ones that still stand, and that others want too.
fn recent(dice: &mut StdRng, known: usize) -> usize {
    dice.random_range(known.saturating_sub(12)..known)
}

impl Shared {
    fn time(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn note(&self, op: Op, called: u64, answered: u64) {
        locked(&self.entries).push(Entry { op, called, answered });
    }

    async fn book(&self, wire: &mut Wire, span: Span) -> anyhow::Result<()> {
        let unit_type = self.house.unit_types[span.kind].id;
        let body = booking(
            &self.house,
            unit_type,
            span.from as u64,
            (span.to - span.from) as u64,
            "history",
        );
        let called = self.time();
        let reply = wire.post("/v1/bookings", &self.token, &body).await?;
        let answered = self.time();
        let op = match (reply.status, reply.code().as_str()) {
            (201, _) => {
                let made = reply.json();
                let id = |value: &Value| value.as_str().map(str::to_owned).context("no id");
                let mut bookings = locked(&self.bookings);
                bookings.push((id(&made["id"])?, id(&made["reservations"][0]["id"])?));
                Op::Booked {
                    booking: bookings.len() - 1,
                    span,
                }
            }
            (409, "no_availability") => Op::Refused { span },
            _ => return unexpected(&reply),
        };
        self.note(op, called, answered);
        Ok(())
    }

    async fn cancel(&self, wire: &mut Wire, booking: usize) -> anyhow::Result<()> {
        let path = format!(
            "/v1/bookings/{}/actions/cancel",
            locked(&self.bookings)[booking].0
        );
        let called = self.time();
        let reply = wire.call(&request("POST", &path, &self.token, "", "")).await?;
        let answered = self.time();
        let done = match (reply.status, reply.code().as_str()) {
            (200, _) => true,
            (409, "wrong_state") => false,
            _ => return unexpected(&reply),
        };
        self.note(Op::Cancelled { booking, done }, called, answered);
        Ok(())
    }

    async fn amend(&self, wire: &mut Wire, booking: usize, span: Span) -> anyhow::Result<()> {
        let path = format!(
            "/v1/reservations/{}/actions/amend",
            locked(&self.bookings)[booking].1
        );
        let body = json!({
            "arrival": self.house.night(span.from as u64),
            "departure": self.house.night(span.to as u64),
            "unit_type_id": self.house.unit_types[span.kind].id,
        });
        let called = self.time();
        let reply = wire.post(&path, &self.token, &body).await?;
        let answered = self.time();
        let answer = match (reply.status, reply.code().as_str()) {
            (200, _) => Answer::Done,
            (409, "no_availability") => Answer::Full,
            (409, "wrong_state") => Answer::WrongState,
            _ => return unexpected(&reply),
        };
        self.note(
            Op::Amended {
                booking,
                span,
                answer,
            },
            called,
            answered,
        );
        Ok(())
    }

    async fn read(&self, wire: &mut Wire) -> anyhow::Result<()> {
        let (from, to) = (self.house.night(0), self.house.night(NIGHTS as u64 - 1));
        let path = format!(
            "/v1/properties/{}/ari?from={from}&to={to}",
            self.house.property_id
        );
        let called = self.time();
        let reply = wire.get(&path, &self.token).await?;
        let answered = self.time();
        if reply.status != 200 {
            return unexpected(&reply);
        }
        let ari = reply.json();
        let mut sold = Sold::default();
        for (kind, of_kind) in sold.iter_mut().enumerate() {
            let id = json!(self.house.unit_types[kind].id);
            let types = ari["unit_types"].as_array().into_iter().flatten();
            let nights = types
                .filter(|t| t["unit_type_id"] == id)
                .flat_map(|t| t["nights"].as_array());
            for (cell, night) in of_kind.iter_mut().zip(nights.flatten()) {
                *cell = night["sold"]
                    .as_i64()
                    .and_then(|n| i32::try_from(n).ok())
                    .context("sold")?;
            }
        }
        self.note(Op::Read { sold }, called, answered);
        Ok(())
    }
}

fn unexpected(reply: &Reply) -> anyhow::Result<()> {
    bail!("{} {}", reply.status, reply.json())
}
