//! Which stay goes into which unit: pure, and the same answer for the same question.
//!
//! Stays are placed in order of arrival, each in the free unit that suits it best. What finds none is tried again by
//! moving up to [`DEPTH`] layers of stays that may move. If plain first fit by arrival places more, its plan is taken.
//! So: never worse than first fit; and where all units of a type are alike and none is taken, every stay that can have
//! a unit gets one (interval graphs colour greedily). With stays already in place the best plan is NP-hard, and this is
//! not always it.

use super::needs::{Needs, fits};
use crate::property::Unit;
use chrono::NaiveDate;
use std::cmp::Reverse;
use std::collections::HashMap;
use uuid::Uuid;

/// How many layers of stays give way for one more.
const DEPTH: usize = 3;
/// Moves tried in one plan; bounds the time, not the answer's soundness.
const MOST_TRIES: usize = 20_000;
/// A gap longer than this is as good as any other.
const LONGEST_GAP: i64 = 366;

type Span = (NaiveDate, NaiveDate);

/// A unit and the nights in it that nobody may touch. Neighbouring units stand beside each other.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    pub unit: Unit,
    pub fixed: Vec<Span>,
}

#[derive(Debug, Clone)]
pub(super) struct Guest {
    pub id: Uuid,
    pub booking_id: Uuid,
    pub unit_type_id: Uuid,
    pub span: Span,
    pub needs: Needs,
    /// The only slot that will do: the rest of the stay is there.
    pub only: Option<usize>,
    /// Where it is already; it may be moved to make room, never lost.
    pub at: Option<usize>,
    /// Slots of the booking's other stays that are not planned here.
    pub near: Vec<usize>,
}

/// The slot of each guest, in their order; `None` = none found.
pub(super) fn plan(slots: &[Slot], guests: &[Guest]) -> Vec<Option<usize>> {
    let best = Board::new(slots, guests).filled(true);
    if best.iter().all(Option::is_some) {
        return best;
    }
    let first = Board::new(slots, guests).filled(false);
    let placed = |plan: &[Option<usize>]| plan.iter().flatten().count();
    if placed(&first) > placed(&best) {
        first
    } else {
        best
    }
}

struct Board<'a> {
    slots: &'a [Slot],
    guests: &'a [Guest],
    /// Slots that would do for each guest, were they free.
    suits: Vec<Vec<usize>>,
    /// Guests of each booking.
    bookings: HashMap<Uuid, Vec<usize>>,
    place: Place,
    tries: usize,
}

#[derive(Clone)]
struct Place {
    at: Vec<Option<usize>>,
    inside: Vec<Vec<usize>>,
}

impl Place {
    fn put(&mut self, guest: usize, slot: usize) {
        self.at[guest] = Some(slot);
        self.inside[slot].push(guest);
    }
    fn take(&mut self, guest: usize) {
        if let Some(slot) = self.at[guest].take() {
            self.inside[slot].retain(|g| *g != guest);
        }
    }
}

fn overlap(a: Span, b: Span) -> bool {
    a.0 < b.1 && b.0 < a.1
}

impl<'a> Board<'a> {
    fn new(slots: &'a [Slot], guests: &'a [Guest]) -> Self {
        let suits = |g: &Guest| {
            let right = |(i, s): &(usize, &Slot)| {
                g.only.is_none_or(|only| only == *i)
                    && s.unit.unit_type_id == g.unit_type_id
                    && fits(&s.unit, &g.needs).is_ok()
            };
            slots.iter().enumerate().filter(right).map(|(i, _)| i).collect()
        };
        let mut place = Place {
            at: vec![None; guests.len()],
            inside: vec![Vec::new(); slots.len()],
        };
        for (i, guest) in guests.iter().enumerate() {
            if let Some(slot) = guest.at {
                place.put(i, slot);
            }
        }
        let mut bookings: HashMap<Uuid, Vec<usize>> = HashMap::new();
        for (i, guest) in guests.iter().enumerate() {
            bookings.entry(guest.booking_id).or_default().push(i);
        }
        Self {
            slots,
            guests,
            bookings,
            suits: guests.iter().map(suits).collect(),
            place,
            tries: MOST_TRIES,
        }
    }

