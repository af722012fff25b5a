//! What a guest is, what may be changed, and under which keys a guest is found.

use crate::private::private;
use crate::text;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

private!(Guest[id], Personal, Address, Document, GuestChange);

/// A person's profile.
#[derive(Clone, PartialEq)]
pub struct Guest {
    pub id: Uuid,
    pub title: Option<String>,
    pub first_name: Option<String>,
    pub last_name: String,
    pub personal: Personal,
    pub company_id: Option<Uuid>,
    pub vip: bool,
    pub blacklisted: bool,
    /// This was the same person as that guest, whose profile goes on.
    pub merged_into: Option<Uuid>,
    /// Everything that was known of them is gone since.
    pub erased_at: Option<DateTime<Utc>>,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// Everything about a person but the name: sealed as one document, because it is read and written as a whole, a field
/// more is no migration, and the size of one document says less than which fields are there.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Personal {
    pub email: Option<String>,
    pub phone: Option<String>,
    /// BCP 47, e.g. `de` or `pt-BR`.
    pub language: Option<String>,
    /// Of residence; ISO 3166-1 alpha-2.
    pub country: Option<String>,
    pub birth_date: Option<NaiveDate>,
    pub address: Option<Address>,
    pub document: Option<Document>,
    /// Short texts: `high floor`, `feather-free`.
    pub preferences: Vec<String>,
    pub notes: Option<String>,
    /// Why the guest is blacklisted.
    pub blacklist_reason: Option<String>,
}

#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Address {
    pub street: Option<String>,
    pub postal_code: Option<String>,
    pub city: Option<String>,
    pub region: Option<String>,
    pub country: Option<String>,
}

/// What a guest identifies with.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// One of [`DOCUMENTS`].
    pub kind: String,
    pub number: String,
    pub issuing_country: Option<String>,
    pub expires: Option<NaiveDate>,
}

pub const DOCUMENTS: [&str; 6] = [
    "passport",
    "id_card",
    "driving_licence",
    "residence_permit",
    "visa",
    "other",
];

/// `None` = leave, `Some(None)` = clear.
pub type Change<T> = Option<Option<T>>;

/// What a caller says of a guest; a new guest is a blank one changed.
#[derive(Clone, Default)]
pub struct GuestChange {
    pub title: Change<String>,
    pub first_name: Change<String>,
    pub last_name: Option<String>,
    pub email: Change<String>,
    pub phone: Change<String>,
    pub language: Change<String>,
    pub country: Change<String>,
    pub birth_date: Change<NaiveDate>,
    pub address: Change<Address>,
    pub document: Change<Document>,
    pub company_id: Change<Uuid>,
    pub preferences: Option<Vec<String>>,
    pub notes: Change<String>,
    pub vip: Option<bool>,
    /// The reason; cleared = not blacklisted.
    pub blacklist: Change<String>,
}

