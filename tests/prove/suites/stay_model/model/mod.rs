//! What a house does, as small and pure as it can be said: two unit types, four units, twelve nights, stays. No ids,
//! no SQL.

mod amend;
mod desk;
mod sale;
mod stock;

use super::ops::{Act, Op};
use std::collections::BTreeMap;
pub use stock::Stock;

/// Nights in one sequence's window.
pub const DAYS: usize = 12;
/// The unit type of each unit.
pub const UNITS: [usize; 4] = [0, 0, 0, 1];
pub const MOST_ADULTS: i32 = 4;
/// What the channel sells a night for.
pub const CHANNEL_PRICE: i64 = 90;
/// What a night costs at first, by type.
pub const PRICES: [i64; 2] = [100, 150];

pub fn units_of(kind: usize) -> usize {
    UNITS.into_iter().filter(|k| *k == kind).count()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Tentative,
    Confirmed,
    InHouse,
    Departed,
    Cancelled,
    NoShow,
}

impl Status {
    pub fn name(self) -> &'static str {
        match self {
            Self::Tentative => "tentative",
            Self::Confirmed => "confirmed",
            Self::InHouse => "in_house",
            Self::Departed => "departed",
            Self::Cancelled => "cancelled",
            Self::NoShow => "no_show",
        }
    }
    fn occupies(self) -> bool {
        !matches!(self, Self::Cancelled | Self::NoShow)
    }
    /// Nobody undoes by a message what happened at the desk.
    fn is_settled(self) -> bool {
        matches!(self, Self::InHouse | Self::Departed)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Night {
    pub day: usize,
    pub kind: usize,
    pub price: i64,
}

/// The unit that a night is slept in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    pub unit: usize,
    pub locked: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stay {
    pub status: Status,
    /// As priced.
    pub kind: usize,
    pub adults: i32,
    pub nights: Vec<Night>,
    pub held_until: Option<i64>,
    /// Which of the channel's bookings it is.
    pub reference: Option<usize>,
    /// By night; one that is not here has no unit yet.
    pub rooms: BTreeMap<usize, Room>,
    /// Business dates of check-in and check-out.
    came: Option<usize>,
    left: Option<usize>,
}

impl Stay {
    pub fn total(&self) -> i64 {
        self.nights.iter().map(|n| n.price).sum()
    }
    /// How its booking stands, which has no other stay.
    pub fn booking(&self) -> &'static str {
        match self.status {
            Status::Tentative | Status::Cancelled => self.status.name(),
            _ => Status::Confirmed.name(),
        }
    }
    pub fn arrival(&self) -> usize {
        self.nights.first().map_or(0, |n| n.day)
    }
    pub fn departure(&self) -> usize {
        self.nights.last().map_or(0, |n| n.day + 1)
    }
}

/// A unit out of order.
#[derive(Debug, Clone)]
pub struct Block {
    pub unit: usize,
    pub from: usize,
    pub to: usize,
}

#[derive(Debug, Clone)]
pub struct Model {
    pub stays: Vec<Stay>,
    pub blocks: Vec<Block>,
    pub dirty: [bool; UNITS.len()],
    prices: [i64; 2],
    pub today: usize,
    /// Minutes since the beginning.
    now: i64,
}

/// The code of the refusal.
pub type Outcome = Result<(), &'static str>;

impl Model {
    pub fn new() -> Self {
        Self {
            stays: Vec::new(),
            blocks: Vec::new(),
            dirty: [false; UNITS.len()],
            prices: PRICES,
            today: 0,
            now: 0,
        }
    }

    pub fn tomorrow(&self) -> usize {
        (self.today + 1).min(DAYS - 1)
    }

    /// Which stay an operation means: counted in the order they were made, among those it suits if it is aimed and
    /// there are any; a number beyond the last wraps around.
    pub fn pick(&self, stay: usize, aimed: bool, act: &Act) -> Option<usize> {
        let all: Vec<usize> = (0..self.stays.len()).collect();
        let suits = |at: &usize| self.suits(act, &self.stays[*at]);
        let suited: Vec<usize> = all.iter().copied().filter(suits).collect();
        let among = if aimed && !suited.is_empty() { suited } else { all };
        Some(among[stay.checked_rem(among.len())?])
    }

