//! What a house does, as small and pure as it can be said: two unit types, twelve nights, stays. No ids, no SQL.

use std::collections::BTreeMap;

/// Nights in one sequence's window.
pub const DAYS: usize = 12;
/// Units of each type.
pub const UNITS: [i32; 2] = [2, 1];
pub const MOST_ADULTS: i32 = 4;
/// What the channel sells a night for.
pub const CHANNEL_PRICE: i64 = 90;
/// What a night costs at first, by type.
pub const PRICES: [i64; 2] = [100, 150];

/// One thing somebody tries. Stays are counted in the order they were made; a number beyond the last wraps around.
#[derive(Debug, Clone)]
pub enum Op {
    Book {
        kind: usize,
        from: usize,
        len: usize,
        adults: i32,
    },
    Hold {
        kind: usize,
        from: usize,
        len: usize,
        minutes: i32,
    },
    Confirm {
        stay: usize,
    },
    TimePasses {
        minutes: i64,
    },
    Amend {
        stay: usize,
        change: Amend,
        force: bool,
    },
    Cancel {
        stay: usize,
    },
    NoShow {
        stay: usize,
    },
    Reinstate {
        stay: usize,
        force: bool,
    },
    Channel {
        reference: usize,
        kind: usize,
        from: usize,
        len: usize,
    },
    ChannelCancel {
        reference: usize,
    },
    Reprice {
        kind: usize,
        price: i64,
    },
    NightPasses,
    /// A unit goes out of order.
    Block {
        kind: usize,
        unit: usize,
        from: usize,
        len: usize,
    },
}

#[derive(Debug, Clone, Default)]
pub struct Amend {
    pub from: Option<usize>,
    pub len: Option<usize>,
    pub kind: Option<usize>,
    pub adults: Option<i32>,
    /// First night of the other type or guests.
    pub anew: Option<usize>,
    pub keep_prices: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Tentative,
    Confirmed,
    Cancelled,
    NoShow,
}

impl Status {
    pub fn name(self) -> &'static str {
        match self {
            Self::Tentative => "tentative",
            Self::Confirmed => "confirmed",
            Self::Cancelled => "cancelled",
            Self::NoShow => "no_show",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Night {
    pub day: usize,
    pub kind: usize,
    pub price: i64,
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
}

impl Stay {
    pub fn total(&self) -> i64 {
        self.nights.iter().map(|n| n.price).sum()
    }
    fn occupies(&self) -> bool {
        matches!(self.status, Status::Tentative | Status::Confirmed)
    }
    fn arrival(&self) -> usize {
        self.nights.first().map_or(0, |n| n.day)
    }
    fn departure(&self) -> usize {
        self.nights.last().map_or(0, |n| n.day + 1)
    }
}

/// (sold, held, out of order) of every type and night.
pub type Stock = BTreeMap<(usize, usize), (i32, i32, i32)>;

/// A unit out of order.
#[derive(Debug, Clone)]
struct Block {
    kind: usize,
    unit: usize,
    from: usize,
    to: usize,
}

#[derive(Debug, Clone)]
pub struct Model {
    pub stays: Vec<Stay>,
    blocks: Vec<Block>,
    pub prices: [i64; 2],
    pub today: usize,
    /// Minutes since the beginning.
    pub now: i64,
}

/// The code of the refusal.
pub type Outcome = Result<(), &'static str>;

impl Model {
    pub fn new() -> Self {
        Self {
            stays: Vec::new(),
            blocks: Vec::new(),
            prices: PRICES,
            today: 0,
            now: 0,
        }
    }

    pub fn stock(&self) -> Stock {
        let mut stock = Stock::new();
        for stay in self.stays.iter().filter(|s| s.occupies()) {
            for night in &stay.nights {
                let cell = stock.entry((night.kind, night.day)).or_default();
                let counter = if stay.status == Status::Tentative {
                    &mut cell.1
                } else {
                    &mut cell.0
                };
                *counter += 1;
            }
        }
        for block in &self.blocks {
            (block.from..block.to).for_each(|day| stock.entry((block.kind, day)).or_default().2 += 1);
        }
        stock
    }

    /// Puts `after` in the place of a stay, or beside them all: if every night that then takes more fits.
    fn put(&mut self, at: Option<usize>, after: Stay, force: bool) -> Outcome {
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
        let was = |cell: (usize, usize)| before.get(&cell).copied().map_or(0, all);
        let fits = next
            .stock()
            .into_iter()
            .all(|(cell, now)| all(now) <= was(cell) || all(now) <= UNITS[cell.0]);
        if !fits && !force {
            return Err("no_availability");
        }
        *self = next;
        Ok(())
    }

    fn block(&mut self, new: Block) -> Outcome {
        if new.from < self.today {
            return Err("in_the_past");
        }
        let same =
            |b: &&Block| (b.kind, b.unit) == (new.kind, new.unit) && b.from < new.to && new.from < b.to;
        let taken = self.blocks.iter().any(|b| same(&b));
        let mut next = self.clone();
        next.blocks.push(new);
        let mut tried = self.clone();
        tried.become_if_it_fits(next, false)?;
        if taken {
            return Err("unit_taken");
        }
        *self = tried;
        Ok(())
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
            } => {
                let until = self.now + i64::from(minutes);
                self.sell(kind, from, len, 1, Some(until))
            }
            Op::TimePasses { minutes } => {
                self.now += minutes;
                let now = self.now;
                let over =
                    |s: &&mut Stay| s.status == Status::Tentative && s.held_until.is_some_and(|u| u <= now);
                for stay in self.stays.iter_mut().filter(over) {
                    (stay.status, stay.held_until) = (Status::Cancelled, None);
                }
                Ok(())
            }
            Op::Reprice { kind, price } => {
                self.prices[kind] = price;
                Ok(())
            }
            Op::Block {
                kind,
                unit,
                from,
                len,
            } => self.block(Block {
                kind,
                unit: unit % UNITS[kind] as usize,
                from,
                to: from + len,
            }),
            Op::NightPasses => {
                self.today = (self.today + 1).min(DAYS - 1);
                Ok(())
            }
            Op::Channel {
                reference,
                kind,
                from,
                len,
            } => self.channel(reference, kind, from, len),
            Op::ChannelCancel { reference } => {
                // A cancellation repeats the stay as the channel sold it.
                if let Some(stay) = self.stays.iter_mut().find(|s| s.reference == Some(reference)) {
                    let kind = stay.kind;
                    (stay.status, stay.adults) = (Status::Cancelled, 1);
                    stay.nights
                        .iter_mut()
                        .for_each(|n| (n.kind, n.price) = (kind, CHANNEL_PRICE));
                }
                Ok(())
            }
            Op::Confirm { stay }
            | Op::Amend { stay, .. }
            | Op::Cancel { stay }
            | Op::NoShow { stay }
            | Op::Reinstate { stay, .. } => {
                if self.stays.is_empty() {
                    return Ok(());
                }
                self.change(stay % self.stays.len(), op)
            }
        }
    }

