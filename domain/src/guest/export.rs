//! `export`: everything the tenant holds of one guest, for the guest to have.

use super::entity::Guest;
use super::erase::Trail;
use super::profile::log;
use super::stay::{self, Filed};
use super::store;
use crate::booking::entity::Booking;
use crate::booking::store as bookings;
use crate::booking::timeline::Entry;
use crate::channel::correspondence;
pub use crate::channel::correspondence::Said;
use crate::channel::messages;
use crate::company::{self, Company};
use crate::db::TenantTx;
use crate::error::Result;
use crate::principal::{Permission, Principal};
use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

/// Bookings of one export, the oldest; nobody has stayed so often.
const MOST_BOOKINGS: usize = 1000;
/// Entries of the log, the oldest.
const MOST_ENTRIES: i64 = 10_000;
/// Messages of channels, the oldest.
const MOST_MESSAGES: usize = 10_000;

/// What is held of a person. Others in the same bookings are left out of it.
pub struct Export {
    pub guest: Guest,
    /// Profiles that turned out to be the same person's.
    pub merged: Vec<Guest>,
    pub company: Option<Company>,
    pub bookings: Vec<Booking>,
    pub registrations: Vec<Filed>,
    pub log: Vec<Entry>,
    pub messages: Vec<Sent>,
    /// What was written through channels about the guest's own bookings, both ways, reviews too.
    pub said: Vec<Said>,
}

/// What a channel sent of a booking, as it is kept.
pub struct Sent {
    pub received_at: DateTime<Utc>,
    pub connection_id: Uuid,
    pub raw: String,
}

/// # Errors
/// 404; 409 `guest_merged` for one who goes on under another id, `guest_erased`.
pub async fn export(tx: &mut TenantTx, who: &Principal, id: Uuid, now: DateTime<Utc>) -> Result<Export> {
    who.require(Permission::ReadDocuments)?;
    who.require_all_properties()?;
    let guest = store::get(tx, who, id).await?;
    store::refuse_gone(&guest)?;
    let merged = store::merged_into(tx, id).await?;
    let all: Vec<Guest> = merged.iter().chain([&guest]).cloned().collect();
    let trail = Trail::find(tx, &all).await?;
    let company = match guest.company_id {
        Some(company) => company::find(tx, company).await?,
        None => None,
    };
    let mut found = Vec::new();
    for booking in trail.bookings.iter().take(MOST_BOOKINGS) {
        let booking = bookings::get(tx, who, *booking).await?;
        found.push(without_others(booking, &trail));
    }
    let export = Export {
        company,
        bookings: found,
        registrations: stay::filed(tx, &trail.guests).await?,
        log: entries(tx, &trail).await?,
        messages: sent(tx, &trail).await?,
        said: said(tx, &trail).await?,
        guest,
        merged,
    };
    log(tx, who, "guest.exported", id, json!({}), now).await?;
    Ok(export)
}

/// A companion's export does not tell who else came along, nor who paid.
fn without_others(mut booking: Booking, trail: &Trail) -> Booking {
    if !trail.booked.contains(&booking.id) {
        booking.booker = Default::default();
        booking.notes = None;
    }
    for reservation in &mut booking.reservations {
        if !trail.named.contains(&reservation.id) {
            reservation.guest_name = None;
        }
    }
    booking
}

/// Without who in the house did it.
async fn entries(tx: &mut TenantTx, trail: &Trail) -> Result<Vec<Entry>> {
    let rows = sqlx::query!(
        "select at, kind, data from event where tenant_id = $1 and subject_id = any($2) order by xid, seq limit $3",
        tx.t(),
        &trail.subjects(),
        MOST_ENTRIES
    )
    .fetch_all(&mut **tx)
    .await?;
    let entries = rows.into_iter().map(|row| Entry {
        at: row.at,
        actor: String::new(),
        actor_name: None,
        kind: row.kind,
        data: row.data,
    });
    Ok(entries.collect())
}

async fn said(tx: &mut TenantTx, trail: &Trail) -> Result<Vec<Said>> {
    let own = messages::references(tx, &trail.booked).await?;
    correspondence::export(tx, &own).await
}

/// Of bookings that are the guest's own: a message speaks of everybody in it.
async fn sent(tx: &mut TenantTx, trail: &Trail) -> Result<Vec<Sent>> {
    let own = messages::references(tx, &trail.booked).await?;
    if own.is_empty() {
        return Ok(Vec::new());
    }
    let mut kept = messages::find(tx, |kept| own.iter().any(|own| own.is_in(kept))).await?;
    kept.sort_by_key(|kept| kept.id);
    let sent = kept.into_iter().take(MOST_MESSAGES).map(|kept| Sent {
        received_at: kept.received_at,
        connection_id: kept.connection_id,
        raw: kept.raw,
    });
    Ok(sent.collect())
}
