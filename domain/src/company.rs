//! Companies whose people stay, and travel agents who send them.

use crate::db::TenantTx;
use crate::error::{Error, Refusal, Result};
use crate::event::{self, NewEvent};
use crate::guest::entity::{Address, Change};
use crate::guest::profile::check_address;
use crate::ids::new_id;
use crate::principal::{Permission, Principal};
use crate::private::private;
use crate::property::{self, check_version};
use crate::text;
use crate::vault::{Place, Vault};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

private!(Company[id], Contact, CompanyChange);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Company,
    TravelAgent,
}

impl Kind {
    pub const ALL: [Self; 2] = [Self::Company, Self::TravelAgent];

    pub fn name(self) -> &'static str {
        match self {
            Self::Company => "company",
            Self::TravelAgent => "travel_agent",
        }
    }

    pub fn parse(name: &str) -> Result<Self> {
        let known = Self::ALL.into_iter().find(|k| k.name() == name);
        known.ok_or_else(|| Error::internal(format!("unknown kind of company `{name}`")))
    }
}

#[derive(Clone, PartialEq)]
pub struct Company {
    pub id: Uuid,
    pub kind: Kind,
    pub name: String,
    pub tax_id: Option<String>,
    /// Seven or eight digits.
    pub iata_code: Option<String>,
    pub contact: Contact,
    /// Percent of what is sold through it.
    pub commission: Option<Decimal>,
    pub notes: Option<String>,
    /// Inactive: kept, but new bookings are not given to it.
    pub active: bool,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// Sealed: a sole trader's address is a person's.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Contact {
    pub email: Option<String>,
    pub phone: Option<String>,
    pub address: Option<Address>,
}

/// What a caller says of a company; the kind is said once, when it is made.
#[derive(Clone, Default)]
pub struct CompanyChange {
    pub name: Option<String>,
    pub tax_id: Change<String>,
    pub iata_code: Change<String>,
    pub email: Change<String>,
    pub phone: Change<String>,
    pub address: Change<Address>,
    pub commission: Change<Decimal>,
    pub notes: Change<String>,
    pub active: Option<bool>,
}

impl Company {
    fn apply(&mut self, change: CompanyChange) {
        self.name = change.name.unwrap_or_else(|| self.name.clone());
        self.tax_id = change.tax_id.unwrap_or_else(|| self.tax_id.take());
        self.iata_code = change.iata_code.unwrap_or_else(|| self.iata_code.take());
        let contact = &mut self.contact;
        contact.email = change.email.unwrap_or_else(|| contact.email.take());
        contact.phone = change.phone.unwrap_or_else(|| contact.phone.take());
        contact.address = change.address.unwrap_or_else(|| contact.address.take());
        self.commission = change.commission.unwrap_or(self.commission);
        self.notes = change.notes.unwrap_or_else(|| self.notes.take());
        self.active = change.active.unwrap_or(self.active);
    }

    fn check(&mut self) -> Result<(), Refusal> {
        self.name = property::name(&self.name, "/name")?;
        self.tax_id = text::short(self.tax_id.as_deref(), "/tax_id")?;
        let iata = |code: &String| matches!(code.len(), 7 | 8) && code.bytes().all(|b| b.is_ascii_digit());
        if self.iata_code.as_ref().is_some_and(|code| !iata(code)) {
            return Err(Refusal::invalid("invalid_iata_code", "seven or eight digits").at("/iata_code"));
        }
        let email = self.contact.email.as_deref().map(|e| text::email(e, "/email"));
        self.contact.email = email.transpose()?;
        let phone = self.contact.phone.as_deref().map(|p| text::phone(p, "/phone"));
        self.contact.phone = phone.transpose()?;
        self.contact.address.as_mut().map_or(Ok(()), check_address)?;
        let hundred = Decimal::ONE_HUNDRED;
        if self
            .commission
            .is_some_and(|c| c < Decimal::ZERO || c > hundred || c.scale() > 3)
        {
            let detail = "0 to 100 percent, at most three decimal places";
            return Err(Refusal::invalid("out_of_range", detail).at("/commission_percent"));
        }
        self.notes = text::notes(self.notes.as_deref(), "/notes")?;
        Ok(())
    }
}

