//! Reading guests, finding them, and writing them with what they are found by.

use super::entity::{Guest, Key, Personal};
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::principal::{Permission, Principal};
use crate::private::private;
use crate::text;
use crate::vault::{Place, Vault};
use chrono::{DateTime, Utc};
use uuid::Uuid;

private!(Search);

struct Row {
    id: Uuid,
    title: Option<String>,
    first_name: Option<String>,
    last_name: String,
    personal: String,
    company_id: Option<Uuid>,
    vip: bool,
    blacklisted: bool,
    merged_into: Option<Uuid>,
    erased_at: Option<DateTime<Utc>>,
    version: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl Row {
    fn guest(self, vault: &Vault) -> Result<Guest> {
        Ok(Guest {
            personal: vault.open_json::<Personal>(&place(self.id), &self.personal)?,
            id: self.id,
            title: self.title,
            first_name: self.first_name,
            last_name: self.last_name,
            company_id: self.company_id,
            vip: self.vip,
            blacklisted: self.blacklisted,
            merged_into: self.merged_into,
            erased_at: self.erased_at,
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

fn place(id: Uuid) -> Place {
    Place::new("guest", "personal", id)
}

async fn opened(tx: &TenantTx, rows: Vec<Row>) -> Result<Vec<Guest>> {
    let sealed: Vec<&str> = rows.iter().map(|row| row.personal.as_str()).collect();
    let vault = tx.vault_knowing(&sealed).await?;
    rows.into_iter().map(|row| row.guest(&vault)).collect()
}

/// A guest as this role may see one: birth date and document number only if it may read documents.
fn shown(who: &Principal, guest: Guest) -> Guest {
    if who.may(Permission::ReadDocuments) {
        guest
    } else {
        guest.masked()
    }
}

/// Also one that was merged: `merged_into` says who goes on.
pub async fn get(tx: &mut TenantTx, who: &Principal, id: Uuid) -> Result<Guest> {
    who.require(Permission::ReadGuests)?;
    let row = sqlx::query_as!(
        Row,
        "select id, title, first_name, last_name, personal, company_id, vip, blacklisted, merged_into, erased_at,
                version, created_at, updated_at
         from guest where tenant_id = $1 and id = $2",
        tx.t(),
        id
    )
    .fetch_optional(&mut **tx)
    .await?
    .ok_or_else(|| Refusal::not_found("guest"))?;
    let vault = tx.vault_knowing(&[&row.personal]).await?;
    Ok(shown(who, row.guest(&vault)?))
}

/// The guest, locked: two changes come one after the other.
pub(super) async fn lock(tx: &mut TenantTx, id: Uuid) -> Result<Guest> {
    let found = lock_all(tx, &[id]).await?.pop();
    Ok(found.ok_or_else(|| Refusal::not_found("guest"))?)
}

/// Those of the guests that exist, locked in the order of their ids, so that two merges do not wait for each other.
pub(super) async fn lock_all(tx: &mut TenantTx, ids: &[Uuid]) -> Result<Vec<Guest>> {
    let rows = sqlx::query_as!(
        Row,
        "select id, title, first_name, last_name, personal, company_id, vip, blacklisted, merged_into, erased_at,
                version, created_at, updated_at
         from guest where tenant_id = $1 and id = any($2) order by id for update",
        tx.t(),
        ids
    )
    .fetch_all(&mut **tx)
    .await?;
    opened(tx, rows).await
}

/// Those who were merged into the guest, locked.
pub(super) async fn merged_into(tx: &mut TenantTx, id: Uuid) -> Result<Vec<Guest>> {
    let ids = sqlx::query_scalar!(
        "select id from guest where tenant_id = $1 and merged_into = $2",
        tx.t(),
        id
    )
    .fetch_all(&mut **tx)
    .await?;
    lock_all(tx, &ids).await
}

/// 409 `guest_erased`.
pub(super) fn erased() -> Refusal {
    Refusal::conflict("guest_erased", "this guest was erased")
}

/// 409 `guest_merged`, naming who goes on, or `guest_erased`.
pub(super) fn refuse_gone(guest: &Guest) -> Result<(), Refusal> {
    match guest.merged_into {
        None if guest.erased_at.is_some() => Err(erased()),
        None => Ok(()),
        Some(into) => {
            let detail = format!("this guest was merged into {into}");
            Err(Refusal::conflict("guest_merged", detail))
        }
    }
}

/// How to look for guests.
#[derive(Clone)]
pub enum Search {
    /// Exactly this address, whatever its case.
    Email(String),
    /// Exactly this number, however it is grouped.
    Phone(String),
    /// `last first` begins so; empty = everybody.
    Name(String),
}

/// In the order of names, after the guest `after`; without those who were merged into others.
pub async fn list(
    tx: &mut TenantTx,
    who: &Principal,
    search: &Search,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Guest>> {
    who.require(Permission::ReadGuests)?;
    let rows = match search {
        Search::Email(email) => by_key(tx, Key::Email, &text::normal_email(email), after, limit).await?,
        Search::Phone(phone) => by_key(tx, Key::Phone, &text::normal_phone(phone), after, limit).await?,
        Search::Name(prefix) => by_name(tx, &text::folded(prefix), after, limit).await?,
    };
    let guests = opened(tx, rows).await?;
    Ok(guests.into_iter().map(|guest| shown(who, guest)).collect())
}

async fn by_key(
    tx: &mut TenantTx,
    key: Key,
    value: &str,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Row>> {
    Ok(sqlx::query_as!(
        Row,
        "select g.id, title, first_name, last_name, personal, company_id, vip, blacklisted, merged_into, erased_at,
                version, created_at, updated_at
         from guest_key k join guest g on g.tenant_id = $1 and g.id = k.guest_id
         where k.tenant_id = $1 and k.kind = $2 and k.value = $3 and ($4::uuid is null or g.id > $4)
         order by g.id limit $5",
        tx.t(),
        key.name(),
        tx.vault().await?.blind(key.name(), value)?,
        after,
        limit
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// A range of the index over names, from the place of `after` on.
async fn by_name(tx: &mut TenantTx, prefix: &str, after: Option<Uuid>, limit: i64) -> Result<Vec<Row>> {
    let from = sqlx::query_scalar!(
        "select search_name from guest where tenant_id = $1 and id = $2",
        tx.t(),
        after
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(sqlx::query_as!(
        Row,
        "select id, title, first_name, last_name, personal, company_id, vip, blacklisted, merged_into, erased_at,
                version, created_at, updated_at
         from guest where tenant_id = $1 and merged_into is null and erased_at is null
           and (search_name, id) > ($2, $3) and search_name < $4
         order by search_name, id limit $5",
        tx.t(),
        from.unwrap_or_else(|| prefix.to_owned()),
        after.unwrap_or_default(),
        text::after_prefix(prefix),
        limit
    )
    .fetch_all(&mut **tx)
    .await?)
}

pub(super) async fn insert(tx: &mut TenantTx, g: &Guest) -> Result<()> {
    sqlx::query!(
        "insert into guest (tenant_id, id, title, first_name, last_name, search_name, personal, company_id, vip,
             blacklisted, version, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        tx.t(),
        g.id,
        g.title,
        g.first_name,
        g.last_name,
        g.search_name(),
        tx.vault().await?.seal_json(&place(g.id), &g.personal)?,
        g.company_id,
        g.vip,
        g.blacklisted,
        g.version,
        g.created_at,
        g.updated_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) async fn update(tx: &mut TenantTx, g: &Guest) -> Result<()> {
    sqlx::query!(
        "update guest set title = $3, first_name = $4, last_name = $5, search_name = $6, personal = $7,
             company_id = $8, vip = $9, blacklisted = $10, merged_into = $11, version = $12, updated_at = $13,
             erased_at = $14
         where tenant_id = $1 and id = $2",
        tx.t(),
        g.id,
        g.title,
        g.first_name,
        g.last_name,
        g.search_name(),
        tx.vault().await?.seal_json(&place(g.id), &g.personal)?,
        g.company_id,
        g.vip,
        g.blacklisted,
        g.merged_into,
        g.version,
        g.updated_at,
        g.erased_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Writes what the guest is found by; a merged guest is found by nothing.
pub(super) async fn save_keys(tx: &mut TenantTx, g: &Guest) -> Result<()> {
    let vault = tx.vault().await?;
    let keys = if g.merged_into.is_some() {
        Vec::new()
    } else {
        g.keys()
    };
    let kinds: Vec<String> = keys.iter().map(|(key, _)| key.name().to_owned()).collect();
    let values = keys.iter().map(|(key, value)| vault.blind(key.name(), value));
    let values: Vec<String> = values.collect::<Result<_>>()?;
    sqlx::query!(
        "delete from guest_key where tenant_id = $1 and guest_id = $2 and kind <> all($3)",
        tx.t(),
        g.id,
        &kinds
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "insert into guest_key (tenant_id, guest_id, kind, value)
         select $1, $2, k.kind, k.value from unnest($3::text[], $4::text[]) as k (kind, value)
         on conflict (tenant_id, guest_id, kind) do update set value = excluded.value
             where guest_key.value <> excluded.value",
        tx.t(),
        g.id,
        &kinds,
        &values
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
