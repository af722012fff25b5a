//! A property's promo codes: setting them up.

use super::promo::{Discount, Limits, Promo, Row, normal};
use super::{logged, written};
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::ids::new_id;
use crate::money;
use crate::principal::{Permission, Principal};
use crate::property::{self, Property, check_version};
use crate::rates::ari::Patch;
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

const MOST_PLANS: usize = 100;
const LONGEST_CODE: usize = 40;

pub struct NewPromo {
    pub code: String,
    pub name: String,
    pub discount: Discount,
    pub limits: Limits,
}

/// Absent = leave, null = clear, value = set.
#[derive(Default)]
pub struct PromoChange {
    pub name: Option<String>,
    pub booking_from: Patch<NaiveDate>,
    pub booking_to: Patch<NaiveDate>,
    pub stay_from: Patch<NaiveDate>,
    pub stay_to: Patch<NaiveDate>,
    pub min_nights: Patch<i32>,
    pub rate_plan_ids: Patch<Vec<Uuid>>,
    pub usage_limit: Patch<i32>,
    pub active: Option<bool>,
}

async fn check(tx: &mut TenantTx, promo: &Promo, property: &Property) -> Result<()> {
    let refuse =
        |code, field: &str, detail: &str| Err(Refusal::invalid(code, detail).at(format!("/{field}")).into());
    let l = &promo.limits;
    match promo.discount {
        Discount::Percent(p) if p <= Decimal::ZERO || p > Decimal::ONE_HUNDRED || p.scale() > 3 => {
            return refuse(
                "out_of_range",
                "value",
                "more than 0, at most 100 percent, at most 3 decimals",
            );
        }
        Discount::Amount(a) if a.is_zero() => return refuse("out_of_range", "value", "more than 0"),
        Discount::Amount(a) => {
            money::price(a, money::currency(&property.currency)?).map_err(|r| r.at("/value"))?;
        }
        Discount::Percent(_) => {}
    }
    for (field, from, to) in [
        ("booking_to", l.booking_from, l.booking_to),
        ("stay_to", l.stay_from, l.stay_to),
    ] {
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            return refuse("to_before_from", field, "the last day, not before the first");
        }
    }
    if l.min_nights.is_some_and(|n| !(1..=730).contains(&n)) {
        return refuse("out_of_range", "min_nights", "1 to 730 nights");
    }
    if l.usage_limit.is_some_and(|n| n < 1) {
        return refuse("out_of_range", "usage_limit", "at least 1");
    }
    let plans = l.rate_plan_ids.as_deref().unwrap_or_default();
    if plans.len() > MOST_PLANS || l.rate_plan_ids.as_ref().is_some_and(Vec::is_empty) {
        return refuse(
            "out_of_range",
            "rate_plan_ids",
            "1 to 100 rate plans, or null for all",
        );
    }
    for (i, id) in plans.iter().enumerate() {
        let found = super::plan::find(tx, property.id, *id).await;
        found.map_err(|e| e.at(format!("/rate_plan_ids/{i}")))?;
    }
    Ok(())
}

pub async fn create(
    tx: &mut TenantTx,
    who: &Principal,
    property_id: Uuid,
    new: NewPromo,
    now: DateTime<Utc>,
) -> Result<(Promo, String)> {
    who.require(Permission::WriteRates)?;
    let property = property::get(tx, property_id).await?;
    let promo = Promo {
        id: new_id(),
        property_id,
        code: property::name(&normal(&new.code), "/code")?,
        name: property::name(&new.name, "/name")?,
        discount: new.discount,
        limits: new.limits,
        used: 0,
        active: true,
        version: 1,
    };
    if promo.code.chars().count() > LONGEST_CODE {
        return Err(
            Refusal::invalid("too_long", format!("at most {LONGEST_CODE} characters"))
                .at("/code")
                .into(),
        );
    }
    check(tx, &promo, &property).await?;
    let (kind, value) = promo.discount.columns();
    let l = &promo.limits;
    sqlx::query!(
        "insert into promo_code (tenant_id, id, property_id, code, name, kind, value, booking_from, booking_to,
             stay_from, stay_to, min_nights, rate_plan_ids, usage_limit)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        tx.t(),
        promo.id,
        property_id,
        promo.code,
        promo.name,
        kind,
        value,
        l.booking_from,
        l.booking_to,
        l.stay_from,
        l.stay_to,
        l.min_nights,
        l.rate_plan_ids.as_deref(),
        l.usage_limit
    )
    .execute(&mut **tx)
    .await?;
    logged(tx, who, "promo_code.created", property_id, promo.id, now).await?;
    Ok((promo, property.currency))
}

