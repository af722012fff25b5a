//! Extras: what a guest may add to a stay, such as breakfast or parking.

use super::{Party, Per, logged, written};
use crate::booking::entity::Reservation;
use crate::booking::line::{Line, LineKind, LineSource};
use crate::db::TenantTx;
use crate::error::{Error, Refusal, Result};
use crate::ids::new_id;
use crate::money;
use crate::principal::{Permission, Principal};
use crate::property::{self, check_version};
use crate::rates::stay::Stay;
use chrono::{DateTime, Utc};
use iso_currency::Currency;
use rust_decimal::Decimal;
use std::collections::BTreeSet;
use uuid::Uuid;

/// Most extras of one unit stay, and most of each.
pub const MOST_CHOSEN: usize = 20;
pub const MOST_OF_ONE: i32 = 100;

#[derive(Debug, Clone, PartialEq)]
pub struct Extra {
    pub id: Uuid,
    pub property_id: Uuid,
    pub code: String,
    pub name: String,
    pub per: Per,
    pub price: Decimal,
    /// Can it be chosen?
    pub active: bool,
    pub version: i32,
}

pub struct NewExtra {
    pub code: String,
    pub name: String,
    pub per: Per,
    pub price: Decimal,
}

/// Absent = leave.
#[derive(Default)]
pub struct ExtraChange {
    pub name: Option<String>,
    pub price: Option<Decimal>,
    pub active: Option<bool>,
}

/// Chosen for a stay: so many of each unit the price is counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chosen {
    pub extra_id: Uuid,
    pub quantity: i32,
}

impl Extra {
    /// One line a stay, or one a night; the quantity counts persons where the price does.
    pub fn lines(&self, quantity: i32, stay: Stay, party: &Party, currency: Currency) -> Vec<Line> {
        let persons = if self.per.by_person() { party.persons() } else { 1 };
        let quantity = quantity.saturating_mul(persons);
        let line = |night| Line {
            kind: LineKind::Extra,
            source: LineSource::Extras,
            code: self.code.clone(),
            name: self.name.clone(),
            night,
            quantity,
            amount: money::round(self.price * Decimal::from(quantity), currency),
            included: false,
        };
        if self.per.by_night() {
            stay.nights().map(|night| line(Some(night))).collect()
        } else {
            vec![line(None)]
        }
    }
}

/// The extras of a stay that changes: each stays at the price it was sold for, for the nights and persons there are now.
#[derive(Debug, Clone)]
pub struct SoldExtras {
    lines: Vec<Line>,
    persons: i32,
}

impl SoldExtras {
    pub fn of(r: &Reservation) -> Self {
        Self {
            lines: r
                .lines
                .iter()
                .filter(|l| l.kind == LineKind::Extra)
                .cloned()
                .collect(),
            persons: r.adults.saturating_add(r.children),
        }
    }

    /// `now` says which of them count persons; one that is not sold any more keeps its quantity.
    pub fn again(&self, now: &[Extra], stay: Stay, party: &Party, currency: Currency) -> Vec<Line> {
        let mut seen = BTreeSet::new();
        let firsts = self.lines.iter().filter(|l| seen.insert(&l.code));
        let mut out = Vec::new();
        for first in firsts {
            let by_person = now.iter().any(|e| e.code == first.code && e.per.by_person());
            let quantity = if by_person && self.persons > 0 {
                first.quantity / self.persons * party.persons()
            } else {
                first.quantity
            };
            let each = first.amount / Decimal::from(first.quantity.max(1));
            let line = |night| Line {
                night,
                quantity,
                amount: money::round(each * Decimal::from(quantity), currency),
                ..first.clone()
            };
            match first.night {
                Some(_) => out.extend(stay.nights().map(|night| line(Some(night)))),
                None => out.push(line(None)),
            }
        }
        out
    }
}

