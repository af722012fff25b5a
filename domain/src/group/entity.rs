//! What a group is, and what is kept for it night by night.

use crate::error::{Error, Refusal, Result};
use crate::inventory::{Delta, Take};
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::BTreeMap;
use uuid::Uuid;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Asked for; keeps its units all the same.
    Tentative,
    Definite,
    /// What was left went back; who comes now books what is free.
    Released,
    /// Takes no bookings any more. Those it has stay as they are.
    Cancelled,
}

impl Status {
    pub const ALL: [Self; 4] = [Self::Tentative, Self::Definite, Self::Released, Self::Cancelled];

    pub fn name(self) -> &'static str {
        match self {
            Self::Tentative => "tentative",
            Self::Definite => "definite",
            Self::Released => "released",
            Self::Cancelled => "cancelled",
        }
    }

    pub fn parse(name: &str) -> Result<Self> {
        let known = Self::ALL.into_iter().find(|s| s.name() == name);
        known.ok_or_else(|| Error::internal(format!("unknown group status `{name}`")))
    }

    /// Are units kept for it?
    pub fn is_open(self) -> bool {
        matches!(self, Self::Tentative | Self::Definite)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    pub id: Uuid,
    pub property_id: Uuid,
    /// Short, unique in the property.
    pub code: String,
    pub name: String,
    pub status: Status,
    pub arrival: NaiveDate,
    pub departure: NaiveDate,
    /// On this business date what remains is released.
    pub cutoff: Option<NaiveDate>,
    /// The company or travel agent it comes through.
    pub company_id: Option<Uuid>,
    /// Agreed for its bookings; they still name theirs.
    pub rate_plan_id: Option<Uuid>,
    pub notes: Option<String>,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl Group {
    /// 409 `wrong_state` unless units are kept for it.
    pub fn require_open(&self) -> Result<(), Refusal> {
        if self.status.is_open() {
            return Ok(());
        }
        let detail = format!("the group is {}; nothing is kept for it", self.status.name());
        Err(Refusal::conflict("wrong_state", detail))
    }
}

/// Units of one type on one night.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Block {
    pub allotted: i32,
    /// Sold out of the block.
    pub drawn: i32,
}

impl Block {
    pub fn remaining(self) -> i32 {
        self.allotted - self.drawn
    }
}

/// By unit type and night, which is the order they are locked in.
pub type Blocks = BTreeMap<(Uuid, NaiveDate), Block>;

/// What must be held more (or less) for `after` than for `before`.
pub fn held_between(before: &Blocks, after: &Blocks) -> Delta {
    let mut delta = Delta::new();
    let mut add = |blocks: &Blocks, sign: i32| {
        for (cell, block) in blocks {
            delta.entry(*cell).or_default().held += sign * block.remaining();
        }
    };
    add(before, -1);
    add(after, 1);
    delta.retain(|_, take| *take != Take::default());
    delta
}

/// How much of what remains is given back on each night.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wash {
    /// Of what remains, rounded down: what is left over stays with the group.
    Percent(i32),
    Units(i32),
    All,
}

impl Wash {
    /// What stays of a block. What was drawn is sold and stays in any case.
    pub fn of(self, block: Block) -> Block {
        let remaining = block.remaining();
        let back = match self {
            Self::Percent(percent) => remaining * percent / 100,
            Self::Units(units) => units.min(remaining),
            Self::All => remaining,
        };
        Block {
            allotted: block.allotted - back,
            ..block
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_block() -> impl Strategy<Value = Block> {
        (0..500, 0..500).prop_map(|(drawn, left)| Block {
            allotted: drawn + left,
            drawn,
        })
    }

    fn any_wash() -> impl Strategy<Value = Wash> {
        prop_oneof![
            (1..=100).prop_map(Wash::Percent),
            (1..=999).prop_map(Wash::Units),
            Just(Wash::All)
        ]
    }

    proptest! {
        #[test]
        fn a_wash_never_takes_what_is_sold_nor_adds(block in any_block(), wash in any_wash()) {
            let after = wash.of(block);
            prop_assert_eq!(after.drawn, block.drawn);
            prop_assert!(after.remaining() >= 0 && after.remaining() <= block.remaining());
        }

        #[test]
        fn what_is_held_between_leads_from_one_to_the_other(before in any_block(), after in any_block()) {
            let cell = (Uuid::nil(), NaiveDate::MIN);
            let between = held_between(&[(cell, before)].into(), &[(cell, after)].into());
            let moved = between.get(&cell).map_or(0, |t| t.held);
            prop_assert_eq!(before.remaining() + moved, after.remaining());
        }
    }

    #[test]
    fn a_percentage_is_rounded_down() {
        let left = |wash: Wash, n| {
            wash.of(Block {
                allotted: n + 2,
                drawn: 2,
            })
            .remaining()
        };
        assert_eq!(left(Wash::Percent(50), 5), 3);
        assert_eq!(left(Wash::Percent(100), 5), 0);
        assert_eq!(left(Wash::Units(2), 5), 3);
        assert_eq!(left(Wash::Units(9), 5), 0);
        assert_eq!(left(Wash::All, 5), 0);
    }
}
