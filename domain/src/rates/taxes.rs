//! A property's taxes and fees: setting them up.

use super::tax::{Base, Charge, TaxFee};
use super::{Per, logged, written};
use crate::booking::line::LineKind;
use crate::db::TenantTx;
use crate::error::{Error, Refusal, Result};
use crate::ids::new_id;
use crate::money;
use crate::principal::{Permission, Principal};
use crate::property::{self, Property, check_version};
use crate::rates::ari::Patch;
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

/// Most taxes and fees of one property.
const MOST: usize = 50;

/// What is charged, and how, is said once: another tax is another entry.
#[derive(Clone)]
pub struct NewTaxFee {
    pub code: String,
    pub name: String,
    pub kind: LineKind,
    pub charge: Charge,
    pub value: Decimal,
    pub included: bool,
    pub from_age: Option<i32>,
    pub to_age: Option<i32>,
    pub cap_nights: Option<i32>,
    pub cap_amount: Option<Decimal>,
    pub valid_from: Option<NaiveDate>,
    pub valid_to: Option<NaiveDate>,
}

/// Absent = leave, null = clear, value = set.
#[derive(Default)]
pub struct TaxFeeChange {
    pub name: Option<String>,
    pub value: Option<Decimal>,
    pub cap_nights: Patch<i32>,
    pub cap_amount: Patch<Decimal>,
    pub valid_from: Patch<NaiveDate>,
    pub valid_to: Patch<NaiveDate>,
    pub active: Option<bool>,
}

#[derive(serde::Deserialize)]
pub(super) struct Row {
    id: Uuid,
    property_id: Uuid,
    code: String,
    name: String,
    kind: String,
    charge: String,
    value: Decimal,
    included: bool,
    base: Option<String>,
    from_age: Option<i32>,
    to_age: Option<i32>,
    cap_nights: Option<i32>,
    cap_amount: Option<Decimal>,
    valid_from: Option<NaiveDate>,
    valid_to: Option<NaiveDate>,
    active: bool,
    version: i32,
}

impl TryFrom<Row> for TaxFee {
    type Error = Error;
    fn try_from(r: Row) -> Result<Self> {
        Ok(Self {
            id: r.id,
            property_id: r.property_id,
            code: r.code,
            name: r.name,
            kind: LineKind::parse(&r.kind)?,
            charge: match r.base.as_deref() {
                None => Charge::Amount(Per::parse(&r.charge)?),
                Some("room") => Charge::Percent(Base::Room),
                Some("extras") => Charge::Percent(Base::Extras),
                Some("all") => Charge::Percent(Base::All),
                Some(other) => return Err(Error::internal(format!("unknown base `{other}`"))),
            },
            value: r.value,
            included: r.included,
            from_age: r.from_age,
            to_age: r.to_age,
            cap_nights: r.cap_nights,
            cap_amount: r.cap_amount,
            valid_from: r.valid_from,
            valid_to: r.valid_to,
            active: r.active,
            version: r.version,
        })
    }
}

impl Charge {
    fn columns(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Percent(Base::Room) => ("percent", Some("room")),
            Self::Percent(Base::Extras) => ("percent", Some("extras")),
            Self::Percent(Base::All) => ("percent", Some("all")),
            Self::Amount(per) => (per.name(), None),
        }
    }
}

fn refuse(code: &'static str, field: &str, detail: &str) -> Refusal {
    Refusal::invalid(code, detail).at(format!("/{field}"))
}

/// The rules of one entry by itself.
fn check(t: &TaxFee, property: &Property) -> Result<(), Refusal> {
    let currency = money::currency(&property.currency)?;
    match t.charge {
        Charge::Percent(_)
            if t.value.is_sign_negative() || t.value > Decimal::ONE_HUNDRED || t.value.scale() > 3 =>
        {
            return Err(refuse(
                "out_of_range",
                "value",
                "0 to 100 percent, at most 3 decimals",
            ));
        }
        Charge::Percent(_) => {}
        Charge::Amount(_) => {
            money::price(t.value, currency).map_err(|r| r.at("/value"))?;
        }
    }
    let by_person = matches!(t.charge, Charge::Amount(per) if per.by_person());
    let by_night = !matches!(t.charge, Charge::Amount(per) if !per.by_night());
    for (field, age) in [("from_age", t.from_age), ("to_age", t.to_age)] {
        if age.is_some() && !by_person {
            return Err(refuse(
                "not_by_person",
                field,
                "ages count for what is charged per person",
            ));
        }
        if age.is_some_and(|a| !(0..=150).contains(&a)) {
            return Err(refuse("out_of_range", field, "0 to 150 years"));
        }
    }
    if t.from_age.zip(t.to_age).is_some_and(|(from, to)| to < from) {
        return Err(refuse("out_of_range", "to_age", "not below `from_age`"));
    }
    if t.cap_nights.is_some() && !by_night {
        return Err(refuse(
            "not_by_night",
            "cap_nights",
            "nights count for what is charged by the night",
        ));
    }
    if t.cap_nights.is_some_and(|n| !(1..=730).contains(&n)) {
        return Err(refuse("out_of_range", "cap_nights", "1 to 730 nights"));
    }
    if let Some(cap) = t.cap_amount {
        money::price(cap, currency).map_err(|r| r.at("/cap_amount"))?;
    }
    if t.valid_from.zip(t.valid_to).is_some_and(|(from, to)| to < from) {
        return Err(refuse(
            "to_before_from",
            "valid_to",
            "the last night, not before `valid_from`",
        ));
    }
    Ok(())
}

