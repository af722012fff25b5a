//! How a channel is called and what it signs with: secrets of others, sealed like personal data.

use crate::db::TenantTx;
use crate::error::Result;
use crate::vault::{Place, Vault};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Credentials {
    pub api_key: Option<String>,
    pub webhook_secrets: Vec<String>,
    /// Before the last rotation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous: Option<Previous>,
}

/// A secret that is good beside the one after it until then.
#[derive(Clone, Serialize, Deserialize)]
struct Previous {
    secret: String,
    until: DateTime<Utc>,
}

impl Credentials {
    pub fn new(api_key: Option<String>, webhook_secrets: Vec<String>) -> Self {
        Self {
            api_key,
            webhook_secrets,
            previous: None,
        }
    }

    /// The newest first.
    pub fn signing_secrets(&self, now: DateTime<Utc>) -> Vec<String> {
        let previous = self.previous.iter().filter(|previous| now < previous.until);
        let previous = previous.map(|previous| &previous.secret);
        self.webhook_secrets.iter().chain(previous).cloned().collect()
    }

    /// A new secret; the one so far is good until then, and the one before that no more. `None`: nothing is signed.
    pub fn rotate(&mut self, until: DateTime<Utc>) -> Option<String> {
        let secret = self.webhook_secrets.first()?.clone();
        self.previous = Some(Previous { secret, until });
        let new = new_signing_secret();
        self.webhook_secrets = vec![new.clone()];
        Some(new)
    }

    pub fn seal(&self, vault: &Vault, connection: Uuid) -> Result<String> {
        vault.seal_json(&place(connection), self)
    }

    pub fn open(vault: &Vault, connection: Uuid, sealed: &str) -> Result<Self> {
        vault.open_json(&place(connection), sealed)
    }
}

/// For a channel that signs its calls.
pub(super) fn new_signing_secret() -> String {
    use base64::Engine;
    use rand::RngCore;
    let mut key = [0u8; 32];
    rand::rng().fill_bytes(&mut key);
    format!("whsec_{}", base64::engine::general_purpose::STANDARD.encode(key))
}

fn place(connection: Uuid) -> Place {
    Place::new("channel_connection", "credentials", connection)
}

/// Seals what versions before sealing kept in clear.
pub async fn seal_old(tx: &mut TenantTx) -> Result<()> {
    let rows = sqlx::query!(
        "select id, api_key, webhook_secrets from channel_connection
         where tenant_id = $1 and credentials is null for update",
        tx.t()
    )
    .fetch_all(&mut **tx)
    .await?;
    for row in rows {
        let credentials = Credentials::new(row.api_key, row.webhook_secrets);
        sqlx::query!(
            "update channel_connection set credentials = $3, api_key = null, webhook_secrets = '{}'
             where tenant_id = $1 and id = $2",
            tx.t(),
            row.id,
            credentials.seal(&tx.vault().await?, row.id)?
        )
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}
