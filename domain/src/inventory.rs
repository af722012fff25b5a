//! The vacancy sign: one row per unit type and night, changed only under lock in (unit type, night) order.
//!
//! A CHECK makes overselling impossible whatever the code above does; `forced` rises only for an operator's explicit
//! override or for a channel booking that is already sold elsewhere.

use crate::channel::dirty;
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::property::Property;
use chrono::{Days, NaiveDate};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Nights are open this far ahead of the business date; the daily job extends them.
pub const HORIZON_DAYS: u64 = 800;
/// The longest stay and the longest range of nights in one request.
pub const LONGEST_RANGE: i64 = 730;

/// The first night that is not open yet.
pub fn horizon(business_date: NaiveDate) -> NaiveDate {
    business_date + Days::new(HORIZON_DAYS)
}

/// The counters of one night.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Night {
    pub capacity: i32,
    pub out_of_order: i32,
    pub blocked: i32,
    pub held: i32,
    pub sold: i32,
    pub overbooking_limit: i32,
    pub forced: i32,
}

impl Night {
    /// What may still be sold; never below zero, and never counting what was forced.
    pub fn free(&self) -> i32 {
        (self.capacity + self.overbooking_limit - self.out_of_order - self.blocked - self.held - self.sold)
            .max(0)
    }
}

/// Makes rows for nights `[from, to)` that have none, with the capacity of the units there are.
pub async fn open_nights(
    tx: &mut TenantTx,
    unit_type_id: Uuid,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<()> {
    sqlx::query!(
        "insert into inventory (tenant_id, unit_type_id, night, capacity)
         select $1, $2, d::date, (select count(*) from unit where tenant_id = $1 and unit_type_id = $2)::int
         from generate_series($3::date, $4::date - 1, interval '1 day') d
         order by d on conflict do nothing",
        tx.t(),
        unit_type_id,
        from,
        to
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Opens what the horizon gained since the last run, for every unit type of the tenant.
pub async fn extend_horizon(tx: &mut TenantTx) -> Result<()> {
    let open = sqlx::query!(
        r#"select u.id, p.business_date, count(i.night) as "nights!" from unit_type u
         join property p on p.tenant_id = $1 and p.id = u.property_id
         left join inventory i on i.tenant_id = $1 and i.unit_type_id = u.id
              and i.night >= p.business_date and i.night < p.business_date + $2::int
         where u.tenant_id = $1 group by u.id, p.business_date"#,
        tx.t(),
        HORIZON_DAYS as i32
    )
    .fetch_all(&mut **tx)
    .await?;
    for row in open.into_iter().filter(|r| r.nights < HORIZON_DAYS as i64) {
        let (from, to) = (row.business_date, horizon(row.business_date));
        open_nights(tx, row.id, from, to).await?;
        dirty::mark_all(tx, row.id, from, to).await?;
    }
    Ok(())
}

/// More units of a type: capacity rises from the business date on.
pub async fn add_capacity(
    tx: &mut TenantTx,
    property: &Property,
    unit_type_id: Uuid,
    added: i32,
) -> Result<()> {
    let (from, to) = (property.business_date, horizon(property.business_date));
    sqlx::query!(
        "with locked as (
             select night from inventory
             where tenant_id = $1 and unit_type_id = $2 and night >= $3 order by night for update)
         update inventory i set capacity = capacity + $4,
             forced = greatest(0, sold + held + out_of_order + blocked - capacity - $4 - overbooking_limit)
         from locked l
         where i.tenant_id = $1 and i.unit_type_id = $2 and i.night = l.night",
        tx.t(),
        unit_type_id,
        from,
        added
    )
    .execute(&mut **tx)
    .await?;
    dirty::mark(tx, unit_type_id, from, to, dirty::Kind::Availability).await
}

/// Units taken (positive) or given back (negative), by the counter that holds them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Take {
    pub sold: i32,
    pub held: i32,
    pub out_of_order: i32,
}

impl Take {
    pub fn all(self) -> i32 {
        self.sold + self.held + self.out_of_order
    }
}

/// What changes per unit type and night, in lock order.
pub type Delta = BTreeMap<(Uuid, NaiveDate), Take>;

/// Does a change need the units to be free?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stock {
    /// 409 `no_availability` when a night would take more than there is.
    Guarded,
    /// Taken whatever there is: already sold elsewhere, or an operator's decision with a reason. `forced` rises.
    Forced,
}

