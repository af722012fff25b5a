//! Unit types: what is sold of a property.

use super::{check_version, get, logged, name};
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::ids::new_id;
use crate::inventory;
use crate::principal::{Permission, Principal};
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

/// What a unit type's units are.
pub const UNIT_KINDS: [&str; 4] = ["room", "apartment", "bed", "berth"];

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitType {
    pub id: Uuid,
    pub property_id: Uuid,
    pub code: String,
    pub name: String,
    /// One of [`UNIT_KINDS`].
    pub kind: String,
    /// Persons of any age.
    pub max_occupancy: i32,
    /// Is it sold?
    pub active: bool,
    pub version: i32,
}

pub struct NewUnitType {
    pub code: String,
    pub name: String,
    /// One of [`UNIT_KINDS`].
    pub kind: String,
    pub max_occupancy: i32,
}

/// Adds a unit type without units, and opens its nights up to the booking horizon.
pub async fn create_unit_type(
    tx: &mut TenantTx,
    who: &Principal,
    property_id: Uuid,
    new: NewUnitType,
    now: DateTime<Utc>,
) -> Result<UnitType> {
    who.require(Permission::WriteInventory)?;
    let property = get(tx, property_id).await?;
    check_occupancy(new.max_occupancy)?;
    if !UNIT_KINDS.contains(&new.kind.as_str()) {
        return Err(Refusal::invalid("unknown_kind", format!("one of {UNIT_KINDS:?}"))
            .at("/kind")
            .into());
    }
    let unit_type = UnitType {
        id: new_id(),
        property_id,
        code: name(&new.code, "/code")?,
        name: name(&new.name, "/name")?,
        kind: new.kind,
        max_occupancy: new.max_occupancy,
        active: true,
        version: 1,
    };
    sqlx::query!(
        "insert into unit_type (tenant_id, id, property_id, code, name, kind, max_occupancy)
         values ($1, $2, $3, $4, $5, $6, $7)",
        tx.t(),
        unit_type.id,
        property_id,
        unit_type.code,
        unit_type.name,
        unit_type.kind,
        unit_type.max_occupancy
    )
    .execute(&mut **tx)
    .await?;
    inventory::open_nights(
        tx,
        unit_type.id,
        property.business_date,
        inventory::horizon(property.business_date),
    )
    .await?;
    logged(tx, who, "unit_type.created", property_id, unit_type.id, now).await?;
    Ok(unit_type)
}

fn check_occupancy(persons: i32) -> Result<(), Refusal> {
    if (1..=100).contains(&persons) {
        return Ok(());
    }
    Err(Refusal::invalid("out_of_range", "1 to 100 persons").at("/max_occupancy"))
}

/// Absent = leave as it is.
#[derive(Default)]
pub struct UnitTypeChange {
    pub name: Option<String>,
    pub max_occupancy: Option<i32>,
    pub active: Option<bool>,
}

/// What was sold stays as it was. A type that is not active is neither offered nor sold.
///
/// # Errors
/// 409 `in_use` when a type that stays are sold of, or a channel sells, is to be made inactive.
pub async fn change_unit_type(
    tx: &mut TenantTx,
    who: &Principal,
    (property_id, id): (Uuid, Uuid),
    change: UnitTypeChange,
    expected: Option<i32>,
    now: DateTime<Utc>,
) -> Result<UnitType> {
    who.require(Permission::WriteInventory)?;
    let mut unit_type = get_unit_type(tx, id).await?;
    if unit_type.property_id != property_id {
        return Err(Refusal::not_found("unit type").into());
    }
    check_version(unit_type.version, expected)?;
    if let Some(new) = change.name {
        unit_type.name = name(&new, "/name")?;
    }
    if let Some(persons) = change.max_occupancy {
        check_occupancy(persons)?;
        unit_type.max_occupancy = persons;
    }
    if change.active == Some(false) && unit_type.active {
        refuse_in_use(tx, &unit_type).await?;
    }
    unit_type.active = change.active.unwrap_or(unit_type.active);
    unit_type.version += 1;
    let changed = sqlx::query!(
        "update unit_type set name = $3, max_occupancy = $4, active = $5, version = $6
         where tenant_id = $1 and id = $2 and version = $6 - 1",
        tx.t(),
        id,
        unit_type.name,
        unit_type.max_occupancy,
        unit_type.active,
        unit_type.version
    )
    .execute(&mut **tx)
    .await?;
    if changed.rows_affected() != 1 {
        return Err(Refusal::stale("someone else changed the unit type just now").into());
    }
    logged(tx, who, "unit_type.changed", property_id, id, now).await?;
    Ok(unit_type)
}

/// 409 naming what still needs the type: nights sold or held from the business date on, and channels.
async fn refuse_in_use(tx: &mut TenantTx, unit_type: &UnitType) -> Result<()> {
    let today = get(tx, unit_type.property_id).await?.business_date;
    let last: Option<NaiveDate> = sqlx::query_scalar!(
        "select max(night) from inventory
         where tenant_id = $1 and unit_type_id = $2 and night >= $3 and sold + held > 0",
        tx.t(),
        unit_type.id,
        today
    )
    .fetch_one(&mut **tx)
    .await?;
    let channels = sqlx::query_scalar!(
        r#"select c.name from channel_room_map m
           join channel_connection c on c.tenant_id = $1 and c.id = m.connection_id
           where m.tenant_id = $1 and m.unit_type_id = $2 order by c.name"#,
        tx.t(),
        unit_type.id
    )
    .fetch_all(&mut **tx)
    .await?;
    let stays = last.map(|night| format!("stays, holds or groups until the night of {night}"));
    let mapped = (!channels.is_empty()).then(|| format!("the mapping of {}", channels.join(", ")));
    let users: Vec<String> = stays.into_iter().chain(mapped).collect();
    if users.is_empty() {
        return Ok(());
    }
    let detail = format!("{} is used by {}", unit_type.code, users.join(" and "));
    Err(Refusal::conflict("in_use", detail).at("/active").into())
}

pub async fn get_unit_type(tx: &mut TenantTx, id: Uuid) -> Result<UnitType> {
    let found = sqlx::query_as!(
        UnitType,
        "select id, property_id, code, name, kind, max_occupancy, active, version from unit_type
         where tenant_id = $1 and id = $2",
        tx.t(),
        id
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(found.ok_or_else(|| Refusal::not_found("unit type"))?)
}

pub async fn unit_types(tx: &mut TenantTx, who: &Principal, property_id: Uuid) -> Result<Vec<UnitType>> {
    who.require(Permission::ReadInventory)?;
    get(tx, property_id).await?;
    Ok(sqlx::query_as!(
        UnitType,
        "select id, property_id, code, name, kind, max_occupancy, active, version from unit_type
         where tenant_id = $1 and property_id = $2 order by code",
        tx.t(),
        property_id
    )
    .fetch_all(&mut **tx)
    .await?)
}
