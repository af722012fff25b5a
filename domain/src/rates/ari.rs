//! Bulk changes of prices, restrictions and stock over ranges of nights, one statement a kind; and reading them back.

use super::plan::{self, Adjustment, RatePlan};
use super::stay::NightRate;
use crate::channel::dirty::{self, Kind};
use crate::db::TenantTx;
use crate::error::{Error, Refusal, Result};
use crate::event::{self, NewEvent};
use crate::inventory::{self, Closing, LONGEST_RANGE, Night};
use crate::money;
use crate::principal::{Permission, Principal};
use crate::property::{self, Property};
use chrono::{DateTime, Datelike, Days, NaiveDate, Utc, Weekday};
use iso_currency::Currency;
use rust_decimal::Decimal;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

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
            return Err(Refusal::invalid("to_before_from", "`to` is the last night and not before `from`"));
        }
        if (self.to - self.from).num_days() >= LONGEST_RANGE {
            return Err(Refusal::invalid("range_too_long", format!("at most {LONGEST_RANGE} nights")));
        }
        let days = self.from.iter_days().take_while(|d| *d <= self.to);
        Ok(days.filter(|d| self.weekdays.is_empty() || self.weekdays.contains(&d.weekday())).collect())
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
        let Self { min_stay_arrival, min_stay_through, max_stay, closed_to_arrival, closed_to_departure, stop_sell } =
            later;
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
        cells += change_stock(tx, &ctx, entry).await.map_err(|e| at(e, "availability", i))?;
    }
    let rates: BTreeSet<(Uuid, NaiveDate)> =
        prices.keys().chain(restrictions.keys()).map(|(_, unit_type, night)| (*unit_type, *night)).collect();
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
    let plans = plan::of_property(tx, property_id).await?.into_iter().map(|p| (p.id, p)).collect();
    let ids = sqlx::query_scalar!(
        "select id from unit_type where tenant_id = $1 and property_id = $2",
        tx.t(),
        property_id
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(Context { property, currency, plans, unit_types: ids.into_iter().collect() })
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
        self.plans.get(&plan).ok_or_else(|| Refusal::not_found("rate plan").at("rate_plan_id"))
    }
    fn unit_type(&self, id: Uuid) -> Result<(), Refusal> {
        let known = self.unit_types.contains(&id);
        known.then_some(()).ok_or_else(|| Refusal::not_found("unit type").at("unit_type_id"))
    }
}