impl Guest {
    pub fn blank(id: Uuid, now: DateTime<Utc>) -> Self {
        Self {
            id,
            title: None,
            first_name: None,
            last_name: String::new(),
            personal: Personal::default(),
            company_id: None,
            vip: false,
            blacklisted: false,
            merged_into: None,
            erased_at: None,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    pub fn apply(&mut self, change: GuestChange) {
        let p = &mut self.personal;
        set(&mut self.title, change.title);
        set(&mut self.first_name, change.first_name);
        set(&mut p.email, change.email);
        set(&mut p.phone, change.phone);
        set(&mut p.language, change.language);
        set(&mut p.country, change.country);
        set(&mut p.birth_date, change.birth_date);
        set(&mut p.address, change.address);
        set(&mut p.document, change.document);
        set(&mut p.notes, change.notes);
        set(&mut p.blacklist_reason, change.blacklist);
        set(&mut self.company_id, change.company_id);
        if let Some(name) = change.last_name {
            self.last_name = name;
        }
        if let Some(preferences) = change.preferences {
            p.preferences = preferences;
        }
        self.vip = change.vip.unwrap_or(self.vip);
        self.blacklisted = p.blacklist_reason.is_some();
    }

    /// Names of the fields that differ: what the log may say of a person.
    pub fn differing(&self, other: &Self) -> Vec<&'static str> {
        let (p, q) = (&self.personal, &other.personal);
        let differs = [
            ("title", self.title != other.title),
            ("first_name", self.first_name != other.first_name),
            ("last_name", self.last_name != other.last_name),
            ("email", p.email != q.email),
            ("phone", p.phone != q.phone),
            ("language", p.language != q.language),
            ("country", p.country != q.country),
            ("birth_date", p.birth_date != q.birth_date),
            ("address", p.address != q.address),
            ("document", p.document != q.document),
            ("company_id", self.company_id != other.company_id),
            ("preferences", p.preferences != q.preferences),
            ("notes", p.notes != q.notes),
            ("vip", self.vip != other.vip),
            ("blacklist", p.blacklist_reason != q.blacklist_reason),
        ];
        let differing = differs.into_iter().filter(|(_, differs)| *differs);
        differing.map(|(name, _)| name).collect()
    }

    /// `last first`, as the front desk types it.
    pub fn search_name(&self) -> String {
        let first = self.first_name.as_deref().unwrap_or_default();
        text::folded(&format!("{} {first}", self.last_name))
    }

    /// What the guest is found by, spelt as it is looked up; blind before it is stored.
    pub fn keys(&self) -> Vec<(Key, String)> {
        let p = &self.personal;
        let name_birth = p.birth_date.map(|d| format!("{}|{d}", self.search_name()));
        let keys = [
            (Key::Email, p.email.as_deref().map(text::normal_email)),
            (Key::Phone, p.phone.as_deref().map(text::normal_phone)),
            (Key::NameBirth, name_birth),
        ];
        keys.into_iter()
            .filter_map(|(key, value)| Some((key, value?)))
            .collect()
    }

    /// Without what only those may see who write guests.
    pub fn masked(mut self) -> Self {
        self.personal.birth_date = None;
        if let Some(document) = &mut self.personal.document {
            document.number = "*****".into();
        }
        self
    }
}

fn set<T>(field: &mut Option<T>, change: Change<T>) {
    if let Some(value) = change {
        *field = value;
    }
}

/// A kind of exact look-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Key {
    Email,
    Phone,
    NameBirth,
}

impl Key {
    pub fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
            Self::NameBirth => "name_birth",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::new_id;

    #[test]
    fn a_change_leaves_clears_and_sets() {
        let mut guest = Guest::blank(new_id(), DateTime::UNIX_EPOCH);
        guest.apply(GuestChange {
            last_name: Some("Lovelace".into()),
            email: Some(Some("ada@example.com".into())),
            blacklist: Some(Some("broke the engine".into())),
            ..GuestChange::default()
        });
        assert!(guest.blacklisted);
        let before = guest.clone();
        guest.apply(GuestChange {
            email: Some(None),
            blacklist: Some(None),
            vip: Some(true),
            ..GuestChange::default()
        });
        assert_eq!(
            (guest.personal.email.as_deref(), guest.blacklisted),
            (None, false)
        );
        assert_eq!(guest.last_name, "Lovelace");
        assert_eq!(guest.differing(&before), ["email", "vip", "blacklist"]);
    }

    #[test]
    fn a_guest_without_a_birth_date_is_no_double_by_name() {
        let mut guest = Guest::blank(new_id(), DateTime::UNIX_EPOCH);
        guest.last_name = "Lovelace".into();
        assert_eq!(guest.keys(), []);
        guest.personal.birth_date = NaiveDate::from_ymd_opt(1815, 12, 10);
        assert_eq!(guest.keys(), [(Key::NameBirth, "lovelace|1815-12-10".into())]);
    }
}
