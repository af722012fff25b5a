//! What a stay costs beside its nights.

use crate::db::TenantTx;
use crate::error::{Error, Result};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use uuid::Uuid;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    Extra,
    Tax,
    Fee,
}

impl LineKind {
    pub const ALL: [Self; 3] = [Self::Extra, Self::Tax, Self::Fee];

    pub fn name(self) -> &'static str {
        match self {
            Self::Extra => "extra",
            Self::Tax => "tax",
            Self::Fee => "fee",
        }
    }

    pub fn parse(name: &str) -> Result<Self> {
        let known = Self::ALL.into_iter().find(|k| k.name() == name);
        known.ok_or_else(|| Error::internal(format!("unknown line kind `{name}`")))
    }
}

/// What a line is part of or taken of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineSource {
    Room,
    Extras,
}

impl LineSource {
    pub fn name(self) -> &'static str {
        match self {
            Self::Room => "room",
            Self::Extras => "extras",
        }
    }

    pub fn parse(name: &str) -> Result<Self> {
        let known = [Self::Room, Self::Extras].into_iter().find(|s| s.name() == name);
        known.ok_or_else(|| Error::internal(format!("unknown line source `{name}`")))
    }
}

/// What a stay costs beside its nights, frozen when it was priced.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    pub kind: LineKind,
    /// Room revenue is the nights less the taxes included in them, which are those of the room.
    pub source: LineSource,
    /// Of the tax, fee or extra it comes from.
    pub code: String,
    pub name: String,
    /// `None` = once a stay.
    pub night: Option<NaiveDate>,
    pub quantity: i32,
    /// Of the whole line.
    pub amount: Decimal,
    /// Stands in the prices already and adds nothing to the total.
    pub included: bool,
}

/// Lines of these reservations, in their order.
pub(super) async fn of(tx: &mut TenantTx, reservations: &[Uuid]) -> Result<HashMap<Uuid, Vec<Line>>> {
    let rows = sqlx::query!(
        "select reservation_id, kind, source, code, name, night, quantity, amount, included from reservation_line
         where tenant_id = $1 and reservation_id = any($2) order by reservation_id, line",
        tx.t(),
        reservations
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut out: HashMap<Uuid, Vec<Line>> = HashMap::new();
    for r in rows {
        out.entry(r.reservation_id).or_default().push(Line {
            kind: LineKind::parse(&r.kind)?,
            source: LineSource::parse(&r.source)?,
            code: r.code,
            name: r.name,
            night: r.night,
            quantity: r.quantity,
            amount: r.amount,
            included: r.included,
        });
    }
    Ok(out)
}
