//! Connections of a property to a channel.

use super::credentials::{Credentials, new_signing_secret};
use super::dirty;
pub use super::mapping::{Mapping, set_mapping};
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::event::{self, NewEvent};
use crate::identity::{random_token, token_hash};
use crate::ids::new_id;
use crate::ports::channel::{Access, Way};
use crate::principal::{Permission, Principal};
use crate::property;
use crate::vault::Vault;
use chrono::{DateTime, Days, NaiveDate, Utc};
use serde_json::json;
use uuid::Uuid;

/// How far ahead channels are told prices and availability (Channex and most OTAs: 500 days).
pub const SYNC_DAYS: u64 = 500;
/// A full sync is rare: channels refuse partners that run it on a timer.
pub const FULL_SYNC_EVERY_HOURS: i64 = 24;

pub struct Connection {
    pub id: Uuid,
    pub property_id: Uuid,
    /// `channex`, `webhook` or `alpinebits`.
    pub protocol: String,
    pub name: String,
    pub base_url: Option<String>,
    pub external_property: Option<String>,
    credentials: Credentials,
    /// `active` or `paused`.
    pub state: String,
    pub receives_ari: bool,
    /// The last N units are not offered here.
    pub safety_buffer: i32,
    /// Of each kind of call, in any 60 s.
    pub calls_per_minute: i32,
    pub version: i32,
}

impl Connection {
    pub fn is_active(&self) -> bool {
        self.state == "active"
    }
    /// How to call the channel; `None` for a channel that only calls us.
    pub fn access(&self) -> Option<Access> {
        let signing_secrets = self.credentials.webhook_secrets.clone();
        let signs = !signing_secrets.is_empty();
        let ours = || signs.then(|| self.property_id.to_string());
        Some(Access {
            base_url: self.base_url.clone()?,
            api_key: self.credentials.api_key.clone().or(signs.then(String::new))?,
            signing_secrets,
            property: self.external_property.clone().or_else(ours)?,
        })
    }
    /// What the channel signs its calls with; more than one while they are changed.
    pub fn webhook_secrets(&self) -> &[String] {
        &self.credentials.webhook_secrets
    }
}

pub struct NewConnection {
    pub property_id: Uuid,
    pub protocol: String,
    pub name: String,
    pub base_url: Option<String>,
    pub external_property: Option<String>,
    pub api_key: Option<String>,
    pub safety_buffer: i32,
    pub calls_per_minute: i32,
}

/// A new connection and its inbound secrets, shown this once.
pub struct Created {
    pub connection: Connection,
    /// Last part of the inbound URL `/hooks/channels/{token}`, or the password of a channel that logs in.
    pub endpoint_token: String,
    /// `whsec_...` for Standard Webhooks; for protocols that sign.
    pub signing_secret: Option<String>,
}

pub async fn create(
    tx: &mut TenantTx,
    who: &Principal,
    new: NewConnection,
    way: Way,
    now: DateTime<Utc>,
) -> Result<Created> {
    who.require(Permission::WriteChannels)?;
    let property = property::get(tx, new.property_id).await?;
    check_address(&new, way)?;
    if !(0..=1000).contains(&new.safety_buffer) || !(1..=10_000).contains(&new.calls_per_minute) {
        let detail = "safety_buffer 0 to 1000, calls_per_minute 1 to 10000";
        return Err(Refusal::invalid("out_of_range", detail)
            .at("/safety_buffer")
            .into());
    }
    let signing_secret = (way == Way::Signs).then(new_signing_secret);
    let told_at = new.base_url.is_some();
    let connection = Connection {
        id: new_id(),
        property_id: property.id,
        protocol: new.protocol,
        name: property::name(&new.name, "/name")?,
        base_url: new.base_url,
        external_property: new.external_property,
        credentials: Credentials {
            api_key: new.api_key,
            webhook_secrets: signing_secret.iter().cloned().collect(),
        },
        state: "active".into(),
        receives_ari: way == Way::Called || (way == Way::Signs && told_at),
        safety_buffer: new.safety_buffer,
        calls_per_minute: new.calls_per_minute,
        version: 1,
    };
    let endpoint_token = random_token();
    insert(tx, &connection, &endpoint_token, now).await?;
    logged(tx, who, "channel_connection.created", &connection, now).await?;
    Ok(Created {
        connection,
        endpoint_token,
        signing_secret,
    })
}

/// Whoever is called needs an address and a key; whoever logs in says in each message whom it means.
fn check_address(new: &NewConnection, way: Way) -> Result<(), Refusal> {
    let missing = |detail, at| Err(Refusal::invalid("missing_field", detail).at(at));
    let code = new.external_property.as_deref();
    match way {
        Way::Called if new.base_url.is_none() || new.api_key.is_none() || new.external_property.is_none() => {
            missing(
                "this protocol needs base_url, api_key and external_property",
                "/base_url",
            )
        }
        Way::LogsIn if !code.is_some_and(|code| (1..=16).contains(&code.chars().count())) => missing(
            "this protocol needs external_property, of 1 to 16 characters",
            "/external_property",
        ),
        _ => Ok(()),
    }
}

