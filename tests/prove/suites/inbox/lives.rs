//! Made-up lives of bookings: the messages that tell them, and what each comes to. Every message is a whole booking, so
//! told in order the last one is what remains.

use crate::harness::verdict::Verdict;
use crate::harness::world::World;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use innkeep_domain::testing::House;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Nights that are in demand, and unit types.
const NIGHTS: u64 = 300;
const UNIT_TYPES: usize = 4;

const BOOKINGS: &str = "select channel_ref, status from booking where connection_id = $1";
const STAYS: &str = "select b.channel_ref, r.unit_type_id, r.arrival, r.departure from booking b
    join reservation r on r.tenant_id = b.tenant_id and r.booking_id = b.id and r.status = 'confirmed'
    where b.connection_id = $1";
const SOLD: &str = "select unit_type_id, night, sold from inventory where tenant_id = $1 and sold > 0";

#[derive(Debug, Clone, Copy)]
struct Stay {
    unit_type: usize,
    from: u64,
    nights: u64,
}

/// What a booking says in turn; `None`: it is cancelled.
type Life = Vec<Option<Stay>>;

pub struct Lives {
    lives: Vec<Life>,
    seed: u64,
}

/// A message as it is posted.
#[derive(Clone)]
pub struct Message {
    pub id: String,
    pub body: String,
}

/// A stay as it is stored.
type Stored = (Uuid, NaiveDate, NaiveDate);

impl Lives {
    /// So many messages in all, of one to five a booking.
    pub fn make_up(messages: usize, seed: u64) -> Self {
        let mut dice = StdRng::seed_from_u64(seed);
        let (mut lives, mut left) = (Vec::new(), messages);
        while left > 0 {
            let length = dice.random_range(1..=5).min(left);
            left -= length;
            lives.push((0..length).map(|n| state(&mut dice, n)).collect());
        }
        Self { lives, seed }
    }

    /// Every message three times, all of them shuffled; one of the three under another id, as from a sender that forgot.
    pub fn messages(&self, house: &House) -> Vec<Message> {
        let mut all = Vec::new();
        for (i, life) in self.lives.iter().enumerate() {
            for (n, state) in life.iter().enumerate() {
                let body = body(house, i, n, *state, life).to_string();
                for id in [
                    format!("m-{i}-{n}"),
                    format!("m-{i}-{n}"),
                    format!("m-{i}-{n}-again"),
                ] {
                    all.push(Message {
                        id,
                        body: body.clone(),
                    });
                }
            }
        }
        all.shuffle(&mut StdRng::seed_from_u64(self.seed));
        all
    }

    /// Bookings and stock against what the last message of each life says.
    pub async fn compare(
        &self,
        world: &World,
        house: &House,
        connection: Uuid,
        verdict: &mut Verdict,
    ) -> anyhow::Result<()> {
        let mut conn = world.database.superuser().await?;
        let bookings: Vec<(String, String)> = sqlx::query_as(BOOKINGS)
            .bind(connection)
            .fetch_all(&mut conn)
            .await?;
        let status: BTreeMap<String, String> = bookings.into_iter().collect();
        let stays: Vec<(String, Uuid, NaiveDate, NaiveDate)> = sqlx::query_as(STAYS)
            .bind(connection)
            .fetch_all(&mut conn)
            .await?;
        let sold: Vec<(Uuid, NaiveDate, i32)> = sqlx::query_as(SOLD)
            .bind(house.tenant.0)
            .fetch_all(&mut conn)
            .await?;
        let mut stored: BTreeMap<String, Vec<Stored>> = BTreeMap::new();
        for (reference, unit_type, arrival, departure) in stays {
            stored
                .entry(reference)
                .or_default()
                .push((unit_type, arrival, departure));
        }
        let doubled = stored.values().filter(|stays| stays.len() > 1).count();
        verdict.none(doubled, "double stays");
        let wrong = self.lives.iter().enumerate().filter(|(i, life)| {
            let (reference, end) = (reference(*i), life.last().copied().flatten());
            let stays = stored.get(&reference).cloned().unwrap_or_default();
            let expected: Vec<Stored> = end.iter().map(|stay| stay.stored(house)).collect();
            let cancelled = status.get(&reference).map(|s| s == "cancelled");
            cancelled != Some(end.is_none()) || stays != expected
        });
        let wrong = wrong.count() + status.len().abs_diff(self.lives.len());
        verdict.figure(format!("{} bookings", self.lives.len()));
        verdict.none(wrong, "bookings in another state than in order");
        let sold = sold.into_iter().map(|(u, night, n)| ((u, night), n)).collect();
        verdict.none(
            different(&self.stock(house), &sold),
            "counts of stock other than in order",
        );
        Ok(())
    }

    fn stock(&self, house: &House) -> BTreeMap<(Uuid, NaiveDate), i32> {
        let mut stock = BTreeMap::new();
        for stay in self
            .lives
            .iter()
            .filter_map(|life| life.last().copied().flatten())
        {
            for night in stay.from..stay.from + stay.nights {
                let cell = (house.unit_types[stay.unit_type].id, house.night(night));
                *stock.entry(cell).or_default() += 1;
            }
        }
        stock
    }
}

fn different(a: &BTreeMap<(Uuid, NaiveDate), i32>, b: &BTreeMap<(Uuid, NaiveDate), i32>) -> usize {
    let missing = a.iter().filter(|(cell, n)| b.get(cell) != Some(n)).count();
    missing + b.keys().filter(|cell| !a.contains_key(cell)).count()
}

impl Stay {
    fn stored(self, house: &House) -> Stored {
        let unit_type = house.unit_types[self.unit_type].id;
        (
            unit_type,
            house.night(self.from),
            house.night(self.from + self.nights),
        )
    }
}

/// The n-th state of a life: first a booking, then mostly another, sometimes none; a cancelled one may come back.
fn state(dice: &mut StdRng, n: usize) -> Option<Stay> {
    let stay = Stay {
        unit_type: dice.random_range(0..UNIT_TYPES),
        from: dice.random_range(0..NIGHTS),
        nights: dice.random_range(1..=4),
    };
    (n == 0 || dice.random_bool(0.6)).then_some(stay)
}

fn reference(booking: usize) -> String {
    format!("b-{booking}")
}

/// The n-th message of a booking. A cancellation repeats the stay that was.
fn body(house: &House, booking: usize, n: usize, state: Option<Stay>, life: &Life) -> Value {
    let event = match state {
        None => "booking.cancelled",
        Some(_) if n == 0 => "booking.new",
        Some(_) => "booking.modified",
    };
    let was = life[..n].iter().rev().copied().find_map(|s| s);
    let rooms: Vec<Value> = state.or(was).iter().map(|stay| room(house, *stay)).collect();
    let revised_at = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::seconds(1_790_000_000 + n as i64);
    json!({ "event": event, "booking": {
        "id": reference(booking), "revision": format!("{n}"), "revised_at": revised_at,
        "code": format!("SUN-{booking}"), "sold_by": "Sunny Stays", "currency": "EUR", "total": "90.00",
        "booker": { "name": format!("Guest {booking}") }, "rooms": rooms,
    } })
}

fn room(house: &House, stay: Stay) -> Value {
    let night = |n: u64| json!({ "date": house.night(n), "price": "90.00" });
    let nights: Vec<Value> = (stay.from..stay.from + stay.nights).map(night).collect();
    json!({ "id": "1", "room_type": house.unit_types[stay.unit_type].code, "arrival": house.night(stay.from),
            "departure": house.night(stay.from + stay.nights), "adults": 1, "nights": nights })
}
