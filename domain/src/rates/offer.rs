//! Offers: what a guest could book for given dates, at which price, or why not.

use super::ari::RateRow;
use super::stay::{NightRate, Reason, Stay, check};
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::money;
use crate::principal::{Permission, Principal};
use crate::property;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use std::collections::HashMap;
use uuid::Uuid;

/// Most guests one search asks for.
pub const MOST_GUESTS: i32 = 100;

#[derive(Debug, Clone)]
pub struct Search {
    pub property_id: Uuid,
    pub stay: Stay,
    pub adults: i32,
    pub children: i32,
}

/// One unit type under one rate plan: bookable when `reasons` is empty.
#[derive(Debug, Clone)]
pub struct Offer {
    pub unit_type_id: Uuid,
    pub unit_type_name: String,
    pub rate_plan_id: Uuid,
    pub rate_plan_name: String,
    /// Units free on every night of the stay.
    pub free: i32,
    pub nights: Vec<(NaiveDate, Decimal)>,
    pub total: Decimal,
    pub currency: String,
    pub reasons: Vec<Reason>,
}

/// Every combination of unit type and rate plan that has a price on any of the nights, cheapest bookable first.
pub async fn search(tx: &mut TenantTx, who: &Principal, search: &Search) -> Result<Vec<Offer>> {
    who.require(Permission::ReadInventory)?;
    let guests = search.adults + search.children;
    if search.adults < 1 || search.children < 0 || guests > MOST_GUESTS {
        return Err(
            Refusal::invalid("out_of_range", "1 to 100 guests, at least one adult")
                .at("adults")
                .into(),
        );
    }
    let property = property::get(tx, search.property_id).await?;
    let currency = money::currency(&property.currency)?;
    let free = free_units(tx, search).await?;
    let names = names(tx, search.property_id).await?;
    let mut products: HashMap<(Uuid, Uuid), HashMap<NaiveDate, NightRate>> = HashMap::new();
    for row in nights(tx, search).await? {
        let rate = row.rate(currency)?;
        products
            .entry((row.unit_type_id, row.rate_plan_id))
            .or_default()
            .insert(row.night, rate);
    }
    let mut offers = Vec::with_capacity(products.len());
    for ((unit_type_id, rate_plan_id), by_night) in products {
        let (Some(unit_type), Some(plan)) = (names.get(&unit_type_id), names.get(&rate_plan_id)) else {
            continue;
        };
        let nights: Vec<NightRate> = search
            .stay
            .nights()
            .map(|d| by_night.get(&d).cloned().unwrap_or_default())
            .collect();
        let departure = by_night
            .get(&search.stay.departure())
            .cloned()
            .unwrap_or_default();
        let (units, scarce) = free
            .get(&unit_type_id)
            .copied()
            .unwrap_or((0, search.stay.arrival()));
        let mut reasons = check(search.stay, &nights, &departure);
        if units == 0 {
            reasons.push(Reason::NoAvailability(scarce));
        }
        if guests > unit_type.max_occupancy {
            reasons.push(Reason::TooManyGuests(unit_type.max_occupancy));
        }
        if search.stay.arrival() < property.business_date {
            reasons.push(Reason::ArrivalInPast(property.business_date));
        }
        let priced: Vec<_> = search
            .stay
            .nights()
            .zip(nights)
            .filter_map(|(d, n)| Some((d, n.price?)))
            .collect();
        offers.push(Offer {
            unit_type_id,
            unit_type_name: unit_type.name.clone(),
            rate_plan_id,
            rate_plan_name: plan.name.clone(),
            free: units,
            total: money::round(priced.iter().map(|(_, p)| *p).sum(), currency),
            nights: priced,
            currency: property.currency.clone(),
            reasons,
        });
    }
    offers.sort_by_key(|o| (!o.reasons.is_empty(), o.total, o.unit_type_id, o.rate_plan_id));
    Ok(offers)
}

struct Name {
    name: String,
    max_occupancy: i32,
}

/// Names of the property's unit types and rate plans, by id.
async fn names(tx: &mut TenantTx, property_id: Uuid) -> Result<HashMap<Uuid, Name>> {
    let rows = sqlx::query!(
        r#"select id as "id!", name as "name!", max_occupancy as "max_occupancy!" from unit_type
           where tenant_id = $1 and property_id = $2
           union all select id, name, 0 from rate_plan where tenant_id = $1 and property_id = $2"#,
        tx.t(),
        property_id
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| {
            (
                r.id,
                Name {
                    name: r.name,
                    max_occupancy: r.max_occupancy,
                },
            )
        })
        .collect())
}

/// Per unit type: units free on every night, and the first night with the fewest.
async fn free_units(tx: &mut TenantTx, search: &Search) -> Result<HashMap<Uuid, (i32, NaiveDate)>> {
    let rows = sqlx::query!(
        r#"select i.unit_type_id, count(*) as "nights!",
                  min(capacity + overbooking_limit - out_of_order - blocked - held - sold) as "free!",
                  (array_agg(night order by capacity + overbooking_limit - out_of_order - blocked - held - sold,
                             night))[1] as "scarce!"
           from unit_type u
           join inventory i on i.tenant_id = $1 and i.unit_type_id = u.id and i.night >= $3 and i.night < $4
           where u.tenant_id = $1 and u.property_id = $2
           group by i.unit_type_id"#,
        tx.t(),
        search.property_id,
        search.stay.arrival(),
        search.stay.departure()
    )
    .fetch_all(&mut **tx)
    .await?;
    let all = i64::try_from(search.stay.len()).unwrap_or(i64::MAX);
    let free = |nights: i64, free: i32| if nights < all { 0 } else { free.max(0) };
    Ok(rows
        .into_iter()
        .map(|r| (r.unit_type_id, (free(r.nights, r.free), r.scarce)))
        .collect())
}

async fn nights(tx: &mut TenantTx, search: &Search) -> Result<Vec<RateRow>> {
    Ok(sqlx::query_as!(
        RateRow,
        r#"select rate_plan_id as "rate_plan_id!", unit_type_id as "unit_type_id!", night as "night!", source_price,
                  adjust_kind, adjust_value, min_stay_arrival, min_stay_through, max_stay,
                  closed_to_arrival as "closed_to_arrival!", closed_to_departure as "closed_to_departure!",
                  stop_sell as "stop_sell!"
           from effective_rate
           where tenant_id = $1 and property_id = $2 and night between $3 and $4"#,
        tx.t(),
        search.property_id,
        search.stay.arrival(),
        search.stay.departure()
    )
    .fetch_all(&mut **tx)
    .await?)
}
