//! Nights as stored, prices and stock, and their property as it is now: one statement, one row with arrays for each
//! product and unit type, by primary key.

use super::plan::RatePlan;
use super::promo::{self, Promo};
use super::stay::{NightRate, Stay};
use crate::db::TenantTx;
use crate::error::{Error, Refusal, Result};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use sqlx::types::Json;
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

/// What to read. Ranges of one product may overlap.
#[derive(Default)]
pub struct Want {
    /// Nights of one plan's rows for one unit type, both included: (plan, unit type, first, last).
    pub rates: BTreeSet<(Uuid, Uuid, NaiveDate, NaiveDate)>,
    /// Stock of one unit type, both nights included.
    pub stock: Vec<(Uuid, NaiveDate, NaiveDate)>,
}

impl Want {
    /// The rows that decide the nights of a stay, the one of departure included.
    pub fn stay(&mut self, plan: &RatePlan, unit_type: Uuid, stay: Stay) {
        for plan in [plan.source(), plan.id] {
            self.rates
                .insert((plan, unit_type, stay.arrival(), stay.departure()));
        }
    }
}

/// What of a property is of this moment.
pub struct Moment {
    pub business_date: NaiveDate,
    /// Another whenever the property's tariff is another.
    pub tariff_stamp: Uuid,
    /// The promo code that was asked for, if there is such a one.
    pub promo: Option<Promo>,
}

/// One night of one plan and unit type, as set.
#[derive(Debug, Clone, Copy)]
pub struct SetNight {
    pub night: NaiveDate,
    pub price: Option<Decimal>,
    min_stay_arrival: Option<i32>,
    min_stay_through: Option<i32>,
    max_stay: Option<i32>,
    closed_to_arrival: Option<bool>,
    closed_to_departure: Option<bool>,
    stop_sell: Option<bool>,
}

#[derive(Default)]
pub struct Nights {
    rates: HashMap<(Uuid, Uuid), Vec<SetNight>>,
    stock: HashMap<Uuid, Vec<(NaiveDate, i32)>>,
}

impl Nights {
    /// Has the product a row on any night that was read?
    pub fn any(&self, plan: Uuid, unit_type: Uuid) -> bool {
        self.rates.contains_key(&(plan, unit_type))
    }

    /// Nights that were read, with the units free on each: below zero where more are sold than there are.
    pub fn stock(&self, unit_type: Uuid) -> &[(NaiveDate, i32)] {
        self.stock.get(&unit_type).map(Vec::as_slice).unwrap_or_default()
    }

    /// One night's price as set.
    pub fn price(&self, plan: Uuid, unit_type: Uuid, night: NaiveDate) -> Option<Decimal> {
        let first = self.of(plan, unit_type, night).first();
        first.filter(|n| n.night == night)?.price
    }

    fn of(&self, plan: Uuid, unit_type: Uuid, from: NaiveDate) -> &[SetNight] {
        let all = self
            .rates
            .get(&(plan, unit_type))
            .map(Vec::as_slice)
            .unwrap_or_default();
        let start = all.partition_point(|n| n.night < from);
        all.get(start..).unwrap_or_default()
    }

    /// The stay's nights and the night of departure: the source plan's price as set, and restrictions, which the plan's
    /// own rows override.
    pub fn rates(&self, source: Uuid, own: Uuid, unit_type: Uuid, stay: Stay) -> (Vec<NightRate>, NightRate) {
        let mut out = vec![NightRate::default(); stay.len() + 1];
        let offset = |night: NaiveDate| usize::try_from((night - stay.arrival()).num_days()).ok();
        for set in self.of(source, unit_type, stay.arrival()) {
            match offset(set.night).and_then(|i| out.get_mut(i)) {
                Some(rate) => set.put(rate),
                None => break,
            }
        }
        if own != source {
            for set in self.of(own, unit_type, stay.arrival()) {
                match offset(set.night).and_then(|i| out.get_mut(i)) {
                    Some(rate) => set.override_in(rate),
                    None => break,
                }
            }
        }
        let departure = out.pop().unwrap_or_default();
        (out, departure)
    }

