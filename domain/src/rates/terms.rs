//! Everything but nights that decides a price. What a property sells its stays by changes seldom and is wanted by every
//! booking and search: its [`Tariff`] is read in one statement and kept with the stamp it was read with. The database
//! gives the property a new stamp whenever a row of it changes (migration 0012), and the statement that reads the nights
//! reads the stamp too: nothing is ever priced by an old tariff.

use super::extra::{self, Extra};
use super::nights::{self, Nights, Want};
use super::occupancy::OccupancyPrice;
use super::plan::{self, RatePlan};
use super::policy::Policy;
use super::promo::{self, Promo};
use super::tax::TaxFee;
use super::taxes;
use crate::db::TenantTx;
use crate::error::{Error, Refusal, Result};
use crate::ids::TenantId;
use crate::money;
use chrono::NaiveDate;
use iso_currency::Currency;
use quick_cache::sync::Cache;
use serde::Deserialize;
use sqlx::types::Json;
use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, LazyLock};
use uuid::Uuid;

/// Tariffs kept by one process: the properties busy at a time, at some ten kilobytes each.
const MOST_KEPT: usize = 2_000;

/// By tenant and property: the last one that was read.
static KEPT: LazyLock<Cache<(TenantId, Uuid), Arc<Tariff>>> = LazyLock::new(|| Cache::new(MOST_KEPT));

/// A property's tariff, and what of its terms is of this moment.
pub struct Terms {
    tariff: Arc<Tariff>,
    pub business_date: NaiveDate,
    /// The one that was asked for.
    pub promo: Option<Promo>,
}

impl Deref for Terms {
    type Target = Tariff;
    fn deref(&self) -> &Tariff {
        &self.tariff
    }
}

/// A property's plans, active unit types, occupancy prices, taxes, fees, extras and policies.
pub struct Tariff {
    stamp: Uuid,
    /// The currency's code, and the currency.
    pub code: String,
    pub currency: Currency,
    pub plans: HashMap<Uuid, RatePlan>,
    pub unit_types: HashMap<Uuid, UnitType>,
    /// By (base plan, unit type).
    pub occupancy: HashMap<(Uuid, Uuid), OccupancyPrice>,
    /// Active ones, by code.
    pub taxes: Vec<TaxFee>,
    /// Active ones, by code.
    pub extras: Vec<Extra>,
    pub policies: HashMap<Uuid, Policy>,
}

#[derive(Deserialize)]
pub struct UnitType {
    pub id: Uuid,
    pub name: String,
    pub max_occupancy: i32,
}

#[derive(Deserialize)]
struct OccupancyRow {
    rate_plan_id: Uuid,
    #[serde(flatten)]
    price: OccupancyPrice,
}

#[derive(Deserialize)]
struct PolicyRow {
    id: Uuid,
    #[serde(flatten)]
    policy: Policy,
}

struct Row {
    stamp: Uuid,
    currency: String,
    plans: Option<Json<Vec<plan::Row>>>,
    unit_types: Option<Json<Vec<UnitType>>>,
    occupancy: Option<Json<Vec<OccupancyRow>>>,
    taxes: Option<Json<Vec<taxes::Row>>>,
    extras: Option<Json<Vec<extra::Row>>>,
    policies: Option<Json<Vec<PolicyRow>>>,
}

fn all<T>(rows: Option<Json<Vec<T>>>) -> Vec<T> {
    rows.map(|r| r.0).unwrap_or_default()
}

impl Terms {
    /// The property's terms, and the nights and stock that are wanted under its tariff: one read, unless the tariff has
    /// changed since it was kept.
    ///
    /// # Errors
    /// 404 for another tenant's property, 422 for a promo code that does not exist.
    pub async fn with_nights(
        tx: &mut TenantTx,
        property_id: Uuid,
        promo_code: Option<&str>,
        want: impl Fn(&Tariff) -> Want,
    ) -> Result<(Self, Nights)> {
        let code = promo_code.map(promo::normal);
        let kept = KEPT.get(&(tx.tenant(), property_id));
        let wanted = kept.as_deref().map(&want).unwrap_or_default();
        let (now, nights) = nights::read(tx, property_id, code.as_deref(), &wanted).await?;
        if code.is_some() && now.promo.is_none() {
            let detail = "there is no such promo code";
            return Err(Refusal::invalid("unknown_promo_code", detail)
                .at("promo_code")
                .into());
        }
        let (tariff, nights) = match kept {
            Some(kept) if kept.stamp == now.tariff_stamp => (kept, nights),
            _ => {
                let tariff = Tariff::load(tx, property_id).await?;
                let (_, nights) = nights::read(tx, property_id, None, &want(&tariff)).await?;
                (tariff, nights)
            }
        };
        let terms = Self {
            tariff,
            business_date: now.business_date,
            promo: now.promo,
        };
        Ok((terms, nights))
    }
}

