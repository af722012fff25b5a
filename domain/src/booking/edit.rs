//! `edit`: who a booking came through, and its notes. Stock and prices stay as they are.

use super::change::{Change, Said};
use super::entity::Booking;
use crate::company::{self, Kind};
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::inventory::Stock;
use crate::principal::Principal;
use crate::private::private;
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
    let mut change = Change::of_booking(tx, who, id, expected).await?;
    let (before, after) = (&change.before, &mut change.after);
    after.parties.company_id = edit.company_id.unwrap_or(before.parties.company_id);
    after.parties.agent_id = edit.agent_id.unwrap_or(before.parties.agent_id);
    if let Some(notes) = edit.notes {
        after.notes = text::notes(notes.as_deref(), "/notes")?;
    }
    if changes(&change.before, &change.after).is_empty() {
        return Ok(change.before);
    }
    check(tx, &change.before, &change.after).await?;
    let said = Said::new("booking.edited", None);
    change.commit(tx, who, Stock::Guarded, &said, now).await
}

/// What differs of the booking itself. Notes are named only: what people write into them is not kept for ever.
pub(super) fn changes(before: &Booking, after: &Booking) -> Vec<Value> {
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
