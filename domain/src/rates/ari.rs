//! Bulk changes of prices, restrictions and stock over ranges of nights, one statement a kind; and reading them back.

mod read;
mod write;

use super::plan::{self, RatePlan};
use crate::channel::dirty::Kind;
use crate::db::TenantTx;
use crate::error::{Error, Refusal, Result};
use crate::event::{self, NewEvent};
use crate::inventory::{Closing, LONGEST_RANGE};
use crate::money;
use crate::principal::{Permission, Principal};
use crate::property::{self, Property};
use chrono::{DateTime, Datelike, NaiveDate, Utc, Weekday};
use iso_currency::Currency;
pub use read::{UnitTypeAri, derived, read};
use rust_decimal::Decimal;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;
use write::{change_stock, mark_spans, write_prices, write_restrictions};

/// The most (product, night) cells one request may set.
pub const MOST_CELLS: usize = 100_000;
/// The most entries of all kinds in one request.
pub const MOST_ENTRIES: usize = 500;

/// Nights `from..=to`, both included as ARI ranges are everywhere in this field, on the given weekdays.
#[derive(Debug, Clone)]
pub struct Range {
    pub from: NaiveDate,
    pub to: NaiveDate,
    /// Empty = every day.
    pub weekdays: Vec<Weekday>,
}

impl Range {
    fn nights(&self) -> Result<Vec<NaiveDate>, Refusal> {
        if self.to < self.from {
            return Err(Refusal::invalid(
                "to_before_from",
                "`to` is the last night and not before `from`",
            ));
        }
        if (self.to - self.from).num_days() >= LONGEST_RANGE {
            return Err(Refusal::invalid(
                "range_too_long",
                format!("at most {LONGEST_RANGE} nights"),
            ));
        }
        let days = self.from.iter_days().take_while(|d| *d <= self.to);
        Ok(days
            .filter(|d| self.weekdays.is_empty() || self.weekdays.contains(&d.weekday()))
            .collect())
    }
}

/// Absent = leave, null = clear, value = set.
pub type Patch<T> = Option<Option<T>>;

#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Restrictions {
    pub min_stay_arrival: Patch<i32>,
    pub min_stay_through: Patch<i32>,
    pub max_stay: Patch<i32>,
    pub closed_to_arrival: Patch<bool>,
    pub closed_to_departure: Patch<bool>,
    pub stop_sell: Patch<bool>,
}

impl Restrictions {
    /// `later` wins where it says something.
    fn merge(&mut self, later: &Self) {
        let Self {
            min_stay_arrival,
            min_stay_through,
            max_stay,
            closed_to_arrival,
            closed_to_departure,
            stop_sell,
        } = later;
        self.min_stay_arrival = min_stay_arrival.or(self.min_stay_arrival);
        self.min_stay_through = min_stay_through.or(self.min_stay_through);
        self.max_stay = max_stay.or(self.max_stay);
        self.closed_to_arrival = closed_to_arrival.or(self.closed_to_arrival);
        self.closed_to_departure = closed_to_departure.or(self.closed_to_departure);
        self.stop_sell = stop_sell.or(self.stop_sell);
    }

    fn check(&self) -> Result<(), Refusal> {
        let lengths = [
            ("min_stay_arrival", self.min_stay_arrival),
            ("min_stay_through", self.min_stay_through),
            ("max_stay", self.max_stay),
        ];
        for (field, value) in lengths {
            if value.flatten().is_some_and(|v| !(1..=730).contains(&v)) {
                return Err(Refusal::invalid("out_of_range", "1 to 730 nights").at(field));
            }
        }
        Ok(())
    }
}

#[derive(Debug, Clone)]
pub struct PriceEntry {
    pub rate_plan_id: Uuid,
    pub unit_type_id: Uuid,
    pub range: Range,
    pub price: Decimal,
    pub currency: String,
}

#[derive(Debug, Clone)]
pub struct RestrictionEntry {
    pub rate_plan_id: Uuid,
    pub unit_type_id: Uuid,
    pub range: Range,
    pub set: Restrictions,
}

#[derive(Debug, Clone)]
pub struct StockEntry {
    pub unit_type_id: Uuid,
    pub range: Range,
    pub set: Closing,
}

/// Applied in order; where entries overlap, the last one wins.
#[derive(Debug, Clone, Default)]
pub struct Change {
    pub prices: Vec<PriceEntry>,
    pub restrictions: Vec<RestrictionEntry>,
    pub availability: Vec<StockEntry>,
}

type Product = (Uuid, Uuid, NaiveDate);

struct Context {
    property: Property,
    currency: Currency,
    plans: BTreeMap<Uuid, RatePlan>,
    unit_types: BTreeSet<Uuid>,
}

