//! Connections as people make and change them.

use super::{hold, link};
use crate::channel::feed::{Feed, Nights};
use crate::db::TenantTx;
use crate::error::{Error, Refusal, Result};
use crate::event::{self, NewEvent};
use crate::ids::new_id;
use crate::principal::{Permission, Principal};
use crate::property::{self, check_version};
use crate::vault::{Place, Vault};
use chrono::{DateTime, Duration, NaiveDate, Utc};
use chrono_tz::Tz;
use serde_json::{Value, json};
use uuid::Uuid;

/// Connections of one unit.
pub const MOST_OF_A_UNIT: i64 = 20;
/// A person may ask for a reading so often.
pub const READ_EVERY_SECONDS: i64 = 60;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarConnection {
    pub id: Uuid,
    pub property_id: Uuid,
    pub unit_id: Uuid,
    pub name: String,
    /// Paused: nothing is read, and what is held stays held.
    pub active: bool,
    /// Where the channel's calendar is read from; the rest of the address is secret.
    pub import_host: Option<String>,
    /// There is an address at which the channel reads ours.
    pub exported: bool,
    pub version: i32,
}

/// The channel's calendar.
pub struct Import {
    pub url: String,
    pub host: String,
}

pub struct NewCalendar {
    pub unit_id: Uuid,
    pub name: String,
    pub import: Option<Import>,
}

/// Absent = leave; `Some(None)` = read none any more.
#[derive(Default)]
pub struct CalendarChange {
    pub name: Option<String>,
    pub import: Option<Option<Import>>,
}

/// The new connection, and the token of our calendar's address, shown this once.
pub async fn create(
    tx: &mut TenantTx,
    who: &Principal,
    new: NewCalendar,
    now: DateTime<Utc>,
) -> Result<(CalendarConnection, String)> {
    who.require(Permission::WriteChannels)?;
    let unit = property::unit::lock_units(tx, &[new.unit_id]).await?.pop();
    let unit = unit.ok_or_else(|| Refusal::not_found("unit").at("/unit_id"))?;
    let there = sqlx::query_scalar!(
        r#"select count(*) as "n!" from calendar_connection where tenant_id = $1 and unit_id = $2"#,
        tx.t(),
        unit.id
    )
    .fetch_one(&mut **tx)
    .await?;
    if there >= MOST_OF_A_UNIT {
        let detail = format!("a unit has at most {MOST_OF_A_UNIT} calendar connections");
        return Err(Refusal::conflict("too_many_calendars", detail)
            .at("/unit_id")
            .into());
    }
    let (id, host) = (new_id(), new.import.as_ref().map(|i| i.host.clone()));
    sqlx::query!(
        "insert into calendar_connection (tenant_id, id, property_id, unit_id, name, state, import_url, import_host,
             next_read_at, created_at)
         values ($1, $2, $3, $4, $5, 'active', $6, $7, $8, $8)",
        tx.t(),
        id,
        unit.property_id,
        unit.id,
        property::name(&new.name, "/name")?,
        sealed(tx, id, new.import.as_ref()).await?,
        host,
        now
    )
    .execute(&mut **tx)
    .await?;
    let token = link::add(tx, id).await?;
    let made = get(tx, id).await?;
    logged(tx, who, "calendar_connection.created", &made, now).await?;
    Ok((made, token))
}

async fn sealed(tx: &mut TenantTx, id: Uuid, import: Option<&Import>) -> Result<Option<String>> {
    let Some(import) = import else { return Ok(None) };
    let vault = tx.vault().await?;
    vault.seal(&place(id), import.url.as_bytes()).map(Some)
}

/// The channel's address, as it was entered.
pub(super) fn open(vault: &Vault, id: Uuid, sealed: &str) -> Result<String> {
    let plain = vault.open(&place(id), sealed)?;
    String::from_utf8(plain.to_vec()).map_err(|_| Error::internal("a calendar's address is no text"))
}

fn place(id: Uuid) -> Place {
    Place::new("calendar_connection", "import_url", id)
}