pub async fn create(
    tx: &mut TenantTx,
    who: &Principal,
    property_id: Uuid,
    new: NewTaxFee,
    now: DateTime<Utc>,
) -> Result<TaxFee> {
    who.require(Permission::WriteRates)?;
    let property = property::get(tx, property_id).await?;
    let t = TaxFee {
        id: new_id(),
        property_id,
        code: property::name(&new.code, "/code")?,
        name: property::name(&new.name, "/name")?,
        kind: new.kind,
        charge: new.charge,
        value: new.value,
        included: new.included,
        from_age: new.from_age,
        to_age: new.to_age,
        cap_nights: new.cap_nights,
        cap_amount: new.cap_amount,
        valid_from: new.valid_from,
        valid_to: new.valid_to,
        active: true,
        version: 1,
    };
    check(&t, &property)?;
    if of_property(tx, property_id).await?.len() >= MOST {
        return Err(Refusal::conflict(
            "too_many",
            format!("a property has at most {MOST} taxes and fees"),
        )
        .into());
    }
    insert(tx, &t).await?;
    logged(tx, who, "tax_fee.created", property_id, t.id, now).await?;
    Ok(t)
}

async fn insert(tx: &mut TenantTx, t: &TaxFee) -> Result<()> {
    let (charge, base) = t.charge.columns();
    sqlx::query!(
        "insert into tax_fee (tenant_id, id, property_id, code, name, kind, charge, value, included, base, from_age,
             to_age, cap_nights, cap_amount, valid_from, valid_to)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        tx.t(),
        t.id,
        t.property_id,
        t.code,
        t.name,
        t.kind.name(),
        charge,
        t.value,
        t.included,
        base,
        t.from_age,
        t.to_age,
        t.cap_nights,
        t.cap_amount,
        t.valid_from,
        t.valid_to
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// By code, inactive ones included, and the property's currency.
pub async fn list(tx: &mut TenantTx, who: &Principal, property_id: Uuid) -> Result<(Vec<TaxFee>, String)> {
    who.require(Permission::ReadInventory)?;
    let property = property::get(tx, property_id).await?;
    Ok((of_property(tx, property_id).await?, property.currency))
}

async fn of_property(tx: &mut TenantTx, property_id: Uuid) -> Result<Vec<TaxFee>> {
    let rows = sqlx::query_as!(
        Row,
        "select id, property_id, code, name, kind, charge, value, included, base, from_age, to_age, cap_nights,
                cap_amount, valid_from, valid_to, active, version
         from tax_fee where tenant_id = $1 and property_id = $2 order by code",
        tx.t(),
        property_id
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter().map(TaxFee::try_from).collect()
}

pub async fn change(
    tx: &mut TenantTx,
    who: &Principal,
    (property_id, id): (Uuid, Uuid),
    change: TaxFeeChange,
    expected: Option<i32>,
    now: DateTime<Utc>,
) -> Result<TaxFee> {
    who.require(Permission::WriteRates)?;
    let property = property::get(tx, property_id).await?;
    let found = of_property(tx, property_id)
        .await?
        .into_iter()
        .find(|t| t.id == id);
    let mut t = found.ok_or_else(|| Refusal::not_found("tax or fee"))?;
    check_version(t.version, expected)?;
    if let Some(name) = change.name {
        t.name = property::name(&name, "/name")?;
    }
    t.value = change.value.unwrap_or(t.value);
    t.cap_nights = change.cap_nights.unwrap_or(t.cap_nights);
    t.cap_amount = change.cap_amount.unwrap_or(t.cap_amount);
    t.valid_from = change.valid_from.unwrap_or(t.valid_from);
    t.valid_to = change.valid_to.unwrap_or(t.valid_to);
    t.active = change.active.unwrap_or(t.active);
    t.version += 1;
    check(&t, &property)?;
    let changed = sqlx::query!(
        "update tax_fee set name = $3, value = $4, cap_nights = $5, cap_amount = $6, valid_from = $7, valid_to = $8,
             active = $9, version = $10
         where tenant_id = $1 and id = $2 and version = $10 - 1",
        tx.t(),
        id,
        t.name,
        t.value,
        t.cap_nights,
        t.cap_amount,
        t.valid_from,
        t.valid_to,
        t.active,
        t.version
    )
    .execute(&mut **tx)
    .await?;
    written(changed.rows_affected(), "tax or fee")?;
    logged(tx, who, "tax_fee.changed", property_id, id, now).await?;
    Ok(t)
}
