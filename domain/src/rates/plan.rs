//! Rate plans: base, or derived from a base plan by percent or amount.

use crate::db::TenantTx;
use crate::error::{Error, Refusal, Result};
use crate::event::{self, NewEvent};
use crate::ids::new_id;
use crate::money;
use crate::principal::{Permission, Principal};
use crate::property;
use chrono::{DateTime, Utc};
use iso_currency::Currency;
use rust_decimal::Decimal;
use serde_json::json;
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
    pub version: i32,
}

pub struct NewRatePlan {
    pub code: String,
    pub name: String,
    pub derived: Option<(Uuid, Adjustment)>,
}

struct Row {
    id: Uuid,
    property_id: Uuid,
    code: String,
    name: String,
    parent_id: Option<Uuid>,
    adjust_kind: Option<String>,
    adjust_value: Option<Decimal>,
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
    let plan = RatePlan {
        id: new_id(),
        property_id,
        code: property::name(&new.code, "/code")?,
        name: property::name(&new.name, "/name")?,
        derived: new.derived,
        version: 1,
    };
    let (kind, value) = new.derived.map(|(_, a)| a.columns()).unzip();
    sqlx::query!(
        "insert into rate_plan (tenant_id, id, property_id, code, name, parent_id, adjust_kind, adjust_value)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        tx.t(),
        plan.id,
        property_id,
        plan.code,
        plan.name,
        new.derived.map(|(parent, _)| parent),
        kind,
        value
    )
    .execute(&mut **tx)
    .await?;
    let event = NewEvent {
        kind: "rate_plan.created",
        property_id: Some(property_id),
        subject_id: plan.id,
        actor: &who.actor,
        data: json!({}),
        at: now,
    };
    event::append(tx, event).await?;
    crate::jobs::kick(tx).await?;
    Ok(plan)
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
        "select id, property_id, code, name, parent_id, adjust_kind, adjust_value, version
         from rate_plan where tenant_id = $1 and id = $2",
        tx.t(),
        id
    )
    .fetch_optional(&mut **tx)
    .await?;
    row.ok_or_else(|| Refusal::not_found("rate plan"))?.try_into()
}

pub async fn list(tx: &mut TenantTx, who: &Principal, property_id: Uuid) -> Result<Vec<RatePlan>> {
    who.require(Permission::ReadInventory)?;
    property::get(tx, property_id).await?;
    of_property(tx, property_id).await
}

pub async fn of_property(tx: &mut TenantTx, property_id: Uuid) -> Result<Vec<RatePlan>> {
    let rows = sqlx::query_as!(
        Row,
        "select id, property_id, code, name, parent_id, adjust_kind, adjust_value, version
         from rate_plan where tenant_id = $1 and property_id = $2 order by code",
        tx.t(),
        property_id
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter().map(RatePlan::try_from).collect()
}
