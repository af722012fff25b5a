//! The vacancy sign: what every change has to fit into.

use super::{Block, Model, Outcome, Status, Stay, UNITS, units_of};
use std::collections::BTreeMap;

/// (sold, held, out of order) of every type and night.
pub type Stock = BTreeMap<(usize, usize), (i32, i32, i32)>;

impl Model {
    pub fn stock(&self) -> Stock {
        let mut stock = Stock::new();
        for stay in self.stays.iter().filter(|s| s.status.occupies()) {
            for night in &stay.nights {
                let cell = stock.entry((night.kind, night.day)).or_default();
                let held = stay.status == Status::Tentative;
                *(if held { &mut cell.1 } else { &mut cell.0 }) += 1;
            }
        }
        for block in &self.blocks {
            for day in block.from..block.to {
                stock.entry((UNITS[block.unit], day)).or_default().2 += 1;
            }
        }
        stock
    }

    /// Puts `after` in the place of a stay, or beside them all: if every night that then takes more fits.
    pub(super) fn put(&mut self, at: Option<usize>, mut after: Stay, force: bool) -> Outcome {
        after.keep_rooms(self.today);
        let mut next = self.clone();
        match at.and_then(|i| next.stays.get_mut(i)) {
            Some(stay) => *stay = after,
            None => next.stays.push(after),
        }
        self.become_if_it_fits(next, force)
    }

    fn become_if_it_fits(&mut self, next: Self, force: bool) -> Outcome {
        let before = self.stock();
        let all = |(sold, held, out_of_order): (i32, i32, i32)| sold + held + out_of_order;
        let was = |cell| before.get(&cell).copied().map_or(0, all);
        let fits = next
            .stock()
            .into_iter()
            .all(|(cell, now)| all(now) <= was(cell) || all(now) <= units_of(cell.0) as i32);
        if !fits && !force {
            return Err("no_availability");
        }
        *self = next;
        Ok(())
    }

    /// A unit goes out of order: its nights are not sold, and nobody is put there.
    pub(super) fn block(&mut self, unit: usize, from: usize, to: usize) -> Outcome {
        if from < self.today {
            return Err("in_the_past");
        }
        let mut next = self.clone();
        next.blocks.push(Block { unit, from, to });
        let mut tried = self.clone();
        tried.become_if_it_fits(next, false)?;
        if (from..to).any(|day| self.is_taken(unit, day, None)) {
            return Err("unit_taken");
        }
        *self = tried;
        Ok(())
    }
}
