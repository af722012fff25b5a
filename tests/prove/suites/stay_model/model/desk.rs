//! The front desk: each night in one unit, each unit with one stay a night, and nobody let in where somebody is or
//! nobody has cleaned.

use super::{Model, Outcome, Room, Status, Stay, UNITS};
use crate::suites::stay_model::ops::Span;

impl Stay {
    /// Where a guest is: the last unit that began by today.
    fn place(&self, today: usize) -> Option<usize> {
        self.rooms.range(..=today).next_back().map(|(_, room)| room.unit)
    }

    /// Units follow their stay. Who does not come has none. Who is to come has one for the nights that still take its
    /// type. Who is here, or was, keeps theirs until the departure, whatever is sold, and for nights slept already.
    pub(super) fn keep_rooms(&mut self, today: usize) {
        let (nights, departure, came) = (&self.nights, self.departure(), self.came);
        match self.status {
            Status::Cancelled | Status::NoShow => self.rooms.clear(),
            Status::Tentative | Status::Confirmed => self.rooms.retain(|day, room| {
                let sold = |kind| nights.iter().any(|n| (n.day, n.kind) == (*day, kind));
                sold(UNITS[room.unit])
            }),
            Status::InHouse | Status::Departed => {
                let slept = |day| day < today || Some(day) == came;
                self.rooms.retain(|day, _| *day < departure || slept(*day));
            }
        }
    }

    /// The nights that can still get a unit: all, or of a guest who is here those from today on.
    fn span(&self, span: Span, today: usize) -> Result<std::ops::Range<usize>, &'static str> {
        let first = match self.status {
            Status::Tentative | Status::Confirmed => self.arrival(),
            Status::InHouse => self.arrival().max(today),
            _ => return Err("wrong_state"),
        };
        let days = match span.within(self) {
            Some(part) => part,
            None => first..self.departure(),
        };
        if days.start < first || days.end > self.departure() || days.is_empty() {
            return Err("outside_stay");
        }
        Ok(days)
    }
}

impl Model {
    /// Is a stay, or something broken, in the unit that night?
    pub(super) fn is_taken(&self, unit: usize, day: usize, except: Option<usize>) -> bool {
        let has = |s: &Stay| s.rooms.get(&day).is_some_and(|room| room.unit == unit);
        let mut stays = self.stays.iter().enumerate();
        stays.any(|(i, s)| Some(i) != except && has(s))
            || self
                .blocks
                .iter()
                .any(|b| b.unit == unit && (b.from..b.to).contains(&day))
    }

    fn other_guest_in(&self, unit: usize, except: usize) -> bool {
        let here = |s: &Stay| s.status == Status::InHouse && s.place(self.today) == Some(unit);
        let mut stays = self.stays.iter().enumerate();
        stays.any(|(i, s)| i != except && here(s))
    }

    /// May this stay get the key now?
    fn let_in(&self, at: usize, unit: usize, force: bool) -> Outcome {
        if self.other_guest_in(unit, at) {
            return Err("unit_occupied");
        }
        if self.dirty[unit] && !force {
            return Err("unit_not_ready");
        }
        Ok(())
    }

    pub(super) fn assign(&mut self, at: usize, unit: usize, span: Span, force: bool) -> Outcome {
        let stay = &self.stays[at];
        let days = stay.span(span, self.today)?;
        let sold = |n: &&super::Night| days.contains(&n.day);
        if stay.nights.iter().filter(sold).any(|n| n.kind != UNITS[unit]) {
            return Err("wrong_unit_type");
        }
        let moved = |room: &Room| room.locked && room.unit != unit;
        if stay.rooms.range(days.clone()).any(|(_, room)| moved(room)) {
            return Err("assignment_locked");
        }
        if days.clone().any(|day| self.is_taken(unit, day, Some(at))) {
            return Err("unit_taken");
        }
        let moves_now = stay.status == Status::InHouse && days.contains(&self.today);
        if let Some(left) = stay.place(self.today).filter(|left| moves_now && *left != unit) {
            self.let_in(at, unit, force)?;
            self.dirty[left] = true;
        }
        let stay = &mut self.stays[at];
        let locked = stay.rooms.values().any(|room| room.locked && room.unit == unit);
        stay.rooms.extend(days.map(|day| (day, Room { unit, locked })));
        Ok(())
    }

