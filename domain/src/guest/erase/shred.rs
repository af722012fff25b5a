//! Taking the guest out, record by record.

use super::trail::Trail;
use super::words::ERASED;
use crate::booking::personal::{self, Personal};
use crate::channel::correspondence;
use crate::channel::messages::{self, Kept};
use crate::channel::revision::Booker;
use crate::db::TenantTx;
use crate::error::Result;
use crate::guest::entity::Guest;
use crate::guest::{stay, store};
use crate::idempotency;
use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

/// Nothing is left of them but their ids, and when they were there.
pub(super) async fn profiles(tx: &mut TenantTx, profiles: &[Guest], now: DateTime<Utc>) -> Result<()> {
    for guest in profiles {
        let erased = Guest {
            merged_into: guest.merged_into,
            erased_at: Some(now),
            version: guest.version + 1,
            created_at: guest.created_at,
            ..Guest::blank(guest.id, now)
        };
        store::update(tx, &erased).await?;
        store::save_keys(tx, &erased).await?;
    }
    Ok(())
}

/// That they stayed remains; what they filled in does not.
pub(super) async fn registrations(tx: &mut TenantTx, profiles: &[Guest]) -> Result<()> {
    let guests: Vec<Uuid> = profiles.iter().map(|guest| guest.id).collect();
    let ids = sqlx::query_scalar!(
        "select id from reservation_guest where tenant_id = $1 and guest_id = any($2)",
        tx.t(),
        &guests
    )
    .fetch_all(&mut **tx)
    .await?;
    for id in ids {
        stay::forget_registration(tx, id).await?;
    }
    Ok(())
}

/// Reference, dates, prices, taxes and who was invoiced stay.
pub(super) async fn bookings(tx: &mut TenantTx, trail: &Trail, now: DateTime<Utc>) -> Result<()> {
    let nobody = Personal {
        booker: Booker {
            name: ERASED.into(),
            ..Booker::default()
        },
        notes: None,
    };
    let erased: Vec<_> = trail.booked.iter().map(|id| (*id, nobody.clone())).collect();
    personal::write(tx, &erased).await?;
    sqlx::query!(
        "update booking set version = version + 1, updated_at = $3 where tenant_id = $1 and id = any($2)",
        tx.t(),
        &trail.booked,
        now
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "update reservation set guest_name = null, needs = null, version = version + 1
         where tenant_id = $1 and id = any($2)",
        tx.t(),
        &trail.named
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A quote lives for a day: those of the bookings, and those that name the guest.
async fn quotes(tx: &mut TenantTx, trail: &Trail) -> Result<()> {
    let quotes = sqlx::query!(
        "select id, booking_id, body from quote where tenant_id = $1",
        tx.t()
    )
    .fetch_all(&mut **tx)
    .await?;
    let booked = |id: Option<Uuid>| id.is_some_and(|id| trail.bookings.contains(&id));
    let theirs = quotes
        .into_iter()
        .filter(|q| booked(q.booking_id) || trail.words.are_meant(&q.body.to_string()));
    let theirs: Vec<Uuid> = theirs.map(|q| q.id).collect();
    sqlx::query!(
        "delete from quote where tenant_id = $1 and id = any($2)",
        tx.t(),
        &theirs
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The log keeps what happened when; what people wrote in it goes.
pub(super) async fn log(tx: &mut TenantTx, trail: &Trail) -> Result<()> {
    let rows = sqlx::query!(
        "select xid, seq, data from event where tenant_id = $1 and subject_id = any($2) for update",
        tx.t(),
        &trail.subjects()
    )
    .fetch_all(&mut **tx)
    .await?;
    for row in rows {
        let mut data: Value = row.data;
        if !trail.words.take_out(&mut data) {
            continue;
        }
        sqlx::query!(
            "update event set data = $4 where tenant_id = $1 and xid = $2 and seq = $3",
            tx.t(),
            row.xid,
            row.seq,
            data
        )
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// What channels sent of the bookings, and whatever else has the guest's address or number in it. A message that waits
/// is news, and is still applied, without the guest.
pub(super) async fn messages(tx: &mut TenantTx, trail: &Trail) -> Result<()> {
    let bookings = messages::references(tx, &trail.bookings).await?;
    let own = trail.words.own();
    let theirs = |kept: &Kept| {
        let raw = kept.raw.to_lowercase();
        bookings.iter().any(|booking| booking.is_in(kept)) || own.iter().any(|word| raw.contains(word))
    };
    let mut found = messages::find(tx, theirs).await?;
    for kept in &mut found {
        kept.raw = if kept.waiting {
            trail.words.out_of_message(&kept.raw)
        } else {
            "{}".to_owned()
        };
    }
    messages::replace(tx, &found).await
}

/// What was written about the guest's own bookings, and whatever else has the guest's address or number in it.
pub(super) async fn correspondence(tx: &mut TenantTx, trail: &Trail) -> Result<()> {
    let own = messages::references(tx, &trail.booked).await?;
    correspondence::shred(tx, &own, |text| trail.words.are_meant(text)).await
}

/// Alerts' words, and answers kept for repeated requests.
pub(super) async fn the_rest(tx: &mut TenantTx, trail: &Trail) -> Result<()> {
    let subjects = trail.subjects();
    let alerts = sqlx::query!(
        "select id, subject_id, detail from alert where tenant_id = $1",
        tx.t()
    )
    .fetch_all(&mut **tx)
    .await?;
    let theirs = |subject, detail: &str| {
        trail.words.are_meant(detail) || (subjects.contains(&subject) && trail.words.stand_in(detail))
    };
    let alerts = alerts.into_iter().filter(|a| theirs(a.subject_id, &a.detail));
    let alerts: Vec<Uuid> = alerts.map(|a| a.id).collect();
    sqlx::query!(
        "update alert set detail = $3 where tenant_id = $1 and id = any($2)",
        tx.t(),
        &alerts,
        ERASED
    )
    .execute(&mut **tx)
    .await?;
    quotes(tx, trail).await?;
    let ids: Vec<String> = subjects.iter().map(Uuid::to_string).collect();
    let theirs = |answer: &str| ids.iter().any(|id| answer.contains(id)) || trail.words.are_meant(answer);
    // What a stay needs is answered without saying whose: nobody's answer of that kind is kept.
    idempotency::shred(tx, |operation, answer| operation == "set_needs" || theirs(answer)).await
}