    /// Is it worth trying?
    fn suits(&self, act: &Act, stay: &Stay) -> bool {
        use Status::{Cancelled, Confirmed, Departed, InHouse, NoShow, Tentative};
        match act {
            Act::Confirm => stay.status == Tentative,
            Act::Cancel => matches!(stay.status, Tentative | Confirmed),
            Act::NoShow => stay.status == Confirmed && stay.arrival() <= self.today,
            Act::Reinstate { .. } => matches!(stay.status, Cancelled | NoShow),
            Act::CheckIn { .. } => stay.status == Confirmed && stay.rooms.contains_key(&self.today),
            Act::UndoCheckIn | Act::CheckOut => stay.status == InHouse,
            Act::UndoCheckOut => stay.status == Departed,
            Act::Unassign { .. } | Act::Lock { .. } => !stay.rooms.is_empty(),
            Act::Amend { .. } => matches!(stay.status, Tentative | Confirmed | InHouse),
            Act::Assign { .. } => {
                let due = stay.arrival() <= self.today && self.today < stay.departure();
                due && matches!(stay.status, Tentative | Confirmed | InHouse)
            }
        }
    }

    /// What it is called in the figures: the operation, and of which state a stay is.
    pub fn describe(&self, op: &Op) -> String {
        let name = |full: String| full.split(' ').next().unwrap_or_default().to_owned();
        match op {
            Op::Stay { stay, aimed, act } => {
                let at = self.pick(*stay, *aimed, act);
                let status = at.map_or("none", |at| self.stays[at].status.name());
                format!("{} {status}", name(format!("{act:?}")))
            }
            Op::Channel { reference, aimed, .. } | Op::ChannelCancel { reference, aimed } => {
                let at = self.sold_to(self.reference(*reference, *aimed));
                let status = at.map_or("none", |at| self.stays[at].status.name());
                format!("{} {status}", name(format!("{op:?}")))
            }
            other => name(format!("{other:?}")),
        }
    }

    /// Which of the channel's bookings an operation means; aimed, one whose guest has come, if there is any.
    pub fn reference(&self, number: usize, aimed: bool) -> usize {
        let come = self.stays.iter().filter(|s| s.status.is_settled());
        let come: Vec<usize> = come.filter_map(|s| s.reference).filter(|_| aimed).collect();
        number.checked_rem(come.len()).map_or(number, |i| come[i])
    }

    pub fn sold_to(&self, reference: usize) -> Option<usize> {
        self.stays.iter().position(|s| s.reference == Some(reference))
    }

    pub fn apply(&mut self, op: &Op) -> Outcome {
        match *op {
            Op::Book {
                kind,
                from,
                len,
                adults,
            } => self.sell(kind, from, len, adults, None),
            Op::Hold {
                kind,
                from,
                len,
                minutes,
            } => self.sell(kind, from, len, 1, Some(self.now + i64::from(minutes))),
            Op::WalkIn {
                kind,
                len,
                unit,
                force,
            } => self.walk_in(kind, len, unit, force),
            Op::Channel {
                reference,
                aimed,
                kind,
                from,
                len,
            } => self.channel(self.reference(reference, aimed), kind, from, len),
            Op::ChannelCancel { reference, aimed } => self.channel_cancel(self.reference(reference, aimed)),
            Op::Block { unit, from, len } => self.block(unit, from, from + len),
            Op::Clean { unit } => {
                self.dirty[unit] = false;
                Ok(())
            }
            Op::Reprice { kind, price } => {
                self.prices[kind] = price;
                Ok(())
            }
            Op::TimePasses { minutes } => {
                self.now += minutes;
                self.end_holds();
                Ok(())
            }
            Op::NightPasses => {
                self.today = self.tomorrow();
                Ok(())
            }
            Op::Stay { stay, aimed, ref act } => {
                let at = self.pick(stay, aimed, act);
                at.map_or(Ok(()), |at| self.act(at, act))
            }
        }
    }

    fn act(&mut self, at: usize, act: &Act) -> Outcome {
        match *act {
            Act::Confirm => self.confirm(at),
            Act::Amend { ref change, force } => self.amend(at, change, force),
            Act::Cancel => self.cancel(at),
            Act::NoShow => self.no_show(at),
            Act::Reinstate { force } => self.reinstate(at, force),
            Act::Assign { unit, span, force } => self.assign(at, unit, span, force),
            Act::Unassign { span } => self.unassign(at, span),
            Act::Lock { locked } => self.lock(at, locked),
            Act::CheckIn { force } => self.check_in(at, force),
            Act::UndoCheckIn => self.undo_check_in(at),
            Act::CheckOut => self.check_out(at),
            Act::UndoCheckOut => self.undo_check_out(at),
        }
    }
}
