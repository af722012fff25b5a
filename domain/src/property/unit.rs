//! Units: the rooms, apartments, beds and berths that a stay is put in.

use super::{get, get_unit_type, name};
use crate::db::TenantTx;
use crate::error::{Error, Refusal, Result};
use crate::event::{self, NewEvent};
use crate::ids::new_id;
use crate::inventory;
use crate::principal::{Permission, Principal};
use crate::property::{check_version, logged};
use chrono::{DateTime, Utc};
use rust_decimal::{Decimal, dec};
use serde_json::json;
use uuid::Uuid;

pub const MOST_FEATURES: usize = 50;
const LONGEST_METRES: Decimal = dec!(999.99);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cleanliness {
    Clean,
    Dirty,
    /// Clean, and somebody looked.
    Inspected,
}

impl Cleanliness {
    pub const ALL: [Self; 3] = [Self::Clean, Self::Dirty, Self::Inspected];

    pub fn name(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Dirty => "dirty",
            Self::Inspected => "inspected",
        }
    }

    pub fn parse(name: &str) -> Result<Self> {
        let known = Self::ALL.into_iter().find(|c| c.name() == name);
        known.ok_or_else(|| Error::internal(format!("unknown cleanliness `{name}`")))
    }

    /// May a guest be let in?
    pub fn ready(self) -> bool {
        self != Self::Dirty
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    pub id: Uuid,
    pub property_id: Uuid,
    pub unit_type_id: Uuid,
    pub name: String,
    pub floor: Option<String>,
    pub building: Option<String>,
    /// The dorm of a bed.
    pub room: Option<String>,
    /// Neighbours have neighbouring positions.
    pub position: i32,
    /// In the house's own words, sorted: `accessible`, `sea_view`.
    pub features: Vec<String>,
    /// The largest vessel a berth takes, in metres; `None` = no limit.
    pub max_length: Option<Decimal>,
    pub max_beam: Option<Decimal>,
    pub max_draft: Option<Decimal>,
    pub cleanliness: Cleanliness,
    pub version: i32,
}

pub(crate) struct UnitRow {
    pub id: Uuid,
    pub property_id: Uuid,
    pub unit_type_id: Uuid,
    pub name: String,
    pub floor: Option<String>,
    pub building: Option<String>,
    pub room: Option<String>,
    pub position: i32,
    pub features: Vec<String>,
    pub max_length: Option<Decimal>,
    pub max_beam: Option<Decimal>,
    pub max_draft: Option<Decimal>,
    pub cleanliness: String,
    pub version: i32,
}

impl UnitRow {
    pub fn entity(self) -> Result<Unit> {
        let u = self;
        Ok(Unit {
            id: u.id,
            property_id: u.property_id,
            unit_type_id: u.unit_type_id,
            name: u.name,
            floor: u.floor,
            building: u.building,
            room: u.room,
            position: u.position,
            features: u.features,
            max_length: u.max_length,
            max_beam: u.max_beam,
            max_draft: u.max_draft,
            cleanliness: Cleanliness::parse(&u.cleanliness)?,
            version: u.version,
        })
    }
}

/// Absent = leave; `Some(None)` = clear.
#[derive(Debug, Default)]
pub struct UnitChange {
    pub name: Option<String>,
    pub floor: Option<Option<String>>,
    pub building: Option<Option<String>>,
    pub room: Option<Option<String>>,
    pub position: Option<i32>,
    pub features: Option<Vec<String>>,
    pub max_length: Option<Option<Decimal>>,
    pub max_beam: Option<Option<Decimal>>,
    pub max_draft: Option<Option<Decimal>>,
}

