//! The checker against the plainest one there is, which tries every order: on histories of a few operations, honest and
//! with a lie, the two must agree.

use super::checker::explain;
use super::history::{Entry, KINDS, NIGHTS, Op, Sold, Span, UNITS};
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use std::collections::BTreeMap;

/// How many of so many small histories the two disagree about, and how many had an order.
pub fn compare(dice: &mut StdRng, count: usize) -> anyhow::Result<(usize, usize)> {
    let (mut differ, mut ordered) = (0, 0);
    for _ in 0..count {
        let history = history(dice);
        let known = has_order(&Plain::default(), &history);
        ordered += usize::from(known);
        differ += usize::from(explain(&history)? != known);
    }
    Ok((differ, ordered))
}

fn has_order(house: &Plain, left: &[Entry]) -> bool {
    left.is_empty()
        || (0..left.len()).any(|i| {
            let soonest = left.iter().all(|other| left[i].called <= other.answered);
            let mut after = house.clone();
            let rest = [&left[..i], &left[i + 1..]].concat();
            soonest && after.happen(&left[i].op) && has_order(&after, &rest)
        })
}

/// The rules of the house in other words: bookings one after the other, each with its version and stay.
#[derive(Default, Clone)]
struct Plain(BTreeMap<usize, (usize, Option<Span>)>);

impl Plain {
    fn sold(&self) -> Sold {
        let mut sold = Sold::default();
        for span in self.0.values().filter_map(|(_, stay)| *stay) {
            (span.from..span.to).for_each(|night| sold[span.kind][night] += 1);
        }
        sold
    }

    fn would_fit(&self, booking: usize, span: Span) -> bool {
        let mut after = self.clone();
        after.0.insert(booking, (1, Some(span)));
        let sold = after.sold();
        (0..KINDS).all(|k| (0..NIGHTS).all(|n| sold[k][n] <= UNITS[k]))
    }

    /// Does it; whether that would have been the answer.
    fn happen(&mut self, op: &Op) -> bool {
        match *op {
            Op::Booked { booking, span } => {
                let fits = self.would_fit(booking, span);
                self.0.insert(booking, (1, Some(span))).is_none() && fits
            }
            Op::Changed { booking, version, to } => {
                let before = self.0.get(&booking).copied();
                let expected = before.is_some_and(|(v, stay)| {
                    stay.is_some() && (version == v + 1 || (version == v && stay == to))
                });
                let fits = to.is_none_or(|span| self.would_fit(booking, span));
                self.0.insert(booking, (version, to));
                expected && fits
            }
            Op::Refused { span } => !self.would_fit(usize::MAX, span),
            Op::Full { booking, span } => self.stands(booking) && !self.would_fit(booking, span),
            Op::Over { booking } => self.0.contains_key(&booking) && !self.stands(booking),
            Op::Read { sold } => self.sold() == sold,
        }
    }

    fn stands(&self, booking: usize) -> bool {
        self.0.get(&booking).is_some_and(|(_, stay)| stay.is_some())
    }

    /// Something a client could ask for, with its answer; and then it is so.
    fn act(&mut self, dice: &mut StdRng) -> Op {
        let from = dice.random_range(0..2);
        let to = dice.random_range(from + 1..=2);
        let span = Span { kind: 0, from, to };
        let made = self.0.len();
        let booking = dice.random_range(0..made.max(1));
        let changed = |version, to| Op::Changed { booking, version, to };
        let op = match (dice.random_range(0..6), self.0.get(&booking).copied()) {
            (0..3, _) if self.would_fit(made, span) => Op::Booked { booking: made, span },
            (0..3, _) => Op::Refused { span },
            (3, _) | (_, None) => Op::Read { sold: self.sold() },
            (_, Some((_, None))) => Op::Over { booking },
            (4, Some((version, _))) => changed(version + 1, None),
            (_, Some((version, stay))) if self.would_fit(booking, span) => {
                changed(version + usize::from(stay != Some(span)), Some(span))
            }
            _ => Op::Full { booking, span },
        };
        self.happen(&op);
        op
    }
}

/// Three clients with two or three operations each, whose times overlap at random; every second history has a lie.
fn history(dice: &mut StdRng) -> Vec<Entry> {
    let each = dice.random_range(2..=3);
    let mut turns: Vec<usize> = (0..3).flat_map(|client| vec![client; 2 * each]).collect();
    turns.shuffle(dice);
    let mut begun = [None; 3];
    let mut times = Vec::new();
    for (at, client) in (0..).map(|t| t * 10).zip(turns) {
        match begun[client].take() {
            None => begun[client] = Some(at),
            Some(called) => times.push((dice.random_range(called..=at), client, called, at)),
        }
    }
    times.sort_unstable();
    let mut house = Plain::default();
    let happened = times.into_iter().map(|(_, client, called, answered)| {
        let op = house.act(dice);
        Entry {
            op,
            client,
            called,
            answered,
        }
    });
    let mut history: Vec<Entry> = happened.collect();
    if dice.random() {
        let one = dice.random_range(0..history.len());
        distort(&mut history[one].op, dice);
    }
    history.sort_by_key(|e| e.called);
    history
}

fn distort(op: &mut Op, dice: &mut StdRng) {
    let night = Span {
        kind: 0,
        from: 0,
        to: 1,
    };
    *op = match op.clone() {
        Op::Read { mut sold } => {
            sold[0][dice.random_range(0..2)] += 1;
            Op::Read { sold }
        }
        Op::Booked { span, .. } => Op::Refused { span },
        Op::Changed { booking, version, to } => {
            let version = version - 1;
            Op::Changed { booking, version, to }
        }
        Op::Refused { span } => Op::Booked { booking: 9, span },
        Op::Full { booking, .. } => Op::Over { booking },
        Op::Over { booking } => Op::Full { booking, span: night },
    };
}