pub async fn get(tx: &mut TenantTx, id: Uuid) -> Result<CalendarConnection> {
    let found = sqlx::query_as!(
        CalendarConnection,
        r#"select id, property_id, unit_id, name, state = 'active' as "active!", import_host, version,
                  exists (select from calendar_link l where l.tenant_id = $1 and l.connection_id = $2) as "exported!"
           from calendar_connection where tenant_id = $1 and id = $2"#,
        tx.t(),
        id
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(found.ok_or_else(unknown)?)
}

pub(super) fn unknown() -> Refusal {
    Refusal::not_found("calendar connection")
}

/// By id, after `after`; of one unit, or all.
pub async fn list(
    tx: &mut TenantTx,
    who: &Principal,
    unit_id: Option<Uuid>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<CalendarConnection>> {
    who.require(Permission::ReadChannels)?;
    Ok(sqlx::query_as!(
        CalendarConnection,
        r#"select c.id, c.property_id, c.unit_id, c.name, c.state = 'active' as "active!", c.import_host, c.version,
                  exists (select from calendar_link l where l.tenant_id = $1 and l.connection_id = c.id) as "exported!"
           from calendar_connection c
           where c.tenant_id = $1 and ($2::uuid is null or c.unit_id = $2) and ($3::uuid is null or c.id > $3)
           order by c.id limit $4"#,
        tx.t(),
        unit_id,
        after,
        limit
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// Another name, another address. What is held stays until the new address has been believed; without one nothing is
/// held any more.
pub async fn change(
    tx: &mut TenantTx,
    who: &Principal,
    id: Uuid,
    change: CalendarChange,
    expected: Option<i32>,
    now: DateTime<Utc>,
) -> Result<CalendarConnection> {
    who.require(Permission::WriteChannels)?;
    let known = Known::lock(tx, id).await?;
    check_version(known.version, expected)?;
    let name = change
        .name
        .map(|name| property::name(&name, "/name"))
        .transpose()?;
    sqlx::query!(
        "update calendar_connection set name = coalesce($3, name), version = version + 1
         where tenant_id = $1 and id = $2",
        tx.t(),
        id,
        name
    )
    .execute(&mut **tx)
    .await?;
    if let Some(import) = change.import {
        if import.is_none() {
            hold::release(tx, &known, Some(known.today(now)), now).await?;
        }
        read_from(tx, id, import, now).await?;
    }
    let changed = get(tx, id).await?;
    logged(tx, who, "calendar_connection.changed", &changed, now).await?;
    Ok(changed)
}

async fn read_from(tx: &mut TenantTx, id: Uuid, import: Option<Import>, now: DateTime<Utc>) -> Result<()> {
    let url = sealed(tx, id, import.as_ref()).await?;
    sqlx::query!(
        "update calendar_connection set import_url = $3, import_host = $4, etag = null, last_modified = null,
             feed = case when $3::text is null then '{}' else feed end, failures = 0, last_error = null,
             next_read_at = $5
         where tenant_id = $1 and id = $2",
        tx.t(),
        id,
        url,
        import.map(|i| i.host),
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Pauses or resumes reading; what is held stays held, and our calendar stays readable.
pub async fn set_active(
    tx: &mut TenantTx,
    who: &Principal,
    id: Uuid,
    active: bool,
    now: DateTime<Utc>,
) -> Result<CalendarConnection> {
    who.require(Permission::WriteChannels)?;
    let state = if active { "active" } else { "paused" };
    sqlx::query!(
        "update calendar_connection set state = $3, version = version + 1, next_read_at = $4
         where tenant_id = $1 and id = $2 and state <> $3",
        tx.t(),
        id,
        state,
        now
    )
    .execute(&mut **tx)
    .await?;
    let changed = get(tx, id).await?;
    logged(tx, who, "calendar_connection.changed", &changed, now).await?;
    Ok(changed)
}

/// Nothing is held any more, and our calendar's address is unknown.
pub async fn delete(tx: &mut TenantTx, who: &Principal, id: Uuid, now: DateTime<Utc>) -> Result<()> {
    who.require(Permission::WriteChannels)?;
    let known = Known::lock(tx, id).await?;
    let gone = get(tx, id).await?;
    hold::release(tx, &known, None, now).await?;
    link::remove(tx, id).await?;
    sqlx::query!(
        "delete from calendar_connection where tenant_id = $1 and id = $2",
        tx.t(),
        id
    )
    .execute(&mut **tx)
    .await?;
    logged(tx, who, "calendar_connection.deleted", &gone, now).await
}

/// Reads at once, at most once a minute.
pub async fn read_now(tx: &mut TenantTx, who: &Principal, id: Uuid, now: DateTime<Utc>) -> Result<()> {
    who.require(Permission::WriteChannels)?;
    let connection = get(tx, id).await?;
    if connection.import_host.is_none() || !connection.active {
        let detail = "the connection is paused, or has no calendar to read";
        return Err(Refusal::conflict("wrong_state", detail).into());
    }
    let due = sqlx::query_scalar!(
        "update calendar_connection set next_read_at = $3
         where tenant_id = $1 and id = $2 and (tried_at is null or tried_at <= $4) returning id",
        tx.t(),
        id,
        now,
        now - Duration::seconds(READ_EVERY_SECONDS)
    )
    .fetch_optional(&mut **tx)
    .await?;
    if due.is_none() {
        let detail = format!("the calendar was asked for less than {READ_EVERY_SECONDS} s ago");
        return Err(Refusal::conflict("read_too_soon", detail).into());
    }
    logged(tx, who, "calendar_connection.read", &connection, now).await
}

/// A connection under lock: one reading or change of it at a time.
pub(super) struct Known {
    pub id: Uuid,
    pub property_id: Uuid,
    pub unit_id: Uuid,
    pub unit_name: String,
    pub unit_type_id: Uuid,
    pub name: String,
    zone: String,
    pub feed: Value,
    pub told: Value,
    pub import_url: Option<String>,
    pub active: bool,
    pub failures: i32,
    pub version: i32,
    pub created_at: DateTime<Utc>,
}

impl Known {
    pub async fn lock(tx: &mut TenantTx, id: Uuid) -> Result<Self> {
        let found = sqlx::query_as!(
            Self,
            r#"select c.id, c.property_id, c.unit_id, u.name as unit_name, u.unit_type_id, c.name, p.zone, c.feed, c.told,
                      c.import_url, c.state = 'active' as "active!", c.failures, c.version, c.created_at
               from calendar_connection c
               join unit u on u.tenant_id = $1 and u.id = c.unit_id
               join property p on p.tenant_id = $1 and p.id = c.property_id
               where c.tenant_id = $1 and c.id = $2 for no key update of c"#,
            tx.t(),
            id
        )
        .fetch_optional(&mut **tx)
        .await?;
        Ok(found.ok_or_else(unknown)?)
    }

    pub fn today(&self, now: DateTime<Utc>) -> NaiveDate {
        now.with_timezone(&zone(&self.zone)).date_naive()
    }
    pub fn feed(&self) -> Result<Feed> {
        feed(&self.feed)
    }
    pub fn told(&self) -> Result<Nights> {
        serde_json::from_value(self.told.clone()).map_err(|e| Error::internal(e.to_string()))
    }
}

/// A property's zone was checked when it was entered.
pub(super) fn zone(name: &str) -> Tz {
    name.parse().unwrap_or(Tz::UTC)
}

pub(super) fn feed(stored: &Value) -> Result<Feed> {
    serde_json::from_value(stored.clone()).map_err(|e| Error::internal(e.to_string()))
}

pub(super) async fn logged(
    tx: &mut TenantTx,
    who: &Principal,
    kind: &'static str,
    c: &CalendarConnection,
    at: DateTime<Utc>,
) -> Result<()> {
    let event = NewEvent {
        kind,
        property_id: Some(c.property_id),
        subject_id: c.id,
        actor: &who.actor,
        data: json!({ "name": c.name, "unit_id": c.unit_id, "active": c.active, "import_host": c.import_host }),
        at,
    };
    event::append(tx, event).await?;
    crate::jobs::kick(tx).await
}
