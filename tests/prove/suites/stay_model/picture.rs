//! What there is to see after each step: in the model and in the house the same.

use super::model::{Model, Night, Room, Stock};
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Default, PartialEq)]
pub struct Picture {
    /// In the order they were made.
    pub stays: Vec<Seen>,
    pub stock: Stock,
    /// Units and nights that are out of order.
    pub closed: BTreeSet<(usize, usize)>,
    pub dirty: Vec<bool>,
}

#[derive(Debug, PartialEq)]
pub struct Seen {
    pub status: String,
    /// How its booking stands.
    pub booking: String,
    pub kind: usize,
    pub total: Decimal,
    pub nights: Vec<Night>,
    pub rooms: BTreeMap<usize, Room>,
}

impl Picture {
    pub fn of(model: &Model) -> Self {
        let stays = model.stays.iter().map(|s| Seen {
            status: s.status.name().into(),
            booking: s.booking().into(),
            kind: s.kind,
            total: s.total().into(),
            nights: s.nights.clone(),
            rooms: s.rooms.clone(),
        });
        let blocks = model.blocks.iter();
        Self {
            stays: stays.collect(),
            stock: model.stock(),
            closed: blocks
                .flat_map(|b| (b.from..b.to).map(|day| (b.unit, day)))
                .collect(),
            dirty: model.dirty.to_vec(),
        }
    }

    /// The first difference, in words.
    pub fn differs(&self, house: &Self) -> anyhow::Result<()> {
        let pairs = self.stays.iter().zip(&house.stays).enumerate();
        for (i, (model, house)) in pairs {
            same(&format!("stay {i}"), model, house)?;
        }
        same("number of stays", &self.stays.len(), &house.stays.len())?;
        same("stock", &self.stock, &house.stock)?;
        same("out of order", &self.closed, &house.closed)?;
        same("dirty units", &self.dirty, &house.dirty)
    }

    /// Whatever the two agree on: one stay in a unit a night, and none where something is broken.
    pub fn no_unit_twice(&self) -> anyhow::Result<()> {
        let mut taken = self.closed.clone();
        for (i, stay) in self.stays.iter().enumerate() {
            for (day, room) in &stay.rooms {
                let free = taken.insert((room.unit, *day));
                anyhow::ensure!(free, "stay {i} is not alone in unit {} on {day}", room.unit);
            }
        }
        Ok(())
    }
}

fn same<T: std::fmt::Debug + PartialEq>(what: &str, model: &T, house: &T) -> anyhow::Result<()> {
    anyhow::ensure!(
        model == house,
        "{what}: the model says {model:?}, the house {house:?}"
    );
    Ok(())
}
