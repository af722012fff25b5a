//! `edit`: who a booking came through, and its notes. Stock and prices stay as they are.

use super::entity::Booking;
use super::save::save;
use super::store;
use crate::company::{self, Kind};
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::event::{self, NewEvent};
use crate::principal::{Permission, Principal};
use crate::private::private;
use crate::property::check_version;
use crate::text;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

private!(Edit);

/// `None` = leave, `Some(None)` = clear.
#[derive(Clone, Default)]
pub struct Edit {
    pub company_id: Option<Option<Uuid>>,
    pub agent_id: Option<Option<Uuid>>,
    pub notes: Option<Option<String>>,
}

/// # Errors
/// 404 for a company or agent of another tenant, 409 `inactive` for one that takes no bookings any more, 422
/// `wrong_kind` for an agent as company or the other way round. `expected` is the version from If-Match.
pub async fn edit(
    tx: &mut TenantTx,
    who: &Principal,
    id: Uuid,
    edit: Edit,
    expected: Option<i32>,
    now: DateTime<Utc>,
) -> Result<Booking> {
    who.require(Permission::WriteBookings)?;
    store::lock(tx, id).await?;
    let before = store::get(tx, who, id).await?;
    check_version(before.version, expected)?;
    let mut booking = before.clone();
    booking.parties.company_id = edit.company_id.unwrap_or(before.parties.company_id);
    booking.parties.agent_id = edit.agent_id.unwrap_or(before.parties.agent_id);
    let notes = edit.notes.unwrap_or(booking.notes);
    booking.notes = text::notes(notes.as_deref(), "/notes")?;
    let changes = changes(&before, &booking);
    if changes.is_empty() {
        return Ok(before);
    }
    check(tx, &before, &booking).await?;
    booking.version += 1;
    booking.updated_at = now;
    save(tx, &booking).await?;
    let event = NewEvent {
        kind: "booking.edited",
        property_id: Some(booking.property_id),
        subject_id: id,
        actor: &who.actor,
        data: json!({ "reference": booking.reference, "changes": changes, "nights": [] }),
        at: now,
    };
    event::append(tx, event).await?;
    crate::jobs::kick(tx).await?;
    Ok(booking)
}

/// Notes are named only: what people write into them is not kept for ever.
fn changes(before: &Booking, after: &Booking) -> Vec<Value> {
    let (old, new) = (before.parties, after.parties);
    let mut changes = Vec::new();
    for (field, old, new) in [
        ("company_id", old.company_id, new.company_id),
        ("agent_id", old.agent_id, new.agent_id),
    ] {
        if old != new {
            changes.push(json!({ "field": field, "before": old, "after": new }));
        }
    }
    if before.notes != after.notes {
        changes.push(json!({ "field": "notes" }));
    }
    changes
}

async fn check(tx: &mut TenantTx, before: &Booking, after: &Booking) -> Result<()> {
    let (old, new) = (before.parties, after.parties);
    check_party(tx, Kind::Company, old.company_id, new.company_id, "/company_id").await?;
    check_party(tx, Kind::TravelAgent, old.agent_id, new.agent_id, "/agent_id").await
}

async fn check_party(
    tx: &mut TenantTx,
    kind: Kind,
    before: Option<Uuid>,
    after: Option<Uuid>,
    at: &str,
) -> Result<()> {
    let Some(id) = after.filter(|_| after != before) else {
        return Ok(());
    };
    let found = company::find(tx, id).await?;
    let found = found.ok_or_else(|| Refusal::not_found("company").at(at))?;
    if found.kind != kind {
        let detail = format!("this is a {}, not a {}", found.kind.name(), kind.name());
        return Err(Refusal::invalid("wrong_kind", detail).at(at).into());
    }
    if !found.active {
        let detail = format!("{} takes no bookings any more", found.name);
        return Err(Refusal::conflict("inactive", detail).at(at).into());
    }
    Ok(())
}
