//! The event log: written in the same transaction as the change, read in an order that skips nothing.

use crate::db::TenantTx;
use crate::error::Result;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

/// A position in a tenant's log. Ordered by transaction, then by statement.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, serde::Serialize, serde::Deserialize,
)]
pub struct Position {
    pub xid: i64,
    pub seq: i64,
}

#[derive(Debug, Clone)]
pub struct Event {
    pub position: Position,
    /// `noun.verb`, past tense: `booking.created`.
    pub kind: String,
    pub property_id: Option<Uuid>,
    pub subject_id: Uuid,
    pub actor: String,
    pub data: Value,
    pub at: DateTime<Utc>,
}

/// A change about to be logged.
pub struct NewEvent<'a> {
    pub kind: &'static str,
    pub property_id: Option<Uuid>,
    pub subject_id: Uuid,
    pub actor: &'a crate::principal::Actor,
    pub data: Value,
    pub at: DateTime<Utc>,
}

/// Also notes it for the audit trail, which is about to be told what this transaction changed.
pub async fn append(tx: &mut TenantTx, event: NewEvent<'_>) -> Result<()> {
    tx.changed(change(&event));
    sqlx::query!(
        "insert into event (tenant_id, kind, property_id, subject_id, actor, data, at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        tx.t(),
        event.kind,
        event.property_id,
        event.subject_id,
        event.actor.to_string(),
        event.data,
        event.at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// `{event, id, data}`. Of bookings, whose data may be personal, the fields' names only: what stands in the trail
/// cannot be erased.
fn change(event: &NewEvent<'_>) -> Value {
    let about = event.kind.split('.').next().unwrap_or_default();
    let data = match about {
        "booking" | "reservation" | "quote" | "group" => {
            let fields = event.data["changes"].as_array().into_iter().flatten();
            json!({ "fields": fields.map(|c| c["field"].clone()).collect::<Vec<_>>() })
        }
        _ => event.data.clone(),
    };
    json!({ "event": event.kind, "id": event.subject_id, "data": data })
}

/// At most `limit` events after a position, oldest first. Only transactions older than every one still running are
/// read, so nothing can later appear before what was returned.
pub async fn after(tx: &mut TenantTx, position: Position, limit: i64) -> Result<Vec<Event>> {
    let rows = sqlx::query_as!(
        Row,
        "select xid, seq, kind, property_id, subject_id, actor, data, at from event
         where tenant_id = $1 and (xid, seq) > ($2, $3)
           and xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
         order by xid, seq limit $4",
        tx.t(),
        position.xid,
        position.seq,
        limit
    )
    .fetch_all(&mut **tx)
    .await?;
    let event = |r: Row| Event {
        position: Position {
            xid: r.xid,
            seq: r.seq,
        },
        kind: r.kind,
        property_id: r.property_id,
        subject_id: r.subject_id,
        actor: r.actor,
        data: r.data,
        at: r.at,
    };
    Ok(rows.into_iter().map(event).collect())
}

struct Row {
    xid: i64,
    seq: i64,
    kind: String,
    property_id: Option<Uuid>,
    subject_id: Uuid,
    actor: String,
    data: Value,
    at: DateTime<Utc>,
}

/// The newest event a reader can see now; a projection that stands here is current.
pub async fn newest(tx: &mut TenantTx) -> Result<Position> {
    let row = sqlx::query!(
        "select xid, seq from event where tenant_id = $1 order by xid desc, seq desc limit 1",
        tx.t()
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row
        .map(|r| Position {
            xid: r.xid,
            seq: r.seq,
        })
        .unwrap_or_default())
}
