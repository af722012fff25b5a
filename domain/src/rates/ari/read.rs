//! Reading stock, prices and restrictions back.

use super::{Context, Range, context};
use crate::db::TenantTx;
use crate::error::Result;
use crate::inventory::Night;
use crate::money;
use crate::principal::{Permission, Principal};
use crate::rates::plan::Adjustment;
use crate::rates::stay::NightRate;
use chrono::NaiveDate;
use iso_currency::Currency;
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use uuid::Uuid;

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
    Range {
        from,
        to,
        weekdays: Vec::new(),
    }
    .nights()?;
    let ctx = context(tx, property_id).await?;
    let mut out: BTreeMap<Uuid, UnitTypeAri> = ctx
        .unit_types
        .iter()
        .map(|id| {
            (
                *id,
                UnitTypeAri {
                    unit_type_id: *id,
                    nights: Vec::new(),
                    rates: Vec::new(),
                },
            )
        })
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
struct RateRow {
    rate_plan_id: Uuid,
    unit_type_id: Uuid,
    night: NaiveDate,
    source_price: Option<Decimal>,
    adjust_kind: Option<String>,
    adjust_value: Option<Decimal>,
    min_stay_arrival: Option<i32>,
    min_stay_through: Option<i32>,
    max_stay: Option<i32>,
    closed_to_arrival: bool,
    closed_to_departure: bool,
    stop_sell: bool,
}

impl RateRow {
    /// The night's rate with the price derived and rounded.
    fn rate(&self, currency: Currency) -> Result<NightRate> {
        Ok(NightRate {
            price: derived(
                self.source_price,
                self.adjust_kind.as_deref(),
                self.adjust_value,
                currency,
            )?,
            min_stay_arrival: self.min_stay_arrival,
            min_stay_through: self.min_stay_through,
            max_stay: self.max_stay,
            closed_to_arrival: self.closed_to_arrival,
            closed_to_departure: self.closed_to_departure,
            stop_sell: self.stop_sell,
        })
    }
}

/// A night's price out of its source's, for the guests it includes.
pub fn derived(
    source: Option<Decimal>,
    adjust_kind: Option<&str>,
    adjust_value: Option<Decimal>,
    currency: Currency,
) -> Result<Option<Decimal>> {
    let adjustment = Adjustment::from_columns(adjust_kind, adjust_value)?;
    Ok(source.map(|p| match adjustment {
        Some(a) => a.apply(p, currency),
        None => money::round(p, currency),
    }))
}