    /// Units free on every night of the stay, and the first night with the fewest.
    pub fn free(&self, unit_type: Uuid, stay: Stay) -> (i32, NaiveDate) {
        let slept = self
            .stock(unit_type)
            .iter()
            .filter(|(n, _)| (stay.arrival()..stay.departure()).contains(n));
        let scarce = slept.clone().min_by_key(|(night, free)| (*free, *night));
        match scarce {
            Some((night, free)) if slept.count() == stay.len() => ((*free).max(0), *night),
            Some((night, _)) => (0, *night),
            None => (0, stay.arrival()),
        }
    }
}

impl SetNight {
    fn put(&self, rate: &mut NightRate) {
        *rate = NightRate {
            price: self.price,
            min_stay_arrival: self.min_stay_arrival,
            min_stay_through: self.min_stay_through,
            max_stay: self.max_stay,
            closed_to_arrival: self.closed_to_arrival.unwrap_or(false),
            closed_to_departure: self.closed_to_departure.unwrap_or(false),
            stop_sell: self.stop_sell.unwrap_or(false),
        };
    }

    fn override_in(&self, rate: &mut NightRate) {
        rate.min_stay_arrival = self.min_stay_arrival.or(rate.min_stay_arrival);
        rate.min_stay_through = self.min_stay_through.or(rate.min_stay_through);
        rate.max_stay = self.max_stay.or(rate.max_stay);
        rate.closed_to_arrival = self.closed_to_arrival.unwrap_or(rate.closed_to_arrival);
        rate.closed_to_departure = self.closed_to_departure.unwrap_or(rate.closed_to_departure);
        rate.stop_sell = self.stop_sell.unwrap_or(rate.stop_sell);
    }
}

struct Row {
    business_date: NaiveDate,
    tariff_stamp: Uuid,
    promo: Option<Json<promo::Row>>,
    rate_plan_id: Option<Uuid>,
    unit_type_id: Option<Uuid>,
    nights: Option<Vec<NaiveDate>>,
    prices: Option<Vec<Option<Decimal>>>,
    min_stay_arrival: Option<Vec<Option<i32>>>,
    min_stay_through: Option<Vec<Option<i32>>>,
    max_stay: Option<Vec<Option<i32>>>,
    closed_to_arrival: Option<Vec<Option<bool>>>,
    closed_to_departure: Option<Vec<Option<bool>>>,
    stop_sell: Option<Vec<Option<bool>>>,
    free: Option<Vec<i32>>,
}

fn at<T: Copy>(column: Option<&Vec<Option<T>>>, i: usize) -> Option<T> {
    column.and_then(|c| *c.get(i)?)
}

impl Row {
    fn set(&self, nights: &[NaiveDate]) -> impl Iterator<Item = SetNight> {
        nights.iter().enumerate().map(|(i, night)| SetNight {
            night: *night,
            price: at(self.prices.as_ref(), i),
            min_stay_arrival: at(self.min_stay_arrival.as_ref(), i),
            min_stay_through: at(self.min_stay_through.as_ref(), i),
            max_stay: at(self.max_stay.as_ref(), i),
            closed_to_arrival: at(self.closed_to_arrival.as_ref(), i),
            closed_to_departure: at(self.closed_to_departure.as_ref(), i),
            stop_sell: at(self.stop_sell.as_ref(), i),
        })
    }
}

impl Nights {
    /// Nothing, where the property has no such rows.
    fn take(&mut self, row: &Row) -> Result<()> {
        let (Some(unit_type), Some(nights)) = (row.unit_type_id, &row.nights) else {
            return Ok(());
        };
        match (row.rate_plan_id, &row.free) {
            (Some(plan), _) => {
                let set = self.rates.entry((plan, unit_type)).or_default();
                let again = !set.is_empty();
                set.extend(row.set(nights));
                if again {
                    set.sort_by_key(|n| n.night);
                    set.dedup_by_key(|n| n.night);
                }
            }
            (None, Some(free)) => {
                let free = nights.iter().copied().zip(free.iter().copied());
                self.stock.entry(unit_type).or_default().extend(free);
            }
            (None, None) => return Err(Error::internal("a row of nights without plan and stock")),
        }
        Ok(())
    }
}