/// Changes the counters under lock. Nights that take no more than before always may; `forced` falls as soon as it can.
pub async fn change(tx: &mut TenantTx, delta: &Delta, stock: Stock) -> Result<()> {
    let delta: Delta = delta
        .iter()
        .filter(|(_, take)| **take != Take::default())
        .map(|(k, t)| (*k, *t))
        .collect();
    if delta.is_empty() {
        return Ok(());
    }
    let (unit_types, nights) = cells(&delta);
    let column = |of: fn(&Take) -> i32| delta.values().map(of).collect::<Vec<i32>>();
    open_these(tx, &unit_types, &nights).await?;
    let changed = sqlx::query!(
        "with locked as (
             select i.unit_type_id, i.night, d.sold, d.held, d.ooo, d.sold + d.held + d.ooo as n
             from unnest($2::uuid[], $3::date[], $4::int[], $5::int[], $6::int[]) as d (u, night, sold, held, ooo)
             join inventory i on i.tenant_id = $1 and i.unit_type_id = d.u and i.night = d.night
             order by i.unit_type_id, i.night for update of i)
         update inventory i set
             sold = i.sold + l.sold, held = i.held + l.held, out_of_order = i.out_of_order + l.ooo,
             forced = greatest(0, i.sold + i.held + i.out_of_order + i.blocked + l.n
                                  - i.capacity - i.overbooking_limit)
         from locked l
         where i.tenant_id = $1 and i.unit_type_id = l.unit_type_id and i.night = l.night
           and ($7 or l.n <= 0 or i.sold + i.held + i.out_of_order + i.blocked + l.n
                                  <= i.capacity + i.overbooking_limit)
         returning i.unit_type_id, i.night",
        tx.t(),
        &unit_types,
        &nights,
        &column(|t| t.sold),
        &column(|t| t.held),
        &column(|t| t.out_of_order),
        stock == Stock::Forced
    )
    .fetch_all(&mut **tx)
    .await?;
    refuse_missing(
        &delta,
        changed.into_iter().map(|r| (r.unit_type_id, r.night)).collect(),
    )
}

/// 409 `no_availability`, naming the nights that did not change.
pub fn refuse_missing(wanted: &Delta, changed: BTreeSet<(Uuid, NaiveDate)>) -> Result<()> {
    if changed.len() == wanted.len() {
        return Ok(());
    }
    let full: BTreeSet<String> = wanted
        .keys()
        .filter(|k| !changed.contains(k))
        .map(|(_, night)| night.to_string())
        .collect();
    let full = full.into_iter().collect::<Vec<_>>().join(", ");
    Err(Refusal::conflict("no_availability", format!("nothing is free on {full}")).into())
}

/// A channel may sell nights that are not open here, years ahead or in the past: exactly those are opened.
async fn open_these(tx: &mut TenantTx, unit_types: &[Uuid], nights: &[NaiveDate]) -> Result<()> {
    sqlx::query!(
        "insert into inventory (tenant_id, unit_type_id, night, capacity)
         select $1, c.unit_type_id, c.night,
                (select count(*) from unit u where u.tenant_id = $1 and u.unit_type_id = c.unit_type_id)::int
         from unnest($2::uuid[], $3::date[]) as c (unit_type_id, night)
         where not exists (select from inventory i where i.tenant_id = $1 and i.unit_type_id = c.unit_type_id
                           and i.night = c.night)
         order by c.unit_type_id, c.night on conflict do nothing",
        tx.t(),
        unit_types,
        nights
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Of the given cells, the nights that are sold beyond what there is.
pub async fn overbooked(
    tx: &mut TenantTx,
    unit_types: &[Uuid],
    nights: &[NaiveDate],
) -> Result<Vec<NaiveDate>> {
    Ok(sqlx::query_scalar!(
        "select distinct i.night from unnest($2::uuid[], $3::date[]) as c (unit_type_id, night)
         join inventory i on i.tenant_id = $1 and i.unit_type_id = c.unit_type_id and i.night = c.night
         where i.forced > 0 order by i.night",
        tx.t(),
        unit_types,
        nights
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// The delta's unit types and nights as parallel columns, in lock order.
pub fn cells(delta: &Delta) -> (Vec<Uuid>, Vec<NaiveDate>) {
    delta.keys().copied().unzip()
}

/// What an operator may set by hand over a range: absolute counts, `None` = leave.
#[derive(Debug, Clone, Copy, Default)]
pub struct Closing {
    pub blocked: Option<i32>,
    pub overbooking_limit: Option<i32>,
}

/// Sets counters on the chosen nights, in one statement. Refused when it would leave less than is sold.
pub async fn set(
    tx: &mut TenantTx,
    unit_type_id: Uuid,
    nights: &[NaiveDate],
    closing: Closing,
) -> Result<()> {
    let changed = sqlx::query!(
        "with locked as (
             select night from inventory
             where tenant_id = $1 and unit_type_id = $2 and night = any($3::date[]) order by night for update)
         update inventory i set blocked = coalesce($4, blocked),
                                overbooking_limit = coalesce($5, overbooking_limit),
             forced = least(forced, greatest(0, sold + held + out_of_order + coalesce($4, blocked) - capacity
                                                - coalesce($5, overbooking_limit)))
         from locked l where i.tenant_id = $1 and i.unit_type_id = $2 and i.night = l.night",
        tx.t(),
        unit_type_id,
        nights,
        closing.blocked,
        closing.overbooking_limit
    )
    .execute(&mut **tx)
    .await?;
    if changed.rows_affected() != nights.len() as u64 {
        let detail = format!("nights are open for {HORIZON_DAYS} days from the business date on");
        return Err(Refusal::invalid("outside_horizon", detail).into());
    }
    Ok(())
}