/// Adds units of one type, placed after those there are; capacity rises by their number from the business date on, and
/// channels are told.
pub async fn create_units(
    tx: &mut TenantTx,
    who: &Principal,
    unit_type_id: Uuid,
    names: &[String],
    now: DateTime<Utc>,
) -> Result<Vec<Unit>> {
    who.require(Permission::WriteInventory)?;
    let unit_type = get_unit_type(tx, unit_type_id).await?;
    let property = get(tx, unit_type.property_id).await?;
    let ids: Vec<Uuid> = names.iter().map(|_| new_id()).collect();
    let checked = names.iter().enumerate();
    let names: Vec<String> = checked
        .map(|(i, text)| name(text, &format!("/names/{i}")))
        .collect::<Result<_, _>>()?;
    let rows = sqlx::query_as!(
        UnitRow,
        "insert into unit (tenant_id, id, property_id, unit_type_id, name, position)
         select $1, u.id, $2, $3, u.name, u.i::int + coalesce((
                    select max(position) from unit where tenant_id = $1 and property_id = $2), 0)
         from unnest($4::uuid[], $5::text[]) with ordinality as u (id, name, i)
         returning id, property_id, unit_type_id, name, floor, building, room, position, features, max_length,
                   max_beam, max_draft, cleanliness, version",
        tx.t(),
        property.id,
        unit_type_id,
        &ids,
        &names
    )
    .fetch_all(&mut **tx)
    .await?;
    let added = i32::try_from(rows.len()).map_err(|_| Refusal::invalid("out_of_range", "too many units"))?;
    inventory::add_capacity(tx, &property, unit_type_id, added).await?;
    logged(tx, who, "units.created", property.id, unit_type_id, now).await?;
    rows.into_iter().map(UnitRow::entity).collect()
}

/// By position.
pub async fn units(tx: &mut TenantTx, who: &Principal, property_id: Uuid) -> Result<Vec<Unit>> {
    who.require(Permission::ReadInventory)?;
    get(tx, property_id).await?;
    of_property(tx, property_id).await
}