fn expand_prices(ctx: &Context, entries: &[PriceEntry]) -> Result<BTreeMap<Product, Decimal>, Refusal> {
    let mut cells = BTreeMap::new();
    for (i, entry) in entries.iter().enumerate() {
        let mut one = || {
            if ctx.product(entry.rate_plan_id, entry.unit_type_id)?.derived.is_some() {
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
                cells.entry((entry.rate_plan_id, entry.unit_type_id, night)).or_default().merge(&entry.set);
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
        return Err(Refusal::invalid("too_many_cells", format!("at most {MOST_CELLS} nights at once")));
    }
    Ok(())
}

async fn write_prices(tx: &mut TenantTx, cells: &BTreeMap<Product, Decimal>) -> Result<()> {
    if cells.is_empty() {
        return Ok(());
    }
    let (plans, unit_types, nights) = keys(cells);
    let prices: Vec<Decimal> = cells.values().copied().collect();
    sqlx::query!(
        "insert into rate_night (tenant_id, rate_plan_id, unit_type_id, night, price)
         select $1, c.* from unnest($2::uuid[], $3::uuid[], $4::date[], $5::numeric[]) as c
         on conflict (tenant_id, rate_plan_id, unit_type_id, night) do update set price = excluded.price",
        tx.t(),
        &plans,
        &unit_types,
        &nights,
        &prices
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

fn keys<V>(cells: &BTreeMap<Product, V>) -> (Vec<Uuid>, Vec<Uuid>, Vec<NaiveDate>) {
    let mut out = (Vec::new(), Vec::new(), Vec::new());
    for (plan, unit_type, night) in cells.keys() {
        out.0.push(*plan);
        out.1.push(*unit_type);
        out.2.push(*night);
    }
    out
}

/// The values of one restriction over all cells, and in which cells it is set at all.
fn column<T: Copy>(
    cells: &BTreeMap<Product, Restrictions>,
    field: impl Fn(&Restrictions) -> Patch<T>,
) -> (Vec<bool>, Vec<Option<T>>) {
    cells.values().map(|r| (field(r).is_some(), field(r).flatten())).unzip()
}

async fn write_restrictions(tx: &mut TenantTx, cells: &BTreeMap<Product, Restrictions>) -> Result<()> {
    if cells.is_empty() {
        return Ok(());
    }
    let (plans, unit_types, nights) = keys(cells);
    let (set_msa, msa) = column(cells, |r| r.min_stay_arrival);
    let (set_mst, mst) = column(cells, |r| r.min_stay_through);
    let (set_max, max) = column(cells, |r| r.max_stay);
    let (set_cta, cta) = column(cells, |r| r.closed_to_arrival);
    let (set_ctd, ctd) = column(cells, |r| r.closed_to_departure);
    let (set_stop, stop) = column(cells, |r| r.stop_sell);
    sqlx::query!(
        "with c as (
             select * from unnest($2::uuid[], $3::uuid[], $4::date[], $5::bool[], $6::int[], $7::bool[], $8::int[],
                 $9::bool[], $10::int[], $11::bool[], $12::bool[], $13::bool[], $14::bool[], $15::bool[], $16::bool[])
             as c (plan, unit_type, night, s1, msa, s2, mst, s3, max, s4, cta, s5, ctd, s6, stop))
         merge into rate_night r using c
         on r.tenant_id = $1 and r.rate_plan_id = c.plan and r.unit_type_id = c.unit_type and r.night = c.night
         when matched then update set
             min_stay_arrival = case when s1 then msa else r.min_stay_arrival end,
             min_stay_through = case when s2 then mst else r.min_stay_through end,
             max_stay = case when s3 then max else r.max_stay end,
             closed_to_arrival = case when s4 then cta else r.closed_to_arrival end,
             closed_to_departure = case when s5 then ctd else r.closed_to_departure end,
             stop_sell = case when s6 then stop else r.stop_sell end
         when not matched then insert (tenant_id, rate_plan_id, unit_type_id, night, min_stay_arrival,
             min_stay_through, max_stay, closed_to_arrival, closed_to_departure, stop_sell)
         values ($1, c.plan, c.unit_type, c.night, msa, mst, max, cta, ctd, stop)",
        tx.t(),
        &plans,
        &unit_types,
        &nights,
        &set_msa,
        &msa as &[Option<i32>],
        &set_mst,
        &mst as &[Option<i32>],
        &set_max,
        &max as &[Option<i32>],
        &set_cta,
        &cta as &[Option<bool>],
        &set_ctd,
        &ctd as &[Option<bool>],
        &set_stop,
        &stop as &[Option<bool>],
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn change_stock(tx: &mut TenantTx, ctx: &Context, entry: &StockEntry) -> Result<usize> {
    ctx.unit_type(entry.unit_type_id)?;
    let Closing { blocked, overbooking_limit } = entry.set;
    for (field, value) in [("blocked", blocked), ("overbooking_limit", overbooking_limit)] {
        if value.is_some_and(|v| !(0..=100_000).contains(&v)) {
            return Err(Refusal::invalid("out_of_range", "0 to 100000 units").at(field).into());
        }
    }
    let nights = entry.range.nights()?;
    inventory::set(tx, entry.unit_type_id, &nights, entry.set).await?;
    let cells = nights.iter().map(|n| (entry.unit_type_id, *n)).collect();
    mark_spans(tx, &cells, Kind::Availability).await?;
    Ok(nights.len())
}

/// Marks the smallest span of nights per unit type; the sender's difference leaves out what did not change.
async fn mark_spans(tx: &mut TenantTx, cells: &BTreeSet<(Uuid, NaiveDate)>, kind: Kind) -> Result<()> {
    let mut spans: BTreeMap<Uuid, (NaiveDate, NaiveDate)> = BTreeMap::new();
    for (unit_type, night) in cells {
        let span = spans.entry(*unit_type).or_insert((*night, *night));
        *span = (span.0.min(*night), span.1.max(*night));
    }
    for (unit_type, (first, last)) in spans {
        dirty::mark(tx, unit_type, first, last + Days::new(1), kind).await?;
    }
    Ok(())
}

/// One unit type's nights as stored: stock and, per rate plan, price and restrictions.
#[derive(Debug, Clone)]
pub struct UnitTypeAri {
    pub unit_type_id: Uuid,
    pub nights: Vec<(NaiveDate, Night)>,
    pub rates: Vec<(Uuid, NaiveDate, NightRate)>,
}

/// Stock, prices and restrictions of every unit type over a range, in date order.
pub async fn read(
    tx: &mut TenantTx,
    who: &Principal,
    property_id: Uuid,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<Vec<UnitTypeAri>> {
    who.require(Permission::ReadInventory)?;
    Range { from, to, weekdays: Vec::new() }.nights()?;
    let ctx = context(tx, property_id).await?;
    let mut out: BTreeMap<Uuid, UnitTypeAri> = ctx
        .unit_types
        .iter()
        .map(|id| (*id, UnitTypeAri { unit_type_id: *id, nights: Vec::new(), rates: Vec::new() }))
        .collect();
    let ids: Vec<Uuid> = ctx.unit_types.iter().copied().collect();
    let stock = sqlx::query!(
        "select unit_type_id, night, capacity, out_of_order, blocked, held, sold, overbooking_limit, forced
         from inventory where tenant_id = $1 and unit_type_id = any($2) and night between $3 and $4
         order by unit_type_id, night",
        tx.t(),
        &ids,
        from,
        to
    )
    .fetch_all(&mut **tx)
    .await?;
    for r in stock {
        let night = Night {
            capacity: r.capacity,
            out_of_order: r.out_of_order,
            blocked: r.blocked,
            held: r.held,
            sold: r.sold,
            overbooking_limit: r.overbooking_limit,
            forced: r.forced,
        };
        if let Some(ari) = out.get_mut(&r.unit_type_id) {
            ari.nights.push((r.night, night));
        }
    }
    for (plan, unit_type, night, rate) in rates(tx, &ctx, from, to).await? {
        if let Some(ari) = out.get_mut(&unit_type) {
            ari.rates.push((plan, night, rate));
        }
    }
    Ok(out.into_values().collect())
}

async fn rates(
    tx: &mut TenantTx,
    ctx: &Context,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<Vec<(Uuid, Uuid, NaiveDate, NightRate)>> {
    let plans: Vec<Uuid> = ctx.plans.keys().copied().collect();
    let rows = sqlx::query_as!(
        RateRow,
        r#"select rate_plan_id as "rate_plan_id!", unit_type_id as "unit_type_id!", night as "night!", source_price,
                  adjust_kind, adjust_value, min_stay_arrival, min_stay_through, max_stay,
                  closed_to_arrival as "closed_to_arrival!", closed_to_departure as "closed_to_departure!",
                  stop_sell as "stop_sell!"
           from effective_rate
           where tenant_id = $1 and rate_plan_id = any($2) and night between $3 and $4
           order by unit_type_id, rate_plan_id, night"#,
        tx.t(),
        &plans,
        from,
        to
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter()
        .map(|r| Ok((r.rate_plan_id, r.unit_type_id, r.night, r.rate(ctx.currency)?)))
        .collect()
}

/// A row of `effective_rate`.
pub struct RateRow {
    pub rate_plan_id: Uuid,
    pub unit_type_id: Uuid,
    pub night: NaiveDate,
    pub source_price: Option<Decimal>,
    pub adjust_kind: Option<String>,
    pub adjust_value: Option<Decimal>,
    pub min_stay_arrival: Option<i32>,
    pub min_stay_through: Option<i32>,
    pub max_stay: Option<i32>,
    pub closed_to_arrival: bool,
    pub closed_to_departure: bool,
    pub stop_sell: bool,
}

impl RateRow {
    /// The night's rate with the price derived and rounded.
    pub fn rate(&self, currency: Currency) -> Result<NightRate> {
        let adjustment = Adjustment::from_columns(self.adjust_kind.as_deref(), self.adjust_value)?;
        let price = self.source_price.map(|p| match adjustment {
            Some(a) => a.apply(p, currency),
            None => money::round(p, currency),
        });
        Ok(NightRate {
            price,
            min_stay_arrival: self.min_stay_arrival,
            min_stay_through: self.min_stay_through,
            max_stay: self.max_stay,
            closed_to_arrival: self.closed_to_arrival,
            closed_to_departure: self.closed_to_departure,
            stop_sell: self.stop_sell,
        })
    }
}
