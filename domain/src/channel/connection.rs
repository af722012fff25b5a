//! Connections of a property to a channel.

mod create;

pub use super::change::{full_sync, set_state};
use super::credentials::Credentials;
use super::dirty;
pub use super::mapping::{Mapping, set_mapping};
use super::markup::Markup;
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::event::{self, NewEvent};
use crate::money;
use crate::ports::channel::Access;
use crate::principal::{Permission, Principal};
use crate::property;
use crate::vault::Vault;
use chrono::{DateTime, Days, NaiveDate, Utc};
pub use create::{Created, NewConnection, create};
use rust_decimal::Decimal;
use serde_json::json;
use uuid::Uuid;

/// How far ahead channels are told prices and availability (Channex and most OTAs: 500 days).
pub const SYNC_DAYS: u64 = 500;
/// Longest that a channel may be said to take until its guests see what it was told: a week.
const MOST_APPLY_SECONDS: i32 = 604_800;

pub struct Connection {
    pub id: Uuid,
    pub property_id: Uuid,
    /// `channex`, `webhook` or `alpinebits`.
    pub protocol: String,
    pub name: String,
    pub base_url: Option<String>,
    pub external_property: Option<String>,
    /// The property's: of all prices.
    pub currency: String,
    pub(super) credentials: Credentials,
    /// `active`, `paused` or `closed`.
    pub state: String,
    pub receives_ari: bool,
    /// The last N units are not offered here.
    pub safety_buffer: i32,
    /// Of each kind of call, in any 60 s.
    pub calls_per_minute: i32,
    pub terms: Terms,
    pub version: i32,
}

/// What people decide for one channel that concerns no call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Terms {
    pub markup: Markup,
    /// How long the channel takes until its guests see what it was told.
    pub apply_seconds: i32,
}

impl Connection {
    pub fn is_active(&self) -> bool {
        self.state == "active"
    }
    pub fn is_closed(&self) -> bool {
        self.state == "closed"
    }
    /// How to call the channel; `None` for a channel that only calls us.
    pub fn access(&self, now: DateTime<Utc>) -> Option<Access> {
        let signing_secrets = self.webhook_secrets(now);
        let signs = !signing_secrets.is_empty();
        let ours = || signs.then(|| self.property_id.to_string());
        Some(Access {
            base_url: self.base_url.clone()?,
            api_key: self.credentials.api_key.clone().or(signs.then(String::new))?,
            signing_secrets,
            property: self.external_property.clone().or_else(ours)?,
            currency: self.currency.clone(),
        })
    }
    /// The same before the channel knows the property: then that is empty.
    pub fn account(&self) -> Option<Access> {
        Some(Access {
            base_url: self.base_url.clone()?,
            api_key: self.credentials.api_key.clone()?,
            signing_secrets: Vec::new(),
            property: self.external_property.clone().unwrap_or_default(),
            currency: self.currency.clone(),
        })
    }
    /// What the channel and we sign with, the newest first; two while they are changed.
    pub fn webhook_secrets(&self, now: DateTime<Utc>) -> Vec<String> {
        self.credentials.signing_secrets(now)
    }
}

/// Limits of what people enter; `sent` = (safety buffer, calls a minute).
pub(super) fn check_terms(sent: (i32, i32), terms: Terms, currency: &str) -> Result<Terms, Refusal> {
    let within = |value, range: std::ops::RangeInclusive<i32>, name: &str| {
        if range.contains(&value) {
            return Ok(());
        }
        let detail = format!("{name} is {} to {}", range.start(), range.end());
        Err(Refusal::invalid("out_of_range", detail).at(format!("/{name}")))
    };
    within(sent.0, 0..=1000, "safety_buffer")?;
    within(sent.1, 1..=10_000, "calls_per_minute")?;
    within(terms.apply_seconds, 0..=MOST_APPLY_SECONDS, "apply_seconds")?;
    Ok(Terms {
        markup: terms.markup.check(money::currency(currency)?)?,
        ..terms
    })
}

pub(super) async fn logged(
    tx: &mut TenantTx,
    who: &Principal,
    kind: &'static str,
    c: &Connection,
    at: DateTime<Utc>,
) -> Result<()> {
    let event = NewEvent {
        kind,
        property_id: Some(c.property_id),
        subject_id: c.id,
        actor: &who.actor,
        data: json!({ "name": c.name, "state": c.state }),
        at,
    };
    event::append(tx, event).await?;
    crate::jobs::kick(tx).await
}

