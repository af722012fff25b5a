//! How long a channel can sell what is gone: from our change to its acceptance, and until its guests see it. Measured and
//! shown, never promised.

use super::connection::{Connection, sync_end};
use crate::db::TenantTx;
use crate::error::Result;
use crate::property;
use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

/// What is recent: calls of the last day, at most so many.
const RECENT_HOURS: i64 = 24;
const MOST_CALLS: i64 = 1000;
/// Products named as not mapped.
const MOST_NAMED: i64 = 100;

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Exposure {
    /// Accepted calls that were measured.
    pub calls: i64,
    /// From a change to the channel's acceptance; `None` without a call.
    pub push_p50_ms: Option<i64>,
    pub push_p99_ms: Option<i64>,
    /// As entered for the connection.
    pub apply_seconds: i32,
    /// Nights of unit types that the safety buffer alone keeps from this channel.
    pub kept_back: i64,
    /// Nights of unit types of which the channel is told one unit: the next sale elsewhere is a race.
    pub last_units: i64,
}

impl Exposure {
    /// How long a change may go unseen by the channel's guests.
    pub fn total_ms(&self) -> Option<i64> {
        Some(self.push_p99_ms? + i64::from(self.apply_seconds) * 1000)
    }
}

pub async fn read(tx: &mut TenantTx, connection: &Connection, now: DateTime<Utc>) -> Result<Exposure> {
    let pushed = sqlx::query!(
        r#"select count(*) as "calls!", percentile_cont(0.5) within group (order by c.ms) as p50,
                  percentile_cont(0.99) within group (order by c.ms) as p99
           from (select greatest(0, extract(epoch from finished_at - oldest_mark) * 1000)::float8 as ms from ari_call
                 where tenant_id = $1 and connection_id = $2 and outcome in ('accepted', 'partly')
                   and oldest_mark is not null and started_at > $3
                 order by started_at desc limit $4) c"#,
        tx.t(),
        connection.id,
        now - Duration::hours(RECENT_HOURS),
        MOST_CALLS
    )
    .fetch_one(&mut **tx)
    .await?;
    let today = property::get(tx, connection.property_id).await?.business_date;
    let stock = sqlx::query!(
        r#"select count(*) filter (where free between 1 and $5) as "kept!", count(*) filter (where free = $5 + 1) as "last!"
           from (select i.capacity + i.overbooking_limit - i.sold - i.held - i.out_of_order - i.blocked as free
                 from channel_room_map m
                 join inventory i on i.tenant_id = $1 and i.unit_type_id = m.unit_type_id and i.night >= $3 and i.night < $4
                 where m.tenant_id = $1 and m.connection_id = $2) n"#,
        tx.t(),
        connection.id,
        today,
        sync_end(today),
        connection.safety_buffer
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(Exposure {
        calls: pushed.calls,
        push_p50_ms: pushed.p50.map(|ms| ms.round() as i64),
        push_p99_ms: pushed.p99.map(|ms| ms.round() as i64),
        apply_seconds: connection.terms.apply_seconds,
        kept_back: stock.kept,
        last_units: stock.last,
    })
}

/// What the property sells and this channel cannot, because it is mapped to nothing there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unmapped {
    pub unit_types: Vec<Uuid>,
    /// (unit type, rate plan): of unit types that are mapped, plans with a price.
    pub rates: Vec<(Uuid, Uuid)>,
}

/// At most a hundred of each.
pub async fn unmapped(tx: &mut TenantTx, connection: &Connection) -> Result<Unmapped> {
    let unit_types = sqlx::query_scalar!(
        "select t.id from unit_type t
         where t.tenant_id = $1 and t.property_id = $3 and t.active
           and not exists (select from channel_room_map m
                           where m.tenant_id = $1 and m.connection_id = $2 and m.unit_type_id = t.id)
         order by t.id limit $4",
        tx.t(),
        connection.id,
        connection.property_id,
        MOST_NAMED
    )
    .fetch_all(&mut **tx)
    .await?;
    let rates = sqlx::query!(
        "select m.unit_type_id, r.id as rate_plan_id from channel_room_map m
         join property p on p.tenant_id = $1 and p.id = $3
         join rate_plan r on r.tenant_id = $1 and r.property_id = p.id
         where m.tenant_id = $1 and m.connection_id = $2
           and not exists (select from channel_rate_map x where x.tenant_id = $1 and x.connection_id = $2
                           and x.unit_type_id = m.unit_type_id and x.rate_plan_id = r.id)
           and exists (select from rate_night n where n.tenant_id = $1 and n.rate_plan_id = r.source_id
                       and n.unit_type_id = m.unit_type_id and n.night >= p.business_date and n.price > 0)
         order by m.unit_type_id, r.id limit $4",
        tx.t(),
        connection.id,
        connection.property_id,
        MOST_NAMED
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(Unmapped {
        unit_types,
        rates: rates
            .into_iter()
            .map(|r| (r.unit_type_id, r.rate_plan_id))
            .collect(),
    })
}
