//! `create` and `change` a guest.

use super::entity::{Address, DOCUMENTS, Document, Guest, GuestChange, Personal};
use super::store;
use crate::company;
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::event::{self, NewEvent};
use crate::ids::new_id;
use crate::principal::{Permission, Principal};
use crate::property::{self, check_version};
use crate::text;
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

pub const MOST_PREFERENCES: usize = 50;
/// Nobody staying is older.
const EARLIEST_BIRTH: i32 = 1880;

pub async fn create(
    tx: &mut TenantTx,
    who: &Principal,
    new: GuestChange,
    now: DateTime<Utc>,
) -> Result<Guest> {
    who.require(Permission::WriteGuests)?;
    let mut guest = Guest::blank(new_id(), now);
    guest.apply(new);
    check(tx, &mut guest, now).await?;
    store::insert(tx, &guest).await?;
    store::save_keys(tx, &guest).await?;
    log(tx, who, "guest.created", guest.id, json!({}), now).await?;
    Ok(guest)
}

/// `expected` is the version of an If-Match header.
pub async fn change(
    tx: &mut TenantTx,
    who: &Principal,
    id: Uuid,
    change: GuestChange,
    expected: Option<i32>,
    now: DateTime<Utc>,
) -> Result<Guest> {
    who.require(Permission::WriteGuests)?;
    let before = store::lock(tx, id).await?;
    check_version(before.version, expected)?;
    store::refuse_gone(&before)?;
    let mut guest = before.clone();
    guest.apply(change);
    check(tx, &mut guest, now).await?;
    let fields = guest.differing(&before);
    if fields.is_empty() {
        return Ok(before);
    }
    guest.version += 1;
    guest.updated_at = now;
    store::update(tx, &guest).await?;
    store::save_keys(tx, &guest).await?;
    let kind = match (before.blacklisted, guest.blacklisted) {
        (false, true) => "guest.blacklisted",
        _ => "guest.changed",
    };
    log(tx, who, kind, id, json!({ "fields": fields }), now).await?;
    Ok(guest)
}

/// The log is kept for ever and read by many: it names fields, never what stands in them.
pub(super) async fn log(
    tx: &mut TenantTx,
    who: &Principal,
    kind: &'static str,
    guest: Uuid,
    data: Value,
    at: DateTime<Utc>,
) -> Result<()> {
    let event = NewEvent {
        kind,
        property_id: None,
        subject_id: guest,
        actor: &who.actor,
        data,
        at,
    };
    event::append(tx, event).await?;
    crate::jobs::kick(tx).await
}

/// Refuses what cannot be, and trims what can.
async fn check(tx: &mut TenantTx, guest: &mut Guest, now: DateTime<Utc>) -> Result<()> {
    guest.last_name = property::name(&guest.last_name, "/last_name")?;
    guest.title = text::short(guest.title.as_deref(), "/title")?;
    guest.first_name = text::short(guest.first_name.as_deref(), "/first_name")?;
    check_personal(&mut guest.personal, now.date_naive())?;
    if let Some(company_id) = guest.company_id {
        let found = company::find(tx, company_id).await?;
        found.ok_or_else(|| Refusal::not_found("company").at("/company_id"))?;
    }
    Ok(())
}

fn check_personal(p: &mut Personal, today: NaiveDate) -> Result<(), Refusal> {
    let checked = |value: &Option<String>, rule: fn(&str, &str) -> Result<String, Refusal>, at| {
        value.as_deref().map(|v| rule(v, at)).transpose()
    };
    p.email = checked(&p.email, text::email, "/email")?;
    p.phone = checked(&p.phone, text::phone, "/phone")?;
    p.language = checked(&p.language, text::language, "/language")?;
    p.country = checked(&p.country, text::country, "/country")?;
    p.blacklist_reason = checked(&p.blacklist_reason, property::name, "/blacklist_reason")?;
    p.notes = text::notes(p.notes.as_deref(), "/notes")?;
    let born = p.birth_date;
    if born.is_some_and(|d| d.year() < EARLIEST_BIRTH || d > today) {
        let detail = format!("from {EARLIEST_BIRTH} to today");
        return Err(Refusal::invalid("out_of_range", detail).at("/birth_date"));
    }
    if p.preferences.len() > MOST_PREFERENCES {
        let detail = format!("at most {MOST_PREFERENCES}");
        return Err(Refusal::invalid("out_of_range", detail).at("/preferences"));
    }
    for (i, preference) in p.preferences.iter_mut().enumerate() {
        *preference = property::name(preference, &format!("/preferences/{i}"))?;
    }
    p.address.as_mut().map_or(Ok(()), check_address)?;
    p.document.as_mut().map_or(Ok(()), check_document)
}

/// The parts of an address, each short.
pub fn check_address(a: &mut Address) -> Result<(), Refusal> {
    a.street = text::short(a.street.as_deref(), "/address/street")?;
    a.postal_code = text::short(a.postal_code.as_deref(), "/address/postal_code")?;
    a.city = text::short(a.city.as_deref(), "/address/city")?;
    a.region = text::short(a.region.as_deref(), "/address/region")?;
    let country = a.country.as_deref().map(|c| text::country(c, "/address/country"));
    a.country = country.transpose()?;
    Ok(())
}

fn check_document(d: &mut Document) -> Result<(), Refusal> {
    if !DOCUMENTS.contains(&d.kind.as_str()) {
        let detail = format!("one of {}", DOCUMENTS.join(", "));
        return Err(Refusal::invalid("unknown_kind", detail).at("/document/kind"));
    }
    d.number = property::name(&d.number, "/document/number")?;
    let country = d.issuing_country.as_deref();
    d.issuing_country = country
        .map(|c| text::country(c, "/document/issuing_country"))
        .transpose()?;
    Ok(())
}
