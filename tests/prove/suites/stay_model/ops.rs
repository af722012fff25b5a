//! What somebody tries, and how it is made up.

use super::model::{DAYS, MOST_ADULTS, Stay, UNITS};
use proptest::prelude::*;
use std::ops::Range;

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
    /// Arrives on the business date; `None` = whichever unit would do.
    WalkIn {
        kind: usize,
        len: usize,
        unit: Option<usize>,
        force: bool,
    },
    /// A channel sells or modifies one of its bookings; see [`Model::reference`](super::model::Model::reference).
    Channel {
        reference: usize,
        aimed: bool,
        kind: usize,
        from: usize,
        len: usize,
    },
    ChannelCancel {
        reference: usize,
        aimed: bool,
    },
    /// A unit goes out of order.
    Block {
        unit: usize,
        from: usize,
        len: usize,
    },
    Clean {
        unit: usize,
    },
    Reprice {
        kind: usize,
        price: i64,
    },
    TimePasses {
        minutes: i64,
    },
    NightPasses,
    /// See [`Model::pick`](super::model::Model::pick).
    Stay {
        stay: usize,
        aimed: bool,
        act: Act,
    },
}

/// What is done with one stay.
#[derive(Debug, Clone)]
pub enum Act {
    Confirm,
    Amend { change: Amend, force: bool },
    Cancel,
    NoShow,
    Reinstate { force: bool },
    Assign { unit: usize, span: Span, force: bool },
    Unassign { span: Span },
    Lock { locked: bool },
    CheckIn { force: bool },
    UndoCheckIn,
    CheckOut,
    UndoCheckOut,
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

/// Nights of a stay that get or lose a unit.
#[derive(Debug, Clone, Copy)]
pub enum Span {
    /// All that can still change.
    All,
    /// So many nights after the arrival, so many nights.
    Part(usize, usize),
}

impl Span {
    pub fn within(self, stay: &Stay) -> Option<Range<usize>> {
        match self {
            Self::All => None,
            Self::Part(after, len) => Some(stay.arrival() + after..stay.arrival() + after + len),
        }
    }
}

/// More of the type that has several units.
fn kind() -> impl Strategy<Value = usize> {
    prop_oneof![2 => Just(0), 1 => Just(1)]
}

fn unit() -> Range<usize> {
    0..UNITS.len()
}

/// Sometimes more than the unit type takes.
fn guests() -> impl Strategy<Value = i32> {
    prop_oneof![9 => 1..=MOST_ADULTS, 1 => Just(MOST_ADULTS + 1)]
}

/// Near the beginning more often than not, where days pass.
fn nights() -> impl Strategy<Value = (usize, usize)> {
    let from = prop_oneof![3 => 0..5_usize, 1 => 0..DAYS];
    from.prop_flat_map(|from| (Just(from), 1..=(DAYS - from).min(4)))
}

fn rarely() -> impl Strategy<Value = bool> {
    prop::bool::weighted(0.2)
}

pub fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        10 => sale(),
        15 => with_a_stay(),
        5 => house(),
    ]
}

fn with_a_stay() -> impl Strategy<Value = Op> {
    let act = prop_oneof![1 => booking().boxed(), 2 => desk().boxed()];
    (0..12_usize, prop::bool::weighted(0.8), act).prop_map(|(stay, aimed, act)| Op::Stay { stay, aimed, act })
}

fn sale() -> impl Strategy<Value = Op> {
    prop_oneof![
        5 => (kind(), nights(), guests())
            .prop_map(|(kind, (from, len), adults)| Op::Book { kind, from, len, adults }),
        2 => (kind(), nights(), 1..60_i32)
            .prop_map(|(kind, (from, len), minutes)| Op::Hold { kind, from, len, minutes }),
        3 => (kind(), 1..5_usize, prop::option::of(unit()), rarely())
            .prop_map(|(kind, len, unit, force)| Op::WalkIn { kind, len, unit, force }),
        3 => (0..4_usize, any::<bool>(), kind(), nights())
            .prop_map(|(reference, aimed, kind, (from, len))| Op::Channel { reference, aimed, kind, from, len }),
        1 => (0..4_usize, any::<bool>()).prop_map(|(reference, aimed)| Op::ChannelCancel { reference, aimed }),
    ]
}

fn booking() -> impl Strategy<Value = Act> {
    prop_oneof![
        1 => Just(Act::Confirm),
        5 => (amend(), rarely()).prop_map(|(change, force)| Act::Amend { change, force }),
        1 => Just(Act::Cancel),
        1 => Just(Act::NoShow),
        2 => rarely().prop_map(|force| Act::Reinstate { force }),
    ]
}

fn amend() -> impl Strategy<Value = Amend> {
    let dates = (prop::option::of(0..DAYS - 4), prop::option::of(1..5_usize));
    let rest = (
        prop::option::of(kind()),
        prop::option::weighted(0.3, guests()),
        prop::option::weighted(0.3, 0..DAYS),
        rarely(),
    );
    (dates, rest).prop_map(|((from, len), (kind, adults, anew, keep_prices))| Amend {
        from,
        len,
        kind,
        adults,
        anew,
        keep_prices,
    })
}

fn desk() -> impl Strategy<Value = Act> {
    prop_oneof![
        8 => (unit(), span(), rarely()).prop_map(|(unit, span, force)| Act::Assign { unit, span, force }),
        1 => span().prop_map(|span| Act::Unassign { span }),
        2 => prop::bool::weighted(0.6).prop_map(|locked| Act::Lock { locked }),
        5 => rarely().prop_map(|force| Act::CheckIn { force }),
        1 => Just(Act::UndoCheckIn),
        2 => Just(Act::CheckOut),
        1 => Just(Act::UndoCheckOut),
    ]
}

fn span() -> impl Strategy<Value = Span> {
    let part = (0..3_usize, 1..3_usize).prop_map(|(after, len)| Span::Part(after, len));
    prop_oneof![3 => Just(Span::All), 2 => part]
}

fn house() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => Just(Op::NightPasses),
        1 => (1..40_i64).prop_map(|minutes| Op::TimePasses { minutes }),
        1 => (unit(), nights()).prop_map(|(unit, (from, len))| Op::Block { unit, from, len }),
        3 => unit().prop_map(|unit| Op::Clean { unit }),
        1 => (kind(), 50..300_i64).prop_map(|(kind, price)| Op::Reprice { kind, price }),
    ]
}