pub(crate) async fn of_property(tx: &mut TenantTx, property_id: Uuid) -> Result<Vec<Unit>> {
    let rows = sqlx::query_as!(
        UnitRow,
        "select id, property_id, unit_type_id, name, floor, building, room, position, features, max_length, max_beam,
                max_draft, cleanliness, version
         from unit where tenant_id = $1 and property_id = $2 order by position, name",
        tx.t(),
        property_id
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter().map(UnitRow::entity).collect()
}

pub async fn get_unit(tx: &mut TenantTx, who: &Principal, id: Uuid) -> Result<Unit> {
    who.require(Permission::ReadInventory)?;
    let row = sqlx::query_as!(
        UnitRow,
        "select id, property_id, unit_type_id, name, floor, building, room, position, features, max_length, max_beam,
                max_draft, cleanliness, version
         from unit where tenant_id = $1 and id = $2",
        tx.t(),
        id
    )
    .fetch_optional(&mut **tx)
    .await?;
    row.ok_or_else(|| Refusal::not_found("unit"))?.entity()
}

/// Locks units in the order of their ids, so that who assigns the same ones waits; afterwards what is in them holds.
pub(crate) async fn lock_units(tx: &mut TenantTx, ids: &[Uuid]) -> Result<Vec<Unit>> {
    let rows = sqlx::query_as!(
        UnitRow,
        "select id, property_id, unit_type_id, name, floor, building, room, position, features, max_length, max_beam,
                max_draft, cleanliness, version
         from unit where tenant_id = $1 and id = any($2) order by id for no key update",
        tx.t(),
        ids
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter().map(UnitRow::entity).collect()
}

/// Changes what is said of a unit. Its type stays: nights were sold by it.
pub async fn change_unit(
    tx: &mut TenantTx,
    who: &Principal,
    id: Uuid,
    change: UnitChange,
    expected: Option<i32>,
    now: DateTime<Utc>,
) -> Result<Unit> {
    who.require(Permission::WriteInventory)?;
    let locked = lock_units(tx, &[id]).await?.pop();
    let mut unit = locked.ok_or_else(|| Refusal::not_found("unit"))?;
    check_version(unit.version, expected)?;
    merge(&mut unit, change)?;
    unit.version += 1;
    sqlx::query!(
        "update unit set name = $3, floor = $4, building = $5, room = $6, position = $7, features = $8,
                         max_length = $9, max_beam = $10, max_draft = $11, version = $12
         where tenant_id = $1 and id = $2",
        tx.t(),
        id,
        unit.name,
        unit.floor,
        unit.building,
        unit.room,
        unit.position,
        &unit.features,
        unit.max_length,
        unit.max_beam,
        unit.max_draft,
        unit.version
    )
    .execute(&mut **tx)
    .await?;
    logged(tx, who, "unit.changed", unit.property_id, id, now).await?;
    Ok(unit)
}

fn merge(unit: &mut Unit, change: UnitChange) -> Result<(), Refusal> {
    let text = |value: Option<Option<String>>, old: &mut Option<String>, at: &str| -> Result<(), Refusal> {
        if let Some(value) = value {
            *old = value.map(|v| name(&v, at)).transpose()?;
        }
        Ok(())
    };
    if let Some(new) = change.name {
        unit.name = name(&new, "/name")?;
    }
    text(change.floor, &mut unit.floor, "/floor")?;
    text(change.building, &mut unit.building, "/building")?;
    text(change.room, &mut unit.room, "/room")?;
    if let Some(position) = change.position {
        if !(0..=1_000_000).contains(&position) {
            return Err(Refusal::invalid("out_of_range", "0 to 1000000").at("/position"));
        }
        unit.position = position;
    }
    if let Some(all) = change.features {
        unit.features = features(all, "/features")?;
    }
    for (new, old, at) in [
        (change.max_length, &mut unit.max_length, "/max_length"),
        (change.max_beam, &mut unit.max_beam, "/max_beam"),
        (change.max_draft, &mut unit.max_draft, "/max_draft"),
    ] {
        if let Some(new) = new {
            *old = new.map(|m| metres(m, at)).transpose()?;
        }
    }
    Ok(())
}

/// Lower-case words as a house likes to name them; sorted, each once.
pub(crate) fn features(all: Vec<String>, at: &str) -> Result<Vec<String>, Refusal> {
    let word = |f: &str| {
        (1..=50).contains(&f.len())
            && f.bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    if all.len() > MOST_FEATURES || !all.iter().all(|f| word(f)) {
        let detail = format!("at most {MOST_FEATURES} words of 1 to 50 characters a-z, 0-9 and _");
        return Err(Refusal::invalid("invalid_features", detail).at(at));
    }
    let mut all = all;
    all.sort();
    all.dedup();
    Ok(all)
}

/// Centimetres are the finest that fits the column.
pub(crate) fn metres(value: Decimal, at: &str) -> Result<Decimal, Refusal> {
    if value <= Decimal::ZERO || value > LONGEST_METRES || value != value.round_dp(2) {
        let detail = format!("metres above 0, at most {LONGEST_METRES}, two decimal places");
        return Err(Refusal::invalid("out_of_range", detail).at(at));
    }
    Ok(value)
}

/// Cleaner, dirtier: said by housekeeping, or by a guest's leaving.
pub(crate) async fn set_cleanliness(
    tx: &mut TenantTx,
    who: &Principal,
    ids: &[Uuid],
    cleanliness: Cleanliness,
    now: DateTime<Utc>,
) -> Result<()> {
    let changed = sqlx::query!(
        "update unit set cleanliness = $3, version = version + 1
         where tenant_id = $1 and id = any($2) and cleanliness <> $3 returning id, property_id",
        tx.t(),
        ids,
        cleanliness.name()
    )
    .fetch_all(&mut **tx)
    .await?;
    for unit in changed {
        let event = NewEvent {
            kind: "unit.cleanliness_changed",
            property_id: Some(unit.property_id),
            subject_id: unit.id,
            actor: &who.actor,
            data: json!({ "cleanliness": cleanliness.name() }),
            at: now,
        };
        event::append(tx, event).await?;
    }
    Ok(())
}
