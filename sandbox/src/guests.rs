//! Guests of its own: they look, think, and book what they saw, which may be gone by then. Seeded: the same guests want
//! the same stays in the same order.

use std::time::Duration;

use chrono::{NaiveDate, TimeDelta};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::clock;
use crate::ical::{Dates, Listing};
use crate::property::Property;
use crate::revision::Revision;
use crate::state::Sandbox;
use crate::webhook;
use crate::wish::{Booked, Wish};
use crate::world::World;

/// Bookings of theirs that guests remember, to change or cancel them.
const MOST_REMEMBERED: usize = 1_000;

/// What guests do by themselves.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Guests {
    /// Acts in a minute, on average; 0: none come.
    pub per_minute: f64,
    /// How old what a guest saw is when the guest books, `[least, most]`: a cached page, a told value on its way.
    pub stale_ms: (u64, u64),
    /// Of the acts, how many change a booking; cancel one. The rest book.
    pub modify_share: f64,
    pub cancel_share: f64,
    /// Arrivals are from today on, within so many days.
    pub days: u32,
    /// A stay has from one to so many nights.
    pub most_nights: u32,
    pub seed: u64,
}

impl Default for Guests {
    fn default() -> Self {
        Self {
            per_minute: 0.0,
            stale_ms: (0, 0),
            modify_share: 0.1,
            cancel_share: 0.2,
            days: 30,
            most_nights: 4,
            seed: 0,
        }
    }
}

/// What became of them.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct Tally {
    pub(crate) booked: u64,
    /// Of those: gone when the guest booked it, and sold all the same.
    pub(crate) booked_stale: u64,
    pub(crate) modified: u64,
    pub(crate) cancelled: u64,
    pub(crate) turned_away: u64,
}

/// Who is at it; a new plan sends the old guests home.
#[derive(Default)]
pub(crate) struct Crowd {
    pub(crate) plan: Guests,
    pub(crate) tally: Tally,
    run: Option<Uuid>,
    bookings: Vec<Booked>,
}

impl Guests {
    /// Out-of-range wishes, in words.
    pub(crate) fn check(&self) -> Vec<String> {
        let mut reasons = Vec::new();
        if !(0.0..=6_000.0).contains(&self.per_minute) {
            reasons.push("per_minute must be from 0 to 6000".to_owned());
        }
        let shares = [self.modify_share, self.cancel_share];
        if shares.iter().any(|share| !(0.0..=1.0).contains(share)) || shares.iter().sum::<f64>() > 1.0 {
            reasons.push("modify_share and cancel_share must be from 0 to 1 together".to_owned());
        }
        if self.stale_ms.0 > self.stale_ms.1 || self.stale_ms.1 > 600_000 {
            reasons.push("stale_ms must be [least, most] and at most ten minutes".to_owned());
        }
        if !(1..=500).contains(&self.days) || !(1..=30).contains(&self.most_nights) {
            reasons.push("days must be from 1 to 500, most_nights from 1 to 30".to_owned());
        }
        reasons
    }
}

/// Lets them come, or go. The plan has been checked.
pub(crate) fn invite(sandbox: &Sandbox, plan: Guests) {
    let run = Uuid::new_v4();
    sandbox.world().crowd = Crowd {
        plan: plan.clone(),
        run: Some(run),
        ..Crowd::default()
    };
    if plan.per_minute > 0.0 {
        tokio::spawn(come(sandbox.clone(), plan, run));
    }
}

async fn come(sandbox: Sandbox, plan: Guests, run: Uuid) {
    let mut dice = StdRng::seed_from_u64(plan.seed);
    loop {
        // Around the mean, so that they do not march in step with anything.
        let pause = 60.0 / plan.per_minute * dice.random_range(0.5..1.5);
        tokio::time::sleep(Duration::from_secs_f64(pause)).await;
        if sandbox.world().crowd.run != Some(run) {
            return;
        }
        let act: f64 = dice.random();
        let stale = Duration::from_millis(dice.random_range(plan.stale_ms.0..=plan.stale_ms.1));
        let wish = wish(&sandbox.world(), &plan, &mut dice);
        if act < plan.modify_share + plan.cancel_share {
            let which: usize = dice.random_range(0..MOST_REMEMBERED);
            return_to(&sandbox, act < plan.cancel_share, which, wish);
        } else if let Some(wish) = wish {
            tokio::spawn(book(sandbox.clone(), wish, stale, run));
        }
    }
}

