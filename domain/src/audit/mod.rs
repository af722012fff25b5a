//! The audit trail: start and result of every sensitive operation and every look at personal data, with who, when and
//! from where. It holds ids and what changed, never a guest's data. Entries are only added; [`chain`] makes a later
//! change, a gap and a cut-off end visible.

pub mod chain;
pub mod refused;
pub mod verify;

use crate::db::TenantTx;
use crate::error::{Error, Result};
use crate::event::Position;
use crate::ids::{TenantId, new_id};
use crate::principal::{Permission, Principal};
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Asked for by somebody who may. An entry without a result was cut short: what it did is in the event log.
    Started,
    Done,
    /// Not allowed, or refused by a rule.
    Refused,
    /// Our fault.
    Failed,
    /// Looked at.
    Read,
}

impl Phase {
    pub const ALL: [Self; 5] = [Self::Started, Self::Done, Self::Refused, Self::Failed, Self::Read];

    pub fn name(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Read => "read",
        }
    }
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.name() == name)
    }
}

#[derive(Debug, Clone)]
pub struct NewEntry<'a> {
    pub at: DateTime<Utc>,
    /// The operation's id in the API's document.
    pub operation: &'a str,
    pub phase: Phase,
    /// Of the answer, once there is one.
    pub status: Option<u16>,
    pub actor: &'a str,
    /// Where the request came from.
    pub address: Option<&'a str>,
    pub request_id: &'a str,
    pub subject_id: Option<Uuid>,
    /// `[{event, id, data}]`: the events of the same transaction.
    pub changes: Value,
}

pub async fn append(tx: &mut TenantTx, entry: NewEntry<'_>) -> Result<()> {
    let tenant = tx.tenant();
    write(tx, tenant, entry).await
}

pub(crate) async fn write(conn: &mut PgConnection, tenant: TenantId, entry: NewEntry<'_>) -> Result<()> {
    sqlx::query!(
        "insert into audit_entry
             (tenant_id, id, at, operation, phase, status, actor, address, request_id, subject_id, changes)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        tenant.0,
        new_id(),
        entry.at,
        entry.operation,
        entry.phase.name(),
        entry.status.and_then(|s| i16::try_from(s).ok()),
        entry.actor,
        entry.address,
        entry.request_id,
        entry.subject_id,
        entry.changes
    )
    .execute(conn)
    .await?;
    Ok(())
}

#[derive(Debug, Clone)]
pub struct Entry {
    pub position: Position,
    pub id: Uuid,
    pub at: DateTime<Utc>,
    pub operation: String,
    pub phase: Phase,
    pub status: Option<u16>,
    pub actor: String,
    pub address: Option<String>,
    pub request_id: String,
    pub subject_id: Option<Uuid>,
    pub changes: Value,
}

/// Every part that is given must match.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub operation: Option<String>,
    pub phase: Option<Phase>,
    /// As an entry shows it: `user:<id>`.
    pub actor: Option<String>,
    pub subject_id: Option<Uuid>,
    /// From this instant on.
    pub from: Option<DateTime<Utc>>,
    /// Before this instant.
    pub until: Option<DateTime<Utc>>,
}

/// The newest first, before a position.
pub async fn list(
    tx: &mut TenantTx,
    who: &Principal,
    filter: &Filter,
    before: Option<Position>,
    limit: i64,
) -> Result<Vec<Entry>> {
    who.require(Permission::ReadAudit)?;
    let before = before.unwrap_or(Position {
        xid: i64::MAX,
        seq: i64::MAX,
    });
    let rows = sqlx::query_as!(
        Row,
        "select xid, seq, id, at, operation, phase, status, actor, address, request_id, subject_id, changes
         from audit_entry
         where tenant_id = $1 and (xid, seq) < ($2, $3)
           and ($4::text is null or operation = $4) and ($5::text is null or phase = $5)
           and ($6::text is null or actor = $6) and ($7::uuid is null or subject_id = $7)
           and ($8::timestamptz is null or at >= $8) and ($9::timestamptz is null or at < $9)
         order by xid desc, seq desc limit $10",
        tx.t(),
        before.xid,
        before.seq,
        filter.operation,
        filter.phase.map(Phase::name),
        filter.actor,
        filter.subject_id,
        filter.from,
        filter.until,
        limit
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter().map(Entry::try_from).collect()
}

struct Row {
    xid: i64,
    seq: i64,
    id: Uuid,
    at: DateTime<Utc>,
    operation: String,
    phase: String,
    status: Option<i16>,
    actor: String,
    address: Option<String>,
    request_id: String,
    subject_id: Option<Uuid>,
    changes: Value,
}

impl TryFrom<Row> for Entry {
    type Error = Error;

    fn try_from(r: Row) -> Result<Self> {
        let unknown = || Error::internal(format!("unknown phase `{}`", r.phase));
        Ok(Self {
            phase: Phase::parse(&r.phase).ok_or_else(unknown)?,
            position: Position {
                xid: r.xid,
                seq: r.seq,
            },
            id: r.id,
            at: r.at,
            operation: r.operation,
            status: r.status.and_then(|s| u16::try_from(s).ok()),
            actor: r.actor,
            address: r.address,
            request_id: r.request_id,
            subject_id: r.subject_id,
            changes: r.changes,
        })
    }
}
