//! Who stays in a reservation, with what the registration form asks; and where a guest has stayed.

use super::store;
use crate::booking::store as booking;
use crate::db::TenantTx;
use crate::error::{Error, Refusal, Result};
use crate::event::{self, NewEvent};
use crate::ids::new_id;
use crate::principal::{Permission, Principal};
use crate::private::private;
use crate::text;
use crate::vault::Place;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

private!(Registration, NewEntry[guest_id], Entry[guest_id]);

/// Most guests of one reservation.
pub const MOST_GUESTS: usize = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// In whose name the stay is.
    Primary,
    Accompanying,
}

impl Role {
    pub fn name(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Accompanying => "accompanying",
        }
    }

    fn parse(name: &str) -> Result<Self> {
        match name {
            "primary" => Ok(Self::Primary),
            "accompanying" => Ok(Self::Accompanying),
            other => Err(Error::internal(format!("unknown role of a guest `{other}`"))),
        }
    }
}

/// What the registration form asks beyond the profile; sealed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Registration {
    /// ISO 3166-1 alpha-2.
    pub nationality: Option<String>,
    pub purpose: Option<String>,
    pub coming_from: Option<String>,
    pub going_to: Option<String>,
    pub vehicle_plate: Option<String>,
}

/// One guest of a stay, as a caller sets it.
#[derive(Clone)]
pub struct NewEntry {
    pub guest_id: Uuid,
    pub role: Role,
    pub registered_at: Option<DateTime<Utc>>,
    pub registration: Registration,
}

/// One guest of a stay.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    pub guest_id: Uuid,
    pub first_name: Option<String>,
    pub last_name: String,
    pub vip: bool,
    /// Nobody is refused by itself: the front desk sees it and decides.
    pub blacklisted: bool,
    pub role: Role,
    pub registered_at: Option<DateTime<Utc>>,
    pub registration: Registration,
}

/// Replaces the guests of a reservation. Exactly one is primary, unless the list is empty.
pub async fn set(
    tx: &mut TenantTx,
    who: &Principal,
    reservation_id: Uuid,
    mut entries: Vec<NewEntry>,
    now: DateTime<Utc>,
) -> Result<Vec<Entry>> {
    who.require(Permission::WriteGuests)?;
    check(&mut entries)?;
    // Two replacements come one after the other; then guests before entries, as a merge takes them.
    let locked = sqlx::query_scalar!(
        "select id from reservation where tenant_id = $1 and id = $2 for update",
        tx.t(),
        reservation_id
    )
    .fetch_optional(&mut **tx)
    .await?;
    locked.ok_or_else(|| Refusal::not_found("reservation"))?;
    lock_guests(tx, &entries).await?;
    sqlx::query!(
        "delete from reservation_guest where tenant_id = $1 and reservation_id = $2",
        tx.t(),
        reservation_id
    )
    .execute(&mut **tx)
    .await?;
    insert(tx, reservation_id, &entries).await?;
    said(tx, who, reservation_id, &entries, now).await?;
    list(tx, who, reservation_id).await
}

/// In the booking's timeline: who, by id alone.
async fn said(
    tx: &mut TenantTx,
    who: &Principal,
    reservation_id: Uuid,
    entries: &[NewEntry],
    at: DateTime<Utc>,
) -> Result<()> {
    let booking_id = booking::booking_of(tx, reservation_id).await?;
    let guests: Vec<Uuid> = entries.iter().map(|e| e.guest_id).collect();
    let event = NewEvent {
        kind: "reservation.guests_set",
        property_id: Some(booking::property_of(tx, booking_id).await?),
        subject_id: booking_id,
        actor: &who.actor,
        data: json!({ "reservation_id": reservation_id, "guest_ids": guests, "nights": [] }),
        at,
    };
    event::append(tx, event).await?;
    crate::jobs::kick(tx).await
}

