//! `merge`: two profiles turn out to be one person.

use super::entity::{Guest, Personal};
use super::profile::{MOST_PREFERENCES, log};
use super::store::{self, refuse_gone};
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::principal::{Permission, Principal};
use crate::property::check_version;
use crate::text::LONGEST_NOTES;
use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

/// The guest `id` goes on: the other's stays become its own, and what it lacks is taken from the other. The other stays
/// as it was, found by its id only, and says `merged_into`; so nothing that disagreed is lost. Again = the same answer.
///
/// # Errors
/// 404 for either; 409 `guest_merged` when either was merged into somebody else; 422 for merging one with itself.
pub async fn merge(
    tx: &mut TenantTx,
    who: &Principal,
    id: Uuid,
    other_id: Uuid,
    expected: Option<i32>,
    now: DateTime<Utc>,
) -> Result<Guest> {
    who.require(Permission::WriteGuests)?;
    if id == other_id {
        let detail = "a guest cannot be merged with itself";
        return Err(Refusal::invalid("same_guest", detail).at("/other_id").into());
    }
    let (mut guest, mut other) = lock_both(tx, id, other_id).await?;
    if other.merged_into == Some(id) {
        return Ok(guest);
    }
    check_version(guest.version, expected)?;
    refuse_gone(&guest)?;
    refuse_gone(&other).map_err(|r| r.at("/other_id"))?;
    absorb(&mut guest, &other);
    guest.version += 1;
    guest.updated_at = now;
    other.merged_into = Some(id);
    other.version += 1;
    other.updated_at = now;
    for changed in [&other, &guest] {
        store::update(tx, changed).await?;
        store::save_keys(tx, changed).await?;
    }
    move_stays(tx, id, other_id).await?;
    // Whoever was merged into the other finds the one who goes on in one step.
    sqlx::query!(
        "update guest set merged_into = $3 where tenant_id = $1 and merged_into = $2",
        tx.t(),
        other_id,
        id
    )
    .execute(&mut **tx)
    .await?;
    log(tx, who, "guest.merged", id, json!({ "other_id": other_id }), now).await?;
    Ok(guest)
}

async fn lock_both(tx: &mut TenantTx, id: Uuid, other_id: Uuid) -> Result<(Guest, Guest)> {
    let found = store::lock_all(tx, &[id, other_id]).await?;
    let (mut guests, mut others): (Vec<_>, Vec<_>) = found.into_iter().partition(|g| g.id == id);
    let guest = guests.pop().ok_or_else(|| Refusal::not_found("guest"))?;
    let other = others.pop();
    Ok((
        guest,
        other.ok_or_else(|| Refusal::not_found("guest").at("/other_id"))?,
    ))
}

/// Fills what is empty, adds what adds up. A warning stays a warning: one blacklisted profile makes the person so.
fn absorb(guest: &mut Guest, other: &Guest) {
    fill(&mut guest.title, &other.title);
    fill(&mut guest.first_name, &other.first_name);
    guest.company_id = guest.company_id.or(other.company_id);
    guest.vip |= other.vip;
    let (p, q) = (&mut guest.personal, &other.personal);
    fill(&mut p.email, &q.email);
    fill(&mut p.phone, &q.phone);
    fill(&mut p.language, &q.language);
    fill(&mut p.country, &q.country);
    fill(&mut p.birth_date, &q.birth_date);
    fill(&mut p.address, &q.address);
    fill(&mut p.document, &q.document);
    fill(&mut p.blacklist_reason, &q.blacklist_reason);
    add_lists(p, q);
    guest.blacklisted = p.blacklist_reason.is_some();
}

fn fill<T: Clone>(field: &mut Option<T>, from: &Option<T>) {
    if field.is_none() {
        field.clone_from(from);
    }
}

fn add_lists(p: &mut Personal, q: &Personal) {
    for preference in &q.preferences {
        if !p.preferences.contains(preference) && p.preferences.len() < MOST_PREFERENCES {
            p.preferences.push(preference.clone());
        }
    }
    let both = [p.notes.as_deref(), q.notes.as_deref()];
    let both: Vec<&str> = both.into_iter().flatten().collect();
    // What does not fit any more still stands in the other's profile.
    p.notes = (!both.is_empty()).then(|| both.join("\n").chars().take(LONGEST_NOTES).collect());
}

/// The other's entries become the guest's. Where both stand on one stay the guest's entry stays, and is the primary
/// one if either was.
async fn move_stays(tx: &mut TenantTx, id: Uuid, other_id: Uuid) -> Result<()> {
    let both = sqlx::query!(
        "delete from reservation_guest o where o.tenant_id = $1 and o.guest_id = $2
           and exists (select from reservation_guest g where g.tenant_id = $1 and g.guest_id = $3
                       and g.reservation_id = o.reservation_id)
         returning o.reservation_id, o.role",
        tx.t(),
        other_id,
        id
    )
    .fetch_all(&mut **tx)
    .await?;
    let primary = both.into_iter().filter(|r| r.role == "primary");
    let primary: Vec<Uuid> = primary.map(|r| r.reservation_id).collect();
    sqlx::query!(
        "update reservation_guest set role = 'primary'
         where tenant_id = $1 and guest_id = $2 and reservation_id = any($3)",
        tx.t(),
        id,
        &primary
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "update reservation_guest set guest_id = $3 where tenant_id = $1 and guest_id = $2",
        tx.t(),
        other_id,
        id
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