async fn insert(tx: &mut TenantTx, c: &Connection, token: &str, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "insert into channel_connection (tenant_id, id, property_id, protocol, name, base_url, external_property,
             credentials, state, receives_ari, safety_buffer, calls_per_minute, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        tx.t(),
        c.id,
        c.property_id,
        c.protocol,
        c.name,
        c.base_url,
        c.external_property,
        c.credentials.seal(&tx.vault().await?, c.id)?,
        c.state,
        c.receives_ari,
        c.safety_buffer,
        c.calls_per_minute,
        now
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "insert into channel_endpoint (token_hash, tenant_id, connection_id) values ($1, $2, $3)",
        token_hash(token),
        tx.t(),
        c.id
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "insert into channel_sync (tenant_id, connection_id, next_push_at, next_poll_at) values ($1, $2, $3, $4)",
        tx.t(),
        c.id,
        now,
        first_poll(c, now)
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Who signs its messages has nothing to be asked for.
fn first_poll(c: &Connection, now: DateTime<Utc>) -> DateTime<Utc> {
    let signs = !c.webhook_secrets().is_empty();
    let never = || NaiveDate::from_ymd_opt(9999, 1, 1)?.and_hms_opt(0, 0, 0);
    signs.then(never).flatten().map_or(now, |day| day.and_utc())
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
    version: i32,
}

impl Row {
    fn connection(self, vault: &Vault) -> Result<Connection> {
        let credentials = match &self.credentials {
            Some(sealed) => Credentials::open(vault, self.id, sealed)?,
            None => Credentials {
                api_key: self.api_key,
                webhook_secrets: self.webhook_secrets,
            },
        };
        Ok(Connection {
            credentials,
            id: self.id,
            property_id: self.property_id,
            protocol: self.protocol,
            name: self.name,
            base_url: self.base_url,
            external_property: self.external_property,
            state: self.state,
            receives_ari: self.receives_ari,
            safety_buffer: self.safety_buffer,
            calls_per_minute: self.calls_per_minute,
            version: self.version,
        })
    }
}

pub async fn get(tx: &mut TenantTx, id: Uuid) -> Result<Connection> {
    let found = sqlx::query_as!(
        Row,
        "select id, property_id, protocol, name, base_url, external_property, credentials, api_key, webhook_secrets,
                state, receives_ari, safety_buffer, calls_per_minute, version
         from channel_connection where tenant_id = $1 and id = $2",
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
        "select id, property_id, protocol, name, base_url, external_property, credentials, api_key, webhook_secrets,
                state, receives_ari, safety_buffer, calls_per_minute, version
         from channel_connection where tenant_id = $1 and ($2::uuid is null or id > $2) order by id limit $3",
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

/// Pauses or resumes. While paused nothing is sent or polled; dirty cells wait.
pub async fn set_state(
    tx: &mut TenantTx,
    who: &Principal,
    id: Uuid,
    active: bool,
    now: DateTime<Utc>,
) -> Result<Connection> {
    who.require(Permission::WriteChannels)?;
    let state = if active { "active" } else { "paused" };
    sqlx::query!(
        "update channel_connection set state = $3, version = version + 1
         where tenant_id = $1 and id = $2 and state <> $3",
        tx.t(),
        id,
        state
    )
    .execute(&mut **tx)
    .await?;
    let connection = get(tx, id).await?;
    logged(tx, who, "channel_connection.changed", &connection, now).await?;
    Ok(connection)
}

/// Tells the channel everything again: once in 24 h, never on a timer.
pub async fn full_sync(tx: &mut TenantTx, who: &Principal, id: Uuid, now: DateTime<Utc>) -> Result<()> {
    who.require(Permission::WriteChannels)?;
    let connection = get(tx, id).await?;
    let earliest = now - chrono::Duration::hours(FULL_SYNC_EVERY_HOURS);
    let allowed = sqlx::query_scalar!(
        "update channel_sync set full_sync_at = $3
         where tenant_id = $1 and connection_id = $2 and (full_sync_at is null or full_sync_at <= $4)
         returning connection_id",
        tx.t(),
        id,
        now,
        earliest
    )
    .fetch_optional(&mut **tx)
    .await?;
    if allowed.is_none() {
        let detail = format!("channels accept a full sync once in {FULL_SYNC_EVERY_HOURS} h");
        return Err(Refusal::conflict("full_sync_too_soon", detail).into());
    }
    sqlx::query!(
        "update ari_shadow set accepted = null where tenant_id = $1 and connection_id = $2",
        tx.t(),
        id
    )
    .execute(&mut **tx)
    .await?;
    mark_horizon(tx, &connection).await?;
    logged(tx, who, "channel_connection.full_sync", &connection, now).await
}

pub(super) async fn mark_horizon(tx: &mut TenantTx, connection: &Connection) -> Result<()> {
    let from = property::get(tx, connection.property_id).await?.business_date;
    dirty::mark_connection(tx, connection.id, from, sync_end(from)).await
}

/// The first night that channels are not told about.
pub fn sync_end(business_date: NaiveDate) -> NaiveDate {
    business_date + Days::new(SYNC_DAYS)
}
