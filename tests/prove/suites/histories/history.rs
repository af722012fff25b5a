//! What is written down of many clients at one small house.

pub const KINDS: usize = 2;
pub const NIGHTS: usize = 6;
/// Units of each type.
pub const UNITS: [i32; KINDS] = [2, 3];

/// Nights `[from, to)` in a unit of one type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub kind: usize,
    pub from: usize,
    pub to: usize,
}

/// Sold units per type and night.
pub type Sold = [[i32; NIGHTS]; KINDS];

/// What was asked, and the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    /// Made, as version 1.
    Booked {
        booking: usize,
        span: Span,
    },
    /// Amended, or cancelled (`to` is `None`). An amendment to what is already so keeps the version.
    Changed {
        booking: usize,
        version: usize,
        to: Option<Span>,
    },
    /// No booking: nothing free.
    Refused {
        span: Span,
    },
    /// No amendment: nothing free.
    Full {
        booking: usize,
        span: Span,
    },
    /// Neither amended nor cancelled: it was cancelled already.
    Over {
        booking: usize,
    },
    Read {
        sold: Sold,
    },
}

impl Op {
    /// The version it left of a booking, and the stay of that version.
    pub fn left(&self) -> Option<(usize, usize, Option<Span>)> {
        match *self {
            Self::Booked { booking, span } => Some((booking, 1, Some(span))),
            Self::Changed { booking, version, to } => Some((booking, version, to)),
            _ => None,
        }
    }
}

#[derive(Debug, Clone)]
pub struct Entry {
    pub op: Op,
    /// Who asked; one operation at a time.
    pub client: usize,
    /// Nanoseconds since the beginning.
    pub called: u64,
    pub answered: u64,
}
