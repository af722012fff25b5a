//! Alerts: what a person should look at. One open alert per subject and kind.

use crate::db::TenantTx;
use crate::error::Result;
use crate::ids::new_id;
use crate::principal::{Permission, Principal};
use chrono::{DateTime, Utc};
use uuid::Uuid;

#[derive(Debug, Clone)]
pub struct Alert {
    pub id: Uuid,
    pub property_id: Uuid,
    /// `overbooked`, `unmapped`, `channel_refused`, `cell_rejected`, `message_parked`,
    /// `mapping_stale`, `acknowledgement_late`, `foreign_currency`, `unknown_cancellation`, `unit_taken`,
    /// `calendar_frozen`, `calendar_unread`, `inventory_refused`, `standing_untold`,
    /// `guest_question`, `channel_unreached`, `bookings_unfetched`, `full_sync_asked`.
    pub kind: String,
    pub subject_id: Uuid,
    pub detail: String,
    pub raised_at: DateTime<Utc>,
}

/// Opens an alert, or renews the words of the open one. `subject` = (property, what it is about).
pub async fn raise(
    tx: &mut TenantTx,
    kind: &str,
    subject: (Uuid, Uuid),
    detail: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into alert (tenant_id, id, property_id, kind, subject_id, detail, raised_at)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (tenant_id, subject_id, kind) where resolved_at is null do update set detail = excluded.detail",
        tx.t(),
        new_id(),
        subject.0,
        kind,
        subject.1,
        detail,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn resolve(tx: &mut TenantTx, kind: &str, subject: Uuid, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update alert set resolved_at = $4
         where tenant_id = $1 and subject_id = $2 and kind = $3 and resolved_at is null",
        tx.t(),
        subject,
        kind,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Open alerts, newest first, before `before`.
pub async fn open(
    tx: &mut TenantTx,
    who: &Principal,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Alert>> {
    who.require(Permission::ReadBookings)?;
    Ok(sqlx::query_as!(
        Alert,
        "select id, property_id, kind, subject_id, detail, raised_at from alert
         where tenant_id = $1 and resolved_at is null and ($2::uuid is null or id < $2)
         order by id desc limit $3",
        tx.t(),
        before,
        limit
    )
    .fetch_all(&mut **tx)
    .await?)
}
