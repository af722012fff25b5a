//! Finds out whether a history could have happened one operation after the other: each somewhere between its call and
//! its answer, each answered as the house would then have answered.
//!
//! It walks through the calls and answers in the order of their time and keeps every configuration that explains what
//! was seen so far: which of the operations now under way have already happened (Lowe's just-in-time linearization). An
//! answer tells the version it made of its booking, so what a set of operations leaves behind does not depend on their
//! order, and a configuration is no more than that set. When none is left, no order exists.

use super::history::{Entry, Op, Sold, Span, UNITS};
use std::collections::HashSet;

/// Configurations looked at for one answer before the checker gives up.
const MOST_CONFIGURATIONS: usize = 4_000_000;

/// Operations under way, a bit for each client.
type Happened = u64;

/// Whether there is such an order. `Err`: not decided within the bound. At most 64 clients, one operation of each at a
/// time.
pub fn explain(entries: &[Entry]) -> anyhow::Result<bool> {
    let Some(mut house) = House::of(entries) else {
        return Ok(false);
    };
    let mut configurations = HashSet::from([0]);
    for (_, moment) in moments(entries) {
        match moment {
            Moment::Called(i) => {
                house.under_way[entries[i].client] = Some(&entries[i].op);
            }
            Moment::Answered(i) => {
                let client = entries[i].client;
                configurations = with(&house, &configurations, client)?;
                if configurations.is_empty() {
                    return Ok(false);
                }
                house.settle(client);
                configurations = configurations.into_iter().map(|c| c & !bit(client)).collect();
            }
        }
    }
    Ok(true)
}

enum Moment {
    Called(usize),
    Answered(usize),
}

/// In the order of time; of one instant, calls first.
fn moments(entries: &[Entry]) -> Vec<((u64, bool), Moment)> {
    let called = entries
        .iter()
        .enumerate()
        .map(|(i, e)| ((e.called, false), Moment::Called(i)));
    let answered = entries
        .iter()
        .enumerate()
        .map(|(i, e)| ((e.answered, true), Moment::Answered(i)));
    let mut all: Vec<_> = called.chain(answered).collect();
    all.sort_by_key(|(at, _)| *at);
    all
}

fn bit(client: usize) -> Happened {
    1 << client
}

/// All configurations that can be reached from these and in which the client's operation has happened.
fn with(house: &House<'_>, from: &HashSet<Happened>, client: usize) -> anyhow::Result<HashSet<Happened>> {
    let mut found = HashSet::new();
    let mut seen = from.clone();
    let mut open: Vec<Now<'_, '_>> = from.iter().map(|happened| house.after(*happened)).collect();
    while let Some(mut now) = open.pop() {
        now.let_harmless_happen();
        if now.happened & bit(client) != 0 {
            found.insert(now.happened);
            continue;
        }
        for (other, op) in now.left().filter(|(_, op)| now.would(op)) {
            if seen.insert(now.happened | bit(other)) {
                open.push(now.clone().then(other, op));
            }
        }
        anyhow::ensure!(
            seen.len() < MOST_CONFIGURATIONS,
            "not decided: too many configurations"
        );
    }
    Ok(found)
}

/// A booking's versions begin at 1; 0 is before it was made.
type Version = usize;

/// What is known at one time: the operations that were answered, and those that are under way.
struct House<'a> {
    /// By booking: what each of its versions occupied.
    stays: Vec<Vec<Option<Span>>>,
    /// By booking: the version that answered operations left.
    versions: Vec<Version>,
    sold: Sold,
    /// By client.
    under_way: Vec<Option<&'a Op>>,
}

impl<'a> House<'a> {
    /// `None` when two answers differ about what a booking's version is (one of them was lost), or when one refers to
    /// a version that nobody made.
    fn of(entries: &'a [Entry]) -> Option<Self> {
        let mut left: Vec<_> = entries.iter().filter_map(|e| e.op.left()).collect();
        left.sort_by_key(|(booking, version, _)| (*booking, *version));
        left.dedup();
        let bookings = left.last().map_or(0, |(booking, ..)| booking + 1);
        let mut stays = vec![vec![None]; bookings];
        for (booking, version, stay) in left {
            if stays[booking].len() != version {
                return None;
            }
            stays[booking].push(stay);
        }
        let clients = entries.iter().map(|e| e.client + 1).max().unwrap_or(0);
        Some(Self {
            versions: vec![0; stays.len()],
            stays,
            sold: Sold::default(),
            under_way: vec![None; clients],
        })
    }