/// A stay somewhere here. The dice fall as often whatever there is.
fn wish(world: &World, plan: &Guests, dice: &mut StdRng) -> Option<Wish> {
    let (which, room, rate): (f64, f64, f64) = (dice.random(), dice.random(), dice.random());
    let ahead = dice.random_range(0..plan.days);
    let nights = dice.random_range(1..=plan.most_nights);
    let stay = |today: NaiveDate| {
        let from = today + TimeDelta::days(ahead.into());
        let to = from + TimeDelta::days(nights.into());
        Dates { from, to }
    };
    let hotels = world.properties().map(Place::Hotel);
    let listings = world
        .listings
        .iter()
        .map(|(id, listing)| Place::Listing(id, listing));
    match nth(&hotels.chain(listings).collect::<Vec<_>>(), which)? {
        Place::Hotel(property) => {
            let room = nth(&property.spec.room_types, room)?;
            let rate = nth(&room.rate_plans, rate)?;
            let dates = stay(clock::now().date_naive());
            let request = json!({
                "rooms": [{ "room_type_id": room.id, "rate_plan_id": rate.id, "checkin_date": dates.from,
                    "checkout_date": dates.to, "adults": rate.occupancy }],
                "decrement": true,
            });
            Some(Wish::Hotel(
                property.id.clone(),
                serde_json::from_value(request).ok()?,
            ))
        }
        Place::Listing(id, listing) => Some(Wish::Listing((*id).clone(), stay(listing.today()))),
    }
}

/// Where a guest may go.
enum Place<'a> {
    Hotel(&'a Property),
    Listing(&'a String, &'a Listing),
}

fn nth<T>(items: &[T], place: f64) -> Option<&T> {
    items.get((place * items.len() as f64) as usize)
}

/// Looks, thinks, and books what was seen.
async fn book(sandbox: Sandbox, wish: Wish, stale: Duration, run: Uuid) {
    let seen = wish.is_sold(&sandbox.world());
    if !seen {
        sandbox.world().crowd.tally.turned_away += 1;
        return;
    }
    tokio::time::sleep(stale).await;
    let revision = {
        let world = &mut *sandbox.world();
        if world.crowd.run != Some(run) {
            return;
        }
        let still = wish.is_sold(world);
        let Some((booked, revision)) = wish.buy(world) else {
            return;
        };
        world.crowd.tally.booked += 1;
        world.crowd.tally.booked_stale += u64::from(!still);
        if world.crowd.bookings.len() < MOST_REMEMBERED {
            world.crowd.bookings.push(booked);
        }
        revision
    };
    tell(&sandbox, revision);
}

/// One who booked comes back: cancels, or wants to stay at another time.
fn return_to(sandbox: &Sandbox, cancels: bool, which: usize, wish: Option<Wish>) {
    let revision = {
        let world = &mut *sandbox.world();
        let known = world.crowd.bookings.len();
        if known == 0 {
            return;
        }
        let booked = world.crowd.bookings.swap_remove(which % known);
        if cancels {
            let done = booked.cancel(world);
            world.crowd.tally.cancelled += u64::from(done.is_some());
            done.flatten()
        } else {
            let done = wish.and_then(|wish| booked.change(world, wish));
            world.crowd.tally.modified += u64::from(done.is_some());
            world.crowd.tally.turned_away += u64::from(done.is_none());
            world.crowd.bookings.push(booked);
            done.flatten()
        }
    };
    tell(sandbox, revision);
}

/// Calendars announce nothing.
fn tell(sandbox: &Sandbox, revision: Option<Revision>) {
    if let Some(revision) = revision {
        webhook::announce(sandbox, &revision);
    }
}
