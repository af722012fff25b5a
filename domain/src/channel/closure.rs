//! Nights on which nothing is sold on one channel, while others sell on.

use super::connection::{self, logged};
use super::dirty::{self, Kind};
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::ids::new_id;
use crate::principal::{Permission, Principal};
use chrono::{DateTime, Days, NaiveDate, Utc};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Ranges of one connection.
pub const MOST: usize = 500;
/// Nights of one range: more than anything is sold ahead.
const MOST_NIGHTS: i64 = 1000;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Closure {
    /// `None`: every unit type.
    pub unit_type_id: Option<Uuid>,
    pub from: NaiveDate,
    /// The first night that is open again.
    pub to: NaiveDate,
}

/// In order of nights.
pub async fn read(tx: &mut TenantTx, who: &Principal, connection_id: Uuid) -> Result<Vec<Closure>> {
    who.require(Permission::ReadChannels)?;
    let known = connection::get(tx, connection_id).await?;
    all(tx, known.id).await
}

pub(super) async fn all(tx: &mut TenantTx, connection_id: Uuid) -> Result<Vec<Closure>> {
    Ok(sqlx::query_as!(
        Closure,
        r#"select unit_type_id, from_night as "from", to_night as "to" from channel_closure
           where tenant_id = $1 and connection_id = $2 order by from_night, to_night, unit_type_id"#,
        tx.t(),
        connection_id
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// Replaces all of them. What is closed or open now and was not before is told to the channel.
pub async fn replace(
    tx: &mut TenantTx,
    who: &Principal,
    connection_id: Uuid,
    closures: BTreeSet<Closure>,
    now: DateTime<Utc>,
) -> Result<Vec<Closure>> {
    who.require(Permission::WriteChannels)?;
    let connection = connection::open(tx, connection_id).await?;
    check(tx, connection.property_id, &closures).await?;
    let before: BTreeSet<Closure> = all(tx, connection_id).await?.into_iter().collect();
    insert(tx, connection_id, &closures).await?;
    // Who is not told has no marks.
    let told = before
        .symmetric_difference(&closures)
        .filter(|_| connection.receives_ari);
    for changed in told {
        mark(tx, connection_id, changed).await?;
    }
    logged(tx, who, "channel_connection.closed_out", &connection, now).await?;
    all(tx, connection_id).await
}

async fn check(tx: &mut TenantTx, property_id: Uuid, closures: &BTreeSet<Closure>) -> Result<()> {
    if closures.len() > MOST {
        let detail = format!("at most {MOST} ranges");
        return Err(Refusal::invalid("too_many_ranges", detail).at("/ranges").into());
    }
    for closure in closures {
        if !(1..=MOST_NIGHTS).contains(&(closure.to - closure.from).num_days()) {
            let detail = format!("a range has 1 to {MOST_NIGHTS} nights");
            return Err(Refusal::invalid("invalid_range", detail).at("/ranges").into());
        }
    }
    let wanted: BTreeSet<Uuid> = closures.iter().filter_map(|c| c.unit_type_id).collect();
    let wanted: Vec<Uuid> = wanted.into_iter().collect();
    let known = sqlx::query_scalar!(
        r#"select count(*) as "n!" from unit_type where tenant_id = $1 and property_id = $2 and id = any($3)"#,
        tx.t(),
        property_id,
        &wanted
    )
    .fetch_one(&mut **tx)
    .await?;
    if usize::try_from(known).ok() != Some(wanted.len()) {
        return Err(Refusal::not_found("unit type").at("/ranges").into());
    }
    Ok(())
}

async fn insert(tx: &mut TenantTx, connection_id: Uuid, closures: &BTreeSet<Closure>) -> Result<()> {
    sqlx::query!(
        "delete from channel_closure where tenant_id = $1 and connection_id = $2",
        tx.t(),
        connection_id
    )
    .execute(&mut **tx)
    .await?;
    let ids: Vec<Uuid> = closures.iter().map(|_| new_id()).collect();
    let unit_types: Vec<Option<Uuid>> = closures.iter().map(|c| c.unit_type_id).collect();
    let froms: Vec<NaiveDate> = closures.iter().map(|c| c.from).collect();
    let tos: Vec<NaiveDate> = closures.iter().map(|c| c.to).collect();
    sqlx::query!(
        "insert into channel_closure (tenant_id, connection_id, id, unit_type_id, from_night, to_night)
         select $1, $2, c.* from unnest($3::uuid[], $4::uuid[], $5::date[], $6::date[]) as c",
        tx.t(),
        connection_id,
        &ids,
        &unit_types as &[Option<Uuid>],
        &froms,
        &tos
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Both its units and its rates.
async fn mark(tx: &mut TenantTx, connection_id: Uuid, closure: &Closure) -> Result<()> {
    let Some(unit_type_id) = closure.unit_type_id else {
        return dirty::mark_connection(tx, connection_id, closure.from, closure.to).await;
    };
    let last = closure.to.checked_sub_days(Days::new(1)).unwrap_or(closure.from);
    let ends = [(unit_type_id, closure.from), (unit_type_id, last)];
    dirty::mark_cells(tx, connection_id, Kind::Availability, &ends).await?;
    dirty::mark_cells(tx, connection_id, Kind::Rates, &ends).await
}
