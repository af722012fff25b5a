//! The overbooking worklist: where more is sold than can be slept in, whose stays these are, and where else they could
//! sleep.

use crate::booking::personal;
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::principal::{Permission, Principal};
use crate::property;
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Longest range, in nights.
pub const MOST_NIGHTS: i64 = 100;
/// Stays and nights shown; `truncated` says that there are more.
pub const MOST_SHOWN: usize = 200;

#[derive(Debug, Clone, Default)]
pub struct Worklist {
    pub nights: Vec<ShortNight>,
    /// Latest booked first.
    pub stays: Vec<Concerned>,
    /// Channels' calendars that hold units of the types on those nights.
    pub calendars: Vec<Holding>,
    pub truncated: bool,
}

/// A night of a unit type with more stays than units to sleep in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShortNight {
    pub unit_type_id: Uuid,
    pub night: NaiveDate,
    pub stays: i32,
    /// Units that are neither out of order nor out of service.
    pub units: i32,
    pub forced: i32,
}

/// What a channel sold, as its calendar says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    pub connection_id: Uuid,
    /// The connection's.
    pub name: String,
    pub unit_id: Uuid,
    pub night: NaiveDate,
}

/// A stay that could give way: confirmed, not in house.
#[derive(Debug, Clone)]
pub struct Concerned {
    pub reservation_id: Uuid,
    pub booking_id: Uuid,
    pub reference: String,
    pub guest_name: String,
    pub booked_at: DateTime<Utc>,
    pub arrival: NaiveDate,
    pub departure: NaiveDate,
    pub unit_type_id: Option<Uuid>,
    /// Of the same property, free on every night of the stay.
    pub upgrades: Vec<Elsewhere>,
    /// In other properties of the tenant.
    pub walks: Vec<Elsewhere>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elsewhere {
    pub property_id: Uuid,
    pub property_name: String,
    pub unit_type_id: Uuid,
    pub unit_type_name: String,
    /// On the stay's fullest night.
    pub free: i32,
}

/// Nights `[from, to)`.
pub async fn worklist(
    tx: &mut TenantTx,
    who: &Principal,
    property_id: Uuid,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<Worklist> {
    who.require(Permission::ReadBookings)?;
    property::get(tx, property_id).await?;
    if from >= to || (to - from).num_days() > MOST_NIGHTS {
        let detail = format!("`to` is after `from`, at most {MOST_NIGHTS} nights");
        return Err(Refusal::invalid("invalid_range", detail).at("to").into());
    }
    let mut nights = short_nights(tx, property_id, from, to).await?;
    let mut truncated = nights.len() > MOST_SHOWN;
    nights.truncate(MOST_SHOWN);
    let mut stays = concerned(tx, property_id, &nights).await?;
    truncated |= stays.len() > MOST_SHOWN;
    stays.truncate(MOST_SHOWN);
    suggest(tx, property_id, &mut stays).await?;
    let mut calendars = holding(tx, &nights).await?;
    truncated |= calendars.len() > MOST_SHOWN;
    calendars.truncate(MOST_SHOWN);
    Ok(Worklist {
        nights,
        stays,
        calendars,
        truncated,
    })
}

fn limit() -> i64 {
    i64::try_from(MOST_SHOWN).unwrap_or(i64::MAX) + 1
}

async fn short_nights(
    tx: &mut TenantTx,
    property_id: Uuid,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<Vec<ShortNight>> {
    Ok(sqlx::query_as!(
        ShortNight,
        r#"with idle as (
             select u.unit_type_id, d.night::date as night, count(*)::int as n
             from maintenance m
             join stay_segment s on s.tenant_id = $1 and s.maintenance_id = m.id
             join unit u on u.tenant_id = $1 and u.id = s.unit_id
             cross join lateral generate_series(greatest(s.from_night, $3), least(s.to_night, $4) - 1,
                                                interval '1 day') as d (night)
             where m.tenant_id = $1 and m.property_id = $2 and m.kind = 'out_of_service'
               and s.to_night > $3 and s.from_night < $4
             group by 1, 2)
           select i.unit_type_id, i.night, i.sold + i.held as "stays!",
                  i.capacity - i.out_of_order - coalesce(o.n, 0) as "units!", i.forced
           from unit_type t
           join inventory i on i.tenant_id = $1 and i.unit_type_id = t.id and i.night >= $3 and i.night < $4
           left join idle o on o.unit_type_id = i.unit_type_id and o.night = i.night
           where t.tenant_id = $1 and t.property_id = $2
             and (i.forced > 0 or i.sold + i.held > i.capacity - i.out_of_order - coalesce(o.n, 0))
           order by i.night, i.unit_type_id limit $5"#,
        tx.t(),
        property_id,
        from,
        to,
        limit()
    )
    .fetch_all(&mut **tx)
    .await?)
}

async fn holding(tx: &mut TenantTx, nights: &[ShortNight]) -> Result<Vec<Holding>> {
    let unit_types: Vec<Uuid> = nights.iter().map(|n| n.unit_type_id).collect();
    let dates: Vec<NaiveDate> = nights.iter().map(|n| n.night).collect();
    Ok(sqlx::query_as!(
        Holding,
        "select n.connection_id, c.name, n.unit_id, n.night
         from unnest($2::uuid[], $3::date[]) as s (unit_type_id, night)
         join calendar_night n on n.tenant_id = $1 and n.unit_type_id = s.unit_type_id and n.night = s.night
         join calendar_connection c on c.tenant_id = $1 and c.id = n.connection_id
         order by n.night, n.unit_id, n.connection_id limit $4",
        tx.t(),
        &unit_types,
        &dates,
        limit()
    )
    .fetch_all(&mut **tx)
    .await?)
}

async fn concerned(tx: &mut TenantTx, property_id: Uuid, nights: &[ShortNight]) -> Result<Vec<Concerned>> {
    let unit_types: Vec<Uuid> = nights.iter().map(|n| n.unit_type_id).collect();
    let dates: Vec<NaiveDate> = nights.iter().map(|n| n.night).collect();
    let rows = sqlx::query!(
        "select r.id, b.id as booking_id, b.reference, coalesce(r.guest_name, b.booker_name) as guest_name,
                case when r.guest_name is null then b.personal end as personal, b.created_at, r.arrival, r.departure,
                r.unit_type_id
           from reservation r join booking b on b.tenant_id = $1 and b.id = r.booking_id
           where r.tenant_id = $1 and r.property_id = $2 and r.status = 'confirmed' and r.id in (
               select n.reservation_id from unnest($3::uuid[], $4::date[]) as c (unit_type_id, night)
               join reservation_night n on n.tenant_id = $1 and n.property_id = $2 and n.night = c.night
                    and n.unit_type_id = c.unit_type_id)
           order by b.created_at desc, r.id desc limit $5",
        tx.t(),
        property_id,
        &unit_types,
        &dates,
        limit()
    )
    .fetch_all(&mut **tx)
    .await?;
    let named = rows
        .iter()
        .map(|r| (r.guest_name.as_deref(), Some(r.booking_id), r.personal.as_deref()));
    let names = personal::names(tx, named).await?;
    let stays = rows.into_iter().zip(names).map(|(r, guest_name)| Concerned {
        reservation_id: r.id,
        booking_id: r.booking_id,
        reference: r.reference,
        guest_name,
        booked_at: r.created_at,
        arrival: r.arrival,
        departure: r.departure,
        unit_type_id: r.unit_type_id,
        upgrades: Vec::new(),
        walks: Vec::new(),
    });
    Ok(stays.collect())
}

/// Unit types with room for the guests that are free on every night of a stay, here and in the tenant's other houses.
async fn suggest(tx: &mut TenantTx, property_id: Uuid, stays: &mut [Concerned]) -> Result<()> {
    let ids: Vec<Uuid> = stays.iter().map(|s| s.reservation_id).collect();
    let rows = sqlx::query!(
        r#"select r.id, t.property_id, p.name as property_name, t.id as unit_type_id, t.name as unit_type_name,
                  min(i.capacity + i.overbooking_limit - i.out_of_order - i.blocked - i.held - i.sold) as "free!"
           from reservation r
           join unit_type t on t.tenant_id = $1 and t.max_occupancy >= r.adults + r.children
                and t.id is distinct from r.unit_type_id
           join property p on p.tenant_id = $1 and p.id = t.property_id
           join inventory i on i.tenant_id = $1 and i.unit_type_id = t.id and i.night >= r.arrival
                and i.night < r.departure
           where r.tenant_id = $1 and r.id = any($2)
           group by r.id, r.arrival, r.departure, t.property_id, p.name, t.id, t.name
           having count(*) = r.departure - r.arrival
              and min(i.capacity + i.overbooking_limit - i.out_of_order - i.blocked - i.held - i.sold) > 0
           order by p.name, t.name, t.id"#,
        tx.t(),
        &ids
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut by_stay: BTreeMap<Uuid, &mut Concerned> =
        stays.iter_mut().map(|s| (s.reservation_id, s)).collect();
    for row in rows {
        let Some(stay) = by_stay.get_mut(&row.id) else {
            continue;
        };
        let there = Elsewhere {
            property_id: row.property_id,
            property_name: row.property_name,
            unit_type_id: row.unit_type_id,
            unit_type_name: row.unit_type_name,
            free: row.free,
        };
        if there.property_id == property_id {
            stay.upgrades.push(there);
        } else {
            stay.walks.push(there);
        }
    }
    Ok(())
}
