//! Where a guest has left something: the bookings and stays that are theirs, and the words they are known by.

use super::words::Words;
use crate::booking::personal::{self, Personal};
use crate::channel::revision::Booker;
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::guest::entity::{Guest, Key};
use uuid::Uuid;

/// What belongs to one person, under one or more profiles.
pub(crate) struct Trail {
    pub guests: Vec<Uuid>,
    /// The guest stays in them, or booked them: by address or telephone, or is named as their booker.
    pub bookings: Vec<Uuid>,
    /// Of them those whose booker is taken for the guest: the guest is the primary one in a stay, or is the booker.
    pub booked: Vec<Uuid>,
    /// All reservations of the bookings.
    pub reservations: Vec<Uuid>,
    /// Of them those in the guest's own name.
    pub named: Vec<Uuid>,
    pub words: Words,
}

struct Booked {
    id: Uuid,
    booker: Booker,
    /// By the guest's address or number.
    same: bool,
}

struct Found {
    id: Uuid,
    booking_id: Uuid,
    guest_name: Option<String>,
    primary: bool,
}

impl Trail {
    /// Locks the bookings, in the order of their ids.
    pub(crate) async fn find(tx: &mut TenantTx, profiles: &[Guest]) -> Result<Self> {
        let mut words = Words::default();
        profiles.iter().for_each(|guest| words.add_guest(guest));
        let guests: Vec<Uuid> = profiles.iter().map(|guest| guest.id).collect();
        let bookings = bookings(tx, profiles).await?;
        let ids: Vec<Uuid> = bookings.iter().map(|b| b.id).collect();
        let stays = stays(tx, &ids, &guests).await?;
        let is_booked = |b: Uuid, same: bool, name: &str| {
            same || words.is_name(name) || stays.iter().any(|s| s.booking_id == b && s.primary)
        };
        let booked = bookings
            .iter()
            .filter(|b| is_booked(b.id, b.same, &b.booker.name));
        let booked: Vec<Uuid> = booked.map(|b| b.id).collect();
        let is_named = |s: &&Found| s.primary || s.guest_name.as_deref().is_some_and(|n| words.is_name(n));
        let named: Vec<Uuid> = stays.iter().filter(is_named).map(|s| s.id).collect();
        for b in bookings.iter().filter(|b| booked.contains(&b.id)) {
            words.add_booker(&b.booker);
        }
        for name in stays
            .iter()
            .filter(|s| named.contains(&s.id))
            .filter_map(|s| s.guest_name.as_deref())
        {
            words.add_name(name);
        }
        Ok(Self {
            guests,
            bookings: ids,
            booked,
            reservations: stays.iter().map(|s| s.id).collect(),
            named,
            words,
        })
    }

    /// Everything the log may speak of.
    pub(crate) fn subjects(&self) -> Vec<Uuid> {
        [&self.guests, &self.bookings, &self.reservations]
            .into_iter()
            .flatten()
            .copied()
            .collect()
    }

    pub(super) async fn refuse_live(&self, tx: &mut TenantTx) -> Result<()> {
        let live = sqlx::query!(
            "select b.reference, r.arrival, r.departure from reservation r
             join booking b on b.tenant_id = $1 and b.id = r.booking_id
             where r.tenant_id = $1 and r.booking_id = any($2) and r.status in ('tentative', 'confirmed', 'in_house')
             order by r.arrival, b.id limit 1",
            tx.t(),
            &self.bookings
        )
        .fetch_optional(&mut **tx)
        .await?;
        let Some(live) = live else { return Ok(()) };
        let detail = format!(
            "booking {} holds a stay from {} to {}: erase the guest when it is over or cancelled",
            live.reference, live.arrival, live.departure
        );
        Err(Refusal::conflict("guest_has_stays", detail).into())
    }
}

/// The bookings the guests stay in or made, locked in the order of their ids.
async fn bookings(tx: &mut TenantTx, profiles: &[Guest]) -> Result<Vec<Booked>> {
    // In clear a booker is not found.
    while personal::seal_old(tx).await? > 0 {}
    let vault = tx.vault().await?;
    let guests: Vec<Uuid> = profiles.iter().map(|guest| guest.id).collect();
    let (mut emails, mut phones) = (Vec::new(), Vec::new());
    for (key, value) in profiles.iter().flat_map(Guest::keys) {
        match key {
            Key::Email => emails.push(vault.blind(key.name(), &value)?),
            Key::Phone => phones.push(vault.blind(key.name(), &value)?),
            Key::NameBirth => {}
        }
    }
    let rows = sqlx::query!(
        r#"select b.id, b.personal as "personal!",
                  coalesce(b.email_key = any($3), false) or coalesce(b.phone_key = any($4), false) as "same!"
           from booking b
           where b.tenant_id = $1 and (
               b.id in (select r.booking_id from reservation r
                        join reservation_guest e on e.tenant_id = $1 and e.reservation_id = r.id
                        where r.tenant_id = $1 and e.guest_id = any($2))
               or b.email_key = any($3) or b.phone_key = any($4))
           order by b.id for update"#,
        tx.t(),
        &guests,
        &emails,
        &phones
    )
    .fetch_all(&mut **tx)
    .await?;
    let sealed: Vec<&str> = rows.iter().map(|row| row.personal.as_str()).collect();
    let vault = tx.vault_knowing(&sealed).await?;
    let booked = rows.into_iter().map(|row| {
        Ok(Booked {
            booker: Personal::open(&vault, row.id, &row.personal)?.booker,
            id: row.id,
            same: row.same,
        })
    });
    booked.collect()
}

async fn stays(tx: &mut TenantTx, bookings: &[Uuid], guests: &[Uuid]) -> Result<Vec<Found>> {
    Ok(sqlx::query_as!(
        Found,
        r#"select r.id, r.booking_id, r.guest_name, exists (
               select from reservation_guest e where e.tenant_id = $1 and e.reservation_id = r.id
               and e.guest_id = any($3) and e.role = 'primary') as "primary!"
           from reservation r where r.tenant_id = $1 and r.booking_id = any($2) order by r.id"#,
        tx.t(),
        bookings,
        guests
    )
    .fetch_all(&mut **tx)
    .await?)
}
