//! Setting a house up at a channel from here: what is sold and not known there yet. Each thing made there is recorded in a
//! transaction of its own, so that what breaks off half-way goes on where it stopped.

use super::connection::{self, Connection, logged, mark_horizon};
use crate::booking::unmapped;
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::identity::{random_token, token_hash};
use crate::ports::channel::{RemoteProducts, RemoteRate, RemoteRoom};
use crate::principal::{Permission, Principal};
use crate::property;
use crate::text::folded;
use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

/// Somebody who sets it up and dies holds up the next for so long.
const LEASE_MINUTES: i64 = 5;

/// A unit type that is sold.
#[derive(Debug, Clone)]
pub struct Room {
    pub unit_type_id: Uuid,
    pub code: String,
    pub title: String,
    pub units: i64,
    pub occupancy: i32,
    /// The channel's room, if it is mapped.
    pub external_id: Option<String>,
}

/// A rate plan that has a price for a unit type on some night to come.
#[derive(Debug, Clone)]
pub struct Rate {
    pub unit_type_id: Uuid,
    pub rate_plan_id: Uuid,
    /// The plan's.
    pub code: String,
    pub title: String,
    pub occupancy: i32,
    pub external_id: Option<String>,
}

/// What a property sells, beside what its channel knows of it.
pub struct House {
    pub connection: Connection,
    pub title: String,
    pub currency: String,
    pub zone: String,
    pub rooms: Vec<Room>,
    pub rates: Vec<Rate>,
}