impl Tariff {
    async fn load(tx: &mut TenantTx, property_id: Uuid) -> Result<Arc<Self>> {
        let row = read(tx, property_id).await?;
        let row = row.ok_or_else(|| Refusal::not_found("property"))?;
        let tariff = Arc::new(Self::try_from(row)?);
        KEPT.insert((tx.tenant(), property_id), tariff.clone());
        Ok(tariff)
    }

    pub fn policy_of(&self, plan: &RatePlan) -> Option<&Policy> {
        self.policies.get(&plan.policy_id?)
    }
}

impl TryFrom<Row> for Tariff {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            stamp: row.stamp,
            currency: money::currency(&row.currency)?,
            code: row.currency,
            plans: all(row.plans)
                .into_iter()
                .map(|p| RatePlan::try_from(p).map(|p| (p.id, p)))
                .collect::<Result<_>>()?,
            unit_types: all(row.unit_types).into_iter().map(|u| (u.id, u)).collect(),
            occupancy: all(row.occupancy)
                .into_iter()
                .map(|o| ((o.rate_plan_id, o.price.unit_type_id), o.price))
                .collect(),
            taxes: all(row.taxes)
                .into_iter()
                .map(TaxFee::try_from)
                .collect::<Result<_>>()?,
            extras: all(row.extras)
                .into_iter()
                .map(Extra::try_from)
                .collect::<Result<_>>()?,
            policies: all(row.policies).into_iter().map(|p| (p.id, p.policy)).collect(),
        })
    }
}

/// Numbers with decimals travel as text: a JSON number would be read as a float.
async fn read(tx: &mut TenantTx, property_id: Uuid) -> Result<Option<Row>> {
    Ok(sqlx::query_as!(
        Row,
        r#"select p.tariff_stamp as stamp, p.currency,
             (select json_agg(r) from (
                 select id, property_id, code, name, parent_id, adjust_kind, adjust_value::text, min_advance_days,
                        max_advance_days, policy_id, version
                 from rate_plan where tenant_id = $1 and property_id = $2) r) as "plans: Json<Vec<plan::Row>>",
             (select json_agg(r) from (
                 select id, name, max_occupancy
                 from unit_type where tenant_id = $1 and property_id = $2 and active) r) as "unit_types: Json<Vec<UnitType>>",
             (select json_agg(r) from (
                 select rate_plan_id, unit_type_id, included_adults, missing_adult::text, extra_adult::text, children,
                        standard_places, extra_bed::text
                 from occupancy_price where tenant_id = $1 and property_id = $2) r)
                 as "occupancy: Json<Vec<OccupancyRow>>",
             (select json_agg(r) from (
                 select id, property_id, code, name, kind, charge, value::text, included, base, from_age, to_age,
                        cap_nights, cap_amount::text, valid_from, valid_to, active, version
                 from tax_fee where tenant_id = $1 and property_id = $2 and active order by code) r)
                 as "taxes: Json<Vec<taxes::Row>>",
             (select json_agg(r) from (
                 select id, property_id, code, name, charge, price::text, active, version
                 from extra where tenant_id = $1 and property_id = $2 and active order by code) r)
                 as "extras: Json<Vec<extra::Row>>",
             (select json_agg(r) from (
                 select id, code, name, text, cancellation, no_show, deposit_percent::text
                 from policy where tenant_id = $1 and property_id = $2) r) as "policies: Json<Vec<PolicyRow>>"
           from property p where p.tenant_id = $1 and p.id = $2"#,
        tx.t(),
        property_id
    )
    .fetch_optional(&mut **tx)
    .await?)
}