    pub(super) fn unassign(&mut self, at: usize, span: Span) -> Outcome {
        let stay = &mut self.stays[at];
        if stay.status == Status::InHouse {
            return Err("wrong_state");
        }
        let days = stay.span(span, self.today)?;
        let mut rooms = stay.rooms.range(days.clone()).map(|(_, room)| room).peekable();
        if rooms.peek().is_none() {
            return Err("not_assigned");
        }
        if rooms.any(|room| room.locked) {
            return Err("assignment_locked");
        }
        stay.rooms.retain(|day, _| !days.contains(day));
        Ok(())
    }

    pub(super) fn lock(&mut self, at: usize, locked: bool) -> Outcome {
        let rooms = &mut self.stays[at].rooms;
        if rooms.is_empty() {
            return Err("not_assigned");
        }
        rooms.values_mut().for_each(|room| room.locked = locked);
        Ok(())
    }

    pub(super) fn check_in(&mut self, at: usize, force: bool) -> Outcome {
        let mut stay = self.stays[at].clone();
        if stay.status != Status::Confirmed {
            return Err("wrong_state");
        }
        if !(stay.arrival()..stay.departure()).contains(&self.today) {
            return Err("not_today");
        }
        let room = stay.rooms.get(&self.today).ok_or("no_unit")?;
        self.let_in(at, room.unit, force)?;
        (stay.status, stay.came) = (Status::InHouse, Some(self.today));
        self.put(Some(at), stay, false)
    }

    pub(super) fn undo_check_in(&mut self, at: usize) -> Outcome {
        let mut stay = self.stays[at].clone();
        if stay.status != Status::InHouse {
            return Err("wrong_state");
        }
        if stay.came != Some(self.today) {
            return Err("too_late_to_undo");
        }
        (stay.status, stay.came) = (Status::Confirmed, None);
        self.put(Some(at), stay, false)
    }

    /// The nights that are left stay sold, and the unit stays theirs.
    pub(super) fn check_out(&mut self, at: usize) -> Outcome {
        let mut stay = self.stays[at].clone();
        if stay.status != Status::InHouse {
            return Err("wrong_state");
        }
        if let Some(unit) = stay.place(self.today) {
            self.dirty[unit] = true;
        }
        (stay.status, stay.left) = (Status::Departed, Some(self.today));
        self.put(Some(at), stay, false)
    }

    pub(super) fn undo_check_out(&mut self, at: usize) -> Outcome {
        let mut stay = self.stays[at].clone();
        if stay.status != Status::Departed {
            return Err("wrong_state");
        }
        if stay.left != Some(self.today) {
            return Err("too_late_to_undo");
        }
        let place = stay.place(self.today);
        if place.is_some_and(|unit| self.other_guest_in(unit, at)) {
            return Err("unit_occupied");
        }
        (stay.status, stay.left) = (Status::InHouse, None);
        self.put(Some(at), stay, false)
    }

    /// Books, assigns and checks in, or nothing of it; without a unit named, into the first that would do.
    pub(super) fn walk_in(&mut self, kind: usize, len: usize, unit: Option<usize>, force: bool) -> Outcome {
        let mut next = self.clone();
        next.sell(kind, self.today, len, 1, None)?;
        let at = self.stays.len();
        let days = self.today..self.today + len;
        let would_do = |unit: &usize| {
            UNITS[*unit] == kind
                && !days.clone().any(|day| self.is_taken(*unit, day, None))
                && self.let_in(at, *unit, false).is_ok()
        };
        let unit = unit
            .or_else(|| (0..UNITS.len()).find(would_do))
            .ok_or("no_unit")?;
        next.assign(at, unit, Span::All, force)?;
        next.check_in(at, force)?;
        *self = next;
        Ok(())
    }
}