/// For who may look at channels, or for who may change them.
pub async fn read(tx: &mut TenantTx, who: &Principal, may: Permission, id: Uuid) -> Result<House> {
    who.require(may)?;
    let connection = connection::get(tx, id).await?;
    let property = property::get(tx, connection.property_id).await?;
    let rooms = sqlx::query_as!(
        Room,
        r#"select t.id as unit_type_id, t.code, t.name as title, t.max_occupancy as occupancy,
                  m.external_id as "external_id?",
                  (select count(*) from unit u where u.tenant_id = $1 and u.unit_type_id = t.id) as "units!"
           from unit_type t
           left join channel_room_map m on m.tenant_id = $1 and m.connection_id = $2 and m.unit_type_id = t.id
           where t.tenant_id = $1 and t.property_id = $3 and t.active order by t.code"#,
        tx.t(),
        id,
        property.id
    )
    .fetch_all(&mut **tx)
    .await?;
    let rates = sqlx::query_as!(
        Rate,
        r#"select t.id as unit_type_id, p.id as rate_plan_id, p.code, p.name as title, t.max_occupancy as occupancy,
                  m.external_id as "external_id?"
           from rate_plan p
           join unit_type t on t.tenant_id = $1 and t.property_id = p.property_id and t.active
           left join channel_rate_map m on m.tenant_id = $1 and m.connection_id = $2 and m.unit_type_id = t.id
                and m.rate_plan_id = p.id
           where p.tenant_id = $1 and p.property_id = $3
             and (m.external_id is not null or exists (
                 select from rate_night n
                 where n.tenant_id = $1 and n.rate_plan_id = coalesce(p.parent_id, p.id) and n.unit_type_id = t.id
                   and n.night >= $4 and n.price > 0))
           order by t.code, p.code"#,
        tx.t(),
        id,
        property.id,
        property.business_date
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(House {
        connection,
        title: property.name,
        currency: property.currency,
        zone: property.zone,
        rooms,
        rates,
    })
}

/// The same, for one who will set it up: nobody else may meanwhile.
///
/// # Errors
/// 409 `set_up_running`.
pub async fn take(tx: &mut TenantTx, who: &Principal, id: Uuid, now: DateTime<Utc>) -> Result<House> {
    who.require(Permission::WriteChannels)?;
    let house = read(tx, who, Permission::WriteChannels, id).await?;
    let taken = sqlx::query_scalar!(
        "update channel_connection set set_up_until = $4
         where tenant_id = $1 and id = $2 and (set_up_until is null or set_up_until <= $3) returning id",
        tx.t(),
        id,
        now,
        now + Duration::minutes(LEASE_MINUTES)
    )
    .fetch_optional(&mut **tx)
    .await?;
    if taken.is_none() {
        let detail = "somebody sets this connection up right now";
        return Err(Refusal::conflict("set_up_running", detail).into());
    }
    Ok(house)
}

pub async fn keep_property(tx: &mut TenantTx, id: Uuid, external: &str) -> Result<()> {
    sqlx::query!(
        "update channel_connection set external_property = $3, version = version + 1
         where tenant_id = $1 and id = $2",
        tx.t(),
        id,
        external
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// One that was mapped meanwhile stays as it is.
pub async fn keep_room(tx: &mut TenantTx, id: Uuid, unit_type: Uuid, external: &str) -> Result<()> {
    sqlx::query!(
        "insert into channel_room_map (tenant_id, connection_id, unit_type_id, external_id)
         values ($1, $2, $3, $4) on conflict do nothing",
        tx.t(),
        id,
        unit_type,
        external
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// One that was mapped meanwhile stays as it is.
pub async fn keep_rate(tx: &mut TenantTx, id: Uuid, rate: &Rate, external: &str) -> Result<()> {
    sqlx::query!(
        "insert into channel_rate_map (tenant_id, connection_id, unit_type_id, rate_plan_id, external_id)
         values ($1, $2, $3, $4, $5) on conflict do nothing",
        tx.t(),
        id,
        rate.unit_type_id,
        rate.rate_plan_id,
        external
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// One more address at which the channel calls us; the last part of its path.
pub async fn another_endpoint(tx: &mut TenantTx, id: Uuid) -> Result<String> {
    let token = random_token();
    sqlx::query!(
        "insert into channel_endpoint (token_hash, tenant_id, connection_id) values ($1, $2, $3)",
        token_hash(&token),
        tx.t(),
        id
    )
    .execute(&mut **tx)
    .await?;
    Ok(token)
}

/// However it ended: the next may begin, and what has been mapped is told.
pub async fn finish(tx: &mut TenantTx, who: &Principal, id: Uuid, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update channel_connection set set_up_until = null where tenant_id = $1 and id = $2",
        tx.t(),
        id
    )
    .execute(&mut **tx)
    .await?;
    let connection = connection::get(tx, id).await?;
    unmapped::follow_mapping(tx, who, &connection, now).await?;
    mark_horizon(tx, &connection).await?;
    logged(tx, who, "channel_connection.set_up", &connection, now).await
}

/// What stands for what of ours: by the mapping, or, where there is none, by name, or by the only one of its size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match<T> {
    Mapped(T),
    /// A guess, for a person to look at.
    Suggested(T),
    None,
}

/// Whose titles are the same, but for case and blanks.
pub fn same_title(ours: &str, theirs: &str) -> bool {
    folded(ours) == folded(theirs)
}

pub fn room(house: &House, all: &RemoteProducts, remote: &RemoteRoom) -> Match<Uuid> {
    if let Some(known) = house
        .rooms
        .iter()
        .find(|r| r.external_id.as_deref() == Some(&remote.id))
    {
        return Match::Mapped(known.unit_type_id);
    }
    let open = || house.rooms.iter().filter(|r| r.external_id.is_none());
    if let Some(named) = open().find(|r| same_title(&r.title, &remote.title)) {
        return Match::Suggested(named.unit_type_id);
    }
    let theirs = |r: &&RemoteRoom| {
        !house
            .rooms
            .iter()
            .any(|ours| ours.external_id.as_ref() == Some(&r.id))
    };
    let size = |r: &Room| u32::try_from(r.occupancy).ok();
    let same_size = all
        .rooms
        .iter()
        .filter(theirs)
        .filter(|r| r.occupancy == remote.occupancy);
    let mut ours = open().filter(|r| remote.occupancy.is_some() && size(r) == remote.occupancy);
    match (ours.next(), ours.next(), same_size.count()) {
        (Some(only), None, 1) => Match::Suggested(only.unit_type_id),
        _ => Match::None,
    }
}

/// (unit type, rate plan); within the room that the rate is of.
pub fn rate(house: &House, all: &RemoteProducts, remote: &RemoteRate) -> Match<(Uuid, Uuid)> {
    let product = |r: &Rate| (r.unit_type_id, r.rate_plan_id);
    if let Some(known) = house
        .rates
        .iter()
        .find(|r| r.external_id.as_deref() == Some(&remote.id))
    {
        return Match::Mapped(product(known));
    }
    let of = remote
        .room
        .as_ref()
        .and_then(|id| all.rooms.iter().find(|r| r.id == *id));
    let unit_type = match of.map(|of| room(house, all, of)) {
        Some(Match::Mapped(id) | Match::Suggested(id)) => id,
        _ => return Match::None,
    };
    let open = |r: &&Rate| r.unit_type_id == unit_type && r.external_id.is_none();
    let named = house
        .rates
        .iter()
        .filter(open)
        .find(|r| same_title(&r.title, &remote.title));
    named.map_or(Match::None, |r| Match::Suggested(product(r)))
}

/// What is wrong with a connection: nothing can be sold right as long as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem<'a> {
    /// The channel sells in this one.
    WrongCurrency(&'a str),
    /// Mapped, and not known there.
    UnknownRoom(&'a str),
    UnknownRate(&'a str),
    /// Mapped to a rate of another room.
    RateOfAnotherRoom(&'a str),
}

pub fn problems<'a>(house: &'a House, all: &'a RemoteProducts) -> Vec<Problem<'a>> {
    let mut found = Vec::new();
    let currencies = all
        .rates
        .iter()
        .map(|r| &r.currency)
        .chain([&all.property.currency]);
    let mut other = currencies.flatten().filter(|c| **c != house.currency);
    found.extend(other.next().map(|c| Problem::WrongCurrency(c)));
    for external in house.rooms.iter().filter_map(|r| r.external_id.as_deref()) {
        if !all.rooms.iter().any(|r| r.id == external) {
            found.push(Problem::UnknownRoom(external));
        }
    }
    for ours in &house.rates {
        let Some(external) = ours.external_id.as_deref() else {
            continue;
        };
        let room = house.rooms.iter().find(|r| r.unit_type_id == ours.unit_type_id);
        let room = room.and_then(|r| r.external_id.as_ref());
        match all.rates.iter().find(|r| r.id == external) {
            None => found.push(Problem::UnknownRate(external)),
            Some(rate) if rate.room.is_some() && rate.room.as_ref() != room => {
                found.push(Problem::RateOfAnotherRoom(external));
            }
            Some(_) => {}
        }
    }
    found
}
