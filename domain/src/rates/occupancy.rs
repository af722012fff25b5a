//! How a base plan's night price follows the guests, per unit type.

use super::plan;
use super::{Party, logged};
use crate::db::TenantTx;
use crate::error::{Error, Refusal, Result};
use crate::money;
use crate::principal::{Permission, Principal};
use crate::property;
use chrono::{DateTime, Utc};
use iso_currency::Currency;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Most age bands of one price.
const MOST_BANDS: usize = 10;

/// A night's price is for `included_adults`; these amounts take from it and add to it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct OccupancyPrice {
    pub unit_type_id: Uuid,
    pub included_adults: i32,
    /// Less for each adult fewer.
    pub missing_adult: Decimal,
    /// More for each adult beyond.
    pub extra_adult: Decimal,
    /// A child of an age without a band counts as an adult.
    pub children: Vec<AgeBand>,
    /// Persons beyond these need an extra bed each; `None` = nobody does.
    pub standard_places: Option<i32>,
    pub extra_bed: Decimal,
}

/// What each child of these ages costs a night, both ages included.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AgeBand {
    pub from_age: i32,
    pub to_age: i32,
    pub amount: Decimal,
}

impl OccupancyPrice {
    /// The night's price for these guests; never below zero.
    pub fn apply(&self, price: Decimal, party: &Party) -> Decimal {
        let band = |age: i32| {
            self.children
                .iter()
                .find(|b| (b.from_age..=b.to_age).contains(&age))
        };
        let (mut adults, mut amount) = (party.adults, price);
        for age in &party.children_ages {
            match band(*age) {
                Some(band) => amount += band.amount,
                None => adults += 1,
            }
        }
        amount -= self.missing_adult * Decimal::from((self.included_adults - adults).max(0));
        amount += self.extra_adult * Decimal::from((adults - self.included_adults).max(0));
        let beds = self.standard_places.map_or(0, |p| (party.persons() - p).max(0));
        (amount + self.extra_bed * Decimal::from(beds)).max(Decimal::ZERO)
    }

    fn check(&self, currency: Currency, at: &str) -> Result<(), Refusal> {
        let out = |field: &str, detail: &str| {
            Err(Refusal::invalid("out_of_range", detail).at(format!("{at}/{field}")))
        };
        if !(1..=100).contains(&self.included_adults) {
            return out("included_adults", "1 to 100 adults");
        }
        if self.standard_places.is_some_and(|p| !(1..=100).contains(&p)) {
            return out("standard_places", "1 to 100 places");
        }
        if self.children.len() > MOST_BANDS {
            return out("children", "at most 10 age bands");
        }
        let mut next = 0;
        for (i, band) in self.children.iter().enumerate() {
            if band.from_age < next || band.to_age < band.from_age || band.to_age > 17 {
                return out(
                    &format!("children/{i}"),
                    "ages 0 to 17, ascending, without overlap",
                );
            }
            next = band.to_age + 1;
            money::price(band.amount, currency).map_err(|r| r.at(format!("{at}/children/{i}/amount")))?;
        }
        let amounts = [
            ("missing_adult", self.missing_adult),
            ("extra_adult", self.extra_adult),
            ("extra_bed", self.extra_bed),
        ];
        for (field, amount) in amounts {
            money::price(amount, currency).map_err(|r| r.at(format!("{at}/{field}")))?;
        }
        Ok(())
    }
}

struct Row {
    unit_type_id: Uuid,
    included_adults: i32,
    missing_adult: Decimal,
    extra_adult: Decimal,
    children: serde_json::Value,
    standard_places: Option<i32>,
    extra_bed: Decimal,
}

impl TryFrom<Row> for OccupancyPrice {
    type Error = Error;
    fn try_from(r: Row) -> Result<Self> {
        Ok(Self {
            unit_type_id: r.unit_type_id,
            included_adults: r.included_adults,
            missing_adult: r.missing_adult,
            extra_adult: r.extra_adult,
            children: serde_json::from_value(r.children)
                .map_err(|e| Error::internal(format!("age bands of {}: {e}", r.unit_type_id)))?,
            standard_places: r.standard_places,
            extra_bed: r.extra_bed,
        })
    }
}

/// The occupancy prices of one base plan, by unit type, and the property's currency.
pub async fn list(
    tx: &mut TenantTx,
    who: &Principal,
    property_id: Uuid,
    plan_id: Uuid,
) -> Result<(Vec<OccupancyPrice>, String)> {
    who.require(Permission::ReadInventory)?;
    let property = property::get(tx, property_id).await?;
    plan::find(tx, property_id, plan_id).await?;
    let rows = sqlx::query_as!(
        Row,
        "select unit_type_id, included_adults, missing_adult, extra_adult, children, standard_places, extra_bed
         from occupancy_price where tenant_id = $1 and rate_plan_id = $2 order by unit_type_id",
        tx.t(),
        plan_id
    )
    .fetch_all(&mut **tx)
    .await?;
    let all = rows
        .into_iter()
        .map(OccupancyPrice::try_from)
        .collect::<Result<_>>()?;
    Ok((all, property.currency))
}

