//! How far a connection is in step: when it was read, what it holds, and what is doubtful about it.

use super::connection::{feed, unknown};
use crate::channel::feed::{Claim, Freeze};
use crate::db::TenantTx;
use crate::error::Result;
use crate::principal::{Permission, Principal};
use chrono::{DateTime, Utc};
use uuid::Uuid;

#[derive(Debug, Clone)]
pub struct CalendarStatus {
    pub connection_id: Uuid,
    pub active: bool,
    /// The last calendar, or the last word that it is unchanged.
    pub read_at: Option<DateTime<Utc>>,
    pub tried_at: Option<DateTime<Utc>>,
    /// `None`: there is none to read, or the connection is paused.
    pub next_read_at: Option<DateTime<Utc>>,
    /// Readings in a row without a calendar.
    pub failures: i32,
    /// In the channel's words, as far as they were understood.
    pub last_error: Option<String>,
    pub frozen: Option<Freeze>,
    /// When the channel read our calendar last.
    pub fetched_at: Option<DateTime<Utc>>,
    pub claims: Vec<Claim>,
}

pub async fn read(tx: &mut TenantTx, who: &Principal, id: Uuid) -> Result<CalendarStatus> {
    who.require(Permission::ReadChannels)?;
    let row = sqlx::query!(
        r#"select state = 'active' as "active!", read_at, tried_at, next_read_at, import_url is not null as "reads!",
                  failures, last_error, feed, fetched_at
           from calendar_connection where tenant_id = $1 and id = $2"#,
        tx.t(),
        id
    )
    .fetch_optional(&mut **tx)
    .await?;
    let row = row.ok_or_else(unknown)?;
    let feed = feed(&row.feed)?;
    Ok(CalendarStatus {
        connection_id: id,
        active: row.active,
        read_at: row.read_at,
        tried_at: row.tried_at,
        next_read_at: (row.active && row.reads).then_some(row.next_read_at),
        failures: row.failures,
        last_error: row.last_error,
        frozen: feed.frozen(),
        fetched_at: row.fetched_at,
        claims: feed.claims(),
    })
}