#[derive(serde::Deserialize)]
pub(super) struct Row {
    id: Uuid,
    property_id: Uuid,
    code: String,
    name: String,
    charge: String,
    price: Decimal,
    active: bool,
    version: i32,
}

impl TryFrom<Row> for Extra {
    type Error = Error;
    fn try_from(r: Row) -> Result<Self> {
        Ok(Self {
            id: r.id,
            property_id: r.property_id,
            code: r.code,
            name: r.name,
            per: Per::parse(&r.charge)?,
            price: r.price,
            active: r.active,
            version: r.version,
        })
    }
}

pub async fn create(
    tx: &mut TenantTx,
    who: &Principal,
    property_id: Uuid,
    new: NewExtra,
    now: DateTime<Utc>,
) -> Result<Extra> {
    who.require(Permission::WriteRates)?;
    let property = property::get(tx, property_id).await?;
    let extra = Extra {
        id: new_id(),
        property_id,
        code: property::name(&new.code, "/code")?,
        name: property::name(&new.name, "/name")?,
        per: new.per,
        price: price(new.price, &property.currency)?,
        active: true,
        version: 1,
    };
    sqlx::query!(
        "insert into extra (tenant_id, id, property_id, code, name, charge, price)
         values ($1, $2, $3, $4, $5, $6, $7)",
        tx.t(),
        extra.id,
        property_id,
        extra.code,
        extra.name,
        extra.per.name(),
        extra.price
    )
    .execute(&mut **tx)
    .await?;
    logged(tx, who, "extra.created", property_id, extra.id, now).await?;
    Ok(extra)
}

fn price(amount: Decimal, currency: &str) -> Result<Decimal, Refusal> {
    money::price(amount, money::currency(currency)?).map_err(|r| r.at("/price/amount"))
}

/// By code, inactive ones included.
pub async fn list(tx: &mut TenantTx, who: &Principal, property_id: Uuid) -> Result<Vec<Extra>> {
    who.require(Permission::ReadInventory)?;
    property::get(tx, property_id).await?;
    let rows = sqlx::query_as!(
        Row,
        "select id, property_id, code, name, charge, price, active, version from extra
         where tenant_id = $1 and property_id = $2 order by code",
        tx.t(),
        property_id
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter().map(Extra::try_from).collect()
}

pub async fn find(tx: &mut TenantTx, property_id: Uuid, id: Uuid) -> Result<Extra> {
    let row = sqlx::query_as!(
        Row,
        "select id, property_id, code, name, charge, price, active, version from extra
         where tenant_id = $1 and id = $2 and property_id = $3",
        tx.t(),
        id,
        property_id
    )
    .fetch_optional(&mut **tx)
    .await?;
    row.ok_or_else(|| Refusal::not_found("extra"))?.try_into()
}

pub async fn change(
    tx: &mut TenantTx,
    who: &Principal,
    (property_id, id): (Uuid, Uuid),
    change: ExtraChange,
    expected: Option<i32>,
    now: DateTime<Utc>,
) -> Result<Extra> {
    who.require(Permission::WriteRates)?;
    let property = property::get(tx, property_id).await?;
    let mut extra = find(tx, property_id, id).await?;
    check_version(extra.version, expected)?;
    if let Some(name) = change.name {
        extra.name = property::name(&name, "/name")?;
    }
    if let Some(amount) = change.price {
        extra.price = price(amount, &property.currency)?;
    }
    extra.active = change.active.unwrap_or(extra.active);
    extra.version += 1;
    let changed = sqlx::query!(
        "update extra set name = $3, price = $4, active = $5, version = $6
         where tenant_id = $1 and id = $2 and version = $6 - 1",
        tx.t(),
        id,
        extra.name,
        extra.price,
        extra.active,
        extra.version
    )
    .execute(&mut **tx)
    .await?;
    written(changed.rows_affected(), "extra")?;
    logged(tx, who, "extra.changed", property_id, id, now).await?;
    Ok(extra)
}