/// The property as it is now, and of one and the same moment the nights of products and the stock of unit types.
///
/// # Errors
/// 404 for another tenant's property.
pub async fn read(
    tx: &mut TenantTx,
    property_id: Uuid,
    promo_code: Option<&str>,
    want: &Want,
) -> Result<(Moment, Nights)> {
    let rows = rows(tx, property_id, promo_code, want).await?;
    let mut nights = Nights::default();
    rows.iter().try_for_each(|row| nights.take(row))?;
    let row = rows
        .into_iter()
        .next()
        .ok_or_else(|| Refusal::not_found("property"))?;
    let moment = Moment {
        business_date: row.business_date,
        tariff_stamp: row.tariff_stamp,
        promo: row.promo.map(|p| Promo::try_from(p.0)).transpose()?,
    };
    Ok((moment, nights))
}

/// The inner selects come in the order of their primary keys, and `array_agg` keeps it.
async fn rows(
    tx: &mut TenantTx,
    property_id: Uuid,
    promo_code: Option<&str>,
    want: &Want,
) -> Result<Vec<Row>> {
    let plans: Vec<Uuid> = want.rates.iter().map(|w| w.0).collect();
    let unit_types: Vec<Uuid> = want.rates.iter().map(|w| w.1).collect();
    let firsts: Vec<NaiveDate> = want.rates.iter().map(|w| w.2).collect();
    let lasts: Vec<NaiveDate> = want.rates.iter().map(|w| w.3).collect();
    let stocked: Vec<Uuid> = want.stock.iter().map(|w| w.0).collect();
    let stock_firsts: Vec<NaiveDate> = want.stock.iter().map(|w| w.1).collect();
    let stock_lasts: Vec<NaiveDate> = want.stock.iter().map(|w| w.2).collect();
    Ok(sqlx::query_as!(
        Row,
        r#"select p.business_date, p.tariff_stamp,
                  (select row_to_json(r) from (
                      select id, property_id, code, name, kind, value::text, booking_from, booking_to, stay_from, stay_to,
                             min_nights, rate_plan_ids, usage_limit, used, active, version
                      from promo_code where tenant_id = $1 and property_id = $9 and code = $10) r)
                      as "promo: Json<promo::Row>",
                  n.plan as "rate_plan_id?", n.unit_type as "unit_type_id?", n.nights as "nights?: Vec<NaiveDate>",
                  n.prices as "prices?: Vec<Option<Decimal>>", n.msa as "min_stay_arrival?: Vec<Option<i32>>",
                  n.mst as "min_stay_through?: Vec<Option<i32>>", n.max as "max_stay?: Vec<Option<i32>>",
                  n.cta as "closed_to_arrival?: Vec<Option<bool>>", n.ctd as "closed_to_departure?: Vec<Option<bool>>",
                  n.stop as "stop_sell?: Vec<Option<bool>>", n.free as "free?: Vec<i32>"
           from property p left join lateral (
               select w.plan, w.unit_type, n.*, null::int[] as free
               from unnest($2::uuid[], $3::uuid[], $4::date[], $5::date[]) as w (plan, unit_type, first, last)
               cross join lateral (
                   select array_agg(r.night) as nights, array_agg(r.price) as prices,
                          array_agg(r.min_stay_arrival) as msa, array_agg(r.min_stay_through) as mst,
                          array_agg(r.max_stay) as max, array_agg(r.closed_to_arrival) as cta,
                          array_agg(r.closed_to_departure) as ctd, array_agg(r.stop_sell) as stop
                   from (select * from rate_night r
                         where r.tenant_id = $1 and r.rate_plan_id = w.plan and r.unit_type_id = w.unit_type
                           and r.night between w.first and w.last
                         order by r.night) r) n
               where n.nights is not null
               union all
               select null, s.unit_type, n.nights, null, null, null, null, null, null, null, n.free
               from unnest($6::uuid[], $7::date[], $8::date[]) as s (unit_type, first, last)
               cross join lateral (
                   select array_agg(i.night) as nights, array_agg(i.free) as free
                   from (select i.night,
                                i.capacity + i.overbooking_limit - i.out_of_order - i.blocked - i.held - i.sold as free
                         from inventory i
                         where i.tenant_id = $1 and i.unit_type_id = s.unit_type and i.night between s.first and s.last
                         order by i.night) i) n
               where n.nights is not null) n on true
           where p.tenant_id = $1 and p.id = $9"#,
        tx.t(),
        &plans,
        &unit_types,
        &firsts,
        &lasts,
        &stocked,
        &stock_firsts,
        &stock_lasts,
        property_id,
        promo_code
    )
    .fetch_all(&mut **tx)
    .await?)
}
