//! Which of the channel's rooms and rates stand for which of ours.

use super::connection::{self, Connection, logged, mark_horizon};
use crate::booking::unmapped;
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::principal::{Permission, Principal};
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use uuid::Uuid;

/// The channel's ids of what is sold there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mapping {
    /// unit type -> the channel's room type.
    pub rooms: HashMap<Uuid, String>,
    /// (unit type, rate plan) -> the channel's rate plan.
    pub rates: HashMap<(Uuid, Uuid), String>,
}

impl Mapping {
    pub async fn read(tx: &mut TenantTx, connection_id: Uuid) -> Result<Self> {
        let rooms = sqlx::query!(
            "select unit_type_id, external_id from channel_room_map where tenant_id = $1 and connection_id = $2",
            tx.t(),
            connection_id
        )
        .fetch_all(&mut **tx)
        .await?;
        let rates = sqlx::query!(
            "select unit_type_id, rate_plan_id, external_id from channel_rate_map
             where tenant_id = $1 and connection_id = $2",
            tx.t(),
            connection_id
        )
        .fetch_all(&mut **tx)
        .await?;
        Ok(Self {
            rooms: rooms
                .into_iter()
                .map(|r| (r.unit_type_id, r.external_id))
                .collect(),
            rates: rates
                .into_iter()
                .map(|r| ((r.unit_type_id, r.rate_plan_id), r.external_id))
                .collect(),
        })
    }

    pub fn unit_type(&self, external: &str) -> Option<Uuid> {
        self.rooms
            .iter()
            .find(|(_, e)| e.as_str() == external)
            .map(|(id, _)| *id)
    }

    pub fn rate_plan(&self, external: &str) -> Option<Uuid> {
        self.rates
            .iter()
            .find(|(_, e)| e.as_str() == external)
            .map(|((_, plan), _)| *plan)
    }
}

/// Replaces the whole mapping, and marks everything it sells dirty. What was sold under a code that stood for nothing and
/// now does gets its room.
pub async fn set_mapping(
    tx: &mut TenantTx,
    who: &Principal,
    connection_id: Uuid,
    mapping: &Mapping,
    now: DateTime<Utc>,
) -> Result<()> {
    who.require(Permission::WriteChannels)?;
    let connection = connection::open(tx, connection_id).await?;
    check_products(tx, &connection, mapping).await?;
    hold(tx, connection_id).await?;
    sqlx::query!(
        "delete from channel_rate_map where tenant_id = $1 and connection_id = $2",
        tx.t(),
        connection_id
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "delete from channel_room_map where tenant_id = $1 and connection_id = $2",
        tx.t(),
        connection_id
    )
    .execute(&mut **tx)
    .await?;
    let (room_types, rooms): (Vec<Uuid>, Vec<String>) = mapping.rooms.clone().into_iter().unzip();
    sqlx::query!(
        "insert into channel_room_map (tenant_id, connection_id, unit_type_id, external_id)
         select $1, $2, m.* from unnest($3::uuid[], $4::text[]) as m",
        tx.t(),
        connection_id,
        &room_types,
        &rooms
    )
    .execute(&mut **tx)
    .await?;
    let (products, rates): (Vec<(Uuid, Uuid)>, Vec<String>) = mapping.rates.clone().into_iter().unzip();
    let (unit_types, plans): (Vec<Uuid>, Vec<Uuid>) = products.into_iter().unzip();
    sqlx::query!(
        "insert into channel_rate_map (tenant_id, connection_id, unit_type_id, rate_plan_id, external_id)
         select $1, $2, m.* from unnest($3::uuid[], $4::uuid[], $5::text[]) as m",
        tx.t(),
        connection_id,
        &unit_types,
        &plans,
        &rates
    )
    .execute(&mut **tx)
    .await?;
    unmapped::follow_mapping(tx, who, &connection, now).await?;
    sqlx::query!(
        "delete from ari_shadow where tenant_id = $1 and connection_id = $2",
        tx.t(),
        connection_id
    )
    .execute(&mut **tx)
    .await?;
    mark_horizon(tx, &connection).await?;
    logged(tx, who, "channel_connection.mapped", &connection, now).await
}

/// No call is begun meanwhile, and what is under way says nothing of the rooms that are mapped from now on.
async fn hold(tx: &mut TenantTx, connection_id: Uuid) -> Result<()> {
    sqlx::query!(
        "select id from channel_connection where tenant_id = $1 and id = $2 for no key update",
        tx.t(),
        connection_id
    )
    .fetch_one(&mut **tx)
    .await?;
    sqlx::query!(
        "update channel_sync set mapped = mapped + 1 where tenant_id = $1 and connection_id = $2",
        tx.t(),
        connection_id
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Every id must be this property's, and a rate can only be mapped where its room is.
async fn check_products(tx: &mut TenantTx, connection: &Connection, mapping: &Mapping) -> Result<()> {
    let unit_types: Vec<Uuid> = mapping.rooms.keys().copied().collect();
    let plans: Vec<Uuid> = mapping
        .rates
        .keys()
        .map(|(_, p)| *p)
        .collect::<std::collections::BTreeSet<_>>()
        .into_iter()
        .collect();
    let known = sqlx::query!(
        r#"select (select count(*) from unit_type
                   where tenant_id = $1 and property_id = $2 and id = any($3) and active) as "u!",
                  (select count(*) from rate_plan where tenant_id = $1 and property_id = $2 and id = any($4)) as "p!""#,
        tx.t(),
        connection.property_id,
        &unit_types,
        &plans
    )
    .fetch_one(&mut **tx)
    .await?;
    if usize::try_from(known.u).ok() != Some(unit_types.len()) {
        return Err(Refusal::not_found("unit type").at("/rooms").into());
    }
    if usize::try_from(known.p).ok() != Some(plans.len()) {
        return Err(Refusal::not_found("rate plan").at("/rates").into());
    }
    check_codes(connection, mapping)?;
    if mapping
        .rates
        .keys()
        .any(|(unit_type, _)| !mapping.rooms.contains_key(unit_type))
    {
        let detail = "a rate can only be mapped where its unit type is";
        return Err(Refusal::invalid("room_not_mapped", detail).at("/rates").into());
    }
    Ok(())
}

/// A channel's rate plan is one product, but for portals: theirs hold for several rooms, and stand for one plan of ours.
fn check_codes(connection: &Connection, mapping: &Mapping) -> Result<(), Refusal> {
    let portal = connection.protocol == "alpinebits";
    let mut known = HashMap::new();
    let twice = mapping.rates.iter().find(|((_, plan), code)| {
        known
            .insert(code.as_str(), *plan)
            .is_some_and(|other| !portal || other != *plan)
    });
    twice.map_or(Ok(()), |(_, code)| {
        let detail = format!("{code} is mapped to more than one rate");
        Err(Refusal::invalid("mapped_twice", detail).at("/rates"))
    })
}
