//! Our calendar of a unit, as one channel is shown it: the nights in which it must not sell the unit, and nothing about
//! whom they are taken by. What came from that channel is left out.
//!
//! A night is taken by what is in the unit, by another channel's claim, or because nothing of the unit type is left: a
//! stay that has no unit yet needs one of them.

use super::connection::Known;
use crate::channel::feed::{Dates, Nights};
use crate::db::TenantTx;
use crate::error::{Error, Result};
use chrono::{DateTime, NaiveDate, Utc};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use uuid::Uuid;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// The same for the same reservation or closure in every calendar, whatever happens to its dates.
    pub id: Uuid,
    pub dates: Dates,
    /// When it became what it is: the same content gives the same calendar, byte by byte.
    pub changed_at: DateTime<Utc>,
}

/// A unit's calendar.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The unit's name.
    pub name: String,
    pub taken: Vec<Taken>,
}

/// For the channel of this connection, which has been told so from now on: see [`crate::channel::feed`] on echoes.
pub async fn show(tx: &mut TenantTx, connection: Uuid, now: DateTime<Utc>) -> Result<Shown> {
    let known = Known::lock(tx, connection).await?;
    let today = known.today(now);
    let mut taken = in_unit(tx, &known, today).await?;
    taken.extend(without_unit(tx, &known, today).await?);
    let named: Nights = taken.iter().map(|t| t.dates).collect();
    let rest = elsewhere(tx, &known, today).await?.into_iter();
    let rest: Nights = rest.filter(|night| !named.contains(*night)).collect();
    taken.extend(rest.runs().iter().map(|dates| Taken {
        id: derived(known.unit_id, dates.from()),
        dates: *dates,
        changed_at: known.created_at,
    }));
    taken.sort_by_key(|t| (t.dates, t.id));
    told(tx, &known, &taken, today, now).await?;
    Ok(Shown {
        name: known.unit_name,
        taken,
    })
}

/// Stays and maintenance that are in the unit.
async fn in_unit(tx: &mut TenantTx, known: &Known, today: NaiveDate) -> Result<Vec<Taken>> {
    let rows = sqlx::query!(
        r#"select coalesce(s.reservation_id, s.maintenance_id) as "id!", s.from_night, s.to_night,
                  coalesce(b.updated_at, m.created_at) as "at!"
           from stay_segment s
           left join reservation r on r.tenant_id = $1 and r.id = s.reservation_id
           left join booking b on b.tenant_id = $1 and b.id = r.booking_id
           left join maintenance m on m.tenant_id = $1 and m.id = s.maintenance_id
           where s.tenant_id = $1 and s.unit_id = $2 and s.to_night > $3
           order by s.from_night"#,
        tx.t(),
        known.unit_id,
        today
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut by_owner: BTreeMap<Uuid, (DateTime<Utc>, Vec<Dates>)> = BTreeMap::new();
    for row in rows {
        let of = by_owner.entry(row.id).or_insert((row.at, Vec::new()));
        of.1.extend(Dates::new(row.from_night, row.to_night));
    }
    Ok(events(by_owner))
}

/// Nights of stays that have no unit yet, where the type has no other.
async fn without_unit(tx: &mut TenantTx, known: &Known, today: NaiveDate) -> Result<Vec<Taken>> {
    let rows = sqlx::query!(
        "select n.reservation_id, n.night, b.updated_at from reservation_night n
         join reservation r on r.tenant_id = $1 and r.id = n.reservation_id and r.departure > $4
              and r.status in ('tentative', 'confirmed', 'in_house')
         join booking b on b.tenant_id = $1 and b.id = r.booking_id
         where n.tenant_id = $1 and n.unit_type_id = $2
           and not exists (select from unit u where u.tenant_id = $1 and u.unit_type_id = $2 and u.id <> $3)
           and not exists (select from stay_segment s where s.tenant_id = $1 and s.reservation_id = r.id
                           and s.from_night <= n.night and s.to_night > n.night)",
        tx.t(),
        known.unit_type_id,
        known.unit_id,
        today
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut by_stay: BTreeMap<Uuid, (DateTime<Utc>, Vec<Dates>)> = BTreeMap::new();
    for row in rows {
        let of = by_stay
            .entry(row.reservation_id)
            .or_insert((row.updated_at, Vec::new()));
        of.1.extend(Dates::night(row.night));
    }
    Ok(events(by_stay))
}

/// One event for each run of nights; the first is named by its owner.
fn events(by_owner: BTreeMap<Uuid, (DateTime<Utc>, Vec<Dates>)>) -> Vec<Taken> {
    let runs = |(owner, (changed_at, dates)): (Uuid, (DateTime<Utc>, Vec<Dates>))| {
        let nights: Nights = dates.into_iter().collect();
        let event = move |(i, dates): (usize, &Dates)| Taken {
            id: if i == 0 {
                owner
            } else {
                derived(owner, dates.from())
            },
            dates: *dates,
            changed_at,
        };
        nights.runs().iter().enumerate().map(event).collect::<Vec<_>>()
    };
    by_owner.into_iter().flat_map(runs).collect()
}

/// Nights claimed by other channels for this unit, and nights on which nothing of its type is left. What the channel
/// itself takes does not count against it, nor do nights that are merely held: it would hear its own words again.
async fn elsewhere(tx: &mut TenantTx, known: &Known, today: NaiveDate) -> Result<Vec<NaiveDate>> {
    Ok(sqlx::query_scalar!(
        r#"select i.night as "night!" from inventory i
           where i.tenant_id = $1 and i.unit_type_id = $2 and i.night >= $5
             and i.capacity + i.overbooking_limit - i.out_of_order - i.blocked - i.held - i.sold
                 + (select count(*) from calendar_night c
                    where c.tenant_id = $1 and c.unit_type_id = $2 and c.night = i.night
                      and (c.connection_id = $4 or not c.claimed)) <= 0
           union
           select night from calendar_night
           where tenant_id = $1 and unit_id = $3 and night >= $5 and connection_id <> $4 and claimed
           order by 1"#,
        tx.t(),
        known.unit_type_id,
        known.unit_id,
        known.id,
        today
    )
    .fetch_all(&mut **tx)
    .await?)
}

async fn told(
    tx: &mut TenantTx,
    known: &Known,
    taken: &[Taken],
    today: NaiveDate,
    now: DateTime<Utc>,
) -> Result<()> {
    let future = |dates: Dates| Dates::new(dates.from().max(today), dates.to());
    let nights: Nights = taken.iter().filter_map(|t| future(t.dates)).collect();
    let json = serde_json::to_value(&nights).map_err(|e| Error::internal(e.to_string()))?;
    sqlx::query!(
        "update calendar_connection set told = $3, fetched_at = $4 where tenant_id = $1 and id = $2",
        tx.t(),
        known.id,
        json,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Another id of the same owner, the same each time.
fn derived(of: Uuid, from: NaiveDate) -> Uuid {
    let digest = Sha256::new()
        .chain_update(of.as_bytes())
        .chain_update(from.to_string())
        .finalize();
    let mut bytes = [0; 16];
    bytes
        .iter_mut()
        .zip(digest.iter())
        .for_each(|(to, from)| *to = *from);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}
