//! A new connection.

use super::{Connection, Terms, check_terms, logged};
use crate::channel::credentials::{Credentials, new_signing_secret};
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::identity::{random_token, token_hash};
use crate::ids::new_id;
use crate::ports::channel::Way;
use crate::principal::{Permission, Principal};
use crate::property;
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

pub struct NewConnection {
    pub property_id: Uuid,
    pub protocol: String,
    pub name: String,
    pub base_url: Option<String>,
    pub external_property: Option<String>,
    pub api_key: Option<String>,
    pub safety_buffer: i32,
    pub calls_per_minute: i32,
    pub terms: Terms,
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
    let terms = check_terms(
        (new.safety_buffer, new.calls_per_minute),
        new.terms,
        &property.currency,
    )?;
    // Whoever calls us may be called too.
    let receives_ari = way == Way::Called || new.base_url.is_some();
    let signing_secret = (way == Way::Signs).then(new_signing_secret);
    let connection = Connection {
        id: new_id(),
        property_id: property.id,
        protocol: new.protocol,
        name: property::name(&new.name, "/name")?,
        base_url: new.base_url,
        external_property: new.external_property,
        currency: property.currency,
        credentials: Credentials::new(new.api_key, signing_secret.iter().cloned().collect()),
        state: "active".into(),
        receives_ari,
        safety_buffer: new.safety_buffer,
        calls_per_minute: new.calls_per_minute,
        terms,
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
        Way::Called if new.base_url.is_none() || new.api_key.is_none() => {
            missing("this protocol needs base_url and api_key", "/base_url")
        }
        Way::LogsIn if !code.is_some_and(|code| (1..=16).contains(&code.chars().count())) => missing(
            "this protocol needs external_property, of 1 to 16 characters",
            "/external_property",
        ),
        Way::LogsIn if new.base_url.is_some() && !new.api_key.as_deref().is_some_and(is_log_in) => missing(
            "with base_url this protocol needs api_key, as user:password",
            "/api_key",
        ),
        _ => Ok(()),
    }
}

/// As HTTP Basic writes it.
fn is_log_in(key: &str) -> bool {
    key.split_once(':').is_some_and(|(user, _)| !user.is_empty())
}

async fn insert(tx: &mut TenantTx, c: &Connection, token: &str, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "insert into channel_connection (tenant_id, id, property_id, protocol, name, base_url, external_property,
             credentials, state, receives_ari, safety_buffer, calls_per_minute, markup_percent, markup_amount,
             apply_seconds, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
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
        c.terms.markup.percent,
        c.terms.markup.amount,
        c.terms.apply_seconds,
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
    let signs = !c.webhook_secrets(now).is_empty();
    let never = || NaiveDate::from_ymd_opt(9999, 1, 1)?.and_hms_opt(0, 0, 0);
    signs.then(never).flatten().map_or(now, |day| day.and_utc())
}
