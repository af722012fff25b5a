//! Properties, unit types and units: what there is to sell.

pub(crate) mod unit;
mod unit_type;

use crate::cards;
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::event::{self, NewEvent};
use crate::ids::new_id;
use crate::money;
use crate::principal::{Permission, Principal};
use chrono::{DateTime, Duration, NaiveDate, NaiveTime, TimeZone, Utc};
use serde_json::json;
pub use unit::{Cleanliness, Unit, UnitChange, change_unit, create_units, get_unit, units};
pub use unit_type::{
    NewUnitType, UNIT_KINDS, UnitType, UnitTypeChange, change_unit_type, create_unit_type, get_unit_type,
    unit_types,
};
use uuid::Uuid;

pub const KINDS: [&str; 4] = ["hotel", "host", "hostel", "marina"];
/// Longest name or code of anything.
pub const LONGEST_NAME: usize = 200;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Property {
    pub id: Uuid,
    pub name: String,
    pub kind: String,
    /// IANA zone, e.g. `Europe/Berlin`.
    pub zone: String,
    /// ISO 4217.
    pub currency: String,
    /// Moved by the night audit alone, not by midnight.
    pub business_date: NaiveDate,
    /// From when on the day of arrival a guest may come, by the house's clock.
    pub check_in: NaiveTime,
    /// Until when on the day of departure a guest may stay.
    pub check_out: NaiveTime,
    pub version: i32,
}

impl Property {
    /// Hours from `now` until check-in on that day, rounded up, so that no tier begins before its hour; negative
    /// afterwards. A local time that does not exist because clocks were put forward counts as the first one after it.
    pub fn hours_before_check_in(&self, arrival: NaiveDate, now: DateTime<Utc>) -> i64 {
        let zone: chrono_tz::Tz = self.zone.parse().unwrap_or(chrono_tz::UTC);
        let local = arrival.and_time(self.check_in);
        let later = (0..=24).map(|half_hours| local + Duration::minutes(30 * half_hours));
        let instant = later
            .filter_map(|l| zone.from_local_datetime(&l).earliest())
            .next();
        let until = instant.map_or_else(|| local.and_utc(), |i| i.with_timezone(&Utc)) - now;
        -(-until.num_seconds()).div_euclid(3600)
    }
}

pub struct NewProperty {
    pub name: String,
    pub kind: String,
    pub zone: String,
    pub currency: String,
}

/// Absent = leave as it is.
#[derive(Default)]
pub struct PropertyChange {
    pub name: Option<String>,
    pub zone: Option<String>,
    pub check_in: Option<NaiveTime>,
    pub check_out: Option<NaiveTime>,
}

/// Not empty, not endless, no control characters.
pub fn name(text: &str, pointer: &str) -> Result<String, Refusal> {
    let trimmed = text.trim();
    if trimmed.is_empty() || trimmed.chars().count() > LONGEST_NAME || trimmed.chars().any(char::is_control) {
        let detail = format!("1 to {LONGEST_NAME} characters, no control characters");
        return Err(Refusal::invalid("invalid_text", detail).at(pointer));
    }
    Ok(cards::masked(trimmed).into_owned())
}

fn zone(text: &str) -> Result<chrono_tz::Tz, Refusal> {
    text.parse().map_err(|_| {
        Refusal::invalid("unknown_zone", format!("`{text}` is not an IANA time zone")).at("/zone")
    })
}

pub async fn create(
    tx: &mut TenantTx,
    who: &Principal,
    new: NewProperty,
    now: DateTime<Utc>,
) -> Result<Property> {
    who.require(Permission::WriteInventory)?;
    if !KINDS.contains(&new.kind.as_str()) {
        return Err(Refusal::invalid("unknown_kind", format!("one of {KINDS:?}"))
            .at("/kind")
            .into());
    }
    let currency = money::currency(&new.currency).map_err(|r| r.at("/currency"))?;
    let business_date = now.with_timezone(&zone(&new.zone)?).date_naive();
    let property = Property {
        id: new_id(),
        name: name(&new.name, "/name")?,
        kind: new.kind,
        zone: new.zone,
        currency: currency.code().to_owned(),
        business_date,
        check_in: NaiveTime::from_hms_opt(15, 0, 0).unwrap_or_default(),
        check_out: NaiveTime::from_hms_opt(11, 0, 0).unwrap_or_default(),
        version: 1,
    };
    sqlx::query!(
        "insert into property (tenant_id, id, name, kind, zone, currency, business_date, check_in, check_out,
             created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        tx.t(),
        property.id,
        property.name,
        property.kind,
        property.zone,
        property.currency,
        property.business_date,
        property.check_in,
        property.check_out,
        now
    )
    .execute(&mut **tx)
    .await?;
    logged(tx, who, "property.created", property.id, property.id, now).await?;
    Ok(property)
}

/// The property, or the same 404 for another tenant's.
pub async fn get(tx: &mut TenantTx, id: Uuid) -> Result<Property> {
    let found = sqlx::query_as!(
        Property,
        "select id, name, kind, zone, currency, business_date, check_in, check_out, version from property
         where tenant_id = $1 and id = $2",
        tx.t(),
        id
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(found.ok_or_else(|| Refusal::not_found("property"))?)
}

/// By id, after `after`.
pub async fn list(
    tx: &mut TenantTx,
    who: &Principal,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Property>> {
    who.require(Permission::ReadInventory)?;
    Ok(sqlx::query_as!(
        Property,
        "select id, name, kind, zone, currency, business_date, check_in, check_out, version from property
         where tenant_id = $1 and ($2::uuid is null or id > $2) order by id limit $3",
        tx.t(),
        after,
        limit
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// `expected` is the version of an If-Match header.
pub async fn change(
    tx: &mut TenantTx,
    who: &Principal,
    id: Uuid,
    change: PropertyChange,
    expected: Option<i32>,
    now: DateTime<Utc>,
) -> Result<Property> {
    who.require(Permission::WriteInventory)?;
    let before = get(tx, id).await?;
    check_version(before.version, expected)?;
    let new_name = change.name.map(|n| name(&n, "/name")).transpose()?;
    if let Some(new_zone) = &change.zone {
        zone(new_zone)?;
    }
    let after = sqlx::query_as!(
        Property,
        "update property set name = coalesce($3, name), zone = coalesce($4, zone), check_in = coalesce($6, check_in),
             check_out = coalesce($7, check_out), version = version + 1
         where tenant_id = $1 and id = $2 and version = $5
         returning id, name, kind, zone, currency, business_date, check_in, check_out, version",
        tx.t(),
        id,
        new_name,
        change.zone,
        before.version,
        change.check_in,
        change.check_out
    )
    .fetch_optional(&mut **tx)
    .await?
    .ok_or_else(|| Refusal::stale("someone else changed the property just now"))?;
    logged(tx, who, "property.changed", id, id, now).await?;
    Ok(after)
}

/// 412 unless the caller's version, if it named one, is the current one.
pub fn check_version(current: i32, expected: Option<i32>) -> Result<(), Refusal> {
    match expected {
        Some(version) if version != current => Err(Refusal::stale(format!(
            "the current version is {current}, not {version}"
        ))),
        _ => Ok(()),
    }
}

async fn logged(
    tx: &mut TenantTx,
    who: &Principal,
    kind: &'static str,
    property: Uuid,
    subject: Uuid,
    at: DateTime<Utc>,
) -> Result<()> {
    let event = NewEvent {
        kind,
        property_id: Some(property),
        subject_id: subject,
        actor: &who.actor,
        data: json!({}),
        at,
    };
    event::append(tx, event).await?;
    crate::jobs::kick(tx).await
}
