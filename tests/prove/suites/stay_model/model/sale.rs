//! What is sold, and what becomes of it before anybody arrives.

use super::{CHANNEL_PRICE, MOST_ADULTS, Model, Night, Outcome, Status, Stay};
use std::collections::BTreeMap;

impl Model {
    pub(super) fn night(&self, day: usize, kind: usize) -> Night {
        let price = self.prices[kind];
        Night { day, kind, price }
    }

    pub(super) fn sell(
        &mut self,
        kind: usize,
        from: usize,
        len: usize,
        adults: i32,
        held_until: Option<i64>,
    ) -> Outcome {
        if from < self.today || adults > MOST_ADULTS {
            return Err("not_bookable");
        }
        let stay = Stay {
            status: match held_until {
                Some(_) => Status::Tentative,
                None => Status::Confirmed,
            },
            kind,
            adults,
            nights: (from..from + len).map(|day| self.night(day, kind)).collect(),
            held_until,
            reference: None,
            rooms: BTreeMap::new(),
            came: None,
            left: None,
        };
        self.put(None, stay, false)
    }

    /// Sold elsewhere already: whatever is free, it is taken. Who is here stays here, and in their unit.
    pub(super) fn channel(&mut self, reference: usize, kind: usize, from: usize, len: usize) -> Outcome {
        let at = self.sold_to(reference);
        let before = at.map(|i| self.stays[i].clone());
        let settled = before.as_ref().map(|s| s.status).filter(|s| s.is_settled());
        let price = CHANNEL_PRICE;
        let stay = Stay {
            status: settled.unwrap_or(Status::Confirmed),
            kind,
            adults: 1,
            nights: (from..from + len).map(|day| Night { day, kind, price }).collect(),
            held_until: None,
            reference: Some(reference),
            rooms: before.as_ref().map(|s| s.rooms.clone()).unwrap_or_default(),
            came: before.as_ref().and_then(|s| s.came),
            left: before.as_ref().and_then(|s| s.left),
        };
        self.put(at, stay, true)
    }

    /// Repeats the stay as the channel sells it.
    pub(super) fn channel_cancel(&mut self, reference: usize) -> Outcome {
        let Some(at) = self.sold_to(reference) else {
            return Ok(());
        };
        let (kind, from, to) = self.stays[at].as_booked();
        self.channel(reference, kind, from, to - from)?;
        if !self.stays[at].status.is_settled() {
            self.settle(at, Status::Cancelled)?;
        }
        Ok(())
    }

    pub(super) fn end_holds(&mut self) {
        let now = self.now;
        for stay in &mut self.stays {
            if stay.status == Status::Tentative && stay.held_until.is_some_and(|until| until <= now) {
                (stay.status, stay.held_until) = (Status::Cancelled, None);
                stay.keep_rooms(self.today);
            }
        }
    }

    pub(super) fn confirm(&mut self, at: usize) -> Outcome {
        let until = self.stays[at].held_until.ok_or("not_held")?;
        if until <= self.now {
            return Err("hold_expired");
        }
        self.settle(at, Status::Confirmed)
    }

    pub(super) fn cancel(&mut self, at: usize) -> Outcome {
        if !matches!(self.stays[at].status, Status::Tentative | Status::Confirmed) {
            return Err("wrong_state");
        }
        self.settle(at, Status::Cancelled)
    }

    pub(super) fn no_show(&mut self, at: usize) -> Outcome {
        if self.stays[at].status != Status::Confirmed {
            return Err("wrong_state");
        }
        if self.stays[at].arrival() > self.today {
            return Err("too_early");
        }
        self.settle(at, Status::NoShow)
    }

    pub(super) fn reinstate(&mut self, at: usize, force: bool) -> Outcome {
        let mut stay = self.stays[at].clone();
        if stay.status.occupies() {
            return Err("wrong_state");
        }
        if stay.departure() <= self.today {
            return Err("past_departure");
        }
        stay.status = Status::Confirmed;
        self.put(Some(at), stay, force)
    }

    /// Another state for the same nights.
    pub(super) fn settle(&mut self, at: usize, status: Status) -> Outcome {
        let mut stay = self.stays[at].clone();
        (stay.status, stay.held_until) = (status, None);
        self.put(Some(at), stay, false)
    }
}

impl Stay {
    /// Unit type, arrival and departure: what a channel repeats when it cancels.
    pub fn as_booked(&self) -> (usize, usize, usize) {
        (self.kind, self.arrival(), self.departure())
    }
}
