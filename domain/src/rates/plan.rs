//! Rate plans: base, or derived from a base plan by percent or amount.

use crate::db::TenantTx;
use crate::error::{Error, Refusal, Result};
use crate::ids::new_id;
use crate::money;
use crate::principal::{Permission, Principal};
use crate::property::{self, check_version};
use crate::rates::ari::Patch;
use crate::rates::{logged, policies, written};
use chrono::{DateTime, Utc};
use iso_currency::Currency;
use rust_decimal::Decimal;
use uuid::Uuid;

/// How a derived plan's price comes from its parent's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adjustment {
    /// -10 = ten percent less.
    Percent(Decimal),
    /// In the property's currency, per night.
    Amount(Decimal),
}

impl Adjustment {
    /// Never below zero; rounded half up to the currency's exponent.
    pub fn apply(self, price: Decimal, currency: Currency) -> Decimal {
        let raw = match self {
            Self::Percent(p) => price + price * p / Decimal::ONE_HUNDRED,
            Self::Amount(a) => price + a,
        };
        money::round(raw.max(Decimal::ZERO), currency)
    }

    pub fn from_columns(kind: Option<&str>, value: Option<Decimal>) -> Result<Option<Self>> {
        match (kind, value) {
            (None, None) => Ok(None),
            (Some("percent"), Some(v)) => Ok(Some(Self::Percent(v))),
            (Some("amount"), Some(v)) => Ok(Some(Self::Amount(v))),
            other => Err(Error::internal(format!("rate plan adjustment {other:?}"))),
        }
    }

