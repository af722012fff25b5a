//! Finds an order in which a history could have happened one operation after the other (Wing and Gong's search, with
//! Lowe's memory of configurations seen): each operation somewhere between its call and its answer, each answer what
//! the house would then have given.

use std::collections::HashSet;

pub const KINDS: usize = 2;
pub const NIGHTS: usize = 6;
/// Units of each type.
pub const UNITS: [i32; KINDS] = [2, 3];

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    pub kind: usize,
    pub from: usize,
    pub to: usize,
}

/// Sold units per type and night.
pub type Sold = [[i32; NIGHTS]; KINDS];

/// What was asked and answered. Bookings are numbered in the order their answers came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    Booked {
        booking: usize,
        span: Span,
    },
    Refused {
        span: Span,
    },
    Cancelled {
        booking: usize,
        done: bool,
    },
    Amended {
        booking: usize,
        span: Span,
        answer: Answer,
    },
    Read {
        sold: Sold,
    },
}

impl Op {
    fn changes_nothing(&self) -> bool {
        match self {
            Self::Booked { .. } => false,
            Self::Cancelled { done, .. } => !done,
            Self::Amended { answer, .. } => *answer != Answer::Done,
            Self::Refused { .. } | Self::Read { .. } => true,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Done,
    Full,
    WrongState,
}

#[derive(Debug, Clone)]
pub struct Entry {
    pub op: Op,
    /// Nanoseconds since the beginning.
    pub called: u64,
    pub answered: u64,
}

/// The house as far as the history can tell.
struct House {
    sold: Sold,
    stays: Vec<Option<Span>>,
    /// Changes with every change and back with its undoing.
    hash: u64,
}

impl House {
    fn fits(&self, span: Span, given_back: Option<Span>) -> bool {
        (span.from..span.to).all(|night| {
            let back = given_back.is_some_and(|b| b.kind == span.kind && (b.from..b.to).contains(&night));
            back || self.sold[span.kind][night] < UNITS[span.kind]
        })
    }

    /// Puts a booking's stay where it was; returns what was there.
    fn set(&mut self, booking: usize, stay: Option<Span>) -> Option<Span> {
        let before = std::mem::replace(&mut self.stays[booking], stay);
        for (span, sign) in [(before, -1), (stay, 1)] {
            let Some(span) = span else { continue };
            self.hash ^= scramble(
                booking as u64,
                (span.kind * 64 + span.from * 8 + span.to) as u64 + 1,
            );
            (span.from..span.to).for_each(|night| self.sold[span.kind][night] += sign);
        }
        before
    }

    /// Does it now, if the answer would be the recorded one: then (booking, stay before), or nothing to undo.
    fn step(&mut self, op: &Op) -> Option<Option<Undo>> {
        match *op {
            Op::Booked { booking, span } => self
                .fits(span, None)
                .then(|| Some((booking, self.set(booking, Some(span))))),
            Op::Refused { span } => (!self.fits(span, None)).then_some(None),
            Op::Cancelled { booking, done } => match (self.stays[booking], done) {
                (Some(_), true) => Some(Some((booking, self.set(booking, None)))),
                (None, false) => Some(None),
                _ => None,
            },
            Op::Amended {
                booking,
                span,
                answer,
            } => {
                let now = self.stays[booking];
                let would = match now {
                    None => Answer::WrongState,
                    Some(stay) if self.fits(span, Some(stay)) => Answer::Done,
                    Some(_) => Answer::Full,
                };
                match (would == answer, would) {
                    (false, _) => None,
                    (true, Answer::Done) => Some(Some((booking, self.set(booking, Some(span))))),
                    (true, _) => Some(None),
                }
            }
            Op::Read { sold } => (self.sold == sold).then_some(None),
        }
    }
}

/// SplitMix64 over two words.
fn scramble(a: u64, b: u64) -> u64 {
    let mut z = a
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .wrapping_add(b.rotate_left(32));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A booking, and its stay before a step.
type Undo = (usize, Option<Span>);

struct Level {
    /// Operations that may come next, the first to try last.
    next: Vec<usize>,
    /// The operation done here, and what undoes it.
    done: Option<(usize, Option<Undo>)>,
}

/// Steps the search may take before it gives up.
const MOST_STEPS: usize = 20_000_000;

/// `Ok(true)`: there is such an order. `Err`: not decided within the bound. Entries must be sorted by call.
pub fn explain(entries: &[Entry]) -> anyhow::Result<bool> {
    let bookings = entries
        .iter()
        .filter(|e| matches!(e.op, Op::Booked { .. }))
        .count();
    let mut house = House {
        sold: [[0; NIGHTS]; KINDS],
        stays: vec![None; bookings],
        hash: 0,
    };
    let mut taken = vec![false; entries.len()];
    let (mut count, mut first, mut chosen) = (0, 0, 0_u64);
    let mut seen: HashSet<(u64, u64)> = HashSet::new();
    let mut levels = vec![Level {
        next: candidates(entries, &taken, 0, &mut house),
        done: None,
    }];
    for _ in 0..MOST_STEPS {
        if count == entries.len() {
            return Ok(true);
        }
        let Some(level) = levels.last_mut() else {
            return Ok(false);
        };
        if let Some((entry, undo)) = level.done.take() {
            if let Some((booking, before)) = undo {
                house.set(booking, before);
            }
            taken[entry] = false;
            chosen ^= scramble(entry as u64, u64::MAX);
            count -= 1;
            first = first.min(entry);
        }
        let Some(entry) = level.next.pop() else {
            levels.pop();
            continue;
        };
        let Some(undo) = house.step(&entries[entry].op) else {
            continue;
        };
        level.done = Some((entry, undo));
        taken[entry] = true;
        chosen ^= scramble(entry as u64, u64::MAX);
        count += 1;
        while taken.get(first).is_some_and(|t| *t) {
            first += 1;
        }
        // Seen before from here: it led nowhere, and will be undone at once.
        let next = if seen.insert((chosen, house.hash)) {
            candidates(entries, &taken, first, &mut house)
        } else {
            Vec::new()
        };
        levels.push(Level { next, done: None });
    }
    anyhow::bail!("not decided within {MOST_STEPS} steps")
}

/// Not yet taken, and called before the first of the others was answered; the earliest answered last. One that changes
/// nothing and has its answer now may as well come now: then there is nothing else to try.
fn candidates(entries: &[Entry], taken: &[bool], first: usize, house: &mut House) -> Vec<usize> {
    let mut found = Vec::new();
    let mut soonest = u64::MAX;
    for (i, entry) in entries.iter().enumerate().skip(first).filter(|(i, _)| !taken[*i]) {
        if entry.called > soonest {
            break;
        }
        soonest = soonest.min(entry.answered);
        found.push(i);
    }
    found.retain(|i| entries[*i].called <= soonest);
    let harmless = |i: &usize| entries[*i].op.changes_nothing() && house.step(&entries[*i].op).is_some();
    if let Some(i) = found.iter().copied().find(harmless) {
        return vec![i];
    }
    found.sort_by_key(|i| std::cmp::Reverse(entries[*i].answered));
    found
}
