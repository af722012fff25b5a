//! A new secret to sign with, and no message lost: the one so far is good beside it for a while, whoever signs.

use super::change::save;
use super::connection::{self, Connection, open};
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::event::{self, NewEvent};
use crate::principal::{Permission, Principal};
use chrono::{DateTime, Duration, Utc};
use serde_json::json;
use uuid::Uuid;

/// Longest time in which the old secret is good beside the new one.
pub const LONGEST_OVERLAP_HOURS: i32 = 168;

/// A connection's new secret, shown this once.
pub struct Rotated {
    pub connection: Connection,
    pub signing_secret: String,
    /// Until when the one before is good, too.
    pub previous_until: DateTime<Utc>,
}

/// The channel may sign with either until then; we sign with both.
pub async fn rotate(
    tx: &mut TenantTx,
    who: &Principal,
    id: Uuid,
    overlap_hours: i32,
    now: DateTime<Utc>,
) -> Result<Rotated> {
    who.require(Permission::WriteChannels)?;
    if !(0..=LONGEST_OVERLAP_HOURS).contains(&overlap_hours) {
        let detail = format!("0 to {LONGEST_OVERLAP_HOURS} hours");
        return Err(Refusal::invalid("out_of_range", detail)
            .at("/overlap_hours")
            .into());
    }
    let previous_until = now + Duration::hours(i64::from(overlap_hours));
    let mut known = open(tx, id).await?;
    let signing_secret = known.credentials.rotate(previous_until).ok_or_else(|| {
        let detail = "messages of this channel are not signed";
        Refusal::conflict("not_signed", detail)
    })?;
    save(tx, &known).await?;
    let event = NewEvent {
        kind: "channel_connection.secret_rotated",
        property_id: Some(known.property_id),
        subject_id: id,
        actor: &who.actor,
        data: json!({ "name": known.name, "overlap_hours": overlap_hours }),
        at: now,
    };
    event::append(tx, event).await?;
    crate::jobs::kick(tx).await?;
    Ok(Rotated {
        connection: connection::get(tx, id).await?,
        signing_secret,
        previous_until,
    })
}
