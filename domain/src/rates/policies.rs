//! A property's cancellation policies: setting them up. Rate plans point to them, reservations freeze them.

use super::policy::{Penalty, Policy, Tier};
use super::{logged, written};
use crate::db::TenantTx;
use crate::error::{Error, Refusal, Result};
use crate::ids::new_id;
use crate::money;
use crate::principal::{Permission, Principal};
use crate::property::{self, Property, check_version};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

const MOST_TIERS: usize = 10;
const LONGEST_TEXT: usize = 4000;
/// A tier begins at most two years before the arrival.
const EARLIEST: i32 = 17_520;

/// A policy as a property keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyEntry {
    pub id: Uuid,
    pub property_id: Uuid,
    pub terms: Policy,
    /// May rate plans point to it?
    pub active: bool,
    pub version: i32,
}

/// Absent = leave.
#[derive(Default)]
pub struct PolicyChange {
    pub name: Option<String>,
    pub text: Option<String>,
    pub cancellation: Option<Vec<Tier>>,
    pub no_show: Option<Penalty>,
    pub deposit_percent: Option<Decimal>,
    pub active: Option<bool>,
}

struct Row {
    id: Uuid,
    property_id: Uuid,
    code: String,
    name: String,
    text: String,
    cancellation: serde_json::Value,
    no_show: serde_json::Value,
    deposit_percent: Decimal,
    active: bool,
    version: i32,
}

impl TryFrom<Row> for PolicyEntry {
    type Error = Error;
    fn try_from(r: Row) -> Result<Self> {
        let unreadable = |e: serde_json::Error| Error::internal(format!("policy {}: {e}", r.id));
        let terms = Policy {
            code: r.code,
            name: r.name,
            text: r.text,
            cancellation: serde_json::from_value(r.cancellation).map_err(unreadable)?,
            no_show: serde_json::from_value(r.no_show).map_err(unreadable)?,
            deposit_percent: r.deposit_percent,
        };
        Ok(Self {
            id: r.id,
            property_id: r.property_id,
            terms,
            active: r.active,
            version: r.version,
        })
    }
}

fn json<T: serde::Serialize>(value: &T) -> Result<serde_json::Value> {
    serde_json::to_value(value).map_err(|e| Error::internal(e.to_string()))
}

/// The terms, tidied: tiers from the earliest on.
fn checked(mut p: Policy, property: &Property) -> Result<Policy, Refusal> {
    p.name = property::name(&p.name, "/name")?;
    p.code = property::name(&p.code, "/code")?;
    if p.text.trim().is_empty() || p.text.chars().count() > LONGEST_TEXT || p.text.contains('\0') {
        return Err(Refusal::invalid("invalid_text", format!("1 to {LONGEST_TEXT} characters")).at("/text"));
    }
    if p.cancellation.len() > MOST_TIERS {
        return Err(
            Refusal::invalid("out_of_range", format!("at most {MOST_TIERS} tiers")).at("/cancellation"),
        );
    }
    for (i, tier) in p.cancellation.iter().enumerate() {
        if !(0..=EARLIEST).contains(&tier.hours_before) {
            let at = format!("/cancellation/{i}/hours_before");
            return Err(Refusal::invalid("out_of_range", format!("0 to {EARLIEST} hours")).at(at));
        }
        check_penalty(tier.penalty, property).map_err(|r| r.at(format!("/cancellation/{i}/penalty")))?;
    }
    check_penalty(p.no_show, property).map_err(|r| r.at("/no_show"))?;
    if !percent(p.deposit_percent) {
        return Err(
            Refusal::invalid("out_of_range", "0 to 100 percent, at most 3 decimals").at("/deposit_percent"),
        );
    }
    p.cancellation.sort_by_key(|t| std::cmp::Reverse(t.hours_before));
    if p.cancellation
        .windows(2)
        .any(|w| w.first().map(|t| t.hours_before) == w.last().map(|t| t.hours_before))
    {
        return Err(Refusal::invalid("duplicate", "two tiers begin at the same hour").at("/cancellation"));
    }
    Ok(p)
}

fn percent(p: Decimal) -> bool {
    (Decimal::ZERO..=Decimal::ONE_HUNDRED).contains(&p) && p.scale() <= 3
}

fn check_penalty(penalty: Penalty, property: &Property) -> Result<(), Refusal> {
    match penalty {
        Penalty::Percent(p) if !percent(p) => Err(Refusal::invalid(
            "out_of_range",
            "0 to 100 percent, at most 3 decimals",
        )),
        Penalty::Nights(n) if !(1..=730).contains(&n) => {
            Err(Refusal::invalid("out_of_range", "1 to 730 nights"))
        }
        Penalty::Amount(a) => money::price(a, money::currency(&property.currency)?).map(|_| ()),
        Penalty::Nothing | Penalty::Percent(_) | Penalty::Nights(_) => Ok(()),
    }
}

