//! Guests as JSON.

use crate::api::{ApiResult, patch};
use chrono::{DateTime, NaiveDate, Utc};
use innkeep_domain::guest::{duplicate, entity};
use poem_openapi::Object;
use poem_openapi::types::MaybeUndefined;
use uuid::Uuid;

#[derive(Object)]
pub struct Guest {
    id: Uuid,
    #[oai(skip_serializing_if_is_none)]
    title: Option<String>,
    #[oai(skip_serializing_if_is_none)]
    first_name: Option<String>,
    last_name: String,
    #[oai(skip_serializing_if_is_none)]
    email: Option<String>,
    #[oai(skip_serializing_if_is_none)]
    phone: Option<String>,
    /// BCP 47, e.g. `de` or `pt-BR`.
    #[oai(skip_serializing_if_is_none)]
    language: Option<String>,
    /// Of residence; ISO 3166-1 alpha-2.
    #[oai(skip_serializing_if_is_none)]
    country: Option<String>,
    #[oai(skip_serializing_if_is_none)]
    birth_date: Option<NaiveDate>,
    #[oai(skip_serializing_if_is_none)]
    address: Option<Address>,
    #[oai(skip_serializing_if_is_none)]
    document: Option<Document>,
    /// Your role may not see the birth date and the document's number.
    masked: bool,
    #[oai(skip_serializing_if_is_none)]
    company_id: Option<Uuid>,
    preferences: Vec<String>,
    #[oai(skip_serializing_if_is_none)]
    notes: Option<String>,
    vip: bool,
    /// Shown wherever the guest stays; no booking is refused by itself.
    blacklisted: bool,
    #[oai(skip_serializing_if_is_none)]
    blacklist_reason: Option<String>,
    /// This was the same person as that guest, whose profile goes on.
    #[oai(skip_serializing_if_is_none)]
    merged_into: Option<Uuid>,
    /// Everything that was known of the guest was erased then.
    #[oai(skip_serializing_if_is_none)]
    erased_at: Option<DateTime<Utc>>,
    version: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct NewGuest {
    title: Option<String>,
    first_name: Option<String>,
    /// 1 to 200 characters.
    last_name: String,
    email: Option<String>,
    phone: Option<String>,
    /// BCP 47, e.g. `de` or `pt-BR`.
    language: Option<String>,
    /// Of residence; ISO 3166-1 alpha-2.
    country: Option<String>,
    birth_date: Option<NaiveDate>,
    address: Option<Address>,
    document: Option<Document>,
    company_id: Option<Uuid>,
    /// Short texts, e.g. `high floor`.
    #[oai(default, validator(max_items = 50))]
    preferences: Vec<String>,
    notes: Option<String>,
    #[oai(default)]
    vip: bool,
    /// Why; given = blacklisted.
    blacklist_reason: Option<String>,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct GuestChange {
    title: MaybeUndefined<String>,
    first_name: MaybeUndefined<String>,
    last_name: MaybeUndefined<String>,
    email: MaybeUndefined<String>,
    phone: MaybeUndefined<String>,
    language: MaybeUndefined<String>,
    country: MaybeUndefined<String>,
    birth_date: MaybeUndefined<NaiveDate>,
    /// Replaced as a whole.
    address: MaybeUndefined<Address>,
    /// Replaced as a whole.
    document: MaybeUndefined<Document>,
    company_id: MaybeUndefined<Uuid>,
    /// Replaced as a whole.
    preferences: MaybeUndefined<Vec<String>>,
    notes: MaybeUndefined<String>,
    vip: MaybeUndefined<bool>,
    /// Given = blacklisted; null = not any more.
    blacklist_reason: MaybeUndefined<String>,
}

#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct Address {
    /// With the number.
    #[oai(skip_serializing_if_is_none)]
    street: Option<String>,
    #[oai(skip_serializing_if_is_none)]
    postal_code: Option<String>,
    #[oai(skip_serializing_if_is_none)]
    city: Option<String>,
    /// State, province, canton.
    #[oai(skip_serializing_if_is_none)]
    region: Option<String>,
    /// ISO 3166-1 alpha-2.
    #[oai(skip_serializing_if_is_none)]
    country: Option<String>,
}

/// What a guest identifies with.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct Document {
    /// `passport`, `id_card`, `driving_licence`, `residence_permit`, `visa` or `other`.
    kind: String,
    number: String,
    /// ISO 3166-1 alpha-2.
    #[oai(skip_serializing_if_is_none)]
    issuing_country: Option<String>,
    #[oai(skip_serializing_if_is_none)]
    expires: Option<NaiveDate>,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct Merge {
    /// The guest who turned out to be this one.
    pub other_id: Uuid,
}

/// Two guests who look like one person.
#[derive(Object)]
pub struct GuestPair {
    /// The older profile.
    first: GuestName,
    second: GuestName,
    /// In what they agree: `email`, `phone`, `name_birth` (name and birth date).
    same: Vec<String>,
}

#[derive(Object)]
struct GuestName {
    id: Uuid,
    #[oai(skip_serializing_if_is_none)]
    first_name: Option<String>,
    last_name: String,
}

impl Guest {
    pub fn show(g: entity::Guest, masked: bool) -> Self {
        let p = g.personal;
        Self {
            id: g.id,
            title: g.title,
            first_name: g.first_name,
            last_name: g.last_name,
            email: p.email,
            phone: p.phone,
            language: p.language,
            country: p.country,
            birth_date: p.birth_date,
            address: p.address.map(Address::from),
            document: p.document.map(Document::from),
            masked,
            company_id: g.company_id,
            preferences: p.preferences,
            notes: p.notes,
            vip: g.vip,
            blacklisted: g.blacklisted,
            blacklist_reason: p.blacklist_reason,
            merged_into: g.merged_into,
            erased_at: g.erased_at,
            version: g.version,
            created_at: g.created_at,
            updated_at: g.updated_at,
        }
    }
}

impl From<NewGuest> for entity::GuestChange {
    fn from(n: NewGuest) -> Self {
        Self {
            title: Some(n.title),
            first_name: Some(n.first_name),
            last_name: Some(n.last_name),
            email: Some(n.email),
            phone: Some(n.phone),
            language: Some(n.language),
            country: Some(n.country),
            birth_date: Some(n.birth_date),
            address: Some(n.address.map(Into::into)),
            document: Some(n.document.map(Into::into)),
            company_id: Some(n.company_id),
            preferences: Some(n.preferences),
            notes: Some(n.notes),
            vip: Some(n.vip),
            blacklist: Some(n.blacklist_reason),
        }
    }
}

impl GuestChange {
    pub fn parse(self) -> ApiResult<entity::GuestChange> {
        Ok(entity::GuestChange {
            title: patch::change(self.title),
            first_name: patch::change(self.first_name),
            last_name: patch::required(self.last_name, "/last_name")?,
            email: patch::change(self.email),
            phone: patch::change(self.phone),
            language: patch::change(self.language),
            country: patch::change(self.country),
            birth_date: patch::change(self.birth_date),
            address: patch::change(self.address).map(|a| a.map(Into::into)),
            document: patch::change(self.document).map(|d| d.map(Into::into)),
            company_id: patch::change(self.company_id),
            preferences: patch::required(self.preferences, "/preferences")?,
            notes: patch::change(self.notes),
            vip: patch::required(self.vip, "/vip")?,
            blacklist: patch::change(self.blacklist_reason),
        })
    }
}

impl From<Address> for entity::Address {
    fn from(a: Address) -> Self {
        Self {
            street: a.street,
            postal_code: a.postal_code,
            city: a.city,
            region: a.region,
            country: a.country,
        }
    }
}

impl From<entity::Address> for Address {
    fn from(a: entity::Address) -> Self {
        Self {
            street: a.street,
            postal_code: a.postal_code,
            city: a.city,
            region: a.region,
            country: a.country,
        }
    }
}

impl From<Document> for entity::Document {
    fn from(d: Document) -> Self {
        Self {
            kind: d.kind,
            number: d.number,
            issuing_country: d.issuing_country,
            expires: d.expires,
        }
    }
}

impl From<entity::Document> for Document {
    fn from(d: entity::Document) -> Self {
        Self {
            kind: d.kind,
            number: d.number,
            issuing_country: d.issuing_country,
            expires: d.expires,
        }
    }
}

impl From<duplicate::Pair> for GuestPair {
    fn from(p: duplicate::Pair) -> Self {
        Self {
            first: p.first.into(),
            second: p.second.into(),
            same: p.same,
        }
    }
}

impl From<duplicate::Profile> for GuestName {
    fn from(p: duplicate::Profile) -> Self {
        Self {
            id: p.id,
            first_name: p.first_name,
            last_name: p.last_name,
        }
    }
}