/// Applies the whole change or nothing; returns the number of cells set.
pub async fn change(
    tx: &mut TenantTx,
    who: &Principal,
    property_id: Uuid,
    change: Change,
    now: DateTime<Utc>,
) -> Result<usize> {
    who.require(Permission::WriteRates)?;
    if change.prices.len() + change.restrictions.len() + change.availability.len() > MOST_ENTRIES {
        return Err(Refusal::invalid("too_many_entries", format!("at most {MOST_ENTRIES} entries")).into());
    }
    let ctx = context(tx, property_id).await?;
    let prices = expand_prices(&ctx, &change.prices)?;
    let restrictions = expand_restrictions(&ctx, &change.restrictions)?;
    let mut cells = prices.len() + restrictions.len();
    write_prices(tx, &prices).await?;
    write_restrictions(tx, &restrictions).await?;
    for (i, entry) in change.availability.iter().enumerate() {
        cells += change_stock(tx, &ctx, entry)
            .await
            .map_err(|e| at(e, "availability", i))?;
    }
    let rates: BTreeSet<(Uuid, NaiveDate)> = prices
        .keys()
        .chain(restrictions.keys())
        .map(|(_, unit_type, night)| (*unit_type, *night))
        .collect();
    mark_spans(tx, &rates, Kind::Rates).await?;
    let event = NewEvent {
        kind: "ari.changed",
        property_id: Some(ctx.property.id),
        subject_id: ctx.property.id,
        actor: &who.actor,
        data: json!({ "cells": cells, "nights": nights_json(&change) }),
        at: now,
    };
    event::append(tx, event).await?;
    crate::jobs::kick(tx).await?;
    Ok(cells)
}

/// First and last night touched, for projections that recompute a range.
fn nights_json(change: &Change) -> serde_json::Value {
    let ranges = change.availability.iter().map(|e| &e.range);
    let from = ranges.clone().map(|r| r.from).min();
    let to = ranges.map(|r| r.to).max();
    json!({ "from": from, "last": to })
}

async fn context(tx: &mut TenantTx, property_id: Uuid) -> Result<Context> {
    let property = property::get(tx, property_id).await?;
    let currency = money::currency(&property.currency)?;
    let plans = plan::of_property(tx, property_id)
        .await?
        .into_iter()
        .map(|p| (p.id, p))
        .collect();
    let ids = sqlx::query_scalar!(
        "select id from unit_type where tenant_id = $1 and property_id = $2",
        tx.t(),
        property_id
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(Context {
        property,
        currency,
        plans,
        unit_types: ids.into_iter().collect(),
    })
}

fn at(error: Error, kind: &str, index: usize) -> Error {
    match error {
        Error::Refused(r) => locate(r, kind, index).into(),
        other => other,
    }
}

fn locate(mut refusal: Refusal, kind: &str, index: usize) -> Refusal {
    let field = refusal.pointer.take().map_or(String::new(), |f| format!("/{f}"));
    refusal.at(format!("/{kind}/{index}{field}"))
}

impl Context {
    fn product(&self, plan: Uuid, unit_type: Uuid) -> Result<&RatePlan, Refusal> {
        self.unit_type(unit_type)?;
        self.plans
            .get(&plan)
            .ok_or_else(|| Refusal::not_found("rate plan").at("rate_plan_id"))
    }
    fn unit_type(&self, id: Uuid) -> Result<(), Refusal> {
        let known = self.unit_types.contains(&id);
        known
            .then_some(())
            .ok_or_else(|| Refusal::not_found("unit type").at("unit_type_id"))
    }
}

fn expand_prices(ctx: &Context, entries: &[PriceEntry]) -> Result<BTreeMap<Product, Decimal>, Refusal> {
    let mut cells = BTreeMap::new();
    for (i, entry) in entries.iter().enumerate() {
        let mut one = || {
            if ctx
                .product(entry.rate_plan_id, entry.unit_type_id)?
                .derived
                .is_some()
            {
                let detail = "a derived plan's price comes from its parent";
                return Err(Refusal::invalid("price_is_derived", detail).at("rate_plan_id"));
            }
            if entry.currency != ctx.currency.code() {
                let detail = format!("this property sells in {}", ctx.currency.code());
                return Err(Refusal::invalid("foreign_currency", detail).at("price/currency"));
            }
            let price = money::price(entry.price, ctx.currency).map_err(|r| r.at("price/amount"))?;
            for night in entry.range.nights()? {
                cells.insert((entry.rate_plan_id, entry.unit_type_id, night), price);
            }
            Ok(())
        };
        one().map_err(|r| locate(r, "prices", i))?;
        bounded(cells.len())?;
    }
    Ok(cells)
}

fn expand_restrictions(
    ctx: &Context,
    entries: &[RestrictionEntry],
) -> Result<BTreeMap<Product, Restrictions>, Refusal> {
    let mut cells: BTreeMap<Product, Restrictions> = BTreeMap::new();
    for (i, entry) in entries.iter().enumerate() {
        let mut one = || {
            ctx.product(entry.rate_plan_id, entry.unit_type_id)?;
            entry.set.check()?;
            for night in entry.range.nights()? {
                cells
                    .entry((entry.rate_plan_id, entry.unit_type_id, night))
                    .or_default()
                    .merge(&entry.set);
            }
            Ok(())
        };
        one().map_err(|r| locate(r, "restrictions", i))?;
        bounded(cells.len())?;
    }
    Ok(cells)
}

fn bounded(cells: usize) -> Result<(), Refusal> {
    if cells > MOST_CELLS {
        return Err(Refusal::invalid(
            "too_many_cells",
            format!("at most {MOST_CELLS} nights at once"),
        ));
    }
    Ok(())
}