    /// The client's operation was answered, and has happened in every configuration left.
    fn settle(&mut self, client: usize) {
        let Some((booking, version, stay)) = self.under_way[client].take().and_then(Op::left) else {
            return;
        };
        let before = self.versions[booking];
        if version > before {
            self.versions[booking] = version;
            move_stay(&mut self.sold, self.stays[booking][before], stay);
        }
    }

    fn after(&self, happened: Happened) -> Now<'_, 'a> {
        let nothing = Now {
            house: self,
            happened: 0,
            versions: Vec::new(),
            sold: self.sold,
        };
        let done = self
            .under_way
            .iter()
            .enumerate()
            .filter(|(client, _)| happened & bit(*client) != 0);
        done.fold(nothing, |now, (client, op)| match op {
            Some(op) => now.then(client, op),
            None => now,
        })
    }
}

fn move_stay(sold: &mut Sold, from: Option<Span>, to: Option<Span>) {
    for (span, sign) in [(from, -1), (to, 1)] {
        let Some(span) = span else { continue };
        sold[span.kind][span.from..span.to]
            .iter_mut()
            .for_each(|night| *night += sign);
    }
}

/// The house in one configuration.
#[derive(Clone)]
struct Now<'h, 'a> {
    house: &'h House<'a>,
    happened: Happened,
    /// Of bookings that operations under way have changed.
    versions: Vec<(usize, Version)>,
    sold: Sold,
}

impl<'a> Now<'_, 'a> {
    fn left(&self) -> impl Iterator<Item = (usize, &'a Op)> + use<'_, 'a> {
        let all = self.house.under_way.iter().enumerate();
        all.filter_map(|(client, op)| Some((client, (*op)?)))
            .filter(|(client, _)| self.happened & bit(*client) == 0)
    }

    /// Whatever the order: a version already left behind changes nothing any more.
    fn then(mut self, client: usize, op: &Op) -> Self {
        self.happened |= bit(client);
        let Some((booking, version, stay)) = op.left() else {
            return self;
        };
        let (before, gone) = (self.version(booking), self.stay(booking));
        if version > before {
            self.versions.retain(|(other, _)| *other != booking);
            self.versions.push((booking, version));
            move_stay(&mut self.sold, gone, stay);
        }
        self
    }

    /// What changes nothing and has its answer now may as well happen now: nothing is lost by it.
    fn let_harmless_happen(&mut self) {
        let harmless = self
            .left()
            .filter(|(_, op)| self.unmoved_by(op) && self.would(op));
        self.happened = harmless.fold(self.happened, |all, (client, _)| all | bit(client));
    }

    fn version(&self, booking: usize) -> Version {
        let changed = self.versions.iter().find(|(other, _)| *other == booking);
        changed.map_or_else(
            || self.house.versions.get(booking).copied().unwrap_or(0),
            |(_, version)| *version,
        )
    }

    fn stay(&self, booking: usize) -> Option<Span> {
        let stays = self.house.stays.get(booking)?;
        stays.get(self.version(booking)).copied().flatten()
    }

    fn fits(&self, span: Span, given_back: Option<Span>) -> bool {
        (span.from..span.to).all(|night| {
            let back = given_back.is_some_and(|b| b.kind == span.kind && (b.from..b.to).contains(&night));
            back || self.sold[span.kind][night] < UNITS[span.kind]
        })
    }

    fn unmoved_by(&self, op: &Op) -> bool {
        op.left()
            .is_none_or(|(booking, version, _)| version == self.version(booking))
    }

    /// Would this be the answer now?
    fn would(&self, op: &Op) -> bool {
        match *op {
            Op::Booked { booking, span } => self.version(booking) == 0 && self.fits(span, None),
            Op::Changed { booking, version, to } => {
                let (now, stay) = (self.version(booking), self.stay(booking));
                let next = now + 1 == version || (now == version && stay == to);
                stay.is_some() && next && to.is_none_or(|span| self.fits(span, stay))
            }
            Op::Refused { span } => !self.fits(span, None),
            Op::Full { booking, span } => self
                .stay(booking)
                .is_some_and(|stay| !self.fits(span, Some(stay))),
            Op::Over { booking } => self.version(booking) > 0 && self.stay(booking).is_none(),
            Op::Read { sold } => self.sold == sold,
        }
    }
}