    fn columns(self) -> (&'static str, Decimal) {
        match self {
            Self::Percent(v) => ("percent", v),
            Self::Amount(v) => ("amount", v),
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct RatePlan {
    pub id: Uuid,
    pub property_id: Uuid,
    pub code: String,
    pub name: String,
    /// The base plan this one derives from, and how.
    pub derived: Option<(Uuid, Adjustment)>,
    pub advance: Advance,
    /// The terms it is sold under.
    pub policy_id: Option<Uuid>,
    pub version: i32,
}

impl RatePlan {
    /// Whose prices this plan sells at.
    pub fn source(&self) -> Uuid {
        self.derived.map_or(self.id, |(parent, _)| parent)
    }
}

/// How many days before the arrival one may book, counted from the property's business date.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Advance {
    pub min_days: Option<i32>,
    pub max_days: Option<i32>,
}

impl Advance {
    fn check(self) -> Result<(), Refusal> {
        for (field, days) in [("min", self.min_days), ("max", self.max_days)] {
            if days.is_some_and(|d| !(0..=730).contains(&d)) {
                return Err(
                    Refusal::invalid("out_of_range", "0 to 730 days").at(format!("/{field}_advance_days"))
                );
            }
        }
        if self
            .min_days
            .zip(self.max_days)
            .is_some_and(|(min, max)| min > max)
        {
            let detail =
                "no day is at least `min_advance_days` and at most `max_advance_days` before the arrival";
            return Err(Refusal::invalid("empty_window", detail).at("/max_advance_days"));
        }
        Ok(())
    }
}

#[derive(Default)]
pub struct NewRatePlan {
    pub code: String,
    pub name: String,
    pub derived: Option<(Uuid, Adjustment)>,
    pub advance: Advance,
    pub policy_id: Option<Uuid>,
}

/// Absent = leave, null = clear, value = set.
#[derive(Default)]
pub struct RatePlanChange {
    pub name: Option<String>,
    pub min_advance_days: Patch<i32>,
    pub max_advance_days: Patch<i32>,
    pub policy_id: Patch<Uuid>,
}

/// As stored, and as read with the terms of a property.
#[derive(serde::Deserialize)]
pub(super) struct Row {
    id: Uuid,
    property_id: Uuid,
    code: String,
    name: String,
    parent_id: Option<Uuid>,
    adjust_kind: Option<String>,
    adjust_value: Option<Decimal>,
    min_advance_days: Option<i32>,
    max_advance_days: Option<i32>,
    policy_id: Option<Uuid>,
    version: i32,
}

impl TryFrom<Row> for RatePlan {
    type Error = Error;
    fn try_from(r: Row) -> Result<Self> {
        let adjustment = Adjustment::from_columns(r.adjust_kind.as_deref(), r.adjust_value)?;
        Ok(Self {
            id: r.id,
            property_id: r.property_id,
            code: r.code,
            name: r.name,
            derived: r.parent_id.zip(adjustment),
            advance: Advance {
                min_days: r.min_advance_days,
                max_days: r.max_advance_days,
            },
            policy_id: r.policy_id,
            version: r.version,
        })
    }
}

/// One level only: a derived plan's parent must be a base plan, so that every price has one source.
pub async fn create(
    tx: &mut TenantTx,
    who: &Principal,
    property_id: Uuid,
    new: NewRatePlan,
    now: DateTime<Utc>,
) -> Result<RatePlan> {
    who.require(Permission::WriteRates)?;
    property::get(tx, property_id).await?;
    if let Some((parent, adjustment)) = new.derived {
        check_parent(tx, property_id, parent, adjustment).await?;
    }
    new.advance.check()?;
    check_policy(tx, property_id, new.policy_id).await?;
    let plan = RatePlan {
        id: new_id(),
        property_id,
        code: property::name(&new.code, "/code")?,
        name: property::name(&new.name, "/name")?,
        derived: new.derived,
        advance: new.advance,
        policy_id: new.policy_id,
        version: 1,
    };
    let (kind, value) = new.derived.map(|(_, a)| a.columns()).unzip();
    sqlx::query!(
        "insert into rate_plan (tenant_id, id, property_id, code, name, parent_id, adjust_kind, adjust_value,
             min_advance_days, max_advance_days, policy_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        tx.t(),
        plan.id,
        property_id,
        plan.code,
        plan.name,
        new.derived.map(|(parent, _)| parent),
        kind,
        value,
        plan.advance.min_days,
        plan.advance.max_days,
        plan.policy_id
    )
    .execute(&mut **tx)
    .await?;
    logged(tx, who, "rate_plan.created", property_id, plan.id, now).await?;
    Ok(plan)
}

/// `expected` is the version of an If-Match header.
pub async fn change(
    tx: &mut TenantTx,
    who: &Principal,
    (property_id, id): (Uuid, Uuid),
    change: RatePlanChange,
    expected: Option<i32>,
    now: DateTime<Utc>,
) -> Result<RatePlan> {
    who.require(Permission::WriteRates)?;
    let mut plan = find(tx, property_id, id).await?;
    check_version(plan.version, expected)?;
    let seen = plan.version;
    if let Some(name) = change.name {
        plan.name = property::name(&name, "/name")?;
    }
    plan.advance.min_days = change.min_advance_days.unwrap_or(plan.advance.min_days);
    plan.advance.max_days = change.max_advance_days.unwrap_or(plan.advance.max_days);
    plan.advance.check()?;
    plan.policy_id = change.policy_id.unwrap_or(plan.policy_id);
    check_policy(tx, property_id, plan.policy_id).await?;
    plan.version += 1;
    let changed = sqlx::query!(
        "update rate_plan set name = $3, min_advance_days = $4, max_advance_days = $5, policy_id = $6, version = $7
         where tenant_id = $1 and id = $2 and version = $8",
        tx.t(),
        id,
        plan.name,
        plan.advance.min_days,
        plan.advance.max_days,
        plan.policy_id,
        plan.version,
        seen
    )
    .execute(&mut **tx)
    .await?;
    written(changed.rows_affected(), "rate plan")?;
    logged(tx, who, "rate_plan.changed", property_id, id, now).await?;
    Ok(plan)
}

async fn check_policy(tx: &mut TenantTx, property_id: Uuid, policy: Option<Uuid>) -> Result<()> {
    let Some(id) = policy else { return Ok(()) };
    let found = policies::find(tx, property_id, id).await;
    if found.map_err(|e| e.at("/policy_id"))?.active {
        return Ok(());
    }
    let detail = "the policy is not active";
    Err(Refusal::conflict("inactive", detail).at("/policy_id").into())
}

async fn check_parent(tx: &mut TenantTx, property_id: Uuid, parent: Uuid, by: Adjustment) -> Result<()> {
    let parent = get(tx, parent).await?;
    if parent.property_id != property_id {
        return Err(Refusal::not_found("rate plan").at("/derived/parent_id").into());
    }
    if parent.derived.is_some() {
        let detail = "a plan derives from a base plan, not from a derived one";
        return Err(Refusal::invalid("parent_is_derived", detail)
            .at("/derived/parent_id")
            .into());
    }
    let (limit, value) = match by {
        Adjustment::Percent(v) => (Decimal::from(1000), v),
        Adjustment::Amount(v) => (money::LARGEST, v),
    };
    if value.abs() > limit || value.scale() > 3 || value < Decimal::NEGATIVE_ONE * limit {
        let detail = format!("at most {limit}, with at most 3 decimals");
        return Err(Refusal::invalid("out_of_range", detail)
            .at("/derived/value")
            .into());
    }
    Ok(())
}

pub async fn get(tx: &mut TenantTx, id: Uuid) -> Result<RatePlan> {
    let row = sqlx::query_as!(
        Row,
        "select id, property_id, code, name, parent_id, adjust_kind, adjust_value, min_advance_days,
                max_advance_days, policy_id, version
         from rate_plan where tenant_id = $1 and id = $2",
        tx.t(),
        id
    )
    .fetch_optional(&mut **tx)
    .await?;
    row.ok_or_else(|| Refusal::not_found("rate plan"))?.try_into()
}

/// A plan of this property.
pub async fn find(tx: &mut TenantTx, property_id: Uuid, id: Uuid) -> Result<RatePlan> {
    let plan = get(tx, id).await?;
    if plan.property_id != property_id {
        return Err(Refusal::not_found("rate plan").into());
    }
    Ok(plan)
}

pub async fn list(tx: &mut TenantTx, who: &Principal, property_id: Uuid) -> Result<Vec<RatePlan>> {
    who.require(Permission::ReadInventory)?;
    property::get(tx, property_id).await?;
    of_property(tx, property_id).await
}

pub async fn of_property(tx: &mut TenantTx, property_id: Uuid) -> Result<Vec<RatePlan>> {
    let rows = sqlx::query_as!(
        Row,
        "select id, property_id, code, name, parent_id, adjust_kind, adjust_value, min_advance_days,
                max_advance_days, policy_id, version
         from rate_plan where tenant_id = $1 and property_id = $2 order by code",
        tx.t(),
        property_id
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter().map(RatePlan::try_from).collect()
}