struct Row {
    id: Uuid,
    property_id: Uuid,
    protocol: String,
    name: String,
    base_url: Option<String>,
    external_property: Option<String>,
    credentials: Option<String>,
    api_key: Option<String>,
    webhook_secrets: Vec<String>,
    state: String,
    receives_ari: bool,
    safety_buffer: i32,
    calls_per_minute: i32,
    markup_percent: Decimal,
    markup_amount: Decimal,
    apply_seconds: i32,
    currency: String,
    version: i32,
}

impl Row {
    fn connection(self, vault: &Vault) -> Result<Connection> {
        let credentials = match &self.credentials {
            Some(sealed) => Credentials::open(vault, self.id, sealed)?,
            None => Credentials::new(self.api_key, self.webhook_secrets),
        };
        Ok(Connection {
            credentials,
            id: self.id,
            property_id: self.property_id,
            protocol: self.protocol,
            name: self.name,
            base_url: self.base_url,
            external_property: self.external_property,
            currency: self.currency,
            state: self.state,
            receives_ari: self.receives_ari,
            safety_buffer: self.safety_buffer,
            calls_per_minute: self.calls_per_minute,
            terms: Terms {
                markup: Markup {
                    percent: self.markup_percent.normalize(),
                    amount: self.markup_amount.normalize(),
                },
                apply_seconds: self.apply_seconds,
            },
            version: self.version,
        })
    }
}

pub async fn get(tx: &mut TenantTx, id: Uuid) -> Result<Connection> {
    let found = sqlx::query_as!(
        Row,
        "select c.id, c.property_id, c.protocol, c.name, c.base_url, c.external_property, c.credentials, c.api_key,
                c.webhook_secrets, c.state, c.receives_ari, c.safety_buffer, c.calls_per_minute, c.markup_percent,
                c.markup_amount, c.apply_seconds, p.currency, c.version
         from channel_connection c join property p on p.tenant_id = $1 and p.id = c.property_id
         where c.tenant_id = $1 and c.id = $2",
        tx.t(),
        id
    )
    .fetch_optional(&mut **tx)
    .await?;
    let found = found.ok_or_else(|| Refusal::not_found("channel connection"))?;
    let sealed: Vec<&str> = found.credentials.as_deref().into_iter().collect();
    let vault = tx.vault_knowing(&sealed).await?;
    found.connection(&vault)
}

/// One that is not closed; 409 otherwise.
pub(super) async fn open(tx: &mut TenantTx, id: Uuid) -> Result<Connection> {
    let found = get(tx, id).await?;
    if found.is_closed() {
        let detail = "the connection is closed; make a new one";
        return Err(Refusal::conflict("connection_closed", detail).into());
    }
    Ok(found)
}

/// By id, after `after`.
pub async fn list(
    tx: &mut TenantTx,
    who: &Principal,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Connection>> {
    who.require(Permission::ReadChannels)?;
    let rows = sqlx::query_as!(
        Row,
        "select c.id, c.property_id, c.protocol, c.name, c.base_url, c.external_property, c.credentials, c.api_key,
                c.webhook_secrets, c.state, c.receives_ari, c.safety_buffer, c.calls_per_minute, c.markup_percent,
                c.markup_amount, c.apply_seconds, p.currency, c.version
         from channel_connection c join property p on p.tenant_id = $1 and p.id = c.property_id
         where c.tenant_id = $1 and ($2::uuid is null or c.id > $2) order by c.id limit $3",
        tx.t(),
        after,
        limit
    )
    .fetch_all(&mut **tx)
    .await?;
    let sealed: Vec<&str> = rows.iter().filter_map(|r| r.credentials.as_deref()).collect();
    let vault = tx.vault_knowing(&sealed).await?;
    rows.into_iter().map(|r| r.connection(&vault)).collect()
}

pub(super) async fn mark_horizon(tx: &mut TenantTx, connection: &Connection) -> Result<()> {
    let from = property::get(tx, connection.property_id).await?.business_date;
    dirty::mark_connection(tx, connection.id, from, sync_end(from)).await
}

/// The first night that channels are not told about.
pub fn sync_end(business_date: NaiveDate) -> NaiveDate {
    business_date + Days::new(SYNC_DAYS)
}
