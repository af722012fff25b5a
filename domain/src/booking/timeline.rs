//! A booking's history as a person reads it: when, who, what, and each field before and after.

use super::store;
use crate::db::TenantTx;
use crate::error::Result;
use crate::principal::{Permission, Principal};
use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

/// Most entries returned, the newest.
const MOST: i64 = 500;

#[derive(Debug, Clone)]
pub struct Entry {
    pub at: DateTime<Utc>,
    /// `user:<id>`, `channel:<id>`, `system:<name>`.
    pub actor: String,
    /// The user's or connection's name.
    pub actor_name: Option<String>,
    /// `noun.verb`: `reservation.amended`.
    pub kind: String,
    pub data: Value,
}

/// Oldest first.
pub async fn timeline(tx: &mut TenantTx, who: &Principal, booking_id: Uuid) -> Result<Vec<Entry>> {
    who.require(Permission::ReadBookings)?;
    store::property_of(tx, booking_id).await?;
    let mut entries = sqlx::query_as!(
        Entry,
        r#"select e.at, e.actor, coalesce(u.name, c.name) as "actor_name?", e.kind, e.data
           from event e
           left join app_user u on e.actor = 'user:' || u.id and exists (
               select from membership m where m.user_id = u.id and m.tenant_id = $1)
           left join channel_connection c on c.tenant_id = $1 and e.actor = 'channel:' || c.id
           where e.tenant_id = $1 and e.subject_id = $2 order by e.xid desc, e.seq desc limit $3"#,
        tx.t(),
        booking_id,
        MOST
    )
    .fetch_all(&mut **tx)
    .await?;
    entries.reverse();
    Ok(entries)
}

impl Entry {
    /// One line to read: who did what, and what of it a person asks first.
    pub fn text(&self) -> String {
        let who = self.actor_name.as_deref().unwrap_or(&self.actor);
        let what = match self.kind.as_str() {
            "booking.created" => "booked",
            "booking.held" => "put a hold on it",
            "booking.confirmed" => "confirmed the hold",
            "booking.hold_expired" => "ended the hold: its time had passed",
            "booking.cancelled" => "cancelled the booking",
            "booking.modified" => "changed the booking",
            "booking.edited" => "edited the booking",
            "reservation.amended" => "changed the stay",
            "reservation.no_show" => "noted that the guest did not come",
            "reservation.guests_set" => "said who stays",
            "reservation.needs_changed" => "said what the stay needs",
            "reservation.unit_assigned" => "assigned a unit",
            "reservation.unit_unassigned" => "took the unit away",
            "reservation.unit_locked" => "locked the stay in its unit",
            "reservation.unit_unlocked" => "unlocked the stay",
            "reservation.checked_in" => "checked the guest in",
            "reservation.check_in_undone" => "undid the check-in",
            "reservation.checked_out" => "checked the guest out",
            "reservation.check_out_undone" => "undid the check-out",
            "reservation.reinstated" => "brought the stay back",
            other => other,
        };
        let told = |field: &str| !matches!(field, "nights" | "policy" | "notes" | "needs");
        let changes = self.data["changes"].as_array().into_iter().flatten();
        let changes: Vec<String> = changes
            .filter(|c| c["field"].as_str().is_some_and(told))
            .map(|c| {
                format!(
                    "{} {} -> {}",
                    c["field"].as_str().unwrap_or_default(),
                    plain(&c["before"]),
                    plain(&c["after"])
                )
            })
            .collect();
        if changes.is_empty() {
            return format!("{who} {what}");
        }
        format!("{who} {what}: {}", changes.join(", "))
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => "none".into(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