pub async fn create(
    tx: &mut TenantTx,
    who: &Principal,
    kind: Kind,
    new: CompanyChange,
    now: DateTime<Utc>,
) -> Result<Company> {
    who.require(Permission::WriteGuests)?;
    let mut company = Company {
        id: new_id(),
        kind,
        name: String::new(),
        tax_id: None,
        iata_code: None,
        contact: Contact::default(),
        commission: None,
        notes: None,
        active: true,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    company.apply(new);
    company.check()?;
    save(tx, &company).await?;
    log(tx, who, "company.created", company.id, now).await?;
    Ok(company)
}

/// `expected` is the version of an If-Match header.
pub async fn change(
    tx: &mut TenantTx,
    who: &Principal,
    id: Uuid,
    change: CompanyChange,
    expected: Option<i32>,
    now: DateTime<Utc>,
) -> Result<Company> {
    who.require(Permission::WriteGuests)?;
    sqlx::query!(
        "select from company where tenant_id = $1 and id = $2 for update",
        tx.t(),
        id
    )
    .fetch_optional(&mut **tx)
    .await?;
    let found = find(tx, id).await?;
    let mut company = found.ok_or_else(|| Refusal::not_found("company"))?;
    check_version(company.version, expected)?;
    company.apply(change);
    company.check()?;
    company.version += 1;
    company.updated_at = now;
    save(tx, &company).await?;
    log(tx, who, "company.changed", id, now).await?;
    Ok(company)
}

pub async fn get(tx: &mut TenantTx, who: &Principal, id: Uuid) -> Result<Company> {
    who.require(Permission::ReadGuests)?;
    Ok(find(tx, id).await?.ok_or_else(|| Refusal::not_found("company"))?)
}

struct Row {
    id: Uuid,
    kind: String,
    name: String,
    tax_id: Option<String>,
    iata_code: Option<String>,
    contact: String,
    commission: Option<Decimal>,
    notes: Option<String>,
    active: bool,
    version: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl Row {
    fn company(self, vault: &Vault) -> Result<Company> {
        Ok(Company {
            kind: Kind::parse(&self.kind)?,
            contact: vault.open_json(&place(self.id), &self.contact)?,
            id: self.id,
            name: self.name,
            tax_id: self.tax_id,
            iata_code: self.iata_code,
            commission: self.commission.map(|c| c.normalize()),
            notes: self.notes,
            active: self.active,
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

fn place(id: Uuid) -> Place {
    Place::new("company", "contact", id)
}

/// For other services, which have asked for their own permission.
pub(crate) async fn find(tx: &mut TenantTx, id: Uuid) -> Result<Option<Company>> {
    let row = sqlx::query_as!(
        Row,
        "select id, kind, name, tax_id, iata_code, contact, commission, notes, active, version, created_at, updated_at
         from company where tenant_id = $1 and id = $2",
        tx.t(),
        id
    )
    .fetch_optional(&mut **tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let vault = tx.vault_knowing(&[&row.contact]).await?;
    row.company(&vault).map(Some)
}

/// In the order of names, after the company `after`; `prefix` is how the name begins.
pub async fn list(
    tx: &mut TenantTx,
    who: &Principal,
    prefix: &str,
    kind: Option<Kind>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Company>> {
    who.require(Permission::ReadGuests)?;
    let prefix = text::folded(prefix);
    let from = sqlx::query_scalar!(
        "select search_name from company where tenant_id = $1 and id = $2",
        tx.t(),
        after
    )
    .fetch_optional(&mut **tx)
    .await?;
    let rows = sqlx::query_as!(
        Row,
        "select id, kind, name, tax_id, iata_code, contact, commission, notes, active, version, created_at, updated_at
         from company where tenant_id = $1 and (search_name, id) > ($2, $3) and search_name < $4
           and ($5::text is null or kind = $5)
         order by search_name, id limit $6",
        tx.t(),
        from.unwrap_or_else(|| prefix.clone()),
        after.unwrap_or_default(),
        text::after_prefix(&prefix),
        kind.map(Kind::name),
        limit
    )
    .fetch_all(&mut **tx)
    .await?;
    let sealed: Vec<&str> = rows.iter().map(|r| r.contact.as_str()).collect();
    let vault = tx.vault_knowing(&sealed).await?;
    rows.into_iter().map(|r| r.company(&vault)).collect()
}

async fn save(tx: &mut TenantTx, c: &Company) -> Result<()> {
    sqlx::query!(
        "insert into company (tenant_id, id, kind, name, search_name, tax_id, iata_code, contact, commission, notes,
             active, version, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
         on conflict (tenant_id, id) do update set
             name = excluded.name, search_name = excluded.search_name, tax_id = excluded.tax_id,
             iata_code = excluded.iata_code, contact = excluded.contact, commission = excluded.commission,
             notes = excluded.notes, active = excluded.active, version = excluded.version,
             updated_at = excluded.updated_at",
        tx.t(),
        c.id,
        c.kind.name(),
        c.name,
        text::folded(&c.name),
        c.tax_id,
        c.iata_code,
        tx.vault().await?.seal_json(&place(c.id), &c.contact)?,
        c.commission,
        c.notes,
        c.active,
        c.version,
        c.created_at,
        c.updated_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn log(
    tx: &mut TenantTx,
    who: &Principal,
    kind: &'static str,
    id: Uuid,
    at: DateTime<Utc>,
) -> Result<()> {
    let event = NewEvent {
        kind,
        property_id: None,
        subject_id: id,
        actor: &who.actor,
        data: json!({}),
        at,
    };
    event::append(tx, event).await?;
    crate::jobs::kick(tx).await
}