    fn night(&self, day: usize, kind: usize) -> Night {
        let price = self.prices[kind];
        Night { day, kind, price }
    }

    fn sell(
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
            status: if held_until.is_some() {
                Status::Tentative
            } else {
                Status::Confirmed
            },
            kind,
            adults,
            nights: (from..from + len).map(|day| self.night(day, kind)).collect(),
            held_until,
            reference: None,
        };
        self.put(None, stay, false)
    }

    /// Sold elsewhere already: whatever is free, it is taken.
    fn channel(&mut self, reference: usize, kind: usize, from: usize, len: usize) -> Outcome {
        let stay = Stay {
            status: Status::Confirmed,
            kind,
            adults: 1,
            nights: (from..from + len)
                .map(|day| Night {
                    day,
                    kind,
                    price: CHANNEL_PRICE,
                })
                .collect(),
            held_until: None,
            reference: Some(reference),
        };
        let at = self.stays.iter().position(|s| s.reference == Some(reference));
        self.put(at, stay, true)
    }

    fn change(&mut self, at: usize, op: &Op) -> Outcome {
        let mut stay = self.stays[at].clone();
        match op {
            Op::Confirm { .. } => {
                let until = stay.held_until.ok_or("not_held")?;
                if until <= self.now {
                    return Err("hold_expired");
                }
                (stay.status, stay.held_until) = (Status::Confirmed, None);
                self.put(Some(at), stay, false)
            }
            Op::Cancel { .. } => {
                if !stay.occupies() {
                    return Err("wrong_state");
                }
                (stay.status, stay.held_until) = (Status::Cancelled, None);
                self.put(Some(at), stay, false)
            }
            Op::NoShow { .. } => {
                if stay.status != Status::Confirmed {
                    return Err("wrong_state");
                }
                if stay.arrival() > self.today {
                    return Err("too_early");
                }
                stay.status = Status::NoShow;
                self.put(Some(at), stay, false)
            }
            Op::Reinstate { force, .. } => {
                if stay.occupies() {
                    return Err("wrong_state");
                }
                if stay.departure() <= self.today {
                    return Err("past_departure");
                }
                stay.status = Status::Confirmed;
                self.put(Some(at), stay, *force)
            }
            Op::Amend { change, force, .. } => {
                let after = self.amended(&stay, change, *force)?;
                self.put(Some(at), after, *force)
            }
            _ => Ok(()),
        }
    }

    fn amended(&self, stay: &Stay, change: &Amend, force: bool) -> Result<Stay, &'static str> {
        if !stay.occupies() {
            return Err("wrong_state");
        }
        let arrival = change.from.unwrap_or(stay.arrival());
        let departure = change.len.map_or(stay.departure(), |len| arrival + len);
        if departure != stay.departure() && departure < self.today {
            return Err("past_departure");
        }
        if departure <= arrival {
            return Err("departure_before_arrival");
        }
        if change.anew.is_some_and(|day| day < arrival || day >= departure) {
            return Err("outside_stay");
        }
        let kind = change.kind.unwrap_or(stay.kind);
        let adults = change.adults.unwrap_or(stay.adults);
        if !force && (adults > MOST_ADULTS || (arrival < self.today && arrival != stay.arrival())) {
            return Err("not_bookable");
        }
        let reprices = kind != stay.kind || adults != stay.adults;
        let anew_from = reprices.then(|| change.anew.unwrap_or(arrival).max(self.today.min(departure)));
        let anew = |day: usize| anew_from.is_some_and(|from| day >= from);
        let slept = |day: usize| {
            let before = stay.nights.iter().rev().find(|n| n.day <= day);
            before.or(stay.nights.first()).map_or(kind, |n| n.kind)
        };
        let moves = change.kind.is_some() && anew_from.is_some();
        let night = |day: usize| {
            let old = stay.nights.iter().find(|n| n.day == day);
            let kept = old.filter(|_| change.keep_prices || !anew(day));
            Night {
                day,
                kind: if moves && anew(day) { kind } else { slept(day) },
                price: kept.map_or(self.prices[kind], |n| n.price),
            }
        };
        Ok(Stay {
            kind: if change.keep_prices { stay.kind } else { kind },
            adults,
            nights: (arrival..departure).map(night).collect(),
            ..stay.clone()
        })
    }
}
