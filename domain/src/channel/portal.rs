//! What a portal that calls us may ask: what is mapped for it, and what that costs.

use super::connection::{Connection, sync_end};
use super::mapping::Mapping;
use crate::db::TenantTx;
use crate::error::Result;
use crate::money;
use crate::property;
use crate::rates::ari::derived;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// A unit type that is mapped for the portal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Category {
    /// The portal's.
    pub code: String,
    pub name: String,
    /// One of `property::UNIT_KINDS`.
    pub kind: String,
    /// Persons of any age.
    pub max_occupancy: i32,
    /// Names of its units.
    pub units: Vec<String>,
}

/// Those that are sold, by the portal's code.
pub async fn categories(tx: &mut TenantTx, connection_id: Uuid) -> Result<Vec<Category>> {
    let rows = sqlx::query!(
        r#"select m.external_id, t.name, t.kind, t.max_occupancy,
                  coalesce(array_agg(u.name order by u.name) filter (where u.id is not null), '{}') as "units!"
           from channel_room_map m
           join unit_type t on t.tenant_id = $1 and t.id = m.unit_type_id and t.active
           left join unit u on u.tenant_id = $1 and u.unit_type_id = t.id
           where m.tenant_id = $1 and m.connection_id = $2
           group by m.external_id, t.id, t.name, t.kind, t.max_occupancy order by m.external_id"#,
        tx.t(),
        connection_id
    )
    .fetch_all(&mut **tx)
    .await?;
    let category = rows.into_iter().map(|r| Category {
        code: r.external_id,
        name: r.name,
        kind: r.kind,
        max_occupancy: r.max_occupancy,
        units: r.units,
    });
    Ok(category.collect())
}

/// What a category costs under a plan, from one night to another, both included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    /// The portal's code of the category.
    pub category: String,
    /// Of the unit type.
    pub max_occupancy: i32,
    pub from: NaiveDate,
    pub last: NaiveDate,
    /// In the property's currency, for the unit and a night.
    pub amount: Decimal,
}

/// Prices by the portal's code of the rate plan, each plan's by category and night; neighbours of one price are one.
/// A night without a price is none. `only`: of these plans; empty = all. From the business date up to the horizon.
pub async fn prices(
    tx: &mut TenantTx,
    connection: &Connection,
    only: &[String],
    (first, last): (Option<NaiveDate>, Option<NaiveDate>),
) -> Result<BTreeMap<String, Vec<Price>>> {
    let property = property::get(tx, connection.property_id).await?;
    let (start, end) = (property.business_date, sync_end(property.business_date));
    let first = first.map_or(start, |day| day.max(start));
    let last = last.unwrap_or(NaiveDate::MAX).min(end.pred_opt().unwrap_or(end));
    let currency = money::currency(&property.currency)?;
    let mapping = Mapping::read(tx, connection.id).await?;
    let mut plans: BTreeMap<String, Vec<Price>> = BTreeMap::new();
    for product in products(&mapping, only) {
        let known = plans.entry(product.code).or_default();
        for night in nights(tx, (product.unit_type, product.plan), (first, last)).await? {
            let adjustment = (night.adjust_kind.as_deref(), night.adjust_value);
            let price = derived(night.source_price, adjustment.0, adjustment.1, currency)?;
            if let Some(amount) = price.filter(|price| !price.is_zero()) {
                let amount = connection.terms.markup.told(amount, currency);
                let price = Price {
                    category: product.category.clone(),
                    max_occupancy: night.max_occupancy,
                    from: night.night,
                    last: night.night,
                    amount,
                };
                price.join(known);
            }
        }
    }
    Ok(plans)
}

impl Price {
    /// Ends where the last one goes on.
    fn join(self, known: &mut Vec<Self>) {
        match known.last_mut() {
            Some(before)
                if (before.amount, &before.category) == (self.amount, &self.category)
                    && before.last.succ_opt() == Some(self.from) =>
            {
                before.last = self.last;
            }
            _ => known.push(self),
        }
    }
}

/// In the order in which a portal is told.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Product {
    /// The portal's, of the plan.
    code: String,
    /// The portal's, of the unit type.
    category: String,
    unit_type: Uuid,
    plan: Uuid,
}

/// A portal's rate plan is not of one room: the code that a plan is mapped to with one unit type holds for all mapped
/// ones that have none of their own.
fn products(mapping: &Mapping, only: &[String]) -> BTreeSet<Product> {
    let rates = mapping.rates.iter();
    let told = rates.filter(|(_, code)| only.is_empty() || only.contains(code));
    let mut found = BTreeSet::new();
    for ((_, plan), code) in told {
        for (unit_type, category) in &mapping.rooms {
            let own = mapping.rates.get(&(*unit_type, *plan));
            if own.is_none_or(|own| own == code) {
                found.insert(Product {
                    code: code.clone(),
                    category: category.clone(),
                    unit_type: *unit_type,
                    plan: *plan,
                });
            }
        }
    }
    found
}

struct Night {
    night: NaiveDate,
    max_occupancy: i32,
    source_price: Option<Decimal>,
    adjust_kind: Option<String>,
    adjust_value: Option<Decimal>,
}

async fn nights(
    tx: &mut TenantTx,
    (unit_type, plan): (Uuid, Uuid),
    (first, last): (NaiveDate, NaiveDate),
) -> Result<Vec<Night>> {
    Ok(sqlx::query_as!(
        Night,
        r#"select i.night, t.max_occupancy, e.source_price, e.adjust_kind, e.adjust_value
           from inventory i
           join unit_type t on t.tenant_id = $1 and t.id = i.unit_type_id and t.active
           join effective_rate e on e.tenant_id = $1 and e.rate_plan_id = $3 and e.unit_type_id = $2
                and e.night = i.night
           where i.tenant_id = $1 and i.unit_type_id = $2 and i.night between $4 and $5
           order by i.night"#,
        tx.t(),
        unit_type,
        plan,
        first,
        last
    )
    .fetch_all(&mut **tx)
    .await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plans_code_holds_for_every_room_without_one_of_its_own() {
        let [single, double, suite, plan] = [1, 2, 3, 4].map(Uuid::from_u128);
        let mapping = Mapping {
            rooms: [(single, "s"), (double, "d"), (suite, "u")]
                .map(|(u, c)| (u, c.to_owned()))
                .into(),
            rates: [((single, plan), "std"), ((suite, plan), "lux")]
                .map(|(p, c)| (p, c.to_owned()))
                .into(),
        };
        let found = |only: &[&str]| {
            let only: Vec<String> = only.iter().map(|c| (*c).to_owned()).collect();
            let products = products(&mapping, &only).into_iter();
            products.map(|product| product.category).collect::<Vec<_>>()
        };
        assert_eq!(found(&["lux"]), ["d", "u"]);
        assert_eq!(found(&[]).len(), 4);
        assert_eq!(found(&["other"]), Vec::<String>::new());
    }
}