/// Replaces the occupancy prices of a base plan; a unit type left out has none any more.
pub async fn replace(
    tx: &mut TenantTx,
    who: &Principal,
    (property_id, plan_id): (Uuid, Uuid),
    prices: Vec<OccupancyPrice>,
    now: DateTime<Utc>,
) -> Result<(Vec<OccupancyPrice>, String)> {
    who.require(Permission::WriteRates)?;
    let property = property::get(tx, property_id).await?;
    if plan::find(tx, property_id, plan_id).await?.derived.is_some() {
        let detail = "a derived plan follows its parent's price for the same guests";
        return Err(Refusal::invalid("price_is_derived", detail).into());
    }
    let currency = money::currency(&property.currency)?;
    let mut seen = BTreeSet::new();
    for (i, price) in prices.iter().enumerate() {
        let at = format!("/items/{i}");
        price.check(currency, &at)?;
        let unit_type = property::get_unit_type(tx, price.unit_type_id).await;
        let unit_type = unit_type.map_err(|e| e.at(format!("{at}/unit_type_id")))?;
        if unit_type.property_id != property_id {
            return Err(Refusal::not_found("unit type")
                .at(format!("{at}/unit_type_id"))
                .into());
        }
        if !seen.insert(price.unit_type_id) {
            let detail = "one price for each unit type";
            return Err(Refusal::invalid("duplicate", detail)
                .at(format!("{at}/unit_type_id"))
                .into());
        }
    }
    // Two who replace at once come one after the other.
    sqlx::query_scalar!(
        "select id from rate_plan where tenant_id = $1 and id = $2 for no key update",
        tx.t(),
        plan_id
    )
    .fetch_one(&mut **tx)
    .await?;
    sqlx::query!(
        "delete from occupancy_price where tenant_id = $1 and rate_plan_id = $2",
        tx.t(),
        plan_id
    )
    .execute(&mut **tx)
    .await?;
    for price in &prices {
        insert(tx, property_id, plan_id, price).await?;
    }
    logged(tx, who, "occupancy_prices.changed", property_id, plan_id, now).await?;
    Ok((prices, property.currency))
}

async fn insert(tx: &mut TenantTx, property_id: Uuid, plan_id: Uuid, p: &OccupancyPrice) -> Result<()> {
    sqlx::query!(
        "insert into occupancy_price (tenant_id, rate_plan_id, unit_type_id, property_id, included_adults,
             missing_adult, extra_adult, children, standard_places, extra_bed)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        tx.t(),
        plan_id,
        p.unit_type_id,
        property_id,
        p.included_adults,
        p.missing_adult,
        p.extra_adult,
        serde_json::to_value(&p.children).map_err(|e| Error::internal(e.to_string()))?,
        p.standard_places,
        p.extra_bed
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal::dec;

    fn price() -> OccupancyPrice {
        let band = |from_age, to_age, amount| AgeBand {
            from_age,
            to_age,
            amount,
        };
        OccupancyPrice {
            unit_type_id: Uuid::nil(),
            included_adults: 2,
            missing_adult: dec!(15),
            extra_adult: dec!(30),
            children: vec![band(0, 2, dec!(0)), band(3, 11, dec!(12.50))],
            standard_places: Some(3),
            extra_bed: dec!(20),
        }
    }

    #[test]
    fn a_night_follows_its_guests() {
        let for_guests = |adults, ages: &[i32]| {
            let children_ages = ages.to_vec();
            price().apply(
                dec!(100),
                &Party {
                    adults,
                    children_ages,
                },
            )
        };
        assert_eq!(for_guests(2, &[]), dec!(100));
        assert_eq!(for_guests(1, &[]), dec!(85));
        assert_eq!(for_guests(3, &[]), dec!(130));
        assert_eq!(for_guests(4, &[]), dec!(180), "two more and one bed");
        assert_eq!(
            for_guests(2, &[1, 4]),
            dec!(132.50),
            "an infant needs a place as well"
        );
        assert_eq!(for_guests(1, &[12]), dec!(100), "no band: an adult");
        assert_eq!(
            price().apply(
                dec!(10),
                &Party {
                    adults: 1,
                    children_ages: vec![]
                }
            ),
            dec!(0)
        );
    }
}