/// By id, after `after`, inactive ones included; and the property's currency.
pub async fn list(
    tx: &mut TenantTx,
    who: &Principal,
    property_id: Uuid,
    after: Option<Uuid>,
    limit: i64,
) -> Result<(Vec<Promo>, String)> {
    who.require(Permission::ReadInventory)?;
    let property = property::get(tx, property_id).await?;
    let rows = sqlx::query_as!(
        Row,
        "select id, property_id, code, name, kind, value, booking_from, booking_to, stay_from, stay_to, min_nights,
                rate_plan_ids, usage_limit, used, active, version
         from promo_code where tenant_id = $1 and property_id = $2 and ($3::uuid is null or id > $3)
         order by id limit $4",
        tx.t(),
        property_id,
        after,
        limit
    )
    .fetch_all(&mut **tx)
    .await?;
    let all = rows.into_iter().map(Promo::try_from).collect::<Result<_>>()?;
    Ok((all, property.currency))
}

pub async fn change(
    tx: &mut TenantTx,
    who: &Principal,
    (property_id, id): (Uuid, Uuid),
    change: PromoChange,
    expected: Option<i32>,
    now: DateTime<Utc>,
) -> Result<(Promo, String)> {
    who.require(Permission::WriteRates)?;
    let property = property::get(tx, property_id).await?;
    // Locked, because every booking with it changes it, too.
    let row = sqlx::query_as!(
        Row,
        "select id, property_id, code, name, kind, value, booking_from, booking_to, stay_from, stay_to, min_nights,
                rate_plan_ids, usage_limit, used, active, version
         from promo_code where tenant_id = $1 and id = $2 and property_id = $3 for update",
        tx.t(),
        id,
        property_id
    )
    .fetch_optional(&mut **tx)
    .await?;
    let mut promo: Promo = row.ok_or_else(|| Refusal::not_found("promo code"))?.try_into()?;
    check_version(promo.version, expected)?;
    if let Some(name) = change.name {
        promo.name = property::name(&name, "/name")?;
    }
    let l = &mut promo.limits;
    l.booking_from = change.booking_from.unwrap_or(l.booking_from);
    l.booking_to = change.booking_to.unwrap_or(l.booking_to);
    l.stay_from = change.stay_from.unwrap_or(l.stay_from);
    l.stay_to = change.stay_to.unwrap_or(l.stay_to);
    l.min_nights = change.min_nights.unwrap_or(l.min_nights);
    l.usage_limit = change.usage_limit.unwrap_or(l.usage_limit);
    if let Some(plans) = change.rate_plan_ids {
        l.rate_plan_ids = plans;
    }
    promo.active = change.active.unwrap_or(promo.active);
    promo.version += 1;
    check(tx, &promo, &property).await?;
    let l = &promo.limits;
    let changed = sqlx::query!(
        "update promo_code set name = $3, booking_from = $4, booking_to = $5, stay_from = $6, stay_to = $7,
             min_nights = $8, rate_plan_ids = $9, usage_limit = $10, active = $11, version = $12
         where tenant_id = $1 and id = $2",
        tx.t(),
        id,
        promo.name,
        l.booking_from,
        l.booking_to,
        l.stay_from,
        l.stay_to,
        l.min_nights,
        l.rate_plan_ids.as_deref(),
        l.usage_limit,
        promo.active,
        promo.version
    )
    .execute(&mut **tx)
    .await?;
    written(changed.rows_affected(), "promo code")?;
    logged(tx, who, "promo_code.changed", property_id, id, now).await?;
    Ok((promo, property.currency))
}
