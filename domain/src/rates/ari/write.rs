//! Writing expanded cells: one statement a kind, then the span of nights is dirty.

use super::{Context, Patch, Product, Restrictions, StockEntry};
use crate::channel::dirty::{self, Kind};
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::inventory::{self, Closing};
use chrono::{Days, NaiveDate};
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

pub(super) async fn write_prices(tx: &mut TenantTx, cells: &BTreeMap<Product, Decimal>) -> Result<()> {
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
    cells
        .values()
        .map(|r| (field(r).is_some(), field(r).flatten()))
        .unzip()
}

pub(super) async fn write_restrictions(
    tx: &mut TenantTx,
    cells: &BTreeMap<Product, Restrictions>,
) -> Result<()> {
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

pub(super) async fn change_stock(tx: &mut TenantTx, ctx: &Context, entry: &StockEntry) -> Result<usize> {
    ctx.unit_type(entry.unit_type_id)?;
    let Closing {
        blocked,
        overbooking_limit,
    } = entry.set;
    for (field, value) in [("blocked", blocked), ("overbooking_limit", overbooking_limit)] {
        if value.is_some_and(|v| !(0..=100_000).contains(&v)) {
            return Err(Refusal::invalid("out_of_range", "0 to 100000 units")
                .at(field)
                .into());
        }
    }
    let nights = entry.range.nights()?;
    inventory::set(tx, entry.unit_type_id, &nights, entry.set).await?;
    let cells = nights.iter().map(|n| (entry.unit_type_id, *n)).collect();
    mark_spans(tx, &cells, Kind::Availability).await?;
    Ok(nights.len())
}

/// Marks the smallest span of nights per unit type; the sender's difference leaves out what did not change.
pub(super) async fn mark_spans(
    tx: &mut TenantTx,
    cells: &BTreeSet<(Uuid, NaiveDate)>,
    kind: Kind,
) -> Result<()> {
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