    fn filled(mut self, best: bool) -> Vec<Option<usize>> {
        let mut waiting: Vec<usize> = (0..self.guests.len())
            .filter(|g| self.place.at[*g].is_none())
            .collect();
        // The choosiest first among those who arrive together; a booking's stays one after the other.
        waiting.sort_by_key(|g| {
            let guest = &self.guests[*g];
            let choice = if best { self.suits[*g].len() } else { 0 };
            let booking = if best { guest.booking_id } else { Uuid::nil() };
            let end = if best { Some(Reverse(guest.span.1)) } else { None };
            (guest.span.0, choice, booking, end, guest.id)
        });
        let mut left = Vec::new();
        for guest in waiting {
            match self.free_slot(guest, best) {
                Some(slot) => self.place.put(guest, slot),
                None => left.push(guest),
            }
        }
        for guest in left {
            self.make_room(guest, DEPTH, &mut Vec::new());
        }
        self.place.at
    }

    fn free_slot(&self, guest: usize, best: bool) -> Option<usize> {
        let mut free = self.suits[guest]
            .iter()
            .copied()
            .filter(|slot| self.blockers(guest, *slot).is_some_and(|b| b.is_empty()));
        if best {
            free.min_by_key(|slot| self.cost(guest, *slot))
        } else {
            free.next()
        }
    }

    /// Guests in the way; `None` when something is that nobody may move.
    fn blockers(&self, guest: usize, slot: usize) -> Option<Vec<usize>> {
        let span = self.guests[guest].span;
        if self.slots[slot].fixed.iter().any(|f| overlap(*f, span)) {
            return None;
        }
        let inside = self.place.inside[slot].iter().copied();
        Some(inside.filter(|g| overlap(self.guests[*g].span, span)).collect())
    }

    /// Less is better: unmet wishes, far from the booking's other units, wasted gaps, wasted features.
    fn cost(&self, guest: usize, slot: usize) -> (usize, usize, i64, usize, usize) {
        let (g, unit) = (&self.guests[guest], &self.slots[slot].unit);
        let siblings = self.bookings.get(&g.booking_id).into_iter().flatten();
        let siblings = siblings
            .filter(|s| **s != guest)
            .filter_map(|s| self.place.at[*s]);
        let far = siblings.chain(g.near.iter().copied()).map(|s| s.abs_diff(slot));
        let spare = unit.features.len().saturating_sub(g.needs.features.len());
        (
            g.needs.unmet_wishes(unit),
            far.min().unwrap_or(0),
            self.gap(g.span, slot),
            spare,
            slot,
        )
    }

    /// Free nights that would be left around the stay.
    fn gap(&self, span: Span, slot: usize) -> i64 {
        let guests = self.place.inside[slot].iter().map(|g| self.guests[*g].span);
        let (mut before, mut after) = (LONGEST_GAP, LONGEST_GAP);
        for other in guests.chain(self.slots[slot].fixed.iter().copied()) {
            if other.1 <= span.0 {
                before = before.min((span.0 - other.1).num_days());
            } else {
                after = after.min((other.0 - span.1).num_days());
            }
        }
        before + after
    }

    /// Finds a slot for a guest by moving others out of the way; changes nothing when it cannot.
    fn make_room(&mut self, guest: usize, depth: usize, moving: &mut Vec<usize>) -> bool {
        if depth == 0 {
            return false;
        }
        moving.push(guest);
        for slot in self.suits[guest].clone() {
            let Some(blockers) = self.blockers(guest, slot) else {
                continue;
            };
            if blockers.iter().any(|b| moving.contains(b)) || self.tries == 0 {
                continue;
            }
            self.tries -= 1;
            let saved = self.place.clone();
            blockers.iter().for_each(|b| self.place.take(*b));
            self.place.put(guest, slot);
            if blockers.iter().all(|b| self.settle(*b, depth - 1, moving)) {
                moving.pop();
                return true;
            }
            self.place = saved;
        }
        moving.pop();
        false
    }

    fn settle(&mut self, guest: usize, depth: usize, moving: &mut Vec<usize>) -> bool {
        if let Some(slot) = self.free_slot(guest, true) {
            self.place.put(guest, slot);
            return true;
        }
        self.make_room(guest, depth, moving)
    }
}

#[cfg(test)]
mod tests;