pub async fn create(
    tx: &mut TenantTx,
    who: &Principal,
    property_id: Uuid,
    new: Policy,
    now: DateTime<Utc>,
) -> Result<(PolicyEntry, String)> {
    who.require(Permission::WriteRates)?;
    let property = property::get(tx, property_id).await?;
    let entry = PolicyEntry {
        id: new_id(),
        property_id,
        terms: checked(new, &property)?,
        active: true,
        version: 1,
    };
    let p = &entry.terms;
    sqlx::query!(
        "insert into policy (tenant_id, id, property_id, code, name, text, cancellation, no_show, deposit_percent)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        tx.t(),
        entry.id,
        property_id,
        p.code,
        p.name,
        p.text,
        json(&p.cancellation)?,
        json(&p.no_show)?,
        p.deposit_percent
    )
    .execute(&mut **tx)
    .await?;
    logged(tx, who, "policy.created", property_id, entry.id, now).await?;
    Ok((entry, property.currency))
}

/// By code, and the property's currency.
pub async fn list(
    tx: &mut TenantTx,
    who: &Principal,
    property_id: Uuid,
) -> Result<(Vec<PolicyEntry>, String)> {
    who.require(Permission::ReadInventory)?;
    let property = property::get(tx, property_id).await?;
    let rows = sqlx::query_as!(
        Row,
        "select id, property_id, code, name, text, cancellation, no_show, deposit_percent, active, version
         from policy where tenant_id = $1 and property_id = $2 order by code",
        tx.t(),
        property_id
    )
    .fetch_all(&mut **tx)
    .await?;
    let all = rows
        .into_iter()
        .map(PolicyEntry::try_from)
        .collect::<Result<_>>()?;
    Ok((all, property.currency))
}

pub async fn find(tx: &mut TenantTx, property_id: Uuid, id: Uuid) -> Result<PolicyEntry> {
    let row = sqlx::query_as!(
        Row,
        "select id, property_id, code, name, text, cancellation, no_show, deposit_percent, active, version
         from policy where tenant_id = $1 and id = $2 and property_id = $3",
        tx.t(),
        id,
        property_id
    )
    .fetch_optional(&mut **tx)
    .await?;
    row.ok_or_else(|| Refusal::not_found("policy"))?.try_into()
}

pub async fn change(
    tx: &mut TenantTx,
    who: &Principal,
    (property_id, id): (Uuid, Uuid),
    change: PolicyChange,
    expected: Option<i32>,
    now: DateTime<Utc>,
) -> Result<(PolicyEntry, String)> {
    who.require(Permission::WriteRates)?;
    let property = property::get(tx, property_id).await?;
    let mut entry = find(tx, property_id, id).await?;
    check_version(entry.version, expected)?;
    let old = entry.terms;
    let terms = Policy {
        code: old.code,
        name: change.name.unwrap_or(old.name),
        text: change.text.unwrap_or(old.text),
        cancellation: change.cancellation.unwrap_or(old.cancellation),
        no_show: change.no_show.unwrap_or(old.no_show),
        deposit_percent: change.deposit_percent.unwrap_or(old.deposit_percent),
    };
    entry.terms = checked(terms, &property)?;
    if change.active == Some(false) && entry.active {
        refuse_in_use(tx, &entry).await?;
    }
    entry.active = change.active.unwrap_or(entry.active);
    entry.version += 1;
    let p = &entry.terms;
    let changed = sqlx::query!(
        "update policy set name = $3, text = $4, cancellation = $5, no_show = $6, deposit_percent = $7, version = $8,
             active = $9
         where tenant_id = $1 and id = $2 and version = $8 - 1",
        tx.t(),
        id,
        p.name,
        p.text,
        json(&p.cancellation)?,
        json(&p.no_show)?,
        p.deposit_percent,
        entry.version,
        entry.active
    )
    .execute(&mut **tx)
    .await?;
    written(changed.rows_affected(), "policy")?;
    logged(tx, who, "policy.changed", property_id, id, now).await?;
    Ok((entry, property.currency))
}

/// 409 naming the rate plans that are sold under it.
async fn refuse_in_use(tx: &mut TenantTx, entry: &PolicyEntry) -> Result<()> {
    let plans = sqlx::query_scalar!(
        "select code from rate_plan where tenant_id = $1 and policy_id = $2 order by code",
        tx.t(),
        entry.id
    )
    .fetch_all(&mut **tx)
    .await?;
    if plans.is_empty() {
        return Ok(());
    }
    let detail = format!("sold under it: {}", plans.join(", "));
    Err(Refusal::conflict("in_use", detail).at("/active").into())
}
