//! `erase`: a person is forgotten, what the tax office may ask for is kept.

mod shred;
mod trail;
mod words;

use super::entity::Guest;
use super::profile::log;
use super::store;
use crate::channel::messages;
use crate::db::TenantTx;
use crate::error::Result;
use crate::principal::{Permission, Principal};
use crate::property;
use chrono::{DateTime, Utc};
use serde_json::json;
pub(crate) use trail::Trail;
use uuid::Uuid;
pub use words::ERASED;

/// Takes a guest, and all who were merged into it, out of everything the tenant holds: profiles and what they are found
/// by, registration forms, booker and guest names of their bookings, notes, the log's texts, channels' messages, quotes,
/// alerts and kept answers. References, dates, amounts, taxes, terms, states and ids stay. Again = the same answer.
///
/// # Errors
/// 404; 409 `guest_merged` for one who goes on under another id, `guest_has_stays` while a stay is to come or in house.
pub async fn erase(
    tx: &mut TenantTx,
    who: &Principal,
    id: Uuid,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<Guest> {
    who.require(Permission::EraseGuests)?;
    who.require_all_properties()?;
    let reason = property::name(reason, "/reason")?;
    let guest = store::lock(tx, id).await?;
    if guest.erased_at.is_some() {
        return Ok(guest);
    }
    store::refuse_gone(&guest)?;
    messages::hold_back(tx).await?;
    let mut profiles = store::merged_into(tx, id).await?;
    profiles.push(guest);
    let trail = Trail::find(tx, &profiles).await?;
    trail.refuse_live(tx).await?;
    shred::profiles(tx, &profiles, now).await?;
    shred::registrations(tx, &profiles).await?;
    shred::bookings(tx, &trail, now).await?;
    shred::log(tx, &trail).await?;
    shred::messages(tx, &trail).await?;
    shred::correspondence(tx, &trail).await?;
    shred::the_rest(tx, &trail).await?;
    let data = json!({ "reason": reason, "bookings": trail.bookings.len() });
    log(tx, who, "guest.erased", id, data, now).await?;
    store::get(tx, who, id).await
}
