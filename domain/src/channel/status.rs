//! How far a channel is in step: each cell is converged, in flight or alarmed; nothing else exists.

use super::connection;
use super::deadline::{self, Waiting};
use super::exposure::{self, Exposure, Unmapped};
use crate::db::TenantTx;
use crate::error::Result;
use crate::ports::channel::Protocols;
use crate::principal::{Permission, Principal};
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

#[derive(Debug, Clone)]
pub struct SyncStatus {
    pub connection_id: Uuid,
    pub state: String,
    /// Cells the channel is known to agree on.
    pub converged: i64,
    /// Cells told and not confirmed, or forgotten since. What was changed and is not told yet `waits`.
    pub in_flight: i64,
    pub alarmed: i64,
    /// Marks waiting, and since when the oldest.
    pub waiting: i64,
    pub waiting_since: Option<DateTime<Utc>>,
    /// Of calls about availability in a row, and when the next comes.
    pub push_failures: i32,
    pub next_push_at: DateTime<Utc>,
    /// The same of calls about rates.
    pub rates_failures: i32,
    pub next_rates_at: DateTime<Utc>,
    pub last_error: Option<String>,
    pub last_accepted_at: Option<DateTime<Utc>>,
    /// When the channel was asked last for bookings and told all it had.
    pub last_polled_at: Option<DateTime<Utc>>,
    /// When the channel was asked last what it believes.
    pub last_read_back_at: Option<DateTime<Utc>>,
    /// Cells that it was found to believe otherwise than it had accepted, ever, and when last.
    pub drifted: i64,
    pub drifted_at: Option<DateTime<Utc>>,
    /// Booking messages not acknowledged yet.
    pub unacknowledged: i64,
    pub parked: i64,
    pub alarms: Vec<CellAlarm>,
}

/// What a manager is shown besides.
#[derive(Debug, Clone)]
pub struct Outlook {
    /// For a channel that is told availability and rates.
    pub exposure: Option<Exposure>,
    pub waiting: Vec<Waiting>,
    pub unmapped: Unmapped,
}

pub async fn outlook(
    tx: &mut TenantTx,
    who: &Principal,
    connection_id: Uuid,
    protocols: &Protocols,
    now: DateTime<Utc>,
) -> Result<Outlook> {
    who.require(Permission::ReadChannels)?;
    let connection = connection::get(tx, connection_id).await?;
    let exposure = match connection.receives_ari {
        true => Some(exposure::read(tx, &connection, now).await?),
        false => None,
    };
    let reader = protocols.get(&connection.protocol).map(|p| &*p.reader);
    Ok(Outlook {
        exposure,
        waiting: deadline::waiting(tx, connection_id, reader).await?,
        unmapped: match connection.is_closed() {
            true => Unmapped::default(),
            false => exposure::unmapped(tx, &connection).await?,
        },
    })
}

/// A cell the channel refused, in its own words.
#[derive(Debug, Clone)]
pub struct CellAlarm {
    pub unit_type_id: Uuid,
    /// Nil for availability.
    pub rate_plan_id: Uuid,
    pub night: NaiveDate,
    pub reason: String,
}

pub async fn read(tx: &mut TenantTx, who: &Principal, connection_id: Uuid) -> Result<SyncStatus> {
    who.require(Permission::ReadChannels)?;
    let connection = connection::get(tx, connection_id).await?;
    let alarms = sqlx::query_as!(
        CellAlarm,
        r#"select unit_type_id, rate_plan_id, night, alarm as "reason!" from ari_shadow
           where tenant_id = $1 and connection_id = $2 and alarm is not null
           order by unit_type_id, rate_plan_id, night limit 100"#,
        tx.t(),
        connection_id
    )
    .fetch_all(&mut **tx)
    .await?;
    let r = sqlx::query!(
        r#"select s.push_failures, s.next_push_at, s.rates_failures, s.next_rates_at, s.last_error, s.last_accepted_at, s.last_polled_at,
             s.last_read_back_at, s.drifted, s.drifted_at,
             (select count(*) from ari_shadow a where a.tenant_id = $1 and a.connection_id = $2
                 and a.accepted is not null) as "converged!",
             (select count(*) from ari_shadow a where a.tenant_id = $1 and a.connection_id = $2
                 and a.accepted is null and a.alarm is null) as "in_flight!",
             (select count(*) from ari_shadow a where a.tenant_id = $1 and a.connection_id = $2
                 and a.alarm is not null) as "alarmed!",
             (select count(*) from ari_dirty d where d.tenant_id = $1 and d.connection_id = $2) as "waiting!",
             (select min(since) from ari_dirty d where d.tenant_id = $1 and d.connection_id = $2) as waiting_since,
             (select count(*) from inbox i where i.tenant_id = $1 and i.connection_id = $2
                 and i.acknowledged_at is null) as "unacknowledged!",
             (select count(*) from inbox i where i.tenant_id = $1 and i.connection_id = $2
                 and i.state = 'parked') as "parked!"
           from channel_sync s where s.tenant_id = $1 and s.connection_id = $2"#,
        tx.t(),
        connection_id
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(SyncStatus {
        connection_id,
        state: connection.state,
        converged: r.converged,
        in_flight: r.in_flight,
        alarmed: r.alarmed,
        waiting: r.waiting,
        waiting_since: r.waiting_since,
        push_failures: r.push_failures,
        next_push_at: r.next_push_at,
        rates_failures: r.rates_failures,
        next_rates_at: r.next_rates_at,
        last_error: r.last_error,
        last_accepted_at: r.last_accepted_at,
        last_polled_at: r.last_polled_at,
        last_read_back_at: r.last_read_back_at,
        drifted: r.drifted,
        drifted_at: r.drifted_at,
        unacknowledged: r.unacknowledged,
        parked: r.parked,
        alarms,
    })
}