fn check(entries: &mut [NewEntry]) -> Result<(), Refusal> {
    if entries.len() > MOST_GUESTS {
        return Err(Refusal::invalid("out_of_range", format!("at most {MOST_GUESTS} guests")).at("/guests"));
    }
    let primary = entries.iter().filter(|e| e.role == Role::Primary).count();
    if !entries.is_empty() && primary != 1 {
        let detail = format!("exactly one guest is primary, not {primary}");
        return Err(Refusal::invalid("primary_guest", detail).at("/guests"));
    }
    let mut seen = BTreeSet::new();
    for (i, entry) in entries.iter_mut().enumerate() {
        let at = |field: &str| format!("/guests/{i}/{field}");
        if !seen.insert(entry.guest_id) {
            return Err(Refusal::invalid("same_guest", "this guest is in the list twice").at(at("guest_id")));
        }
        let r = &mut entry.registration;
        let nationality = r.nationality.as_deref();
        r.nationality = nationality
            .map(|n| text::country(n, &at("nationality")))
            .transpose()?;
        r.purpose = text::short(r.purpose.as_deref(), &at("purpose"))?;
        r.coming_from = text::short(r.coming_from.as_deref(), &at("coming_from"))?;
        r.going_to = text::short(r.going_to.as_deref(), &at("going_to"))?;
        r.vehicle_plate = text::short(r.vehicle_plate.as_deref(), &at("vehicle_plate"))?;
    }
    Ok(())
}

/// 404 for a guest who does not exist, 409 `guest_merged` for one who goes on under another id.
async fn lock_guests(tx: &mut TenantTx, entries: &[NewEntry]) -> Result<()> {
    let ids: Vec<Uuid> = entries.iter().map(|e| e.guest_id).collect();
    let rows = sqlx::query!(
        "select id, merged_into, erased_at from guest where tenant_id = $1 and id = any($2) order by id for key share",
        tx.t(),
        &ids
    )
    .fetch_all(&mut **tx)
    .await?;
    let erased = rows.iter().position(|r| r.erased_at.is_some());
    if let Some(erased) = erased.and_then(|i| rows.get(i)) {
        let place = ids.iter().position(|id| *id == erased.id).unwrap_or_default();
        return Err(store::erased().at(format!("/guests/{place}/guest_id")).into());
    }
    let known: BTreeMap<Uuid, Option<Uuid>> = rows.into_iter().map(|r| (r.id, r.merged_into)).collect();
    for (i, id) in ids.iter().enumerate() {
        let at = format!("/guests/{i}/guest_id");
        match known.get(id) {
            None => return Err(Refusal::not_found("guest").at(at).into()),
            Some(Some(into)) => {
                let detail = format!("this guest was merged into {into}");
                return Err(Refusal::conflict("guest_merged", detail).at(at).into());
            }
            Some(None) => {}
        }
    }
    Ok(())
}

fn place(id: Uuid) -> Place {
    Place::new("reservation_guest", "registration", id)
}

/// That somebody stayed remains, what they filled in does not.
pub(super) async fn forget_registration(tx: &mut TenantTx, id: Uuid) -> Result<()> {
    let blank = tx
        .vault()
        .await?
        .seal_json(&place(id), &Registration::default())?;
    sqlx::query!(
        "update reservation_guest set registration = $3 where tenant_id = $1 and id = $2",
        tx.t(),
        id,
        blank
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn insert(tx: &mut TenantTx, reservation_id: Uuid, entries: &[NewEntry]) -> Result<()> {
    let vault = tx.vault().await?;
    let ids: Vec<Uuid> = entries.iter().map(|_| new_id()).collect();
    let guests: Vec<Uuid> = entries.iter().map(|e| e.guest_id).collect();
    let roles: Vec<String> = entries.iter().map(|e| e.role.name().to_owned()).collect();
    let times: Vec<Option<DateTime<Utc>>> = entries.iter().map(|e| e.registered_at).collect();
    let sealed = ids.iter().zip(entries);
    let sealed = sealed.map(|(id, e)| vault.seal_json(&place(*id), &e.registration));
    let sealed: Vec<String> = sealed.collect::<Result<_>>()?;
    sqlx::query!(
        "insert into reservation_guest (tenant_id, id, reservation_id, guest_id, role, registered_at, registration)
         select $1, e.id, $2, e.guest_id, e.role, e.registered_at, e.registration
         from unnest($3::uuid[], $4::uuid[], $5::text[], $6::timestamptz[], $7::text[])
              as e (id, guest_id, role, registered_at, registration)",
        tx.t(),
        reservation_id,
        &ids,
        &guests,
        &roles,
        &times as &[Option<DateTime<Utc>>],
        &sealed
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The guests of a reservation, the primary one first.
pub async fn list(tx: &mut TenantTx, who: &Principal, reservation_id: Uuid) -> Result<Vec<Entry>> {
    who.require(Permission::ReadGuests)?;
    booking::booking_of(tx, reservation_id).await?;
    let rows = sqlx::query!(
        "select e.id, e.guest_id, e.role, e.registered_at, e.registration, g.first_name, g.last_name, g.vip,
                g.blacklisted
         from reservation_guest e join guest g on g.tenant_id = $1 and g.id = e.guest_id
         where e.tenant_id = $1 and e.reservation_id = $2 order by e.role desc, e.id",
        tx.t(),
        reservation_id
    )
    .fetch_all(&mut **tx)
    .await?;
    let sealed: Vec<&str> = rows.iter().map(|r| r.registration.as_str()).collect();
    let vault = tx.vault_knowing(&sealed).await?;
    let entries = rows.into_iter().map(|r| {
        Ok(Entry {
            registration: vault.open_json(&place(r.id), &r.registration)?,
            guest_id: r.guest_id,
            first_name: r.first_name,
            last_name: r.last_name,
            vip: r.vip,
            blacklisted: r.blacklisted,
            role: Role::parse(&r.role)?,
            registered_at: r.registered_at,
        })
    });
    entries.collect()
}

/// A guest's registration form of one stay.
pub struct Filed {
    pub reservation_id: Uuid,
    pub registered_at: Option<DateTime<Utc>>,
    pub registration: Registration,
}

/// The forms that these guests filled in, the first stay first.
pub(super) async fn filed(tx: &mut TenantTx, guests: &[Uuid]) -> Result<Vec<Filed>> {
    let rows = sqlx::query!(
        "select id, reservation_id, registered_at, registration from reservation_guest
         where tenant_id = $1 and guest_id = any($2) order by reservation_id, id",
        tx.t(),
        guests
    )
    .fetch_all(&mut **tx)
    .await?;
    let sealed: Vec<&str> = rows.iter().map(|r| r.registration.as_str()).collect();
    let vault = tx.vault_knowing(&sealed).await?;
    let filed = rows.into_iter().map(|r| {
        Ok(Filed {
            registration: vault.open_json(&place(r.id), &r.registration)?,
            reservation_id: r.reservation_id,
            registered_at: r.registered_at,
        })
    });
    filed.collect()
}

/// A stay of one guest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stay {
    pub reservation_id: Uuid,
    pub booking_id: Uuid,
    pub reference: String,
    pub property_id: Uuid,
    pub unit_type_id: Option<Uuid>,
    pub arrival: NaiveDate,
    pub departure: NaiveDate,
    pub status: String,
    pub role: Role,
}

/// A guest's stays, the one booked last first, before the reservation `before`.
pub async fn of_guest(
    tx: &mut TenantTx,
    who: &Principal,
    guest_id: Uuid,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Stay>> {
    store::get(tx, who, guest_id).await?;
    let rows = sqlx::query!(
        "select r.id as reservation_id, r.booking_id, b.reference, r.property_id, r.unit_type_id, r.arrival,
                r.departure, r.status, e.role
         from reservation_guest e
         join reservation r on r.tenant_id = $1 and r.id = e.reservation_id
         join booking b on b.tenant_id = $1 and b.id = r.booking_id
         where e.tenant_id = $1 and e.guest_id = $2 and ($3::uuid is null or r.id < $3)
         order by r.id desc limit $4",
        tx.t(),
        guest_id,
        before,
        limit
    )
    .fetch_all(&mut **tx)
    .await?;
    let stays = rows.into_iter().map(|r| {
        Ok(Stay {
            role: Role::parse(&r.role)?,
            reservation_id: r.reservation_id,
            booking_id: r.booking_id,
            reference: r.reference,
            property_id: r.property_id,
            unit_type_id: r.unit_type_id,
            arrival: r.arrival,
            departure: r.departure,
            status: r.status,
        })
    });
    stays.collect()
}
